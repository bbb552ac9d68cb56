"""The statements that read statistics: a constant number, each one pass over ``settled_bets``."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from bets.stats.scope import Scope
from bets.stats.series import Series, floats, integers
from bets.stats.sums import Moments, Sums


def moments(y: str, x: str, where: str = "") -> str:
    """SQL of the six sums of ``Moments.of_row``; the database keeps one state for all of them."""
    condition = f" FILTER (WHERE {where})" if where else ""
    return ", ".join(
        f"regr_{name}({y}, {x}){condition}" for name in ("count", "avgx", "avgy", "sxx", "syy", "sxy")
    )


MONEY: Final = f"count(*), sum(staked), sum(net), {moments('net', 'staked', 'staked > 0')}"
TOTALS: Final = f"""
SELECT status, is_bonus, is_verified, is_live, {MONEY},
    {moments("clv_ppm", "staked")}, count(*) FILTER (WHERE clv_ppm > 0),
    {moments("fair_clv_ppm", "staked")}, count(*) FILTER (WHERE fair_clv_ppm > 0),
    sum(odds_micro::float8), sum(staked::float8 * staked * (odds_micro / 1e6::float8 - 1)),
    min(settled_at), max(settled_at)
FROM settled_bets WHERE {{where}} GROUP BY status, is_bonus, is_verified, is_live
"""  # noqa: S608 - put together from constants
SLICES: Final = f"""
SELECT {{keys}}, status, is_bonus, {MONEY}, count(clv_ppm), sum(clv_ppm)
FROM settled_bets WHERE {{where}} GROUP BY {{keys}}, status, is_bonus
"""  # noqa: S608 - put together from constants
KEYS: Final = {
    ("league", "book"): "sport, bookmaker_id",
    ("market", "type", "side"): "market, bet_type, side",
    ("odds", "weekday", "live"): "band, date_part('isodow', placed_at)::int2, is_live",
}
"""Dimensions read in one pass, and their columns: together they have no more than some hundreds of values."""
TAGS: Final = f"""
SELECT tag, status, is_bonus, {MONEY}, count(clv_ppm), sum(clv_ppm)
FROM settled_bets CROSS JOIN LATERAL unnest(tags) AS tag
WHERE {{where}} AND tags <> '{{{{}}}}' GROUP BY tag, status, is_bonus
"""  # noqa: S608 - put together from constants
CALIBRATION: Final = """
SELECT least(chance_ppb / 100000000, 9), status = 'won', count(*), sum(chance_ppb / 1e9::float8),
    sum((chance_ppb / 1e9::float8) ^ 2),
    sum(-ln(CASE status WHEN 'won' THEN chance_ppb ELSE 1000000000 - chance_ppb END / 1e9::float8))
FROM settled_bets WHERE {where} AND status IN ('won', 'lost') AND chance_ppb BETWEEN 1 AND 999999999
GROUP BY 1, 2
"""
ORDER: Final = "''::bytea ORDER BY settled_at, bet_id"
SERIES: Final = f"""
SELECT string_agg(int8send(at), {ORDER}), string_agg(int8send(net), {ORDER}),
    string_agg(float8send(coalesce(p * if_won + (1 - p) * if_lost, 'NaN')), {ORDER}),
    string_agg(float8send(coalesce(p * (1 - p) * (if_won - if_lost)::float8 ^ 2, 'NaN')), {ORDER})
