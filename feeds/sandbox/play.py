"""How a game goes: segments of scoring laid on a wall-clock timeline, all drawn in advance from the closing belief."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass
from functools import cached_property

from .beliefs import Belief, drive_chances, side_means, stream_chance
from .draws import stream
from .leagues import LeagueModel, Scoring
from .schedule import Fixture

_MAX_OVERTIMES = 6
_PAUSE = 2.0
_LATE_KICK = 0.8


@dataclass(frozen=True)
class Phase:
    """A stretch of wall time: a period with its segments, or the break after it. Seconds from the start."""

    period: int
    is_break: bool
    start: float
    end: float
    clock: int
    first_segment: int
    segments: int


@dataclass(frozen=True)
class Standing:
    """A game at an instant: `done` counts regulation segments behind it (0 to 1 as `elapsed`)."""

    started: bool
    final: bool
    period: int
    in_break: bool
    clock_left: float
    elapsed: float
    done: int
    home: int
    away: int
    home_periods: tuple[int, ...]
    away_periods: tuple[int, ...]
    overtime: bool


def wall_minutes(model: LeagueModel) -> tuple[float, float]:
    """The shortest and a bound of the longest game, in minutes at speed 1."""
    regulation = model.periods * model.period_wall + sum(model.breaks)
    extra = (_MAX_OVERTIMES + 1) * (_PAUSE + model.overtime_wall) if model.overtime_segments else 0.0
    return regulation, regulation + extra + 1


class Play:
    """A drawn game: what each side scores in each segment, and when."""

    def __init__(self, fixture: Fixture, closing: Belief, *, seed: object, speed: float) -> None:
        self.fixture = fixture
        self.model: LeagueModel = fixture.model
        self.speed = speed
        self._closing = closing
        self._luck = stream(seed, "play", fixture.event_id)
        self.home: list[int] = []
        self.away: list[int] = []
        self.phases: list[Phase] = []
        self.shootout = False
        self._regulation()
        self._overtime()

    @cached_property
    def ends_at(self) -> dt.datetime:
        """When it is over."""
        return self.fixture.starts_at + dt.timedelta(seconds=self.phases[-1].end)

    def standing(self, at: dt.datetime) -> Standing:
        """Where the game stands at an instant."""
        offset = (at - self.fixture.starts_at).total_seconds()
        phases = self.phases
        if offset < 0:
            return Standing(False, False, 0, False, self.model.period_clock, 0.0, 0, 0, 0, (), (), False)
        final = offset >= phases[-1].end
        phase = phases[-1] if final else next(p for p in phases if offset < p.end)
        share = 1.0 if final or phase.is_break else (offset - phase.start) / (phase.end - phase.start)
        done = phase.first_segment + int(phase.segments * share)
        total = self.model.periods * self.model.segments
        home_periods, away_periods = self._by_period(done, phase.period)
        return Standing(
            started=True,
            final=final,
            period=phase.period,
            in_break=phase.is_break,
            clock_left=phase.clock * (1 - share),
            elapsed=min(1.0, done / total),
            done=done,
            home=sum(home_periods),
            away=sum(away_periods),
            home_periods=home_periods,
            away_periods=away_periods,
            overtime=phase.period > self.model.periods,
        )

    def _by_period(self, done: int, period: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        home, away = [], []
        for phase in self.phases:
            if phase.is_break or phase.period > period:
                continue
            first, last = phase.first_segment, min(phase.first_segment + phase.segments, done)
            home.append(sum(self.home[first:last]))
            away.append(sum(self.away[first:last]))
        return tuple(home), tuple(away)

    def _regulation(self) -> None:
        model = self.model
        total = model.periods * model.segments
        score = {Scoring.STREAM: self._stream, Scoring.DRIVES: self._drives, Scoring.GOALS: self._goals}
        score[model.scoring](total, total)
        clock = 0.0
        for period in range(1, model.periods + 1):
            clock = self._phase(period, False, clock, model.period_wall, model.segments)
            if period < model.periods:
                clock = self._phase(period, True, clock, model.breaks[period - 1], 0)

    def _overtime(self) -> None:
        """Extra periods until somebody leads; hockey stops at the first goal and then shoots it out."""
        model = self.model
        if not model.overtime_segments:
            return
        period = model.periods
        while sum(self.home) == sum(self.away):
            period += 1
            if model.scoring is Scoring.DRIVES and period > model.periods + 1:
                return  # football lets a tie stand
            end = self._phase(period - 1, True, self.phases[-1].end, _PAUSE, 0)
            before = len(self.home)
            if period > model.periods + (1 if model.scoring is Scoring.GOALS else _MAX_OVERTIMES):
                self._decide(1)
                self.shootout = model.scoring is Scoring.GOALS
            elif model.scoring is Scoring.GOALS:
                self._sudden_death(model.overtime_segments)
            elif model.scoring is Scoring.DRIVES:
                self._drives(model.overtime_segments, model.periods * model.segments)
                if sum(self.home) == sum(self.away) and self._luck.random() < _LATE_KICK:
                    self._decide(3)
            else:
                self._stream(model.overtime_segments, model.periods * model.segments)
            self._phase(period, False, end, model.overtime_wall, len(self.home) - before)

    def _phase(self, period: int, is_break: bool, start: float, minutes: float, segments: int) -> float:
        end = start + minutes * 60 / self.speed
        first = sum(phase.segments for phase in self.phases)
        clock = 0 if is_break else self.model.period_clock
        if not is_break and period > self.model.periods:
            clock = self.model.overtime_clock
        self.phases.append(Phase(period, is_break, start, end, clock, first, segments))
        return end

    def _stream(self, segments: int, regulation: int) -> None:
        draw = self._luck.random
        for side, mean in zip((self.home, self.away), side_means(self._closing), strict=True):
            chance = stream_chance(mean, regulation)
            side += [(draw() < chance) + (draw() < chance) + (draw() < chance) for _ in range(segments)]

    def _goals(self, segments: int, regulation: int) -> None:
        draw = self._luck.random
        for side, mean in zip((self.home, self.away), side_means(self._closing), strict=True):
            chance = mean / regulation
            side += [int(draw() < chance) for _ in range(segments)]

    def _drives(self, segments: int, regulation: int) -> None:
        """Segments are drives, the sides taking turns: a touchdown, a field goal, or nothing."""
        for turn, mean in enumerate(side_means(self._closing)):
            seven, three = drive_chances(mean, regulation)
            side = self.away if turn else self.home
            side += [_drive(self._luck, seven, three) if i % 2 == turn else 0 for i in range(segments)]

    def _sudden_death(self, segments: int) -> None:
        for _ in range(segments):
            if self._luck.random() < 0.11:
                self._decide(1)
                return
            self.home.append(0)
            self.away.append(0)

    def _decide(self, points: int) -> None:
        home, away = side_means(self._closing)
        at_home = self._luck.random() < home / (home + away)
        self.home.append(points if at_home else 0)
        self.away.append(0 if at_home else points)


def _drive(luck: random.Random, seven: float, three: float) -> int:
    value = luck.random()
    return 7 if value < seven else 3 if value < seven + three else 0
