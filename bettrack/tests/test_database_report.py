from __future__ import annotations

import datetime as dt
import json
import logging
import threading
from collections.abc import Iterator
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import UserFactory
from bettrack.database import activity, indexes, sizes, statements
from bettrack.database.redaction import redacted
from bettrack.database.report import KEYS, report
from bettrack.database.sections import Section, collected, lasting, sized

pytestmark = pytest.mark.django_db
WAIT = 5.0


def other_connection(name: str = "other") -> psycopg.Connection[Any]:
    """A connection of another program to the tests' database."""
    return psycopg.connect(**{**connection.get_connection_params(), "application_name": name})


def section(key: str) -> Section:
    return report(only=(key,))[0]


@pytest.fixture
def waiting() -> Iterator[tuple[int, int]]:
    """The numbers of a connection that holds a lock and of one that waits for it."""
    with other_connection("holder") as holder, other_connection("waiter") as waiter:
        holder.execute("LOCK TABLE sports IN ACCESS EXCLUSIVE MODE")
        statement = "SELECT count(*) FROM sports WHERE title = 'private' AND 4242 = 4242"
        thread = threading.Thread(target=_until_ended, args=(waiter, statement))
        thread.start()
        numbers = holder.info.backend_pid, waiter.info.backend_pid
        with other_connection() as watcher:
            while not watcher.execute("SELECT cardinality(pg_blocking_pids(%s))", [numbers[1]]).fetchone()[0]:  # type: ignore[index]
                pass
        yield numbers
        holder.rollback()
        thread.join(WAIT)
        waiter.close()


def _until_ended(waiter: psycopg.Connection[Any], statement: str) -> None:
    try:
        waiter.execute(statement)
        waiter.rollback()
    except psycopg.OperationalError:
        return


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        ("SELECT * FROM users WHERE email = 'o''brien@x.org' AND id = 12", "SELECT * FROM users WHERE email = $ AND id = $"),
        ("SELECT 1 WHERE x IN (1, 'two', 3.5, .5, 1e9)", "SELECT $ WHERE x IN ($, …)"),
        (r"SET a = E'it\'s secret \\' WHERE b", "SET a = $ WHERE b"),
        ("SELECT $$one 'two' $$, $tag$ $$ secret $tag$ FROM t2_x", "SELECT $, … FROM t2_x"),
        ("SELECT 'cut off by the serv", "SELECT $"),
        ("SELECT $tag$ cut off", "SELECT $"),
        ('SELECT "it\'s", \'secret\' FROM "a ""b"', 'SELECT "it\'s", $ FROM "a ""b"'),
        ("SELECT 1 -- secret\n/* 'secret */ FROM t", "SELECT $ FROM t"),
        ("SELECT $1, x FROM t WHERE y = $2", "SELECT $1, x FROM t WHERE y = $2"),
        ("ALTER ROLE me PASSWORD 'hunter2'", "ALTER ROLE me PASSWORD $"),
        ("SELECT U&'d\\0061', B'101', x'1F', 0x1F, 1_000", "SELECT $, …"),
    ],
)  # fmt: skip
def test_values_are_left_out_of_statements(statement: str, shown: str) -> None:
    assert redacted(statement) == shown


def test_numbers_are_written_for_people() -> None:
    assert [sized(n) for n in (0, 1023, 1536, 150 * 2**20, 3 * 2**40, -2048)] == [
        "0 B", "1,023 B", "1.5 kB", "150 MB", "3.0 TB", "-2.0 kB",
    ]  # fmt: skip
    assert [lasting(n) for n in (0.0123, 12.4, 59.96, 125, 3_725, 180_000)] == [
        "12.3 ms", "12.4 s", "60.0 s", "2 min 5 s", "1 h 2 min", "2 d 2 h",
    ]  # fmt: skip


def test_every_section_can_be_read() -> None:
    found = report()
    assert [one.key for one in found] == list(KEYS)
    assert not [text for one in found for text in one.warnings if "could not be read" in text]
    assert all(one.rows or one.notes or one.columns for one in found)


def test_tables_sum_up_their_partitions() -> None:
    rows = {row["name"]: row for row in section("tables").rows}
    assert "odd_snapshots" in rows
    assert not any(name.startswith("odd_snapshots_") for name in rows)
    assert rows["bets"]["total"] >= rows["bets"]["heap"] + rows["bets"]["indexes"]


