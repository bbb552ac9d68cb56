from __future__ import annotations

from typing import Final

import pytest
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently
from django.db import connection, models
from django.db.migrations import AddConstraint, AddField, AddIndex, CreateModel, Migration, RemoveField
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from bettrack.tests.migration_lint import squawk, unexcused

HELD_BEFORE: Final = {"accounts": 4, "bets": 23, "feeds": 1, "games": 9, "odds": 10}
"""The newest migration of each app that was made before this rule; installations have applied them."""


@pytest.mark.django_db
def test_migrations_neither_break_the_running_version_nor_lock_big_tables() -> None:
    """Of those made since the rule. What a finding asks for: docs/developing.md, "Migrations"."""
    loader = MigrationLoader(connection)
    problems = []
    for key in sorted(loader.graph.nodes):
        app, name = key
        if app not in HELD_BEFORE or int(name[:4]) <= HELD_BEFORE[app]:
            continue
        before = loader.project_state(key, at_end=False)
        problems += [f"{app}.{name}: {each}" for each in unexcused(loader.graph.nodes[key], before)]
    assert not problems, "\n".join(problems)


def state_with(table: str) -> ProjectState:
    state = ProjectState()
    made = CreateModel(
        "Thing",
        [("id", models.BigAutoField(primary_key=True)), ("name", models.TextField())],
        options={"db_table": table},
    )
    made.state_forwards("bets", state)
    return state


def findings(operation: Operation, *, table: str = "bets", atomic: bool = True, **said: object) -> list[str]:
    body = {"operations": [operation], "atomic": atomic, **said}
    migration = type("Migration", (Migration,), body)("0999_tried", "bets")
    return unexcused(migration, state_with(table))


INDEX = models.Index(fields=["name"], name="thing_name")
CHECK = models.CheckConstraint(condition=~models.Q(name=""), name="name_given")


@pytest.mark.django_db
class TestTheRule:
    def test_a_column_that_goes_breaks_the_running_version(self) -> None:
        assert findings(RemoveField("thing", "name"))[0].startswith("ban-drop-column on bets")

    def test_so_does_a_required_column_without_default(self) -> None:
        problems = findings(AddField("thing", "size", models.IntegerField(default=1)), table="sports")
        assert problems == [
            "dropped-default on sports: size is required and loses its default: give the field a db_default"
        ]

    def test_a_default_of_the_database_keeps_it_running(self) -> None:
        field = models.IntegerField(default=1, db_default=1)
        assert not findings(AddField("thing", "size", field), table="sports")

    def test_an_index_locks_a_big_table_unless_built_concurrently(self) -> None:
        assert findings(AddIndex("thing", INDEX))[0].startswith("require-concurrent-index-creation on bets")
        assert not findings(AddIndexConcurrently("thing", INDEX), atomic=False)
        assert not findings(AddIndex("thing", INDEX), table="sports")

    def test_a_constraint_on_a_big_table_is_validated_later(self) -> None:
        assert findings(AddConstraint("thing", CHECK))[0].startswith("constraint-missing-not-valid on bets")
        assert not findings(AddConstraintNotValid("thing", CHECK))

    def test_a_new_table_is_nobodys_business(self) -> None:
        made = CreateModel(
            "Other",
            [("id", models.BigAutoField(primary_key=True)), ("name", models.TextField(db_index=True))],
            options={"db_table": "others", "constraints": [CHECK]},
        )
        assert not findings(made)

    def test_a_reason_excuses_its_rule_and_no_other(self) -> None:
        removal = RemoveField("thing", "name")
        assert not findings(removal, safe_because={"ban-drop-column": "read by nobody since 1.0"})
        assert findings(removal, safe_because={"ban-drop-column": " "})
        assert findings(removal, safe_because={"renaming-column": "mistaken"}) == [
            findings(removal)[0],
            "safe_because names renaming-column, which is not found",
        ]


def test_findings_name_the_statement_they_are_in() -> None:
    fine = "CREATE FUNCTION f() RETURNS void AS $$\nBEGIN\n  NULL;\nEND $$ LANGUAGE plpgsql;"
    found = squawk([fine, 'ALTER TABLE "a" DROP COLUMN "x";', fine, 'ALTER TABLE "b" DROP COLUMN "y"'])
    dropped = [statement for statement, rule, _ in found if rule == "ban-drop-column"]
    assert [text[:15] for text in dropped] == ['ALTER TABLE "a"', 'ALTER TABLE "b"']
