"""Durations and states of games in a few words."""

from __future__ import annotations

import datetime as dt

from games.models import Game, GameStatus


def duration(length: dt.timedelta) -> str:
    """In its largest unit, cut off: "12 s", "48 min", "3 h", "2 d"; a negative length is "0 s"."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    if seconds < 2 * 86_400:
        return f"{seconds // 3600} h"
    return f"{seconds // 86_400} d"


def live_clock(game: Game) -> str:
    """The clock of a game in play with its period first: "2nd 4:12" of ESPN's "4:12 - 2nd"; else "Live"."""
    time, dash, period = game.clock.partition(" - ")
    return f"{period} {time}" if dash else time or "Live"


def start_in_words(game: Game, now: dt.datetime) -> str:
    """ "in 48 min" before the start; then the state, or that no score is known yet."""
    if game.status == GameStatus.LIVE:
        return live_clock(game)
    if game.status != GameStatus.SCHEDULED:
        return game.get_status_display().lower()
    if game.commence_time > now:
        return f"in {duration(game.commence_time - now)}"
    return "no score yet"
