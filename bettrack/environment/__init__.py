"""Reading settings from the environment, with a sentence for each that cannot be read.

No message repeats a value: it may hold a password.
"""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import math
import os
import zoneinfo
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

YES = environ.Env.BOOLEAN_TRUE_STRINGS
NO = ("", "0", "false", "off", "no", "n")
POSTGRES_SCHEMES = ("postgres", "postgresql", "pgsql", "psql")
SECONDS = {"s": 1, "min": 60, "h": 3600}
WANTED = {bool: "true or false", int: "a whole number such as 500", float: "a number such as 15 or 0.5"}

PRIVATE_NETWORKS: Final = (
    "127.0.0.0/8",
    "::1/128",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "fc00::/7",
)
PROVIDER_PAGES: Final = {"google": "https://accounts.google.com", "github": "https://github.com"}
"""Where people sign in who use a provider's account."""
SCOPES: Final = {"google": ["openid", "email", "profile"], "github": ["user:email"]}

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


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

    def seconds(self, var: str, *, default: int) -> int:
        """A whole number of seconds; 0 for no limit."""
        value: int = self.int(var, default=default)
        if not 0 <= value <= 86_400:
            raise ImproperlyConfigured(f"{var} is a number of seconds from 0 (no limit) to 86400.")
        return value

    def rate(self, var: str, *, default: str) -> tuple[int, int]:
        """Requests and seconds of a rate such as 120/min."""
        text: str = self.str(var, default=default)
        number, _, unit = text.partition("/")
        seconds = SECONDS.get(unit)
        if seconds is None or not (number.isascii() and number.isdigit() and 0 < int(number) <= 10**6):
            raise ImproperlyConfigured(f"{var} is not a rate: set it to one such as {default}.")
        return int(number), seconds

    def days(self, var: str, *, default: int) -> int:
        """A number of days, or 0 for ever."""
        number: int = self.int(var, default=default)
        if number < 0:
            raise ImproperlyConfigured(f"{var} is a number of days, or 0 for ever.")
        return number

    def time_zone(self, var: str, *, default: str) -> str:
        """The name of a place in the time zone database."""
        name: str = self.str(var, default=default)
        if name in ("Factory", "localtime") or name not in zoneinfo.available_timezones():
            raise ImproperlyConfigured(f"{var} is not a time zone: set it to one such as {default}.")
        return name

    def choice(self, var: str, options: Sequence[str], *, default: str) -> str:
        """One of a few words."""
        chosen: str = self.str(var, default=default).strip().lower()
        if chosen not in options:
            raise ImproperlyConfigured(f"{var} is not known: set it to {' or '.join(options)}.")
        return chosen

    def networks(self, var: str, *, default: Sequence[str]) -> list[Network]:
        """Addresses and networks, separated by commas."""
        try:
            return [ipaddress.ip_network(text.strip()) for text in self.list(var, default=list(default))]
        except ValueError as error:
            raise ImproperlyConfigured(
                f"{var} cannot be read: set it to addresses or networks such as 10.0.0.5,192.168.0.0/16."
            ) from error

    def sign_in_providers(self) -> dict[str, dict[str, Any]]:
        """allauth's settings of the providers, with an app where both its client id and its secret are set."""
        return {name: self._provider(name, scopes) for name, scopes in SCOPES.items()}

    def _provider(self, name: str, scopes: list[str]) -> dict[str, Any]:
        prefix = name.upper()
        client_id, secret = (
            self.str(f"{prefix}_CLIENT_ID", default=""),
            self.str(f"{prefix}_CLIENT_SECRET", default=""),
        )
        if bool(client_id) != bool(secret):
            missing = "CLIENT_SECRET" if client_id else "CLIENT_ID"
            raise ImproperlyConfigured(
                f"{prefix}_{missing} is not set: sign-in by {name} needs both, or neither."
            )
        apps = [{"client_id": client_id, "secret": secret, "key": ""}] if client_id else []
        return {"APPS": apps, "SCOPE": scopes, "OAUTH_PKCE_ENABLED": True}

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
        found["ENGINE"] = "bettrack.database.backend"
        return found
