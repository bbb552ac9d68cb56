"""Limits by which owners protect themselves."""

from __future__ import annotations

import datetime as dt
from typing import Self

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q

from accounts.audit.tracking import audited
from accounts.ids import uuid7
from bets.models.bankrolls import BankrollKind, Currency

COOLING_OFF = dt.timedelta(hours=24)
"""How long a limit stays in force after its owner has asked to loosen it."""


class LimitKind(models.TextChoices):
    STAKE = "stake", "Stake of a bet"
    DAILY_LOSS = "daily_loss", "Loss of a day"
    WEEKLY_LOSS = "weekly_loss", "Loss of a week"
    TIME_OUT = "time_out", "Time-out"


class LimitChangeQuerySet(models.QuerySet["LimitChange"]):
    def in_force(self, at: dt.datetime) -> Self:
        """What holds at an instant: of each limit the last change that has taken effect."""
        return (
            self.filter(cancelled_at__isnull=True, effective_at__lte=at)
            .order_by("kind", "currency", "money", "-effective_at", "-id")
            .distinct("kind", "currency", "money")
        )

    def waiting(self, at: dt.datetime) -> Self:
        """Changes that have been asked for and take effect later."""
        return self.filter(cancelled_at__isnull=True, effective_at__gt=at).order_by("effective_at", "id")


SECRETLY_LOOSER = """
    PERFORM 1 FROM (
        SELECT amount, until, time_zone FROM limit_changes
        WHERE user_id = NEW.user_id AND kind = NEW.kind AND currency = NEW.currency AND money = NEW.money
            AND cancelled_at IS NULL AND effective_at <= NEW.decided_at AND id <> NEW.id
        ORDER BY effective_at DESC, id DESC LIMIT 1
    ) now
    WHERE now.amount IS NOT NULL
            AND (NEW.amount IS NULL OR NEW.amount > now.amount OR NEW.time_zone <> now.time_zone)
        OR now.until > NEW.decided_at AND (NEW.until IS NULL OR NEW.until < now.until);
    IF FOUND THEN
        RAISE EXCEPTION 'a limit is loosened only after a day' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
"""
ONLY_CANCELLED = """
    IF OLD.cancelled_at IS NOT NULL OR NEW.cancelled_at IS NULL
        OR to_jsonb(NEW) - 'cancelled_at' <> to_jsonb(OLD) - 'cancelled_at' THEN
        RAISE EXCEPTION 'a change of a limit is not edited, only cancelled'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
"""


class LimitChange(models.Model):
    """One decision about a limit. What holds is the last that has taken effect; nothing is overwritten.

    An ``amount`` (or ``until``) that is empty ends the limit. ``time_zone`` says whose midnight a day ends at.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="limit_changes", db_index=False
    )
    kind = models.CharField(max_length=11, choices=LimitKind)
    currency = models.CharField(max_length=3, choices=Currency, blank=True)
    money = models.CharField(max_length=5, choices=BankrollKind, blank=True)
    amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)
    time_zone = models.CharField(max_length=64)
    loosens = models.BooleanField()
    decided_at = models.DateTimeField()
    effective_at = models.DateTimeField()
    cancelled_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(LimitChangeQuerySet)()

    class Meta:
        db_table = "limit_changes"
        ordering = ["-decided_at", "-id"]
        indexes = [
            models.Index(
                fields=["user", "kind", "currency", "money", "-effective_at", "-id"], name="limit_in_force"
            ),  # what holds for a person, asked at every bet
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=LimitKind.values),
                name="limit_kind_is_known",
                violation_error_message="Choose a known limit.",
            ),
            models.CheckConstraint(
                condition=Q(kind=LimitKind.TIME_OUT, currency="", money="", amount__isnull=True)
                | (
                    Q(currency__in=Currency.values, money__in=BankrollKind.values, until__isnull=True)
                    & ~Q(kind=LimitKind.TIME_OUT)
                ),
                name="limit_is_of_money_or_of_time",
                violation_error_message="A time-out has an end, every other limit a currency and a kind of money.",
            ),
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gt=0),
                name="limit_is_above_zero",
                violation_error_message="A limit is above zero; to stop betting, take a time-out.",
            ),
            models.CheckConstraint(
                condition=Q(loosens=True, effective_at__gte=F("decided_at") + COOLING_OFF)
                | Q(loosens=False, effective_at=F("decided_at")),
                name="limit_is_loosened_after_a_day",
                violation_error_message="A limit is loosened only after a day.",
            ),
            models.CheckConstraint(
                condition=Q(loosens=True)
                | Q(amount__isnull=False)
                | Q(until__isnull=False, until__gt=F("decided_at")),
                name="ending_a_limit_loosens_it",
                violation_error_message="A limit is ended only after a day.",
            ),
            models.CheckConstraint(
                condition=Q(cancelled_at__isnull=True)
                | Q(loosens=True, cancelled_at__gte=F("decided_at"), cancelled_at__lt=F("effective_at")),
                name="only_waiting_changes_are_cancelled",
                violation_error_message="Only a change that has not taken effect can be cancelled.",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="limit_is_not_loosened_at_once",
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                condition=pgtrigger.Q(new__loosens=False),
                func=SECRETLY_LOOSER,
            ),
            pgtrigger.Trigger(
                name="limit_is_only_cancelled",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                func=ONLY_CANCELLED,
            ),
            *audited(owner="{row}.user_id"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.amount or self.until or 'ended'}"
