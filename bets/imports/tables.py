"""From the bytes of a file to named cells: encoding, delimiter, header."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bets.imports.rows import MAX_BYTES, MAX_ROWS, BadFile
from bets.imports.values import plain

DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n")
MAX_CELL, MAX_COLUMNS = 20_000, 200


@dataclass(frozen=True, slots=True)
class Record:
    """One row: its line in the file, its cells, and at which place a column is by its normalised header."""

    line: int
    cells: Sequence[str]
    places: Mapping[str, int]

    def get(self, *names: str) -> str:
        """Return the first cell that is not empty under one of the names."""
        for name in names:
            place = self.places.get(plain(name), len(self.cells))
            if place < len(self.cells) and (cell := self.cells[place].strip()):
                return cell
        return ""


@dataclass(frozen=True, slots=True)
class Table:
    header: Sequence[str]
    records: Sequence[Record]

    def column(self, *names: str) -> list[str]:
        return [record.get(*names) for record in self.records]

    def has(self, *names: str) -> bool:
        return {plain(name) for name in names} <= {plain(name) for name in self.header}


def text_of(content: bytes) -> str:
    """Return the text of an uploaded file. Raises BadFile for one that is none, is empty or too large."""
    if len(content) > MAX_BYTES:
        raise BadFile(f"The file is larger than {MAX_BYTES // 1024 // 1024} MB; split it.")
    if not content.strip():
        raise BadFile("The file is empty.")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError as error:
            raise BadFile("The file begins like UTF-16 text but is none. Save it as UTF-8.") from error
    if content.startswith(b"PK\x03\x04"):
        raise BadFile("This is a spreadsheet or an archive. Export it as CSV first.")
    if b"\x00" in content:
        raise BadFile("This is no text file. Export the bets as CSV or JSON.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    try:
        text = content.decode("cp1252")
    except UnicodeDecodeError as error:
        raise BadFile("The file is neither UTF-8 nor Windows text. Save it as UTF-8.") from error
    if sum(not (char.isprintable() or char in "\r\n\t") for char in text) > len(text) // 100:
        raise BadFile("This is no text file. Export the bets as CSV or JSON.")
    return text


def table_of(text: str) -> Table:
    """Split delimited text into records. Raises BadFile for a file without header or rows, or with too many."""
    first = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(",;\t|", key=first.count)
    if not first.count(delimiter):
        raise BadFile(
            "The first line is no header of columns. The file must be CSV with a line of column names."
        )
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False)
    header: list[str] = []
    records: list[Record] = []
    places: dict[str, int] = {}
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if not header:
                header = checked_header(cells)
                places |= {plain(name): place for place, name in enumerate(header)}
                continue
            if len(records) >= MAX_ROWS:
                raise BadFile(f"The file has more than {MAX_ROWS:,} rows; split it.")
            if any(len(cell) > MAX_CELL for cell in cells):
                raise BadFile(f"Line {reader.line_num} has a cell of more than {MAX_CELL:,} characters.")
            values = [disarmed(cell) for cell in cells[: len(header)]]
            records.append(Record(reader.line_num, values, places))
    except csv.Error as error:
        raise BadFile(f"Line {reader.line_num} cannot be read as CSV: {error}.") from error
    if not records:
        raise BadFile("The file has a header but no rows.")
    return Table(header, records)


def checked_header(cells: Sequence[str]) -> list[str]:
    header = [cell.strip().lstrip("\ufeff") for cell in cells]
    if len(header) > MAX_COLUMNS:
        raise BadFile(f"The header has more than {MAX_COLUMNS} columns.")
    return header


def armed(text: str) -> str:
    """Return a text cell that no spreadsheet takes for a formula: an apostrophe goes before the sign."""
    return f"'{text}" if text.lstrip("'").lstrip(" ").startswith(DANGEROUS) else text


def disarmed(cell: str) -> str:
    """Undo ``armed``."""
    is_armed = cell.startswith("'") and cell.lstrip("'").lstrip(" ").startswith(DANGEROUS)
    return cell[1:].replace("\x00", "") if is_armed else cell.replace("\x00", "")