def test_months_that_are_wanting_are_named() -> None:
    with connection.cursor() as cursor:
        found = sizes.partitions(cursor, now=dt.datetime(2093, 7, 5, tzinfo=dt.UTC))
    assert found.warnings[0].startswith("Missing: odd_snapshots_2093_07, odd_snapshots_2093_08,")
    assert found.rows[-1]["name"] == "odd_snapshots_default"


def test_an_index_that_repeats_another_is_named() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX again ON bets (user_id, placed_at)")
        cursor.execute("CREATE INDEX again_longer ON bets (user_id, placed_at, id)")
        cursor.execute("CREATE INDEX only_some ON bets (user_id, placed_at, id) WHERE payout IS NULL")
        rows = {row["name"]: row["instead"] for row in indexes.duplicates(cursor).rows}
    assert "again" in rows
    assert "only_some" not in rows
    assert not {"again_longer", "bets_pkey"} & rows.keys()


def test_of_two_equal_indexes_only_one_is_called_needless() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX twin_one ON sports (title)")
        cursor.execute("CREATE INDEX twin_two ON sports (title)")
        names = {row["name"] for row in indexes.duplicates(cursor).rows}
    assert len(names & {"twin_one", "twin_two"}) == 1


def test_an_unused_index_is_shown_with_the_age_of_the_count() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX nobody_reads_me ON sports (title)")
        cursor.execute("CREATE UNIQUE INDEX keeps_unique ON sports (title)")
        found = indexes.unused(cursor)
    names = {row["name"] for row in found.rows}
    assert "nobody_reads_me" in names
    assert not {"keeps_unique", "sports_pkey"} & names
    assert found.notes[0].startswith("Reads have been counted since")


def test_a_foreign_key_without_an_index_is_named() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE pointing (sport_id text REFERENCES sports, team_id uuid)")
        rows = {(row["table"], row["columns"]) for row in indexes.bare_keys(cursor).rows}
        cursor.execute("CREATE INDEX ON pointing (sport_id)")
        cursor.execute("SELECT 1")
        assert ("pointing", "sport_id") in rows
        rows = {(row["table"], row["columns"]) for row in indexes.bare_keys(cursor).rows}
    assert ("pointing", "sport_id") not in rows


@pytest.mark.parametrize(
    ("schema", "available", "loaded", "said"),
    [
        (None, False, False, "contrib package"),
        (None, True, False, "shared_preload_libraries"),
        (None, True, True, "CREATE EXTENSION pg_stat_statements;"),
        ("public", True, True, ""),
    ],
)
def test_what_is_missing_for_statistics_of_statements_is_said(
    schema: str | None, available: bool, loaded: bool, said: str
) -> None:
    why = statements.absence(schema, available=available, loaded=loaded)
    assert said in why
    assert bool(why) == bool(said)


def test_a_section_that_fails_tells_why_and_leaves_the_rest() -> None:
    def broken(cursor: Any) -> Section:
        cursor.execute("SELECT * FROM nowhere")
        raise AssertionError

    assert collected("x", "X", broken, using="default").warnings == [
        'This could not be read: relation "nowhere" does not exist.'
    ]
    assert section("connections").rows


class TestBlocked:
    def test_who_waits_for_whom_is_shown_without_values(self, waiting: tuple[int, int]) -> None:
        holder, waiter = waiting
        found = section("activity")
        rows = {row["pid"]: row for row in found.rows}
        assert rows[waiter]["waits_for"] == str(holder)
        assert rows[waiter]["query"] == "SELECT count(*) FROM sports WHERE title = $ AND $ = $"
        assert rows[holder]["state"] == "idle in transaction"
        assert f"{waiter} waits for {holder}" in found.warnings[0]

    def test_the_report_does_not_wait_for_a_locked_table(self, waiting: tuple[int, int]) -> None:
        found = section("tables")
        assert "holds a lock" in found.warnings[0]

    def test_one_is_ended_from_the_terminal(
        self, waiting: tuple[int, int], caplog: pytest.LogCaptureFixture
    ) -> None:
        out = StringIO()
        with caplog.at_level(logging.WARNING):
            call_command("db_report", "--terminate", str(waiting[1]), "--yes", stdout=out)
        assert f"Connection {waiting[1]} has ended." in out.getvalue()
        assert "private" not in out.getvalue() + caplog.text
        assert f"database connection {waiting[1]} (waiter) ended by" in caplog.text

    def test_nothing_is_ended_where_nobody_confirms(self, waiting: tuple[int, int]) -> None:
        with pytest.raises(CommandError, match="--yes"):
            call_command("db_report", "--terminate", str(waiting[1]), stdout=StringIO())
        assert activity.find_backend(waiting[1], using="default")

    def test_a_number_that_another_connection_has_by_now_is_left_alone(
        self, waiting: tuple[int, int]
    ) -> None:
        found = activity.find_backend(waiting[1], using="default")
        earlier = activity.Backend(
            found.pid, found.started - dt.timedelta(seconds=1), found.app, found.state, ""
        )
        with pytest.raises(activity.NotOurs, match="belongs to another"):
            activity.terminate(earlier, by="test", using="default")
        assert activity.find_backend(waiting[1], using="default")


