"""The shape of the database report: sections of rows, the same for terminal, page and JSON."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from django.db import DatabaseError, connections, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

TEXT: Final = "text"
CODE: Final = "code"
COUNT: Final = "count"
BYTES: Final = "bytes"
SECONDS: Final = "seconds"
PERCENT: Final = "percent"
INSTANT: Final = "instant"
NUMBERS: Final = frozenset({COUNT, BYTES, SECONDS, PERCENT})
UNITS: Final = ("B", "kB", "MB", "GB", "TB", "PB")
NOTHING: Final = "–"
LOCK_WAIT: Final = "1s"
LONGEST: Final = "20s"
MOST: Final = 15


@dataclass(frozen=True)
class Column:
    key: str
    label: str
    kind: str = TEXT

    @property
    def is_number(self) -> bool:
        return self.kind in NUMBERS

    def text_of(self, row: Mapping[str, Any]) -> str:
        """The value as a person reads it."""
        return shown(row.get(self.key), self.kind)


@dataclass
class Section:
    """A table with what is to be said of it. ``warnings`` want something done, ``notes`` explain."""

    key: str
    title: str
    columns: Sequence[Column] = ()
    rows: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def shown_rows(self, *, every: bool = False) -> list[list[tuple[Column, str]]]:
        """The rows in words, the first ``MOST`` of them unless every one is wanted."""
        rows = self.rows if every else self.rows[:MOST]
        return [[(column, column.text_of(row)) for column in self.columns] for row in rows]

    @property
    def left_out(self) -> int:
        return max(0, len(self.rows) - MOST)

    def as_json(self) -> dict[str, Any]:
        rows = [{column.key: _plain(row.get(column.key)) for column in self.columns} for row in self.rows]
        return {"title": self.title, "warnings": self.warnings, "notes": self.notes, "rows": rows}


Collector = Callable[[CursorWrapper], Section]


def collected(key: str, title: str, collect: Collector, *, using: str) -> Section:
    """The section, read in a transaction of its own that waits for no lock; what keeps it from being read is told."""
    try:
        with transaction.atomic(using=using), connections[using].cursor() as cursor:
            cursor.execute(
                "SELECT set_config('lock_timeout', %s, true), set_config('statement_timeout', %s, true), "
                "set_config('jit', 'off', true)",
                [LOCK_WAIT, LONGEST],
            )
            return collect(cursor)
    except DatabaseError as error:
        reason = str(error).strip().splitlines()[0]
        if "lock timeout" in reason:
            reason = "something holds a lock on a table; see what is long-running"
        return Section(key, title, warnings=[f"This could not be read: {reason}."])


def rows_of(cursor: CursorWrapper, sql: str, params: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """The rows of a statement by the names of its columns."""
    cursor.execute(sql, params)
    names = [column.name for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def shown(value: Any, kind: str) -> str:
    """A value in words: sizes in powers of 1024, durations in their two largest units, instants in UTC."""
    if value is None or value == "":
        return NOTHING
    if kind == COUNT:
        return f"{int(value):,}"
    if kind == BYTES:
        return sized(int(value))
    if kind == SECONDS:
        return lasting(float(value))
    if kind == PERCENT:
        return f"{float(value):.1f} %"
    if kind == INSTANT:
        return f"{timezone.localtime(value, dt.UTC):%Y-%m-%d %H:%M}"
    return str(value)


def sized(count: int) -> str:
    """A number of bytes in its unit; below zero too."""
    size = float(count)
    for unit in UNITS:
        if abs(size) < 1024 or unit == UNITS[-1]:
            return f"{size:,.0f} {unit}" if unit == "B" or abs(size) >= 100 else f"{size:,.1f} {unit}"
        size /= 1024
    raise AssertionError("unreachable")


def lasting(seconds: float) -> str:
    """A duration in words: 3 ms, 12.4 s, 5 min 20 s, 3 h 4 min, 2 d 6 h."""
    if abs(seconds) < 1:
        return f"{seconds * 1000:.3g} ms"
    if abs(seconds) < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for name, size, below, smaller in (
        ("d", 86_400, "h", 3_600),
        ("h", 3_600, "min", 60),
        ("min", 60, "s", 1),
    ):
        if abs(whole) >= size:
            return f"{whole // size:,} {name} {whole % size // smaller} {below}"
    return f"{whole} s"


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    return value
