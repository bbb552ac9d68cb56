"""Reading settings from the environment, with a sentence for each that cannot be read.

No message repeats a value: it may hold a password.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import zoneinfo
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

YES = environ.Env.BOOLEAN_TRUE_STRINGS
NO = ("", "0", "false", "off", "no", "n")
POSTGRES_SCHEMES = ("postgres", "postgresql", "pgsql", "psql")
WANTED = {bool: "true or false", int: "a whole number such as 500", float: "a number such as 15 or 0.5"}


class Environment(environ.Env):  # type: ignore[misc]
    """django-environ's reader that names the setting which cannot be read. Raises ImproperlyConfigured."""

    def get_value(self, var: str, cast: Any = None, default: Any = environ.Env.NOTSET, **options: Any) -> Any:
        text = os.environ.get(var)
        if cast is bool and text is not None and text.strip().lower() not in (*NO, *YES):
            raise ImproperlyConfigured(f"{var} cannot be read: set it to {WANTED[bool]}.")
        try:
            return super().get_value(var, cast=cast, default=default, **options)
        except ValueError as error:
            wanted = WANTED.get(cast, "what the README says")
            raise ImproperlyConfigured(f"{var} cannot be read: set it to {wanted}.") from error

    def positive(self, var: str, *, default: float) -> float:
        """A number above zero."""
        value: float = self.float(var, default=default)
        if not (math.isfinite(value) and value > 0):
            raise ImproperlyConfigured(f"{var} must be above zero, for example {default:g}.")
        return value

    def time_zone(self, var: str, *, default: str) -> str:
        """The name of a place in the time zone database."""
        name: str = self.str(var, default=default)
        if name in ("Factory", "localtime") or name not in zoneinfo.available_timezones():
            raise ImproperlyConfigured(f"{var} is not a time zone: set it to one such as {default}.")
        return name

    def log_level(self, var: str, *, default: str) -> str:
        name: str = self.str(var, default=default).upper()
        if name not in logging.getLevelNamesMapping():
            raise ImproperlyConfigured(f"{var} is not a log level: set it to DEBUG, INFO, WARNING or ERROR.")
        return name

    def site(self, var: str, *, default: str) -> str:
        """The address of a site, without a slash at its end."""
        url: str = self.str(var, default=default).rstrip("/")
        try:
            parts = urlsplit(url)
            good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            good = False
        if not good:
            raise ImproperlyConfigured(f"{var} is not an address: set it to one such as {default}.")
        return url

    def postgres(self, var: str) -> dict[str, Any]:
        """Django's settings for the database of a URL."""
        found: dict[str, Any] = {}
        with contextlib.suppress(ImproperlyConfigured, ValueError):
            if urlsplit(self.str(var)).scheme in POSTGRES_SCHEMES:
                found = self.db_url(var)
        if not found.get("NAME"):
            raise ImproperlyConfigured(
                f"{var} is not the address of a PostgreSQL database: set it to one such as "
                "postgres://user:password@host:5432/name."
            )
        return found
