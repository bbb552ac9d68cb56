"""Which part of a game's score counts for a market, and whether an unfinished game counts at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache

from bets.grading.terms import Result, Undecidable
from bets.rules import GameFormat, Rule, game_format
from odds.markets import PERIODS, split_period

EXTRA_TIME_MARKS = ("AET", "PEN", "OVERTIME", "SHOOTOUT", "EXTRA")
PERIOD_MINUTES = (
    ("americanfootball_", 15),
    ("basketball_nba", 12),
    ("basketball_ncaab", 20),
    ("basketball_", 10),
    ("icehockey_", 20),
)
"""Minutes of a regulation period whose clock runs down, by sport key prefix, the most specific first."""
TIME_LEFT = re.compile(r"(\d{1,2}):(\d{2})")
INNINGS = {"1st_1_innings": 1, "1st_3_innings": 3, "1st_5_innings": 5, "1st_7_innings": 7}


@dataclass(frozen=True, slots=True)
class Segment:
    """Periods that count, from ``first`` to ``last`` (1 is the first; None: to the end, overtime in)."""

    first: int
    last: int | None
    part: str = ""

    @property
    def is_whole_game(self) -> bool:
        return self.first == 1 and self.last is None


WHOLE = Segment(1, None)


@cache
def segment_of(sport: str, market: str, overtime: bool) -> Segment:
    """Return which periods of a game count for a market. Raises Undecidable if the sport has no such part.

    A second half takes overtime in where overtime counts; a fourth quarter and a third period never do.
    """
    period, form = split_period(market)[1], game_format(sport)
    if not period:
        return WHOLE if overtime or form is None else Segment(1, form.regulation)
    part = PERIODS[period]
    if form is not None:
        number = int(period[1]) if period[0] in "qhp" else 0
        if period[0] == "q" and form.regulation == 4:
            return Segment(number, number, part)
        if period[0] == "p" and form.regulation == 3:
            return Segment(number, number, part)
        if period[0] == "h" and form.half is not None:
            end = None if overtime else form.regulation
            return Segment(1, form.half, part) if number == 1 else Segment(form.half + 1, end, part)
        if period in INNINGS and form.regulation == 9:
            return Segment(1, INNINGS[period], part)
    raise Undecidable(f"Games of {sport or 'an unnamed sport'} have no {part} that is known.")


def counted_score(sport: str, market: str, rule: Rule, result: Result) -> tuple[int, int]:
    """Return the (home, away) score that counts under the rule. Raises Undecidable when it is unknown."""
    if result.home is None or result.away is None:
        raise Undecidable("The game is final but its score is missing.")
    segment = segment_of(sport, market, rule.overtime)
    if segment.is_whole_game:
        return result.home, result.away
    form = game_format(sport)
    if form is None:
        raise Undecidable(f"How games of {sport} are divided is not known.")
    if result.home_periods and result.away_periods:
        return score_by_period(segment, form, result, (result.home, result.away))
    if segment.part:
        raise Undecidable(f"Only the {segment.part} counts, and the score by period is missing.")
    return score_without_periods(form, result, (result.home, result.away))


def score_without_periods(form: GameFormat, result: Result, final: tuple[int, int]) -> tuple[int, int]:
    """Return the final score where it must be that of regulation time: nothing tells of overtime."""
    marked = any(mark in result.detail.upper() for mark in EXTRA_TIME_MARKS)
    lead = abs(final[0] - final[1])
    if not marked and (form.extra_time_is_rare or lead == 0 or (form.sudden_death and lead > 1)):
        return final
    raise Undecidable("Only regulation time counts, and the score by period is missing.")


def score_by_period(
    segment: Segment, form: GameFormat, result: Result, final: tuple[int, int]
) -> tuple[int, int]:
    """Add up the periods that count; a game without overtime must add up to its final score."""
    home, away = result.home_periods, result.away_periods
    if max(len(home), len(away)) <= form.regulation and (sum(home), sum(away)) != final:
        added = f"{sum(home)}–{sum(away)}"
        raise Undecidable(f"The periods add up to {added} but the final score is {final[0]}–{final[1]}.")
    last = segment.last
    if last is None:
        before = segment.first - 1
        require(min(len(home), len(away)) >= form.regulation, form.regulation)
        return final[0] - sum(home[:before]), final[1] - sum(away[:before])
    if segment.part:
        require(min(len(home), len(away)) >= last, last)
    first = segment.first - 1
    return sum(home[first:last]), sum(away[first:last])


def require(enough: bool, periods: int) -> None:
    if not enough:
        raise Undecidable(f"The score by period does not reach period {periods}.")


def part_is_complete(sport: str, market: str, rule: Rule, result: Result) -> bool:
    """Tell whether the market's own part of a game that broke off had been played to its end."""
    segment = segment_of(sport, market, rule.overtime)
    if not segment.part or segment.last is None:
        return False
    played = min(len(result.home_periods), len(result.away_periods))
    return played >= segment.last if result.status == "final" else played > segment.last


