"""How fast legs are graded in memory by one process: moneylines, spreads, totals, quarter lines and props."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal

from bets.grading import LegTerms, Result, grade_leg

ODDS = Decimal("-109.890110")
NBA, EPL = "basketball_nba", "soccer_epl"
RESULTS = 2_000
TERMS = (
    LegTerms("h2h", "home", ODDS, None, "", False, NBA),
    LegTerms("h2h", "draw", ODDS, None, "", True, EPL),
    LegTerms("spreads", "away", ODDS, Decimal("3.5"), "", False, NBA),
    LegTerms("spreads", "home", ODDS, Decimal("-0.75"), "", False, EPL),
    LegTerms("totals", "over", ODDS, Decimal(220), "", False, NBA),
    LegTerms("totals_h1", "under", ODDS, Decimal("110.5"), "", False, NBA),
    LegTerms("team_totals", "over", ODDS, Decimal("108.5"), "Home", False, NBA),
    LegTerms("player_points", "under", ODDS, Decimal("24.5"), "A. Able", False, NBA),
)


@dataclass(frozen=True, slots=True)
class Graded:
    """Legs graded per second of one core's time, and how many got each status."""

    legs_per_s: float
    statuses: dict[str, int]


def measure(*, legs: int) -> Graded:
    """Grade ``legs`` legs one by one, each kind against many results; nothing is remembered between them."""
    ended = {sport: [result(sport, number) for number in range(RESULTS)] for sport in (NBA, EPL)}
    pairs = [
        (terms, ended[terms.sport][number % RESULTS])
        for number, terms in enumerate(itertools.islice(itertools.cycle(TERMS), legs))
    ]
    start = time.process_time()
    grades = [grade_leg(terms, game) for terms, game in pairs]
    seconds = time.process_time() - start
    return Graded(round(legs / seconds, 1), dict(Counter(grade.status for grade in grades)))


def result(sport: str, number: int) -> Result:
    """A final whose score varies with the number."""
    if sport == EPL:
        home, away = number % 5, number // 5 % 4
        periods: tuple[tuple[int, ...], tuple[int, ...]] = (
            (home // 2, home - home // 2),
            (away // 2, away - away // 2),
        )
    else:
        home, away = 95 + number % 31, 96 + number // 31 % 29
        periods = ((25, 26, 24, home - 75), (24, 27, 25, away - 76))
    return Result(
        status="final",
        home=home,
        away=away,
        home_periods=periods[0],
        away_periods=periods[1],
        home_name="Home",
        away_name="Away",
        stats={"player_points": Decimal(15 + number % 20)},
    )
