"""The page of what new bets begin with."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import UserFactory
from bets.models import BettingPreferences
from odds.models import Bookmaker
from odds.tests.factories import BookmakerFactory

pytestmark = pytest.mark.django_db
PAGE = "/account/betting/"


@pytest.fixture
def ada(client: Client) -> User:
    user: User = UserFactory(username="ada")
    client.force_login(user)
    return user


@pytest.fixture
def book() -> Bookmaker:
    return BookmakerFactory(key="draftkings", title="DraftKings")


def save(client: Client, **fields: object) -> str:
    form = {"currency": "USD", "default_bookmaker": "", "default_stake": "", "unit": ""} | fields
    return client.post(PAGE, form, follow=True).content.decode()


def test_all_of_it_is_saved_and_shown_again(client: Client, ada: User, book: Bookmaker) -> None:
    page = save(client, currency="EUR", default_bookmaker=book.pk, default_stake="1,250.50", unit="1.5 %")
    assert "Preferences saved." in page
    mine = BettingPreferences.objects.of(ada)
    assert (mine.currency, mine.default_bookmaker, mine.default_stake) == ("EUR", book, Decimal("1250.50"))
    assert (mine.unit_amount, mine.unit_pct) == (None, Decimal("1.5"))
    assert 'value="1.5 %"' in page
    assert 'value="1250.5"' in page


def test_a_unit_is_an_amount_or_a_share_and_can_be_taken_back(client: Client, ada: User) -> None:
    save(client, unit="25")
    mine = BettingPreferences.objects.of(ada)
    assert (mine.unit_amount, mine.unit_pct) == (25, None)
    save(client, unit="2%")
    mine = BettingPreferences.objects.of(ada)
    assert (mine.unit_amount, mine.unit_pct) == (None, 2)
    save(client)
    mine = BettingPreferences.objects.of(ada)
    assert (mine.unit_amount, mine.unit_pct) == (None, None)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"default_stake": "0"}, "default stake"),
        ({"default_stake": "-5"}, "default stake"),
        ({"default_stake": "ten"}, "default stake"),
        ({"currency": "JPY", "default_stake": "10.5"}, "default stake"),
        ({"unit": "0 %"}, "above 0 %"),
        ({"unit": "101 %"}, "at most 100 %"),
        ({"unit": "1.555 %"}, "two decimals"),
        ({"unit": "some %"}, "write a share"),
        ({"unit": "nan %"}, "above 0 %"),
        ({"unit": "-1"}, "unit"),
        ({"currency": "XXX"}, "currency"),
        ({"default_bookmaker": "99999"}, "choice"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field(
    client: Client, ada: User, fields: dict[str, str], words: str
) -> None:
    page = save(client, **fields)
    assert words in page.lower() or words in page
    assert 'class="error"' in page
    assert not BettingPreferences.objects.exists()


def test_a_stranger_is_sent_to_sign_in_and_changes_nothing(client: Client) -> None:
    for answer in (client.get(PAGE), client.post(PAGE, {"currency": "EUR"})):
        assert answer.headers["Location"].startswith(reverse("account_login"))
    assert not BettingPreferences.objects.exists()


def test_nobody_changes_what_is_anothers(client: Client, ada: User) -> None:
    other = UserFactory()
    save(client, default_stake="20", user=str(other.pk))
    assert BettingPreferences.objects.of(ada).default_stake == 20
    assert BettingPreferences.objects.of(other).default_stake is None


def test_a_new_bankroll_begins_with_the_currency(client: Client, ada: User) -> None:
    save(client, currency="SEK")
    assert '<option value="SEK" selected>' in client.get(reverse("bets:bankrolls")).content.decode()
