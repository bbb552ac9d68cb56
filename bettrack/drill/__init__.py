"""The fault harness: a scratch instance with real servers and processes, and everything that may befall it."""

from __future__ import annotations
