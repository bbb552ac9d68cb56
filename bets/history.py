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
from bets.decisions.options import Option, options_for
from bets.decisions.record import BY_HAND
from bets.due import DECIDED
from bets.explanation import explanation
from bets.models import OPEN_STATUSES, Bet, BetEvent, BetEventKind, BetLeg, BetStatus
from bets.money import MINUS, format_money, round_money
from bets.ticket_terms import each_way_of, if_all_win
from bets.wording import agreed_in_words, game_name, point_name, selection_name
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
    pill: str

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
    early: str = ""

    @property
    def is_open(self) -> bool:
        return self.bet.status in OPEN_STATUSES

    @property
    def is_over(self) -> bool:
        """Whether every game of the bet is over, or is not going to be played."""
        return all(leg.game.status in DECIDED for leg in self.legs)

    @property
    def title(self) -> str:
        """The headline: the one leg's name, or the kind of ticket and how many legs it has."""
        names = [leg.name for leg in self.legs] or [str(leg) for leg in self.bet.imported_legs.all()]
        if len(names) == 1:
            return names[0]
        kind = self.bet.get_kind_display()
        return f"{kind}, {len(names)} legs" if names else kind

    @property
    def terms(self) -> str:
        """What beside the legs was agreed, in words; '' for a plain bet."""
        return agreed_in_words(self.bet)


@dataclass(frozen=True, slots=True)
class Ticket:
    """One bet with everything its page tells."""

    row: BetRow
    evidence: list[list[Mapping[str, Any]]]
    closing: list[ClosingLine]
    ledger: list[tuple[str, str, str, dt.datetime]]
    events: list[tuple[str, str, dt.datetime]]
    verified: str
    decision: Decision | None
    options: list[Option]


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision of a person that is in force on a bet."""

    label: str
    who: str
    reason: str
    is_part: bool


@dataclass(frozen=True, slots=True)
class ClosingLine:
    """The last price before the start at the same book, and how the bet's own compares."""

    line: str
    age: str = ""
    beaten_by: str = ""
    sign: str = ""


def bets_of(user: User, state: str = "all") -> QuerySet[Bet]:
    """Return the user's bets in a state (a key of ``STATES``), newest first, with what a list shows."""
    return listed(Bet.objects.owned_by(user).filter(STATES[state]).newest_first())


def visible_bets(user: User) -> QuerySet[Bet]:
    """Return the bets a person may decide about, with what a list shows: their own, or all for staff."""
    return listed(Bet.objects.all() if user.is_staff else Bet.objects.owned_by(user)).select_related(
        "bookmaker", "bankroll", "user"
    )


def listed(bets: QuerySet[Bet]) -> QuerySet[Bet]:
    """Join what ``bet_row`` shows."""
    legs = BetLeg.objects.select_related(
        "game__sport", "game__home_team", "game__away_team", "selection"
    ).order_by("position")
    return bets.select_related("bookmaker", "bankroll").prefetch_related(
        Prefetch("legs", legs), "imported_legs"
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
            staked=Coalesce(Sum("stake", filter=~is_open & Q(is_bonus=False)), NOTHING),
            exposure=Coalesce(
                Sum(F("stake") - F("cashed_stake"), filter=is_open & Q(is_bonus=False)), NOTHING
            ),
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
        gain = bet.payout if bet.is_bonus else bet.payout - bet.stake
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
        early=cashed_early(bet, currency),
    )


def cashed_early(bet: Bet, currency: str) -> str:
    """Say what was paid for the part of the stake that was cashed out early."""
    if not bet.cashed_stake:
        return ""
    return f"{format_money(bet.cashed_out, currency)} for {format_money(bet.cashed_stake, currency)} of the stake"


def possible_return(bet: Bet) -> str:
    """Return what an open bet pays if every leg wins, for the stake that is riding; callers load its legs."""
    legs = list(bet.legs.all())
    currency = bet.bankroll.currency
    way = each_way_of(bet.each_way_places, bet.each_way_fraction)
    sport = legs[0].game.sport_id if legs else ""
    most = None
    if legs:
        most = if_all_win(
            bet, [leg.odds for leg in legs], currency=currency, sport=sport, each_way=way
        ).payout
    exact = Fraction(bet.stake) * decimal_odds(bet.odds) if most is None else Fraction(most)
    if bet.cashed_stake:
        exact = exact * Fraction(bet.stake - bet.cashed_stake) / Fraction(bet.stake)
    return format_money(round_money(exact, currency), currency)


