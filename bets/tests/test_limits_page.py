"""The page of limits: tightened at once, loosened after a day, cancelled; other people's are not found."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.tests.factories import UserFactory
from bets.bankrolls import open_bankroll
from bets.limits import set_limit, set_time_out
from bets.limits.enforcing import clock
from bets.models import Bet, LimitChange
from bets.tests.factories import place
from bets.tests.scenes import Scene, person, scene
from bets.tests.test_slip_page import fields, key_in, words

pytestmark = pytest.mark.django_db

PAGE = "/account/limits/"
USD = {"currency": "USD", "money": "paper"}
FIELD = "USD-paper-"
DAY = dt.timedelta(days=1)


@pytest.fixture
def ada(client: Client) -> User:
    user, _ = person("ada", "100")
    client.force_login(user)
    return user


def save(client: Client, *, stake: str = "", daily: str = "", weekly: str = "", **more: str) -> str:
    data = {f"{FIELD}stake": stake, f"{FIELD}daily_loss": daily, f"{FIELD}weekly_loss": weekly}
    return words(client.post(reverse("limits:set"), USD | data | more, follow=True))


def test_a_limit_is_set_at_once(client: Client, ada: User) -> None:
    text = save(client, stake="25", daily="100")
    assert "Stake of a bet: $25.00 from now on." in text
    assert "At most $25.00 on a bet." in text
    assert "At most $100.00 lost today: $0.00 lost, $0.00 at risk in bets placed today, $100.00 left" in text
    assert LimitChange.objects.filter(user=ada, loosens=False).count() == 2


def test_a_looser_limit_says_from_when_it_holds_and_can_be_cancelled(client: Client, ada: User) -> None:
    save(client, stake="25", weekly="200")
    text = save(client, stake="50", weekly="200")
    change = LimitChange.objects.get(loosens=True)
    when = clock(change.effective_at, ada.time_zone)
    assert f"Stake of a bet: $50.00 from {when}. Until then the limit stays as it is." in text
    assert "At most $25.00 on a bet." in text
    assert change.effective_at - change.decided_at == DAY
    text = words(client.post(reverse("limits:cancel", args=[change.pk]), follow=True))
    assert "Cancelled. The limit stays as it is." in text
    text = words(client.post(reverse("limits:cancel", args=[change.pk]), follow=True))
    assert "cancelled already" in text


def test_saving_one_limit_leaves_what_waits_of_another(client: Client, ada: User) -> None:
    save(client, stake="25", daily="100")
    save(client, stake="25", daily="")
    text = save(client, stake="20", daily="100")
    assert "Loss of a day: no limit from" in text
    assert LimitChange.objects.waiting(timezone.now()).count() == 1


def test_saving_what_there_is_changes_nothing(client: Client, ada: User) -> None:
    save(client, stake="25")
    assert "Nothing has changed." in save(client, stake="25")
    assert LimitChange.objects.count() == 1


@pytest.mark.parametrize(
    ("amount", "says"),
    [("lots", "“lots” is not an amount for the limit."), ("0", "above zero"), ("1.005", "smallest unit")],
)
def test_what_is_no_amount_is_said_beside_its_field(
    client: Client, ada: User, amount: str, says: str
) -> None:
    response = client.post(reverse("limits:set"), USD | {f"{FIELD}stake": amount})
    assert response.status_code == 422
    assert says in words(response)
    assert not LimitChange.objects.exists()


def test_money_that_is_none_is_refused(client: Client, ada: User) -> None:
    for scope in ({"currency": "XXX", "money": "paper"}, {"currency": "USD", "money": "gold"}, {}):
        assert client.post(reverse("limits:set"), scope).status_code == 400


def test_a_time_out_is_taken_lengthened_and_ended_after_a_day(client: Client, ada: User) -> None:
    text = words(client.post(reverse("limits:time_out"), {"days": "7"}, follow=True))
    until = LimitChange.objects.get().until
    assert until is not None
    assert f"No bet is placed until {clock(until, ada.time_zone)}." in text
    text = words(client.post(reverse("limits:time_out"), {"days": "30"}, follow=True))
    assert "No bet is placed until" in text
    text = words(client.post(reverse("limits:time_out"), {"days": "2"}, follow=True))
    assert "Until then the time-out stays." in text
    text = words(client.post(reverse("limits:time_out"), {"end": "1"}, follow=True))
    assert "The change takes effect" in text
    assert "Your time-out ends" in text
    assert LimitChange.objects.waiting(timezone.now()).count() == 1
    assert client.post(reverse("limits:time_out"), {"days": "3000"}).status_code == 422


def test_the_slip_says_which_limit_stands_in_the_way(client: Client) -> None:
    at: Scene = scene()
    client.force_login(at.user)
    set_limit(user=at.user, kind="stake", amount=Decimal(10), currency="USD", money="paper")
    key = key_in(client.post(reverse("bets:slip_add"), at.clicked(), follow=True))
    response = client.post(reverse("bets:slip_place"), fields(key, stake="20"))
    assert response.status_code == 422
    assert "Your limit is $10.00 a bet; this one would risk $20.00." in words(response)
    assert not Bet.objects.exists()


def test_another_zone_is_offered_and_holds_from_tomorrow(client: Client, ada: User) -> None:
    save(client, daily="100")
    User.objects.filter(pk=ada.pk).update(time_zone="Asia/Tokyo")
    text = words(client.get(PAGE))
    assert "Count days in Asia/Tokyo from tomorrow" in text
    save(client, daily="100", renew="daily_loss")
    change = LimitChange.objects.get(loosens=True)
    assert (change.time_zone, change.amount) == ("Asia/Tokyo", 100)


def test_each_currency_and_kind_of_money_has_limits_of_its_own(client: Client, ada: User) -> None:
    open_bankroll(user=ada, name="Euros", currency="EUR", kind="real")
    text = words(client.get(PAGE))
    assert "Paper money in USD" in text
    assert "Real money in EUR" in text


def test_without_a_bankroll_there_is_nothing_to_limit_but_a_time_out(client: Client) -> None:
    client.force_login(UserFactory())
    text = words(client.get(PAGE))
    assert "No bankroll yet" in text
    assert "Place no bet for" in text


def test_the_change_of_another_is_not_found(client: Client, ada: User) -> None:
    eve = UserFactory()
    for amount in (Decimal(5), None):
        change = set_limit(user=eve, kind="stake", amount=amount, currency="USD", money="paper")
    assert change is not None
    assert client.post(reverse("limits:cancel", args=[change.pk])).status_code == 404
    assert client.post(reverse("limits:cancel", args=[uuid.uuid4()])).status_code == 404
    change.refresh_from_db()
    assert change.cancelled_at is None
    set_time_out(user=eve, until=timezone.now() + DAY)
    assert "No bet is placed" not in words(client.get(PAGE))


def test_a_stranger_is_asked_to_sign_in(client: Client) -> None:
    for path in (PAGE, reverse("limits:set"), reverse("limits:time_out")):
        response = client.post(path) if path != PAGE else client.get(path)
        assert response.headers["Location"].startswith("/accounts/login/?next=")


def test_the_page_takes_few_statements(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    at = scene()
    client.force_login(at.user)
    save(client, stake="50", daily="100", weekly="300")
    for n in range(3):
        place(at.moneyline_odds, at.bankroll, stake=Decimal(5), idempotency_key=f"k{n}")
    client.get(PAGE)
    # session, user, held, waiting, bankrolls, changed figures, three for each loss limit, top bar, bets to look at
    with django_assert_num_queries(14):
        text = words(client.get(PAGE))
    assert "$15.00 at risk in bets placed today, $85.00 left" in text
