"""What is played when: the odds feed's events become sports, teams and games."""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from django.db import transaction

from games.models import CommenceTime, Game, GameKind, GameStatus, Sport, Team
from games.team_directory import TeamDirectory

logger = logging.getLogger(__name__)


class Fixture(Protocol):
    """An event as the odds feed lists it; an outright has neither team."""

    @property
    def id(self) -> str: ...
    @property
    def sport_key(self) -> str: ...
    @property
    def sport_title(self) -> str: ...
    @property
    def commence_time(self) -> dt.datetime: ...
    @property
    def home_team(self) -> str | None: ...
    @property
    def away_team(self) -> str | None: ...


@transaction.atomic
def ingest_games(*, events: Iterable[Fixture], seen_at: dt.datetime) -> dict[str, uuid.UUID]:
    """Make sports, teams and games of a response received at ``seen_at`` (UTC); return game ids by event id.

    Sports and teams nobody knows yet appear; a team unknown by name and alias gets a row without ESPN id. A moved start
    is taken over, with a line in its history, unless the game is final or a response received later has already spoken:
    responses of the same or an earlier time change nothing. The status is left alone. The number of statements does not
    depend on the number of events, and any number of calls may run at once. Events whose texts do not fit their columns
    are logged and left out of the result.
    """
    wanted = {event.id: event for event in events if _fits(event)}
    if not wanted:
        return {}
    fixtures = [wanted[key] for key in sorted(wanted)]
    _add_sports(fixtures)
    directory = _add_teams(fixtures)
    known = set(Game.objects.filter(external_id__in=wanted).values_list("external_id", flat=True))
    missing = [game for event in fixtures if event.id not in known for game in _new_game(event, directory)]
    if missing:
        Game.objects.bulk_create(missing, ignore_conflicts=True)
    games = list(Game.objects.select_for_update().filter(external_id__in=wanted).order_by("id"))
    _take_over_starts(games, wanted, seen_at)
    return {game.external_id: game.id for game in games}


def other_sides(events: Iterable[Fixture], games: Mapping[str, uuid.UUID]) -> dict[str, bool]:
    """Return the events of ``games`` that name other sides than their game: True if home and away are exchanged.

    False means that somebody else plays, or that a match has become an outright or the reverse. Two statements at
    most beside that of the games, whatever the number of events.
    """
    columns = ("external_id", "home_team_id", "away_team_id", "home_team__name", "away_team__name")
    stored = {row[0]: row[1:] for row in Game.objects.filter(id__in=games.values()).values_list(*columns)}
    listed = [event for event in events if event.id in stored]
    unlike = [event for event in listed if stored[event.id][2:] != (event.home_team, event.away_team)]
    if not unlike:
        return {}
    directory = TeamDirectory.of_sports({event.sport_key for event in unlike})
    found: dict[str, bool] = {}
    for event in unlike:
        home, away = (
            None if name is None else directory.find(event.sport_key, name)
            for name in (event.home_team, event.away_team)
        )
        if (home, away) != stored[event.id][:2]:
            found[event.id] = (away, home) == stored[event.id][:2]
    return found


def _fits(event: Fixture) -> bool:
    for field, text, limit in (
        ("sport key", event.sport_key, 64),
        ("event id", event.id, 64),
        ("home team", event.home_team or "", 120),
        ("away team", event.away_team or "", 120),
    ):
        if len(text) > limit:
            logger.warning(
                "event %.64s left out: its %s is longer than %d characters", event.id, field, limit
            )
            return False
    return True


def _add_sports(fixtures: Sequence[Fixture]) -> None:
    first = {event.sport_key: event for event in reversed(fixtures)}
    known = set(Sport.objects.filter(key__in=first).values_list("key", flat=True))
    missing = [
        Sport(
            key=key,
            title=(event.sport_title or key)[:100],
            has_outrights=event.home_team is None,
        )
        for key, event in sorted(first.items())
        if key not in known
    ]
    if missing:
        Sport.objects.bulk_create(missing, ignore_conflicts=True)


def _add_teams(fixtures: Sequence[Fixture]) -> TeamDirectory:
    sport_keys = {event.sport_key for event in fixtures}
    directory = TeamDirectory.of_sports(sport_keys)
    names = {
        (event.sport_key, name)
        for event in fixtures
        for name in (event.home_team, event.away_team)
        if name is not None
    }
    missing = sorted(pair for pair in names if directory.find(*pair) is None)
    if missing:
        Team.objects.bulk_create(
            [Team(sport_id=sport_key, name=name) for sport_key, name in missing], ignore_conflicts=True
        )
        new = Team.objects.filter(sport_id__in=sport_keys, name__in={name for _, name in missing})
        for team in new:
            directory.add(team.id, team.sport_id, team.name, team.espn_id)
    return directory


def _new_game(event: Fixture, directory: TeamDirectory) -> Iterator[Game]:
    game = Game(
        kind=GameKind.OUTRIGHT,
        external_id=event.id,
        sport_id=event.sport_key,
        title=(event.sport_title or event.sport_key)[:260],
        commence_time=event.commence_time,
    )
    if event.home_team is not None and event.away_team is not None:
        game.kind = GameKind.MATCH
        game.home_team_id = directory.find(event.sport_key, event.home_team)
        game.away_team_id = directory.find(event.sport_key, event.away_team)
        game.title = match_title(event.sport_key, event.home_team, event.away_team)
        if game.home_team_id == game.away_team_id:
            logger.warning("event %s left out: both sides are %s", event.id, event.home_team)
            return
    yield game


HOME_FIRST = ("soccer_", "rugby", "cricket_", "handball_", "aussierules_", "tennis_", "mma_", "boxing_")


def match_title(sport_key: str, home: str, away: str) -> str:
    """ "Away at home", as North America writes it, or "home v away" for the sports of ``HOME_FIRST``."""
    if sport_key.startswith(HOME_FIRST):
        return f"{home} v {away}"
    return f"{away} at {home}"


def _take_over_starts(games: Sequence[Game], events: dict[str, Fixture], seen_at: dt.datetime) -> None:
    later = [game for game in games if game.seen_at is None or game.seen_at < seen_at]
    moved: list[Game] = []
    sightings: list[CommenceTime] = []
    for game in later:
        start = events[game.external_id].commence_time
        is_moved = game.commence_time != start
        if game.status == GameStatus.FINAL or not (is_moved or game.seen_at is None):
            continue
        sightings.append(CommenceTime(game=game, commence_time=start, seen_at=seen_at))
        if is_moved:
            game.commence_time, game.updated_at = start, seen_at
            moved.append(game)
    if sightings:
        CommenceTime.objects.bulk_create(sightings)
    if moved:
        Game.objects.bulk_update(moved, ["commence_time", "updated_at"])
    if later:
        Game.objects.filter(id__in=[game.id for game in later]).update(seen_at=seen_at)
