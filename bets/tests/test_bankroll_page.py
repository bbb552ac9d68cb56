from __future__ import annotations

import uuid
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from accounts.tests.factories import UserFactory
from bets import bankrolls, ledger
from bets.models import Bankroll, BettingPreferences, LedgerEntry
from bets.tests.factories import place
from bets.tests.scenes import person, scene
from bets.tests.test_slip_page import words

pytestmark = pytest.mark.django_db

NEW = {"name": "Main", "currency": "USD", "kind": "paper", "deposit": "1,250.50"}


@pytest.fixture
def newcomer(client: Client) -> User:
    user: User = UserFactory.create(username="newcomer")
    client.force_login(user)
    return user


@pytest.fixture
def ada(client: Client) -> Bankroll:
    user, bankroll = person("ada", "100")
    client.force_login(user)
    return bankroll


def test_who_has_no_bankroll_is_asked_to_open_one(client: Client, newcomer: User) -> None:
    text = words(client.get(reverse("bets:bankrolls")))
    assert "Open your first bankroll" in text
    assert "Opening deposit" in text


def test_a_bankroll_opens_with_its_deposit_as_first_line(client: Client, newcomer: User) -> None:
    response = client.post(reverse("bets:bankrolls"), NEW, follow=True)
    assert "Main is open." in words(response)
    assert "Available $1,250.50 In open bets $0.00 Together $1,250.50" in words(response)
    line = LedgerEntry.objects.get()
    assert (line.bankroll.user, line.amount, line.seq) == (newcomer, Decimal("1250.50"), 1)


def test_a_bankroll_may_open_empty(client: Client, newcomer: User) -> None:
    client.post(reverse("bets:bankrolls"), NEW | {"deposit": ""})
    assert ledger.balance(Bankroll.objects.get()) == 0


def test_a_new_bankroll_begins_with_the_usual_currency(client: Client, newcomer: User) -> None:
    BettingPreferences.objects.create(user=newcomer, currency="EUR")
    response = client.get(reverse("bets:bankrolls"))
    assert response.context["form"]["currency"].value() == "EUR"


def test_opening_leads_back_to_where_one_came_from(client: Client, newcomer: User) -> None:
    response = client.post(reverse("bets:bankrolls"), NEW | {"next": reverse("bets:slip")})
    assert response.headers["Location"] == reverse("bets:slip")


def test_opening_never_leads_to_another_site(client: Client, newcomer: User) -> None:
    response = client.post(reverse("bets:bankrolls"), NEW | {"next": "https://example.com/"})
    assert response.headers["Location"] == reverse("bets:bankrolls")


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("name", "", "This field is required."),
        ("name", "x" * 61, "at most 60 characters"),
        ("currency", "XXX", "XXX is not one of the available choices."),
        ("kind", "borrowed", "borrowed is not one of the available choices."),
        ("deposit", "lots", "“lots” is not an amount for the deposit."),
        ("deposit", "-5", "The deposit must be above zero."),
        ("deposit", "10.005", "smallest unit"),
    ],
)
def test_what_cannot_be_a_bankroll_is_said_beside_its_field(
    client: Client, newcomer: User, field: str, value: str, says: str
) -> None:
    response = client.post(reverse("bets:bankrolls"), NEW | {field: value})
    assert response.status_code == 422
    assert says in words(response)
    assert field in response.context["form"].errors
    assert not Bankroll.objects.exists()


def test_a_name_in_use_is_said(client: Client, ada: Bankroll) -> None:
    response = client.post(reverse("bets:bankrolls"), NEW | {"name": "MAIN"})
    assert response.status_code == 422
    assert "You already have a bankroll of that name." in words(response)
    assert Bankroll.objects.count() == 1


def test_deposit_and_withdrawal_are_lines_of_the_ledger(client: Client, ada: Bankroll) -> None:
    client.post(reverse("bets:deposit", args=[ada.pk]), {"deposit-amount": "50", "deposit-note": "wages"})
    response = client.post(
        reverse("bets:withdraw", args=[ada.pk]), {"withdrawal-amount": "30.50"}, follow=True
    )
    text = words(response)
    assert "$30.50 withdrawn." in text
    assert "3 Withdrawal " in text
    assert "−$30.50 $119.50" in text
    assert "2 Deposit wages" in text
    assert "+$50.00 $150.00" in text


