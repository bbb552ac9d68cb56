"""The tree of The Odds API's odds: events, their bookmakers, markets and outcomes.

An event is decoded in one go. Where that fails, every level of it is decoded on its own, so that one malformed part
costs only itself. Outcomes may be left unread until somebody wants them: of an unchanged poll nobody does.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, Generic, TypeVar

import msgspec

from feeds.exceptions import BadPayload

from .collector import collector_paused
from .odds_events import Book, Market, OddsEvent, Outcome, Unread, UnreadMarket
from .prices import OddsFormat, detect_format, line_point, price_reader
from .rejection import Parsed, Refusal, Rejected
from .text import Stamp, clean, decode, instant, required_instant

T = TypeVar("T")
Part = TypeVar("Part")
PriceReader = Callable[[Decimal], Decimal]
BAD_PART: Final = (Refusal, BadPayload)


class RawOutcome(msgspec.Struct, gc=False):
    name: str
    price: Decimal
    point: Decimal | None = None
    description: str | None = None
    link: str | None = None
    sid: str | None = None
    bet_limit: Decimal | None = None
    multiplier: Decimal | None = None


class RawMarket(msgspec.Struct, Generic[Part]):
    key: str
    outcomes: list[Part] = []
    last_update: Stamp = None
    link: str | None = None
    sid: str | None = None


class RawBook(msgspec.Struct, Generic[Part]):
    key: str
    title: str | None = None
    markets: list[Part] = []
    last_update: Stamp = None
    link: str | None = None
    sid: str | None = None


class RawEvent(msgspec.Struct, Generic[Part]):
    id: str
    sport_key: str
    commence_time: Stamp
    sport_title: str | None = None
    home_team: str | None = None
    away_team: str | None = None
    bookmakers: list[Part] | None = None
    home_rotation: int | None = None
    away_rotation: int | None = None


class RawPrice(msgspec.Struct):
    price: Decimal | None = None


WHOLE_EVENT: Final = msgspec.json.Decoder(RawEvent[RawBook[RawMarket[RawOutcome]]])
LISTED_EVENT: Final = msgspec.json.Decoder(RawEvent[RawBook[UnreadMarket]])
OUTCOMES: Final = msgspec.json.Decoder(list[RawOutcome])


@dataclass(frozen=True, slots=True)
class _Reading:
    """How an event is read, and where its refused parts go."""

    odds_format: OddsFormat
    read_price: PriceReader
    parsed: Parsed[OddsEvent]


def parse_tree(
    raws: list[msgspec.Raw], odds_format: OddsFormat | None, *, single: bool = False
) -> Parsed[OddsEvent]:
    """The events of a list. Without ``odds_format`` it is detected from the prices. ``single``: one event's odds."""
    return _parse(raws, odds_format or detect_format(_all_prices(raws)), WHOLE_EVENT, single=single)


def list_tree(raws: list[msgspec.Raw], odds_format: OddsFormat, *, single: bool = False) -> Parsed[OddsEvent]:
    """As ``parse_tree``, but with the outcomes of sound books left unread: see ``read_markets``."""
    return _parse(raws, odds_format, LISTED_EVENT, single=single)


@collector_paused()
def _parse(
    raws: list[msgspec.Raw], odds_format: OddsFormat, decoder: msgspec.json.Decoder[Any], *, single: bool
) -> Parsed[OddsEvent]:
    parsed: Parsed[OddsEvent] = Parsed()
    reading = _Reading(odds_format, price_reader(odds_format), parsed)
    seen: set[str] = set()
    for index, raw in enumerate(raws):
        path = "event" if single else f"events[{index}]"
        try:
            event = _event(_whole(raw, decoder) or decode(raw, RawEvent[msgspec.Raw]), path, reading)
            path = f"{path}({event.id})"
            once(event.id, seen, "event id")
            parsed.events.append(event)
        except BAD_PART as error:
            parsed.reject(path, str(error))
    return parsed


