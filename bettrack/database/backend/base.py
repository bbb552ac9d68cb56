"""Django's PostgreSQL backend, with less ado about each request and each value."""

from __future__ import annotations

import datetime as dt
import select
import time
from functools import cache
from typing import Any, Final

from django.db.backends.postgresql import base
from django.db.backends.postgresql.psycopg_any import BaseTzLoader, get_adapters_template
from psycopg.adapt import AdaptersMap

TRUSTED: Final = 5.0
"""Seconds for which a connection that has answered is asked for a sign of life only if its socket has something to say."""


class TimeLoader(BaseTzLoader):  # type: ignore[misc] # the stubs leave it untyped
    """Reads an instant of a session in UTC by itself; whatever else there may be is left to the driver."""

    timezone = dt.UTC

    def load(self, data: Any) -> Any:
        try:
            found = dt.datetime.fromisoformat(bytes(data).decode())
        except ValueError:
            return super().load(data)
        return found if found.tzinfo is dt.UTC else super().load(data)


@cache
def adapters() -> AdaptersMap:
    """How values of sites in UTC are read and written."""
    found = AdaptersMap(get_adapters_template(True, dt.UTC))
    found.register_loader("timestamptz", TimeLoader)
    return found


class DatabaseWrapper(base.DatabaseWrapper):
    health_check_done: bool
    health_check_enabled: bool
    trusted_until = 0.0

    def get_connection_params(self) -> dict[str, Any]:
        found: dict[str, Any] = super().get_connection_params()
        if self.timezone is dt.UTC:
            found["context"] = adapters()
        return found

    def close_if_unusable_or_obsolete(self) -> None:
        """Called before and after each request: from one that has asked the connection something it is trusted."""
        if self.health_check_done:
            self.trusted_until = time.monotonic() + TRUSTED
        super().close_if_unusable_or_obsolete()

    def close_if_health_check_failed(self) -> None:
        """A server that goes ends its connections, which their sockets show: no statement is needed to find out."""
        if (
            self.health_check_enabled
            and not self.health_check_done
            and self.connection is not None
            and time.monotonic() < self.trusted_until
            and is_silent(self.connection)
        ):
            self.health_check_done = True
        super().close_if_health_check_failed()


def is_silent(connection: Any) -> bool:
    """Tell whether nothing waits to be read on an open connection: neither its end nor a word of the server's."""
    if connection.closed:
        return False
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return not poll.poll(0)
