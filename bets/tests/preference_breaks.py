"""Betting preferences that break each of their constraints."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from bets.tests.factories import BettingPreferencesFactory

PREFERENCES: dict[str, list[Callable[[], object]]] = {
    "preferred_currency_is_known": [lambda: BettingPreferencesFactory(currency="XXX")],
    "default_stake_is_above_zero": [lambda: BettingPreferencesFactory(default_stake=0)],
    "unit_amount_is_above_zero": [lambda: BettingPreferencesFactory(unit_amount=Decimal("-0.01"))],
    "unit_is_a_percentage": [
        lambda: BettingPreferencesFactory(unit_pct=0),
        lambda: BettingPreferencesFactory(unit_pct=Decimal("100.01")),
    ],
    "unit_is_an_amount_or_a_percentage": [lambda: BettingPreferencesFactory(unit_amount=10, unit_pct=1)],
}