def read_markets(book: Book, keys: Container[str]) -> tuple[list[Market], list[Rejected]]:
    """Those of the book's unread markets, and what of them is refused."""
    unread = book.unread
    parsed: Parsed[OddsEvent] = Parsed()
    if unread is None:
        return [], []
    reading = _Reading(unread.odds_format, price_reader(unread.odds_format), parsed)
    parts = [(number, part) for number, part in enumerate(unread.markets) if part.key in keys]
    return list(_markets(parts, unread.path, book.key, book.last_update, reading)), parsed.rejected


def once(key: T, seen: set[T], what: str) -> None:
    """Enter the key; raises Refusal when it was there."""
    if key in seen:
        raise Refusal(f"{what} {key!r} appears twice")
    seen.add(key)


def _whole(raw: msgspec.Raw, decoder: msgspec.json.Decoder[Any]) -> RawEvent[Any] | None:
    """The event with all the levels that the decoder reads, or None when any of them is malformed."""
    try:
        event: RawEvent[Any] = decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return event


def _read(part: msgspec.Raw | T, kind: type[T]) -> T:
    return decode(part, kind) if isinstance(part, msgspec.Raw) else part


def _event(raw: RawEvent[Any], path: str, reading: _Reading) -> OddsEvent:
    event_id = clean(raw.id, "id", required=True, limit=64)
    sport_key = clean(raw.sport_key, "sport_key", required=True, limit=80)
    books: list[Book] = []
    seen: set[str] = set()
    for number, part in enumerate(raw.bookmakers or ()):
        place = f"{path}({event_id}).bookmakers[{number}]"
        try:
            book = _book(_read(part, RawBook[msgspec.Raw]), place, reading)
            place = f"{place}({book.key})"
            once(book.key, seen, "bookmaker")
            books.append(book)
        except BAD_PART as error:
            reading.parsed.reject(place, str(error))
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
        markets = {market.key for book in books for market in _listed(book)}
        if not sport_key.endswith("_winner") and not markets & {"outrights", "outrights_lay"}:
            raise Refusal("event has no teams and is not an outright")
    elif home is None or away is None:
        raise Refusal(f"{'home_team' if home is None else 'away_team'} is missing")
    elif home == away:
        raise Refusal(f"{home} cannot play itself")


def _listed(book: Book) -> Sequence[Market | UnreadMarket]:
    return book.markets if book.unread is None else book.unread.markets


def _book(raw: RawBook[Any], path: str, reading: _Reading) -> Book:
    key = _key(raw.key, "bookmaker key")
    stamp = instant(raw.last_update, "last_update")
    title = clean(raw.title, "bookmaker title") or key
    link, sid = raw.link or "", raw.sid or ""
    if raw.markets and _can_wait(raw.markets):
        return Book(key, title, stamp, (), link, sid, Unread(tuple(raw.markets), path, reading.odds_format))
    markets = tuple(_markets(list(enumerate(raw.markets)), path, key, stamp, reading))
    return Book(key, title, stamp, markets, link, sid)


def _can_wait(parts: list[Any]) -> bool:
    """True when the markets can be told apart without reading their outcomes."""
    keys = [part.key for part in parts if isinstance(part, UnreadMarket) and _is_clean(part.key)]
    return len(set(keys)) == len(parts)


def _markets(
    parts: list[tuple[int, Any]], path: str, book: str, stamp: datetime | None, reading: _Reading
) -> Iterator[Market]:
    seen: set[str] = set()
    for number, part in parts:
        try:
            if isinstance(part, UnreadMarket):
                raw = RawMarket(part.key, _raw_outcomes(part), part.last_update, part.link, part.sid)
            else:
                raw = _read(part, RawMarket[msgspec.Raw])
            market = _market(raw, (path, book, number), stamp, reading)
            once(market.key, seen, "market")
            yield market
        except BAD_PART as error:
            reading.parsed.reject(f"{path}({book}).markets[{number}]", str(error))


