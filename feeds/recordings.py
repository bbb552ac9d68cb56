"""Recorded provider payloads, so that history is replayed through the same parsers as live data.

Shapes: an odds, events, scores or sports list; one event's odds; the historical envelope `{timestamp, data}`; ESPN
scoreboards, summaries and team lists; and lines (or one object) `{snapshot_time | requested, response}`.
"""

from __future__ import annotations

import gzip
import itertools
import zlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import msgspec

from .exceptions import BadPayload, FeedError
from .payloads import (
    EspnTeam,
    OddsEvent,
    Parsed,
    Rejected,
    ScoreboardEvent,
    ScoreEvent,
    SportInfo,
    Summary,
    parse_event_odds,
    parse_events,
    parse_odds,
    parse_scoreboard,
    parse_scores,
    parse_sports,
    parse_summary,
    parse_teams,
)
from .payloads.rejection import Refusal
from .payloads.text import decode, instant

_SUFFIXES = {".json", ".jsonl"}


class Kind(StrEnum):
    """What a recording holds. EVENTS carries fixtures only: the absence of prices there means nothing."""

    ODDS = "odds"
    EVENT_ODDS = "event_odds"
    EVENTS = "events"
    SCORES = "scores"
    SPORTS = "sports"
    ESPN_SCOREBOARD = "espn_scoreboard"
    ESPN_SUMMARY = "espn_summary"
    ESPN_TEAMS = "espn_teams"


Content = (
    Parsed[OddsEvent]
    | Parsed[ScoreEvent]
    | Parsed[SportInfo]
    | Parsed[ScoreboardEvent]
    | Parsed[EspnTeam]
    | Summary
)


class Recording(msgspec.Struct, frozen=True):
    """One payload: when it was captured (UTC), where it was read (`file` or `file:line`), and its content."""

    kind: Kind
    captured_at: datetime
    source: str
    content: Content

    @property
    def rejected(self) -> list[Rejected]:
        """What the parser refused inside this payload."""
        return [] if isinstance(self.content, Summary) else self.content.rejected


class RecordingError(FeedError):
    """A path that cannot be replayed at all."""


class _Shape(msgspec.Struct):
    snapshot_time: str | int | None = None
    timestamp: str | int | None = None
    requested: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    response: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    event: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    bookmakers: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    commence_time: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    completed: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    has_outrights: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    events: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    header: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    sports: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


class _Inner(msgspec.Struct):
    timestamp: str | int | None = None


class _Stamped(msgspec.Struct):
    snapshot_time: str | int | None = None
    timestamp: str | int | None = None
    response: _Inner | list[msgspec.Raw] | None = None


class Replay:
    """Reads recordings file by file (name order), each file in time order.

    Iterating yields `Recording`, or `Rejected` for a file or line that cannot be used; `total_bytes` and `done_bytes`
    tell the progress (a file of lines is read twice, so it counts twice). Raises RecordingError for a missing path.
    """

    def __init__(self, paths: Iterable[Path | str]) -> None:
        self.files: list[Path] = []
        self.skipped: list[Path] = []
        for path in map(Path, paths):
            self._collect(path)
        self.total_bytes = sum(_weight(path) for path in self.files)
        self.done_bytes = 0

    def __iter__(self) -> Iterator[Recording | Rejected]:
        done = 0
        for path in self.files:
            try:
                yield from self._lines(path) if _inner_suffix(path) == ".jsonl" else self._whole(path)
            except (OSError, EOFError, zlib.error) as error:
                yield Rejected(str(path), f"cannot be read: {error}")
            done += _weight(path)
            self.done_bytes = done

    def _collect(self, path: Path) -> None:
        if path.is_dir():
            for child in sorted(p for p in path.rglob("*") if p.is_file()):
                (self.files if _inner_suffix(child) in _SUFFIXES else self.skipped).append(child)
        elif not path.exists():
            raise RecordingError(f"there is no file or folder {path}")
        elif _inner_suffix(path) not in _SUFFIXES:
            raise RecordingError(f"{path} is not a .json or .jsonl file (plain or .gz)")
        else:
            self.files.append(path)

    def _whole(self, path: Path) -> Iterator[Recording | Rejected]:
        opener = gzip.open if path.suffix == ".gz" else open
        with opener(path, "rb") as stream:
            body = stream.read()
        yield read(body, source=str(path), fallback=_modified(path))

    def _lines(self, path: Path) -> Iterator[Recording | Rejected]:
        start = self.done_bytes
        stamps: list[datetime] = []
        for _, line, done in _numbered(path):
            stamps.append(_line_stamp(line))
            self.done_bytes = start + done
        start += path.stat().st_size
        if all(a <= b for a, b in itertools.pairwise(stamps)):
            for number, line, done in _numbered(path):
                yield read(line, source=f"{path}:{number}", fallback=None)
                self.done_bytes = start + done
            return
        packed = [(number, zlib.compress(line, 1)) for number, line, _ in _numbered(path)]
        order = sorted(range(len(packed)), key=lambda index: (stamps[index], index))
        for place, index in enumerate(order, 1):
            number, body = packed[index]
            yield read(zlib.decompress(body), source=f"{path}:{number}", fallback=None)
            self.done_bytes = start + path.stat().st_size * place // len(order)


