"""A database of its own for a measurement, dropped afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.core.management import call_command
from django.db import connection

DATABASE: Final = "BETTRACK_BENCHMARK_DATABASE"
PREFIX: Final = "BETTRACK_BENCHMARK_PREFIX"
"""Variables that tell a process of its own which database to use, and what its names in Redis begin with."""


def use(name: str) -> None:
    """Point this process's connection at a database of the same server."""
    connection.close()
    connection.settings_dict["NAME"] = name


@contextmanager
def scratch_database(name: str) -> Iterator[None]:
    """Create a migrated database, connect to it, and drop it in the end, whatever happens.

    The role needs the right to create databases; otherwise the database's own error is raised.
    """
    own = str(connection.settings_dict["NAME"])
    quoted = connection.ops.quote_name(name)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {quoted} WITH (FORCE)")
        cursor.execute(f"CREATE DATABASE {quoted}")
    try:
        use(name)
        call_command("migrate", verbosity=0, interactive=False)
        yield
    finally:
        use(own)
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {quoted} WITH (FORCE)")
