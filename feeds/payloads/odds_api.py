"""The Odds API v4: sports, events, odds, scores and the historical envelope.

Every level (event, bookmaker, market, outcome) is decoded on its own, so that one malformed part costs only itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

import msgspec

from feeds.exceptions import BadPayload

from .odds_events import Book, Historical, Market, OddsEvent, Outcome, ScoreEvent, SportInfo
from .prices import OddsFormat, american_price, detect_format, line_point
from .rejection import Parsed, Refusal
from .text import clean, decode, instant, required_instant

Stamp = str | int | None


class _RawOutcome(msgspec.Struct):
    name: str
    price: Decimal
    point: Decimal | None = None
    description: str | None = None
    link: str | None = None
    sid: str | None = None
    bet_limit: Decimal | None = None
    multiplier: Decimal | None = None


class _RawMarket(msgspec.Struct):
    key: str
    outcomes: list[msgspec.Raw] = []
    last_update: Stamp = None
    link: str | None = None
    sid: str | None = None


class _RawBook(msgspec.Struct):
    key: str
    title: str | None = None
    markets: list[msgspec.Raw] = []
    last_update: Stamp = None
    link: str | None = None
    sid: str | None = None


class _RawEvent(msgspec.Struct):
    id: str
    sport_key: str
    commence_time: Stamp
    sport_title: str | None = None
    home_team: str | None = None
    away_team: str | None = None
    bookmakers: list[msgspec.Raw] | None = None
    home_rotation: int | None = None
    away_rotation: int | None = None


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


class _RawPrice(msgspec.Struct):
    price: Decimal | None = None


_PARTS = (Refusal, BadPayload)


def parse_odds(body: bytes, *, odds_format: OddsFormat | None = None) -> Parsed[OddsEvent]:
    """`/odds`: a list of events. Without `odds_format` it is detected from the prices. Raises BadPayload."""
    return _parse_events(decode(body, list[msgspec.Raw]), odds_format)


def parse_event_odds(body: bytes, *, odds_format: OddsFormat | None = None) -> Parsed[OddsEvent]:
    """`/events/{id}/odds`: one event object, so at most one event. Raises BadPayload."""
    if not bytes(body).lstrip().startswith(b"{"):
        raise BadPayload("unexpected shape: an event's odds must be a JSON object")
    return _parse_events([msgspec.Raw(bytes(body))], odds_format, single=True)


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
        except _PARTS as error:
            parsed.reject(f"sports[{index}]", str(error))
    return parsed


def parse_scores(body: bytes) -> Parsed[ScoreEvent]:
    """`/scores`: scores arrive as strings and are null before the start. Raises BadPayload."""
    parsed: Parsed[ScoreEvent] = Parsed()
    seen: set[str] = set()
    for index, raw in enumerate(decode(body, list[msgspec.Raw])):
        try:
            event = _score_event(decode(raw, _RawScoreEvent))
            _once(event.id, seen, "event id")
            parsed.events.append(event)
        except _PARTS as error:
            parsed.reject(f"scores[{index}]", str(error))
    return parsed


def _parse_events(
    raws: list[msgspec.Raw], odds_format: OddsFormat | None, *, single: bool = False
) -> Parsed[OddsEvent]:
    parsed: Parsed[OddsEvent] = Parsed()
    if odds_format is None:
        odds_format = detect_format(_all_prices(raws))
    seen: set[str] = set()
    for index, raw in enumerate(raws):
        path = "event" if single else f"events[{index}]"
        try:
            event = _event(decode(raw, _RawEvent), path, odds_format, parsed)
            _once(event.id, seen, "event id")
            parsed.events.append(event)
        except _PARTS as error:
            parsed.reject(path, str(error))
    return parsed


def _event(raw: _RawEvent, path: str, odds_format: OddsFormat, parsed: Parsed[OddsEvent]) -> OddsEvent:
    event_id = clean(raw.id, "id", required=True, limit=64)
    sport_key = clean(raw.sport_key, "sport_key", required=True, limit=80)
    books: list[Book] = []
    seen: set[str] = set()
    for number, part in enumerate(raw.bookmakers or []):
        place = f"{path}({event_id}).bookmakers[{number}]"
        try:
            book = _book(decode(part, _RawBook), place, odds_format, parsed)
            _once(book.key, seen, "bookmaker")
            books.append(book)
        except _PARTS as error:
            parsed.reject(place, str(error))
    home = clean(raw.home_team, "home_team") or None
    away = clean(raw.away_team, "away_team") or None
    _check_sides(home, away, sport_key, books)
    return OddsEvent(
        id=event_id,
        sport_key=sport_key,
        sport_title=clean(raw.sport_title, "sport_title") or sport_key,
        commence_time=required_instant(raw.commence_time, "commence_time"),
        home_team=home,
        away_team=away,
        bookmakers=tuple(books),
        home_rotation=raw.home_rotation,
        away_rotation=raw.away_rotation,
    )


def _check_sides(home: str | None, away: str | None, sport_key: str, books: list[Book]) -> None:
    if home is None and away is None:
        markets = {market.key for book in books for market in book.markets}
        if not sport_key.endswith("_winner") and not markets & {"outrights", "outrights_lay"}:
            raise Refusal("event has no teams and is not an outright")
    elif home is None or away is None:
        raise Refusal(f"{'home_team' if home is None else 'away_team'} is missing")
    elif home == away:
        raise Refusal(f"{home} cannot play itself")


def _book(raw: _RawBook, path: str, odds_format: OddsFormat, parsed: Parsed[OddsEvent]) -> Book:
    key = clean(raw.key, "bookmaker key", required=True, limit=80)
    stamp = instant(raw.last_update, "last_update")
    markets: list[Market] = []
    seen: set[str] = set()
    for number, part in enumerate(raw.markets):
        place = f"{path}({key}).markets[{number}]"
        try:
            market = _market(decode(part, _RawMarket), place, stamp, odds_format, parsed)
            _once(market.key, seen, "market")
            markets.append(market)
        except _PARTS as error:
            parsed.reject(place, str(error))
    title = clean(raw.title, "bookmaker title") or key
    return Book(key, title, stamp, tuple(markets), raw.link or "", raw.sid or "")


def _market(
    raw: _RawMarket, path: str, stamp: datetime | None, odds_format: OddsFormat, parsed: Parsed[OddsEvent]
) -> Market:
    key = clean(raw.key, "market key", required=True, limit=80)
    outcomes: list[Outcome] = []
    seen: set[tuple[str, str, Decimal | None]] = set()
    for number, part in enumerate(raw.outcomes):
        try:
            outcome = _outcome(decode(part, _RawOutcome), odds_format)
            _once((outcome.name, outcome.description, outcome.point), seen, "outcome")
            outcomes.append(outcome)
        except _PARTS as error:
            parsed.reject(f"{path}({key}).outcomes[{number}]", str(error))
    last_update = instant(raw.last_update, "last_update") or stamp
    return Market(key, last_update, tuple(outcomes), raw.link or "", raw.sid or "")


def _outcome(raw: _RawOutcome, odds_format: OddsFormat) -> Outcome:
    return Outcome(
        name=clean(raw.name, "outcome name", required=True),
        price=american_price(raw.price, odds_format),
        point=None if raw.point is None else line_point(raw.point),
        description=clean(raw.description, "outcome description"),
        link=raw.link or "",
        sid=raw.sid or "",
        bet_limit=raw.bet_limit,
        multiplier=raw.multiplier,
    )


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


def _once(
    key: object, seen: set[object] | set[str] | set[tuple[str, str, Decimal | None]], what: str
) -> None:
    if key in seen:
        raise Refusal(f"{what} {key!r} appears twice")
    seen.add(key)  # type: ignore[arg-type]


def _all_prices(raws: list[msgspec.Raw]) -> Iterator[Decimal]:
    for raw in raws:
        for book in _parts(raw, _RawEvent, "bookmakers"):
            for market in _parts(book, _RawBook, "markets"):
                for outcome in _parts(market, _RawMarket, "outcomes"):
                    try:
                        price = decode(outcome, _RawPrice).price
                    except BadPayload:
                        continue
                    if price is not None:
                        yield price


def _parts(raw: msgspec.Raw, kind: type[msgspec.Struct], field: str) -> list[msgspec.Raw]:
    try:
        return getattr(decode(raw, kind), field) or []
    except BadPayload:
        return []
