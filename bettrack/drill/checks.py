"""What has to hold after each fault: the bets, the ledger, and the archive against a replay without faults."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import httpx
from django.db import connection, transaction

from bets.models import Bet
from bets.verification import verify
from bettrack.benchmarks.scratch import use
from bettrack.drill.instance import REFERENCE, DrillError
from bettrack.drill.provider import SPORTS
from bettrack.drill.scene import DEPOSIT, Asked, Scene
from feeds import the_odds_api
from games.models import Sport
from odds.pull import pull_sport

ARCHIVE = """
SELECT g.external_id, s.market, s.participant, s.side, b.key, o.point, o.price, o."timestamp", o.captured_at
FROM odd_snapshots o
JOIN games g ON g.id = o.game_id JOIN selections s ON s.id = o.selection_id JOIN bookmakers b ON b.id = o.bookmaker_id
ORDER BY g.external_id, s.market, s.participant, s.side, b.key, o.point, o."timestamp", o.captured_at, o.price
"""
BOARD = """
SELECT g.external_id, s.market, s.participant, s.side, b.key, c.point, c.price, c.previous_price, c."timestamp",
    c.changed_at
FROM current_odds c
JOIN games g ON g.id = c.game_id JOIN selections s ON s.id = c.selection_id JOIN bookmakers b ON b.id = c.bookmaker_id
ORDER BY g.external_id, s.market, s.participant, s.side, b.key, c.point
"""
RECEIPTS = """
SELECT g.sport_id, array_agg(DISTINCT o.captured_at ORDER BY o.captured_at)
FROM odd_snapshots o JOIN games g ON g.id = o.game_id GROUP BY g.sport_id
"""
DISORDER = """
SELECT count(*) FROM (
    SELECT "timestamp" < lag("timestamp") OVER w AS is_back, "timestamp" > captured_at AS is_ahead
    FROM odd_snapshots WINDOW w AS (PARTITION BY game_id, selection_id, bookmaker_id ORDER BY captured_at, id)
) looked WHERE is_back OR is_ahead
"""
LINES = """
SELECT l.bet_id, count(*) FILTER (WHERE l.kind = 'stake'), count(*) FILTER (WHERE l.kind = 'payout'),
    count(*) FILTER (WHERE l.kind NOT IN ('stake', 'payout'))
FROM ledger_entries l WHERE l.bet_id IS NOT NULL GROUP BY l.bet_id
"""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at; `detail` says what was seen."""

    name: str
    passed: bool
    detail: str


Rows = list[tuple[Any, ...]]


def everything(scene: Scene, replay: Replay) -> Iterator[Check]:
    """What has to hold at any time once the instance has come to rest."""
    yield no_bet_lost_or_doubled(scene)
    yield ledger_is_clean(scene)
    yield replay.archive_is_equal(scene)


def no_bet_lost_or_doubled(scene: Scene) -> Check:
    """Every bet that was asked for exists once, has its own outcome, and its money moved once.

    Each is sent again under its key, as a client does that has no answer, which must bring the first bet back.
    """
    name = "no bet lost or doubled"
    again = {asked.key: scene.send(asked) for asked in scene.asked}
    bets = list(Bet.objects.filter(bankroll=scene.bankroll))
    if Counter(bet.idempotency_key for bet in bets) != Counter(asked.key for asked in scene.asked):
        return Check(name, False, f"{len(scene.asked)} were placed, {len(bets)} are there")
    with connection.cursor() as cursor:
        cursor.execute(LINES)
        lines = {row[0]: row[1:] for row in cursor.fetchall()}
    for asked in scene.asked:
        bet = again[asked.key]
        fault = _fault_of(bet, asked, lines.get(bet.pk, (0, 0, 0)), over=scene.provider.finished)
        if fault:
            return Check(name, False, f"bet {asked.key}: {fault}")
    return Check(
        name, True, f"{len(bets)} bets, {sum(bet.payout is not None for bet in again.values())} settled"
    )


def _fault_of(bet: Bet, asked: Asked, lines: Sequence[int], *, over: set[int]) -> str:
    status, payout = asked.outcome if asked.number in over else ("pending", None)
    if (bet.status, bet.payout) != (status, payout):
        return f"it is {bet.status} with a payout of {bet.payout}, not {status} with {payout}"
    wanted = (1, 1 if payout else 0, 0)
    return "" if tuple(lines) == wanted else f"its stake, payout and other lines are {lines}, not {wanted}"


