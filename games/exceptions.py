"""What can go wrong in the games, in words a person can act on."""

from __future__ import annotations


class GamesError(Exception):
    """Base of the app's own errors; the message is meant to be shown."""


class ResultRefused(GamesError):
    """A result that contradicts itself."""


class SeedError(GamesError):
    """Seed data that cannot be used; the message names the file and the row."""
