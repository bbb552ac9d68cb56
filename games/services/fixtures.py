"""What is played when: the odds feed's events become sports, teams and games."""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from django.db import connection, transaction

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


class Stored(NamedTuple):
    """A game as it stands, locked; ``names`` are those of home and away, both None for an outright."""

    id: uuid.UUID
    commence_time: dt.datetime
    seen_at: dt.datetime | None
    status: str
    teams: tuple[uuid.UUID | None, uuid.UUID | None]
    names: tuple[str | None, str | None]


@dataclass(frozen=True)
class Listing:
    """What the events of a response are: ``games`` are ids by event id, ``new`` the events that were not there.

    ``turned`` are events that name home and away the other way round than their game, ``strangers`` those that
    name somebody else, or a match that has become an outright or the reverse.
    """

    games: dict[str, uuid.UUID] = field(default_factory=dict)
    new: frozenset[str] = frozenset()
    turned: frozenset[str] = frozenset()
    strangers: frozenset[str] = frozenset()


LOCK_GAMES = """
SELECT g.external_id, g.id, g.commence_time, g.seen_at, g.status, g.home_team_id, g.away_team_id, h.name, a.name
FROM games g LEFT JOIN teams h ON h.id = g.home_team_id LEFT JOIN teams a ON a.id = g.away_team_id
WHERE g.external_id = ANY(%s) ORDER BY g.id FOR UPDATE OF g
"""


def ingest_games(*, events: Iterable[Fixture], seen_at: dt.datetime) -> dict[str, uuid.UUID]:
    """As ``list_games``; return game ids by event id."""
    return list_games(events=events, seen_at=seen_at).games


@transaction.atomic(savepoint=False)
def list_games(*, events: Iterable[Fixture], seen_at: dt.datetime) -> Listing:
    """Make sports, teams and games of a response received at ``seen_at`` (UTC); return what its events are.

    Sports and teams nobody knows yet appear; a team unknown by name and alias gets a row without ESPN id. A moved start
    is taken over, with a line in its history, unless the game is final or a response received later has already spoken:
    responses of the same or an earlier time change nothing. The status is left alone. The number of statements does not
    depend on the number of events, and is two where all are known by the names of their teams; any number of calls may
    run at once. Events whose texts do not fit their columns are logged and left out of the result.
    """
    wanted = {event.id: event for event in events if _fits(event)}
    if not wanted:
        return Listing()
    stored = known = _lock_games(wanted)
    unlike = [event for key, event in sorted(wanted.items()) if not _is_named(event, known.get(key))]
    exchanged: dict[str, bool] = {}
    if unlike:
        _add_sports(unlike)
        directory = _add_teams(unlike)
        missing = [game for event in unlike if event.id not in known for game in _new_game(event, directory)]
        if missing:
            Game.objects.bulk_create(missing, ignore_conflicts=True)
            stored = _lock_games(wanted)
        exchanged = _other_sides(unlike, stored, directory)
    _take_over_starts(stored, wanted, seen_at)
    return Listing(
        games={key: game.id for key, game in stored.items()},
        new=frozenset(stored.keys() - known.keys()),
        turned=frozenset(key for key, is_turned in exchanged.items() if is_turned),
        strangers=frozenset(key for key, is_turned in exchanged.items() if not is_turned),
    )


def _lock_games(events: Iterable[str]) -> dict[str, Stored]:
    with connection.cursor() as cursor:
        cursor.execute(LOCK_GAMES, [list(events)])
        return {
            key: Stored(game, start, seen_at, status, (home, away), (home_name, away_name))
            for key, game, start, seen_at, status, home, away, home_name, away_name in cursor.fetchall()
        }


def _is_named(event: Fixture, game: Stored | None) -> bool:
    return game is not None and game.names == (event.home_team, event.away_team)


def _other_sides(
    events: Iterable[Fixture], stored: Mapping[str, Stored], directory: TeamDirectory
) -> dict[str, bool]:
    """The events that name other sides than their game: True if home and away are exchanged."""
    found: dict[str, bool] = {}
    for event in events:
        game = stored.get(event.id)
        if game is None:
            continue
        home, away = (
            None if name is None else directory.find(event.sport_key, name)
            for name in (event.home_team, event.away_team)
        )
        if (home, away) != game.teams:
            found[event.id] = (away, home) == game.teams
    return found


def _fits(event: Fixture) -> bool:
    for what, text, limit in (
        ("sport key", event.sport_key, 64),
        ("event id", event.id, 64),
        ("home team", event.home_team or "", 120),
        ("away team", event.away_team or "", 120),
    ):
        if len(text) > limit:
            logger.warning("event %.64s left out: its %s is longer than %d characters", event.id, what, limit)
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


def _take_over_starts(
    games: Mapping[str, Stored], events: Mapping[str, Fixture], seen_at: dt.datetime
) -> None:
    later = {key: game for key, game in games.items() if game.seen_at is None or game.seen_at < seen_at}
    moved: dict[uuid.UUID, dt.datetime] = {}
    sightings: list[CommenceTime] = []
    for key, game in later.items():
        start = events[key].commence_time
        is_moved = game.commence_time != start
        if game.status == GameStatus.FINAL or not (is_moved or game.seen_at is None):
            continue
        sightings.append(CommenceTime(game_id=game.id, commence_time=start, seen_at=seen_at))
        if is_moved:
            moved[game.id] = start
    if sightings:
        CommenceTime.objects.bulk_create(sightings)
    with connection.cursor() as cursor:
        if moved:
            cursor.execute(
                "UPDATE games SET commence_time = m.start, updated_at = %s "
                "FROM unnest(%s::uuid[], %s::timestamptz[]) AS m (id, start) WHERE games.id = m.id",
                [seen_at, list(moved), list(moved.values())],
            )
        if later:
            cursor.execute(
                "UPDATE games SET seen_at = %s WHERE id = ANY(%s::uuid[])",
                [seen_at, "{" + ",".join(str(game.id) for game in later.values()) + "}"],
            )
