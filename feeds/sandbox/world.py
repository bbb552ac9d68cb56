"""The simulated world: a pure function of (seed, instant). Nothing is stored, so any process tells the same past."""

from __future__ import annotations

import datetime as dt
from functools import cache

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from .leagues import EASTERN, LEAGUES, LeagueModel
from .market import Market
from .play import Play, Standing
from .schedule import EPOCH, Fate, Featured, Fixture, Schedule

DAYS_AHEAD = 4


class World:
    """Fixtures, scores and prices of one seed.

    `speed` is how much faster than life games run (15: an NBA game takes ten minutes); start times are real clock times.
    `epoch` anchors the grid of starts (basketball starts on it); `featured` adds games that start at a given second.
    """

    def __init__(
        self,
        *,
        seed: object = 7,
        speed: float = 15.0,
        epoch: dt.datetime = EPOCH,
        featured: tuple[Featured, ...] = (),
    ) -> None:
        if not 0.1 <= speed <= 100_000:
            raise ValueError(f"speed {speed} is not between 0.1 and 100000")
        self.seed = seed
        self.speed = speed
        self.schedule = Schedule(seed=seed, speed=speed, epoch=epoch, featured=featured)
        self.market = Market(self.schedule)

    @classmethod
    def from_settings(cls) -> World:
        """The world of SANDBOX_SEED, SANDBOX_SPEED and SANDBOX_FEATURED (`sport@2026-11-21T02:00:00Z,…`)."""
        featured = parse_featured(settings.SANDBOX_FEATURED)
        try:
            return _world(settings.SANDBOX_SEED, settings.SANDBOX_SPEED, featured)
        except ValueError as error:
            raise ImproperlyConfigured(f"SANDBOX_SPEED: {error}") from error

    def day(self, sport: LeagueModel, day: dt.date) -> tuple[Fixture, ...]:
        """The games of a US Eastern calendar day, by start."""
        return self.schedule.day(sport, day)

    def listed(self, sport: LeagueModel, at: dt.datetime) -> list[Fixture]:
        """The games the odds feed shows at an instant: announced, and neither over nor called off."""
        today = at.astimezone(EASTERN).date()
        days = (today + dt.timedelta(days=offset) for offset in range(-1, DAYS_AHEAD + 1))
        return [
            fixture
            for day in days
            for fixture in self.day(sport, day)
            if fixture.listed_at <= at and not self.market.is_over(fixture, at)
        ]

    def recent(self, sport: LeagueModel, at: dt.datetime, days: int) -> list[Fixture]:
        """The played games that ended within the last `days` days."""
        today = at.astimezone(EASTERN).date()
        since = at - dt.timedelta(days=days)
        return [
            fixture
            for offset in range(-days - 1, 1)
            for fixture in self.day(sport, today + dt.timedelta(days=offset))
            if fixture.fate is Fate.PLAYED
            and fixture.starts_at <= at
            and since <= self.market.play(fixture).ends_at <= at
        ]

    def play(self, fixture: Fixture) -> Play:
        """The game as it goes or went."""
        return self.market.play(fixture)

    def standing(self, fixture: Fixture, at: dt.datetime) -> Standing:
        """Score, period and clock at an instant."""
        return self.market.play(fixture).standing(at)


@cache
def _world(seed: int, speed: float, featured: tuple[Featured, ...]) -> World:
    return World(seed=seed, speed=speed, featured=featured)


def parse_featured(text: str) -> tuple[Featured, ...]:
    """`basketball_nba@2026-11-21T02:00:00Z`, several parted by commas. Raises ImproperlyConfigured."""
    games = []
    for entry in filter(None, (part.strip() for part in text.split(","))):
        sport_key, _, instant = entry.partition("@")
        try:
            starts_at = dt.datetime.fromisoformat(instant)
        except ValueError:
            starts_at = None
        if sport_key not in LEAGUES or starts_at is None or starts_at.tzinfo is None:
            raise ImproperlyConfigured(
                f"SANDBOX_FEATURED: {entry!r} is not a sport of the sandbox ({', '.join(LEAGUES)}), an @ "
                "and an ISO time with a zone"
            )
        games.append(Featured(sport_key, starts_at.astimezone(dt.UTC).replace(microsecond=0)))
    return tuple(games)
