"""From a parsed response of the odds feed to rows: games, selections, price changes, what is on offer now."""

from __future__ import annotations

from .counts import IngestCounts
from .service import ingest_odds

__all__ = ["IngestCounts", "ingest_odds"]
