"""What the first version left behind, restored and brought to the newest: nothing of it is lost.

See data/first_version/README.md.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from accounts.models import User
from bets.models import Bet, BetStatus, LedgerEntry
from bets.settlement import settle_due
from bets.stats.record import read_record
from bets.stats.scope import Scope, rolls_of
from bets.verification import verify
from bettrack.backups import databases
from bettrack.backups.create import backup
from bettrack.backups.dumping import Source
from bettrack.backups.restoring import Restored, restore
from bettrack.backups.tests.conftest import drop_all, run
from bettrack.upgrades import state

FOLDER = Path(__file__).with_name("data") / "first_version"
ARCHIVE = """
SELECT md5(string_agg(concat_ws('|', game_id, selection_id, bookmaker_id, price::text, point::text,
    extract(epoch FROM timestamp), extract(epoch FROM captured_at)), E'\\n'
    ORDER BY game_id, selection_id, bookmaker_id, timestamp)) FROM odd_snapshots
"""


def answer(statement: str) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        row = cursor.fetchone()
    return row[0] if row else None


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "known.json").read_text())
    return found


@dataclass(frozen=True)
class Upgraded:
    waiting: list[str]
    """The migrations it had to go through."""
    restored: Restored


@pytest.fixture(scope="module")
def upgraded(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Upgraded]:
    """The old database, backed up as it was and restored by this version, which migrates it."""
    own = databases.own().named(connection.settings_dict["NAME"])
    old = own.named(f"{own.name}_first_version")
    with django_db_blocker.unblock():
        drop_all(old)
        run(own.named("postgres"), f"CREATE DATABASE \"{old.name}\" TEMPLATE template0 ENCODING 'UTF8'")
        connection.close()
        connection.settings_dict["NAME"] = old.name
        try:
            run(old, gzip.decompress((FOLDER / "database.sql.gz").read_bytes()).decode())
            waiting = state.pending(connection)
            folder = tmp_path_factory.mktemp("backups")
            made = backup(now=timezone.now(), source=Source(old), folder=folder)
            yield Upgraded(waiting, restore(path=made.path, now=timezone.now(), into=old, force=True))
        finally:
            connection.close()
            connection.settings_dict["NAME"] = own.name
            drop_all(old)


@pytest.fixture
def old(upgraded: Upgraded) -> Iterator[None]:
    """One test's look at the upgraded database; what it writes is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_it_was_old_and_is_new(upgraded: Upgraded, old: None) -> None:
    assert "bets.0004_regrading" in upgraded.waiting
    assert upgraded.restored.proof.migrated == len(upgraded.waiting)
    assert upgraded.restored.proof.ledger.startswith(
        "The ledger is right: 102 lines of 3 bankrolls and 80 bets"
    )
    assert not state.pending(connection)
    assert not state.unknown(connection)


def test_every_row_is_still_there(old: None, known: dict[str, Any]) -> None:
    assert {table: answer(f"SELECT count(*) FROM {table}") for table in known["rows"]} == known["rows"]  # noqa: S608
    assert Counter(Bet.objects.values_list("status", flat=True)) == known["statuses"]


def test_the_archive_is_the_same_to_the_microsecond(old: None, known: dict[str, Any]) -> None:
    assert answer(ARCHIVE) == known["archive"]


def test_the_ledger_is_proved_by_the_newest_rules(old: None) -> None:
    extent, faults = verify()
    assert not faults
    assert (extent.bankrolls, extent.lines, extent.bets) == (3, 102, 80)


def test_statistics_say_what_was_won(old: None, known: dict[str, Any]) -> None:
    said = {}
    for user in User.objects.filter(username__in=["anna", "ben"]):
        for roll in rolls_of(user):
            sums = read_record(user, Scope((roll,), roll.currency, roll.kind, "UTC")).sums
            last = LedgerEntry.objects.filter(bankroll=roll.id).latest("seq")
            said[f"{user.username} {roll.name}"] = {
                "settled": sums.bets,
                "profit": f"{Decimal(sums.net) / 100:.2f}",
                "balance": str(last.balance_after),
            }
    assert said == known["bankrolls"]


def test_old_bets_are_settled_by_the_new_rules(old: None) -> None:
    before = Bet.objects.filter(status=BetStatus.PENDING).count()
    settle_due()
    assert Bet.objects.filter(status=BetStatus.PENDING).count() <= before
    assert not verify()[1]


def test_the_guards_hold_for_old_rows_too(old: None) -> None:
    for statement in (
        "UPDATE ledger_entries SET amount = amount + 1",
        "DELETE FROM odd_snapshots",
        "UPDATE bets SET stake = stake + 1",
    ):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_people_find_their_bets(old: None) -> None:
    client = Client()
    client.force_login(User.objects.get(username="anna"))
    bet = Bet.objects.filter(user__username="anna", status=BetStatus.WON).earliest("placed_at")
    for path in ("/", "/bets/", f"/bets/{bet.pk}/", "/stats/"):
        assert client.get(path).status_code == 200, path
