"""A person's bets as a list with running totals, and one bet as a ticket with its reasons."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

from django.db.models import Prefetch, QuerySet

from accounts.models import User
from bets.due import DECIDED
from bets.models import OPEN_STATUSES, Bet, BetLeg, BetStatus
from bets.money import format_money, round_money
from bets.snapshots import snapshot_url
from bets.ticket_terms import each_way_of, if_all_win
from bets.wording import agreed_in_words, game_name, selection_name
from games.models import Game
from odds import markets
from odds.pricing import decimal_odds, format_odds

PILLS: Final = {
    BetStatus.PENDING: "pending",
    BetStatus.NEEDS_REVIEW: "pending",
    BetStatus.WON: "won",
    BetStatus.HALF_WON: "won",
    BetStatus.LOST: "lost",
    BetStatus.HALF_LOST: "lost",
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

    @property
    def snapshot(self) -> str:
        """Where the archive shows the leg's price as it was seen; empty if it never saw it at that book."""
        seen_at = self.leg.price_seen_at
        return "" if seen_at is None else snapshot_url(self.leg.selection, seen_at)


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
    def is_verified(self) -> bool:
        """Whether the archive saw every leg's price at its book."""
        return bool(self.legs) and all(leg.leg.price_seen_at is not None for leg in self.legs)

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


def bets_of(user: User) -> QuerySet[Bet]:
    """Return the user's bets, newest first, with what a list shows."""
    return listed(Bet.objects.owned_by(user).newest_first())


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
