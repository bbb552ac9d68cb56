"""Whatever is in the slip, what it shows is what is placed and what settling pays if every leg wins."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from math import prod

from hypothesis import given
from hypothesis import strategies as st

from accounts.models import User
from bets.bankrolls.page import BankrollRow
from bets.grading import LegGrade, win_factor
from bets.models import BettingPreferences, Slip, SlipLeg
from bets.money import round_money
from bets.slip.board import SlipLine
from bets.slip.quotes import Purse, sums_of
from bets.ticket_terms import grade_stored
from games.models import Game, Sport
from odds.models import Bookmaker, Selection
from odds.pricing import decimal_odds

PRICES = st.integers(100, 2000) | st.integers(-2000, -100)
STAKES = st.decimals("0.01", "1000", places=2)
ADA = User(username="ada")
BOOK = Bookmaker(pk=1, key="draftkings", title="DraftKings")
ROW = BankrollRow(
    pk=ADA.pk, name="Main", currency="USD", kind="paper", money="Paper", balance=Decimal(10**6), exposure=Decimal(0),
    may_go_negative=False,
)  # fmt: skip
PURSE = Purse(ADA, ROW, BettingPreferences(user=ADA))


def line(number: int, price: int) -> SlipLine:
    """A moneyline on a game of its own."""
    game = Game(sport=Sport(key="basketball_nba"), title=f"Game {number}")
    selection = Selection(pk=number, game=game, market="h2h", side="home")
    leg = SlipLeg(pk=number, selection=selection, bookmaker=BOOK, price=Decimal(price))
    return SlipLine(leg=leg, state="open", name="", market="", game_name="", price="", break_even="")


def paid_if_all_win(kind: str, prices: list[int], sizes: list[int], stake: Decimal) -> Decimal:
    """The payout written down anew: each combination's product times its stake, rounded once."""
    odds = [decimal_odds(Decimal(price)) for price in prices]
    wanted = sizes if kind == "round_robin" else [len(odds)]
    total = sum(
        (prod(chosen, start=Fraction(1)) for size in wanted for chosen in combinations(odds, size)),
        Fraction(0),
    )
    return round_money(Fraction(stake) * total, "USD")


@given(
    prices=st.lists(PRICES, min_size=2, max_size=6),
    kind=st.sampled_from(["parlay", "round_robin"]),
    sizes=st.sets(st.integers(2, 6), min_size=1),
    stake=STAKES,
)
def test_the_return_shown_is_that_of_every_combination_and_of_settling(
    prices: list[int], kind: str, sizes: set[int], stake: Decimal
) -> None:
    fitting = sorted(size for size in sizes if size <= len(prices)) or [2]
    slip = Slip(user=ADA, kind=kind, sizes=fitting)
    lines = [line(number, price) for number, price in enumerate(prices, start=1)]
    sums = sums_of(slip, kind, lines, PURSE, text=str(stake), key="k", odds_format="american")
    assert not sums.error
    assert sums.quote is not None
    assert sums.payout == paid_if_all_win(kind, prices, fitting, stake)
    assert sums.risked == sums.combinations * stake
    won = [LegGrade("won", win_factor(Decimal(price))) for price in prices]
    settled = grade_stored(sums.quote.bet, won, currency="USD", sport="basketball_nba")
    assert (settled.payout, settled.profit) == (sums.payout, sums.quote.profit)


@given(prices=st.lists(PRICES, min_size=1, max_size=1), stake=STAKES)
def test_a_straight_bet_returns_stake_times_odds(prices: list[int], stake: Decimal) -> None:
    sums = sums_of(
        Slip(user=ADA), "straight", [line(1, prices[0])], PURSE, text=str(stake), key="k",
        odds_format="american",
    )  # fmt: skip
    assert sums.payout == paid_if_all_win("straight", prices, [], stake)


@given(share=st.integers(1, 100), balance=st.decimals("1", "100000", places=2))
def test_a_percentage_is_of_what_is_available(share: int, balance: Decimal) -> None:
    purse = replace(PURSE, row=replace(ROW, balance=balance))
    sums = sums_of(
        Slip(user=ADA), "straight", [line(1, 100)], purse, text=f"{share}%", key="k", odds_format="american"
    )
    assert sums.risked == round_money(Fraction(balance) * share / 100, "USD")


@given(text=st.text(max_size=24))
def test_no_text_in_the_stake_field_breaks_the_slip(text: str) -> None:
    sums = sums_of(
        Slip(user=ADA), "straight", [line(1, 100)], PURSE, text=text, key="k", odds_format="american"
    )
    assert sums.stake is None or sums.stake > 0
