from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from bets.bankrolls import proof
from bets.models import Bet
from bets.settlement import settle_due
from bets.tests.factories import FAR, ended, offered, place
from bets.verification import RULES, verify
from games.tests.factories import GameFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def bet() -> Bet:
    game = GameFactory(commence_time=FAR)
    bet = place(offered(game, "h2h"))
    place(offered(GameFactory(commence_time=FAR), "h2h"))
    ended(game, 1, 0)
    settle_due()
    connection.check_constraints()  # deferred guards speak before anything is tampered with
    return bet


def test_a_ledger_made_by_the_services_is_right(bet: Bet) -> None:
    out = StringIO()
    call_command("verify_ledger", stdout=out)
    assert out.getvalue() == f"The ledger is right: 5 lines of 2 bankrolls and 2 bets, {len(RULES)} rules.\n"


TAMPERING = {
    "Every line follows the one before it and the balance is the sum of the amounts": (
        "UPDATE ledger_entries SET amount = -1, balance_after = balance_before - 1 WHERE seq = 2 AND bet_id = %(bet)s",
        "line 3 of bankroll",
    ),
    "A bet's money moves in its own bankroll": (
        "UPDATE bets SET bankroll_id = (SELECT id FROM bankrolls WHERE id <> bankroll_id LIMIT 1) WHERE id = %(bet)s",
        "is of bet",
    ),
    "Every bet has taken its stake exactly once": (
        "DELETE FROM ledger_entries WHERE kind = 'stake' AND bet_id <> %(bet)s",
        "0 stake lines",
    ),
    "A bet has paid what it says: its payout if settled, nothing while open": (
        "UPDATE bets SET payout = 200 WHERE id = %(bet)s",
        "payout 200.00, its ledger lines come to 190.91",
    ),
    "The payout of a straight bet is its stake times its leg's factor, rounded once": (
        "UPDATE bet_legs SET return_factor = '2/1' WHERE bet_id = %(bet)s",
        "stake 100.00 × 2/1 is not 190.91",
    ),
    "A reversal takes back exactly what was paid before it": (
        "UPDATE ledger_entries SET kind = 'reversal' WHERE kind = 'payout' AND bet_id = %(bet)s",
        "the reversal is 190.91, paid before it were 0",
    ),
    "Every payout and reversal belongs to a grade on record": (
        "UPDATE ledger_entries SET revision = 7 WHERE kind = 'payout' AND bet_id = %(bet)s",
        "of revision 7 has no event of its own",
    ),
    "A bet's status agrees with its stake and payout": (
        "UPDATE bets SET status = 'lost' WHERE id = %(bet)s",
        "is lost with a stake of 100.00 and a payout of 190.91",
    ),
    "Every bet has the events of its placing and its settlement": (
        "DELETE FROM bet_events WHERE kind = 'settled' AND bet_id = %(bet)s",
        "has no event that says so",
    ),
    "Every graded bet has its graded legs": (
        "DELETE FROM bet_legs WHERE bet_id = %(bet)s",
        "(won) has 0 graded legs",
    ),
    "A bet is what its last event says": (
        "UPDATE bet_events SET data = data || '{\"payout\": \"0\"}' WHERE kind = 'settled' AND bet_id = %(bet)s",
        "is won with a payout of 190.91, its last event says won and 0",
    ),
    "A leg is graded as its evidence says, and the evidence agrees with itself": (
        (
            "UPDATE grades SET evidence = jsonb_set(evidence, '{data,margin}', '\"-1\"')"
            " WHERE id = (SELECT grade_id FROM bet_legs WHERE bet_id = %(bet)s)"
        ),
        "is won with a factor of 21/11, its evidence says won and 21/11",
    ),
}


def test_every_rule_has_a_tampering_that_breaks_it() -> None:
    assert set(TAMPERING) | set(proof.RULES) == set(RULES)


@pytest.mark.parametrize("rule", TAMPERING)
def test_tampering_past_every_guard_is_found_and_named(bet: Bet, rule: str) -> None:
    statement, first = TAMPERING[rule]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(statement, {"bet": bet.pk})
        assert cursor.rowcount
        cursor.execute("SET LOCAL session_replication_role = origin")
    faults = {fault.rule: fault for fault in verify()[1]}
    assert rule in faults
    assert first in faults[rule].first
    errors = StringIO()
    with pytest.raises(CommandError, match="The ledger is wrong"):
        call_command("verify_ledger", stderr=errors)
    assert faults[rule].first in errors.getvalue()


