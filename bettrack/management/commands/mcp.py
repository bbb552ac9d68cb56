"""``manage.py mcp``: BetTrack for assistants."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.api.keys import KeyRefused, find_key
from bettrack.mcp.server import serve

SETTING = "BETTRACK_API_KEY"


class Command(BaseCommand):
    help = (
        "Serves assistants over standard input and output (Model Context Protocol): games, odds, movement, edges, your "
        f"bets and statistics, and placing bets with paper money. The API key is read from {SETTING}."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        text = os.environ.get(SETTING, "").strip()
        if not text:
            raise CommandError(f"{SETTING} is not set: make a key under Account → API keys and put it there.")
        with contextlib.redirect_stdout(sys.stderr):  # the protocol's alone, from the first byte
            try:
                scopes = find_key(text, now=timezone.now()).scopes
            except KeyRefused as problem:
                raise CommandError(f"{SETTING}: {problem}") from None
        serve(text, scopes)
