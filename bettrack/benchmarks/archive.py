"""An archive made for measuring: games of a day with the prices of many books, and as many older changes as wanted."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.db import connection
from psycopg import sql

from games.models import Game, GameStatus, Sport, Team
from odds.models import Bookmaker
from odds.partitions import create_months, month_of, next_month

LINES: Final = (
    ("h2h", "home"), ("h2h", "away"), ("spreads", "home"), ("spreads", "away"), ("totals", "over"), ("totals", "under"),
)  # fmt: skip
PERIOD: Final = dt.timedelta(days=7)
"""A game's changes are spread over the days before its start, or before now."""

SELECTIONS: Final = """
INSERT INTO selections (game_id, market, participant, side)
SELECT g.id, line.market, '', line.side
FROM games g CROSS JOIN unnest(%(markets)s::text[], %(sides)s::text[]) AS line (market, side)
WHERE g.external_id LIKE %(prefix)s
"""
PRICE: Final = "-(104 + (s.id + b.id * 3 + c * 5) %% 23)"
POINT: Final = """CASE s.market
    WHEN 'spreads' THEN (3.5 + 0.5 * (c / 9 %% 3)) * CASE s.side WHEN 'home' THEN -1 ELSE 1 END
    WHEN 'totals' THEN 220.5 END"""
SNAPSHOTS: Final = f"""
INSERT INTO odd_snapshots (game_id, selection_id, bookmaker_id, price, point, timestamp, captured_at)
SELECT s.game_id, s.id, b.id, {PRICE}, {POINT}, at.at, at.at
FROM games g
JOIN selections s ON s.game_id = g.id
CROSS JOIN bookmakers b
CROSS JOIN generate_series(0, %(changes)s - 1) c
CROSS JOIN LATERAL (
    SELECT least(g.commence_time, %(now)s) - %(period)s * ((%(changes)s - 1 - c) / %(changes)s::float8)
        - make_interval(secs => b.id) AS at
) at
WHERE g.external_id LIKE %(prefix)s
"""  # noqa: S608 - the parts are constants
CURRENT: Final = f"""
INSERT INTO current_odds (game_id, selection_id, bookmaker_id, point, price, timestamp, changed_at, updated_at)
SELECT s.game_id, s.id, b.id, {POINT}, {PRICE}, at, at, at
FROM games g
JOIN selections s ON s.game_id = g.id
CROSS JOIN bookmakers b
CROSS JOIN LATERAL (SELECT %(changes)s - 1 AS c, %(now)s - make_interval(secs => b.id) AS at) last
WHERE g.external_id LIKE %(prefix)s
"""  # noqa: S608
HEARTBEATS: Final = """
INSERT INTO heartbeats (game_id, bookmaker_id, scope, seen_at, polled_at, missed)
SELECT g.id, b.id, 'featured', %(now)s, %(now)s, 0 FROM games g CROSS JOIN bookmakers b
WHERE g.external_id LIKE %(prefix)s
"""
SPAN: Final = dt.timedelta(days=360)


def fill_day(*, games: int, books: int, changes: int, now: dt.datetime) -> list[Game]:
    """Write games of the coming hours whose every line has changed so often at every book; return the games."""
    sport = Sport.objects.create(key="basketball_nba", title="NBA", group="Basketball")
    teams = Team.objects.bulk_create(
        Team(sport=sport, name=f"Fairly Long Town Team {n}", abbr=f"T{n}") for n in range(30)
    )
    Bookmaker.objects.bulk_create(
        Bookmaker(key=f"book{n}", title=f"Book Number {n}", short=f"B{n}") for n in range(books)
    )
    made = Game.objects.bulk_create(
        Game(
            external_id=f"day-{n}",
            sport=sport,
            home_team=teams[n % 30],
            away_team=teams[(n + 1 + n // 30) % 30],
            title=f"{teams[(n + 1 + n // 30) % 30].name} at {teams[n % 30].name}",
            commence_time=now + dt.timedelta(hours=1),
            status=GameStatus.SCHEDULED,
        )
        for n in range(games)
    )
    given = {"prefix": "day-%", "changes": changes, "now": now}
    _create_months(now - PERIOD, now)
    _run(SELECTIONS, SNAPSHOTS, CURRENT, HEARTBEATS, **given)
    tidy()
    return made


def fill_past(*, snapshots: int, books: int, changes: int, now: dt.datetime) -> int:
    """Write finished games of the year before with as many changes, their indexes built afterwards; return the rows."""
    games = max(1, snapshots // (books * changes * len(LINES)))
    teams = list(Team.objects.order_by("id"))
    Game.objects.bulk_create(
        Game(
            external_id=f"old-{n}",
            sport_id="basketball_nba",
            home_team=teams[n % 30],
            away_team=teams[(n + 7) % 30],
            title=f"Game {n}",
            commence_time=now - SPAN * (n + 1) / games,
            status=GameStatus.FINAL,
            home_score=100,
            away_score=90,
        )
        for n in range(games)
    )
    _create_months(now - SPAN - PERIOD - dt.timedelta(days=1), now)
    with without_indexes("odd_snapshots"):
        _run(SELECTIONS, SNAPSHOTS, prefix="old-%", changes=changes, now=now)
    tidy()
    return games * books * changes * len(LINES)


@contextmanager
def without_indexes(table: str) -> Iterator[None]:
    """Do without the table's keys and indexes for a while: filling is many times as quick, the end is the same."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass "
            "AND contype IN ('p', 'u', 'f') ORDER BY contype DESC",
            [table],
        )
        constraints = cursor.fetchall()
        cursor.execute(
            "SELECT c.relname, pg_get_indexdef(i.indexrelid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid "
            "WHERE i.indrelid = %s::regclass AND NOT EXISTS "
            "(SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.conrelid = i.indrelid)",
            [table],
        )
        indexes = cursor.fetchall()
        for name, _ in constraints:
            cursor.execute(_ddl("ALTER TABLE {} DROP CONSTRAINT {}", table, name))
        for name, _ in indexes:
            cursor.execute(_ddl("DROP INDEX {}", name))
        yield
        for _, definition in indexes:
            cursor.execute(definition.replace(" ON ONLY ", " ON "))
        for name, definition in constraints:
            cursor.execute(_ddl("ALTER TABLE {} ADD CONSTRAINT {} ", table, name) + sql.SQL(definition))


def tidy() -> None:
    """Bring statistics and visibility up to date, as autovacuum would in time."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _ddl(text: str, *names: str) -> sql.Composed:
    return sql.SQL(text).format(*map(sql.Identifier, names))


def _create_months(first: dt.datetime, last: dt.datetime) -> None:
    months = [month_of(first)]
    while months[-1] < month_of(last):
        months.append(next_month(months[-1]))
    create_months(months)


def _run(*statements: str, **given: Any) -> None:
    given |= {
        "markets": [market for market, _ in LINES],
        "sides": [side for _, side in LINES],
        "period": PERIOD,
    }
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, given)
