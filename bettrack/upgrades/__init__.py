"""Bringing a database up to date beside a version that is still serving it."""

from __future__ import annotations
