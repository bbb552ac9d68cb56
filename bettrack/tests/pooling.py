"""Looks after each module of tests at what it has left in the pooler's sessions, where the next client finds it.

A plugin of pytest for `.ci/pooled`. It asks PgBouncer's own console for its connections to the server, takes each of them
once, and reads there what a transaction leaves behind only when it was not the transaction's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from pytest_django import DjangoDbBlocker

FEWEST: Final = 4
FOLLOWED: Final = (
    "application_name",
    "client_encoding",
    "DateStyle",
    "TimeZone",
    "standard_conforming_strings",
)
"""Settings that PgBouncer keeps for each client and sets again wherever that client goes."""
LEFT: Final = """
SELECT 'the setting ' || name || ' = ' || setting FROM pg_settings
 WHERE source = 'session' AND setting IS DISTINCT FROM reset_val AND name <> ALL (%(followed)s)
UNION ALL
SELECT 'the setting ' || name || ' = ' || current_setting(name, true) FROM unnest(%(own)s::text[]) AS name
 WHERE current_setting(name, true) <> ''
UNION ALL
SELECT 'an advisory lock (' || classid || ', ' || objid || ')' FROM pg_locks
 WHERE locktype = 'advisory' AND pid = pg_backend_pid()
UNION ALL
SELECT 'the cursor ' || name FROM pg_cursors WHERE is_holdable
UNION ALL
SELECT 'the prepared statement ' || name FROM pg_prepared_statements
UNION ALL
SELECT 'the temporary table ' || relname FROM pg_class
 WHERE relnamespace = pg_my_temp_schema() AND relkind IN ('r', 'p')
UNION ALL
SELECT 'listening to ' || channel FROM pg_listening_channels() AS channel
"""
OWN_SETTING: Final = re.compile(r"""(?:set_config\('|SET\s(?:LOCAL\s)?)((?:bettrack|pghistory)\.\w+)""")


def sources() -> list[tuple[str, str]]:
    """Path and text of every module of ours but the tests."""
    base = Path(settings.BASE_DIR)
    folders = ("accounts", "bets", "bettrack", "feeds", "games", "odds", "rest")
    paths = [path for folder in folders for path in (base / folder).rglob("*.py")]
    return [(str(path.relative_to(base)), path.read_text()) for path in paths if "tests" not in path.parts]


def own_settings() -> list[str]:
    """The settings that our code gives to a transaction, which pg_settings does not show."""
    return sorted({name for _, text in sources() for name in OWN_SETTING.findall(text)})


def client(**changes: Any) -> psycopg.Connection[Any]:
    """A client of the pooler, or of what ``changes`` say, outside of Django."""
    known = connection.get_connection_params()
    address = {name: known[name] for name in ("host", "port", "user", "dbname") if known.get(name)}
    return psycopg.connect(**(address | {"prepare_threshold": None} | changes))


def sessions() -> set[int]:
    """The processes of the server that PgBouncer holds connections to, for the tests' database."""
    name = connection.settings_dict["NAME"]
    with client(dbname="pgbouncer", autocommit=True, cursor_factory=psycopg.ClientCursor) as console:
        shown = console.execute("SHOW SERVERS")
        columns = [column.name for column in shown.description or ()]
        rows = [dict(zip(columns, row, strict=True)) for row in shown]
    return {int(row["remote_pid"]) for row in rows if row["database"] == name}


def have_several(count: int = FEWEST) -> None:
    """Make PgBouncer open this many sessions, which it then hands out in turns."""
    with ExitStack() as held:
        for _ in range(count):
            held.enter_context(client()).execute("SELECT 1")  # begins a transaction, which holds its session


def left_in_sessions() -> list[str]:
    """What an earlier transaction has left in the pooler's sessions, as sentences; [] where all is well."""
    expected, seen, found = sessions(), set[int](), list[str]()
    known = {"followed": list(FOLLOWED), "own": own_settings()}
    with ExitStack() as held:
        while len(seen) < len(expected):
            one = held.enter_context(client(cursor_factory=psycopg.ClientCursor))
            seen |= {int(row[0]) for row in one.execute("SELECT pg_backend_pid()")}
            found += [row[0] for row in one.execute(LEFT, known)]
    return sorted(found)


def forget_sessions() -> None:
    """Have PgBouncer close its connections to the server once they are free, and open new ones."""
    with client(dbname="pgbouncer", autocommit=True, cursor_factory=psycopg.ClientCursor) as console:
        console.execute("RECONNECT")
    have_several()


@pytest.fixture(scope="session")
def pool(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """The tests' database behind a pooler with several sessions."""
    with django_db_blocker.unblock():
        have_several()


@pytest.fixture(scope="module", autouse=True)
def nothing_stays(pool: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Fail a module whose tests leave something in a session."""
    yield
    with django_db_blocker.unblock():
        found = left_in_sessions()
        if found:
            forget_sessions()
    assert not found, f"left in the pooler's sessions: {'; '.join(found)}"
