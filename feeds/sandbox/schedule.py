"""Who plays whom and when: a pure function of seed and day.

Round the clock every league starts a game each 25 minutes, the leagues five minutes apart; in its evening hours a game
each twenty minutes, listed days ahead. A club meets another at most once a day.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from .draws import number, stream, uniform
from .leagues import EASTERN, LeagueModel, Team, teams

EPOCH = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
FIRST_DAY = dt.date(2020, 1, 2)
LAST_DAY = dt.date(2046, 12, 31)
GRID = dt.timedelta(minutes=25)
STAGGER = dt.timedelta(minutes=5)
EVENING_GAMES = 11
EVENING_STEP = dt.timedelta(minutes=20)
LISTED_BEFORE = {"evening": dt.timedelta(days=3), "grid": dt.timedelta(hours=4)}
POSTPONED, CANCELLED = 0.008, 0.012
MAX_DELAY = 150.0
FEATURED_INDEX = 900


class Fate(Enum):
    """What becomes of a fixture."""

    PLAYED = "played"
    POSTPONED = "postponed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, kw_only=True)
class Fixture:
    """One game as drawn: `scheduled` is announced, `starts_at` is when it really begins."""

    model: LeagueModel
    day: dt.date
    index: int
    event_id: str
    espn_id: str
    home: Team
    away: Team
    scheduled: dt.datetime
    starts_at: dt.datetime
    listed_at: dt.datetime
    fate: Fate

    @property
    def called_off_at(self) -> dt.datetime | None:
        """When a postponement or cancellation becomes known."""
        return None if self.fate is Fate.PLAYED else self.scheduled - dt.timedelta(minutes=20)

    def commence_time(self, at: dt.datetime) -> dt.datetime:
        """The start as the feed tells it at an instant: rewritten when the game is late."""
        return self.scheduled if at < self.scheduled - dt.timedelta(minutes=1) else self.starts_at


@dataclass(frozen=True)
class Featured:
    """A game put into the schedule by hand: it starts on the second and is always played."""

    sport_key: str
    starts_at: dt.datetime


class Schedule:
    """All fixtures of one seed. `speed` shortens delays, `epoch` anchors the grid of starts."""

    def __init__(
        self, *, seed: object, speed: float, epoch: dt.datetime = EPOCH, featured: tuple[Featured, ...] = ()
    ) -> None:
        self.seed = seed
        self.speed = speed
        self.epoch = epoch
        self.featured = featured
        self.day = lru_cache(maxsize=128)(self._day)

    def find(self, sport: LeagueModel, event_id: str) -> Fixture | None:
        """The fixture of a feed's event id, or None."""
        try:
            code = int(event_id[16:], 16) ^ self._mask()
        except ValueError:
            return None
        if len(event_id) != 32 or code >> 32 != sport.number:
            return None
        return self._at(sport, (code >> 12) & 0xFFFFF, code & 0xFFF, event_id)

    def find_espn(self, sport: LeagueModel, espn_id: str) -> Fixture | None:
        """The fixture of an ESPN id, or None."""
        if len(espn_id) != 9 or not espn_id.isdigit() or espn_id[:2] != f"4{sport.number}":
            return None
        return self._at(sport, int(espn_id[2:6]), int(espn_id[6:]), None)

    def _at(self, sport: LeagueModel, offset: int, index: int, event_id: str | None) -> Fixture | None:
        day = EPOCH.date() + dt.timedelta(days=min(offset, 20_000))
        for fixture in self.day(sport, day):
            if fixture.index == index and event_id in (None, fixture.event_id):
                return fixture
        return None

    def _day(self, sport: LeagueModel, day: dt.date) -> tuple[Fixture, ...]:
        if not FIRST_DAY <= day <= LAST_DAY:
            return ()
        midnight = dt.datetime.combine(day, dt.time(), EASTERN).astimezone(dt.UTC)
        tomorrow = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), EASTERN).astimezone(dt.UTC)
        evening = self._evening(sport, day)
        busy_from, busy_to = evening[0] - GRID / 2, evening[-1] + GRID / 2
        offset = STAGGER * (sport.number - 1)
        first = -(-(midnight - self.epoch - offset) // GRID)
        grid = []
        while (start := self.epoch + offset + first * GRID) < tomorrow:
            if not busy_from <= start <= busy_to:
                grid.append(start)
            first += 1
        starts = sorted([(start, "evening") for start in evening] + [(start, "grid") for start in grid])
        pairs = self._pairs(sport, day)
        fixtures = [
            self._fixture(sport, day, index, start, kind, pairs[index % len(pairs)])
            for index, (start, kind) in enumerate(starts)
        ]
        for number_, game in enumerate(g for g in self.featured if g.sport_key == sport.sport_key):
            if midnight <= game.starts_at < tomorrow:
                pair = pairs[-1 - number_ % len(pairs)]
                fixtures.append(
                    self._fixture(sport, day, FEATURED_INDEX + number_, game.starts_at, "grid", pair)
                )
        return tuple(sorted(fixtures, key=lambda fixture: (fixture.scheduled, fixture.index)))

    def _evening(self, sport: LeagueModel, day: dt.date) -> list[dt.datetime]:
        hour = 7 if sport.has_draw else 19
        first = dt.datetime.combine(day, dt.time(hour, sport.first_evening_minute), EASTERN)
        return [first.astimezone(dt.UTC) + EVENING_STEP * step for step in range(EVENING_GAMES)]

    def _pairs(self, sport: LeagueModel, day: dt.date) -> list[tuple[Team, Team]]:
        """All rounds of a round robin in a drawn order: neighbours in the list share no club."""
        clubs = list(teams(sport.sport_key))
        stream(self.seed, "pairs", sport.sport_key, day).shuffle(clubs)
        half = len(clubs) // 2
        pairs: list[tuple[Team, Team]] = []
        for turn in range(len(clubs) - 1):
            ring = clubs[1:]
            ring = ring[turn:] + ring[:turn]
            line = [clubs[0], *ring]
            games = [(line[i], line[-1 - i]) for i in range(half)]
            pairs += [(b, a) if (turn + i) % 2 else (a, b) for i, (a, b) in enumerate(games)]
        return pairs

    def _fixture(
        self,
        sport: LeagueModel,
        day: dt.date,
        index: int,
        start: dt.datetime,
        kind: str,
        pair: tuple[Team, Team],
    ) -> Fixture:
        words = (self.seed, sport.sport_key, day, index)
        by_hand = index >= FEATURED_INDEX
        luck = 1.0 if by_hand else uniform(*words, "fate")
        fate = Fate.POSTPONED if luck < POSTPONED else Fate.CANCELLED if luck < CANCELLED else Fate.PLAYED
        late = uniform(*words, "late")
        delay = 0.0 if by_hand or late < 0.6 else (late - 0.6) / 0.4 * MAX_DELAY * min(1.0, 15.0 / self.speed)
        offset = (day - EPOCH.date()).days
        code = sport.number << 32 | offset << 12 | index
        return Fixture(
            model=sport,
            day=day,
            index=index,
            event_id=f"{number(*words, 'id'):016x}{code ^ self._mask():016x}",
            espn_id=f"4{sport.number}{offset:04d}{index:03d}",
            home=pair[0],
            away=pair[1],
            scheduled=start,
            starts_at=start + dt.timedelta(seconds=int(delay)),
            listed_at=start - LISTED_BEFORE[kind],
            fate=fate,
        )

    def _mask(self) -> int:
        return number(self.seed, "mask") & 0xFFFF_FFFF_FFFF_FFFF
