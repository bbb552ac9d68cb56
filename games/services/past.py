"""Games of the past from results files: found among ours, else made, with their results."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from django.db import transaction

from games.models import Game, GameStatus, ResultSource, ScoreReading, Team
from games.services.fixtures import match_title
from games.team_directory import TeamDirectory

SAME_GAME: Final = dt.timedelta(hours=18)
"""The same two teams do not meet twice at the same place within this; a doubleheader is told apart by who is nearer."""
OPEN: Final = (GameStatus.SCHEDULED, GameStatus.LIVE)


class PastFixture(Protocol):
    """A game as a results file gives it; the scores are both None where it has not been played."""

    external_id: str
    sport_key: str
    home: str
    away: str
    start: dt.datetime
    home_score: int | None
    away_score: int | None


@dataclass
class PastGames:
    """The game of each fixture in their order, and what had to be written; ``differing`` have another result here."""

    games: list[Game] = field(default_factory=list)
    new: int = 0
    results: int = 0
    differing: list[int] = field(default_factory=list)
    new_teams: list[str] = field(default_factory=list)


@transaction.atomic
def record_past_games(*, fixtures: Sequence[PastFixture], now: dt.datetime) -> PastGames:
    """Find the game of each fixture, by id or else by sport, teams and start, or make it; enter missing results.

    A result on record is never changed. Teams go by name and alias; one nobody knows is made. The sports must exist.
    The number of statements does not depend on that of the fixtures.
    """
    found = PastGames()
    if not fixtures:
        return found
    directory = _teams(fixtures, found)
    known = _known(fixtures, directory)
    missing: list[Game] = []
    for fixture in fixtures:
        sides = _sides(fixture, directory)
        game = known.take(fixture, sides)
        if game is None:
            game = _new(fixture, sides)
            missing.append(game)
        found.games.append(game)
    Game.objects.bulk_create(missing)
    found.new = len(missing)
    _results(fixtures, found, now)
    return found


def _teams(fixtures: Sequence[PastFixture], found: PastGames) -> TeamDirectory:
    sports = {fixture.sport_key for fixture in fixtures}
    directory = TeamDirectory.of_sports(sports)
    names = {(fixture.sport_key, name) for fixture in fixtures for name in (fixture.home, fixture.away)}
    missing = sorted(pair for pair in names if directory.find(*pair) is None)
    made = Team.objects.bulk_create([Team(sport_id=sport, name=name) for sport, name in missing])
    for team in made:
        directory.add(team.id, team.sport_id, team.name, None)
    found.new_teams = [name for _, name in missing]
    return directory


Sides = tuple[uuid.UUID | None, uuid.UUID | None]


def _sides(fixture: PastFixture, directory: TeamDirectory) -> Sides:
    return directory.find(fixture.sport_key, fixture.home), directory.find(fixture.sport_key, fixture.away)


class _Known:
    def __init__(self, games: Sequence[Game]) -> None:
        self.by_id = {game.external_id: game for game in games}
        self.by_sides: dict[Sides, list[Game]] = defaultdict(list)
        for game in games:
            self.by_sides[game.home_team_id, game.away_team_id].append(game)

    def take(self, fixture: PastFixture, sides: Sides) -> Game | None:
        """The fixture's game; one found by its teams is no other fixture's."""
        if fixture.external_id in self.by_id:
            return self.by_id[fixture.external_id]
        near = [
            game
            for game in self.by_sides[sides]
            if game.sport_id == fixture.sport_key and abs(game.commence_time - fixture.start) < SAME_GAME
        ]
        if not near:
            return None
        nearest = min(near, key=lambda game: (abs(game.commence_time - fixture.start), game.external_id))
        self.by_sides[sides].remove(nearest)
        return nearest


def _known(fixtures: Sequence[PastFixture], directory: TeamDirectory) -> _Known:
    ids = [fixture.external_id for fixture in fixtures]
    starts = [fixture.start for fixture in fixtures]
    homes = {_sides(fixture, directory)[0] for fixture in fixtures}
    around = Game.objects.matches().filter(
        sport__in={fixture.sport_key for fixture in fixtures},
        home_team__in=homes - {None},
        commence_time__gt=min(starts) - SAME_GAME,
        commence_time__lt=max(starts) + SAME_GAME,
    )
    by_id = Game.objects.matches().filter(external_id__in=ids)
    return _Known(list((around | by_id).select_for_update().order_by("id")))


def _new(fixture: PastFixture, sides: Sides) -> Game:
    return Game(
        external_id=fixture.external_id,
        sport_id=fixture.sport_key,
        home_team_id=sides[0],
        away_team_id=sides[1],
        title=match_title(fixture.sport_key, fixture.home, fixture.away),
        commence_time=fixture.start,
    )


def _results(fixtures: Sequence[PastFixture], found: PastGames, now: dt.datetime) -> None:
    changed: list[Game] = []
    readings: list[ScoreReading] = []
    for place, (fixture, game) in enumerate(zip(fixtures, found.games, strict=True)):
        if fixture.home_score is None:
            continue
        score = (fixture.home_score, fixture.away_score)
        if game.status not in OPEN:
            if game.status != GameStatus.FINAL or (game.home_score, game.away_score) != score:
                found.differing.append(place)
            continue
        game.status, game.updated_at = GameStatus.FINAL, now
        game.home_score, game.away_score = score
        changed.append(game)
        readings.append(
            ScoreReading(
                game=game,
                source=ResultSource.FILE,
                source_event_id=fixture.external_id[:64],
                status=GameStatus.FINAL,
                status_detail="results file",
                home_score=score[0],
                away_score=score[1],
                read_at=now,
            )
        )
    if changed:
        Game.objects.bulk_update(changed, ["status", "home_score", "away_score", "updated_at"])
        ScoreReading.objects.bulk_create(readings)
    found.results = len(changed)
