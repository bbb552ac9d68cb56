"""Writing the price changes of a span of time, with the games and books they are of."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from django.db import connection, transaction

from odds.partitions import month_of, next_month

from .tables import BATCH, KINDS, MANIFEST, VERSION, ArchiveError, checksum, writer

IN_SPAN: Final = 's."timestamp" >= %s AND s."timestamp" < %s'
QUERIES: Final = {
    "bookmakers": f"""
SELECT key, title, is_exchange, commission, sharpness, active FROM bookmakers b
WHERE EXISTS (SELECT 1 FROM odd_snapshots s WHERE s.bookmaker_id = b.id AND {IN_SPAN}) ORDER BY key
""",  # noqa: S608 - constants alone
    "games": f"""
SELECT g.external_id, g.sport_id, sp.title, g.kind, h.name, a.name, g.title, g.commence_time, g.status,
    g.home_score, g.away_score
FROM games g JOIN sports sp ON sp.key = g.sport_id
LEFT JOIN teams h ON h.id = g.home_team_id LEFT JOIN teams a ON a.id = g.away_team_id
WHERE EXISTS (SELECT 1 FROM odd_snapshots s WHERE s.game_id = g.id AND {IN_SPAN})
ORDER BY g.external_id
""",  # noqa: S608 - constants alone
    "imports": f"""
SELECT g.external_id, b.key, i.source, i.file_name, i.file_sha256, i.imported_at
FROM price_imports i JOIN games g ON g.id = i.game_id JOIN bookmakers b ON b.id = i.bookmaker_id
WHERE EXISTS (SELECT 1 FROM odd_snapshots s WHERE s.game_id = g.id AND {IN_SPAN})
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
    """Write the changes dated in [since, until) to an empty folder, a file per month; return the manifest.

    Rows are streamed, so that memory does not grow with the archive. All files show the same instant of the database.
    The manifest comes last: a folder without one is not an archive. Raises ArchiveError.
    """
    if since >= until:
        raise ArchiveError("the span is empty: --from must be before --to")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise ArchiveError(f"{folder}: is not empty")
    except OSError as error:
        raise ArchiveError(f"{folder}: {error.strerror or 'cannot be written'}") from error
    files: list[dict[str, Any]] = []
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
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
    return manifest


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