def test_neither_this_connection_nor_a_process_of_the_server_is_ended() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_backend_pid(), (SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer')"
        )
        own, checkpointer = cursor.fetchone()
    for pid, said in ((own, "that asks"), (checkpointer, "no client"), (2**31 - 1, "no connection")):
        with pytest.raises(activity.NotOurs, match=said):
            activity.find_backend(pid, using="default")


def test_a_connection_to_another_database_is_left_alone() -> None:
    parameters = {**connection.get_connection_params(), "dbname": "postgres"}
    with (
        psycopg.connect(**parameters) as elsewhere,
        pytest.raises(activity.NotOurs, match="another database"),
    ):
        activity.find_backend(elsewhere.info.backend_pid, using="default")


def test_the_report_is_one_json_object() -> None:
    out = StringIO()
    call_command("db_report", "--json", stdout=out)
    found = json.loads(out.getvalue())
    assert list(found) == list(KEYS)
    assert found["database"]["rows"][0]["size"] > 0


def test_long_tables_are_cut_on_the_terminal_unless_all_is_wanted() -> None:
    short, long = StringIO(), StringIO()
    call_command("db_report", "--section", "tables", stdout=short)
    call_command("db_report", "--section", "tables", "--all", stdout=long)
    assert "more: --all" in short.getvalue()
    assert "django_migrations" in long.getvalue()
    assert len(long.getvalue()) > len(short.getvalue())


class TestPage:
    def test_it_is_for_staff_with_the_permission(self, client: Client) -> None:
        clerk = UserFactory(is_staff=True)
        may = Permission.objects.get(codename="view_database")
        link = f'href="{reverse("database")}"'
        client.force_login(clerk)
        assert client.get(reverse("database")).status_code == 403
        assert link not in client.get("/admin/").content.decode()
        clerk.user_permissions.add(may)
        page = client.get(reverse("database")).content.decode()
        assert "Dead rows and vacuums" in page
        assert "odd_snapshots" in page
        assert link in client.get("/admin/").content.decode()
        person = UserFactory()
        person.user_permissions.add(may)
        client.force_login(person)
        assert client.get(reverse("database")).status_code == 403

    def test_only_an_administrator_ends_a_connection(self, client: Client, waiting: tuple[int, int]) -> None:
        client.force_login(UserFactory(is_staff=True))
        for call in (client.get, client.post):
            assert call(reverse("end_connection", args=[waiting[1]])).status_code == 403
        assert activity.find_backend(waiting[1], using="default")

    def test_an_administrator_confirms_and_is_noted(self, client: Client, waiting: tuple[int, int]) -> None:
        boss = UserFactory(is_staff=True, is_superuser=True)
        client.force_login(boss)
        address = reverse("end_connection", args=[waiting[1]])
        page = client.get(address)
        assert "private" not in page.content.decode()
        refused = client.post(address, {})
        assert refused.status_code == 200
        assert activity.find_backend(waiting[1], using="default")
        done = client.post(address, {"started": page.context["form"].initial["started"]}, follow=True)
        assert "has ended" in done.content.decode()
        entry = LogEntry.objects.get()
        assert entry.user_id == boss.pk
        assert "private" not in entry.change_message
        with pytest.raises(activity.NotOurs):
            activity.find_backend(waiting[1], using="default")

    def test_a_number_of_nobody_is_said_on_the_report(self, client: Client) -> None:
        client.force_login(UserFactory(is_staff=True, is_superuser=True))
        page = client.get(reverse("end_connection", args=[2**40]), follow=True)
        assert "There is no connection" in page.content.decode()
