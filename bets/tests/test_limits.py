"""Limits: what holds, when a change of them does, and what is refused."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.tests.factories import UserFactory
from bets.bankrolls import credit_bonus, deposit
from bets.exceptions import LimitReached, NotPossible, Refused
from bets.history.editing import edit_terms, terms_of
from bets.limits import cancel_change, set_limit, set_time_out
from bets.limits.changing import BadLimit
from bets.limits.counting import count
from bets.limits.periods import Period, day_of, week_of
from bets.models import Bankroll, Bet, LimitChange, LimitKind
from bets.money import BadAmount
from bets.settlement import settle_due
from bets.tests.factories import FAR, ended, funded_bankroll, offered, place
from games.tests.factories import GameFactory
from odds.models import CurrentOdds

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 21, 15, 0, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def roll() -> Bankroll:
    return funded_bankroll("1000")


@pytest.fixture
def line() -> CurrentOdds:
    return offered(GameFactory(commence_time=FAR), "h2h")


def limit(
    user: User, amount: str | None, kind: str = "stake", now: dt.datetime | None = NOW, **scope: str
) -> LimitChange | None:
    where = {"currency": "USD", "money": "paper"} | scope
    worth = None if amount is None else Decimal(amount)
    return set_limit(user=user, kind=kind, amount=worth, now=now, **where)


def in_force(user: User, at: dt.datetime) -> dict[str, Decimal | None]:
    return {one.kind: one.amount for one in LimitChange.objects.filter(user=user).in_force(at)}


@pytest.mark.parametrize(
    ("zone", "start", "hours"),
    [
        ("America/New_York", dt.datetime(2026, 11, 1, 4, tzinfo=dt.UTC), 25),
        ("America/New_York", dt.datetime(2026, 3, 8, 5, tzinfo=dt.UTC), 23),
        ("Asia/Tokyo", dt.datetime(2026, 11, 20, 15, tzinfo=dt.UTC), 24),
    ],
)
def test_a_day_goes_from_midnight_to_midnight_in_its_zone(zone: str, start: dt.datetime, hours: int) -> None:
    end = start + hours * HOUR
    assert day_of(start, zone) == day_of(end - SECOND, zone) == Period(start, end)
    assert day_of(end, zone).start == end


def test_a_week_begins_on_monday() -> None:
    week = week_of(NOW, "UTC")  # a Saturday
    assert week.start == dt.datetime(2026, 11, 16, tzinfo=dt.UTC)
    assert week.end == dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
    assert week_of(week.end - SECOND, "UTC") == week


def test_a_first_and_a_stricter_limit_hold_at_once(roll: Bankroll) -> None:
    limit(roll.user, "100")
    assert in_force(roll.user, NOW) == {"stake": 100}
    limit(roll.user, "40", now=NOW + HOUR)
    assert in_force(roll.user, NOW + HOUR) == {"stake": 40}


@pytest.mark.parametrize("looser", ["101", None])
def test_a_looser_limit_holds_after_a_day_and_not_before(roll: Bankroll, looser: str | None) -> None:
    limit(roll.user, "100")
    change = limit(roll.user, looser, now=NOW + HOUR)
    assert change is not None
    assert change.effective_at == NOW + HOUR + DAY
    assert in_force(roll.user, NOW + DAY + HOUR - SECOND) == {"stake": 100}
    assert in_force(roll.user, NOW + DAY + HOUR) == {"stake": None if looser is None else 101}


def test_asking_again_does_not_move_the_hour_at_which_a_looser_limit_begins(roll: Bankroll) -> None:
    limit(roll.user, "100")
    limit(roll.user, "200", now=NOW + HOUR)
    assert limit(roll.user, "200", now=NOW + 2 * HOUR) is None
    assert in_force(roll.user, NOW + HOUR + DAY) == {"stake": 200}
    assert limit(roll.user, "200", now=NOW + 2 * DAY) is None
    assert LimitChange.objects.count() == 2


def test_a_new_decision_takes_the_place_of_one_that_waits(roll: Bankroll) -> None:
    limit(roll.user, "100")
    limit(roll.user, None, now=NOW + HOUR)
    limit(roll.user, "50", now=NOW + 2 * HOUR)
    assert in_force(roll.user, NOW + 9 * DAY) == {"stake": 50}
    limit(roll.user, "70", now=NOW + 3 * HOUR)
    assert limit(roll.user, "50", now=NOW + 4 * HOUR) is None, (
        "the same as now: only what waits is called off"
    )
    assert in_force(roll.user, NOW + 9 * DAY) == {"stake": 50}


def test_a_change_that_waits_can_be_cancelled_by_its_owner_alone(roll: Bankroll) -> None:
    limit(roll.user, "100")
    change = limit(roll.user, "200", now=NOW + HOUR)
    assert change is not None
    with pytest.raises(NotPossible):
        cancel_change(change=change, by=UserFactory(), now=NOW + HOUR)
    cancel_change(change=change, by=roll.user, now=NOW + HOUR)
    assert in_force(roll.user, NOW + 9 * DAY) == {"stake": 100}
    with pytest.raises(NotPossible, match="cancelled already"):
        cancel_change(change=change, by=roll.user, now=NOW + HOUR)


def test_a_change_that_has_taken_effect_cannot_be_cancelled(roll: Bankroll) -> None:
    limit(roll.user, "100")
    change = limit(roll.user, "200", now=NOW)
    assert change is not None
    with pytest.raises(NotPossible, match="has taken effect"):
        cancel_change(change=change, by=roll.user, now=NOW + DAY)


def test_another_time_zone_is_a_loosening_since_it_would_start_the_day_anew(roll: Bankroll) -> None:
    user = roll.user
    limit(user, "100", "daily_loss")
    User.objects.filter(pk=user.pk).update(time_zone="Asia/Tokyo")
    change = limit(user, "100", "daily_loss", now=NOW + HOUR)
    assert change is not None
    assert change.loosens
    held = LimitChange.objects.filter(user=user).in_force(NOW + HOUR).get()
    assert held.time_zone == "America/New_York"


@pytest.mark.parametrize(
    ("scope", "refusal"),
    [
        ({"kind": "time_out"}, BadLimit),
        ({"kind": "monthly"}, BadLimit),
        ({"currency": "XXX"}, BadLimit),
        ({"money": "gold"}, BadLimit),
        ({"amount": "0"}, BadAmount),
        ({"amount": "-5"}, BadAmount),
        ({"amount": "0.001"}, BadAmount),
    ],
)
def test_what_is_no_limit_is_refused(roll: Bankroll, scope: dict[str, str], refusal: type[Refused]) -> None:
    with pytest.raises(refusal):
        limit(roll.user, **({"amount": "5"} | scope))  # type: ignore[arg-type] # the wrong terms are the point
    assert not LimitChange.objects.exists()


def test_a_stake_beyond_the_limit_is_refused_with_both_figures(roll: Bankroll, line: CurrentOdds) -> None:
    limit(roll.user, "40", now=None)
    with pytest.raises(LimitReached, match=r"\$40\.00 a bet; this one would risk \$40\.01") as refused:
        place(line, roll, stake=Decimal("40.01"))
    assert (refused.value.kind, refused.value.left) == ("stake", 40)
    assert not Bet.objects.exists()
    place(line, roll, stake=Decimal(40))


def test_a_limit_is_of_one_currency_and_one_kind_of_money(roll: Bankroll, line: CurrentOdds) -> None:
    limit(roll.user, "1", currency="EUR", now=None)
    limit(roll.user, "1", money="real", now=None)
    place(line, roll, stake=Decimal(40))


def test_the_limits_of_another_are_nobodys_business(roll: Bankroll, line: CurrentOdds) -> None:
    limit(UserFactory(), "1", now=None)
    place(line, roll, stake=Decimal(40))


def test_open_stakes_of_the_day_count_until_they_are_settled(roll: Bankroll, line: CurrentOdds) -> None:
    limit(roll.user, "100", "daily_loss", now=None)
    place(line, roll, stake=Decimal(70))
    other = funded_bankroll("1000", user=roll.user)
    with pytest.raises(LimitReached) as refused:
        place(line, other, stake=Decimal("30.01"))
    assert (
        "Your daily loss limit is $100.00. You have lost $0.00 today and $70.00 placed today is at risk"
        in str(refused.value)
    )
    assert "at most $30.00 more can be staked until" in str(refused.value)
    place(line, other, stake=Decimal(30))
    with pytest.raises(LimitReached, match="nothing more can be staked"):
        place(line, roll, stake=Decimal(1))


def settled(roll: Bankroll, stake: str, *, wins: bool) -> None:
    game = GameFactory(commence_time=FAR)
    place(offered(game, "h2h", price="100"), roll, stake=Decimal(stake))
    ended(game, *((1, 0) if wins else (0, 1)))
    settle_due()


def test_losses_count_and_winnings_set_them_off_but_make_no_room(roll: Bankroll, line: CurrentOdds) -> None:
    limit(roll.user, "100", "daily_loss", now=None)
    settled(roll, "60", wins=True)
    with pytest.raises(LimitReached):
        place(line, roll, stake=Decimal(101))
    settled(roll, "100", wins=False)
    with pytest.raises(LimitReached, match=r"You have lost \$40\.00 today"):
        place(line, roll, stake=Decimal(61))
    place(line, roll, stake=Decimal(60))


def test_what_is_paid_in_or_given_sets_no_loss_off(roll: Bankroll, line: CurrentOdds) -> None:
    limit(roll.user, "100", "daily_loss", now=None)
    settled(roll, "80", wins=False)
    deposit(bankroll=roll, amount=Decimal(500), by=roll.user)
    credit_bonus(bankroll=roll, amount=Decimal(500), by=roll.user)
    with pytest.raises(LimitReached, match=r"You have lost \$80\.00"):
        place(line, roll, stake=Decimal(21))


def test_a_day_ends_at_midnight_and_a_week_does_not(roll: Bankroll) -> None:
    limit(roll.user, "1000", "daily_loss")
    period = day_of(dt.datetime.now(dt.UTC), "America/New_York")
    settled(roll, "50", wins=False)
    assert count(roll.user_id, "USD", "paper", period).used == 50
    tomorrow = day_of(period.end, "America/New_York")
    assert count(roll.user_id, "USD", "paper", tomorrow).used == 0
    week = week_of(period.start, "America/New_York")
    assert count(roll.user_id, "USD", "paper", week).used == 50


def test_raising_the_stakes_of_earlier_bets_counts_on_the_day_it_is_done(
    roll: Bankroll,
) -> None:
    now = dt.datetime.now(dt.UTC)
    bets = []
    for _ in range(2):
        line = offered(GameFactory(commence_time=FAR), "h2h")
        bets.append(place(line, roll, stake=Decimal(1), own_price=True, now=now - 2 * DAY))
    limit(roll.user, "100", "daily_loss", now=None)
    today = day_of(now, "America/New_York")

    def raised(bet: Bet, stake: int) -> None:
        terms = terms_of(bet, list(bet.legs.all()))
        edit_terms(bet=bet, by=roll.user, terms=replace(terms, stake=Decimal(stake)))

    raised(bets[0], 61)
    assert count(roll.user_id, "USD", "paper", today).at_risk == 60
    with pytest.raises(LimitReached, match=r"at most \$40\.00 more"):
        raised(bets[1], 42)
    raised(bets[1], 41)
    assert count(roll.user_id, "USD", "paper", today).at_risk == 100


def test_a_weekly_limit_is_named_as_such(roll: Bankroll, line: CurrentOdds) -> None:
    limit(roll.user, "10", "weekly_loss", now=None)
    with pytest.raises(LimitReached, match=r"Your weekly loss limit is .* this week"):
        place(line, roll, stake=Decimal(11))


def test_a_time_out_stops_every_bet_with_the_time_it_ends(roll: Bankroll, line: CurrentOdds) -> None:
    until = dt.datetime(2099, 1, 1, 5, tzinfo=dt.UTC)
    set_time_out(user=roll.user, until=dt.datetime.now(dt.UTC) + DAY)
    with pytest.raises(LimitReached, match="time-out: no bet is placed until") as refused:
        place(line, roll, stake=Decimal(1))
    assert refused.value.kind == LimitKind.TIME_OUT
    with pytest.raises(BadLimit, match="five years"):
        set_time_out(user=roll.user, until=until)


def test_a_time_out_is_lengthened_at_once_and_shortened_after_a_day(roll: Bankroll) -> None:
    def ends(at: dt.datetime) -> dt.datetime | None:
        return LimitChange.objects.filter(user=roll.user).in_force(at).get().until

    set_time_out(user=roll.user, until=NOW + 7 * DAY, now=NOW)
    set_time_out(user=roll.user, until=NOW + 9 * DAY, now=NOW + HOUR)
    assert ends(NOW + HOUR) == NOW + 9 * DAY
    set_time_out(user=roll.user, until=None, now=NOW + 2 * HOUR)
    assert ends(NOW + DAY + HOUR) == NOW + 9 * DAY
    assert ends(NOW + DAY + 2 * HOUR) is None


def test_a_time_out_that_is_over_needs_no_ending(roll: Bankroll, line: CurrentOdds) -> None:
    set_time_out(user=roll.user, until=NOW + HOUR, now=NOW)
    assert set_time_out(user=roll.user, until=None, now=NOW + 2 * HOUR) is None
    with pytest.raises(BadLimit, match="in the future"):
        set_time_out(user=roll.user, until=NOW, now=NOW)


def test_limits_cost_one_statement_where_there_are_none(roll: Bankroll, line: CurrentOdds) -> None:
    with CaptureQueriesContext(connection) as queries:
        place(line, roll)
    about = [q["sql"] for q in queries if '"users"' in q["sql"] or "limit_changes" in q["sql"]]
    assert len(about) == 1


def test_the_limit_is_that_of_the_stored_bankroll_whatever_the_caller_holds(
    roll: Bankroll, line: CurrentOdds
) -> None:
    limit(roll.user, "5", money=roll.kind, now=None)
    roll.kind = "real"
    with pytest.raises(LimitReached):
        place(line, roll, stake=Decimal(6))
    assert not Bet.objects.exists()
