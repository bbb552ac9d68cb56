"""The world in The Odds API's own shapes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any, NamedTuple

from . import outrights, props
from .books import BookModel
from .leagues import LEAGUES, NBA, LeagueModel
from .market import Offer
from .schedule import Fixture
from .world import World

_CENT = Decimal("0.01")
INACTIVE = {
    "key": "baseball_mlb",
    "group": "Baseball",
    "title": "MLB",
    "description": "Major League Baseball",
    "active": False,
    "has_outrights": False,
}


class Style(NamedTuple):
    """How the caller wants prices and dates."""

    decimal: bool = False
    unix: bool = False

    def date(self, moment: dt.datetime) -> str | int:
        """A date as ISO text or unix seconds."""
        return int(moment.timestamp()) if self.unix else moment.strftime("%Y-%m-%dT%H:%M:%SZ")

    def price(self, american: int) -> int | Decimal:
        """A price; decimal quotes have two places, as the provider's."""
        if not self.decimal:
            return american
        profit = Decimal(american) / 100 if american > 0 else Decimal(100) / -american
        return (1 + profit).quantize(_CENT, rounding=ROUND_HALF_EVEN)


def sports(*, every: bool) -> list[dict[str, Any]]:
    """`/sports`."""
    listed = [
        {
            "key": sport.sport_key,
            "group": sport.group,
            "title": sport.title,
            "description": sport.description,
            "active": True,
            "has_outrights": False,
        }
        for sport in LEAGUES.values()
    ]
    listed.append(
        {
            "key": outrights.KEY,
            "group": NBA.group,
            "title": outrights.TITLE,
            "description": "Championship Winner 2026/2027",
            "active": True,
            "has_outrights": True,
        }
    )
    return [*listed, INACTIVE] if every else listed


def event(fixture: Fixture, at: dt.datetime, style: Style) -> dict[str, Any]:
    """`/events`: an event without prices."""
    return {
        "id": fixture.event_id,
        "sport_key": fixture.model.sport_key,
        "sport_title": fixture.model.title,
        "commence_time": style.date(fixture.commence_time(at)),
        "home_team": fixture.home.name,
        "away_team": fixture.away.name,
    }


def odds(
    world: World,
    fixtures: Iterable[Fixture],
    books: list[BookModel],
    markets: tuple[str, ...],
    at: dt.datetime,
    style: Style,
) -> list[dict[str, Any]]:
    """`/odds`: events with the featured markets; `last_update` on both levels."""
    found = []
    for fixture in fixtures:
        entries = []
        for book in books:
            offers = world.market.offers(fixture, book, markets, at)
            if offers:
                entries.append(_book(book, offers, style, own_update=True))
        found.append(event(fixture, at, style) | {"bookmakers": entries})
    return found


def event_odds(
    world: World,
    fixture: Fixture,
    books: list[BookModel],
    markets: tuple[str, ...],
    at: dt.datetime,
    style: Style,
) -> dict[str, Any]:
    """`/events/{id}/odds`: one object; a bookmaker has no `last_update`, its markets have."""
    featured = tuple(key for key in markets if key not in props.STATS)
    wanted = tuple(key for key in markets if key in props.STATS)
    entries = []
    for book in books:
        offers = world.market.offers(fixture, book, featured, at)
        offers += props.offers(world.market, fixture, book, wanted, at)
        if offers:
            entries.append(_book(book, offers, style, own_update=False))
    return event(fixture, at, style) | {"bookmakers": entries}


def event_markets(
    world: World, fixture: Fixture, books: list[BookModel], at: dt.datetime, style: Style
) -> dict[str, Any]:
    """`/events/{id}/markets`: the keys each book shows."""
    told = event_odds(world, fixture, books, ("h2h", "spreads", "totals", *props.STATS), at, style)
    for entry in told["bookmakers"]:
        for market in entry["markets"]:
            del market["outcomes"]
    return told


def outright(world: World, books: list[BookModel], at: dt.datetime, style: Style) -> dict[str, Any]:
    """The winner market: neither side has a team."""
    return {
        "id": outrights.event_id(world.seed, at),
        "sport_key": outrights.KEY,
        "sport_title": outrights.TITLE,
        "commence_time": style.date(outrights.season_end(at)),
        "home_team": None,
        "away_team": None,
        "bookmakers": [
            _book(book, [outrights.offer(world.seed, book, at)], style, own_update=True) for book in books
        ],
    }


def scores(
    world: World, sport: LeagueModel, at: dt.datetime, days_from: int | None, style: Style
) -> list[dict[str, Any]]:
    """`/scores`: games in play and ahead, with `days_from` the finished ones too; scores are strings."""
    finished = world.recent(sport, at, days_from) if days_from else []
    return [_score(world, fixture, at, style) for fixture in [*finished, *world.listed(sport, at)]]


def _score(world: World, fixture: Fixture, at: dt.datetime, style: Style) -> dict[str, Any]:
    told = event(fixture, at, style)
    base = {key: told[key] for key in ("id", "sport_key", "sport_title", "commence_time")}
    teams = {"home_team": fixture.home.name, "away_team": fixture.away.name}
    standing = world.standing(fixture, at) if fixture.starts_at <= at else None
    if standing is None or not standing.started:
        return base | {"completed": False} | teams | {"scores": None, "last_update": None}
    when = world.play(fixture).ends_at if standing.final else at.replace(second=at.second // 10 * 10)
    return (
        base
        | {"completed": standing.final}
        | teams
        | {
            "scores": [
                {"name": fixture.home.name, "score": str(standing.home)},
                {"name": fixture.away.name, "score": str(standing.away)},
            ],
            "last_update": style.date(when),
        }
    )


def _book(book: BookModel, offers: list[Offer], style: Style, *, own_update: bool) -> dict[str, Any]:
    entry: dict[str, Any] = {"key": book.key, "title": book.title}
    if own_update:
        entry["last_update"] = style.date(max(offer.last_update for offer in offers))
    entry["markets"] = [
        {
            "key": offer.key,
            "last_update": style.date(offer.last_update),
            "outcomes": [_outcome(quote, style) for quote in offer.quotes],
        }
        for offer in offers
    ]
    return entry


def _outcome(quote: Any, style: Style) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": quote.name}
    if quote.description:
        entry["description"] = quote.description
    entry["price"] = style.price(quote.price)
    if quote.point is not None:
        entry["point"] = int(quote.point) if quote.point == int(quote.point) else quote.point
    return entry
