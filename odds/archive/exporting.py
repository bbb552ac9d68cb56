"""Writing the price changes of a span of time, with the games and books they are of."""

from __future__ import annotations

import datetime as dt
import fcntl
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from django.db import DatabaseError, connection, transaction

from odds.partitions import month_of, next_month

from .tables import BATCH, KINDS, MANIFEST, UNFINISHED, VERSION, ArchiveError, checksum, writer

OWN: Final = re.compile(
    rf"{re.escape(MANIFEST)}|{UNFINISHED}|(bookmakers|games|imports|prices-\d{{4}}-\d\d)\.(csv|parquet)"
)
AGAIN: Final = "run the same command again when that is mended: it begins anew"

IN_SPAN: Final = 's."timestamp" >= %s AND s."timestamp" < %s'
QUERIES: Final = {
    "bookmakers": f"""
SELECT key, title, is_exchange, commission, sharpness, active FROM bookmakers b
WHERE b.id IN (SELECT s.bookmaker_id FROM odd_snapshots s WHERE {IN_SPAN}) ORDER BY key
""",  # noqa: S608 - constants alone
    "games": f"""
SELECT g.external_id, g.sport_id, sp.title, g.kind, h.name, a.name, g.title, g.commence_time, g.status,
    g.home_score, g.away_score
FROM games g JOIN sports sp ON sp.key = g.sport_id
LEFT JOIN teams h ON h.id = g.home_team_id LEFT JOIN teams a ON a.id = g.away_team_id
WHERE g.id IN (SELECT s.game_id FROM odd_snapshots s WHERE {IN_SPAN})
ORDER BY g.external_id
""",  # noqa: S608 - constants alone
    "imports": f"""
SELECT g.external_id, b.key, i.source, i.file_name, i.file_sha256, i.imported_at
FROM price_imports i JOIN games g ON g.id = i.game_id JOIN bookmakers b ON b.id = i.bookmaker_id
WHERE g.id IN (SELECT s.game_id FROM odd_snapshots s WHERE {IN_SPAN})
ORDER BY g.external_id, b.key, i.source
""",  # noqa: S608 - constants alone
    "prices": f"""
SELECT g.external_id, c.market, c.participant, c.side, b.key, s.point, s.price, s."timestamp", s.captured_at
FROM odd_snapshots s JOIN games g ON g.id = s.game_id JOIN selections c ON c.id = s.selection_id
JOIN bookmakers b ON b.id = s.bookmaker_id
WHERE {IN_SPAN} ORDER BY s."timestamp", s.id
""",  # noqa: S608 - constants alone
}
Span = tuple[dt.datetime, dt.datetime]


def export_archive(
    *,
    folder: Path,
    since: dt.datetime,
    until: dt.datetime,
    file_format: str,
    on_file: Callable[[str, int], None] = lambda name, rows: None,
) -> dict[str, Any]:
    """Write the changes dated in [since, until) to a new or empty folder, a file per month; return the manifest.

    A folder in which an export was interrupted is as good as empty.

    Rows are streamed, so that memory does not grow with the archive. All files show the same instant of the database.
    The manifest comes last: a folder without one is not an archive. Raises ArchiveError.
    """
    if since >= until:
        raise ArchiveError("the span is empty: --from must be before --to")
    files: list[dict[str, Any]] = []
    is_outermost = not connection.in_atomic_block
    try:
        with claimed(folder), transaction.atomic():
            if is_outermost:
                with connection.cursor() as cursor:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            spans = dict.fromkeys(("bookmakers", "games", "imports"), (since, until))
            months = {f"prices-{start:%Y-%m}": (start, end) for start, end in _months(since, until)}
            for stem, span in (spans | months).items():
                kind = stem.partition("-")[0]
                path = folder / f"{stem}.{file_format}"
                rows = _write(path, kind, span, file_format)
                if kind == "prices" and not rows:
                    path.unlink()
                    continue
                files.append({"name": path.name, "kind": kind, "rows": rows, "sha256": checksum(path)})
                on_file(path.name, rows)
            manifest = {
                "archive": "bettrack",
                "version": VERSION,
                "format": file_format,
                "from": since.isoformat(),
                "to": until.isoformat(),
                "files": files,
            }
            (folder / MANIFEST).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise ArchiveError(f"{folder}: {error.strerror or 'cannot be written'}; {AGAIN}") from error
    except DatabaseError as error:
        raise ArchiveError(f"{folder}: the database broke off; {AGAIN}") from error
    return manifest


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold the folder for one export; what an interrupted one left in it is removed, anything else is refused.

    The mark stays until the export is whole. Raises ArchiveError, and OSError where the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / UNFINISHED
    found = {path.name for path in folder.iterdir()}
    if MANIFEST in found and UNFINISHED not in found:
        raise ArchiveError(f"{folder}: is not empty: it holds a finished archive; name another folder")
    if strangers := sorted(name for name in found if not OWN.fullmatch(name)):
        raise ArchiveError(
            f"{folder}: is not empty: {strangers[0]} is no file of an archive; name another folder"
        )
    if found and UNFINISHED not in found:
        raise ArchiveError(
            f"{folder}: is not empty, and no export of ours was interrupted in it; name another folder"
        )
    with mark.open("w", encoding="utf-8") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ArchiveError(f"{folder}: another export is writing to it") from None
        held.write("This export is not finished. Run the same command again: it begins anew.\n")
        held.flush()
        for name in found - {UNFINISHED}:
            (folder / name).unlink()
        yield
        mark.unlink()


def _write(path: Path, kind: str, span: Span, file_format: str) -> int:
    rows = 0
    with writer(path, KINDS[kind], file_format) as out, connection.chunked_cursor() as cursor:
        cursor.execute(QUERIES[kind], span)
        while batch := cursor.fetchmany(BATCH):
            out.write(batch)
            rows += len(batch)
    return rows


def _months(since: dt.datetime, until: dt.datetime) -> Iterator[Span]:
    with connection.cursor() as cursor:
        cursor.execute(
            'SELECT min("timestamp"), max("timestamp") FROM odd_snapshots s '
            'WHERE s."timestamp" >= %s AND s."timestamp" < %s',
            [since, until],
        )
        first, last = cursor.fetchone()
    if first is None:
        return
    month = month_of(first)
    while month <= month_of(last):
        start = dt.datetime.combine(month, dt.time(), dt.UTC)
        end = dt.datetime.combine(next_month(month), dt.time(), dt.UTC)
        yield max(start, since), min(end, until)
        month = next_month(month)
