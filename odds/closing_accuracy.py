"""How well each book's closing moneyline foretold results: log-loss, Brier score and calibration.

A book's closing prices of all outcomes, their margin taken out in proportion, are its forecast. Log-loss is the mean of
−ln(probability given to what happened), Brier the mean of Σ(probability − what happened)² over outcomes; lower
is better for both. Books forecast different games, so each is also held against all books on its own games.
"""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from django.db import connection

from odds import pricing
from odds.prices import LineAt, closing_prices

BINS: Final = 10
SMALL_SAMPLE: Final = 30
REGULATION: Final = {"soccer_": 2, "icehockey_": 3}
"""Periods after which a market with a price for the draw is over; later ones decide nothing in it."""

RESULTS: Final = """
SELECT g.id, g.sport_id, g.commence_time, g.home_score, g.away_score,
       greatest(jsonb_array_length(coalesce(g.period_scores -> 'home', '[]')), 0), s.id, s.side, h.bookmaker_id, b.key
  FROM games g
  JOIN selections s ON s.game_id = g.id AND s.market = 'h2h' AND s.participant = ''
  JOIN LATERAL (
      SELECT bookmaker_id FROM heartbeats WHERE game_id = g.id AND scope = 'featured'
       UNION
      SELECT i.bookmaker_id FROM price_imports i JOIN bookmakers n ON n.id = i.bookmaker_id
       WHERE i.game_id = g.id AND n.active
  ) h ON true
  JOIN bookmakers b ON b.id = h.bookmaker_id
 WHERE g.kind = 'match' AND g.status = 'final' AND g.commence_time >= %(since)s AND g.commence_time < %(until)s
   AND (%(sport)s::text IS NULL OR g.sport_id = %(sport)s)
 ORDER BY g.id, b.key, s.side
"""


class Result(NamedTuple):
    """A row of ``RESULTS``: a side of a finished game at a book."""

    game_id: uuid.UUID
    sport: str
    start: dt.datetime
    home: int
    away: int
    periods: int
    selection_id: int
    side: str
    bookmaker_id: int
    book_key: str


class Forecast(NamedTuple):
    """A book's fair probability of each side of a game, and the side that won."""

    game_id: uuid.UUID
    book_key: str
    fair: Mapping[str, Fraction]
    winner: str


class Bin(NamedTuple):
    """Forecasts of a tenth of the scale: their number, their mean and how many came true."""

    forecasts: int
    mean: Fraction
    hits: int

    @property
    def rate(self) -> Fraction:
        return Fraction(self.hits, self.forecasts)


@dataclass(frozen=True, slots=True)
class Accuracy:
    """What a book's closing prices were worth as forecasts. ``field_log_loss`` is all books' on the same games."""

    book_key: str
    games: int
    log_loss: Decimal
    field_log_loss: Decimal
    brier: Fraction
    bins: tuple[Bin, ...]

    @property
    def is_small(self) -> bool:
        """Fewer games than say anything."""
        return self.games < SMALL_SAMPLE

    @property
    def edge(self) -> Decimal:
        """By how much it beats all books on the games both forecast; below 0 it is worse."""
        return self.field_log_loss - self.log_loss


def closing_accuracy(*, since: dt.datetime, until: dt.datetime, sport: str | None = None) -> list[Accuracy]:
    """Return each book's accuracy over the games that started in the time, the best against the field first."""
    with connection.cursor() as cursor:
        cursor.execute(RESULTS, {"since": since, "until": until, "sport": sport})
        results = list(map(Result._make, cursor.fetchall()))
    return accuracy_of(forecasts_of(results))


def forecasts_of(results: Sequence[Result]) -> list[Forecast]:
    """Return the forecast of each book that had closing prices of every outcome of a game. Two statements or fewer."""
    wanted = {
        row: LineAt(row.game_id, row.selection_id, row.bookmaker_id, None, row.start) for row in results
    }
    closing = closing_prices(wanted.values())
    found: list[Forecast] = []
    for (game, book), rows in itertools.groupby(results, key=lambda row: (row.game_id, row.book_key)):
        members = list(rows)
        prices = {row.side: closing[wanted[row]].odds for row in members if wanted[row] in closing}
        winner = winner_of(members[0], has_draw="draw" in prices)
        if winner is None or not {"home", "away"} <= prices.keys():
            continue
        try:
            fair = pricing.devig(list(prices.values()), pricing.Method.MULTIPLICATIVE)
        except pricing.NoFairPrice:
            continue
        found.append(Forecast(game, book, dict(zip(prices, fair.probabilities, strict=True)), winner))
    return found


def winner_of(game: Result, *, has_draw: bool) -> str | None:
    """The side that won; None for a tie without a price for the draw, or when extra time decided what it did not."""
    periods = next((count for prefix, count in REGULATION.items() if game.sport.startswith(prefix)), None)
    if has_draw and periods is not None and game.periods > periods:
        return None
    if game.home != game.away:
        return "home" if game.home > game.away else "away"
    return "draw" if has_draw else None


def accuracy_of(forecasts: Iterable[Forecast]) -> list[Accuracy]:
    """Score the forecasts by book, the best against the field first."""
    by_game: dict[uuid.UUID, list[Decimal]] = defaultdict(list)
    by_book: dict[str, list[Forecast]] = defaultdict(list)
    losses: dict[tuple[uuid.UUID, str], Decimal] = {}
    for forecast in forecasts:
        loss = log_loss(forecast.fair[forecast.winner])
        losses[forecast.game_id, forecast.book_key] = loss
        by_game[forecast.game_id].append(loss)
        by_book[forecast.book_key].append(forecast)
    field = {game: sum(members, Decimal(0)) / len(members) for game, members in by_game.items()}
    scored = []
    for book, members in by_book.items():
        count = len(members)
        scored.append(
            Accuracy(
                book_key=book,
                games=count,
                log_loss=sum((losses[each.game_id, book] for each in members), Decimal(0)) / count,
                field_log_loss=sum((field[each.game_id] for each in members), Decimal(0)) / count,
                brier=sum(map(brier, members), Fraction(0)) / count,
                bins=calibration(members),
            )
        )
    return sorted(scored, key=lambda one: (one.is_small, -one.edge, one.book_key))


def log_loss(probability: Fraction) -> Decimal:
    """−ln p, to the precision of decimal arithmetic."""
    return -(Decimal(probability.numerator) / Decimal(probability.denominator)).ln()


def brier(forecast: Forecast) -> Fraction:
    """Σ(p − 1 if it happened, else p)² over the outcomes: 0 is certain and right, 2 certain and wrong."""
    return sum(
        ((chance - (side == forecast.winner)) ** 2 for side, chance in forecast.fair.items()), Fraction(0)
    )


def calibration(forecasts: Iterable[Forecast]) -> tuple[Bin, ...]:
    """Group every forecast probability by tenths: did what was given 30 % happen three times in ten?"""
    groups: dict[int, list[tuple[Fraction, bool]]] = defaultdict(list)
    for forecast in forecasts:
        for side, chance in forecast.fair.items():
            groups[min(int(chance * BINS), BINS - 1)].append((chance, side == forecast.winner))
    return tuple(
        Bin(
            len(members),
            sum((chance for chance, _ in members), Fraction(0)) / len(members),
            sum(hit for _, hit in members),
        )
        for _, members in sorted(groups.items())
    )