def leg_row(leg: BetLeg, odds_format: str) -> LegRow:
    leg.selection.game = leg.game  # the leg's game is the selection's: spare a query
    return LegRow(
        leg=leg,
        game=leg.game,
        name=selection_name(leg.selection, leg.point),
        market=markets.title(leg.selection.market),
        game_name=game_name(leg.game),
        price=format_odds(leg.odds, odds_format),
        pill=PILLS.get(BetStatus(leg.status), "push"),
    )


def ticket(user: User, bet_id: uuid.UUID, odds_format: str, now: dt.datetime) -> Ticket | None:
    """Return a bet with its evidence, ledger lines, history and what the user may decide about it.

    None if it is not theirs. ``now`` tells which games have begun.
    """
    bet = bets_of(user).filter(pk=bet_id).prefetch_related("legs__grade").first()
    if bet is None:
        return None
    events = list(bet.events.select_related("by").order_by("at", "id"))
    in_force = decision_in_force(bet, events)
    row = bet_row(bet, odds_format)
    currency = bet.bankroll.currency
    lines = list(bet.ledger.order_by("seq"))
    return Ticket(
        row=row,
        evidence=[
            *(list(explanation(bet, leg.leg, lines).get("steps", [])) for leg in row.legs),
            *ticket_steps(bet),
        ],
        closing=[line for leg in row.legs if (line := closing_line(leg, odds_format))],
        ledger=[
            (
                f"{entry.get_kind_display()}, line {entry.seq}",
                format_money(entry.amount, currency, signed=True),
                format_money(entry.balance_after, currency),
                entry.at,
            )
            for entry in lines
        ],
        events=timeline(bet, events, row.legs),
        verified=verified(bet, row.legs),
        decision=decision_of(in_force, user) if in_force else None,
        options=options_for(bet, [leg.leg for leg in row.legs], in_force, user, now),
    )


def decision_in_force(bet: Bet, events: Iterable[BetEvent]) -> BetEvent | None:
    """Return the event by which a person decided the bet as it stands, None if nobody did."""
    found = [e for e in events if e.revision == bet.revision and e.by_id is not None and e.kind in BY_HAND]
    return found[-1] if found else None


def decision_of(event: BetEvent, reader: User) -> Decision:
    """Return the decision for the page; the reader is "you"."""
    who = "you" if event.by_id == reader.pk or event.by is None else event.by.get_username()
    return Decision(hand_label(event), who, event.reason, bool(event.data.get("is_part")))


def hand_label(event: BetEvent) -> str:
    """Name what happened; a person's settlement is one by hand, a cash-out says whether it was a part."""
    if event.kind == BetEventKind.CASHED_OUT and event.data.get("is_part"):
        return "Cashed out in part"
    if event.by_id is not None and event.kind in (BetEventKind.SETTLED, BetEventKind.REGRADED):
        return "Settled at a new price" if event.data.get("new_price") else "Settled by hand"
    return str(BetEventKind(event.kind).label)


def ticket_steps(bet: Bet) -> list[list[Mapping[str, Any]]]:
    """Return the arithmetic of a settled ticket that is more than a plain bet, from the event of its grade."""
    if bet.payout is None:
        return []
    stored = bet.events.filter(revision=bet.revision).values_list("data", flat=True)
    return [list(data["steps"]) for data in stored if data.get("steps")]


def verified(bet: Bet, legs: Iterable[LegRow]) -> str:
    """Say whether the archive saw each price at its book, and how long before placing."""
    if bet.batch_id is not None:
        return "no: the price is the imported file's"
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


def timeline(
    bet: Bet, history: Iterable[BetEvent], legs: Iterable[LegRow]
) -> list[tuple[str, str, dt.datetime]]:
    """Return what happened to the bet, the starts of its games among it, in order of time."""
    events = [(hand_label(event), who_and_why(event, bet.user_id), event.at) for event in history]
    for leg in legs:
        if leg.game.status in (GameStatus.LIVE, GameStatus.FINAL):
            events.append(("Game started", "", leg.game.commence_time))
    return sorted(events, key=lambda event: event[2])


def who_and_why(event: BetEvent, owner: uuid.UUID) -> str:
    """Say who did it and why, as far as it was recorded."""
    who = "" if event.by is None or event.by_id == owner else f"by {event.by.get_username()}"
    return ", ".join(filter(None, (who, event.reason)))
