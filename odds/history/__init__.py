"""Seasons of the past from result files: games, results, opening and closing prices."""

from __future__ import annotations

from .files import HistoryError, HistoryFile, read_file
from .service import ImportCounts, import_file

__all__ = ["HistoryError", "HistoryFile", "ImportCounts", "import_file", "read_file"]
