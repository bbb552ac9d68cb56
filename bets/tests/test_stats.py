"""Statistics held to an independent computation: every bet read by the ORM and added up in plain Python."""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from bets.models import Bankroll, Bet, BetLeg, BetStatus, ChangedBet, SettledBet
from bets.stats import default_pot, money, refresh, rolls_of
from bets.stats.sums import total_of
from bets.tests.factories import BankrollFactory, BetFactory
from bets.tests.stats_bets import START, every_kind, legs_of, record_of, settled
from odds.pricing import decimal_odds
from odds.tests.factories import BookmakerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def roll() -> Bankroll:
    made: Bankroll = BankrollFactory()
    return made


class Plain:
    """The same figures worked out slowly, bet by bet, in exact arithmetic, from the definitions."""

    def __init__(self, bankroll: Bankroll) -> None:
        bets = [
            b for b in Bet.objects.filter(bankroll=bankroll) if b.status not in ("pending", "needs_review")
        ]
        self.bets = sorted(bets, key=lambda bet: (bet.settled_at, bet.pk))
        self.outcomes = Counter(bet.status for bet in self.bets)
        self.staked = self.returned = self.profit = Decimal(0)
        self.clv: list[tuple[Fraction, Decimal]] = []
        self.fair: list[tuple[Fraction, Decimal]] = []
        self.expected: list[tuple[Fraction, Fraction, Decimal]] = []
        self.live = 0
        for bet in self.bets:
            self.take(bet)

    def take(self, bet: Bet) -> None:
        payout, refunded = bet.payout or Decimal(0), Decimal(0)
        if bet.status == "void":
            refunded = bet.stake - bet.cashed_stake
        if not bet.is_bonus:
            self.staked += bet.stake - refunded
            self.returned += payout - refunded
        profit = payout if bet.is_bonus else payout - bet.stake
        self.profit += profit
        legs = legs_of(bet)
        live = any(leg.game.commence_time <= bet.placed_at for leg in legs)
        if bet.status == "void":
            return
        if live:
            self.live += 1
            return
        counted = Decimal(0) if bet.is_bonus else bet.stake
        if all(leg.closing_odds is not None for leg in legs):
            prices = [decimal_odds(leg.odds) / decimal_odds(leg.closing_odds or leg.odds) for leg in legs]
            self.clv.append((math.prod(prices, start=Fraction(1)) - 1, counted))
        if all(leg.closing_fair is not None for leg in legs):
            chances = [Fraction(leg.closing_fair or 0) for leg in legs]
            agreed = math.prod((decimal_odds(leg.odds) for leg in legs), start=Fraction(1))
            chance = math.prod(chances, start=Fraction(1))
            self.fair.append((agreed * chance - 1, counted))
            if bet.status in ("won", "lost", "half_won", "half_lost"):
                self.expect(bet, agreed, chance, profit)

    def expect(self, bet: Bet, agreed: Fraction, chance: Fraction, profit: Decimal) -> None:
        early = Fraction(bet.cashed_out - bet.cashed_stake)
        riding = Fraction(bet.stake - bet.cashed_stake)
        won = riding * (agreed - 1) + early
        lost = Fraction(0) if bet.is_bonus else early - riding
        mean = chance * won + (1 - chance) * lost
        self.expected.append((mean, chance * (1 - chance) * (won - lost) ** 2, profit))


def test_everything_agrees_with_a_plain_computation(roll: Bankroll) -> None:
    every_kind(roll)
    found, plain = record_of(roll), Plain(roll)
    sums = found.sums
    assert sums.outcomes == plain.outcomes
    assert (money(sums.staked), money(sums.returned), money(sums.net)) == (
        plain.staked,
        plain.returned,
        plain.profit,
    )
    assert sums.yield_ == Fraction(plain.returned - plain.staked) / Fraction(plain.staked)
    for value, expected in ((found.price_clv, plain.clv), (found.fair_clv, plain.fair)):
        assert value.bets == len(expected)
        assert value.eligible == len(plain.bets) - plain.outcomes["void"] - plain.live
        assert value.mean == pytest.approx(float(sum(v for v, _ in expected) / len(expected)), abs=1e-6)
        weight = sum(Fraction(s) for _, s in expected)
        assert value.weighted == pytest.approx(
            float(sum(v * Fraction(s) for v, s in expected) / weight), abs=1e-6
        )
        assert value.beaten == sum(v > 0 for v, _ in expected)
    count, actual, mean, half, verdict = found.expectation
    assert (count, money(actual)) == (len(plain.expected), sum(p for _, _, p in plain.expected))
    assert mean / 100 == pytest.approx(float(sum(m for m, _, _ in plain.expected)), abs=0.1)
    assert half / 100 == pytest.approx(1.959964 * math.sqrt(sum(v for _, v, _ in plain.expected)), abs=0.1)
    assert verdict is None
    assert found.average_odds == pytest.approx(
        float(sum(decimal_odds(bet.odds) for bet in plain.bets) / len(plain.bets)), abs=1e-5
    )
    assert [money(net) for net in found.series.nets] == [
        (bet.payout or 0) if bet.is_bonus else (bet.payout or 0) - bet.stake for bet in plain.bets
    ]


