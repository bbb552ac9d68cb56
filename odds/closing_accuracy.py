"""How well each book's closing moneyline foretold results: log-loss, Brier score and calibration.

A book's closing prices of all outcomes, their margin taken out in proportion, are its forecast. Log-loss is the mean of
−ln(probability given to what happened), Brier the mean of Σ(probability − what happened)² over outcomes; lower
is better for both. Books forecast different games, so each is also held against all books on its own games.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from django.db import connection

from odds.edges.offers import DRAWN
from odds.prices import STANDING, STARTS, bounds_of

BINS: Final = 10
SMALL_SAMPLE: Final = 30

GAMES: Final = """
SELECT id, commence_time FROM games
WHERE kind = 'match' AND status = 'final' AND commence_time >= %(since)s AND commence_time < %(until)s
  AND (%(sport)s::text IS NULL OR sport_id = %(sport)s)
"""
FORECASTS: Final = f"""
starts AS MATERIALIZED ({STARTS.format(games=GAMES)}),
played AS MATERIALIZED (
    SELECT s.game_id, s.start,
        CASE sign(g.home_score - g.away_score) WHEN 1 THEN 'home' WHEN -1 THEN 'away' ELSE 'draw' END AS winner,
        coalesce(jsonb_array_length(g.period_scores -> 'home'), 0) > CASE
            WHEN starts_with(g.sport_id, 'soccer_') THEN 2 WHEN starts_with(g.sport_id, 'icehockey_') THEN 3
        END AS overtime,
        g.sport_id ^@ ANY(%(drawn)s) AS needs_draw
    FROM starts s JOIN games g ON g.id = s.game_id
), lines AS MATERIALIZED (
    SELECT p.game_id, p.start, c.id, c.side FROM played p
    JOIN selections c ON c.game_id = p.game_id AND c.market = 'h2h' AND c.participant = ''
), standing AS MATERIALIZED ({STANDING}), closed AS (
    SELECT t.game_id, t.bookmaker_id, l.side,
        CASE WHEN t.price < 0 THEN -t.price / (100 - t.price) ELSE 100 / (100 + t.price) END AS implied
    FROM standing t JOIN lines l ON l.id = t.selection_id JOIN bookmakers b ON b.id = t.bookmaker_id
    WHERE t.price IS NOT NULL AND (b.active OR EXISTS (SELECT FROM heartbeats h
        WHERE h.game_id = t.game_id AND h.bookmaker_id = t.bookmaker_id AND h.scope = 'featured'))
), market AS (
    SELECT closed.*, implied / sum(implied) OVER book AS chance, count(*) FILTER (WHERE side <> 'draw') OVER book AS teams,
        bool_or(side = 'draw') OVER book AS has_draw
    FROM closed WINDOW book AS (PARTITION BY game_id, bookmaker_id)
), forecast AS MATERIALIZED (
    SELECT m.game_id, m.bookmaker_id, m.chance, m.side = p.winner AS hit FROM market m JOIN played p ON p.game_id = m.game_id
    WHERE m.teams = 2 AND (m.has_draw OR NOT (p.needs_draw OR p.winner = 'draw'))
      AND NOT (m.has_draw AND coalesce(p.overtime, false))
)
"""  # noqa: S608 - put together from constants
"""Common table expressions: of each game and book with a whole closing market the fair chance of each side.

A market with a price for the draw is over after the regular periods, so a game decided later says nothing about it; in one
without, a tie has no winner. Where ties are common a book without its price for the draw has no whole market. A book without a name of its own, as an imported average is inactive, forecasts nothing.
"""

ACCURACY: Final = f"""
WITH {FORECASTS}, score AS (
    SELECT game_id, bookmaker_id, -ln(max(chance) FILTER (WHERE hit)) AS loss, sum((chance - hit::int) ^ 2) AS brier
    FROM forecast GROUP BY game_id, bookmaker_id
), compared AS (
    SELECT bookmaker_id, loss, brier, avg(loss) OVER (PARTITION BY game_id) AS field FROM score
), book AS (
    SELECT bookmaker_id, count(*) AS games, avg(loss) AS loss, avg(field) AS field, avg(brier) AS brier
    FROM compared GROUP BY bookmaker_id
), bin AS (
    SELECT bookmaker_id, least(floor(chance * %(bins)s), %(bins)s - 1) AS number, count(*) AS forecasts,
        avg(chance) AS mean, count(*) FILTER (WHERE hit) AS hits
    FROM forecast GROUP BY bookmaker_id, number
), bins AS (
    SELECT bookmaker_id, array_agg(forecasts ORDER BY number) AS forecasts, array_agg(mean ORDER BY number) AS means,
        array_agg(hits ORDER BY number) AS hits
    FROM bin GROUP BY bookmaker_id
)
SELECT k.key, b.games, b.loss, b.field, b.brier, n.forecasts, n.means, n.hits
FROM book b JOIN bins n ON n.bookmaker_id = b.bookmaker_id JOIN bookmakers k ON k.id = b.bookmaker_id
"""  # noqa: S608 - put together from constants


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
    brier: Decimal
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
    """Return each book's accuracy over the games that started in the time, the best against the field first.

    One statement, in which PostgreSQL takes out the margin and scores; what comes back is a row a book.
    """
    values = {"since": since, "until": until, "sport": sport, "bins": BINS, "drawn": list(DRAWN)}
    with connection.cursor() as cursor:
        cursor.execute(ACCURACY, values | bounds_of(since, until))
        rows = cursor.fetchall()
    scored = [
        Accuracy(
            key,
            games,
            loss,
            field,
            brier,
            tuple(Bin(n, Fraction(mean), hit) for n, mean, hit in zip(forecasts, means, hits, strict=True)),
        )
        for key, games, loss, field, brier, forecasts, means, hits in rows
    ]
    return sorted(scored, key=lambda one: (one.is_small, -one.edge, one.book_key))
