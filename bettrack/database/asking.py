"""Questions to the person at the terminal."""

from __future__ import annotations

import sys

from django.core.management.base import CommandError


def confirmed(question: str) -> bool:
    """The answer. Raises CommandError where nobody sits at a terminal."""
    if not sys.stdin.isatty():
        raise CommandError("Nobody can be asked here: pass --yes to go on.")
    return input(question).strip().lower() in ("y", "yes")
