"""How the tests' database is emptied after a test whose transactions were real.

Django truncates every table there is and then writes all content types and permissions anew. A test fills a few tables
with a few rows: taking those out costs a tenth.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.core.management.commands import flush
from django.db import DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper

KEPT: Final = ("django_migrations", "django_content_type", "auth_permission")
EMPTY: Final = """
DO $$
DECLARE
    name text;
    filled boolean;
BEGIN
    PERFORM set_config('session_replication_role', 'replica', true);  -- neither triggers nor foreign keys
    FOR name IN SELECT oid::regclass::text FROM pg_class
                WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND NOT relname = ANY (ARRAY[{kept}])
    LOOP
        EXECUTE 'SELECT EXISTS (SELECT FROM ONLY ' || name || ')' INTO filled;
        IF filled THEN
            EXECUTE 'DELETE FROM ONLY ' || name;
        END IF;
    END LOOP;
END
$$
"""


GUARDS: Final = """
SELECT tgrelid::regclass::text, quote_ident(tgname) FROM pg_trigger
WHERE NOT tgisinternal AND tgenabled = 'O' AND tgtype::int & 32 <> 0
"""


@contextmanager
def guards_off(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Within, TRUNCATE is let through, which the tables' owner may decide."""
    with connection.cursor() as cursor:
        cursor.execute(GUARDS)
        guards = cursor.fetchall()

    def turn(how: str) -> None:
        with connection.cursor() as cursor:
            for table, name in guards:
                cursor.execute(f"ALTER TABLE {table} {how} TRIGGER {name}")

    turn("DISABLE")
    try:
        yield
    finally:
        turn("ENABLE")


class Command(flush.Command):
    """The tests' flush. A role that may not switch triggers off truncates, as Django does."""

    def handle(self, **options: Any) -> None:
        kept = ", ".join(f"'{name}'" for name in KEPT)
        try:
            with connections[options["database"]].cursor() as cursor:
                cursor.execute(EMPTY.format(kept=kept))
        except DatabaseError:
            with guards_off(connections[options["database"]]):
                super().handle(**options)
