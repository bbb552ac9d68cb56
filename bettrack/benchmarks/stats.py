"""How fast a long record is read: all its statistics, from a new connection, nothing kept from before."""

from __future__ import annotations

import statistics as medians
import time
from collections.abc import Callable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from bets.stats import Record, default_pot, read_record, read_series, refresh, rolls_of, whole
from bets.stats.page import chart_data
from bettrack.benchmarks.scratch import scratch_database
from bettrack.benchmarks.stats_data import fill

ZONE = "America/New_York"


@dataclass(frozen=True, slots=True)
class Measured:
    """``ms`` is the median of cold readings of what the page shows, SQL and Python; ``all_ms`` with every break-down.

    ``chart_ms`` is of what the page's chart shows, which the browser asks for by itself.
    ``derive_ms`` is what deriving all figures took once.
    """

    ms: float
    best_ms: float
    all_ms: float
    chart_ms: float
    python_ms: float
    statements: int
    bets: int
    derive_ms: float


def measure(*, bets: int, rounds: int) -> Measured:
    """Read the statistics of one person with so many settled bets beside another's, in a database of its own."""
    with scratch_database(f"{connection.settings_dict['NAME']}_benchmark"):
        owner = fill(bets=bets, now=timezone.now())
        start = time.perf_counter()
        refresh()
        derived = time.perf_counter() - start
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        everything, _ = cold(lambda: look(owner, None), rounds)
        taken, worked = cold(lambda: look(owner, "sport"), rounds)
        drawn, _ = cold(lambda: draw(owner), rounds)
        with CaptureQueriesContext(connection) as queries:
            record = look(owner, None)
        if record.sums.bets != bets:
            raise RuntimeError(f"{record.sums.bets} of {bets} bets were read.")
    return Measured(
        ms=round(medians.median(taken), 1),
        best_ms=round(min(taken), 1),
        all_ms=round(medians.median(everything), 1),
        chart_ms=round(medians.median(drawn), 1),
        python_ms=round(medians.median(worked), 1),
        statements=len(queries),
        bets=bets,
        derive_ms=round(1000 * derived, 1),
    )


def cold(read: Callable[[], object], rounds: int) -> tuple[list[float], list[float]]:
    """Milliseconds of each reading over a new connection, and of the processor's time that Python had of them."""
    taken, worked = [], []
    for _ in range(rounds):
        connection.close()
        connection.ensure_connection()
        start, cpu = time.perf_counter(), time.process_time()
        read()
        taken.append(1000 * (time.perf_counter() - start))
        worked.append(1000 * (time.process_time() - cpu))
    return taken, worked


def look(owner: User, by: str | None) -> Record:
    """Read everything that the page shows of the person's bets, what is only worked out when asked for too."""
    rolls = rolls_of(owner)
    pot = default_pot(rolls)
    if pot is None:
        raise RuntimeError("The person has no bankroll.")
    record = read_record(owner, whole(rolls, pot, ZONE), by)
    figures = (record.drawdown, record.streaks, record.expectation, record.luck, record.test)
    if not all(figures) or not record.series.months(ZoneInfo(ZONE)):
        raise RuntimeError("A figure is missing.")
    return record


def draw(owner: User) -> None:
    """Read what the chart of the page shows."""
    rolls = rolls_of(owner)
    pot = default_pot(rolls)
    if pot is None:
        raise RuntimeError("The person has no bankroll.")
    scope = whole(rolls, pot, ZONE)
    if not chart_data(read_series(owner, scope), scope)["expected"]:
        raise RuntimeError("The chart has no expectation.")