def ledger_is_clean(scene: Scene) -> Check:
    """`verify_ledger`, and the balance by arithmetic of the drill's own."""
    name = "ledger is clean"
    extent, faults = verify()
    if faults:
        return Check(name, False, f"{faults[0].rule}: {faults[0].first}")
    over = scene.provider.finished
    paid = sum((asked.outcome[1] for asked in scene.asked if asked.number in over), Decimal(0))
    wanted = DEPOSIT - sum((asked.stake for asked in scene.asked), Decimal(0)) + paid
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT balance_after FROM ledger_entries WHERE bankroll_id = %s ORDER BY seq DESC LIMIT 1",
            [scene.bankroll.pk],
        )
        (balance,) = cursor.fetchone()
    return Check(name, balance == wanted, f"{extent.lines} lines, balance {balance}, should be {wanted}")


class Replay:
    """The second database: each answer the provider ever gave, taken in once and in order."""

    def __init__(self) -> None:
        self.taken = 0

    def archive_is_equal(self, scene: Scene) -> Check:
        """Archive and board against those of the replay, row by row, times of receipt included."""
        name = "archive equals a clean replay"
        with connection.cursor() as cursor:
            cursor.execute(RECEIPTS)
            receipts: dict[str, list[dt.datetime]] = dict(cursor.fetchall())
            cursor.execute(DISORDER)
            (disorder,) = cursor.fetchone()
        told = len(scene.provider.told)
        for sport in SPORTS:
            if len(receipts.get(sport, [])) != told:
                found = len(receipts.get(sport, []))
                return Check(name, False, f"{told} answers of {sport} left rows of {found} receipts")
        if disorder:
            return Check(name, False, f"{disorder} changes are out of order or ahead of their receipt")
        mine = _rows(ARCHIVE), _rows(BOARD)
        with reference():
            self._take_in(scene, receipts)
            theirs = _rows(ARCHIVE), _rows(BOARD)
        for what, here, there in zip(("archive", "board"), mine, theirs, strict=True):
            if here != there:
                return Check(name, False, f"{what}: {_difference(here, there)}")
        return Check(
            name, True, f"{len(mine[0])} changes, {len(mine[1])} on the board, sum {checksum(*mine)}"
        )

    def _take_in(self, scene: Scene, receipts: dict[str, list[dt.datetime]]) -> None:
        for step in range(self.taken, len(scene.provider.told)):
            for sport in SPORTS:
                with transaction.atomic():
                    self._ingest(scene.provider.told[step][sport], sport, receipts[sport][step])
        self.taken = len(scene.provider.told)

    def _ingest(self, body: bytes, sport: str, at: dt.datetime) -> None:
        """What the task does with the answer, by the same client and service."""
        transport = httpx.MockTransport(lambda request: httpx.Response(200, content=body))
        with the_odds_api.Client(transport=transport) as client:
            pull_sport(client, Sport.objects.get(key=sport), clock=lambda: at)


@contextmanager
def reference() -> Iterator[None]:
    """Have this process's connection go to the second database for a while."""
    own = str(connection.settings_dict["NAME"])
    use(REFERENCE)
    try:
        yield
    finally:
        use(own)


def checksum(*parts: Rows) -> str:
    """Twelve digits of the SHA-256 of rows."""
    digest = hashlib.sha256()
    for rows in parts:
        for row in rows:
            digest.update(repr(row).encode())
    return digest.hexdigest()[:12]


def _rows(sql: str) -> Rows:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        rows: Rows = cursor.fetchall()
        return rows


def _difference(here: Rows, there: Rows) -> str:
    missing, surplus = Counter(there) - Counter(here), Counter(here) - Counter(there)
    first = next(iter(missing or surplus), ())
    words = " ".join(str(part) for part in first)
    return f"{missing.total()} rows missing, {surplus.total()} too many, the first: {words}"


def expect(name: str, holds: bool, detail: str) -> Check:
    return Check(name, holds, detail)


def attempt(name: str, wait: Callable[[], float]) -> Check:
    """Something that has to come; how long it took."""
    try:
        return Check(name, True, f"{wait():.1f} s")
    except DrillError as error:
        return Check(name, False, str(error))
