"""A person's bets as a list with running totals, and one bet as a ticket with its reasons."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from django.db.models import Count, DecimalField, F, Prefetch, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from accounts.models import User
from bets.models import OPEN_STATUSES, Bet, BetEvent, BetEventKind, BetLeg, BetStatus
from bets.money import MINUS, format_money, round_money
from bets.wording import game_name, point_name, selection_name
from games.models import Game, GameStatus
from odds import markets
from odds.pricing import decimal_odds, format_odds
from odds.wording import duration

PAGE_SIZE: Final = 50
STATES: Final = {
    "all": Q(),
    "open": Q(status=BetStatus.PENDING),
    "settled": ~Q(status__in=OPEN_STATUSES),
    "review": Q(status=BetStatus.NEEDS_REVIEW),
}
PILLS: Final = {
    BetStatus.PENDING: "pending",
    BetStatus.NEEDS_REVIEW: "pending",
    BetStatus.WON: "won",
    BetStatus.HALF_WON: "won",
    BetStatus.LOST: "lost",
    BetStatus.HALF_LOST: "lost",
}
NOTHING = Value(Decimal(0), output_field=DecimalField(max_digits=16, decimal_places=2))


@dataclass(frozen=True, slots=True)
class Totals:
    """All bets of one currency. Open stakes are exposure; they are in no other sum."""

    currency: str
    settled: int
    open: int
    staked: Decimal
    exposure: Decimal
    returned: Decimal

    @property
    def profit(self) -> Decimal:
        return self.returned - self.staked

    @property
    def percentage(self) -> Fraction | None:
        """Yield: profit per unit staked on settled bets; none without any."""
        return Fraction(self.profit) / Fraction(self.staked) if self.staked else None

    def shown(self) -> dict[str, str]:
        """Return the sums as text."""
        return {
            "staked": format_money(self.staked, self.currency),
            "exposure": format_money(self.exposure, self.currency),
            "returned": format_money(self.returned, self.currency),
            "profit": format_money(self.profit, self.currency, signed=True),
        }


@dataclass(frozen=True, slots=True)
class LegRow:
    """A leg as shown in a list and on its ticket."""

    leg: BetLeg
    game: Game
    name: str
    market: str
    game_name: str
    price: str

    @property
    def is_waiting_for_result(self) -> bool:
        return self.leg.status == BetStatus.PENDING


@dataclass(frozen=True, slots=True)
class BetRow:
    """A bet as a list shows it; amounts are text in the bankroll's currency."""

    bet: Bet
    legs: list[LegRow]
    price: str
    stake: str
    outcome: str
    outcome_label: str
    profit: str
    pill: str
    sign: str

    @property
    def is_open(self) -> bool:
        return self.bet.status in OPEN_STATUSES


@dataclass(frozen=True, slots=True)
class Ticket:
    """One bet with everything its page tells."""

    row: BetRow
    evidence: list[list[Mapping[str, Any]]]
    closing: list[ClosingLine]
    ledger: list[tuple[str, str, str, dt.datetime]]
    events: list[tuple[str, str, dt.datetime]]
    verified: str


@dataclass(frozen=True, slots=True)
class ClosingLine:
    """The last price before the start at the same book, and how the bet's own compares."""

    line: str
    age: str = ""
    beaten_by: str = ""
    sign: str = ""


def bets_of(user: User, state: str = "all") -> QuerySet[Bet]:
    """Return the user's bets in a state (a key of ``STATES``), newest first, with what a list shows."""
    legs = BetLeg.objects.select_related(
        "game__sport", "game__home_team", "game__away_team", "selection"
    ).order_by("position")
    return (
        Bet.objects.owned_by(user)
        .filter(STATES[state])
        .select_related("bookmaker", "bankroll")
        .prefetch_related(Prefetch("legs", legs))
        .newest_first()
    )


def counts_of(user: User) -> dict[str, int]:
    """Return how many bets each state of ``STATES`` has, in one query."""
    return Bet.objects.owned_by(user).aggregate(
        **{state: Count("pk", filter=q) if q else Count("pk") for state, q in STATES.items()}
    )


def totals_of(user: User) -> list[Totals]:
    """Return the sums of all the user's bets, one entry a currency, in one query."""
    is_open = Q(status__in=OPEN_STATUSES)
    rows = (
        Bet.objects.owned_by(user)
        .order_by("bankroll__currency")
        .values(currency=F("bankroll__currency"))
        .annotate(
            settled=Count("pk", filter=~is_open),
            open=Count("pk", filter=is_open),
            staked=Coalesce(Sum("stake", filter=~is_open), NOTHING),
            exposure=Coalesce(Sum("stake", filter=is_open), NOTHING),
            returned=Coalesce(Sum("payout", filter=~is_open), NOTHING),
        )
    )
    return [Totals(**row) for row in rows]


