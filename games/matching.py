"""Which game a provider's reading belongs to: by id, else by sport, teams, local day and order of start. No Django."""

from __future__ import annotations

import datetime as dt
import uuid
import zoneinfo
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from games.readings import ESPN, Reading

T = TypeVar("T")

NEAR = dt.timedelta(hours=3)
"""A delay over midnight, or a start the two feeds give differently, still is the same match within this."""


@dataclass(frozen=True)
class Candidate:
    """A stored match; ``zone`` is the one whose calendar day the league plays by."""

    game_id: uuid.UUID
    external_id: str
    espn_id: str | None
    sport_key: str
    zone: str
    home_team_id: uuid.UUID
    away_team_id: uuid.UUID
    start: dt.datetime


@dataclass(frozen=True)
class Match:
    """A reading and its game; the reading is turned so that its home is the game's home."""

    game_id: uuid.UUID
    reading: Reading


FindTeam = Callable[[str, str, str], uuid.UUID | None]
"""(sport key, name, ESPN id or '') to the team's id."""

Pairing = tuple[str, uuid.UUID, uuid.UUID]


def match_readings(
    readings: Iterable[Reading], candidates: Sequence[Candidate], find_team: FindTeam
) -> tuple[list[Match], list[Reading]]:
    """Return the matched readings and those left over; no game and no reading is used twice.

    An event id already stored decides. The odds feed's readings go by id alone: the games are its own, so an id we do
    not have is another game. ESPN's otherwise go by the same two teams in the same sport, paired per local day: as many
    readings as games go in order of start, so that a doubleheader cannot take its twin's score; unequal numbers pair
    only where one start is clearly the nearest, within three hours.
    """
    by_espn_id = {game.espn_id: game for game in candidates if game.espn_id is not None}
    by_external_id = {game.external_id: game for game in candidates}
    matches: list[Match] = []
    rest: list[Reading] = []
    left: list[Reading] = []
    taken: set[uuid.UUID] = set()
    for reading in readings:
        known = (by_espn_id if reading.source == ESPN else by_external_id).get(reading.event_id)
        if known is None:
            (rest if reading.source == ESPN else left).append(reading)
        elif known.game_id not in taken:
            taken.add(known.game_id)
            matches.append(Match(known.game_id, _facing(reading, known, find_team)))
    free = [game for game in candidates if game.game_id not in taken]
    found, unknown = _match_by_teams(rest, free, find_team)
    return matches + found, left + unknown


def _facing(reading: Reading, game: Candidate, find_team: FindTeam) -> Reading:
    home = find_team(game.sport_key, reading.home.name, reading.home.espn_id)
    away = find_team(game.sport_key, reading.away.name, reading.away.espn_id)
    return reading.turned_round() if (home, away) == (game.away_team_id, game.home_team_id) else reading


def _match_by_teams(
    readings: Sequence[Reading], games: Sequence[Candidate], find_team: FindTeam
) -> tuple[list[Match], list[Reading]]:
    waiting: dict[Pairing, list[Candidate]] = defaultdict(list)
    for game in games:
        if game.espn_id is None:
            waiting[_pairing(game.sport_key, game.home_team_id, game.away_team_id)].append(game)
    said: dict[Pairing, list[Reading]] = defaultdict(list)
    left: list[Reading] = []
    for reading in readings:
        pairing = _known_pairing(reading, waiting, find_team)
        if pairing is None:
            left.append(reading)
        else:
            said[pairing].append(reading)
    matches: list[Match] = []
    for pairing, group in said.items():
        for reading, game in _pair_up(group, waiting[pairing]):
            matches.append(Match(game.game_id, _facing(reading, game, find_team)))
        used = {match.reading.event_id for match in matches}
        left.extend(reading for reading in group if reading.event_id not in used)
    return matches, left


def _pairing(sport_key: str, one: uuid.UUID, other: uuid.UUID) -> Pairing:
    first, second = sorted((one, other))
    return sport_key, first, second


def _known_pairing(
    reading: Reading, waiting: dict[Pairing, list[Candidate]], find_team: FindTeam
) -> Pairing | None:
    for sport_key in sports_of(reading.sport_key):
        home = find_team(sport_key, reading.home.name, reading.home.espn_id)
        away = find_team(sport_key, reading.away.name, reading.away.espn_id)
        if home is not None and away is not None and home != away:
            pairing = _pairing(sport_key, home, away)
            if pairing in waiting:
                return pairing
    return None


def sports_of(sport_key: str) -> tuple[str, ...]:
    """The sports one ESPN board may show: the odds feed keeps the preseason apart, ESPN does not."""
    return (sport_key, f"{sport_key}_preseason") if sport_key else ()


def _pair_up(readings: list[Reading], games: list[Candidate]) -> list[tuple[Reading, Candidate]]:
    by_day: dict[dt.date, tuple[list[Reading], list[Candidate]]] = defaultdict(lambda: ([], []))
    for game in games:
        by_day[_local_day(game.start, game.zone)][1].append(game)
    zone = games[0].zone if games else "UTC"
    for reading in readings:
        by_day[_local_day(reading.start, zone)][0].append(reading)
    pairs: list[tuple[Reading, Candidate]] = []
    for said, played in by_day.values():
        if said and len(said) == len(played):
            pairs += zip(
                sorted(said, key=lambda reading: (reading.start, reading.event_id)),
                sorted(played, key=lambda game: (game.start, game.external_id)),
                strict=True,
            )
    done_readings = {reading.event_id for reading, _ in pairs}
    done_games = {game.game_id for _, game in pairs}
    return pairs + _nearest(
        [reading for reading in readings if reading.event_id not in done_readings],
        [game for game in games if game.game_id not in done_games],
    )


def _nearest(readings: list[Reading], games: list[Candidate]) -> list[tuple[Reading, Candidate]]:
    """Pairs in which each is the other's only nearest."""
    pairs: list[tuple[Reading, Candidate]] = []
    for reading in readings:
        game = _only_nearest(reading.start, games, lambda game: game.start)
        if game is not None and _only_nearest(game.start, readings, lambda said: said.start) is reading:
            pairs.append((reading, game))
    return pairs


def _only_nearest(instant: dt.datetime, items: Iterable[T], start: Callable[[T], dt.datetime]) -> T | None:
    ranked = sorted(((abs(start(item) - instant), index, item) for index, item in enumerate(items)))
    if not ranked or ranked[0][0] > NEAR or (len(ranked) > 1 and ranked[1][0] == ranked[0][0]):
        return None
    return ranked[0][2]


def _local_day(instant: dt.datetime, zone: str) -> dt.date:
    return instant.astimezone(zoneinfo.ZoneInfo(zone)).date()
