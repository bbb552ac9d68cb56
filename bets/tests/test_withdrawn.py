"""Bets of an undone import count nowhere: what reads bets leaves them out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from accounts.tests.factories import UserFactory
from bets.exports import FORMATS, export_bets
from bets.imports.committing import undo_import
from bets.models import Bet, LedgerEntry
from bets.stats import as_json, read_record, rolls_of, whole
from bets.stats.page import titles
from bets.tests.factories import BankrollFactory
from bets.tests.stats_bets import every_kind
from bets.tests.test_imports import PIKKIT, imported

READS_BETS = re.compile(r"\b(?:FROM|JOIN)\s+bets\b")
LEAVES_OUT = {
    "withdrawn_at": "it says so itself",
    "bet_legs": "a withdrawn bet was imported, and has no legs of ours",
    "WHERE b.id = {row}.bet_id": "the trail notes whose bet it is, withdrawn or not",
    "p.idempotency_key = %s": "a key is used up, whatever became of its bet",
    "changed_bets": "it only notes that figures are to be derived anew",
    "payout IS NULL": "a withdrawn bet is void, which a CHECK makes sure of",
    "'pending'": "a withdrawn bet is void",
    "'needs_review'": "a withdrawn bet is void",
    "status = ANY(%(open)s)": "a withdrawn bet is void",
}
OF_ALL = {
    "bets/models/bankrolls.py": "a bankroll that has lines of withdrawn bets keeps its currency too",
    "bets/verification.py": "the ledger has the lines of withdrawn bets",
    "bettrack/benchmarks": "their bets are made for measuring",
}


def statements() -> Iterator[tuple[str, str]]:
    """Every text in the project's code that reads the table of bets, with its module."""
    root = Path(settings.BASE_DIR)
    for app in ("accounts", "bets", "bettrack", "feeds", "games", "odds"):
        for module in sorted((root / app).rglob("*.py")):
            name = str(module.relative_to(root))
            if "/tests/" in name or "/migrations/" in name or name.startswith(tuple(OF_ALL)):
                continue
            for node in ast.walk(ast.parse(module.read_text())):
                text = ""
                if isinstance(node, ast.JoinedStr):
                    parts = [part.value for part in node.values if isinstance(part, ast.Constant)]
                    text = " ".join(str(part) for part in parts)
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    text = node.value
                if READS_BETS.search(text):
                    yield name, text


def test_every_statement_that_reads_bets_leaves_withdrawn_ones_out() -> None:
    found = list(statements())
    assert len(found) > 5
    careless = [
        f"{name}: {text.strip()[:80]}"
        for name, text in found
        if not any(words in text for words in LEAVES_OUT)
    ]
    assert not careless, careless


@pytest.mark.django_db
def test_an_import_that_was_undone_leaves_no_trace_in_any_figure(client: Client) -> None:
    roll = BankrollFactory(user=UserFactory(username="ada", time_zone="UTC"), may_go_negative=True)
    every_kind(roll)
    user = roll.user
    client.force_login(user)
    pages = ("/bets/", "/bets/?state=settled", "/stats/record.json", "/stats/chart.json")

    def told() -> list[object]:
        scope = whole(rolls_of(user), (roll.currency, roll.kind), "UTC")
        told: list[object] = [as_json(read_record(user, scope), titles())]
        told += [client.get(page).content.count(b"Curry Over 26.5 Points") for page in pages]
        told += [export_bets(user, format_) for format_ in FORMATS if format_ != "json"]
        return told

    before = told()
    done = imported(user, PIKKIT, bankroll=roll)
    assert told() != before
    undo_import(batch=done.batch, by=user)
    assert told() == before
    assert Bet.objects.filter(withdrawn_at__isnull=False).count() == 5
    lines = LedgerEntry.objects.filter(bet__batch=done.batch)
    assert sum(line.amount for line in lines) == 0
