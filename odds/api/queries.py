"""Parameters that are no filters of a queryset."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.utils import timezone
from rest_framework import serializers

from games.filters import FIRST_DAY, LAST_DAY, is_zone
from odds.board import STATUSES
from odds.forms import CLOCKS_APART
from odds.forms import FIRST_DAY as FIRST_INSTANT
from rest.fields import UtcField

MOST_GAMES: Final = 50


class PastField(UtcField):
    """An instant that has passed; one without a zone is UTC."""

    def to_internal_value(self, value: Any) -> Any:
        instant = super().to_internal_value(str(value).replace(" ", "+"))
        now = timezone.now()
        if instant > now + CLOCKS_APART:
            raise serializers.ValidationError("That has not come yet.", code="in_future")
        if instant.date() < FIRST_INSTANT:
            raise serializers.ValidationError(f"Choose an instant from {FIRST_INSTANT} on.", code="too_early")
        return min(instant, now)


class ZoneField(serializers.CharField):
    """The name of a time zone."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("help_text", "An IANA time zone; else the person's, else the site's.")
        super().__init__(max_length=64, required=False, **options)

    def to_internal_value(self, data: Any) -> str:
        name = str(super().to_internal_value(data))
        if not is_zone(name):
            raise serializers.ValidationError("Write a time zone such as Europe/London.", code="unknown_zone")
        return name


class AtQuery(serializers.Serializer):
    at = PastField(
        required=False,
        help_text="What was on offer at this instant, rebuilt from the archive, instead of now.",
    )


class BoardQuery(AtQuery):
    sport = serializers.CharField(required=False, max_length=64, help_text="The feed's key.")
    day = serializers.DateField(required=False, help_text="Today unless named; with `at` its day.")
    zone = ZoneField()
    status = serializers.ChoiceField(required=False, choices=list(STATUSES), default="all")
    order = serializers.ChoiceField(
        required=False, choices=["sport", "time"], default="time", help_text="Grouped by sport, or by start."
    )
    page = serializers.IntegerField(required=False, min_value=1, max_value=10_000, default=1)

    def validate_day(self, day: dt.date) -> dt.date:
        if not FIRST_DAY <= day <= LAST_DAY:
            raise serializers.ValidationError(
                f"Choose a day from {FIRST_DAY} to {LAST_DAY}.", code="out_of_range"
            )
        return day

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("at") and attrs["status"] != "all":
            raise serializers.ValidationError({"status": "A past board is shown whole; leave out status."})
        return attrs
