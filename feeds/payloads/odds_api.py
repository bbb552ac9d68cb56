"""The Odds API v4: sports, events, odds, scores and the historical envelope.

One malformed part of a payload costs only itself.
"""

from __future__ import annotations

import msgspec

from feeds.exceptions import BadPayload

from .odds_events import Historical, OddsEvent, ScoreEvent, SportInfo
from .odds_tree import BAD_PART, list_tree, once, parse_tree
from .prices import OddsFormat
from .rejection import Parsed, Refusal
from .text import Stamp, clean, decode, instant, required_instant


class _RawScore(msgspec.Struct):
    name: str
    score: str | int | None = None


class _RawScoreEvent(msgspec.Struct):
    id: str
    sport_key: str
    commence_time: Stamp
    completed: bool
    sport_title: str | None = None
    home_team: str | None = None
    away_team: str | None = None
    scores: list[_RawScore] | None = None
    last_update: Stamp = None


class _Envelope(msgspec.Struct):
    timestamp: Stamp
    data: msgspec.Raw
    previous_timestamp: Stamp = None
    next_timestamp: Stamp = None


def parse_odds(body: bytes, *, odds_format: OddsFormat | None = None) -> Parsed[OddsEvent]:
    """`/odds`: a list of events. Without `odds_format` it is detected from the prices. Raises BadPayload."""
    return parse_tree(decode(body, list[msgspec.Raw]), odds_format)


def parse_event_odds(body: bytes, *, odds_format: OddsFormat | None = None) -> Parsed[OddsEvent]:
    """`/events/{id}/odds`: one event object, so at most one event. Raises BadPayload."""
    return parse_tree([_single(body)], odds_format, single=True)


def list_odds(body: bytes, *, odds_format: OddsFormat) -> Parsed[OddsEvent]:
    """As ``parse_odds``, but the outcomes of sound books stay unread until ``read_markets``. Raises BadPayload."""
    return list_tree(decode(body, list[msgspec.Raw]), odds_format)


def list_event_odds(body: bytes, *, odds_format: OddsFormat) -> Parsed[OddsEvent]:
    """As ``parse_event_odds``, with unread outcomes. Raises BadPayload."""
    return list_tree([_single(body)], odds_format, single=True)


def parse_events(body: bytes) -> Parsed[OddsEvent]:
    """`/events`: like odds, without bookmakers. Raises BadPayload."""
    return parse_odds(body)


def parse_historical(body: bytes, *, odds_format: OddsFormat | None = None) -> Historical:
    """The historical envelope around events, odds or one event's odds. Raises BadPayload."""
    envelope = decode(body, _Envelope)
    data = bytes(envelope.data)
    single = data.lstrip().startswith(b"{")
    parsed = (parse_event_odds if single else parse_odds)(data, odds_format=odds_format)
    try:
        return Historical(
            required_instant(envelope.timestamp, "timestamp"),
            instant(envelope.previous_timestamp, "previous_timestamp"),
            instant(envelope.next_timestamp, "next_timestamp"),
            parsed,
        )
    except Refusal as error:
        raise BadPayload(f"unexpected shape: {error}") from error


def parse_sports(body: bytes) -> Parsed[SportInfo]:
    """`/sports`. Raises BadPayload."""
    parsed: Parsed[SportInfo] = Parsed()
    for index, raw in enumerate(decode(body, list[msgspec.Raw])):
        try:
            sport = decode(raw, SportInfo)
            clean(sport.title, "title", required=True)
            clean(sport.key, "key", required=True, limit=80)
            parsed.events.append(sport)
        except BAD_PART as error:
            parsed.reject(f"sports[{index}]", str(error))
    return parsed


def parse_scores(body: bytes) -> Parsed[ScoreEvent]:
    """`/scores`: scores arrive as strings and are null before the start. Raises BadPayload."""
    parsed: Parsed[ScoreEvent] = Parsed()
    seen: set[str] = set()
    for index, raw in enumerate(decode(body, list[msgspec.Raw])):
        try:
            event = _score_event(decode(raw, _RawScoreEvent))
            once(event.id, seen, "event id")
            parsed.events.append(event)
        except BAD_PART as error:
            parsed.reject(f"scores[{index}]", str(error))
    return parsed


def _score_event(raw: _RawScoreEvent) -> ScoreEvent:
    home = clean(raw.home_team, "home_team", required=True)
    away = clean(raw.away_team, "away_team", required=True)
    if home == away:
        raise Refusal(f"{home} cannot play itself")
    scores = {clean(line.name, "score name"): line.score for line in raw.scores or []}
    strangers = set(scores) - {home, away}
    if strangers:
        raise Refusal(f"score of {min(strangers)!r}, who does not play in this event")
    home_score, away_score = _score(scores.get(home)), _score(scores.get(away))
    if (home_score is None) != (away_score is None):
        raise Refusal("only one side has a score")
    if raw.completed and home_score is None:
        raise Refusal("event is completed but has no scores")
    return ScoreEvent(
        id=clean(raw.id, "id", required=True, limit=64),
        sport_key=clean(raw.sport_key, "sport_key", required=True, limit=80),
        sport_title=clean(raw.sport_title, "sport_title") or raw.sport_key,
        commence_time=required_instant(raw.commence_time, "commence_time"),
        completed=raw.completed,
        home_team=home,
        away_team=away,
        home_score=home_score,
        away_score=away_score,
        last_update=instant(raw.last_update, "last_update"),
    )


def _score(value: str | int | None) -> int | None:
    if value is None or value == "":
        return None
    text = str(value)
    if not (text.isascii() and text.isdigit()) or len(text) > 4:
        raise Refusal(f"score {value!r} is not a count of points")
    return int(text)


def _single(body: bytes) -> msgspec.Raw:
    if not bytes(body).lstrip().startswith(b"{"):
        raise BadPayload("unexpected shape: an event's odds must be a JSON object")
    return msgspec.Raw(bytes(body))
