"""Reading results files: their format, encoding and lines. Pure: no Django."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from . import football_data, nflverse
from .records import BadRow, Fault, PastGame, Row

LARGEST: Final = 64 * 1024 * 1024
FORMATS: Final = {football_data.SOURCE: football_data, nflverse.SOURCE: nflverse}


class HistoryError(Exception):
    """A file that cannot be read at all; the message names it and says why."""


@dataclass
class HistoryFile:
    """A results file: ``source`` is its format. ``faults`` fill while ``games`` are read."""

    name: str
    source: str
    sha256: str
    rows: list[tuple[int, dict[str, str]]]
    faults: list[Fault] = field(default_factory=list)

    def games(self) -> Iterator[PastGame | None]:
        """The game of every line, None where there is none to be had. A game named twice is a fault."""
        read: Callable[[Row], PastGame] = FORMATS[self.source].read_row
        seen: dict[str, int] = {}
        for line, cells in self.rows:
            row = Row(self.name, line, cells)
            game = None
            try:
                game = read(row)
                first = seen.setdefault(game.external_id, line)
                if first != line:
                    game = None
                    row.fault("", f"the game of line {first} again")
            except BadRow as bad:
                row.fault(bad.column, str(bad))
            self.faults.extend(row.faults)
            yield game


def read_file(path: Path) -> HistoryFile:
    """Read a file, plain or .gz, UTF-8 with or without its mark or Windows' Western. Raises HistoryError."""
    try:
        body = _bytes(path)
    except (OSError, EOFError, zlib.error) as error:
        raise HistoryError(f"{path}: {getattr(error, 'strerror', None) or 'cannot be read'}") from error
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = body.decode("cp1252", errors="replace")
    reader = csv.reader(io.StringIO(text.replace("\0", ""), newline=""))
    try:
        header = [name.strip() for name in next(reader, [])]
        source = _format(path, header)
        rows = [
            (reader.line_num, _cells(header, cells))
            for cells in reader
            if any(cell.strip() for cell in cells)
        ]
    except csv.Error as error:
        raise HistoryError(f"{path}: line {reader.line_num}: {error}") from error
    return HistoryFile(path.name, source, hashlib.sha256(body).hexdigest(), rows)


def _bytes(path: Path) -> bytes:
    with path.open("rb") as raw:
        start = raw.read(2)
        raw.seek(0)
        if start != b"\x1f\x8b":
            body = raw.read(LARGEST + 1)
        else:
            with gzip.GzipFile(fileobj=raw) as packed:
                body = packed.read(LARGEST + 1)
    if len(body) > LARGEST:
        raise HistoryError(f"{path}: is larger than {LARGEST // 1024 // 1024} MB")
    return body


def _format(path: Path, header: list[str]) -> str:
    for source, form in FORMATS.items():
        if all(name in header for name in form.NEEDED):
            return source
    wanted = " or ".join(f"{source} ({', '.join(form.NEEDED)})" for source, form in FORMATS.items())
    raise HistoryError(f"{path}: its first line does not have the columns of {wanted}")


def _cells(header: list[str], cells: list[str]) -> dict[str, str]:
    """By column; of a name that comes twice the first counts, columns without a name are left out."""
    found: dict[str, str] = {}
    for name, cell in zip(header, cells, strict=False):
        if name:
            found.setdefault(name, cell)
    return found
