"""A bettor's years made for measuring: settled bets of every kind on games with closing prices, and a neighbour's."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.db import connection

from accounts.models import User
from bets.models import Bankroll, BankrollKind
from games.models import Game, GameStatus, Sport, Team
from odds.models import Bookmaker

SPORTS: Final = 8
BOOKS: Final = 8
GAMES: Final = 4_000
YEARS: Final = dt.timedelta(days=1_000)

SELECTIONS: Final = """
INSERT INTO selections (game_id, market, participant, side)
SELECT g.id, line.market, '', line.side
FROM games g CROSS JOIN (VALUES ('h2h', 'home'), ('h2h', 'away'), ('spreads', 'home'), ('spreads', 'away'),
    ('totals', 'over'), ('totals', 'under')) AS line (market, side)
"""
LINES: Final = """
CREATE TABLE scratch_lines AS
SELECT s.id, s.game_id, g.n AS game_n, g.commence_time,
    CASE s.market WHEN 'h2h' THEN 0 WHEN 'spreads' THEN 2 ELSE 4 END + (s.side IN ('away', 'under'))::int AS line_n,
    CASE s.market WHEN 'h2h' THEN 'moneyline' WHEN 'spreads' THEN 'spread' ELSE 'total' END AS bet_type,
    CASE s.market WHEN 'h2h' THEN NULL WHEN 'spreads' THEN CASE s.side WHEN 'home' THEN -3.5 ELSE 3.5 END
        ELSE 220.5 END AS point
FROM selections s
JOIN (SELECT id, commence_time, row_number() OVER (ORDER BY commence_time, id) - 1 AS n FROM games) g
  ON g.id = s.game_id
"""
FATES: Final = """
CREATE TABLE scratch_bets AS
SELECT i, ('019a' || lpad(to_hex(%(user)s), 4, '0') || '-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid AS id,
    i * %(games)s / %(bets)s AS game_n, i %% 10 = 9 AS is_parlay, i %% 97 = 0 AS is_bonus,
    (5 + i * 7 %% 60)::numeric(12, 2) AS stake,
    (ARRAY[-110, -105, 120, 145, -150, 210, -200, 330, -120, 104])[1 + i * 13 %% 10]::numeric AS odds,
    CASE WHEN u < 0.47 THEN 'won' WHEN u < 0.94 THEN 'lost' WHEN u < 0.96 THEN 'push' WHEN u < 0.97 THEN 'void'
        WHEN u < 0.98 THEN 'half_won' WHEN u < 0.99 THEN 'half_lost' ELSE 'cashed_out' END AS status,
    0.35 + (i * 17 %% 31) / 100.0 AS fair
FROM generate_series(0, %(bets)s - 1) i CROSS JOIN LATERAL (SELECT abs(hashint4(i + %(user)s)) / 2147483648.0 AS u) r
"""
BETS: Final = """
INSERT INTO bets (id, user_id, bankroll_id, bookmaker_id, kind, stake, odds, status, payout, placed_at, settled_at,
    revision, review_reason, own_price, is_bonus, boost_pct, note, tags, book_name, idempotency_key)
SELECT f.id, r.user_id, r.id, book.id, CASE WHEN is_parlay THEN 'parlay' ELSE 'straight' END, stake,
    CASE WHEN is_parlay THEN 264.462810 ELSE odds END, f.status,
    round(stake * CASE f.status WHEN 'won' THEN 1 + win WHEN 'half_won' THEN 1 + win / 2 WHEN 'half_lost' THEN 0.5
        WHEN 'lost' THEN 0 WHEN 'cashed_out' THEN 0.8 ELSE 1 END - CASE WHEN is_bonus AND f.status <> 'lost' THEN
        CASE WHEN f.status = 'cashed_out' THEN 0 ELSE least(stake, stake * 0.5) END ELSE 0 END, 2),
    l.commence_time - interval '3 hours', l.commence_time + interval '3 hours' + i * interval '1 second',
    1, '', false, is_bonus, 0, '', CASE WHEN i %% 5 = 0 THEN ARRAY['model'] WHEN i %% 7 = 0 THEN ARRAY['tip', 'late']
        ELSE '{}' END::varchar[], '', f.id::text
FROM scratch_bets f
JOIN scratch_lines l ON l.game_n = f.game_n AND l.line_n = 0
JOIN bankrolls r ON r.id = %(bankroll)s
JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM bookmakers) book ON book.n = i %% %(books)s
CROSS JOIN LATERAL (SELECT CASE WHEN is_parlay THEN 2.6446281 WHEN odds > 0 THEN odds / 100 ELSE -100 / odds END AS win) w
ORDER BY i
"""
LEGS: Final = """
INSERT INTO bet_legs (bet_id, position, game_id, selection_id, bet_type, odds, point, status, return_factor,
    draw_offered, price_seen_at, closing_odds, closing_point, closing_seen_at, closing_fair, closing_fair_from)
