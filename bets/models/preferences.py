"""What a person's new bets begin with."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

from accounts.audit.tracking import audited
from bets.models.bankrolls import Currency
from bets.money import round_money
from odds.models import Bookmaker

if TYPE_CHECKING:
    from accounts.models import User


class BettingPreferencesQuerySet(models.QuerySet["BettingPreferences"]):
    def of(self, user: User) -> BettingPreferences:
        """Return the user's preferences; an unsaved row of defaults if there are none. One query."""
        found = self.filter(user=user).select_related("default_bookmaker").first()
        return found or BettingPreferences(user=user)


class BettingPreferences(models.Model):
    """Currency, book, stake and unit that a new slip or bankroll of the user's starts from; no row: defaults.

    Amounts are in ``currency`` and say nothing about bankrolls in another one.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="betting_preferences",
    )
    currency = models.CharField(max_length=3, choices=Currency, default=Currency.USD)
    default_bookmaker = models.ForeignKey(
        Bookmaker, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    default_stake = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    unit_amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    unit_pct = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="Percentage of the bankroll's balance.",
    )

    objects = models.Manager.from_queryset(BettingPreferencesQuerySet)()

    class Meta:
        db_table = "betting_preferences"
        ordering = ["user"]
        verbose_name_plural = "betting preferences"
        constraints = [
            models.CheckConstraint(
                condition=Q(currency__in=Currency.values),
                name="preferred_currency_is_known",
                violation_error_message="Choose a known currency.",
            ),
            models.CheckConstraint(
                condition=Q(default_stake__isnull=True) | Q(default_stake__gt=0),
                name="default_stake_is_above_zero",
                violation_error_message="A default stake is above zero.",
            ),
            models.CheckConstraint(
                condition=Q(unit_amount__isnull=True) | Q(unit_amount__gt=0),
                name="unit_amount_is_above_zero",
                violation_error_message="A unit is above zero.",
            ),
            models.CheckConstraint(
                condition=Q(unit_pct__isnull=True) | Q(unit_pct__gt=0, unit_pct__lte=100),
                name="unit_is_a_percentage",
                violation_error_message="A unit is above 0 % and at most 100 % of the bankroll.",
            ),
            models.CheckConstraint(
                condition=Q(unit_amount__isnull=True) | Q(unit_pct__isnull=True),
                name="unit_is_an_amount_or_a_percentage",
                violation_error_message="A unit is an amount or a percentage, not both.",
            ),
        ]
        triggers = audited(owner="{row}.user_id")

    def __str__(self) -> str:
        return f"betting preferences of {self.user_id}"

    def stake_in(self, currency: str) -> Decimal | None:
        """Return the default stake for a bankroll in ``currency``, None without one in that currency."""
        return self.default_stake if currency == self.currency else None

    def unit_in(self, currency: str, balance: Decimal) -> Decimal | None:
        """Return one unit for a bankroll: the amount, or the share of ``balance`` in its minor units.

        None if no unit is set, if it is an amount in another currency, or if the share rounds to nothing.
        """
        if self.unit_pct is not None:
            return round_money(max(balance, Decimal(0)) * self.unit_pct / 100, currency) or None
        return self.unit_amount if currency == self.currency else None