FORGED: dict[str, list[str]] = {
    "a payout doubled": [
        (
            "INSERT INTO ledger_entries (bankroll_id, seq, previous_seq, kind, amount, balance_before, balance_after,"
            " bet_id, revision, note, at) SELECT bankroll_id, seq + 1, seq, kind, amount, balance_after,"
            " balance_after + amount, bet_id, 2, '', at FROM ledger_entries WHERE kind = 'payout' AND bet_id = %(bet)s"
        )
    ],
    "a payout taken away": ["DELETE FROM ledger_entries WHERE kind = 'payout' AND bet_id = %(bet)s"],
    "a line left out of the chain": ["DELETE FROM ledger_entries WHERE kind = 'stake' AND bet_id = %(bet)s"],
    "a payout raised in the ledger alone": [
        "UPDATE ledger_entries SET amount = amount + 1, balance_after = balance_after + 1 WHERE kind = 'payout' AND bet_id = %(bet)s"
    ],
    "a payout raised in the ledger, the bet and its event, but not in the leg": [
        (
            "UPDATE ledger_entries SET amount = 200, balance_after = balance_before + 200"
            " WHERE kind = 'payout' AND bet_id = %(bet)s"
        ),
        "UPDATE bets SET payout = 200 WHERE id = %(bet)s",
        "UPDATE bet_events SET data = data || '{\"payout\": \"200\"}' WHERE kind = 'settled' AND bet_id = %(bet)s",
    ],
    "a payout and a factor raised everywhere, but not in the evidence": [
        (
            "UPDATE ledger_entries SET amount = 200, balance_after = balance_before + 200"
            " WHERE kind = 'payout' AND bet_id = %(bet)s"
        ),
        "UPDATE bets SET payout = 200 WHERE id = %(bet)s",
        "UPDATE bet_events SET data = data || '{\"payout\": \"200\"}' WHERE kind = 'settled' AND bet_id = %(bet)s",
        "UPDATE bet_legs SET return_factor = '2/1' WHERE bet_id = %(bet)s",
    ],
    "a leg lost and its bet won": ["UPDATE bet_legs SET status = 'lost' WHERE bet_id = %(bet)s"],
    "evidence of another side": [
        (
            "UPDATE grades SET evidence = jsonb_set(evidence, '{data,side}', '\"away\"')"
            " WHERE id = (SELECT grade_id FROM bet_legs WHERE bet_id = %(bet)s)"
        )
    ],
    "evidence taken away": ["UPDATE bet_legs SET grade_id = NULL WHERE bet_id = %(bet)s"],
    "evidence that is not on record": [
        "UPDATE bet_legs SET grade_id = gen_random_uuid() WHERE bet_id = %(bet)s"
    ],
    "an open bet that was paid": [
        "UPDATE bets SET status = 'pending', payout = NULL, settled_at = NULL WHERE id = %(bet)s"
    ],
    "a bet that says it is void": ["UPDATE bets SET status = 'void' WHERE id = %(bet)s"],
    "the money of a bet in another's bankroll": [
        (
            "UPDATE ledger_entries SET bet_id = %(bet)s, operation_id = NULL WHERE kind = 'deposit'"
            " AND bankroll_id <> (SELECT bankroll_id FROM bets WHERE id = %(bet)s)"
        )
    ],
    "a stake that was never taken": [
        "UPDATE ledger_entries SET kind = 'withdrawal', bet_id = NULL WHERE kind = 'stake' AND bet_id = %(bet)s"
    ],
    "a bet that was never placed": ["DELETE FROM bet_events WHERE kind = 'placed' AND bet_id = %(bet)s"],
}


@pytest.mark.parametrize("how", FORGED)
def test_a_forger_past_every_guard_is_found_by_his_bet(bet: Bet, how: str) -> None:
    assert verify()[1] == []
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for statement in FORGED[how]:
            cursor.execute(statement, {"bet": bet.pk})
            assert cursor.rowcount
        cursor.execute("SET LOCAL session_replication_role = origin")
    found = verify()[1]
    assert found
    assert any(str(bet.pk) in fault.first or str(bet.bankroll_id) in fault.first for fault in found)
