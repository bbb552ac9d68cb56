"""How much of the archive has a closing line, per sport and book, and how old those lines are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from odds.prices import STANDING, STARTS, bounds_of

MARKETS = ("h2h", "spreads", "totals")
FRESH = dt.timedelta(hours=1)

GAMES = """
SELECT id, commence_time FROM games
WHERE kind = 'match' AND commence_time >= %(since)s AND commence_time < %(until)s AND status IN ('live', 'final', 'abandoned')
"""
COVERAGE = f"""
WITH starts AS MATERIALIZED ({STARTS.format(games=GAMES)}),
played AS (
    SELECT g.sport_id, sp.title, s.game_id, s.start FROM starts s JOIN games g ON g.id = s.game_id
    JOIN sports sp ON sp.key = g.sport_id
), lines AS MATERIALIZED (
    SELECT p.game_id, p.start, c.id FROM played p
    JOIN selections c ON c.game_id = p.game_id AND c.market = ANY(%(markets)s)
), standing AS MATERIALIZED ({STANDING}), last AS (
    SELECT p.sport_id, t.game_id, t.bookmaker_id, t.price, t.start - t.captured_at AS age
    FROM standing t JOIN played p ON p.game_id = t.game_id
), per_sport AS (SELECT sport_id, min(title) AS title, count(*) AS games FROM played GROUP BY sport_id)
SELECT t.sport_id, t.title, t.games, b.key, b.title,
    count(DISTINCT last.game_id), count(DISTINCT last.game_id) FILTER (WHERE last.price IS NOT NULL),
    count(last.bookmaker_id), count(last.price),
    count(*) FILTER (WHERE last.price IS NOT NULL AND last.age <= %(fresh)s),
    percentile_disc(0.5) WITHIN GROUP (ORDER BY last.age) FILTER (WHERE last.price IS NOT NULL)
FROM per_sport t LEFT JOIN last ON last.sport_id = t.sport_id LEFT JOIN bookmakers b ON b.id = last.bookmaker_id
GROUP BY t.sport_id, t.title, t.games, b.key, b.title
ORDER BY t.title, t.sport_id, count(last.price) DESC, b.key
"""  # noqa: S608 - put together from constants


@dataclass(frozen=True)
class BookCoverage:
    """A book's closing lines of a sport: ``closed`` of the ``lines`` (selections) it quoted still stood at the start.

    ``games_closed`` of the ``games_quoted`` have at least one of them; ``fresh`` prices changed within the last hour.
    """

    key: str
    title: str
    games_quoted: int
    games_closed: int
    lines: int
    closed: int
    fresh: int
    median_age: dt.timedelta | None

    @property
    def withdrawn(self) -> int:
        """Lines that the book had taken down before the start."""
        return self.lines - self.closed


@dataclass(frozen=True)
class SportCoverage:
    """The games of a sport that have begun, and what each book had of them at the start."""

    key: str
    title: str
    games: int
    books: list[BookCoverage] = field(default_factory=list)

    def share(self, book: BookCoverage) -> float:
        """Percent of the sport's games for which the book has a closing line."""
        return 100 * book.games_closed / self.games

    @property
    def shares(self) -> Iterator[tuple[BookCoverage, float]]:
        return ((book, self.share(book)) for book in self.books)


def closing_coverage(*, since: dt.datetime, until: dt.datetime) -> list[SportCoverage]:
    """Coverage of the main markets of the matches that began in [since, until), by sport and book. One statement.

    Books come in order of the closing lines they have. A game counts from its actual start (see ``odds.prices``).
    """
    values: dict[str, Any] = {"since": since, "until": until, "markets": list(MARKETS), "fresh": FRESH}
    with connection.cursor() as cursor:
        cursor.execute(COVERAGE, values | bounds_of(since, until))
        rows = cursor.fetchall()
    sports: dict[str, SportCoverage] = {}
    for key, title, games, book, *figures in rows:
        sport = sports.setdefault(key, SportCoverage(key, title, games))
        if book is not None:
            sport.books.append(BookCoverage(book, *figures))
    return list(sports.values())