def minutes_played(sport: str, period: int, clock: str) -> Decimal | None:
    """Return the minutes of regulation time played when the scoreboard showed ``4:59 - 4th``; None if it does not tell.

    A clock that stands at zero does not tell whether its period ended.
    """
    length = next((minutes for prefix, minutes in PERIOD_MINUTES if sport.startswith(prefix)), None)
    form = game_format(sport)
    if length is None or form is None or period < 1:
        return None
    if period > form.regulation:
        return Decimal(length * form.regulation)
    left = TIME_LEFT.search(clock)
    if clock.startswith("End of"):
        seconds = 0
    elif left is None or (seconds := int(left[1]) * 60 + int(left[2])) == 0 or seconds > length * 60:
        return None
    return (Decimal(period * length * 60) - seconds) / 60


def is_short(rule: Rule, result: Result) -> bool:
    """Tell whether a final game had fewer innings than the rule asks for, all of them being known."""
    if not rule.official_innings or not result.home_periods:
        return False
    known = (sum(result.home_periods), sum(result.away_periods)) == (result.home, result.away)
    return known and not innings_suffice(rule, result)


def innings_suffice(rule: Rule, result: Result) -> bool:
    """Tell whether the innings asked for were played, half an inning less with the home side ahead."""
    asked = rule.official_innings or 0
    away, home = result.away_periods, result.home_periods
    ahead = sum(home) > sum(away)
    return len(away) >= asked and (len(home) >= asked or (ahead and len(home) >= asked - 1))


def is_official(rule: Rule, result: Result) -> bool:
    """Tell whether a game that broke off counts. Raises Undecidable if what was played is not known."""
    if rule.official_innings:
        if not result.away_periods:
            raise Undecidable("The game was abandoned and its score by inning is missing.")
        level = sum(result.home_periods) <= sum(result.away_periods)
        if len(result.away_periods) == len(result.home_periods) == rule.official_innings and level:
            raise Undecidable("The game was abandoned; whether its last inning was completed is not known.")
        return innings_suffice(rule, result)
    if rule.official_minutes:
        if result.minutes is None:
            raise Undecidable("The game was abandoned; how many minutes were played is not known.")
        return result.minutes >= rule.official_minutes
    return False


def score_at_break(rule: Rule, result: Result) -> tuple[int, int]:
    """Return the score of an official game that broke off: as it stood, or after its last full period."""
    if result.home is None or result.away is None:
        raise Undecidable("The game was abandoned and its score is missing.")
    if rule.suspended != "last_full_period":
        return result.home, result.away
    home, away = result.home_periods, result.away_periods
    full = max(len(home), len(away)) - 1
    score = sum(home[:full]), sum(away[:full])
    if len(home) == len(away) and score != (result.home, result.away):
        raise Undecidable("The game was abandoned; whether its last inning was completed is not known.")
    return score
