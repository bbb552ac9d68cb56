"""What a pooler in transaction mode asks of the code; the rest of the suite shows that it is kept: see .ci/pooled."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection, connections, transaction

from accounts.models import User
from accounts.tests.factories import UserFactory
from bettrack.database.direct import direct_alias

pooled = pytest.mark.skipif(not settings.DATABASE_POOLED, reason="not run through a pooler: see .ci/pooled")

SESSION = re.compile(
    r"""pg_(?:try_)?advisory_lock(?:_shared)?\(      # held by the session, not by its transaction
      | set_config\([^()]*,\s*false\s*\)
      | \bSET\s+SESSION\b
      | ["'](?-i:(?:UN)?LISTEN)\s
      | \bWITH\s+HOLD\b
      | \bPREPARE\s+\w+\s+AS\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
TEMPORARY = re.compile(r"CREATE\s+TEMP(?:ORARY)?\s+TABLE(?P<rest>.{0,2000})", re.IGNORECASE | re.DOTALL)
OVER_THE_DIRECT_CONNECTION = ("bettrack/upgrades/", "bettrack/backups/", "bettrack/database/maintenance.py")
BACKENDS = "SELECT pg_backend_pid()"


def sources() -> list[tuple[str, str]]:
    base = Path(settings.BASE_DIR)
    folders = ("accounts", "bets", "bettrack", "feeds", "games", "odds", "rest")
    paths = [path for folder in folders for path in (base / folder).rglob("*.py")]
    return [(str(path.relative_to(base)), path.read_text()) for path in paths if "tests" not in path.parts]


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


@pooled
@pytest.mark.django_db(transaction=True, databases="__all__")
def test_the_direct_connection_is_one_session() -> None:
    direct = connections[direct_alias()]
    assert direct.alias == "direct"
    parameters = direct.get_connection_params()
    assert parameters["port"] != connection.get_connection_params()["port"]


@pooled
def test_statements_are_not_prepared_on_the_server() -> None:
    assert connection.get_connection_params()["prepare_threshold"] is None
    assert connection.settings_dict["DISABLE_SERVER_SIDE_CURSORS"] is True
