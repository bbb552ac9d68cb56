"""Reading an archive in: sports, teams, games, books and selections that are missing, then the price changes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from django.db import DataError, IntegrityError, connection, transaction

from games.models import Game, GameStatus, ResultSource, ScoreReading, Sport, Team
from games.team_directory import TeamDirectory
from odds import shards
from odds.models import Bookmaker, PriceImport
from odds.partitions import ARCHIVE_START, create_months, month_of
from odds.selections import lock_sports

from .tables import BOOKMAKERS, GAMES, IMPORTS, KINDS, PRICES, ArchiveError, batches, read_manifest

STAGE: Final = """
CREATE TEMPORARY TABLE arriving (
    n serial, external_id text, market text, participant text, side text, bookmaker text, point numeric(8, 2),
    price numeric(12, 6), "timestamp" timestamptz, captured_at timestamptz
) ON COMMIT DROP
"""
ADD_SELECTIONS: Final = """
INSERT INTO selections (game_id, market, participant, side)
SELECT DISTINCT g.id, a.market, a.participant, a.side FROM arriving a JOIN games g USING (external_id)
ORDER BY 1, 2, 3, 4 ON CONFLICT (game_id, market, participant, side) DO NOTHING
"""
ADD_PRICES: Final = (
    'INSERT INTO odd_snapshots (game_id, selection_id, bookmaker_id, price, point, "timestamp", captured_at) '
)
NEW_PRICES: Final = """
SELECT g.id, c.id, b.id, a.price, a.point, a."timestamp", a.captured_at
FROM arriving a JOIN games g USING (external_id)
JOIN selections c ON c.game_id = g.id AND c.market = a.market AND c.participant = a.participant AND c.side = a.side
JOIN bookmakers b ON b.key = a.bookmaker
WHERE NOT EXISTS (
    SELECT 1 FROM odd_snapshots s
    WHERE s.game_id = g.id AND s.selection_id = c.id AND s.bookmaker_id = b.id AND s."timestamp" = a."timestamp"
      AND s.captured_at = a.captured_at AND s.price IS NOT DISTINCT FROM a.price
      AND s.point IS NOT DISTINCT FROM a.point
)
ORDER BY a.n
"""
SLICE: Final = """game_id IN (SELECT g.id FROM arriving a JOIN games g USING (external_id))
    AND "timestamp" IN (SELECT a."timestamp" FROM arriving a)"""
STRANGER: Final = """
SELECT a.external_id, a.bookmaker FROM arriving a
LEFT JOIN games g USING (external_id) LEFT JOIN bookmakers b ON b.key = a.bookmaker
WHERE g.id IS NULL OR b.id IS NULL ORDER BY a.n LIMIT 1
"""


@dataclass
class ArchiveCounts:
    """What was read and what of it was new."""

    games: int = 0
    games_new: int = 0
    prices: int = 0
    prices_new: int = 0


def import_archive(
    *, folder: Path, now: dt.datetime, on_batch: Callable[[str, int], None] = lambda name, rows: None
) -> ArchiveCounts:
    """Bring an exported archive in; importing it again changes nothing. Raises ArchiveError.

    Checksums are proved before anything is written. Each batch of rows is a transaction of a constant number of
    statements, so an import that broke off is simply begun again. Games, teams and books that are there already stay
    as they are. The board is not touched: what is on offer now comes with the next poll.
    """
    manifest = read_manifest(folder)
    counts = ArchiveCounts()
    take = {"bookmakers": _books, "games": _games, "imports": _imports, "prices": _prices}
    order = list(take)
    sports: set[str] = set()
    for file in sorted(manifest["files"], key=lambda one: (order.index(one["kind"]), one["name"])):
        for rows in batches(folder / file["name"], KINDS[file["kind"]], manifest["format"]):
            try:
                take[file["kind"]](rows, counts, now, sports)
            except ArchiveError as error:
                raise ArchiveError(f"{file['name']}: {error}") from error
            except (DataError, IntegrityError, psycopg.DataError) as error:
                reason = str(error).splitlines()[0]
                raise ArchiveError(f"{file['name']}: holds a row that cannot be stored: {reason}") from error
            on_batch(file["name"], len(rows))
    return counts


Row = tuple[Any, ...]


def _named(columns: dict[str, str], row: Row) -> dict[str, Any]:
    return dict(zip(columns, row, strict=True))


def _books(rows: Sequence[Row], counts: ArchiveCounts, now: dt.datetime, sports: set[str]) -> None:
    named = [_named(BOOKMAKERS, row) for row in rows]
    flags = {"is_exchange", "active"}
    Bookmaker.objects.bulk_create(
        [
            Bookmaker(**{name: _flag(value) if name in flags else value for name, value in one.items()})
            for one in named
        ],
        ignore_conflicts=True,
    )


def _flag(value: object) -> bool:
    return value in (True, "True")


@transaction.atomic
def _games(rows: Sequence[Row], counts: ArchiveCounts, now: dt.datetime, sports: set[str]) -> None:
    listed = [_named(GAMES, row) for row in rows]
    known = set(
        Game.objects.filter(external_id__in=[one["external_id"] for one in listed]).values_list(
            "external_id", flat=True
        )
    )
    keys = {one["sport"]: one for one in listed}
    sports |= keys.keys()
    Sport.objects.bulk_create(
        [
            Sport(key=key, title=one["sport_title"], has_outrights=one["kind"] == "outright")
            for key, one in sorted(keys.items())
        ],
        ignore_conflicts=True,
    )
    directory = _teams(listed)
    missing = [_game(one, directory) for one in listed if one["external_id"] not in known]
    Game.objects.bulk_create(missing)
    ScoreReading.objects.bulk_create(
        [
            ScoreReading(
                game=game,
                source=ResultSource.FILE,
                source_event_id=game.external_id,
                status=game.status,
                status_detail="archive of another installation",
                home_score=game.home_score,
                away_score=game.away_score,
                read_at=now,
            )
            for game in missing
            if game.status == GameStatus.FINAL
        ]
    )
    counts.games += len(listed)
    counts.games_new += len(missing)


def _teams(listed: Sequence[dict[str, Any]]) -> TeamDirectory:
    directory = TeamDirectory.of_sports({one["sport"] for one in listed})
    names = {(one["sport"], one[side]) for one in listed for side in ("home", "away") if one[side]}
    missing = sorted(pair for pair in names if directory.find(*pair) is None)
    for team in Team.objects.bulk_create([Team(sport_id=sport, name=name) for sport, name in missing]):
        directory.add(team.id, team.sport_id, team.name, None)
    return directory


def _game(one: dict[str, Any], directory: TeamDirectory) -> Game:
    return Game(
        external_id=one["external_id"],
        sport_id=one["sport"],
        kind=one["kind"],
        home_team_id=directory.find(one["sport"], one["home"]) if one["home"] else None,
        away_team_id=directory.find(one["sport"], one["away"]) if one["away"] else None,
        title=one["title"],
        commence_time=_time(one["commence_time"]),
        status=one["status"],
        home_score=one["home_score"],
        away_score=one["away_score"],
    )


def _time(value: dt.datetime | str) -> dt.datetime:
    if isinstance(value, dt.datetime):
        return value
    try:
        return dt.datetime.fromisoformat(value)
    except ValueError:
        raise ArchiveError(f"{value[:40]!r} is not a time") from None


def _imports(rows: Sequence[Row], counts: ArchiveCounts, now: dt.datetime, sports: set[str]) -> None:
    listed = [_named(IMPORTS, row) for row in rows]
    games = dict(
        Game.objects.filter(external_id__in={one["external_id"] for one in listed}).values_list(
            "external_id", "id"
        )
    )
    books = dict(Bookmaker.objects.values_list("key", "id"))
    PriceImport.objects.bulk_create(
        [
            PriceImport(
                game_id=games[one["external_id"]],
                bookmaker_id=books[one["bookmaker"]],
                source=one["source"],
                file_name=one["file_name"],
                file_sha256=one["file_sha256"],
                imported_at=_time(one["imported_at"]),
            )
            for one in listed
            if one["external_id"] in games and one["bookmaker"] in books
        ],
        ignore_conflicts=True,
    )


def _prices(rows: Sequence[Row], counts: ArchiveCounts, now: dt.datetime, sports: set[str]) -> None:
    place = list(PRICES).index("timestamp")
    months = {month_of(_time(row[place])) for row in rows}
    create_months({month for month in months if month >= ARCHIVE_START})
    with transaction.atomic():
        lock_sports(sports)
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS arriving")
            cursor.execute(STAGE)
            into = ", ".join(f'"{name}"' for name in PRICES)
            with cursor.copy(f"COPY arriving ({into}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
            cursor.execute("ANALYZE arriving")
            cursor.execute(STRANGER)
            for game, book in cursor.fetchall():
                raise ArchiveError(
                    f"has a price of game {game} at {book}, one of which its other files do not name"
                )
            cursor.execute(ADD_SELECTIONS)
            cursor.execute(ADD_PRICES + shards.sliced(NEW_PRICES, archive=SLICE))
            counts.prices_new += cursor.rowcount
    counts.prices += len(rows)
