"""How fast bets are settled: pending straights, parlays and props on games that have ended."""

from __future__ import annotations

import datetime as dt
import json
import resource
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from bets.models import Bankroll
from bets.settlement import BATCH, settle_batch, settle_due
from bets.verification import verify
from bettrack.benchmarks.scratch import scratch_database, use
from games.models import Game, GameStatus, Player, PlayerStat, Sport, Team
from odds.models import Bookmaker, Selection

SIDES = [
    ("h2h", "home", None),
    ("h2h", "away", None),
    ("spreads", "home", Decimal("-3.5")),
    ("spreads", "away", Decimal("3.5")),
    ("totals", "over", Decimal("220.5")),
    ("totals", "under", Decimal("220.5")),
]
PROP = "player_points"

BET_ID = "('019a0000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid"
BETS = f"""
INSERT INTO bets (id, user_id, bankroll_id, bookmaker_id, kind, stake, odds, status, placed_at, revision,
    review_reason, own_price, is_bonus, boost_pct, note, tags, book_name, idempotency_key)
SELECT {BET_ID}, b.user_id, b.id, %(book)s, CASE WHEN i %% 10 = 9 THEN 'parlay' ELSE 'straight' END,
    5 + 5 * (i %% 40), CASE WHEN i %% 10 = 9 THEN 264.462810 ELSE -110 END, 'pending', %(placed)s, 0,
    '', false, false, 0, '', '{{}}', '', i::text
FROM generate_series(0, %(bets)s - 1) i
JOIN (SELECT id, user_id, row_number() OVER (ORDER BY id) - 1 AS n FROM bankrolls) b ON b.n = i %% %(rolls)s
"""  # noqa: S608 - the parts are constants
LEGS = f"""
INSERT INTO bet_legs (bet_id, position, game_id, selection_id, bet_type, odds, point, status, draw_offered)
SELECT {BET_ID}, leg, s.game_id, s.id, s.bet_type, -110, s.point, 'pending', false
FROM generate_series(0, %(bets)s - 1) i
CROSS JOIN LATERAL generate_series(1, CASE WHEN i %% 10 = 9 THEN 2 ELSE 1 END) leg
JOIN scratch_lines s ON s.game_n = (i + leg - 1) %% %(games)s
    AND s.line_n = CASE WHEN i %% 10 = 8 THEN 6 + i %% 2 ELSE (i / %(games)s + leg) %% 6 END
"""  # noqa: S608
LINES = """
CREATE TABLE scratch_lines AS
SELECT s.id, s.game_id, g.n AS game_n,
    CASE s.market WHEN 'h2h' THEN 0 WHEN 'spreads' THEN 2 WHEN 'totals' THEN 4 ELSE 6 END
        + (s.side IN ('away', 'under'))::int AS line_n,
    CASE s.market WHEN 'h2h' THEN 'moneyline' WHEN 'spreads' THEN 'spread' WHEN 'totals' THEN 'total'
        ELSE 'player_prop' END AS bet_type,
    CASE WHEN s.market = 'spreads' THEN CASE s.side WHEN 'home' THEN -3.5 ELSE 3.5 END
        WHEN s.market = 'totals' THEN 220.5 WHEN s.market <> 'h2h' THEN 24.5 END AS point
FROM selections s JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM games) g ON g.id = s.game_id
"""
LEDGER = """
INSERT INTO ledger_entries (bankroll_id, seq, previous_seq, kind, amount, balance_before, balance_after, bet_id,
    revision, note, at)
SELECT bankroll_id, seq, nullif(seq - 1, 0), kind, amount,
    sum(amount) OVER w - amount, sum(amount) OVER w, bet_id, 0, '', %(placed)s
FROM (
    SELECT id AS bankroll_id, 1 AS seq, 'deposit' AS kind, 100000000 AS amount, NULL::uuid AS bet_id FROM bankrolls
    UNION ALL
    SELECT bankroll_id, 1 + row_number() OVER (PARTITION BY bankroll_id ORDER BY id), 'stake', -stake, id FROM bets
) moved
WINDOW w AS (PARTITION BY bankroll_id ORDER BY seq)
ORDER BY bankroll_id, seq
"""
EVENTS = """
INSERT INTO bet_events (bet_id, revision, kind, by_id, reason, data, at)
SELECT id, 0, 'placed', user_id, '', '{}', placed_at FROM bets
"""
PRICES = """
INSERT INTO odd_snapshots (game_id, selection_id, bookmaker_id, price, point, timestamp, captured_at)
SELECT game_id, id, %(book)s, -112, point, %(placed)s, %(placed)s FROM scratch_lines
"""
RAW = """
WITH graded AS (
    UPDATE bet_legs SET status = 'lost', return_factor = '0/1', graded_on = now() WHERE status = 'pending' RETURNING id
)
UPDATE bets SET status = 'lost', payout = 0, settled_at = now(), revision = revision + 1 WHERE status = 'pending'
"""
"""The same rows of the same two tables set to a constant: no grading, evidence, events or ledger lines."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What came out; rates are per second of wall clock, memory the sum of the workers' peaks in MB."""

    bets_per_s: float
    ratio_to_raw_update: float
    statements_per_batch: int
    peak_mb: float
    statuses: dict[str, int]
    faults: list[str]