def test_the_example_of_the_definitions_beats_the_close(roll: Bankroll) -> None:
    settled(roll, odds="110", close="-111.111111", fair="0.51282051")
    found = record_of(roll)
    assert found.price_clv.mean == pytest.approx(0.1053, abs=0.0001)
    assert found.fair_clv.mean == pytest.approx(0.0769, abs=0.0001)


def test_a_worse_price_than_the_close_counts_against_the_bettor(roll: Bankroll) -> None:
    settled(roll, odds="-120", close="-105")
    mean = record_of(roll).price_clv.mean
    assert mean is not None
    assert mean < 0


def test_open_stakes_are_no_losses_and_are_told_apart(roll: Bankroll) -> None:
    BetFactory(bankroll=roll, stake=Decimal(70))
    BetFactory(bankroll=roll, stake=Decimal(100), cashed_stake=Decimal(40), cashed_out=Decimal(50))
    BetFactory(bankroll=roll, stake=Decimal(5), is_bonus=True)
    BetFactory(bankroll=roll, stake=Decimal(9), status=BetStatus.NEEDS_REVIEW, review_reason="?")
    found = record_of(roll)
    assert (found.sums.bets, found.sums.net, found.sums.staked) == (0, 0, 0)
    assert (found.open, money(found.exposure)) == (4, Decimal(139))
    assert found.sums.yield_ is None
    assert found.average_odds is None


def test_pushes_leave_the_win_rate_but_not_the_turnover_and_voids_leave_both(roll: Bankroll) -> None:
    for status in ("won", "lost", "push", "void"):
        settled(roll, status)
    sums = record_of(roll).sums
    assert sums.win_rate == Fraction(1, 2)
    assert money(sums.staked) == 300
    assert sums.staking == 3


def test_a_half_won_bet_is_half_a_win_and_a_cash_out_is_none(roll: Bankroll) -> None:
    for status in ("half_won", "half_lost", "lost", "cashed_out"):
        settled(roll, status)
    sums = record_of(roll).sums
    assert (sums.wins, sums.decided) == (Fraction(1, 2), Fraction(2))


def test_the_stake_of_a_parlay_counts_once(roll: Bankroll) -> None:
    settled(roll, "lost", stake="40", legs=4)
    found = record_of(roll)
    assert (money(found.sums.staked), found.sums.bets) == (Decimal(40), 1)
    for dimension in ("league", "book", "market", "type", "odds", "weekday", "live", "side"):
        assert total_of(found.slices[dimension].values()).staked == 4000, dimension


def test_a_bonus_stake_is_no_money_and_its_winnings_do_not_lift_the_yield(roll: Bankroll) -> None:
    settled(roll, "lost", stake="100")
    settled(roll, "won", stake="50", odds="200", is_bonus=True)
    sums = record_of(roll).sums
    assert (money(sums.staked), money(sums.net), money(sums.bonus_net)) == (100, 0, 100)
    assert sums.yield_ == -1


def test_currencies_and_kinds_of_money_are_never_added_up(roll: Bankroll) -> None:
    for currency, kind in (("EUR", "paper"), ("USD", "real")):
        settled(BankrollFactory(user=roll.user, currency=currency, kind=kind), stake="1000")
    settled(roll, stake="10")
    assert money(record_of(roll).sums.staked) == 10
    assert default_pot(rolls_of(roll.user)) == ("USD", "real")


def test_the_bets_of_others_are_in_nobody_elses_statistics(roll: Bankroll) -> None:
    settled(BankrollFactory())
    assert record_of(roll).sums.bets == 0


def test_small_samples_get_no_verdict_until_thirty_bets(roll: Bankroll) -> None:
    for number in range(29):
        settled(roll, "won" if number % 2 else "lost", fair="0.5", at=START + dt.timedelta(days=number))
    found = record_of(roll)
    assert (found.test.p, found.luck.verdict, found.expectation[4], found.sums.yield_interval) == (None,) * 4
    settled(roll, "lost", fair="0.5", at=START + dt.timedelta(days=40))
    found = record_of(roll)
    assert found.test.p is not None
    assert found.test.is_level
    assert found.luck.verdict is not None
    assert found.expectation[4] is not None
    assert found.sums.yield_interval is not None


