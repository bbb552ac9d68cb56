"""Whole databases of a server: made empty, swapped by renaming, dropped."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql

from bettrack.backups.databases import MAINTENANCE, Database, last_line
from bettrack.backups.dumping import OBSERVING
from bettrack.backups.errors import BackupError, Busy
from bettrack.backups.loading import Server

LONGEST_NAME: Final = 63
LISTS: Final = {"search_path", "session_preload_libraries", "local_preload_libraries", "temp_tablespaces"}
"""Settings whose value is a list of names."""
LIKE: Final[LiteralString] = """
SELECT pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate, datctype, datlocprovider,
    (SELECT setconfig FROM pg_db_role_setting WHERE setdatabase = d.oid AND setrole = 0), d.oid
FROM pg_database d WHERE datname = %s
"""
TERMINATE: Final[LiteralString] = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
)
PROVIDERS: Final = {"b": "builtin", "i": "icu", "c": "libc"}


def stamped(name: str, purpose: str, now: dt.datetime) -> str:
    """A name beside ``name``: what for, and when; PostgreSQL cuts names that are longer."""
    tail = f"_{purpose}_{now:%Y%m%d_%H%M%S}"
    return name[: LONGEST_NAME - len(tail)] + tail


@contextmanager
def administering(database: Database, purpose: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection to the server's maintenance database, alone in this purpose for this database.

    What a killed one left behind is dropped. Raises Busy and BackupError.
    """
    connection = database.named(MAINTENANCE).connect()
    try:
        row = connection.execute(
            "SELECT pg_try_advisory_lock(hashtext(%s), hashtext(%s))", [purpose, database.name]
        ).fetchone()
        if not row or not row[0]:
            raise Busy(f"Another one is being restored beside {database.name} already: wait for it to end.")
        for name in _stamped_names(connection, database.name, purpose):
            drop(connection, name)
        yield connection
    finally:
        connection.close()


def exists(connection: psycopg.Connection[Any], name: str) -> bool:
    return connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def create(connection: psycopg.Connection[Any], name: str, like: str) -> Server:
    """Make an empty database with the encoding, locale, owner and settings of the database ``like``, if there is one.

    Raises BackupError.
    """
    found = connection.execute(LIKE, [like]).fetchone()
    options: sql.Composable = sql.SQL("ENCODING 'UTF8'")
    owner, settings = "", list[str]()
    if found:
        owner, settings = found[0], found[5] or []
        options = _options(connection, found)
    try:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE template0 {}").format(sql.Identifier(name), options)
        )
        for setting in settings:
            connection.execute(_set(name, setting))
    except psycopg.errors.InsufficientPrivilege as error:
        raise BackupError(
            f"The role {connection.info.user} may not make databases: a backup is restored into a new one. Allow it: "
            f'ALTER ROLE "{connection.info.user}" CREATEDB'
        ) from error
    except psycopg.Error as error:
        raise BackupError(
            f"The database {name} cannot be made. The server says: {last_line(error)}"
        ) from error
    roles = connection.execute("SELECT rolname FROM pg_roles").fetchall()
    return Server(
        major=connection.info.server_version // 10_000,
        roles=frozenset(role for (role,) in roles),
        owner=owner if owner != connection.info.user else "",
    )


def keep_extensions(old: Database, new: Database) -> None:
    """Have in the new database what only observes, where the old one has it; without the right to, it stays out."""
    with old.connect() as before, new.connect() as after:
        for (name,) in before.execute("SELECT extname FROM pg_extension").fetchall():
            if name in OBSERVING:
                with suppress(psycopg.Error):
                    after.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(name)))


def drop(connection: psycopg.Connection[Any], name: str) -> None:
    """Raises BackupError."""
    try:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    except psycopg.Error as error:
        raise BackupError(f"The database {name} cannot be dropped: {last_line(error)}") from error


def drop_former(database: Database, name: str) -> None:
    """Drop what a restore of this database has kept under ``name``. Raises BackupError for any other."""
    with administering(database, "dropping") as connection:
        kept = _stamped_names(connection, database.name, "before")
        if name not in kept:
            have = f"There are: {', '.join(kept)}." if kept else "There is none."
            raise BackupError(f"{name} is no former database of {database.name}. {have}")
        drop(connection, name)


def swap(database: Database, *, new: str, old: str) -> None:
    """Give the new database the name, and the one that has it now another; in one transaction, or not at all.

    While the rename holds the name, whoever is connected is sent away and nobody gets in. Raises BackupError.
    """
    with database.named(MAINTENANCE).connect() as connection:
        try:
            if not exists(connection, database.name):
                connection.execute(_rename(new, database.name))
                return
            with _sending_away(database, [database.name, new]), connection.transaction():
                connection.execute(_rename(database.name, old))
                connection.execute(_rename(new, database.name))
        except psycopg.Error as error:
            raise BackupError(
                f"The restored database is whole but could not take the name {database.name}: {last_line(error)}. The "
                "old database is still in place. Stop BetTrack and try again."
            ) from error


@contextmanager
def _sending_away(database: Database, names: list[str]) -> Iterator[None]:
    """End others' sessions in these databases, again and again while the context lasts."""
    done = threading.Event()

    def work() -> None:
        with suppress(psycopg.Error, BackupError), database.named(MAINTENANCE).connect() as connection:
            while True:
                for name in names:
                    connection.execute(TERMINATE, [name])
                if done.wait(0.1):
                    return

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join(timeout=10)


def _rename(name: str, to: str) -> sql.Composed:
    return sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(name), sql.Identifier(to))


def _stamped_names(connection: psycopg.Connection[Any], name: str, purpose: str) -> list[str]:
    """Databases whose names ``stamped`` made for this purpose."""
    pattern = stamped(name, purpose, dt.datetime(2000, 1, 1, tzinfo=dt.UTC))[:-15]
    rows = connection.execute(
        "SELECT datname FROM pg_database WHERE starts_with(datname, %s) AND right(datname, 15) ~ '^\\d{8}_\\d{6}$' "
        "AND length(datname) = %s",
        [pattern, len(pattern) + 15],
    ).fetchall()
    return [found for (found,) in rows]


def _options(connection: psycopg.Connection[Any], found: tuple[Any, ...]) -> sql.Composed:
    owner, encoding, collate, ctype, provider, _, oid = found
    parts = [
        sql.SQL("OWNER {}").format(sql.Identifier(owner)),
        sql.SQL("ENCODING {}").format(sql.Literal(encoding)),
        sql.SQL("LC_COLLATE {} LC_CTYPE {}").format(sql.Literal(collate), sql.Literal(ctype)),
        sql.SQL("LOCALE_PROVIDER {}").format(sql.Identifier(PROVIDERS[provider])),
    ]
    if provider != "c":
        column = "datlocale" if connection.info.server_version >= 170_000 else "daticulocale"
        row = connection.execute(
            sql.SQL("SELECT {} FROM pg_database WHERE oid = %s").format(sql.Identifier(column)), [oid]
        ).fetchone()
        name = "ICU_LOCALE" if provider == "i" else "BUILTIN_LOCALE"
        parts.append(sql.SQL(name + " {}").format(sql.Literal(row[0] if row else "")))
    return sql.SQL(" ").join(parts)


def _set(database: str, setting: str) -> sql.Composed:
    name, _, value = setting.partition("=")
    values = [part.strip().strip('"') for part in value.split(",")] if name in LISTS else [value]
    return sql.SQL("ALTER DATABASE {} SET {} TO {}").format(
        sql.Identifier(database),
        sql.Identifier(*name.split(".")),
        sql.SQL(", ").join(map(sql.Literal, values)),
    )
