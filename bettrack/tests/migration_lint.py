"""Holds the SQL of migrations to what a live system bears, by squawk's reading of it.

Two kinds of finding count. What breaks the version that is still running (a column gone, renamed or newly
required) counts on every table. What locks a table for as long as it takes to read it counts on those that grow
without end. Tables made by the same migration have neither readers nor rows. A migration that knows better says so:

    safe_because = {"ban-drop-column": "the release before last stopped reading it"}
"""

from __future__ import annotations

import bisect
import itertools
import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from unittest import mock

from django.db import connection
from django.db.migrations import Migration
from django.db.migrations.state import ProjectState

OLDEST_POSTGRES: Final = "15"
BREAKS_THE_RUNNING_VERSION: Final = {
    "adding-not-nullable-field",
    "adding-required-field",
    "ban-drop-column",
    "ban-drop-database",
    "ban-drop-table",
    "ban-truncate-cascade",
    "changing-column-type",
    "dropped-default",
    "renaming-column",
    "renaming-table",
}
LOCKS_FOR_LONG: Final = {
    "adding-field-with-default",
    "adding-foreign-key-constraint",
    "adding-serial-primary-key-field",
    "constraint-missing-not-valid",
    "disallowed-unique-constraint",
    "require-concurrent-index-creation",
    "require-concurrent-index-deletion",
}
GROW_WITHOUT_END: Final = {
    "api_calls",
    "bet_events",
    "bet_legs",
    "bets",
    "commence_times",
    "current_odds",
    "games",
    "grades",
    "heartbeats",
    "ledger_entries",
    "odd_snapshots",
    "operations",
    "player_stats",
    "score_readings",
    "selections",
    "webhook_deliveries",
}


@dataclass(frozen=True)
class Finding:
    rule: str
    table: str
    says: str

    def __str__(self) -> str:
        return f"{self.rule} on {self.table or 'a table'}: {self.says}"


def sql_of(migration: Migration, before: ProjectState) -> list[str]:
    """The statements of a migration, collected and not run."""
    # concurrent operations refuse to be planned inside the transaction of a test
    around = mock.patch.object(connection, "in_atomic_block", migration.atomic and connection.in_atomic_block)
    with around, connection.schema_editor(collect_sql=True, atomic=migration.atomic) as editor:
        migration.apply(before.clone(), editor, collect_sql=True)
    statements = [text.strip() for text in editor.collected_sql]
    return [text for text in statements if text and not text.startswith("--")]


def findings_in(statements: list[str], indexes: dict[str, str] | None = None) -> list[Finding]:
    """What is wrong with statements that run one after the other. ``indexes``: table by name of index."""
    made = {match[1] for text in statements if (match := re.match(r'CREATE TABLE "(\w+)"', text))}
    found = []
    for text, rule, says in [*squawk(statements), *dropped_defaults(statements)]:
        table = table_of(text, indexes or {})
        counts = rule in BREAKS_THE_RUNNING_VERSION or (
            rule in LOCKS_FOR_LONG and (table in GROW_WITHOUT_END or not table)
        )
        if counts and table not in made:
            found.append(Finding(rule, table, says))
    return found


def table_of(statement: str, indexes: dict[str, str]) -> str:
    dropped = re.match(r'DROP INDEX (?:CONCURRENTLY )?(?:IF EXISTS )?"?(\w+)"?', statement)
    if dropped:
        return indexes.get(dropped[1], "")
    match = re.search(r'(?:ALTER TABLE|DROP TABLE|\bON)(?: IF EXISTS)?(?: ONLY)? "?(\w+)"?', statement)
    return match[1] if match else ""


def squawk(statements: list[str]) -> list[tuple[str, str, str]]:
    """Statement, rule and message of each of squawk's findings."""
    beside = Path(sys.executable).with_name("squawk")
    program = str(beside) if beside.exists() else shutil.which("squawk")
    assert program, "squawk is missing: install requirements-dev.txt"
    starts = list(itertools.accumulate((text.count("\n") + 1 for text in statements), initial=0))
    done = subprocess.run(
        [program, "--pg-version", OLDEST_POSTGRES, "--reporter", "json", "--stdin-filepath", "migration.sql"],
        input="\n".join(text.rstrip().removesuffix(";") + ";" for text in statements),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    return [
        (statements[bisect.bisect_right(starts, each["line"]) - 1], each["rule_name"], each["message"])
        for each in json.loads(done.stdout or "[]")
    ]


def dropped_defaults(statements: list[str]) -> list[tuple[str, str, str]]:
    """New required columns whose default Django takes away again: the running version's rows are refused."""
    added = re.compile(r'ALTER TABLE "(\w+)" ADD COLUMN "(\w+)".* NOT NULL')
    required = {match.groups() for text in statements if (match := added.match(text))}
    dropped = re.compile(r'ALTER TABLE "(\w+)" ALTER COLUMN "(\w+)" DROP DEFAULT')
    return [
        (
            text,
            "dropped-default",
            f"{match[2]} is required and loses its default: give the field a db_default",
        )
        for text in statements
        if (match := dropped.match(text)) and match.groups() in required
    ]


def unexcused(migration: Migration, before: ProjectState) -> list[str]:
    """Sentences for what is found in a migration and not explained by its ``safe_because``."""
    reasons: dict[str, str] = getattr(migration, "safe_because", {})
    indexes = {
        index.name: state.options.get("db_table", "")
        for state in before.models.values()
        for index in state.options.get("indexes", [])
    }
    found = findings_in(sql_of(migration, before), indexes)
    problems = [str(each) for each in found if not reasons.get(each.rule, "").strip()]
    stale = sorted(set(reasons) - {each.rule for each in found})
    return problems + [f"safe_because names {rule}, which is not found" for rule in stale]