def test_a_regraded_bet_changes_the_statistics_and_a_reopened_one_leaves_them(roll: Bankroll) -> None:
    bet = settled(roll, "won")
    assert record_of(roll).sums.net == 9091
    Bet.objects.filter(pk=bet.pk).update(status="lost", payout=0)
    assert record_of(roll).sums.net == -10000
    Bet.objects.filter(pk=bet.pk).update(status="pending", payout=None, settled_at=None)
    assert record_of(roll).sums.bets == 0
    assert not SettledBet.objects.exists()


def test_a_closing_price_found_later_is_taken_up_and_nothing_is_derived_twice(roll: Bankroll) -> None:
    bet = settled(roll)
    assert refresh(roll.user_id) == 1
    assert refresh(roll.user_id) == 0
    BetLeg.objects.filter(bet=bet).update(closing_fair=Decimal("0.6"), closing_fair_from="own")
    assert record_of(roll).fair_clv.mean == pytest.approx(0.6 * 21 / 11 - 1, abs=1e-6)
    assert not ChangedBet.objects.exists()


def test_tags_edited_later_are_taken_up(roll: Bankroll) -> None:
    bet = settled(roll)
    assert "tag" not in record_of(roll).slices
    Bet.objects.filter(pk=bet.pk).update(tags=["model"])
    assert record_of(roll).slices["tag"]["model"].bets == 1


def test_a_deleted_bet_takes_its_figures_along_in_the_database_too(roll: Bankroll) -> None:
    bet = settled(roll)
    refresh()
    BetLeg.objects.filter(bet=bet).delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM bets WHERE id = %s", [bet.pk])
    assert record_of(roll).sums.bets == 0


def test_filters_narrow_down_to_what_they_name(roll: Bankroll) -> None:
    book = BookmakerFactory()
    settled(roll, bookmaker=book, stake="11", at=START)
    settled(
        roll,
        market="totals",
        bet_type="total",
        side="over",
        point="9.5",
        stake="13",
        at=START + dt.timedelta(3),
    )
    settled(roll, legs=2, stake="17", at=START + dt.timedelta(6))

    def staked(**narrowed: Any) -> Decimal:
        return money(record_of(roll, **narrowed).sums.staked)

    mine = Bet.objects.all()
    assert staked(chosen=mine.filter(bookmaker=book)) == 11
    assert staked(chosen=mine.filter(legs__bet_type="total")) == 13
    assert staked(chosen=mine.filter(kind="parlay")) == 17
    assert staked(chosen=mine.filter(settled_at__gte=START + dt.timedelta(3))) == 30
    assert staked(chosen=mine.filter(note__icontains="50%")) == 0
    assert staked(chosen=mine.none()) == 0


def test_the_number_of_statements_does_not_grow(roll: Bankroll) -> None:
    def statements() -> int:
        record_of(roll)
        with CaptureQueriesContext(connection) as queries:
            record_of(roll)
        return len(queries)

    settled(roll)
    few = statements()
    every_kind(roll)
    assert statements() == few <= 16


def test_a_bet_without_legs_is_counted_and_known_of_nothing(roll: Bankroll) -> None:
    BetFactory(bankroll=roll, status="won", payout=Decimal(150), settled_at=START + dt.timedelta(999))
    found = record_of(roll)
    assert (found.sums.net, found.price_clv.bets, found.price_clv.eligible, found.verified_share) == (
        5000,
        0,
        1,
        0,
    )


STATUSES = st.sampled_from(["won", "lost", "push", "void", "half_won", "half_lost", "cashed_out"])
TICKETS = st.lists(
    st.tuples(
        STATUSES, st.integers(1, 99_999), st.integers(0, 500_000), st.booleans(), st.sampled_from(["-110", "150", "-300"])
    ),
    max_size=12,
)  # fmt: skip


class AnyRecord(TestCase):
    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(TICKETS)
    def test_sums_of_any_record_agree_with_the_plain_ones(self, tickets: list[Any]) -> None:
        roll = BankrollFactory(name=uuid.uuid4().hex)
        for status, stake, payout, is_bonus, odds in tickets:
            paid = {"void": stake, "push": stake, "lost": 0}.get(status, payout)
            settled(roll, status, stake=str(Decimal(stake) / 100), payout=str(Decimal(paid) / 100), odds=odds,
                    is_bonus=is_bonus, close="-115", fair="0.4")  # fmt: skip
        found, plain = record_of(roll), Plain(roll)
        assert money(found.sums.staked) == plain.staked
        assert money(found.sums.net) == plain.profit
        assert money(found.sums.returned) == plain.returned
        assert found.series.equity[-1:] == ([int(100 * plain.profit)] if tickets else [])
        assert found.price_clv.bets == len(plain.clv)
        interval = found.sums.win_interval
        if interval is not None and found.sums.win_rate is not None:
            assert interval.low - 1e-9 <= found.sums.win_rate <= interval.high + 1e-9