def bet_row(bet: Bet, odds_format: str) -> BetRow:
    """Return a bet of ``bets_of`` as shown."""
    currency = bet.bankroll.currency
    legs = [leg_row(leg, odds_format) for leg in bet.legs.all()]
    if bet.payout is None:
        outcome, label, profit, sign = possible_return(bet), "If it wins", "", ""
    else:
        gain = bet.payout - bet.stake
        outcome, label = format_money(bet.payout, currency), "Returned"
        profit = format_money(gain, currency, signed=True)
        sign = "gain" if gain > 0 else "loss" if gain < 0 else ""
    return BetRow(
        bet=bet,
        legs=legs,
        price=format_odds(bet.odds, odds_format),
        stake=format_money(bet.stake, currency),
        outcome=outcome,
        outcome_label=label,
        profit=profit,
        pill=PILLS.get(BetStatus(bet.status), "push"),
        sign=sign,
    )


def possible_return(bet: Bet) -> str:
    """Return what an open straight bet pays if it wins."""
    exact = Fraction(bet.stake) * decimal_odds(bet.odds)
    return format_money(round_money(exact, bet.bankroll.currency), bet.bankroll.currency)


def leg_row(leg: BetLeg, odds_format: str) -> LegRow:
    leg.selection.game = leg.game  # the leg's game is the selection's: spare a query
    return LegRow(
        leg=leg,
        game=leg.game,
        name=selection_name(leg.selection, leg.point),
        market=markets.title(leg.selection.market),
        game_name=game_name(leg.game),
        price=format_odds(leg.odds, odds_format),
    )


def ticket(user: User, bet_id: uuid.UUID, odds_format: str) -> Ticket | None:
    """Return the user's bet with its evidence, ledger lines and history; None if it is not theirs."""
    bet = bets_of(user).filter(pk=bet_id).first()
    if bet is None:
        return None
    row = bet_row(bet, odds_format)
    currency = bet.bankroll.currency
    return Ticket(
        row=row,
        evidence=[list(leg.leg.evidence.get("steps", [])) for leg in row.legs],
        closing=[line for leg in row.legs if (line := closing_line(leg, odds_format))],
        ledger=[
            (
                f"{entry.get_kind_display()}, line {entry.seq}",
                format_money(entry.amount, currency, signed=True),
                format_money(entry.balance_after, currency),
                entry.at,
            )
            for entry in bet.ledger.order_by("seq")
        ],
        events=timeline(bet, row.legs),
        verified=verified(bet, row.legs),
    )


def verified(bet: Bet, legs: Iterable[LegRow]) -> str:
    """Say whether the archive saw each price at its book, and how long before placing."""
    seen = [leg.leg.price_seen_at for leg in legs]
    if not seen or any(at is None for at in seen):
        return "not seen there: your own price" if bet.own_price else "not seen at that book"
    oldest = min(at for at in seen if at is not None)
    return f"seen {duration(bet.placed_at - oldest)} earlier" if oldest < bet.placed_at else "seen as placed"


def closing_line(row: LegRow, odds_format: str) -> ClosingLine | None:
    """Return the closing line of a graded leg, none found included; None while the leg is open."""
    leg = row.leg
    if leg.closing_odds is None:
        return None if leg.status in OPEN_STATUSES else ClosingLine("none in the archive")
    point = point_name(leg.selection, leg.closing_point)
    line = f"{point} at {format_odds(leg.closing_odds, odds_format)}" if point else ""
    age = ""
    if leg.closing_seen_at is not None and leg.closing_seen_at < leg.game.commence_time:
        age = f"{duration(leg.game.commence_time - leg.closing_seen_at)} before the start"
    gain = decimal_odds(leg.odds) / decimal_odds(leg.closing_odds) - 1
    beaten, sign = "", ""
    if leg.closing_point == leg.point:
        sign = "gain" if gain > 0 else "loss" if gain < 0 else ""
        sign_text = "+" if gain > 0 else MINUS
        beaten = f"{sign_text}{abs(round(gain * 1000)) / Decimal(10):.1f}%" if gain else "level"
    return ClosingLine(line or format_odds(leg.closing_odds, odds_format), age, beaten, sign)


def timeline(bet: Bet, legs: Iterable[LegRow]) -> list[tuple[str, str, dt.datetime]]:
    """Return what happened to the bet, the starts of its games among it, in order of time."""
    events = [
        (str(BetEventKind(event.kind).label), who_and_why(event, bet.user_id), event.at)
        for event in bet.events.select_related("by").order_by("at", "id")
    ]
    for leg in legs:
        if leg.game.status in (GameStatus.LIVE, GameStatus.FINAL):
            events.append(("Game started", "", leg.game.commence_time))
    return sorted(events, key=lambda event: event[2])


def who_and_why(event: BetEvent, owner: uuid.UUID) -> str:
    """Say who did it and why, as far as it was recorded."""
    who = "" if event.by is None or event.by_id == owner else f"by {event.by.get_username()}"
    return ", ".join(filter(None, (who, event.reason)))
