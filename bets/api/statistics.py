"""A person's statistics, in the one shape in which they leave BetTrack."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.authentication import owner_of
from bets.api.bets import BetsView
from bets.models import Bet
from bets.stats import as_json, read_record, rolls_of
from bets.stats.breakdowns import DIMENSIONS
from bets.stats.forms import StatisticsFilter, Unreadable, asked
from bets.stats.page import titles
from rest.fields import AmountField, NumberField, UtcField
from rest.problems import form_faults, refusal_of, unfit
from rest.shaping import Row


class StatisticsQuery(serializers.Serializer):
    by = serializers.ChoiceField(
        required=False, choices=list(DIMENSIONS), help_text="Only this break-down; all of them unless named."
    )


def share(**options: Any) -> NumberField:
    return NumberField(allow_null=True, max_digits=24, **options)


class Interval(Row):
    value = share(help_text="A share: 0.052310 is 5.231 %.")
    low = share(help_text="95 %; null in a small sample.")
    high = share()


class Yield(Interval):
    bets = serializers.IntegerField(help_text="Bets that it is of: without bonus bets and voids.")


class Bonus(Row):
    bets = serializers.IntegerField()
    profit = AmountField()


class SumsPart(Row):
    bets = serializers.IntegerField()
    outcomes = serializers.DictField(child=serializers.IntegerField(), help_text="Bets by status.")
    staked = AmountField()
    returned = AmountField()
    profit = AmountField()
    bonus = Bonus()
    win_rate = Interval()
    small_sample = serializers.BooleanField(help_text="Fewer than 30 bets: no verdict.")

    def get_fields(self) -> Any:
        return {**super().get_fields(), "yield": Yield()}  # a word that no attribute can have


class Verified(SumsPart):
    share = share(help_text="Of bets whose prices the archive saw.")


class SliceClv(Row):
    mean = share()
    bets = serializers.IntegerField()


class SlicePart(SumsPart):
    name = serializers.CharField()
    clv = SliceClv()
    stands_out = serializers.BooleanField(help_text="Luck does not explain its yield, after Bonferroni.")


class ClosingPart(Row):
    mean = share()
    weighted = share(help_text="By stake.")
    beat_rate = share()
    bets = serializers.IntegerField()
    eligible = serializers.IntegerField()
    coverage = share()


class Clv(Row):
    price = ClosingPart()
    fair = ClosingPart()
    file = ClosingPart()


class ExpectedPart(Row):
    bets = serializers.IntegerField()
    actual = AmountField()
    profit = AmountField(allow_null=True)
    band = AmountField(allow_null=True, help_text="Half of the 95 % band.")
    z = share()
    p = share()


class WinsPart(Row):
    bets = serializers.IntegerField()
    won = serializers.IntegerField()
    expected = share()
    deviation = share()
    z = share()
    p = share()


class TestPart(Row):
    name = serializers.ChoiceField(choices=["t", "z"])
    statistic = share()
    p = share(help_text="One-sided.")


class FallPart(Row):
    depth = AmountField()
    share = share(help_text="Of the peak.")
    peak_at = UtcField(allow_null=True)
    trough_at = UtcField(allow_null=True)


class Streaks(Row):
    up = serializers.IntegerField()
    down = serializers.IntegerField()


class Tenth(Row):
    bets = serializers.IntegerField()
    won = serializers.IntegerField()
    mean_chance = share()


class CalibrationPart(Row):
    brier = share()
    log_loss = share()
    bins = Tenth(many=True)


class MonthPart(Row):
    month = serializers.CharField(help_text="2026-11, in the person's zone.")
    bets = serializers.IntegerField()
    profit = AmountField()


class OpenPart(Row):
    bets = serializers.IntegerField()
    stake = AmountField()


class StatisticsRow(SumsPart):
    """Statistics of settled bets in one currency with one kind of money."""

    currency = serializers.CharField()
    kind = serializers.CharField(help_text="real or paper.")
    time_zone = serializers.CharField()
    first_settled_at = UtcField(allow_null=True)
    last_settled_at = UtcField(allow_null=True)
    formulas = serializers.DictField(child=serializers.CharField())
    open = OpenPart()
    average_odds = share(help_text="Mean of decimal odds.")
    verified = Verified()
    clv = Clv()
    expected = ExpectedPart()
    wins = WinsPart()
    test = TestPart()
    drawdown = FallPart()
    streaks = Streaks()
    calibration = CalibrationPart()
    months = MonthPart(many=True)
    breakdowns = serializers.DictField(child=SlicePart(many=True), help_text="By dimension.")

    class Meta:
        identity = "currency"
        example: ClassVar = {
            "currency": "USD", "kind": "real", "time_zone": "America/New_York", "bets": 57, "staked": "1425.00",
            "returned": "1471.30", "profit": "46.30", "small_sample": False,
            "yield": {"value": "0.032491", "low": "-0.211004", "high": "0.275986", "bets": 57},
        }  # fmt: skip


class StatisticsViewSet(BetsView):
    """Your statistics."""

    queryset = Bet.objects.none()
    serializer_class = StatisticsRow
    filterset_class = StatisticsFilter
    query_class = StatisticsQuery

    def is_listing(self) -> bool:
        return False

    def list(self, request: Request) -> Response:
        """Yield, record, CLV, expectation, calibration and break-downs of your settled bets.

        Of the currency and kind of money that `pot` names, else of the bankroll used last; the other filters are those
        of bets. Not found without a bankroll.
        """
        user = owner_of(request)
        rolls = rolls_of(user)
        chosen = StatisticsFilter(request.query_params, Bet.objects.owned_by(user), request=request)
        if not chosen.form.is_valid():
            raise refusal_of(list(form_faults(chosen.form.errors.as_data())))
        try:
            wanted = asked(request, rolls, now=timezone.now())  # type: ignore[arg-type] # has what it reads
        except Unreadable as problem:
            field, _, text = str(problem).partition(": ")
            raise unfit(field, text) from None
        if wanted is None:
            raise NotFound
        record = read_record(user, wanted.scope, self.asked.get("by"))
        return self.one(as_json(record, titles()))