def read(body: bytes, *, source: str, fallback: datetime | None) -> Recording | Rejected:
    """One payload of any known shape. `fallback` is its time when nothing inside tells one (a file's own)."""
    try:
        return _read(body, source, None, fallback)
    except (BadPayload, Refusal) as error:
        return Rejected(source, str(error))


def _read(body: bytes, source: str, at: datetime | None, fallback: datetime | None) -> Recording:
    if not body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        kind = _list_kind(body)
        return _recording(kind, _LIST_PARSERS[kind](body), source, at, fallback)
    shape = decode(body, _Shape)
    at = instant(shape.timestamp, "timestamp") or at or instant(shape.snapshot_time, "snapshot_time")
    for wrapped in (shape.response, shape.event if shape.snapshot_time else msgspec.UNSET):
        if wrapped is not msgspec.UNSET:
            return _read(bytes(wrapped), source, at, fallback)
    if shape.data is not msgspec.UNSET and shape.timestamp is not None:
        return _read(bytes(shape.data), source, at, fallback)
    if shape.bookmakers is not msgspec.UNSET:
        return _recording(Kind.EVENT_ODDS, parse_event_odds(body), source, at, fallback)
    if shape.header is not msgspec.UNSET:
        return _recording(Kind.ESPN_SUMMARY, parse_summary(body), source, at, fallback)
    if shape.events is not msgspec.UNSET:
        return _recording(Kind.ESPN_SCOREBOARD, parse_scoreboard(body), source, at, fallback)
    if shape.sports is not msgspec.UNSET:
        return _recording(Kind.ESPN_TEAMS, parse_teams(body), source, at, fallback)
    raise BadPayload("a JSON object of no known shape")


_LIST_PARSERS: dict[Kind, Callable[[bytes], Content]] = {
    Kind.ODDS: parse_odds,
    Kind.EVENTS: parse_events,
    Kind.SCORES: parse_scores,
    Kind.SPORTS: parse_sports,
}


def _list_kind(body: bytes) -> Kind:
    elements = decode(body, list[msgspec.Raw])
    kind: Kind | None = None if elements else Kind.ODDS
    for raw in elements:
        try:
            shape = decode(raw, _Shape)
        except BadPayload:
            continue
        if shape.bookmakers is not msgspec.UNSET:
            return Kind.ODDS
        if shape.completed is not msgspec.UNSET:
            return Kind.SCORES
        if shape.has_outrights is not msgspec.UNSET:
            return Kind.SPORTS
        if shape.commence_time is not msgspec.UNSET:
            kind = Kind.EVENTS
    if kind is None:
        raise BadPayload("a JSON list of no known shape")
    return kind


def _recording(
    kind: Kind, content: Content, source: str, at: datetime | None, fallback: datetime | None
) -> Recording:
    moment = at or _newest(content) or fallback
    if moment is None:
        raise BadPayload("nothing tells when this was captured")
    return Recording(kind, moment, source, content)


def _newest(content: Content) -> datetime | None:
    if isinstance(content, Summary):
        return None
    stamps = (getattr(event, "last_update", None) for event in content.events)
    return max((stamp for stamp in stamps if stamp is not None), default=None)


def _line_stamp(line: bytes) -> datetime:
    """The time to order a line by; a line that has none keeps its place at the front and is refused when read."""
    unknown = datetime.min.replace(tzinfo=UTC)
    try:
        stamped = decode(line, _Stamped)
        inner = stamped.response.timestamp if isinstance(stamped.response, _Inner) else None
        return instant(inner or stamped.timestamp or stamped.snapshot_time, "time") or unknown
    except (BadPayload, Refusal):
        return unknown


def _numbered(path: Path) -> Iterator[tuple[int, bytes, int]]:
    with path.open("rb") as raw:
        stream = gzip.GzipFile(fileobj=raw) if path.suffix == ".gz" else raw
        for number, line in enumerate(stream, 1):
            if line.strip():
                yield number, line, raw.tell()


def _inner_suffix(path: Path) -> str:
    name = path.with_suffix("") if path.suffix == ".gz" else path
    return name.suffix


def _weight(path: Path) -> int:
    return path.stat().st_size * (2 if _inner_suffix(path) == ".jsonl" else 1)


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
