"""The files of an archive: their columns, and reading and writing them as CSV or Parquet. Pure: no Django.

Ids differ between installations, so rows go by natural keys: the feed's event id, market, participant, side, book.
"""

from __future__ import annotations

import csv
import hashlib
import importlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self

FORMATS: Final = ("parquet", "csv")
MANIFEST: Final = "manifest.json"
UNFINISHED: Final = "UNFINISHED"
"""The mark in a folder that an export has not done with."""
VERSION: Final = 1
BATCH: Final = 20_000

Columns = dict[str, str]
"""Name to kind: text, nullable (text or none), int, flag, time, or the places of a decimal as ``12.6``."""

GAMES: Final[Columns] = {
    "external_id": "text",
    "sport": "text",
    "sport_title": "text",
    "kind": "text",
    "home": "nullable",
    "away": "nullable",
    "title": "text",
    "commence_time": "time",
    "status": "text",
    "home_score": "int",
    "away_score": "int",
}
BOOKMAKERS: Final[Columns] = {
    "key": "text",
    "title": "text",
    "is_exchange": "flag",
    "commission": "5.4",
    "sharpness": "4.2",
    "active": "flag",
}
IMPORTS: Final[Columns] = {
    "external_id": "text",
    "bookmaker": "text",
    "source": "text",
    "file_name": "text",
    "file_sha256": "text",
    "imported_at": "time",
}
PRICES: Final[Columns] = {
    "external_id": "text",
    "market": "text",
    "participant": "text",
    "side": "text",
    "bookmaker": "text",
    "point": "8.2",
    "price": "12.6",
    "timestamp": "time",
    "captured_at": "time",
}
KINDS: Final = {"games": GAMES, "bookmakers": BOOKMAKERS, "imports": IMPORTS, "prices": PRICES}


class ArchiveError(Exception):
    """An archive that cannot be written or read; the message names the file and says why."""


class Writer(Protocol):
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def write(self, rows: Sequence[tuple[Any, ...]]) -> None: ...


class CsvWriter:
    """Rows as text: times in ISO 8601, nothing for none."""

    def __init__(self, path: Path, columns: Columns) -> None:
        self._file = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(columns)
        self._times = [place for place, kind in enumerate(columns.values()) if kind == "time"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, rows: Sequence[tuple[Any, ...]]) -> None:
        for row in rows:
            cells = list(row)
            for place in self._times:
                cells[place] = cells[place].isoformat()
            self._writer.writerow(cells)


class ParquetWriter:
    """Typed columns, a row group for each batch, so that memory stays bounded."""

    def __init__(self, path: Path, columns: Columns) -> None:
        self._arrow, parquet = arrow()
        fields = [(name, self._type(kind)) for name, kind in columns.items()]
        self._schema = self._arrow.schema(fields)
        self._writer = parquet.ParquetWriter(str(path), self._schema, compression="zstd")

    def _type(self, kind: str) -> Any:
        simple = {"text": "string", "nullable": "string", "int": "int32", "flag": "bool_"}
        if kind in simple:
            return getattr(self._arrow, simple[kind])()
        if kind == "time":
            return self._arrow.timestamp("us", tz="UTC")
        precision, _, scale = kind.partition(".")
        return self._arrow.decimal128(int(precision), int(scale))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._writer.close()

    def write(self, rows: Sequence[tuple[Any, ...]]) -> None:
        columns = list(zip(*rows, strict=True))
        arrays = [
            self._arrow.array(column, type=field.type)
            for column, field in zip(columns, self._schema, strict=True)
        ]
        self._writer.write_table(self._arrow.Table.from_arrays(arrays, schema=self._schema))


def writer(path: Path, columns: Columns, file_format: str) -> Writer:
    """Raises ArchiveError when Parquet is asked for and pyarrow is not installed."""
    return ParquetWriter(path, columns) if file_format == "parquet" else CsvWriter(path, columns)


def batches(path: Path, columns: Columns, file_format: str) -> Iterator[list[tuple[Any, ...]]]:
    """The rows of a file, some thousands at a time. Raises ArchiveError."""
    reader = _parquet_batches if file_format == "parquet" else _csv_batches
    yield from reader(path, columns)


def _parquet_batches(path: Path, columns: Columns) -> Iterator[list[tuple[Any, ...]]]:
    arrow_module, parquet = arrow()
    try:
        with parquet.ParquetFile(str(path)) as file:
            if file.schema_arrow.names != list(columns):
                raise ArchiveError(f"{path.name}: its columns are not {', '.join(columns)}")
            for batch in file.iter_batches(batch_size=BATCH):
                yield list(zip(*(column.to_pylist() for column in batch.columns), strict=True))
    except (OSError, arrow_module.ArrowException) as error:
        raise ArchiveError(f"{path.name}: cannot be read as Parquet") from error


def _csv_batches(path: Path, columns: Columns) -> Iterator[list[tuple[Any, ...]]]:
    empty_is_text = [kind == "text" for kind in columns.values()]
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.reader(file)
            if next(reader, None) != list(columns):
                raise ArchiveError(f"{path.name}: its columns are not {', '.join(columns)}")
            rows: list[tuple[Any, ...]] = []
            for cells in reader:
                if len(cells) != len(columns):
                    raise ArchiveError(f"{path.name}:{reader.line_num}: {len(columns)} cells are expected")
                rows.append(
                    tuple(
                        cell or ("" if is_text else None)
                        for cell, is_text in zip(cells, empty_is_text, strict=True)
                    )
                )
                if len(rows) == BATCH:
                    yield rows
                    rows = []
            if rows:
                yield rows
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ArchiveError(f"{path.name}: cannot be read as CSV") from error


def arrow() -> tuple[Any, Any]:
    """pyarrow and its Parquet module. Raises ArchiveError where it is not installed."""
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ImportError as error:
        raise ArchiveError(
            "Parquet needs the package pyarrow: install it with “pip install pyarrow”, or use --format csv"
        ) from error


def checksum(path: Path) -> str:
    """SHA-256 of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest, once every file it lists is there and whole. Raises ArchiveError."""
    if (folder / UNFINISHED).exists():
        raise ArchiveError(f"{folder}: its export was not finished; run “archive export” again")
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        kind, version, file_format = manifest["archive"], manifest["version"], manifest["format"]
        files = [(str(one["name"]), str(one["kind"]), str(one["sha256"])) for one in manifest["files"]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise ArchiveError(f"{folder / MANIFEST}: is missing or is no manifest of an archive") from error
    if kind != "bettrack" or version != VERSION or file_format not in FORMATS:
        raise ArchiveError(f"{folder / MANIFEST}: is of a kind or version that this BetTrack cannot read")
    for name, content, digest in files:
        path = folder / name
        if content not in KINDS or path.parent != folder or not path.is_file():
            raise ArchiveError(f"{name}: is missing, or is no file of an archive")
        if checksum(path) != digest:
            raise ArchiveError(f"{name}: does not match its checksum in the manifest; copy the archive again")
    return dict(manifest)
