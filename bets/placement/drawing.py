"""Drawing up a ticket: the bet that it makes at its prices, and what it pays if every leg wins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from bets.exceptions import BadBet
from bets.grading import LegGrade, grade_ticket, win_factor
from bets.models import Bet, BetKind
from bets.money import LARGEST, LARGEST_BALANCE, round_money
from bets.offers import Offer
from bets.placement.asked import LegAsked, TicketAsked
from bets.ticket_terms import OWN_PRICE_KINDS, if_all_win, is_system, liability
from odds.pricing import american_from_decimal


@dataclass(frozen=True, slots=True)
class AgreedLeg:
    """A leg at the price it gets, in American odds; ``offer`` is None for a price of the user's own.

    ``draw_offered``: the draw has a price in its market, so that it loses for both teams.
    """

    asked: LegAsked
    offer: Offer | None = None
    draw_offered: bool = False

    @property
    def odds(self) -> Decimal:
        return self.asked.price if self.offer is None else self.offer.price


@dataclass(frozen=True, slots=True)
class Quote:
    """A ticket as an unsaved bet, and what it pays and gains if every leg wins, in the bankroll's currency."""

    bet: Bet
    payout: Decimal
    profit: Decimal


def quote(ticket: TicketAsked) -> Quote:
    """Return what a ticket comes to at the prices asked for, by the arithmetic that places and settles it.

    Raises BadBet as ``drawn_up`` does; what else is wrong with the ticket ``check_ticket`` says.
    """
    return drawn_up(ticket, [AgreedLeg(leg) for leg in ticket.legs])


def drawn_up(ticket: TicketAsked, legs: Sequence[AgreedLeg]) -> Quote:
    """Return the ticket as an unsaved bet: its price, how many combinations, and all that it risks.

    Raises BadBet for legs that make no ticket of its kind, and for sums or odds too large to record.
    """
    odds, combinations = whole_price(ticket, legs)
    bet = unsaved(ticket, odds, combinations)
    most = if_all_win(
        bet,
        [leg.odds for leg in legs],
        currency=ticket.bankroll.currency,
        sport=sport_of(ticket),
        each_way=ticket.each_way,
    )
    if most.payout is None or most.profit is None or most.payout > LARGEST_BALANCE:
        words = "The bet could return more than can be recorded." if most.payout else most.reason
        raise BadBet(words, field="stake" if most.payout else "legs")
    return Quote(bet, most.payout, most.profit)


def unsaved(ticket: TicketAsked, odds: Decimal, combinations: int) -> Bet:
    """Return the bet that the ticket makes at its price, with all that it risks. Raises BadBet."""
    risked = Decimal(combinations) * ticket.stake
    if ticket.is_lay:
        risked = round_money(liability(ticket.stake, odds), ticket.bankroll.currency)
    if not 0 < risked <= LARGEST:
        raise BadBet("The ticket would risk an amount that cannot be recorded.", field="stake")
    has_unit = ticket.is_lay or combinations > 1 or is_system(ticket.kind)
    way = ticket.each_way
    return Bet(
        user=ticket.user,
        bankroll=ticket.bankroll,
        bookmaker=ticket.bookmaker,
        kind=ticket.kind,
        stake=risked,
        unit_stake=ticket.stake if has_unit else None,
        combinations=combinations,
        sizes=list(ticket.sizes),
        teaser_points=ticket.teaser_points,
        is_lay=ticket.is_lay,
        commission_pct=ticket.commission,
        each_way_places=way.places if way else None,
        each_way_fraction=way.fraction if way else None,
        odds=odds,
        own_price=ticket.own_price,
        is_bonus=ticket.is_bonus,
        boost_pct=ticket.boost_pct,
        boost_cap=ticket.boost_cap,
        insured_up_to=ticket.insured_up_to,
        idempotency_key=ticket.idempotency_key,
    )


def whole_price(ticket: TicketAsked, legs: Sequence[AgreedLeg]) -> tuple[Decimal, int]:
    """Return the American odds of the whole ticket, and of how many combinations it is.

    A parlay's are the product of its legs', a teaser's the table's, a system's what it returns if every leg wins for
    all that it risks. Raises BadBet.
    """
    if ticket.kind == BetKind.STRAIGHT and len(legs) == 1:
        return legs[0].odds, 1 if ticket.each_way is None else 2
    price = ticket.ticket_price
    grade = grade_ticket(
        kind=ticket.kind,
        stake=Decimal(1),
        currency="USD",
        legs=[LegGrade("won", win_factor(leg.odds)) for leg in legs],
        sizes=ticket.sizes,
        sport=sport_of(ticket),
        teaser_points=ticket.teaser_points,
        ticket_odds=None if price is None else win_factor(price),
    )
    if grade.factor is None or grade.staked is None:
        raise BadBet(grade.reason, field=at_fault(ticket))
    odds = (
        price if price is not None and ticket.kind in OWN_PRICE_KINDS else american_from_decimal(grade.factor)
    )
    if abs(odds) >= 10**12:
        raise BadBet("The odds of the whole ticket are more than can be recorded.", field="legs")
    return odds, int(grade.staked)


def at_fault(ticket: TicketAsked) -> str:
    """Return what of a ticket that has no price, whatever its legs', is the most likely to be wrong."""
    if ticket.kind == BetKind.SAME_GAME_PARLAY and ticket.ticket_price is None:
        return "ticket_price"
    if ticket.kind == BetKind.TEASER and ticket.ticket_price is None and len(ticket.legs) > 1:
        return "teaser_points"
    return "sizes" if ticket.kind == BetKind.ROUND_ROBIN else "legs"


def sport_of(ticket: TicketAsked) -> str:
    return ticket.legs[0].selection.game.sport_id
