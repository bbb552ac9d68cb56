"""The one shape in which statistics leave BetTrack: the API answers with it and the page's download is it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final
from zoneinfo import ZoneInfo

from bets.models.kinds import BetStatus
from bets.stats.breakdowns import DIMENSIONS, Slice, Titles, breakdown
from bets.stats.inference import Interval, Verdict
from bets.stats.record import ClosingValue, Record
from bets.stats.series import Series
from bets.stats.sums import Sums, money

FORMULAS: Final = {
    "yield": "(returned − staked) ÷ staked",
    "win_rate": "won ÷ (won + lost); a half-won or half-lost bet counts half",
    "clv.price": "odds ÷ closing odds at the same book − 1",
    "clv.fair": "odds × fair closing chance − 1",
    "clv.file": "odds ÷ the closing odds that an imported file gives − 1",
    "expected.profit": "Σ stake × (odds × fair closing chance − 1)",
}
OUTCOMES: Final = (
    BetStatus.WON,
    BetStatus.LOST,
    BetStatus.PUSH,
    BetStatus.VOID,
    BetStatus.HALF_WON,
    BetStatus.HALF_LOST,
    BetStatus.CASHED_OUT,
)


def as_json(record: Record, titles: Titles) -> dict[str, Any]:
    """Return a record with nothing but dictionaries, lists, text, whole numbers and None.

    Amounts are text in the record's currency ("-12.50"), shares text of six decimals ("0.052310" is 5.231 %), odds
    decimal, times ISO 8601 in UTC. What is None is not known, or of too few bets for a verdict. ``breakdowns`` has
    the dimensions that the record was read with, in their own order; bets with several tags are in several of its slices.
    """
    scope, span, luck = record.scope, record.span, record.luck
    return {
        "currency": scope.currency,
        "kind": scope.kind,
        "time_zone": scope.zone,
        "first_settled_at": stamp(span[0]) if span else None,
        "last_settled_at": stamp(span[1]) if span else None,
        "formulas": dict(FORMULAS),
        **sums_shape(record.sums),
        "open": {"bets": record.open, "stake": amount(record.exposure)},
        "average_odds": share(record.average_odds),
        "verified": {"share": share(record.verified_share), **sums_shape(record.totals.verified)},
        "clv": {
            "price": closing_shape(record.price_clv),
            "fair": closing_shape(record.fair_clv),
            "file": closing_shape(record.file_clv),
        },
        "expected": expected_shape(record),
        "wins": {
            "bets": luck.bets,
            "won": luck.wins,
            "expected": share(luck.expected),
            "deviation": share(luck.deviation),
            **verdict_shape(luck.verdict),
        },
        "test": {
            "name": "t" if record.test.is_level else "z",
            "statistic": share(record.test.statistic),
            "p": share(record.test.p),
        },
        "drawdown": drawdown_shape(record),
        "streaks": dict(zip(("up", "down"), record.streaks, strict=True)),
        "calibration": calibration_shape(record),
        "months": months_shape(record.series, ZoneInfo(scope.zone)),
        "breakdowns": {
            dimension: [slice_shape(one) for one in breakdown(dimension, record.slices, titles)]
            for dimension in DIMENSIONS
            if dimension in record.slices
        },
    }


def sums_shape(sums: Sums) -> dict[str, Any]:
    return {
        "bets": sums.bets,
        "outcomes": {status.value: sums.outcomes[status] for status in OUTCOMES},
        "staked": amount(sums.staked),
        "returned": amount(sums.returned),
        "profit": amount(sums.net),
        "bonus": {"bets": sums.bonus_bets, "profit": amount(sums.bonus_net)},
        "yield": {"value": share(sums.yield_), **interval_shape(sums.yield_interval), "bets": sums.staking},
        "win_rate": {"value": share(sums.win_rate), **interval_shape(sums.win_interval)},
        "small_sample": sums.is_small,
    }


def slice_shape(one: Slice) -> dict[str, Any]:
    sums = one.sums
    clv = {"mean": share(sums.clv), "bets": sums.clv_bets}
    return {"name": one.name, **sums_shape(sums), "clv": clv, "stands_out": one.stands_out}


def closing_shape(value: ClosingValue) -> dict[str, Any]:
    return {
        "mean": share(value.mean),
        "weighted": share(value.weighted),
        "beat_rate": share(value.beat_rate),
        "bets": value.bets,
        "eligible": value.eligible,
        "coverage": share(value.coverage),
    }


def expected_shape(record: Record) -> dict[str, Any]:
    bets, actual, mean, half, verdict = record.expectation
    return {
        "bets": bets,
        "actual": amount(actual),
        "profit": amount(round(mean)) if bets else None,
        "band": amount(round(half)) if bets else None,
        **verdict_shape(verdict),
    }


def drawdown_shape(record: Record) -> dict[str, Any]:
    fall = record.drawdown

    def when(seconds: int | None) -> str | None:
        return None if seconds is None else stamp(dt.datetime.fromtimestamp(seconds, dt.UTC))

    return {
        "depth": amount(fall.depth),
        "share": share(fall.share),
        "peak_at": when(fall.peak_at),
        "trough_at": when(fall.trough_at),
    }


def calibration_shape(record: Record) -> dict[str, Any]:
    luck = record.luck
    bins = [
        {"bets": one.bets, "won": one.hits, "mean_chance": share(one.chances / one.bets)}
        for one in record.bins
        if one.bets
    ]
    return {"brier": share(luck.brier), "log_loss": share(luck.log_loss), "bins": bins}


def months_shape(series: Series, zone: ZoneInfo) -> list[dict[str, Any]]:
    return [
        {"month": f"{one.first:%Y-%m}", "bets": one.bets, "profit": amount(one.net)}
        for one in series.months(zone)
        if one.bets
    ]


def verdict_shape(verdict: Verdict | None) -> Mapping[str, Any]:
    return {"z": share(verdict.z if verdict else None), "p": share(verdict.p if verdict else None)}


def interval_shape(interval: Interval | None) -> Mapping[str, Any]:
    return {
        "low": share(interval.low if interval else None),
        "high": share(interval.high if interval else None),
    }


def amount(hundredths: int) -> str:
    return f"{money(hundredths):.2f}"


def share(value: Fraction | float | None) -> str | None:
    """Six decimals of an estimate."""
    return None if value is None else f"{Decimal(round(value * 1_000_000)).scaleb(-6):.6f}"


def stamp(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat()
