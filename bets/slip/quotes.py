"""What a slip comes to: its tickets as they would be placed, and what they pay by the engine that settles them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from math import comb

from accounts.models import User
from bets.bankrolls.page import BankrollRow
from bets.exceptions import Refused
from bets.grading.teasers import PAYOUTS
from bets.models import Bankroll, BetKind, BettingPreferences, Moves, Slip
from bets.money import BadAmount, format_money
from bets.offers import Accept
from bets.placement import LegAsked, Quote, TicketAsked, check_ticket, quote
from bets.slip.board import SlipLine
from bets.slip.stakes import read_stake
from odds.pricing import format_odds

ACCEPT: dict[str, Accept] = {Moves.ASK: "exact", Moves.BETTER: "better", Moves.ANY: "any"}
ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Purse:
    """Whose money it is: the bankroll chosen (None: not chosen or none), its currency, what a unit is."""

    user: User
    row: BankrollRow | None
    preferences: BettingPreferences

    @property
    def currency(self) -> str:
        return self.row.currency if self.row else self.preferences.currency

    def bankroll(self) -> Bankroll:
        """Return what a ticket needs to know of the bankroll; placing reads the row itself."""
        if self.row is None:
            return Bankroll(user=self.user, currency=self.currency)
        return Bankroll(
            pk=self.row.pk,
            user=self.user,
            name=self.row.name,
            currency=self.row.currency,
            kind=self.row.kind,
            bookmaker_id=self.row.bookmaker_id,
        )


@dataclass(frozen=True, slots=True)
class Sums:
    """What one ticket would bring; texts in the bankroll's currency, empty while the stake cannot be read."""

    ticket: TicketAsked | None = None
    quote: Quote | None = None
    stake: Decimal | None = None
    error: str = ""
    odds: str = ""

    @property
    def currency(self) -> str:
        return self.ticket.bankroll.currency if self.ticket else ""

    @property
    def risked(self) -> Decimal:
        return self.quote.bet.stake if self.quote and self.stake is not None else Decimal(0)

    @property
    def payout(self) -> Decimal:
        return self.quote.payout if self.quote and self.stake is not None else Decimal(0)

    @property
    def returns(self) -> str:
        return format_money(self.payout, self.currency) if self.payout else ""

    @property
    def to_win(self) -> str:
        if self.quote is None or self.stake is None:
            return ""
        return format_money(self.quote.profit, self.currency)

    @property
    def combinations(self) -> int:
        return self.quote.bet.combinations if self.quote else 1

    @property
    def total(self) -> str:
        return format_money(self.risked, self.currency) if self.risked else ""

    @property
    def each(self) -> str:
        """The stake as an amount, which a percentage or units came to."""
        return format_money(self.stake, self.currency) if self.stake is not None else ""


def asked_leg(line: SlipLine, *, shown: bool = False) -> LegAsked:
    """Return the leg as placing takes it; ``shown`` at the price it would get now."""
    leg = line.leg
    return LegAsked(
        selection=leg.selection,
        price=line.asking if shown else leg.price,
        point=leg.point,
        own_price=line.state == "own",
    )


def ticket_of(
    slip: Slip, kind: str, lines: Sequence[SlipLine], purse: Purse, *, stake: Decimal, key: str
) -> TicketAsked:
    """Return a slip's ticket of these lines as placing takes it."""
    has_price = kind in (BetKind.SAME_GAME_PARLAY, BetKind.TEASER)
    return TicketAsked(
        user=purse.user,
        bankroll=purse.bankroll(),
        bookmaker=lines[0].leg.bookmaker,
        kind=kind,
        legs=tuple(asked_leg(line) for line in lines),
        stake=stake,
        idempotency_key=key,
        sizes=tuple(slip.sizes) if kind == BetKind.ROUND_ROBIN else (),
        teaser_points=slip.teaser_points if kind == BetKind.TEASER else None,
        ticket_price=slip.ticket_price if has_price else None,
        accept=ACCEPT[slip.moves],
    )


def sums_of(
    slip: Slip, kind: str, lines: Sequence[SlipLine], purse: Purse, *, text: str, key: str, odds_format: str
) -> Sums:
    """Work out one ticket for the stake typed: the very ticket that placing records, at the prices of now."""
    try:
        stake = read_stake(text, currency=purse.currency, bankroll=purse.row, preferences=purse.preferences)
    except BadAmount as error:
        return Sums(error=str(error))
    ticket = ticket_of(slip, kind, lines, purse, stake=ONE if stake is None else stake, key=key)
    priced = replace(ticket, legs=tuple(asked_leg(line, shown=True) for line in lines))
    try:
        check_ticket(priced, note="", tags=())
        found = quote(priced)
    except Refused as refused:
        return Sums(ticket=ticket, error=str(refused))
    return Sums(ticket, found, stake, odds=format_odds(found.bet.odds, odds_format))


@dataclass(frozen=True, slots=True)
class Size:
    """A size of a round robin's combinations: ``By 2s``, and how many there are of it."""

    size: int
    count: int
    is_chosen: bool


def sizes_of(slip: Slip, legs: int) -> list[Size]:
    """Return the sizes a round robin of so many legs can have."""
    return [Size(size, comb(legs, size), size in slip.sizes) for size in range(2, legs + 1)]


def table_points(sport: str) -> list[Decimal]:
    """Return the points by which the table pays teasers of a sport."""
    return sorted(points for prefix, points in PAYOUTS if sport.startswith(prefix))
