"""Durations and states of games in a few words."""

from __future__ import annotations

import datetime as dt

from games.models import Game, GameStatus

MINUTE = dt.timedelta(minutes=1)


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


def ago(length: dt.timedelta) -> str:
    """How long since, to the minute: "<1 min", else as ``duration``."""
    return "<1 min" if length < MINUTE else duration(length)


def next_minute(of: dt.datetime, now: dt.datetime) -> dt.datetime:
    """When the words for the time between the two change next; within the last minute before, in a second."""
    left = of - now
    if left <= dt.timedelta(0):
        return now + MINUTE - (now - of) % MINUTE
    if left < MINUTE:
        return now + min(left, dt.timedelta(seconds=1))
    return now + (left % MINUTE or MINUTE)


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
