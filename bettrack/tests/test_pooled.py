"""What a pooler in transaction mode asks of the code; the rest of the suite shows that it is kept: see .ci/pooled."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, connection, connections, transaction

from accounts.models import User
from accounts.tests.factories import UserFactory
from bettrack.database.direct import direct_alias
from bettrack.tests.pooling import forget_sessions, left_in_sessions, own_settings, sources

pooled = pytest.mark.skipif(not settings.DATABASE_POOLED, reason="not run through a pooler: see .ci/pooled")

SESSION = re.compile(
    r"""pg_(?:try_)?advisory_lock(?:_shared)?\(      # held by the session, not by its transaction
      | set_config\([^()]*,\s*false\s*\)
      | \bSET\s+SESSION\b
      | ["']\s*(?-i:SET)\s+(?!(?:LOCAL|CONSTRAINTS|TRANSACTION)\b)[\w.]+\s*(?:=|TO\b)
      | ["'](?-i:(?:UN)?LISTEN)\s
      | \bWITH\s+HOLD\b
      | \bPREPARE\s+\w+\s+AS\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
TEMPORARY = re.compile(r"CREATE\s+TEMP(?:ORARY)?\s+TABLE(?P<rest>.{0,2000})", re.IGNORECASE | re.DOTALL)
OVER_THE_DIRECT_CONNECTION = ("bettrack/upgrades/", "bettrack/backups/", "bettrack/database/maintenance.py")
BACKENDS = "SELECT pg_backend_pid()"


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT pg_advisory_lock(7)",
        "SELECT pg_try_advisory_lock(7)",
        "SELECT set_config('lock_timeout', '5s', false)",
        "SET SESSION lock_timeout = '5s'",
        '"SET lock_timeout = 5000"',
        "DECLARE rows CURSOR WITH HOLD FOR SELECT 1",
        "PREPARE asked AS SELECT 1",
        "'LISTEN news'",
    ],
)
def test_what_leans_on_a_session_is_told_from_what_does_not(statement: str) -> None:
    assert SESSION.search(statement)
    assert not SESSION.search("SELECT pg_advisory_xact_lock(7), set_config('lock_timeout', '5s', true)")
    assert not SESSION.search('"SET LOCAL lock_timeout = 5000"')


def test_settings_of_ours_are_known_by_name() -> None:
    assert {"bettrack.forget", "bettrack.purge", "pghistory.context_id"} <= set(own_settings())


def test_nothing_leans_on_a_session_but_what_uses_the_direct_connection() -> None:
    found = [
        f"{name}: {match[0]}"
        for name, text in sources()
        if not name.startswith(OVER_THE_DIRECT_CONNECTION)
        for match in SESSION.finditer(text)
    ]
    assert not found


def test_temporary_tables_end_with_their_transaction() -> None:
    """``{end}`` is that of the ingestion, which keeps its table where the session is its own."""
    found = [
        name
        for name, text in sources()
        for match in TEMPORARY.finditer(text)
        if not re.search(r"ON COMMIT (?:DROP|\{end\})", match["rest"])
    ]
    assert not found


@pooled
@pytest.mark.django_db(transaction=True)
def test_transactions_meet_different_sessions() -> None:
    """Without this the rest of these tests would prove nothing."""
    seen = set()
    for _ in range(12):
        with connection.cursor() as cursor:
            cursor.execute(BACKENDS)
            seen.add(cursor.fetchone()[0])
    assert len(seen) > 1


@pooled
@pytest.mark.django_db(transaction=True)
def test_a_transaction_keeps_its_session() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        seen = set()
        for _ in range(12):
            cursor.execute(BACKENDS)
            seen.add(cursor.fetchone()[0])
    assert len(seen) == 1


@pooled
@pytest.mark.django_db(transaction=True)
def test_rows_are_read_in_chunks_without_a_cursor_that_outlives_its_transaction() -> None:
    for _ in range(5):
        UserFactory()
    assert len(list(User.objects.iterator(chunk_size=2))) == 5


@pytest.fixture
def astray() -> Iterator[None]:
    """For a test that leaves something in a session: no other finds it."""
    yield
    forget_sessions()


@pooled
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("astray")
def test_a_cursor_kept_on_the_server_is_lost() -> None:
    """What DISABLE_SERVER_SIDE_CURSORS avoids, and how these tests would show it."""
    for _ in range(5):
        UserFactory()
    connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = False
    try:
        with pytest.raises(DatabaseError, match=r"_django_curs_.* does not exist"):
            list(User.objects.iterator(chunk_size=2))
    finally:
        connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] = True
    assert any("the cursor " in each for each in left_in_sessions())


@pooled
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("astray")
@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("SELECT pg_advisory_lock(7)", "an advisory lock (0, 7)"),
        ("SET lock_timeout = '5s'", "the setting lock_timeout = 5000"),
        ("SELECT set_config('bettrack.purge', 'on', false)", "the setting bettrack.purge = on"),
        ("PREPARE asked AS SELECT 1", "the prepared statement asked"),
        ("CREATE TEMPORARY TABLE kept (id int)", "the temporary table kept"),
        ("LISTEN news", "listening to news"),
    ],
    ids=["lock", "setting", "setting of ours", "prepared", "table", "listening"],
)
def test_what_is_left_in_a_session_is_found(statement: str, finding: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
    assert left_in_sessions() == [finding]


@pooled
@pytest.mark.django_db(transaction=True)
def test_what_belongs_to_a_transaction_is_not_left() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(7), set_config('bettrack.purge', 'on', true)")
        cursor.execute("SET LOCAL lock_timeout = '5s'")
        cursor.execute("CREATE TEMPORARY TABLE dropped (id int) ON COMMIT DROP")
    assert left_in_sessions() == []


@pooled
@pytest.mark.django_db(transaction=True, databases="__all__")
def test_migrating_leaves_nothing_even_where_the_pooled_database_is_named() -> None:
    call_command("migrate", database="default", verbosity=0)
    assert left_in_sessions() == []


@pooled
@pytest.mark.django_db(transaction=True, databases="__all__")
def test_the_direct_connection_is_one_session() -> None:
    direct = connections[direct_alias()]
    assert direct.alias == "direct"
    past, through = direct.get_connection_params(), connection.get_connection_params()
    assert past.get("port") != through["port"]
    assert past["dbname"] == through["dbname"]


@pooled
def test_statements_are_not_prepared_on_the_server() -> None:
    assert connection.get_connection_params()["prepare_threshold"] is None
    assert connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] is True