FROM (
    SELECT *, extract(epoch FROM settled_at)::int8 AS at, chance_ppb / 1e9::float8 AS p
    FROM settled_bets WHERE {{where}}
) timed
"""  # noqa: S608 - put together from constants
OPEN: Final = """
SELECT count(*), coalesce(sum(stake - cashed_stake) FILTER (WHERE NOT is_bonus), 0)
FROM bets WHERE bankroll_id = ANY(%(rolls)s::uuid[]) AND payout IS NULL
"""


@dataclass(slots=True)
class Bin:
    """Bets whose fair chance lies in one tenth of the scale: Σp, how many won, Σp², Σ−ln(chance of what happened)."""

    bets: int = 0
    chances: float = 0.0
    hits: int = 0
    squares: float = 0.0
    won_chances: float = 0.0
    log_loss: float = 0.0


@dataclass(slots=True)
class Closing:
    """Bets against closing prices: Σ and stake-weighted Σ of the CLV in millionths, and how many beat the close."""

    pairs: Moments = field(default_factory=Moments)
    beaten: int = 0


@dataclass(slots=True)
class Totals:
    """All that one pass over the bets adds up."""

    all: Sums = field(default_factory=Sums)
    verified: Sums = field(default_factory=Sums)
    live: int = 0
    price: Closing = field(default_factory=Closing)
    fair: Closing = field(default_factory=Closing)
    odds: float = 0.0
    luck_variance: float = 0.0
    first: Any = None
    last: Any = None


def sums_of(status: str, is_bonus: bool, row: tuple[Any, ...]) -> Sums:
    """Sums of one group from the columns of ``MONEY``, and from two of CLV where they follow."""
    count, staked, net = row[:3]
    clv_bets, clv_ppm = row[9:11] if len(row) >= 11 else (0, 0)
    return Sums(
        Counter({status: count}),
        int(staked),
        int(net),
        count if is_bonus else 0,
        int(net) if is_bonus else 0,
        Moments.of_row(row[3:9]),
        clv_bets,
        int(clv_ppm or 0),
    )


@contextmanager
def reader(scope: Scope) -> Iterator[CursorWrapper]:
    """A cursor with memory for sorting a long record, in the reader's time zone; both end with the transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('work_mem', '64MB', true), set_config('jit', 'off', true), "
            "set_config('TimeZone', %s, true)",
            [scope.zone],
        )
        yield cursor
        cursor.execute("SET LOCAL TIME ZONE 'UTC'")


def rows(cursor: CursorWrapper, statement: str, scope: Scope) -> list[tuple[Any, ...]]:
    condition, given = scope.where()
    cursor.execute(statement.format(where=condition), given)
    return list(cursor.fetchall())


def totals(cursor: CursorWrapper, scope: Scope) -> Totals:
    found = Totals()
    for status, is_bonus, is_verified, is_live, *rest in rows(cursor, TOTALS, scope):
        sums = sums_of(status, is_bonus, tuple(rest[:9]))
        found.all.add(sums)
        if is_verified:
            found.verified.add(sums)
        if is_live:
            found.live += sums.bets - sums.outcomes["void"]
        found.price.pairs.add(Moments.of_row(rest[9:15]))
        found.price.beaten += rest[15]
        found.fair.pairs.add(Moments.of_row(rest[16:22]))
        found.fair.beaten += rest[22]
        found.odds += rest[23]
        if status != "void":
            found.luck_variance += rest[24]
        found.first = min(filter(None, (found.first, rest[25])))
        found.last = max(filter(None, (found.last, rest[26])))
    return found


def slices(cursor: CursorWrapper, scope: Scope, by: str | None = None) -> dict[str, dict[Any, Sums]]:
    """Sums by dimension and value; each bet is once in every dimension but tags, of which it may have several.

    ``by`` reads a single dimension and those that come with it; sports come with leagues.
    """
    found: dict[str, dict[Any, Sums]] = defaultdict(lambda: defaultdict(Sums))
    wanted = "league" if by == "sport" else by
    for dimensions, columns in KEYS.items():
        if wanted is not None and wanted not in dimensions:
            continue
        count = len(dimensions)
        for row in rows(cursor, SLICES.replace("{keys}", columns), scope):
            sums = sums_of(row[count], row[count + 1], row[count + 2 :])
            for dimension, key in zip(dimensions, row[:count], strict=True):
                found[dimension][key].add(sums)
    if wanted in (None, "tag"):
        for tag, status, bonus, *rest in rows(cursor, TAGS, scope):
            found["tag"][tag].add(sums_of(status, bonus, tuple(rest)))
    return {dimension: dict(values) for dimension, values in found.items()}


def calibration(cursor: CursorWrapper, scope: Scope) -> list[Bin]:
    """The ten tenths of the scale, from 0 up."""
    found = [Bin() for _ in range(10)]
    for number, is_won, count, chances, squares, log_loss in rows(cursor, CALIBRATION, scope):
        part = found[number]
        part.bets += count
        part.chances += chances
        part.squares += squares
        part.log_loss += log_loss
        if is_won:
            part.hits += count
            part.won_chances += chances
    return found


def series(cursor: CursorWrapper, scope: Scope) -> Series:
    """Every bet in the order of settlement, sent as four packed strings."""
    [(times, nets, expected, variances)] = rows(cursor, SERIES, scope)
    return Series(integers(times), integers(nets), floats(expected), floats(variances))


def open_bets(cursor: CursorWrapper, scope: Scope) -> tuple[int, int]:
    """How many bets of the bankrolls are open, and the cash staked on them in hundredths."""
    cursor.execute(OPEN, {"rolls": [roll.id for roll in scope.rolls]})
    count, stakes = cursor.fetchone()
    return count, int(100 * stakes)
