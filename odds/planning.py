"""Which polls are worth their credits: a schedule within a budget, denser towards the start. Pure: no Django.

A league's games that start close together are a slate; one poll of the league serves the whole slate. Before each slate
stands a ladder of polls whose distances from the start grow by a ratio, so that polls get denser towards it. There are
``LEVELS`` of effort, from one poll a day's slate to one a minute; every league is raised, level by level and in turn,
as far as the budget allows.
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

MONTH_DAYS: Final = 30
SHORTEST: Final = dt.timedelta(seconds=60)
"""The provider renews prices about once a minute: asking more often buys nothing."""
IN_PLAY: Final = dt.timedelta(hours=3)
"""How long after the last start of a slate its games are taken to be in play."""


@dataclass(frozen=True)
class Level:
    """How hard a league is polled.

    Games starting within ``width`` of the first are one slate. The last poll is ``nearest`` before its start, the ones
    before it ``ratio`` times as far each, up to ``depth``. ``live_every`` polls games in play; None does not.
    """

    words: str
    width: dt.timedelta
    nearest: dt.timedelta
    ratio: float
    depth: dt.timedelta
    live_every: dt.timedelta | None = None

    def offsets(self) -> list[dt.timedelta]:
        """Distances of the polls from the start, nearest first; the gaps between them never shrink."""
        found = [self.nearest]
        while True:
            further = max(found[-1] * self.ratio, found[-1] + SHORTEST)
            if further > self.depth:
                return found
            found.append(further)


def _level(
    words: str, width: int, nearest: int, ratio: float, depth: int, live_every: int | None = None
) -> Level:
    minutes = [dt.timedelta(minutes=count) for count in (width, nearest, depth)]
    live = dt.timedelta(minutes=live_every) if live_every else None
    return Level(words, minutes[0], minutes[1], ratio, minutes[2], live)


LEVELS: Final = (
    _level("once before each eight hours of starts", 480, 15, 2, 15),
    _level("once before each three hours of starts", 180, 10, 2, 10),
    _level("twice before each slate", 180, 10, 18, 180),
    _level("three times from the day before", 120, 10, 12, 1_440),
    _level("four times from the day before", 60, 10, 5, 1_440),
    _level("six times, three times as often each", 60, 8, 3, 2_160),
    _level("nine times, doubling towards the start", 30, 5, 2, 2_160),
    _level("densely, and hourly in play", 15, 5, 1.5, 2_160, 60),
    _level("very densely, and every 20 minutes in play", 15, 4, 1.25, 2_160, 20),
    _level("every few minutes near the start, every 10 in play", 10, 3, 1.1, 2_160, 10),
    _level("every minute or two near the start, every 4 in play", 5, 2, 1.03, 2_160, 4),
    _level("every minute near the start, every 2 in play", 5, 1, 1.01, 2_160, 2),
)


@dataclass(frozen=True)
class League:
    """A sport with the starts (UTC) of its games and the credits of one poll."""

    key: str
    cost: int
    starts: tuple[dt.datetime, ...]


@dataclass(frozen=True, order=True)
class Pull:
    """A planned poll of a league for the slate of ``games`` that begins at ``start``."""

    at: dt.datetime
    league: str
    cost: int
    start: dt.datetime
    games: int

    @property
    def lead(self) -> dt.timedelta:
        """How long before the slate's start; negative in play."""
        return self.start - self.at


@dataclass(frozen=True)
class Slate:
    start: dt.datetime
    last: dt.datetime
    games: int


@dataclass
class Plan:
    """A schedule in order of time. ``levels`` counts from 1; 0 is a league of which only some slates could be paid."""

    budget: int
    pulls: list[Pull] = field(default_factory=list)
    levels: dict[str, int] = field(default_factory=dict)

    @property
    def spent(self) -> int:
        return sum(pull.cost for pull in self.pulls)

    def of(self, league: str) -> list[Pull]:
        return [pull for pull in self.pulls if pull.league == league]


def allowance(*, left: int, now: dt.datetime, period_end: dt.datetime, until: dt.datetime) -> int:
    """The share of the credits left that may be spent by ``until``, were they spread evenly over the period."""
    if left <= 0 or until <= now:
        return 0
    rest = max(period_end, until) - now
    return left * int((until - now).total_seconds()) // max(1, int(rest.total_seconds()))


