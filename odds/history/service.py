"""From the games of a results file to rows, a chunk at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final, Self
from uuid import UUID

from django.db import connection, transaction

from games.models import Game, Sport
from games.services.past import record_past_games
from odds.models import Bookmaker, PriceImport
from odds.partitions import ARCHIVE_START, create_months, month_of
from odds.selections import ensure_selections, lock_sports

from .files import FORMATS, HistoryFile
from .records import Book, Fault, PastGame, PastPrice

CHUNK: Final = 500


@dataclass
class ImportCounts:
    """What became of a file. ``recorded`` prices are of books that the archive itself saw quote the game."""

    rows: int = 0
    games: int = 0
    games_new: int = 0
    results: int = 0
    start_unknown: int = 0
    prices: int = 0
    snapshots: int = 0
    already: int = 0
    recorded: int = 0
    not_yet: int = 0
    without_price: int = 0
    new_teams: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def __iadd__(self, other: ImportCounts) -> Self:
        for name in self.__dataclass_fields__:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        return self


def import_file(
    file: HistoryFile, *, now: dt.datetime, on_row: Callable[[], None] = lambda: None
) -> ImportCounts:
    """Bring a results file into the archive; return what became of it. Importing it again changes nothing.

    Each chunk of 500 rows is a transaction of a constant number of statements. Bad rows and columns are faults of the
    result; the good ones are kept. A price is dated by what the file says of it (see the formats), both for the book's
    time and for ours, so that it is a closing line; what was imported is marked in ``price_imports``. Where the archive
    itself saw a book quote a game, that book's prices of the file are left out.
    """
    counts = ImportCounts(rows=len(file.rows))
    sports = set(Sport.objects.values_list("key", flat=True))
    reader = file.games()
    while chunk := list(islice(reader, CHUNK)):
        games = [game for game in chunk if game is not None and _has_sport(file, game, sports)]
        if games:
            counts += _import_chunk(file, games, now)
        for _ in chunk:
            on_row()
    counts.faults = sorted([*file.faults, *counts.faults])
    return counts


def _has_sport(file: HistoryFile, game: PastGame, sports: set[str]) -> bool:
    if game.sport_key not in sports:
        file.faults.append(
            Fault(file.name, game.line, "", f"the sport {game.sport_key} is missing: run seed")
        )
    return game.sport_key in sports


def _import_chunk(file: HistoryFile, games: Sequence[PastGame], now: dt.datetime) -> ImportCounts:
    stamps = {price.seen_at for game in games for price in game.prices}
    create_months({month for month in map(month_of, stamps) if month >= ARCHIVE_START})
    with transaction.atomic():
        lock_sports({game.sport_key for game in games})
        past = record_past_games(fixtures=games, now=now)
        counts = ImportCounts(
            games=len(games),
            games_new=past.new,
            results=past.results,
            new_teams=past.new_teams,
            start_unknown=sum(not game.is_start_known for game in games),
            without_price=sum(game.without_price for game in games),
        )
        counts.faults = [
            Fault(file.name, games[place].line, "", "another result is on record, which stays")
            for place in past.differing
        ]
        _write_prices(file, list(zip(games, past.games, strict=True)), counts, now)
    return counts


Key = tuple[UUID, int, int, dt.datetime]
"""Game, selection, bookmaker, time: one price each."""


def _write_prices(
    file: HistoryFile, pairs: Sequence[tuple[PastGame, Game]], counts: ImportCounts, now: dt.datetime
) -> None:
    known = [
        (past, game, price, at)
        for past, game in pairs
        for price in past.prices
        if (at := _seen_at(price, game)) <= now
    ]
    counts.prices = sum(len(past.prices) for past, _ in pairs)
    counts.not_yet = counts.prices - len(known)
    books = _books({price.book for _, _, price, _ in known})
    selections = ensure_selections((game.id, price.market, "", price.side) for _, game, price, _ in known)
    held, recorded = _held([game.id for _, game in pairs])
    lines: list[str] = []
    imported: set[tuple[UUID, int]] = set()
    for _, game, price, at in known:
        book = books[price.book.key]
        if (game.id, book) in recorded:
            counts.recorded += 1
            continue
        imported.add((game.id, book))
        selection = selections[game.id, price.market, "", price.side]
        if (game.id, selection, book, at) in held:
            counts.already += 1
            continue
        held.add((game.id, selection, book, at))
        point = "\\N" if price.point is None else str(price.point)
        lines.append(f"{game.id}\t{selection}\t{book}\t{price.price}\t{point}\t{at}\t{at}\n")
    counts.snapshots = len(lines)
    _copy(lines)
    _mark(file, imported, now)


def _seen_at(price: PastPrice, game: Game) -> dt.datetime:
    """A closing price closes at the start that we know of; another one was never seen after it."""
    return game.commence_time if price.is_closing else min(price.seen_at, game.commence_time)


def _books(books: set[Book]) -> dict[str, int]:
    wanted = {book.key: book for book in books}
    Bookmaker.objects.bulk_create(
        [
            Bookmaker(
                key=book.key,
                title=book.title,
                is_exchange=book.is_exchange,
                active=book.is_named,
                sharpness=1 if book.is_named else 0,
            )
            for book in sorted(wanted.values())
        ],
        ignore_conflicts=True,
    )
    return dict(Bookmaker.objects.filter(key__in=wanted).values_list("key", "id"))


def _held(games: Sequence[UUID]) -> tuple[set[Key], set[tuple[UUID, int]]]:
    """The prices of the games on record, and the (game, book) pairs that did not come by an import."""
    held: set[Key] = set()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT game_id, selection_id, bookmaker_id, timestamp FROM odd_snapshots "
            "WHERE game_id = ANY(%s::uuid[])",
            [list(games)],
        )
        held.update(cursor.fetchall())
    imported = set(
        PriceImport.objects.filter(game__in=games, source__in=FORMATS)
        .values_list("game_id", "bookmaker_id")
        .distinct()
    )
    return held, {(game, book) for game, _, book, _ in held} - imported


def _copy(lines: Sequence[str]) -> None:
    if lines:
        into = "odd_snapshots (game_id, selection_id, bookmaker_id, price, point, timestamp, captured_at)"
        with connection.cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
            copy.write("".join(lines))


def _mark(file: HistoryFile, imported: set[tuple[UUID, int]], now: dt.datetime) -> None:
    PriceImport.objects.bulk_create(
        _marks(file, imported, now),
        ignore_conflicts=True,
    )


def _marks(file: HistoryFile, imported: set[tuple[UUID, int]], now: dt.datetime) -> Iterator[PriceImport]:
    for game, book in sorted(imported):
        yield PriceImport(
            game_id=game,
            bookmaker_id=book,
            source=file.source,
            file_name=file.name[:200],
            file_sha256=file.sha256,
            imported_at=now,
        )
