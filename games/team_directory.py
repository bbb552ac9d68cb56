"""Finding a team by the name or id a feed gives it."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from games.models import Team, TeamAlias


class TeamDirectory:
    """Teams of some sports, found by ESPN id, else by exact name, else by exact alias; never by substring."""

    def __init__(self) -> None:
        self._by_espn_id: dict[tuple[str, str], uuid.UUID] = {}
        self._by_name: dict[tuple[str, str], uuid.UUID] = {}
        self._by_alias: dict[tuple[str, str], uuid.UUID] = {}

    @classmethod
    def of_sports(cls, sport_keys: Iterable[str]) -> TeamDirectory:
        """Read the directory of the given sports: two statements, whatever their number."""
        directory = cls()
        keys = set(sport_keys)
        rows = Team.objects.filter(sport_id__in=keys).values_list("id", "sport_id", "name", "espn_id")
        for team_id, sport_key, name, espn_id in rows:
            directory.add(team_id, sport_key, name, espn_id)
        aliases = TeamAlias.objects.filter(sport_id__in=keys).values_list("team_id", "sport_id", "name")
        for team_id, sport_key, name in aliases:
            directory._by_alias[sport_key, name] = team_id
        return directory

    def add(self, team_id: uuid.UUID, sport_key: str, name: str, espn_id: str | None) -> None:
        self._by_name[sport_key, name] = team_id
        if espn_id is not None:
            self._by_espn_id[sport_key, espn_id] = team_id

    def find(self, sport_key: str, name: str, espn_id: str = "") -> uuid.UUID | None:
        """The team's id, or None when the sport has no team of that id, name or alias."""
        return (
            self._by_espn_id.get((sport_key, espn_id))
            or self._by_name.get((sport_key, name))
            or self._by_alias.get((sport_key, name))
        )
