from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from django.db.backends.postgresql import client
from psycopg import OperationalError

from bettrack.database.backend import base
from bettrack.embedded import binaries
from bettrack.embedded.client import ensure, forget
from bettrack.embedded.layout import EmbeddedServiceError, Layout, for_home

RETRY_SECONDS = 15.0
_PASSING = (
    "starting up",
    "shutting down",
    "recovery mode",
    "not yet accepting",
    "No such file",
    "Connection refused",
    "Connection reset",
    "closed the connection unexpectedly",
    "Broken pipe",
)


class DatabaseClient(client.DatabaseClient):
    """`dbshell` through the psql that came with the server, where there is one."""

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: Iterable[str]
    ) -> tuple[list[str], dict[str, str] | None]:
        ensure(for_home(settings_dict["EMBEDDED_HOME"]), "postgres")
        arguments, environment = super().settings_to_cmd_args_env(settings_dict, parameters)
        psql = binaries.postgres_bin() / "psql"
        return [str(psql) if psql.exists() else arguments[0], *arguments[1:]], environment


class DatabaseWrapper(base.DatabaseWrapper):
    client_class = DatabaseClient

    @property
    def embedded(self) -> Layout:
        return for_home(self.settings_dict["EMBEDDED_HOME"])

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect, starting the server if need be; a server that is just recovering is waited for."""
        deadline = time.monotonic() + RETRY_SECONDS
        while True:
            try:
                ensure(self.embedded, "postgres")
            except EmbeddedServiceError as error:
                raise OperationalError(str(error)) from error
            try:
                return super().get_new_connection(conn_params)
            except OperationalError as error:
                passing = any(words in str(error) for words in _PASSING)
                if not passing or time.monotonic() > deadline:
                    raise
                forget(self.embedded)
                time.sleep(0.05)