def measure(*, bets: int, games: int, workers: int, batch: int = BATCH) -> Measured:
    """Settle ``bets`` bets on ``games`` games with ``workers`` processes in a database of its own."""
    name = f"{connection.settings_dict['NAME']}_benchmark"
    with scratch_database(name):
        fill(bets=bets, games=games, now=timezone.now())
        raw = raw_rate(bets)
        statements = statements_of_a_batch(batch)
        settled, seconds, peak = run_workers(name, workers, batch)
        _, faults = verify()
    rate = (bets - batch) / seconds
    return Measured(
        bets_per_s=round(rate, 1),
        ratio_to_raw_update=round(rate / raw, 3),
        statements_per_batch=statements,
        peak_mb=round(peak, 1),
        statuses=dict(settled),
        faults=[f"{fault.rule}: {fault.first}" for fault in faults],
    )


@transaction.atomic
def fill(*, bets: int, games: int, now: dt.datetime, people: int | None = None) -> None:
    """Write games that ended, their box scores and closing prices, and pending bets with their ledger.

    There are so many ``people``; without a number each has four hundred bets.
    """
    played = now - dt.timedelta(days=1)
    book = Bookmaker.objects.create(key="benchmark", title="Benchmark")
    sport = Sport.objects.create(key="basketball_nba", title="NBA", group="Basketball")
    teams = Team.objects.bulk_create(Team(sport=sport, name=f"Team {n}") for n in range(30))
    players = Player.objects.bulk_create(
        Player(sport=sport, team=team, name=f"Player of {team.name}", espn_id=str(n))
        for n, team in enumerate(teams)
    )
    made = Game.objects.bulk_create(ended_game(n, sport, teams, played) for n in range(games))
    Selection.objects.bulk_create(
        Selection(game=game, market=market, side=side, participant=who)
        for n, game in enumerate(made)
        for market, side, who in [
            *((market, side, "") for market, side, _ in SIDES),
            *((PROP, side, players[n % 30].name) for side in ("over", "under")),
        ]
    )
    PlayerStat.objects.bulk_create(
        PlayerStat(game=game, player=players[n % 30], stat=PROP, value=Decimal(15 + n % 20))
        for n, game in enumerate(made)
    )
    owners = User.objects.bulk_create(User(username=f"user{n}") for n in range(people or max(1, bets // 400)))
    rolls = Bankroll.objects.bulk_create(Bankroll(user=owner, name="Main") for owner in owners)
    given: dict[str, Any] = {
        "bets": bets,
        "games": games,
        "rolls": len(rolls),
        "book": book.pk,
        "placed": played - dt.timedelta(hours=1),
    }
    with connection.cursor() as cursor:
        for statement in (LINES, BETS, LEGS, LEDGER, EVENTS, PRICES):
            cursor.execute(statement, given)


def ended_game(n: int, sport: Sport, teams: list[Team], played: dt.datetime) -> Game:
    """Return a final game between two of the teams; scores vary with its number."""
    periods = {"home": [28, 25, 30, 20 + n % 17], "away": [27, 26, 24, 22 + n % 13]}
    return Game(
        external_id=f"benchmark-{n}",
        sport=sport,
        home_team=teams[n % 30],
        away_team=teams[(n + 1 + n // 30 % 29) % 30],
        title=f"Game {n}",
        commence_time=played,
        status=GameStatus.FINAL,
        home_score=sum(periods["home"]),
        away_score=sum(periods["away"]),
        period_scores=periods,
    )


def raw_rate(bets: int) -> float:
    """Return the bets a second of one UPDATE of the rows that settling writes; it is rolled back."""
    tidy()
    with transaction.atomic(), connection.cursor() as cursor:
        start = time.perf_counter()
        cursor.execute(RAW)
        seconds = time.perf_counter() - start
        transaction.set_rollback(True)
    tidy()
    return bets / seconds


def tidy() -> None:
    with connection.cursor() as cursor:
        for table in ("bets", "bet_legs"):
            cursor.execute(f"VACUUM FULL ANALYZE {table}")
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")


def statements_of_a_batch(batch: int) -> int:
    """Settle one batch and return how many statements it took, the transaction's own left out."""
    with CaptureQueriesContext(connection) as queries:
        settle_batch(size=batch)
    return len(queries)


def run_workers(database: str, workers: int, batch: int) -> tuple[Counter[str], float, float]:
    """Settle everything with processes of their own; return statuses, seconds and the sum of peak memory.

    Seconds run from when the last process is ready to when the last has finished.
    """
    command = [sys.executable, "-m", "bettrack.benchmarks.settle_worker", database, str(batch)]
    running = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
        for _ in range(workers)
    ]
    for process in running:
        assert process.stdout is not None  # noqa: S101
        process.stdout.readline()
    start = time.perf_counter()
    for process in running:
        assert process.stdin is not None  # noqa: S101
        process.stdin.write("go\n")
        process.stdin.flush()
    answers: list[dict[str, Any]] = []
    for process in running:
        out, _ = process.communicate()
        if process.returncode:
            raise RuntimeError(f"A worker ended with status {process.returncode}.")
        answers.append(json.loads(out))
    seconds = time.perf_counter() - start
    statuses: Counter[str] = Counter()
    for answer in answers:
        statuses.update(answer["statuses"])
    return statuses, seconds, sum(answer["peak_mb"] for answer in answers)


def work(database: str, batch: int) -> None:
    """Be a worker: say ``ready``, wait for a line, settle what is due, print counts and peak memory."""
    use(database)
    connection.ensure_connection()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    statuses = settle_due(batch_size=batch)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({"statuses": statuses, "peak_mb": peak}))
