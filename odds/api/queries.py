"""Parameters that are no filters of a queryset."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from games.filters import FIRST_DAY, LAST_DAY, is_zone
from odds import pricing
from odds.board import STATUSES
from odds.edge_forms import FAMILIES, STEPS
from odds.edges.finding import CONSENSUS
from odds.edges.page import EdgeKind, EdgeRequest
from odds.forms import CLOCKS_APART
from odds.forms import FIRST_DAY as FIRST_INSTANT
from rest.bodies import UUID, AmountIn, ExactIn
from rest.fields import UtcField
from rest.filters import ZONED

MOST_GAMES: Final = 50
EDGE: Final = r"^-?(100(\.0{1,2})?|[0-9]{1,2}(\.[0-9]{1,2})?)$"
KEYS: Final = r"^[0-9A-Za-z_.-]+(,[0-9A-Za-z_.-]+)*$"
KEYS_WANTED: Final = "Write keys separated by commas and nothing else."
GAMES: Final = f"^{UUID[1:-1]}(,{UUID[1:-1]}){{0,{MOST_GAMES - 1}}}$"


class PastField(UtcField):
    """An instant that has passed, with its zone."""

    def to_internal_value(self, value: Any) -> Any:
        text = str(value).replace(" ", "+")
        instant = super().to_internal_value(text)
        if not ZONED.search(text):
            raise serializers.ValidationError("Write the time with its zone, such as 2026-11-20T18:22:00Z.")
        now = timezone.now()
        if instant > now + CLOCKS_APART:
            raise serializers.ValidationError("That has not come yet.", code="unfit")
        if instant.date() < FIRST_INSTANT:
            raise serializers.ValidationError(f"Choose an instant from {FIRST_INSTANT} on.", code="unfit")
        return min(instant, now)


class ZoneField(serializers.CharField):
    """The name of a time zone."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("help_text", "An IANA time zone; else the person's, else the site's.")
        super().__init__(max_length=64, required=False, **options)

    def to_internal_value(self, data: Any) -> str:
        name = str(super().to_internal_value(data))
        if "\0" in name:
            raise serializers.ValidationError("A time zone has no such letter.", code="invalid")
        if not is_zone(name):
            raise serializers.ValidationError("Write a time zone such as Europe/London.", code="unknown")
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
    page = serializers.IntegerField(
        required=False, min_value=1, max_value=10_000, default=1, help_text="Of 50 matches each."
    )

    def validate_day(self, day: dt.date) -> dt.date:
        if not FIRST_DAY <= day <= LAST_DAY:
            raise serializers.ValidationError(f"Choose a day from {FIRST_DAY} to {LAST_DAY}.", code="unfit")
        return day

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("at") and attrs["status"] != "all":
            text = "A past board is shown whole; leave out status."
            raise serializers.ValidationError({"status": ErrorDetail(text, "unfit")})
        return attrs


class GameQuery(serializers.Serializer):
    game = serializers.UUIDField(help_text="The id of a game.")


@extend_schema_field({"type": "string", "pattern": GAMES})
class GamesField(serializers.CharField):
    """Ids of games, separated by commas."""

    def to_internal_value(self, data: Any) -> Any:
        found = str(super().to_internal_value(data)).split(",")
        if not all(re.fullmatch(UUID, one) for one in found):
            raise serializers.ValidationError("Write ids of games, separated by commas.", code="invalid")
        if len(found) > MOST_GAMES:
            raise serializers.ValidationError(f"Name {MOST_GAMES} games at most.", code="too_many")
        return [uuid.UUID(one) for one in found]


class BestQuery(AtQuery):
    game = GamesField(help_text=f"Ids of up to {MOST_GAMES} games, separated by commas.")


class KeysField(serializers.RegexField):
    """Keys of books or markets, separated by commas."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            KEYS, required=False, max_length=500, error_messages={"invalid": KEYS_WANTED}, **options
        )


class UpcomingQuery(serializers.Serializer):
    hours = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=24 * 365,
        default=24 * 7,
        help_text="Starting within so many hours.",
    )
    market = KeysField(default="h2h,spreads,totals", help_text="Market keys, separated by commas.")
    bookmaker = KeysField(help_text="The odds of these books: keys, separated by commas.")

    def validate_market(self, text: str) -> list[str]:
        return text.split(",")

    def validate_bookmaker(self, text: str) -> list[str]:
        return text.split(",")


class FairQuery(GameQuery):
    market = serializers.CharField(required=False, max_length=64, help_text="Only this market.")
    method = serializers.ChoiceField(
        required=False,
        choices=[str(method) for method in pricing.Method],
        default=str(pricing.Method.MULTIPLICATIVE),
    )
    reference = serializers.CharField(
        required=False, max_length=32, default=CONSENSUS, help_text="consensus, or the key of one book."
    )
    age = serializers.IntegerField(
        required=False,
        min_value=1,
        max_value=1440,
        default=60,
        help_text="Prices no older than so many minutes.",
    )


@extend_schema_field({"type": "string", "pattern": EDGE, "example": "2.50"})
class EdgeField(ExactIn):
    """A share in per cent from −100 to 100."""

    pattern, example = EDGE, "2.50"
    words = "Write a percentage from -100 to 100, such as"


class EdgeQuery(serializers.Serializer):
    kind = serializers.ChoiceField(required=False, choices=[str(kind) for kind in EdgeKind], default="value")
    sport = serializers.CharField(required=False, max_length=64, help_text="The feed's key.")
    market = serializers.ChoiceField(
        required=False, choices=[family for family in FAMILIES if family], help_text="A family of markets."
    )
    book = KeysField(help_text="Keys of books, separated by commas.")
    fair = serializers.CharField(
        required=False, max_length=32, default=CONSENSUS, help_text="consensus, or the key of one book."
    )
    method = serializers.ChoiceField(
        required=False,
        choices=[str(method) for method in pricing.Method],
        default=str(pricing.Method.MULTIPLICATIVE),
    )
    least = EdgeField(required=False, help_text="Smallest edge, %.")
    days = serializers.IntegerField(
        required=False, min_value=1, max_value=30, default=3, help_text="Games within so many days."
    )
    age = serializers.IntegerField(
        required=False, min_value=1, max_value=1440, default=10, help_text="Minutes."
    )
    outlay = AmountIn(required=False, default=Decimal(100), help_text="Divided among the legs.")
    step = serializers.ChoiceField(
        required=False, choices=list(STEPS), default="0.01", help_text="Stakes in steps of."
    )
    live = serializers.BooleanField(required=False, default=False, help_text="Games in play too.")
    phantoms = serializers.BooleanField(required=False, default=False, help_text="Also what looks too good.")

    def request(self) -> EdgeRequest:
        """The wish that was read."""
        asked: dict[str, Any] = self.validated_data
        least = asked.get("least")
        return EdgeRequest(
            kind=EdgeKind(asked["kind"]),
            sport=asked.get("sport"),
            family=asked.get("market", ""),
            books=frozenset(filter(None, asked.get("book", "").split(","))),
            reference=asked["fair"],
            method=pricing.Method(asked["method"]),
            least=None if least is None else Fraction(least) / 100,
            max_age=dt.timedelta(minutes=asked["age"]),
            ahead=dt.timedelta(days=asked["days"]),
            live=asked["live"],
            phantoms=asked["phantoms"],
            outlay=asked["outlay"],
            step=Decimal(asked["step"]),
        )


class ReportQuery(serializers.Serializer):
    sport = serializers.CharField(required=False, max_length=64, help_text="The feed's key.")
    days = serializers.ChoiceField(required=False, choices=[7, 30, 90], default=30)
