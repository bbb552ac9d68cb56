"""What a book offers for a line, now or as the archive knew it at a past instant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from bets.rules import MONEYLINE
from odds import markets
from odds.models import Bookmaker, CurrentOdds, Heartbeat, OddSnapshot, Selection, Side
from odds.prices import price_at

Accept = Literal["exact", "better", "any"]


@dataclass(frozen=True, slots=True)
class Offer:
    """A book's price (American odds) for a line and when it was last seen to offer it."""

    price: Decimal
    point: Decimal | None
    seen_at: dt.datetime


def offer_of(
    selection: Selection, bookmaker: Bookmaker, point: Decimal | None, *, as_of: dt.datetime | None = None
) -> Offer | None:
    """Return what the book offers for the line, None if nothing.

    ``as_of`` asks the archive what was known at that instant; without it the board's prices are read.
    """
    if as_of is not None:
        seen = price_at(selection=selection, bookmaker=bookmaker, point=point, instant=as_of)
        return None if seen is None else Offer(seen.odds, seen.point, seen.seen_at)
    same_point = {"point__isnull": True} if point is None else {"point": point}
    current = CurrentOdds.objects.filter(
        game_id=selection.game_id, selection=selection, bookmaker=bookmaker, **same_point
    ).first()
    if current is None:
        return None
    seen_at = Heartbeat.objects.filter(
        game_id=selection.game_id, bookmaker=bookmaker, scope=markets.scope(selection.market)
    ).values_list("seen_at", flat=True)
    return Offer(current.price, current.point, max([current.changed_at, *seen_at]))


def other_point(
    selection: Selection, bookmaker: Bookmaker, *, as_of: dt.datetime | None
) -> CurrentOdds | None:
    """Return where the book has moved its line to, if it is one of those with a single point."""
    if as_of is not None or not markets.single_line(selection.market):
        return None
    return CurrentOdds.objects.filter(
        game_id=selection.game_id, selection=selection, bookmaker=bookmaker
    ).first()


def is_acceptable(asked: Decimal, offered: Decimal, accept: Accept, *, is_lay: bool = False) -> bool:
    """Tell whether an offered price will do. American odds that pay more are the greater number; a layer pays them."""
    if accept == "any":
        return True
    better = offered < asked if is_lay else offered > asked
    return offered == asked or (accept == "better" and better)


def draw_is_offered(
    selection: Selection, bookmaker: Bookmaker | None, *, as_of: dt.datetime | None = None
) -> bool:
    """Tell whether the draw has a price in the selection's market, so that a draw loses for both teams.

    In soccer it always has one, even while a book shows none. Elsewhere the bet's book decides if it quotes
    the market at all. Of a bet at no book, or at one that does not quote it, nobody can say whether the draw was an
    outcome, so the market does: it was if more than half of the books that quote a winner then price the draw.
    """
    if draw_always_counts(selection):
        return True
    sides_by_book: dict[int, set[str]] = {}
    for book_id, side in sides_quoted(selection, as_of):
        sides_by_book.setdefault(book_id, set()).add(side)
    if bookmaker is not None and bookmaker.pk in sides_by_book:
        return Side.DRAW in sides_by_book[bookmaker.pk]
    with_draw = sum(Side.DRAW in sides for sides in sides_by_book.values())
    return 2 * with_draw > len(sides_by_book)


def draw_always_counts(selection: Selection) -> bool:
    """Tell whether the draw is an outcome whatever the books show: where it is backed, and of a winner in soccer."""
    base, _ = markets.split_period(selection.market)
    return selection.side == Side.DRAW or (
        base in MONEYLINE and selection.game.sport_id.startswith("soccer_")
    )


def sides_quoted(selection: Selection, as_of: dt.datetime | None) -> Iterable[tuple[int, str]]:
    """Return each (bookmaker, side) that has a price in the selection's market, or had by ``as_of``."""
    columns = ("bookmaker_id", "selection__side")
    if as_of is None:
        offered = CurrentOdds.objects.filter(game_id=selection.game_id, selection__market=selection.market)
        return offered.order_by().values_list(*columns).distinct()
    seen = OddSnapshot.objects.as_known_at(as_of).filter(
        game_id=selection.game_id, selection__market=selection.market, price__isnull=False
    )
    return seen.order_by().values_list(*columns).distinct()
