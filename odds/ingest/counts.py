from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Self


@dataclass
class IngestCounts:
    """What became of one response, or of many added together. ``rejected`` counts refused parts by reason."""

    responses: int = 0
    events: int = 0
    games_new: int = 0
    quotes: int = 0
    snapshots: int = 0
    withdrawals: int = 0
    unchanged: int = 0
    stale: int = 0
    rejected: Counter[str] = field(default_factory=Counter)

    def __iadd__(self, other: IngestCounts) -> Self:
        for name in (
            "responses",
            "events",
            "games_new",
            "quotes",
            "snapshots",
            "withdrawals",
            "unchanged",
            "stale",
        ):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.rejected.update(other.rejected)
        return self

    def reject(self, reasons: Iterable[str]) -> None:
        self.rejected.update(reasons)

    def sentence(self) -> str:
        """One line for a log or a terminal."""
        refused = sum(self.rejected.values())
        return (
            f"{self.events:,} events ({self.games_new:,} games new), {self.quotes:,} quotes: "
            f"{self.snapshots:,} changes written, of them {self.withdrawals:,} withdrawals, "
            f"{self.unchanged:,} unchanged, {self.stale:,} out of date, {refused:,} parts rejected"
        )