def monthly_cost(
    *, sports: int, markets: int, regions: int, every: dt.timedelta, hours_a_day: int = 24
) -> int:
    """Credits of polling everything at one cadence for thirty days, by the provider's price list.

    Raises ValueError for a cadence that is not above zero.
    """
    if every <= dt.timedelta(0):
        raise ValueError("the cadence must be above zero")
    polls = math.ceil(dt.timedelta(hours=hours_a_day) / every)
    return polls * MONTH_DAYS * sports * markets * regions


def slates(starts: Iterable[dt.datetime], width: dt.timedelta) -> list[Slate]:
    """Group starts: a slate holds those within ``width`` of its first."""
    found: list[Slate] = []
    for start in sorted(starts):
        if found and start - found[-1].start <= width:
            found[-1] = Slate(found[-1].start, start, found[-1].games + 1)
        else:
            found.append(Slate(start, start, 1))
    return found


def schedule(league: League, level: Level, *, since: dt.datetime, until: dt.datetime) -> list[Pull]:
    """The polls of a league at a level within [since, until], in order of time.

    A poll that another slate's nearer poll serves as well (closer than half its own gap) is left out.
    """
    steps = level.offsets()
    gaps = [steps[0], *(further - nearer for nearer, further in itertools.pairwise(steps))]
    kept: list[dt.datetime] = []
    pulls: list[Pull] = []
    grouped = slates(league.starts, level.width)
    for offset, gap in zip(steps, gaps, strict=True):
        for slate in grouped:
            _add(pulls, kept, league, slate, slate.start - offset, gap / 2, (since, until))
    if level.live_every is not None:
        for slate in grouped:
            at = slate.start + level.live_every
            while at <= slate.last + IN_PLAY:
                _add(pulls, kept, league, slate, at, level.live_every / 2, (since, until))
                at += level.live_every
    return sorted(pulls)


def _add(
    pulls: list[Pull],
    kept: list[dt.datetime],
    league: League,
    slate: Slate,
    at: dt.datetime,
    apart: dt.timedelta,
    window: tuple[dt.datetime, dt.datetime],
) -> None:
    if not window[0] <= at <= window[1]:
        return
    place = bisect_left(kept, at)
    apart = max(apart, SHORTEST)
    if any(abs(at - other) < apart for other in kept[max(0, place - 1) : place + 1]):
        return
    insort(kept, at)
    pulls.append(Pull(at, league.key, league.cost, slate.start, slate.games))


def make_plan(leagues: Sequence[League], *, budget: int, since: dt.datetime, until: dt.datetime) -> Plan:
    """The densest schedule within [since, until] that costs at most ``budget`` credits.

    Leagues with most games come first where the budget does not reach for all. Of a league for which even the lowest
    level is too dear, the slates with most games are polled.
    """
    plan = Plan(max(0, budget))
    chosen: dict[str, list[Pull]] = {}
    left = plan.budget
    order = sorted(leagues, key=lambda league: (-len(league.starts), league.key))
    for number, level in enumerate(LEVELS, start=1):
        for league in order:
            if plan.levels.get(league.key, 0) != number - 1:
                continue
            denser = schedule(league, level, since=since, until=until)
            more = league.cost * (len(denser) - len(chosen.get(league.key, ())))
            if more <= left:
                left -= more
                chosen[league.key], plan.levels[league.key] = denser, number
    for league in order:
        if league.key not in chosen:
            best = _best_slates(league, left, since=since, until=until)
            left -= league.cost * len(best)
            chosen[league.key], plan.levels[league.key] = best, 0
    plan.pulls = sorted(pull for pulls in chosen.values() for pull in pulls)
    return plan


def _best_slates(league: League, left: int, *, since: dt.datetime, until: dt.datetime) -> list[Pull]:
    pulls = schedule(league, LEVELS[0], since=since, until=until)
    most = left // league.cost if league.cost else len(pulls)
    return sorted(pulls, key=lambda pull: (-pull.games, pull.at))[:most]
