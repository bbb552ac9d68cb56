"""The operator's side of PostgreSQL: what it holds and does, its upkeep, poolers and replicas."""

from __future__ import annotations