def _raw_outcomes(market: UnreadMarket) -> list[Any]:
    try:
        return OUTCOMES.decode(market.outcomes)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return decode(market.outcomes, list[msgspec.Raw])


def _market(
    raw: RawMarket[Any], place: tuple[str, str, int], stamp: datetime | None, reading: _Reading
) -> Market:
    key = _key(raw.key, "market key")
    outcomes = _sound_outcomes(raw.outcomes, reading.read_price)
    if outcomes is None:
        path = "{}({}).markets[{}]({})".format(*place, key)
        outcomes = tuple(_outcomes_one_by_one(raw.outcomes, path, reading))
    last_update = instant(raw.last_update, "last_update") or stamp
    return Market(key, last_update, outcomes, raw.link or "", raw.sid or "")


def _sound_outcomes(parts: list[Any], read_price: PriceReader) -> tuple[Outcome, ...] | None:
    """All the outcomes, or None when one of them is malformed or comes twice."""
    try:
        outcomes = tuple([_outcome(_read(part, RawOutcome), read_price) for part in parts])
    except BAD_PART:
        return None
    if len({outcome.name for outcome in outcomes}) == len(outcomes):
        return outcomes
    different = {(outcome.name, outcome.description, outcome.point) for outcome in outcomes}
    return outcomes if len(different) == len(outcomes) else None


def _outcomes_one_by_one(parts: list[Any], path: str, reading: _Reading) -> Iterator[Outcome]:
    seen: set[tuple[str, str, Decimal | None]] = set()
    for number, part in enumerate(parts):
        try:
            outcome = _outcome(_read(part, RawOutcome), reading.read_price)
            once((outcome.name, outcome.description, outcome.point), seen, "outcome")
            yield outcome
        except BAD_PART as error:
            reading.parsed.reject(f"{path}.outcomes[{number}]", str(error))


def _outcome(raw: RawOutcome, read_price: PriceReader) -> Outcome:
    return Outcome(
        _name(raw.name),
        read_price(raw.price),
        None if raw.point is None else line_point(raw.point),
        _description(raw.description) if raw.description else "",
        raw.link or "",
        raw.sid or "",
        raw.bet_limit,
        raw.multiplier,
    )


@lru_cache(maxsize=4096)
def _key(text: str, field: str) -> str:
    return clean(text, field, required=True, limit=80)


@lru_cache(maxsize=4096)
def _is_clean(key: str) -> bool:
    try:
        return _key(key, "market key") == key
    except Refusal:
        return False


@lru_cache(maxsize=16384)
def _name(text: str) -> str:
    return clean(text, "outcome name", required=True)


@lru_cache(maxsize=16384)
def _description(text: str) -> str:
    return clean(text, "outcome description")


def _all_prices(raws: list[msgspec.Raw]) -> Iterator[Decimal]:
    for raw in raws:
        whole = _whole(raw, WHOLE_EVENT)
        if whole is None:
            yield from _readable_prices(raw)
            continue
        for book in whole.bookmakers or ():
            for market in book.markets:
                for outcome in market.outcomes:
                    yield outcome.price


def _readable_prices(raw: msgspec.Raw) -> Iterator[Decimal]:
    for book in _parts(raw, RawEvent[msgspec.Raw], "bookmakers"):
        for market in _parts(book, RawBook[msgspec.Raw], "markets"):
            for outcome in _parts(market, RawMarket[msgspec.Raw], "outcomes"):
                try:
                    price = decode(outcome, RawPrice).price
                except BadPayload:
                    continue
                if price is not None:
                    yield price


def _parts(raw: msgspec.Raw, kind: type[msgspec.Struct], field: str) -> list[msgspec.Raw]:
    try:
        return getattr(decode(raw, kind), field) or []
    except BadPayload:
        return []
