"""Statistics as their pages show them: text in the reader's formats."""

from __future__ import annotations

import calendar
import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from bets.models import BetStatus
from bets.money import format_money
from bets.stats import Record, Scope, Sums, money
from bets.stats.breakdowns import Slice, Titles
from bets.stats.inference import SMALLEST_SAMPLE, Interval
from bets.stats.reading import Bin
from bets.stats.series import Period, Series
from games.models import Sport
from odds.board_markup import percent_text
from odds.closing_accuracy import Bin as Mark
from odds.models import Bookmaker
from odds.pricing import MINUS, american_from_decimal, format_odds

DASH = "–"
FROM_FILES = "CLV, imported files"
WON_WORDS = ((BetStatus.WON, "won"), (BetStatus.LOST, "lost"))
OTHER_WORDS = (
    (BetStatus.PUSH, "push", "pushes"),
    (BetStatus.VOID, "void", "voids"),
    (BetStatus.HALF_WON, "half won", "half won"),
    (BetStatus.HALF_LOST, "half lost", "half lost"),
    (BetStatus.CASHED_OUT, "cashed out", "cashed out"),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number with its name, how it is worked out, and what bears on it."""

    name: str
    text: str
    formula: str = ""
    note: str = ""
    sign: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A slice in a table of a break-down."""

    name: str
    bets: int
    record: str
    staked: str
    profit: str
    sign: str
    yield_: str
    interval: str
    win_rate: str
    win_interval: str
    clv: str
    coverage: str
    is_small: bool
    stands_out: bool


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the calendar; ``weight`` 1 to 4 by the size of its profit against the month's largest."""

    date: dt.date
    bets: int
    text: str
    short: str
    sign: str
    weight: int
    in_month: bool


class Amounts:
    """Writes hundredths as money, or as multiples of the average stake where sums are kept private."""

    def __init__(self, currency: str, unit: int = 0) -> None:
        self.currency, self.unit = currency, unit

    def text(self, hundredths: float, *, signed: bool = False) -> str:
        if not self.unit:
            return format_money(money(round(hundredths)), self.currency, signed=signed)
        units = Decimal(round(10 * hundredths / self.unit)).scaleb(-1)
        sign = MINUS if units < 0 else "+" if signed and units > 0 else ""
        return f"{sign}{abs(units):,} u"


def share(value: Fraction | float | None, *, signed: bool = False) -> str:
    """A share as a percentage with one place."""
    if value is None:
        return DASH
    text = percent_text(Fraction(value))
    return f"+{text}" if signed and value > 0 and text != "0.0%" else text


def between(interval: Interval | None, *, signed: bool = False) -> str:
    if interval is None:
        return ""
    return f"{share(interval.low, signed=signed)} to {share(interval.high, signed=signed)}"


def sign_of(value: Fraction | float | None) -> str:
    return "" if not value else "gain" if value > 0 else "loss"


def number(value: float | None, places: int = 2) -> str:
    return DASH if value is None else f"{value:.{places}f}".replace("-", MINUS)


def chance_text(p: float) -> str:
    return "below 0.001" if p < 0.001 else f"{p:.3f}"


def record_text(sums: Sums) -> str:
    """ "12 won, 9 lost" and, after a semicolon, what is neither."""
    halves = [f"{sums.outcomes[status]} {word}" for status, word in WON_WORDS]
    others = [
        f"{count} {one if count == 1 else many}"
        for status, one, many in OTHER_WORDS
        if (count := sums.outcomes[status])
    ]
    return ", ".join(halves) + ("; " + ", ".join(others) if others else "")


def short_record(sums: Sums) -> str:
    """Won, lost and pushed: 12–9–1."""
    outcomes = sums.outcomes
    won, lost = outcomes["won"] + outcomes["half_won"], outcomes["lost"] + outcomes["half_lost"]
    return f"{won}–{lost}–{outcomes['push']}"


def too_few(count: int) -> str:
    return f"{count} of the {SMALLEST_SAMPLE} bets that a verdict needs"


def money_figures(record: Record, amounts: Amounts) -> list[Figure]:
    """Profit, yield, turnover, what came back, open bets."""
    sums = record.sums
    rate = sums.yield_
    bonus = (
        f"{amounts.text(sums.bonus_net)} of it from {sums.bonus_bets} bonus bets" if sums.bonus_bets else ""
    )
    return [
        Figure("Profit", amounts.text(sums.net, signed=True), "", bonus, sign_of(sums.net)),
        Figure(
            "Yield",
            share(rate, signed=True),
            "(returned − staked) ÷ staked",
            f"95%: {between(sums.yield_interval, signed=True)}"
            if sums.yield_interval
            else too_few(sums.staking),
            sign_of(rate),
        ),
        Figure("Staked", amounts.text(sums.staked), "settled bets without voids and bonus stakes"),
        Figure("Returned", amounts.text(sums.returned), "of what was staked"),
        Figure(
            "Open",
            amounts.text(record.exposure),
            "in none of the other figures",
            f"{record.open} bet{'' if record.open == 1 else 's'}",
        ),
    ]


def record_figures(record: Record, odds_format: str, amounts: Amounts) -> list[Figure]:
    """Win rate, record, average odds, streaks, draw-down."""
    sums = record.sums
    average = record.average_odds
    price = (
        DASH
        if average is None or average <= 1
        else format_odds(american_from_decimal(Decimal(str(round(average, 6)))), odds_format)
    )
    won, lost = record.streaks
    fall = record.drawdown
    return [
        Figure(
            "Win rate",
            share(sums.win_rate),
            "won ÷ (won + lost); a half-won bet counts half",
            f"95%: {between(sums.win_interval)} (Wilson)" if sums.win_interval else "",
        ),
        Figure("Record", short_record(sums), "won–lost–pushed", record_text(sums)),
        Figure(
            "Average odds", price, "mean of decimal odds", "" if average is None else f"{average:.2f} decimal"
        ),
        Figure("Longest streaks", f"{won} up, {lost} down", "bets in a row with a profit, with a loss"),
        Figure(
            "Deepest fall",
            amounts.text(fall.depth),
            "largest peak − equity",
            f"at most {share(fall.share)} of a peak, the starting bank included"
            if fall.share is not None
            else "",
        ),
    ]


def verified_figure(record: Record) -> Figure:
    sums = record.sums
    return Figure(
        "Price verified",
        share(record.verified_share),
        "the archive saw every leg's price at that book",
        f"{record.totals.verified.bets} of {sums.bets} bets",
    )


def closing_figures(record: Record) -> list[Figure]:
    """CLV against the price and against the fair chance, with what they cover."""
    found, said = [], record.file_clv
    for name, value, formula in (
        ("CLV, price", record.price_clv, "odds ÷ closing odds at the same book − 1"),
        ("CLV, no-vig", record.fair_clv, "odds × fair closing chance − 1"),
    ):
        note = f"{share(value.weighted, signed=True)} weighted by stake; beat {share(value.beat_rate)}"
        found.append(
            Figure(
                name,
                share(value.mean, signed=True),
                formula,
                f"{note}; known of {share(value.coverage)} ({value.bets} of {value.eligible})"
                if value.bets
                else f"no closing line for any of {value.eligible} bets",
                sign_of(value.mean),
            )
        )
    if said.bets:
        found.append(
            Figure(
                FROM_FILES,
                share(said.mean, signed=True),
                "odds ÷ the closing odds that the file gives − 1",
                f"{share(said.weighted, signed=True)} weighted by stake; beat {share(said.beat_rate)}; "
                f"given for {share(said.coverage)} ({said.bets} of {said.eligible}), verified for none",
                sign_of(said.mean),
            )
        )
    return found


def luck_figures(record: Record, amounts: Amounts) -> list[Figure]:
    """Expected against actual, z and p, the test of the record."""
    count, actual, expected, half, verdict = record.expectation
    luck, test = record.luck, record.test
    tested = (
        "Student's t of level stakes (Buchdahl)"
        if test.is_level
        else "z of the profit if every price were fair"
    )
    return [
        Figure(
            "Expected profit",
            amounts.text(expected, signed=True) if count else DASH,
            "Σ stake × (odds × fair closing chance − 1)",
            f"± {amounts.text(half)} (95%); these {count} bets made {amounts.text(actual, signed=True)}"
            if count
            else "no bet has a fair closing chance",
            sign_of(expected) if count else "",
        ),
        Figure(
            "Luck",
            f"z {number(verdict.z)}" if verdict else DASH,
            "(actual − expected profit) ÷ its standard deviation",
            f"p {chance_text(verdict.p)}, two-sided" if verdict else too_few(count),
        ),
        Figure(
            "Wins expected",
            f"{luck.expected:.1f} ± {luck.deviation:.1f}" if luck.bets else DASH,
            "Σ fair chance ± √Σ p(1 − p)",
            f"{luck.wins} won of {luck.bets}; "
            + (
                f"z {number(luck.verdict.z)}, p {chance_text(luck.verdict.p)}"
                if luck.verdict
                else too_few(luck.bets)
            )
            if luck.bets
            else "",
        ),
        Figure(
            "Is the yield luck?",
            DASH if test.p is None else f"p {chance_text(test.p)}",
            tested,
            too_few(record.sums.staking)
            if record.sums.is_small
            else f"{'t' if test.is_level else 'z'} {number(test.statistic)}, one-sided",
        ),
    ]


def titles() -> Titles:
    """Names of leagues, sports and books. Two statements."""
    leagues = list(Sport.objects.values_list("key", "title", "group"))
    return Titles(
        {key: title for key, title, _ in leagues},
        {key: group for key, _, group in leagues},
        dict(Bookmaker.objects.values_list("pk", "title")),
    )


def row_of(one: Slice, amounts: Amounts) -> Row:
    sums = one.sums
    eligible = sums.bets - sums.outcomes["void"]
    return Row(
        one.name,
        sums.bets,
        short_record(sums),
        amounts.text(sums.staked),
        amounts.text(sums.net, signed=True),
        sign_of(sums.net),
        share(sums.yield_, signed=True),
        between(sums.yield_interval, signed=True),
        share(sums.win_rate),
        between(sums.win_interval),
        share(sums.clv, signed=True),
        f"of {share(Fraction(sums.clv_bets, eligible))}" if sums.clv_bets and eligible else "",
        sums.is_small,
        one.stands_out,
    )


def weeks_of(record: Record, first: dt.date, amounts: Amounts) -> list[list[Day]]:
    """The weeks of a month, Monday first, midnight to midnight in the reader's zone."""
    days = list(calendar.Calendar().itermonthdates(first.year, first.month))
    periods = record.series.periods([*days, days[-1] + dt.timedelta(days=1)], ZoneInfo(record.scope.zone))
    largest = max((abs(one.net) for one in periods if one.first.month == first.month), default=0)
    shown = [day_of(one, first.month, largest, amounts) for one in periods]
    return [shown[start : start + 7] for start in range(0, len(shown), 7)]


def day_of(one: Period, month: int, largest: int, amounts: Amounts) -> Day:
    weight = math.ceil(4 * abs(one.net) / largest) if largest and one.net else 0
    text = amounts.text(one.net, signed=True) if one.bets else ""
    short = f"{round(money(one.net)):+,d}".replace("-", MINUS) if one.bets else ""
    return Day(one.first, one.bets, text, short, sign_of(one.net), min(weight, 4), one.first.month == month)


def months_of(record: Record, amounts: Amounts) -> list[tuple[dt.date, int, str, str]]:
    """Months with bets, newest first: first day, bets, profit and its sign."""
    months = record.series.months(ZoneInfo(record.scope.zone))
    return [
        (one.first, one.bets, amounts.text(one.net, signed=True), sign_of(one.net))
        for one in reversed(months)
        if one.bets
    ]


def marks_of(bins: Sequence[Bin]) -> list[Mark]:
    """The tenths with bets in them, as the drawing of a calibration takes them."""
    return [
        Mark(one.bets, Fraction(one.chances / one.bets).limit_denominator(10**6), one.hits)
        for one in bins
        if one.bets
    ]


def chart_data(series: Series, scope: Scope, unit: int = 0) -> dict[str, object]:
    """Profit, expectation and band at 2,000 instants at most, extremes among them, in the currency or in units."""
    by = unit or 100
    kept = series.thinned()

    def scaled(values: Sequence[float]) -> list[float]:
        return [round(values[n] / by, 2) for n in kept]

    payload: dict[str, object] = {
        "zone": scope.zone,
        "unit": "average stakes" if unit else scope.currency,
        "bets": len(series.nets),
        "thinned": len(kept) < len(series.nets),
        "t": [series.times[n] for n in kept],
        "profit": scaled(series.equity),
    }
    if any(series.covered):
        means = series.expected_equity
        payload |= {
            "covered": None if all(series.covered) else scaled(series.covered_equity),
            "expected": scaled(means),
            "low": [round((means[n] - series.band(n)) / by, 2) for n in kept],
            "high": [round((means[n] + series.band(n)) / by, 2) for n in kept],
        }
    return payload
