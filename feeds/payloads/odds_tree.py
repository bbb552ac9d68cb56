"""The tree of The Odds API's odds: events, their bookmakers, markets and outcomes.

An event is decoded in one go. Where that fails, every level of it is decoded on its own, so that one malformed part
costs only itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, Generic, TypeVar

import msgspec

from feeds.exceptions import BadPayload

from .collector import collector_paused
from .odds_events import Book, Market, OddsEvent, Outcome
from .prices import OddsFormat, detect_format, line_point, price_reader
from .rejection import Parsed, Refusal
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


@collector_paused()
def parse_tree(
    raws: list[msgspec.Raw], odds_format: OddsFormat | None, *, single: bool = False
) -> Parsed[OddsEvent]:
    """The events of a list. Without ``odds_format`` it is detected from the prices. ``single``: one event's odds."""
    parsed: Parsed[OddsEvent] = Parsed()
    read_price = price_reader(odds_format or detect_format(_all_prices(raws)))
    seen: set[str] = set()
    for index, raw in enumerate(raws):
        path = "event" if single else f"events[{index}]"
        try:
            event = _event(_whole(raw) or decode(raw, RawEvent[msgspec.Raw]), path, read_price, parsed)
            once(event.id, seen, "event id")
            parsed.events.append(event)
        except BAD_PART as error:
            parsed.reject(path, str(error))
    return parsed


def once(key: T, seen: set[T], what: str) -> None:
    """Enter the key; raises Refusal when it was there."""
    if key in seen:
        raise Refusal(f"{what} {key!r} appears twice")
    seen.add(key)


def _whole(raw: msgspec.Raw) -> RawEvent[Any] | None:
    """The event with all its levels, or None when any of them is malformed."""
    try:
        return WHOLE_EVENT.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _read(part: msgspec.Raw | T, kind: type[T]) -> T:
    return decode(part, kind) if isinstance(part, msgspec.Raw) else part


def _event(raw: RawEvent[Any], path: str, read_price: PriceReader, parsed: Parsed[OddsEvent]) -> OddsEvent:
    event_id = clean(raw.id, "id", required=True, limit=64)
    sport_key = clean(raw.sport_key, "sport_key", required=True, limit=80)
    books: list[Book] = []
    seen: set[str] = set()
    for number, part in enumerate(raw.bookmakers or ()):
        place = f"{path}({event_id}).bookmakers[{number}]"
        try:
            book = _book(_read(part, RawBook[msgspec.Raw]), place, read_price, parsed)
            once(book.key, seen, "bookmaker")
            books.append(book)
        except BAD_PART as error:
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


def _book(raw: RawBook[Any], path: str, read_price: PriceReader, parsed: Parsed[OddsEvent]) -> Book:
    key = _key(raw.key, "bookmaker key")
    stamp = instant(raw.last_update, "last_update")
    markets: list[Market] = []
    seen: set[str] = set()
    for number, part in enumerate(raw.markets):
        try:
            place = (path, key, number)
            market = _market(_read(part, RawMarket[msgspec.Raw]), place, stamp, read_price, parsed)
            once(market.key, seen, "market")
            markets.append(market)
        except BAD_PART as error:
            parsed.reject(f"{path}({key}).markets[{number}]", str(error))
    title = clean(raw.title, "bookmaker title") or key
    return Book(key, title, stamp, tuple(markets), raw.link or "", raw.sid or "")


def _market(
    raw: RawMarket[Any],
    place: tuple[str, str, int],
    stamp: datetime | None,
    read_price: PriceReader,
    parsed: Parsed[OddsEvent],
) -> Market:
    key = _key(raw.key, "market key")
    outcomes = _sound_outcomes(raw.outcomes, read_price)
    if outcomes is None:
        path = "{}({}).markets[{}]({})".format(*place, key)
        outcomes = tuple(_outcomes_one_by_one(raw.outcomes, path, read_price, parsed))
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


def _outcomes_one_by_one(
    parts: list[Any], path: str, read_price: PriceReader, parsed: Parsed[OddsEvent]
) -> Iterator[Outcome]:
    seen: set[tuple[str, str, Decimal | None]] = set()
    for number, part in enumerate(parts):
        try:
            outcome = _outcome(_read(part, RawOutcome), read_price)
            once((outcome.name, outcome.description, outcome.point), seen, "outcome")
            yield outcome
        except BAD_PART as error:
            parsed.reject(f"{path}.outcomes[{number}]", str(error))


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


@lru_cache(maxsize=16384)
def _name(text: str) -> str:
    return clean(text, "outcome name", required=True)


@lru_cache(maxsize=16384)
def _description(text: str) -> str:
    return clean(text, "outcome description")


def _all_prices(raws: list[msgspec.Raw]) -> Iterator[Decimal]:
    for raw in raws:
        whole = _whole(raw)
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
