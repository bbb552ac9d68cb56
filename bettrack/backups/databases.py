"""The address of a database, for psycopg and for PostgreSQL's programs; a password stays off every command line."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

import environ
import psycopg
from django.conf import settings
from django.db import connections

from bettrack.backups.errors import BackupError
from bettrack.database.direct import direct_alias
from bettrack.embedded.client import ensure
from bettrack.embedded.layout import EmbeddedServiceError
from bettrack.environment import POSTGRES_SCHEMES

OPTIONS = {
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "sslcrl": "PGSSLCRL",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "channel_binding": "PGCHANNELBINDING",
    "passfile": "PGPASSFILE",
}
"""What of a connection's options matters to reach a server, and the variable that tells libpq."""
MAINTENANCE = "postgres"
PATIENCE = 10


@dataclass(frozen=True)
class Database:
    """One database of a server. Shown without its password."""

    name: str
    user: str = ""
    password: str = field(default="", repr=False)
    host: str = ""
    port: str = ""
    options: tuple[tuple[str, str], ...] = ()

    def named(self, name: str) -> Database:
        """Another database of the same server."""
        return replace(self, name=name)

    def environment(self) -> dict[str, str]:
        """What PostgreSQL's programs find in their environment."""
        found = dict(os.environ) | {"LC_ALL": "C", "PGAPPNAME": "bettrack backup"}
        known = {"PGHOST": self.host, "PGPORT": self.port, "PGUSER": self.user, "PGPASSWORD": self.password}
        found |= {name: value for name, value in known.items() if value}
        found |= {OPTIONS[name]: value for name, value in self.options}
        return found | {"PGDATABASE": self.name, "PGCONNECT_TIMEOUT": str(PATIENCE)}

    def connect(self) -> psycopg.Connection[Any]:
        """A connection of its own, in autocommit. Raises BackupError."""
        known = {"host": self.host, "port": self.port, "user": self.user, "password": self.password}
        given = {name: value for name, value in known.items() if value} | dict(self.options)
        try:
            return psycopg.connect(
                dbname=self.name,
                autocommit=True,
                connect_timeout=PATIENCE,
                application_name="bettrack backup",
                prepare_threshold=None,
                **given,  # type: ignore[arg-type]
            )
        except psycopg.OperationalError as error:
            raise BackupError(
                f"The database {self.name} cannot be reached. It says: {last_line(error)}"
            ) from error

    def url(self) -> str:
        """As DATABASE_URL has it, the password included: for a child's environment, never for a person."""
        account = quote(self.user, safe="") + (f":{quote(self.password, safe='')}" if self.password else "")
        options = dict(self.options)
        place = f"{self.host}:{self.port}" if self.port else self.host
        if self.host.startswith("/"):
            options["host"], place = self.host, f":{self.port}" if self.port else ""
        query = f"?{urlencode(options)}" if options else ""
        return f"postgres://{account}@{place}/{quote(self.name, safe='')}{query}"


def own() -> Database:
    """BetTrack's own database over the direct connection, its embedded server started. Raises BackupError."""
    if settings.EMBEDDED_POSTGRES:
        start_embedded()
    return _from_settings(connections[direct_alias()].settings_dict)


def from_url(url: str, what: str) -> Database:
    """The database of a URL; ``what`` names where it was given. Raises BackupError, which does not repeat it."""
    try:
        found = environ.Env.db_url_config(url) if urlsplit(url).scheme in POSTGRES_SCHEMES else {}
    except ValueError:
        found = {}
    if not found.get("NAME"):
        raise BackupError(
            f"{what} is not the address of a PostgreSQL database: it looks like postgres://user:password@host:5432/name"
        )
    options = found.setdefault("OPTIONS", {})
    found["HOST"] = unquote(str(found.get("HOST") or options.pop("host", "")))
    return _from_settings(found)


def start_embedded() -> None:
    """Raises BackupError with the server's own reason."""
    try:
        ensure(settings.EMBEDDED, "postgres")
    except EmbeddedServiceError as error:
        raise BackupError(str(error)) from error


def last_line(error: BaseException) -> str:
    """The telling line of a driver's or a program's message."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _from_settings(found: dict[str, Any]) -> Database:
    options = found.get("OPTIONS") or {}
    return Database(
        name=str(found["NAME"]),
        user=str(found.get("USER") or ""),
        password=str(found.get("PASSWORD") or ""),
        host=str(found.get("HOST") or ""),
        port=str(found.get("PORT") or ""),
        options=tuple(sorted((name, str(options[name])) for name in OPTIONS if options.get(name))),
    )
