"""Any order of importing, importing again, settling by hand and undoing keeps the ledger whole and doubles nothing."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import User
from accounts.tests.factories import UserFactory
from bets.decisions.settling import settle_by_hand
from bets.imports.committing import undo_import
from bets.models import Bankroll, Bet, ImportBatch, ImportState, LedgerEntry
from bets.tests.test_imports import NOW, imported
from bets.verification import verify

HEADER = "bet_id,sportsbook,type,status,odds,closing_line,ev,amount,profit,time_placed,time_settled,bet_info,tags,sports,leagues\n"
OUTCOMES = {
    "PENDING": "",
    "SETTLED_WIN": "12.50",
    "SETTLED_LOSS": "-10",
    "SETTLED_PUSH": "0",
    "SETTLED_VOID": "0",
    "SETTLED_CASH_OUT": "-4.20",
}
ROWS = 4
FILES = st.dictionaries(st.integers(1, ROWS), st.sampled_from(list(OUTCOMES)), min_size=1, max_size=ROWS)
OPERATIONS = st.lists(
    st.one_of(
        st.tuples(st.just("import"), FILES),
        st.tuples(st.just("again"), st.integers(0, 9)),
        st.tuples(st.just("settle"), st.integers(1, ROWS)),
        st.tuples(st.just("undo"), st.integers(0, 9)),
    ),
    min_size=2,
    max_size=8,
)


def file_of(rows: dict[int, str]) -> str:
    lines = [
        f"R{n},DraftKings,straight,{status},2.25,,,10,{OUTCOMES[status]},03/0{n}/2026 20:00:00 GMT,,Bet {n},,Basketball,NBA"
        for n, status in sorted(rows.items())
    ]
    return HEADER + "\n".join(lines) + "\n"


def settled_bets(user: User) -> dict[Any, tuple[str, Decimal | None]]:
    bets = Bet.objects.owned_by(user).settled()
    return {bet.pk: (bet.status, bet.payout) for bet in bets}


def check(user: User) -> None:
    """The ledger adds up, every bet's money is in it once, and no row of a file is two bets."""
    assert verify()[1] == []
    for roll in Bankroll.objects.with_balance().filter(user=user):
        lines = list(LedgerEntry.objects.filter(bankroll=roll).order_by("seq"))
        assert sum((line.amount for line in lines), Decimal(0)) == roll.balance
        bets = Bet.objects.owned_by(user).filter(bankroll=roll)
        assert roll.balance == sum(((bet.payout or Decimal(0)) - bet.stake for bet in bets), Decimal(0))
    days = Counter(bet.placed_at for bet in Bet.objects.owned_by(user))
    assert all(count == 1 for count in days.values())


class AnySequence(TestCase):
    @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(OPERATIONS)
    def test_any_sequence_keeps_the_ledger_whole(self, operations: list[tuple[str, Any]]) -> None:
        user = UserFactory(time_zone="UTC")
        files: list[str] = []
        for what, given_ in operations:
            before = settled_bets(user)
            if what == "import":
                files.append(file_of(given_))
                imported(user, files[-1])
            elif what == "again" and files:
                text = files[given_ % len(files)]
                imported(user, text)
                count = Bet.objects.count(), LedgerEntry.objects.count()
                assert imported(user, text).plan.counts["add"] == 0
                assert (Bet.objects.count(), LedgerEntry.objects.count()) == count
            elif what == "settle":
                bet = Bet.objects.owned_by(user).open().filter(placed_at__day=given_).first()
                if bet is not None:
                    settle_by_hand(bet=bet, by=user, reason="Seen", payout=Decimal("22.50"), now=NOW)
            elif what == "undo":
                batches = list(ImportBatch.objects.filter(user=user, state=ImportState.COMMITTED))
                if batches:
                    undo_import(batch=batches[given_ % len(batches)], by=user, now=NOW)
            after = settled_bets(user)
            if what != "undo":
                assert before.items() <= after.items(), (
                    "an import or a decision opened or changed a settled bet"
                )
            check(user)
        for batch in ImportBatch.objects.filter(user=user, state=ImportState.COMMITTED):
            undo_import(batch=batch, by=user, now=NOW)
        check(user)
        assert not Bet.objects.owned_by(user).exists()
        assert {roll.balance for roll in Bankroll.objects.with_balance().filter(user=user)} <= {Decimal(0)}
