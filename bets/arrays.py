"""Columns of rows as PostgreSQL's array literals: one text to send for a column of any length.

The driver adapts a list element by element; for thousands of rows this was a fifth of settling's time in Python.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any


def array_literal(values: Iterable[Any]) -> str:
    """Return values as an array literal, to be cast to its type: ``{1,2,NULL}``, ``{"won","lost"}``.

    Text is quoted; what is not text (numbers, UUIDs, times) is written as ``str`` does, which needs no quotes.
    """
    return "{" + ",".join([element(value) for value in values]) + "}"


def element(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
    return str(value)


def columns(rows: Sequence[tuple[Any, ...]]) -> list[str]:
    """Return rows as one array literal for each column."""
    return [array_literal(column) for column in zip(*rows, strict=True)]
