"""Honest statistics of a person's bets. ``read_record`` gives all of them, whoever shows them."""

from __future__ import annotations

from bets.stats.facts import refresh
from bets.stats.record import Record, read_record, read_series
from bets.stats.scope import Roll, Scope, default_pot, rolls_of, whole
from bets.stats.shape import as_json
from bets.stats.sums import Sums, money
from bets.stats.totals import PotTotals, Totals, totals_of

__all__ = [
    "PotTotals",
    "Record",
    "Roll",
    "Scope",
    "Sums",
    "Totals",
    "as_json",
    "default_pot",
    "money",
    "read_record",
    "read_series",
    "refresh",
    "rolls_of",
    "totals_of",
    "whole",
]
