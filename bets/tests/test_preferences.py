"""What a person's new bets begin with."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accounts.tests.factories import UserFactory
from bets.models import BettingPreferences
from bets.tests.factories import BettingPreferencesFactory
from odds.tests.factories import BookmakerFactory

pytestmark = pytest.mark.django_db


def test_who_has_set_nothing_has_dollars_and_no_book_stake_or_unit() -> None:
    found = BettingPreferences.objects.of(UserFactory())
    assert (found.currency, found.default_bookmaker, found.default_stake) == ("USD", None, None)
    assert found.unit_in("USD", Decimal(1000)) is None
    assert not BettingPreferences.objects.exists()


def test_preferences_are_their_owners() -> None:
    BettingPreferencesFactory(default_stake=20)
    mine = BettingPreferencesFactory(default_stake=50)
    assert BettingPreferences.objects.of(mine.user).default_stake == 50


def test_amounts_count_in_their_own_currency_only() -> None:
    mine = BettingPreferences(currency="EUR", default_stake=Decimal(25), unit_amount=Decimal(10))
    assert (mine.stake_in("EUR"), mine.stake_in("USD")) == (25, None)
    assert (mine.unit_in("EUR", Decimal(0)), mine.unit_in("USD", Decimal(500))) == (10, None)


@pytest.mark.parametrize(
    ("currency", "balance", "unit"),
    [("USD", "1234.56", "18.52"), ("JPY", "1234", "19"), ("EUR", "-5", None), ("USD", "0.10", None)],
)
def test_a_percentage_is_of_the_balance_in_any_currency(
    currency: str, balance: str, unit: str | None
) -> None:
    mine = BettingPreferences(currency="USD", unit_pct=Decimal("1.5"))
    assert mine.unit_in(currency, Decimal(balance)) == (None if unit is None else Decimal(unit))


def test_a_bookmaker_that_goes_is_nobodys_default() -> None:
    book = BookmakerFactory()
    mine = BettingPreferencesFactory(default_bookmaker=book)
    book.delete()
    assert BettingPreferences.objects.of(mine.user).default_bookmaker is None
