"""Seed data: the leagues, teams and spellings BetTrack knows from the start, kept as CSV files in ``seeds/``.

A seed file states facts. Seeding adds what is missing and corrects facts that changed; it never deletes. What staff
decides is set once, when the row is made, and left alone afterwards: which sports and bookmakers are active, a logo or
colour that is already there, a bookmaker's commission and sharpness. A team is known again by its ESPN id, so a name
that staff changed stays, and the seed's spelling becomes an alias.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Model

from games.exceptions import SeedError
from games.models import Sport, Team, TeamAlias

SEEDS = Path(__file__).resolve().parent / "seeds"
SEED_LOCK = 0x5EED
YES_NO = {"yes": True, "no": False}

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class Counts:
    """Rows of one kind by what seeding did to them."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0


@dataclass(frozen=True)
class Line:
    """One row of a seed file, with its place for messages."""

    path: Path
    number: int
    values: Mapping[str, str]

    def error(self, reason: str) -> SeedError:
        return SeedError(f"{self.path.name}, row {self.number}: {reason}")

    def __getitem__(self, column: str) -> str:
        return self.values[column]

    def yes_no(self, column: str) -> bool:
        """Raises SeedError unless the cell says yes or no."""
        try:
            return YES_NO[self.values[column]]
        except KeyError:
            raise self.error(f"{column} is {self.values[column]!r}; write yes or no") from None


def read_lines(path: Path, columns: Sequence[str]) -> list[Line]:
    """Read a seed file. Raises SeedError when it is missing, not UTF-8, or its columns are not those expected."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            if list(reader.fieldnames or []) != list(columns):
                raise SeedError(f"{path.name}, row 1: the columns must be {', '.join(columns)}")
            lines = [Line(path, number, row) for number, row in enumerate(reader, 2)]
    except FileNotFoundError:
        raise SeedError(f"{path.name} is missing from {path.parent}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise SeedError(f"{path.name} cannot be read: {error}") from error
    for line in lines:
        if None in line.values or None in line.values.values():
            raise line.error(f"it does not have {len(columns)} cells")
    return lines


def checked(line: Line, row: Row, *, exclude: Iterable[str] = ()) -> Row:
    """The row, once its fields are valid. Raises SeedError naming file, row and field."""
    try:
        row.clean_fields(exclude=list(exclude))
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise line.error(f"{field}: {messages[0]}") from error
    return row


def upsert(
    model: type[Row], rows: Mapping[Any, Row], known: Mapping[Any, Row], facts: Sequence[str]
) -> Counts:
    """Create the rows whose key is not known and correct ``facts`` of the others; two statements at most."""
    new = [row for key, row in rows.items() if key not in known]
    changed: list[Row] = []
    for key in rows.keys() & known.keys():
        old = known[key]
        differing = [fact for fact in facts if getattr(old, fact) != getattr(rows[key], fact)]
        for fact in differing:
            setattr(old, fact, getattr(rows[key], fact))
        if differing:
            changed.append(old)
    manager = model._default_manager
    if new:
        manager.bulk_create(new)
    if changed:
        manager.bulk_update(changed, facts)
    return Counts(len(new), len(changed), len(rows) - len(new) - len(changed))


def unique(lines: Iterable[Line], key: Callable[[Line], Any]) -> dict[Any, Line]:
    """The lines by key. Raises SeedError when two lines share one."""
    found: dict[Any, Line] = {}
    for line in lines:
        first = found.setdefault(key(line), line)
        if first is not line:
            raise line.error(f"{key(line)} is in row {first.number} already")
    return found


@transaction.atomic
def seed_games(*, folder: Path = SEEDS) -> dict[str, Counts]:
    """Seed sports, teams and aliases from the folder's files; all or nothing, and one seeding at a time.

    Returns the counts by kind. Raises SeedError, which names file and row, when a file cannot be used.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SEED_LOCK])
    sports = _seed_sports(folder / "sports.csv")
    teams = _seed_teams(folder / "teams.csv")
    aliases = _seed_aliases(folder / "team_aliases.csv", folder / "teams.csv")
    return {"sports": sports, "teams": teams, "team aliases": aliases}


