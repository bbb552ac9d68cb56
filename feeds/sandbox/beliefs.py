"""What the market thinks: expected margin and total, and the chances that follow from them and the score.

Pure arithmetic of the simulation. Points are near normal, with the exact variance of the process in `play`; goals are
Poisson. Chances are floats here: they are the world's hidden state, and only whole American odds leave it.
"""

from __future__ import annotations

import math
from itertools import accumulate
from typing import NamedTuple

from .leagues import LeagueModel, Scoring

_FIELD_GOAL = 0.15
_MAX_GOALS = 20


class Belief(NamedTuple):
    """Expected home margin and expected total of both sides, in regulation."""

    margin: float
    total: float


class Chances(NamedTuple):
    """Chances of winning, drawing and losing for the home side, and of a push where a line can be hit."""

    first: float
    push: float
    second: float


def side_means(belief: Belief) -> tuple[float, float]:
    """What each side is expected to score, never below a small share of the total."""
    floor = belief.total * 0.08
    home = max(floor, (belief.total + belief.margin) / 2)
    away = max(floor, (belief.total - belief.margin) / 2)
    return home, away


def stream_chance(mean: float, segments: int) -> float:
    """Chance of each of the three points a segment can bring."""
    return min(0.95, mean / segments / 3)


def drive_chances(mean: float, segments: int) -> tuple[float, float]:
    """Chances of seven and of three points in one drive; a side has every second segment."""
    seven = max(0.01, (mean / (segments / 2) - 3 * _FIELD_GOAL) / 7)
    return min(0.6, seven), _FIELD_GOAL


def _variance(model: LeagueModel, mean: float) -> float:
    regulation = model.periods * model.segments
    if model.scoring is Scoring.STREAM:
        chance = stream_chance(mean, regulation)
        return regulation * 3 * chance * (1 - chance)
    seven, three = drive_chances(mean, regulation)
    return regulation / 2 * (49 * seven + 9 * three - (7 * seven + 3 * three) ** 2)


def _below(value: float, mean: float, deviation: float) -> float:
    return 0.5 * math.erfc((mean - value) / (deviation * math.sqrt(2)))


def _line(mean: float, deviation: float, line: float) -> Chances:
    """Above, at, and below a line, for a whole-numbered quantity."""
    if line == int(line):
        low, high = _below(line - 0.5, mean, deviation), _below(line + 0.5, mean, deviation)
        return Chances(1 - high, high - low, low)
    low = _below(line, mean, deviation)
    return Chances(1 - low, 0.0, low)


class Outlook:
    """Chances of one game from belief, score (home, away) and the share of regulation played."""

    def __init__(self, model: LeagueModel, belief: Belief, home: int, away: int, elapsed: float) -> None:
        self.model = model
        self.home, self.away = home, away
        left = 1.0 - elapsed
        means = side_means(belief)
        self.left_home, self.left_away = means[0] * left, means[1] * left
        self.margin = home - away + self.left_home - self.left_away
        self.total = home + away + self.left_home + self.left_away
        if model.scoring is not Scoring.GOALS:
            variance = (_variance(model, means[0]) + _variance(model, means[1])) * left
            self.deviation = math.sqrt(max(variance, 0.05))

    def winner(self) -> Chances:
        """Home, draw, away. Where there is extra time, a level score after regulation is shared out."""
        if self.model.scoring is not Scoring.GOALS:
            first = 1 - _below(0.0, self.margin, self.deviation)
            return Chances(first, 0.0, 1 - first)
        first, level, second = _margin_over(self.left_home, self.left_away, self.away - self.home)
        if self.model.has_draw:
            return Chances(first, level, second)
        edge = 0.5 + max(-0.2, min(0.2, (self.left_home - self.left_away) / max(self.model.total, 0.1) / 2))
        return Chances(first + level * edge, 0.0, second + level * (1 - edge))

    def spread(self, home_point: float) -> Chances:
        """Home covers, push, away covers, with the home side given `home_point`."""
        if self.model.scoring is not Scoring.GOALS:
            return _line(self.margin, self.deviation, -home_point)
        return _margin_over(self.left_home, self.left_away, -home_point - (self.home - self.away))

    def totals(self, point: float) -> Chances:
        """Over, push, under."""
        if self.model.scoring is not Scoring.GOALS:
            return _line(self.total, self.deviation, point)
        level_at = None if self.model.has_draw else self.away - self.home
        return _total_over(self.left_home, self.left_away, point - self.home - self.away, level_at)


def _poisson(mean: float) -> list[float]:
    weights = [math.exp(-mean)]
    for count in range(1, _MAX_GOALS):
        weights.append(weights[-1] * mean / count)
    return weights


def _margin_over(home: float, away: float, line: float) -> Chances:
    """Chances that goals still to come for the home side exceed, meet or miss the away side's by `line`."""
    second = _poisson(away)
    up_to = [0.0, *accumulate(second)]
    over = push = 0.0
    whole = line == int(line)
    for scored, weight in enumerate(_poisson(home)):
        below = math.ceil(scored - line)
        over += weight * up_to[max(0, min(_MAX_GOALS, below))]
        if whole and 0 <= below < _MAX_GOALS:
            push += weight * second[below]
    return Chances(over, push, max(0.0, 1 - over - push))


def _total_over(home: float, away: float, line: float, level_at: int | None) -> Chances:
    """Goals still to come against a line; with extra time, a level end (home leads by `level_at`) brings one more."""
    weights = [*_poisson(home + away), 0.0]
    if level_at is not None:
        first, second = _poisson(home), _poisson(away)
        for scored in range(max(0, level_at), _MAX_GOALS):
            goals, conceded = 2 * scored - level_at, scored - level_at
            if conceded < _MAX_GOALS and goals < _MAX_GOALS:
                level = first[scored] * second[conceded]
                weights[goals] -= level
                weights[goals + 1] += level
    under = sum(weight for goals, weight in enumerate(weights) if goals < line)
    push = weights[int(line)] if line == int(line) and 0 <= line < len(weights) else 0.0
    return Chances(max(0.0, 1 - under - push), push, under)
