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

SAME_START = dt.timedelta(minutes=30)
"""Two rows of the same teams that begin this close together are one game listed twice: nobody plays two at once."""
CHANGE_OF_ID = dt.timedelta(hours=3)
"""The feed has been seen to list a game under its old and its new id for two hours and a quarter."""
NEAR = dt.timedelta(hours=3)
"""A delay over midnight, or a start the two feeds give differently, still is the same match within this."""


@dataclass(frozen=True)
class Candidate:
    """A stored match; ``zone`` is the one whose calendar day the league plays by, ``seen_at`` its last listing.

    ``told_by`` is the event the source's last reading of it was of, ``listed_at`` when the feed listed it first.
    """

    game_id: uuid.UUID
    external_id: str
    espn_id: str | None
    sport_key: str
    zone: str
    home_team_id: uuid.UUID
    away_team_id: uuid.UUID
    start: dt.datetime
    status: str = "scheduled"
    seen_at: dt.datetime | None = None
    told_by: str | None = None
    listed_at: dt.datetime | None = None

    @property
    def pairing(self) -> Pairing:
        return _pairing(self.sport_key, self.home_team_id, self.away_team_id)

    @property
    def day(self) -> dt.date:
        """The local calendar day on which it begins."""
        return _local_day(self.start, self.zone)


@dataclass(frozen=True)
class Match:
    """A reading and its game; the reading is turned so that its home is the game's home.

    ``is_twin`` tells that the game is another listing of the one the reading is of.
    """

    game_id: uuid.UUID
    reading: Reading
    is_twin: bool = False


FindTeam = Callable[[str, str, str], uuid.UUID | None]
"""(sport key, name, ESPN id or '') to the team's id."""

Pairing = tuple[str, uuid.UUID, uuid.UUID]


def match_readings(
    readings: Iterable[Reading], candidates: Sequence[Candidate], find_team: FindTeam
) -> tuple[list[Match], list[Reading]]:
    """Return the matched readings and those left over; no game is used twice, and a reading only for twins.

    An event id already stored decides. The odds feed's readings go by id alone: the games are its own, so an id we do
    not have is another game. ESPN's otherwise go by the same two teams in the same sport, paired per local day: as many
    readings as games go in order of start, so that a doubleheader cannot take its twin's score; unequal numbers pair
    only where one start is clearly the nearest, within three hours. A game that the feed listed again under another
    id has rows that begin together, or an old row that the feed dropped before it began: such rows count as one, and
    the old one gets what is said of the new.
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
    matches += found
    return matches + _twins(matches, candidates), left + unknown


def _twins(matches: Sequence[Match], candidates: Sequence[Candidate]) -> list[Match]:
    """The other listings of games that have found their reading: by the start, or where ESPN, which shows the whole
    day, knows of one game only, those the feed dropped before they began.
    """
    taken = {match.game_id: match.reading for match in matches}
    by_day: dict[tuple[Pairing, dt.date], list[Candidate]] = defaultdict(list)
    for game in candidates:
        by_day[game.pairing, game.day].append(game)
    twins: list[Match] = []
    for games in by_day.values():
        found = [game for game in games if game.game_id in taken]
        said = {taken[game.game_id].event_id for game in found}
        dropped = superseded(games)
        for game in games:
            if game.game_id in taken or game.espn_id is not None:
                continue
            near = [one for one in found if taken[one.game_id].event_id == game.told_by]
            if not near and game.status != "final":
                near = [one for one in found if abs(one.start - game.start) <= SAME_START]
                if not near and len(said) == 1 and game in dropped and taken[found[0].game_id].source == ESPN:
                    near = found
            if len(near) == 1:
                reading = taken[near[0].game_id]
                twins.append(Match(game.game_id, _alike(reading, near[0], game), is_twin=True))
    return twins


def _alike(reading: Reading, game: Candidate, twin: Candidate) -> Reading:
    """The reading of a game as its twin has it, which may name the sides the other way round."""
    return reading if game.home_team_id == twin.home_team_id else reading.turned_round()


def superseded(games: Sequence[Candidate]) -> list[Candidate]:
    """The games of two teams on one day that the feed never showed in play and put another of them in the place of.

    Two that stood on its list together for longer than a change of ids takes are a doubleheader: neither is the other,
    though the feed drop one before it begins and ESPN miss it too.
    """
    listed = [(game, game.seen_at) for game in games if game.seen_at is not None]
    begun = {game.game_id for game, seen_at in listed if seen_at >= game.start}
    return [
        game
        for game, seen_at in listed
        if game.game_id not in begun
        and any(
            (other.game_id in begun or later > seen_at) and _hardly_together(game, other)
            for other, later in listed
            if other.game_id != game.game_id
        )
    ]


def _hardly_together(game: Candidate, other: Candidate) -> bool:
    """Tell whether the feed listed both at once only for as long as it may take to change an id."""
    if game.seen_at is None or other.seen_at is None or game.listed_at is None or other.listed_at is None:
        return False
    together = min(game.seen_at, other.seen_at) - max(game.listed_at, other.listed_at)
    return together <= CHANGE_OF_ID


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
            waiting[game.pairing].append(game)
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
        slots = _one_row_each(played, len(said))
        if said and len(said) == len(slots):
            pairs += zip(
                sorted(said, key=lambda reading: (reading.start, reading.event_id)),
                sorted(slots, key=lambda game: (game.start, game.external_id)),
                strict=True,
            )
    done_readings = {reading.event_id for reading, _ in pairs}
    done_games = {game.game_id for _, game in pairs}
    return pairs + _nearest(
        [reading for reading in readings if reading.event_id not in done_readings],
        [game for game in games if game.game_id not in done_games],
    )


def _one_row_each(games: list[Candidate], wanted: int) -> list[Candidate]:
    """The games with one row for each, if that brings them down to as many as are wanted; else all of them.

    Of rows that begin together the one listed last stays; if there are still too many, those the feed dropped go.
    """
    if len(games) <= wanted:
        return games
    dropped = superseded(games)
    for rows in (games, [game for game in games if game not in dropped]):
        kept: list[Candidate] = []
        for game in sorted(rows, key=lambda row: (row.start, row.external_id)):
            if not kept or game.start - kept[-1].start > SAME_START:
                kept.append(game)
            elif _listed(game) > _listed(kept[-1]):
                kept[-1] = game
        if len(kept) == wanted:
            return kept
    return games


def _listed(game: Candidate) -> float:
    return 0.0 if game.seen_at is None else game.seen_at.timestamp()


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
