"""Reading bets for the API by column: a page takes two statements, and makes no objects of the models.

Objects of bets, legs, games, teams and selections were four fifths of what a page of fifty bets cost.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final

from django.db.models import QuerySet
from django.db.models.utils import create_namedtuple_class

from bets.api.rows import bet_out, event_out, imported_out, ledger_out, leg_out
from bets.models import Bet, BetEvent, BetLeg, ImportedLeg, LedgerEntry
from rest.compiled import CompiledRows, IsAmong

BET: Final = (
    "id", "bankroll_id", "bankroll__name", "bankroll__currency", "bankroll__kind", "bookmaker__key", "book_name",
    "kind", "status", "stake", "unit_stake", "combinations", "odds", "payout", "placed_at", "settled_at", "is_lay",
    "is_bonus", "own_price", "teaser_points", "commission_pct", "boost_pct", "boost_cap", "insured_up_to",
    "each_way_places", "cashed_stake", "cashed_out", "revision", "review_reason", "note", "tags", "batch_id",
)  # fmt: skip
OWNER: Final = "user__username"
LEG: Final = (
    "bet_id", "position", "game_id", "game__title", "game__sport_id", "game__sport__title", "game__commence_time",
    "game__status", "game__home_team__name", "game__away_team__name", "selection_id", "selection__market",
    "selection__participant", "selection__side", "bet_type", "point", "odds", "status", "price_seen_at",
    "closing_odds", "closing_point", "closing_seen_at", "closing_fair",
)  # fmt: skip
EVIDENCE: Final = "grade__evidence"
LEGS: Final = CompiledRows(lambda: BetLeg.objects.filter(IsAmong("bet_id", "bets")).order_by("position"), LEG)


def with_columns(bets: QuerySet[Bet], *more: str) -> QuerySet[Any]:
    """What ``bets_out`` wants to know of the bets themselves, a named tuple each."""
    return bets.values_list(*BET, *more, named=True)


def bets_out(bets: Sequence[Any], expand: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    """Bets of ``with_columns`` as the API writes them: a statement more, one for imported ones, one for each part."""
    ids = [bet.id for bet in bets]
    if not ids:
        return []
    legs = by_bet(legs_of(ids, with_evidence="evidence" in expand))
    imported = [bet.id for bet in bets if bet.batch_id is not None]
    told = by_bet(ImportedLeg.objects.filter(bet__in=imported).order_by("position")) if imported else {}
    rows = [
        bet_out(
            bet,
            [
                *(leg_out(leg, evidence="evidence" in expand) for leg in legs.get(bet.id, ())),
                *(imported_out(leg) for leg in told.get(bet.id, ())),
            ],
        )
        for bet in bets
    ]
    expanded(rows, ids, expand)
    return rows


def legs_of(bets: Sequence[uuid.UUID], *, with_evidence: bool) -> Iterable[Any]:
    """The columns of the bets' legs, in their order on the ticket."""
    if not with_evidence:
        return LEGS.all(bets=bets)
    legs = BetLeg.objects.filter(bet__in=bets).order_by("position")
    return legs.values_list(*LEG, EVIDENCE, named=True)


def expanded(rows: Sequence[dict[str, Any]], ids: Sequence[uuid.UUID], expand: frozenset[str]) -> None:
    """Add the parts asked for to the rows of these bets."""
    if "events" in expand:
        events = by_bet(BetEvent.objects.filter(bet__in=ids).select_related("by").order_by("at", "id"))
        for row in rows:
            row["events"] = [event_out(event) for event in events.get(row["id"], ())]
    if "ledger" in expand:
        lines = by_bet(LedgerEntry.objects.filter(bet__in=ids).order_by("at", "id"))
        for row in rows:
            row["ledger"] = [ledger_out(line) for line in lines.get(row["id"], ())]


def by_bet(found: Iterable[Any]) -> dict[uuid.UUID, list[Any]]:
    groups: dict[uuid.UUID, list[Any]] = defaultdict(list)
    for one in found:
        groups[one.bet_id].append(one)
    return groups


def placed_out(bet: Bet, legs: Sequence[BetLeg]) -> dict[str, Any]:
    """A bet that has just been written, by what was written; no statement."""
    return bet_out(as_columns(bet, BET), [leg_out(as_columns(leg, LEG)) for leg in legs])


def as_columns(one: Any, names: tuple[str, ...]) -> Any:
    """The columns of an object and of those it is joined with, as ``values_list`` would name them."""
    return create_namedtuple_class(*names)._make(value_at(one, path) for path in paths_of(names))


@lru_cache(maxsize=8)
def paths_of(names: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(name.split("__")) for name in names)


def value_at(one: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        if one is None:
            return None
        one = getattr(one, name)
    return one