SPORT_COLUMNS = (
    "key",
    "title",
    "group",
    "description",
    "active",
    "has_outrights",
    "time_zone",
    "espn_path",
)
TEAM_COLUMNS = ("sport", "espn_id", "name", "abbr", "logo_url", "color")
ALIAS_COLUMNS = ("sport", "team", "alias")


def _seed_sports(path: Path) -> Counts:
    rows = {
        key: checked(
            line,
            Sport(
                **{name: line[name] for name in SPORT_COLUMNS if name not in ("active", "has_outrights")},
                active=line.yes_no("active"),
                has_outrights=line.yes_no("has_outrights"),
            ),
        )
        for key, line in unique(read_lines(path, SPORT_COLUMNS), lambda line: line["key"]).items()
    }
    facts = ("title", "group", "description", "has_outrights", "time_zone", "espn_path")
    return upsert(Sport, rows, Sport.objects.in_bulk(list(rows)), facts)


def _seed_teams(path: Path) -> Counts:
    lines = unique(read_lines(path, TEAM_COLUMNS), lambda line: (line["sport"], line["name"]))
    with_id = [line for line in lines.values() if line["espn_id"]]
    unique(with_id, lambda line: (line["sport"], "ESPN id " + line["espn_id"]))
    sports = set(Sport.objects.values_list("key", flat=True))
    by_id, by_name = _known_teams()
    rows: dict[tuple[str, str], Team] = {}
    known: dict[tuple[str, str], Team] = {}
    for key, line in lines.items():
        if line["sport"] not in sports:
            raise line.error(f"there is no sport {line['sport']!r}")
        team = Team(
            sport_id=line["sport"],
            espn_id=line["espn_id"] or None,
            name=line["name"],
            abbr=line["abbr"],
            logo_url=line["logo_url"] or None,
            color=line["color"],
        )
        rows[key] = checked(line, team, exclude=["sport"])
        old = by_id.get((line["sport"], line["espn_id"])) or by_name.get(key)
        if old is not None:
            known[key] = old
            team.logo_url = old.logo_url or team.logo_url
            team.color = old.color or team.color
    return upsert(Team, rows, known, ("espn_id", "abbr", "logo_url", "color"))


def _known_teams() -> tuple[dict[tuple[str, str], Team], dict[tuple[str, str], Team]]:
    by_id: dict[tuple[str, str], Team] = {}
    by_name: dict[tuple[str, str], Team] = {}
    for team in Team.objects.all():
        by_name[team.sport_id, team.name] = team
        if team.espn_id is not None:
            by_id[team.sport_id, team.espn_id] = team
    return by_id, by_name


def _seed_aliases(path: Path, teams_path: Path) -> Counts:
    lines = unique(read_lines(path, ALIAS_COLUMNS), lambda line: (line["sport"], line["alias"]))
    seeded = {(line["sport"], line["name"]): line["espn_id"] for line in read_lines(teams_path, TEAM_COLUMNS)}
    by_id, by_name = _known_teams()
    rows: dict[tuple[str, str], TeamAlias] = {}
    for key, line in lines.items():
        home = (line["sport"], line["team"])
        if home not in seeded:
            raise line.error(f"{teams_path.name} has no team {line['team']!r} in {line['sport']}")
        if key in seeded:
            raise line.error(f"{line['alias']!r} is a team of its own in {teams_path.name}")
        team = by_id.get((line["sport"], seeded[home])) or by_name[home]
        rows[key] = checked(
            line, TeamAlias(sport_id=line["sport"], team=team, name=line["alias"]), exclude=["sport", "team"]
        )
    for (sport_key, name), espn_id in seeded.items():
        renamed = by_id.get((sport_key, espn_id))
        if renamed is not None and renamed.name != name:
            rows[sport_key, name] = TeamAlias(sport_id=sport_key, team=renamed, name=name)
    known = {(alias.sport_id, alias.name): alias for alias in TeamAlias.objects.all()}
    return upsert(TeamAlias, rows, known, ("team_id",))
