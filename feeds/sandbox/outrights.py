"""One winner market: who takes the NBA championship. The field's chances drift from week to week."""

from __future__ import annotations

import datetime as dt
import math

from .books import BookModel, american
from .draws import normal, number, uniform
from .leagues import NBA, teams
from .market import Offer, Quote

KEY = "basketball_nba_championship_winner"
TITLE = "NBA Championship Winner"
_WINDOW = 6 * 3600
_HOLD = 0.22


def season_end(at: dt.datetime) -> dt.datetime:
    """The start the feed tells for the market: the finals of the running season."""
    year = at.year if (at.month, at.day) < (6, 20) else at.year + 1
    return dt.datetime(year, 6, 10, 21, tzinfo=dt.UTC)


def event_id(seed: object, at: dt.datetime) -> str:
    """32 hex digits, the same for a season."""
    words = (seed, KEY, season_end(at).year)
    return f"{number(*words, 'a'):016x}{number(*words, 'b'):016x}"


def offer(seed: object, book: BookModel, at: dt.datetime) -> Offer:
    """A book's price on every club."""
    window = int((at.timestamp() - uniform(seed, book.key, "outright") * _WINDOW) // _WINDOW)
    week = int(at.timestamp() // (7 * 86400))
    weights = {
        team.name: math.exp(
            1.5 * normal(seed, NBA.sport_key, team.espn_id, "margin")
            + 0.15 * normal(seed, team.espn_id, "week", week)
            + 0.05 * normal(seed, team.espn_id, book.key, window // 4)
        )
        for team in teams(NBA.sport_key)
    }
    whole = sum(weights.values())
    stamp = dt.datetime.fromtimestamp(int(at.timestamp() // 300 * 300), dt.UTC)
    quotes = sorted(
        (Quote(name, american(weight / whole * (1 + _HOLD), 10)) for name, weight in weights.items()),
        key=lambda quote: quote.price,
    )
    return Offer("outrights", stamp, tuple(quotes))