SELECT f.id, leg, l.game_id, l.id, l.bet_type, CASE WHEN is_parlay THEN -110 ELSE odds END, l.point, f.status, '1/1',
    false, CASE WHEN i %% 6 > 0 THEN l.commence_time - interval '4 hours' END,
    CASE WHEN i %% 4 > 0 THEN CASE WHEN is_parlay THEN -115 ELSE odds + sign(odds) * (i %% 3) END END,
    CASE WHEN i %% 4 > 0 THEN l.point END, CASE WHEN i %% 4 > 0 THEN l.commence_time - interval '1 minute' END,
    CASE WHEN i %% 4 > 0 THEN fair END, CASE WHEN i %% 4 > 0 THEN 'sharp' ELSE 'none' END
FROM scratch_bets f CROSS JOIN LATERAL generate_series(1, CASE WHEN is_parlay THEN 2 ELSE 1 END) leg
JOIN scratch_lines l ON l.game_n = (f.game_n + leg - 1) %% %(games)s AND l.line_n = (i + leg) %% 6
ORDER BY i, leg
"""


def fill(*, bets: int, now: dt.datetime) -> User:
    """Write ``bets`` settled bets of one person over 1,000 days and a tenth as many of another; return the first."""
    sports = Sport.objects.bulk_create(
        Sport(key=f"benchmark_{n}", title=f"League {n}", group=f"Sport {n // 2}") for n in range(SPORTS)
    )
    teams = Team.objects.bulk_create(
        Team(sport=sport, name=f"Team {n} of {sport.title}") for sport in sports for n in (0, 1)
    )
    Bookmaker.objects.bulk_create(Bookmaker(key=f"book{n}", title=f"Book {n}") for n in range(BOOKS))
    Game.objects.bulk_create(
        Game(
            external_id=f"stats-{n}",
            sport=sports[n % SPORTS],
            home_team=teams[2 * (n % SPORTS)],
            away_team=teams[2 * (n % SPORTS) + 1],
            title=f"Game {n}",
            commence_time=now - YEARS * (GAMES - n) / GAMES - dt.timedelta(days=2),
            status=GameStatus.FINAL,
            home_score=100 + n % 20,
            away_score=90 + n % 23,
        )
        for n in range(GAMES)
    )
    owners = [User.objects.create(username=name) for name in ("bettor", "neighbour")]
    with connection.cursor() as cursor:
        cursor.execute(SELECTIONS)
        cursor.execute(LINES)
        for number, (owner, count) in enumerate(zip(owners, (bets, bets // 10), strict=True), start=1):
            roll = Bankroll.objects.create(user=owner, name="Main", kind=BankrollKind.REAL)
            given: dict[str, Any] = {
                "bets": count, "games": GAMES, "books": BOOKS, "user": number, "bankroll": roll.pk,
            }  # fmt: skip
            for statement in (FATES, BETS, LEGS, "DROP TABLE scratch_bets"):
                cursor.execute(statement, given)
        cursor.execute("DROP TABLE scratch_lines")
        cursor.execute("VACUUM ANALYZE")
    return owners[0]
