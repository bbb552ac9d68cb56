"""The statements that read statistics: a constant number, each one pass over ``settled_bets``."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.db.models import QuerySet

from bets.models import Bet
from bets.stats.scope import Scope, ids_of
from bets.stats.series import Instants, Series, floats, integers
from bets.stats.sums import Moments, Sums

PPB: Final = 1_000_000_000


def moments(y: str, x: str, where: str = "") -> str:
    """SQL of the six sums of ``Moments.of_row``; the database keeps one state for all of them."""
    condition = f" FILTER (WHERE {where})" if where else ""
    return ", ".join(
        f"regr_{name}({y}, {x}){condition}" for name in ("count", "avgx", "avgy", "sxx", "syy", "sxy")
    )


MONEY: Final = f"count(*), sum(staked), sum(net), {moments('net', 'staked', 'staked > 0')}"
TOTALS: Final = f"""
SELECT status, is_bonus, is_verified, is_live,
    CASE WHEN status IN ('won', 'lost') AND chance_ppb BETWEEN 1 AND 999999999 THEN (chance_ppb / 100000000)::int2 END,
    {MONEY}, {moments("clv_ppm", "staked")}, count(*) FILTER (WHERE clv_ppm > 0),
    {moments("fair_clv_ppm", "staked")}, count(*) FILTER (WHERE fair_clv_ppm > 0),
    {moments("file_clv_ppm", "staked")}, count(*) FILTER (WHERE file_clv_ppm > 0),
    sum(odds_micro::float8), sum(staked::float8 * staked * (odds_micro / 1e6::float8 - 1)),
    min(settled_at), max(settled_at),
    count(chance_ppb), sum(net) FILTER (WHERE chance_ppb IS NOT NULL),
    sum(chance_ppb::float8 * (if_won - if_lost)), sum(if_lost),
    sum(chance_ppb::float8 * (1000000000 - chance_ppb) * (if_won - if_lost) * (if_won - if_lost)),
    sum(chance_ppb::float8), sum(chance_ppb::float8 * chance_ppb),
    sum(ln(nullif(CASE status WHEN 'won' THEN chance_ppb::float8 ELSE 1000000000 - chance_ppb END, 0)))
FROM settled_bets WHERE {{where}} GROUP BY 1, 2, 3, 4, 5
"""  # noqa: S608 - put together from constants
SLICES: Final = f"""
SELECT {{keys}}, status, is_bonus, {MONEY}, count(clv_ppm), sum(clv_ppm)
FROM settled_bets WHERE {{where}} GROUP BY {{numbers}}, status, is_bonus
"""  # noqa: S608 - put together from constants
KEYS: Final = {
    ("sport",): "coalesce(nullif(said_sport, ''), sport)",
    (
        "league",
        "book",
    ): "sport, CASE WHEN bookmaker_id IS NULL THEN ':' || said_book ELSE bookmaker_id::text END",
    ("market", "type", "side"): "market, bet_type, side",
    ("odds", "weekday", "live"): "band, date_part('isodow', placed_at)::int2, is_live",
}
"""Dimensions read in one pass, and their columns: together they have no more than some hundreds of values."""
TAGS: Final = f"""
SELECT tag, status, is_bonus, {MONEY}, count(clv_ppm), sum(clv_ppm)
FROM settled_bets CROSS JOIN LATERAL unnest(tags) AS tag
WHERE {{where}} AND tags <> '{{{{}}}}' GROUP BY tag, status, is_bonus
"""  # noqa: S608 - put together from constants
ORDER: Final = "''::bytea ORDER BY settled_at, bet_id"
SERIES: Final = f"""
SELECT string_agg(timestamptz_send(settled_at), {ORDER}), string_agg(int8send(net), {ORDER}) {{more}}
FROM settled_bets WHERE {{where}}
"""  # noqa: S608 - put together from constants
EXPECTED: Final = f""",
    string_agg(float8send(coalesce(chance_ppb / 1e9::float8 * (if_won - if_lost) + if_lost, 'NaN')), {ORDER}),
    string_agg(float8send(coalesce(
        chance_ppb / 1e18::float8 * (1000000000 - chance_ppb) * (if_won - if_lost) * (if_won - if_lost), 0)), {ORDER})
"""
OPEN: Final = """
SELECT count(*), coalesce(sum(stake - cashed_stake) FILTER (WHERE NOT is_bonus), 0)
FROM bets WHERE {where} AND payout IS NULL
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
class Expected:
    """Bets with a fair closing chance: their profit, Σ of what was to be expected and its variance, in hundredths."""

    bets: int = 0
    net: int = 0
    mean: float = 0.0
    variance: float = 0.0


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
    file: Closing = field(default_factory=Closing)
    odds: float = 0.0
    luck_variance: float = 0.0
    expected: Expected = field(default_factory=Expected)
    bins: list[Bin] = field(default_factory=lambda: [Bin() for _ in range(10)])
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
        if scope.chosen is not None:
            choose(cursor, scope.chosen)
        yield cursor
        cursor.execute("SET LOCAL TIME ZONE 'UTC'")
        if scope.chosen is not None:
            cursor.execute("DROP TABLE pg_temp.chosen_bets")


