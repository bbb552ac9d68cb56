"""Recorded responses through the same services as live ones: odds and fixtures, scores and scoreboards."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from feeds.box_scores import box_score
from feeds.payloads import Rejected, Summary
from feeds.recordings import Kind, Recording, Replay
from games.models import Game, ResultSource
from games.services import ResultCounts, apply_results, ingest_games, record_box_score

from .ingest import IngestCounts, ingest_odds

PARTICULARS = re.compile(r"\(['\"].*?\)(?= )|'[^']*'|\"[^\"]*\"|-?\d+(\.\d+)?(E[+-]?\d+)?")
PRICED = frozenset({Kind.ODDS, Kind.EVENT_ODDS})
RESULTS = frozenset({Kind.SCORES, Kind.ESPN_SCOREBOARD, Kind.ESPN_SUMMARY})


def reason_kind(reason: str) -> str:
    """A reason without its particulars, so that like reasons are counted together."""
    return PARTICULARS.sub("…", reason)


class InTimeOrder:
    """Recordings of all files, the file whose first recording is earliest first; ``done`` of ``total`` bytes.

    A late response changes nothing, so history has to come in order; file names need not tell it. Files
    that overlap in time are not interleaved. Raises RecordingError for a path that is not there.
    """

    def __init__(self, paths: Iterable[Path | str]) -> None:
        replay = Replay(paths)
        self.files = replay.files
        self.skipped = replay.skipped
        self.total = replay.total_bytes
        self.done = 0

    def __iter__(self) -> Iterator[Recording | Rejected]:
        base = 0
        for path in self._ordered():
            replay = Replay([path])
            for item in replay:
                self.done = base + replay.done_bytes
                yield item
            base += replay.total_bytes
        self.done = self.total

    def _ordered(self) -> list[Path]:
        if len(self.files) < 2:
            return self.files
        return sorted(self.files, key=lambda path: (_first_time(path), path.name))


@dataclass
class ReplayReport:
    """What a replay did. ``bad`` names files and lines that could not be read at all."""

    odds: IngestCounts = field(default_factory=IngestCounts)
    results: ResultCounts = field(default_factory=ResultCounts)
    bad: list[Rejected] = field(default_factory=list)
    rejected: Counter[str] = field(default_factory=Counter)
    passed_over: Counter[str] = field(default_factory=Counter)
    read: int = 0
    statistics: int = 0


def replay_odds(
    recordings: Iterable[Recording | Rejected],
    *,
    sport_keys: Collection[str] = (),
    on_step: Callable[[], None] = lambda: None,
) -> ReplayReport:
    """Ingest recorded odds and fixtures; other kinds are counted in ``passed_over``.

    With ``sport_keys`` only events of these sports are taken. ``on_step`` is called after each recording.
    """
    report = ReplayReport()
    for recording in _usable(recordings, report, PRICED | {Kind.EVENTS}, on_step):
        events = [e for e in _events(recording) if not sport_keys or e.sport_key in sport_keys]
        if recording.kind in PRICED:
            report.odds += ingest_odds(
                events=events, captured_at=recording.captured_at, rejected=recording.rejected
            )
            continue
        before = Game.objects.filter(external_id__in=[event.id for event in events]).count()
        games = ingest_games(events=events, seen_at=recording.captured_at)
        report.odds += IngestCounts(responses=1, events=len(events), games_new=len(games) - before)
        report.odds.reject(part.reason for part in recording.rejected)
    report.rejected = _grouped(report.odds.rejected)
    return report


def replay_results(
    recordings: Iterable[Recording | Rejected],
    *,
    sport_key: str = "",
    on_step: Callable[[], None] = lambda: None,
) -> ReplayReport:
    """Apply recorded scores, scoreboards and summaries; other kinds are counted in ``passed_over``.

    ``sport_key`` limits it to one sport, and stands in where ESPN's events do not name their league.
    """
    report = ReplayReport()
    refused: Counter[str] = Counter()
    for recording in _usable(recordings, report, RESULTS, on_step):
        source = ResultSource.THE_ODDS_API if recording.kind is Kind.SCORES else ResultSource.ESPN
        events = [e for e in _events(recording) if not sport_key or e.sport_key in (sport_key, "")]
        report.results += apply_results(
            readings=events, source=source, now=recording.captured_at, sport_key=sport_key
        )
        refused.update(part.reason for part in recording.rejected)
        if isinstance(recording.content, Summary):
            report.statistics += _record_box_score(recording.content, recording.captured_at)
    report.rejected = _grouped(refused)
    return report


def _record_box_score(summary: Summary, captured_at: dt.datetime) -> int:
    """Store the box score of a summary whose game we hold as final; return the number of statistics."""
    game = Game.objects.final().filter(espn_id=summary.event.espn_id).first()
    if game is None:
        return 0
    return record_box_score(game=game, stats=box_score(summary).lines, now=captured_at).created


def _usable(
    recordings: Iterable[Recording | Rejected],
    report: ReplayReport,
    kinds: Collection[Kind],
    on_step: Callable[[], None],
) -> Iterator[Recording]:
    for recording in recordings:
        if isinstance(recording, Rejected):
            report.bad.append(recording)
        elif recording.kind not in kinds:
            report.passed_over[str(recording.kind)] += 1
        else:
            report.read += 1
            yield recording
        on_step()


def _events(recording: Recording) -> list[Any]:
    content = recording.content
    return [content.event] if isinstance(content, Summary) else list(content.events)


def _grouped(reasons: Counter[str]) -> Counter[str]:
    grouped: Counter[str] = Counter()
    for reason, count in reasons.items():
        grouped[reason_kind(reason)] += count
    return grouped


def _first_time(path: Path) -> dt.datetime:
    for item in Replay([path]):
        if isinstance(item, Recording):
            return item.captured_at
    return dt.datetime.min.replace(tzinfo=dt.UTC)