def test_more_than_there_is_cannot_be_withdrawn(client: Client, ada: Bankroll) -> None:
    response = client.post(reverse("bets:withdraw", args=[ada.pk]), {"withdrawal-amount": "100.01"})
    assert response.status_code == 422
    assert "$100.00 is available" in words(response)
    assert ledger.balance(ada) == 100


@pytest.mark.parametrize("amount", ["", "0", "ten", "1e9", "99999999999"])
def test_what_is_no_amount_is_said(client: Client, ada: Bankroll, amount: str) -> None:
    response = client.post(reverse("bets:deposit", args=[ada.pk]), {"deposit-amount": amount})
    assert response.status_code == 422
    assert response.context["forms"]["deposit"].errors["amount"]
    assert ledger.balance(ada) == 100


def test_open_stakes_are_shown_apart_from_what_is_available(client: Client) -> None:
    at = scene()
    client.force_login(at.user)
    place(at.moneyline_odds, at.bankroll, stake=Decimal(40))
    assert "Available $60.00 In open bets $40.00 Together $100.00" in words(
        client.get(reverse("bets:bankrolls"))
    )


@pytest.mark.parametrize("name", ["bets:bankroll", "bets:deposit", "bets:withdraw"])
def test_the_bankroll_of_another_is_not_found(client: Client, ada: Bankroll, name: str) -> None:
    eve, _ = person("eve")
    client.force_login(eve)
    url = reverse(name, args=[ada.pk])
    data = {"deposit-amount": "5", "withdrawal-amount": "5"}
    response = client.get(url) if name == "bets:bankroll" else client.post(url, data)
    assert response.status_code == 404
    assert ledger.balance(ada) == 100
    assert client.get(reverse("bets:bankroll", args=[uuid.uuid4()])).status_code == 404


@pytest.mark.parametrize("name", ["bets:bankroll", "bets:deposit", "bets:withdraw"])
def test_a_stranger_is_asked_to_sign_in(client: Client, ada: Bankroll, name: str) -> None:
    client.logout()
    url = reverse(name, args=[ada.pk])
    for call in (client.get, client.post):
        response = call(url)
        assert response.status_code == 302
        assert response.headers["Location"].startswith("/accounts/login/?next=")


def test_the_balance_is_in_the_top_bar(client: Client, ada: Bankroll) -> None:
    assert "Balance $100.00" in words(client.get(reverse("bets:slip")))


def test_the_list_takes_the_same_queries_for_one_bankroll_and_for_many(
    client: Client, ada: Bankroll, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(3):
        # session, user, usual currency, bankrolls, bookmakers to choose from, those of the top bar, bets to look at
        with django_assert_num_queries(7):
            client.get(reverse("bets:bankrolls"))
        bankrolls.open_bankroll(user=ada.user, name=f"No. {number}", opening_deposit=Decimal(1))


def test_the_ledger_takes_few_queries(
    client: Client, ada: Bankroll, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(5):
        bankrolls.deposit(bankroll=ada, amount=Decimal(1), by=ada.user)
    # session, user, bankroll, period, totals, sums, lines, other bankrolls, those of the top bar, bets to look at
    with django_assert_num_queries(10):
        client.get(reverse("bets:bankroll", args=[ada.pk]))


def test_a_deposit_from_the_slip_leads_back_to_it(client: Client, ada: Bankroll) -> None:
    page = client.get(reverse("bets:bankroll", args=[ada.pk]), {"next": "/bets/slip/"})
    assert b'name="next" value="/bets/slip/"' in page.content
    data = {"deposit-amount": "5", "next": "/bets/slip/"}
    response = client.post(reverse("bets:deposit", args=[ada.pk]), data)
    assert response.headers["Location"] == "/bets/slip/"