def choose(cursor: CursorWrapper, bets: QuerySet[Bet]) -> None:
    """Find the chosen bets once for all statements that follow: in a table of the transaction's own."""
    found, given = ids_of(bets)
    cursor.execute("CREATE TEMP TABLE chosen_bets (id uuid PRIMARY KEY) ON COMMIT DROP")
    cursor.execute(f"INSERT INTO pg_temp.chosen_bets {found}", given)
    cursor.execute("ANALYZE pg_temp.chosen_bets")


def rows(cursor: CursorWrapper, statement: str, scope: Scope) -> list[tuple[Any, ...]]:
    condition, given = scope.where()
    cursor.execute(statement.format(where=condition), given)
    return list(cursor.fetchall())


def totals(cursor: CursorWrapper, scope: Scope) -> Totals:
    found = Totals()
    for status, is_bonus, is_verified, is_live, tenth, *rest in rows(cursor, TOTALS, scope):
        sums = sums_of(status, is_bonus, tuple(rest[:9]))
        found.all.add(sums)
        if is_verified:
            found.verified.add(sums)
        if is_live:
            found.live += sums.bets - sums.outcomes["void"]
        closings = (found.price, found.fair, found.file)
        for closing, first in zip(closings, (9, 16, 23), strict=True):
            closing.pairs.add(Moments.of_row(rest[first : first + 6]))
            closing.beaten += rest[first + 6]
        found.odds += rest[30]
        if status != "void":
            found.luck_variance += rest[31]
        found.first = min(filter(None, (found.first, rest[32])))
        found.last = max(filter(None, (found.last, rest[33])))
        expect(found.expected, *rest[34:39])
        if tenth is not None:
            calibrate(found.bins[tenth], status == "won", sums.bets, *rest[39:42])
    return found


def expect(
    expected: Expected, bets: int, net: Any, gain: float | None, if_lost: Any, variance: float | None
) -> None:
    """Add a group's bets to what was expected: Σ chance × gain in billionths, Σ profit if lost, variance in 10⁻¹⁸."""
    expected.bets += bets
    expected.net += int(net or 0)
    expected.mean += (gain or 0.0) / PPB + float(if_lost or 0)
    expected.variance += (variance or 0.0) / PPB**2


def calibrate(tenth: Bin, is_won: bool, bets: int, chances: float, squares: float, logs: float) -> None:
    """Add bets that were won, or lost, to their tenth: Σ chance in billionths, of its squares, and Σ ln of what happened."""
    tenth.bets += bets
    tenth.chances += chances / PPB
    tenth.squares += squares / PPB**2
    tenth.log_loss += bets * math.log(PPB) - logs
    if is_won:
        tenth.hits += bets
        tenth.won_chances += chances / PPB


def slices(cursor: CursorWrapper, scope: Scope, by: str | None = None) -> dict[str, dict[Any, Sums]]:
    """Sums by dimension and value; each bet is once in every dimension but tags, of which it may have several.

    ``by`` reads a single dimension and those that come with it.
    """
    found: dict[str, dict[Any, Sums]] = defaultdict(lambda: defaultdict(Sums))
    for dimensions, columns in KEYS.items():
        if by is not None and by not in dimensions:
            continue
        count = len(dimensions)
        numbers = ", ".join(str(number) for number in range(1, count + 1))
        for row in rows(cursor, SLICES.replace("{keys}", columns).replace("{numbers}", numbers), scope):
            sums = sums_of(row[count], row[count + 1], row[count + 2 :])
            for dimension, key in zip(dimensions, row[:count], strict=True):
                found[dimension][key].add(sums)
    if by in (None, "tag"):
        for tag, status, bonus, *rest in rows(cursor, TAGS, scope):
            found["tag"][tag].add(sums_of(status, bonus, tuple(rest)))
    return {dimension: dict(values) for dimension, values in found.items()}


def series(cursor: CursorWrapper, scope: Scope, *, expected: bool = False) -> Series:
    """Every bet in the order of settlement, sent as packed strings; ``expected`` reads what to expect of each, too."""
    statement = SERIES.replace("{more}", EXPECTED if expected else "")
    [(times, nets, *means)] = rows(cursor, statement, scope)
    return Series(Instants(integers(times)), integers(nets), *map(floats, means))


def open_bets(cursor: CursorWrapper, scope: Scope) -> tuple[int, int]:
    """How many bets of the scope are open, and the cash staked on them in hundredths."""
    condition, given = scope.where("id")
    cursor.execute(OPEN.format(where=condition), given)
    count, stakes = cursor.fetchone()
    return count, int(100 * stakes)
