"""Bets as every export reads them: in batches, their legs of either sort in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.db.models import Prefetch, QuerySet

from bets.models import Bet, BetLeg
from bets.wording import game_name, selection_name
from odds import markets

BATCH: Final = 500
Progress = Callable[[int], None]
"""Told how many bets have been read, after each batch and at the end."""


@dataclass(frozen=True, slots=True)
class Leg:
    """A leg of either sort in words."""

    description: str
    event: str
    sport: str
    league: str
    market: str
    bet_type: str
    odds: Decimal | None
    point: Decimal | None
    status: str
    closing_odds: Decimal | None
    closing_point: Decimal | None
    starts_at: Any
    is_live: bool | None


def exported(bets: QuerySet[Bet], progress: Progress | None = None) -> Iterator[Bet]:
    """The bets in the order they were placed, with all that an export says, never more than a batch in memory."""
    legs = BetLeg.objects.select_related(
        "game__sport", "game__home_team", "game__away_team", "selection"
    ).order_by("position")
    found = bets.select_related("bookmaker", "bankroll").prefetch_related(
        Prefetch("legs", legs), "imported_legs"
    )
    read = 0
    for read, bet in enumerate(found.order_by("placed_at", "id").iterator(chunk_size=BATCH), start=1):
        yield bet
        if progress is not None and read % BATCH == 0:
            progress(read)
    if progress is not None and read % BATCH:
        progress(read)


def words(leg: BetLeg, bet: Bet) -> Leg:
    """Return a leg on a game of ours in words."""
    leg.selection.game = leg.game
    sport = leg.game.sport
    return Leg(
        description=selection_name(leg.selection, leg.point),
        event=game_name(leg.game),
        sport=sport.group,
        league=sport.title,
        market=markets.title(leg.selection.market),
        bet_type=leg.bet_type,
        odds=leg.odds,
        point=leg.point,
        status=leg.status,
        closing_odds=leg.closing_odds,
        closing_point=leg.closing_point,
        starts_at=leg.game.commence_time,
        is_live=leg.game.commence_time <= bet.placed_at,
    )


def legs_of(bet: Bet) -> list[Leg]:
    """Return the legs in words; callers prefetch both sorts."""
    own = [words(leg, bet) for leg in bet.legs.all()]
    names = list(Leg.__dataclass_fields__)
    return own or [Leg(**{name: getattr(leg, name) for name in names}) for leg in bet.imported_legs.all()]


def text(value: Any) -> Any:
    """Return a value as JSON has it: numbers exact, as text; times ISO 8601 in UTC."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value != value.to_integral_value() else f"{value:.0f}"
    return value.isoformat() if hasattr(value, "isoformat") else value


def money(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"


def book_of(bet: Bet) -> str:
    return bet.bookmaker.title if bet.bookmaker else bet.book_name


def signed(odds: Decimal) -> str:
    return f"+{text(odds)}" if odds > 0 else str(text(odds))
