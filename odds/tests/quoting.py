"""Shorthand by which page tests write prices of a game."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from games.models import Game
from odds.models import Bookmaker, CurrentOdds, Selection
from odds.tests.factories import NOON, BookmakerFactory, CurrentOddsFactory, SnapshotFactory


def selection(game: Game, market: str, side: str, participant: str = "") -> Selection:
    return Selection.objects.get_or_create(game=game, market=market, participant=participant, side=side)[0]


def book(key: str) -> Bookmaker:
    found: Bookmaker = BookmakerFactory(key=key)
    return found


def quote(
    game: Game,
    line: str,
    price: int | str,
    *,
    at: str = "draftkings",
    point: str | None = None,
    participant: str = "",
    previous: int | None = None,
    changed_at: dt.datetime = NOON,
) -> CurrentOdds:
    """A current price; ``line`` is market and side, such as "spreads home"."""
    market, side = line.split()
    row: CurrentOdds = CurrentOddsFactory(
        selection=selection(game, market, side, participant),
        bookmaker=book(at),
        price=Decimal(price),
        point=None if point is None else Decimal(point),
        previous_price=None if previous is None else Decimal(previous),
        changed_at=changed_at,
    )
    return row


def move(
    of: Selection, price: int | None, when: dt.datetime, *, at: str = "draftkings", point: str | None = None
) -> None:
    """A change row of the archive; price None is a withdrawal."""
    SnapshotFactory(
        selection=of,
        bookmaker=book(at),
        price=None if price is None else Decimal(price),
        point=None if point is None else Decimal(point),
        timestamp=when,
    )


def full_market(game: Game, *, books: int = 2, draw: bool = False) -> None:
    """Moneyline, spread and total of a game at some books."""
    for number in range(books):
        at = f"book{number}"
        for line, point in (
            ("h2h home", None), ("h2h away", None), ("spreads home", "-3.5"), ("spreads away", "3.5"),
            ("totals over", "220.5"), ("totals under", "220.5"),
        ):  # fmt: skip
            quote(game, line, -110 - number, at=at, point=point)
        if draw:
            quote(game, "h2h draw", 240, at=at)
