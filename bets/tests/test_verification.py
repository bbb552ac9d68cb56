from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

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
}


def test_every_rule_has_a_tampering_that_breaks_it() -> None:
    assert set(TAMPERING) == set(RULES)


@pytest.mark.parametrize("rule", RULES)
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
