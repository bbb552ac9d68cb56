"""Where the embedded services keep their files, and how to reach them. Standard library only."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

DATABASE_NAME = "bettrack"
DATABASE_USER = "bettrack"
POSTGRES_PORT = "5432"
LONGEST_SOCKET_PATH = 107
_PLAIN_PATH = re.compile(r"[A-Za-z0-9/_.+-]+")


class EmbeddedServiceError(Exception):
    """An embedded service cannot be had; the message is meant for the person at the terminal."""


@dataclass(frozen=True)
class Layout:
    """The files below one home folder (`var/`, or what BETTRACK_HOME names)."""

    home: Path

    @property
    def control(self) -> Path:
        """Locks and the state file that the janitor and its users share."""
        return self.home / "embedded"

    @property
    def users_lock(self) -> Path:
        return self.control / "users.lock"

    @property
    def janitor_lock(self) -> Path:
        return self.control / "janitor.lock"

    @property
    def state_file(self) -> Path:
        return self.control / "state.json"

    @property
    def elsewhere_file(self) -> Path:
        """Names the folder used instead of `home` when the server's account cannot reach `home`."""
        return self.control / "elsewhere"

    @property
    def logs(self) -> Path:
        return self.home / "log"

    @property
    def sockets(self) -> Path:
        """Folder of the two sockets: below home when the path is short and plain, else in /tmp.

        A socket's path may have 107 bytes, libpq splits hosts at commas, and as root the servers run
        under another account that may not reach home.
        """
        inside = self.home / "run"
        longest = inside / ".s.PGSQL.5432.lock"
        plain = _PLAIN_PATH.fullmatch(str(inside)) is not None
        if plain and len(os.fsencode(longest)) <= LONGEST_SOCKET_PATH and os.geteuid() != 0:
            return inside
        digest = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:12]
        return _temporary_folder() / f"bettrack-{os.geteuid()}-{digest}"

    @property
    def postgres_socket(self) -> Path:
        return self.sockets / f".s.PGSQL.{POSTGRES_PORT}"

    @property
    def redis_socket(self) -> Path:
        return self.sockets / "valkey.sock"

    def database_settings(self) -> dict[str, Any]:
        """The entry for Django's DATABASES; the server starts at the first connection."""
        return {
            "ENGINE": "bettrack.embedded.backend",
            "NAME": DATABASE_NAME,
            "USER": DATABASE_USER,
            "PASSWORD": "",
            "HOST": str(self.sockets),
            "PORT": POSTGRES_PORT,
            "EMBEDDED_HOME": str(self.home),
        }

    def redis_url(self, db: int) -> str:
        """URL for redis-py and Django's cache."""
        return f"unix://{quote(str(self.redis_socket))}?db={db}"

    def celery_broker_url(self, db: int) -> str:
        return f"redis+socket://{quote(str(self.redis_socket))}?virtual_host={db}"

    def cache_settings(self, db: int) -> dict[str, Any]:
        """An entry for Django's CACHES; the server starts at the first use."""
        return {
            "BACKEND": "bettrack.embedded.cache.RedisCache",
            "LOCATION": self.redis_url(db),
            "EMBEDDED_HOME": str(self.home),
        }

    def make_home(self) -> None:
        """Create home, and in it the folders for locks and logs, private to this account.

        Raises EmbeddedServiceError when they cannot be written.
        """
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            for folder in (self.control, self.logs):
                folder.mkdir(mode=0o700, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self.control):
                pass
        except OSError as error:
            raise EmbeddedServiceError(
                f"Cannot write to {self.home} ({error.strerror}). Set BETTRACK_HOME to a folder that this "
                "account may write to, or run BetTrack as the account that owns it."
            ) from error

    def secret_key(self) -> str:
        """The installation's SECRET_KEY: made at the first call, kept in `secret_key`, mode 0600."""
        path = self.home / "secret_key"
        for _ in range(2):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                return _read_secret(path)
            self.make_home()
            with tempfile.NamedTemporaryFile("w", dir=self.home, prefix=".secret_key-") as draft:
                draft.write(secrets.token_urlsafe(50) + "\n")
                draft.flush()
                os.fsync(draft.fileno())
                with contextlib.suppress(FileExistsError):
                    os.link(draft.name, path)
        return _read_secret(path)


def _temporary_folder() -> Path:
    """A short folder this account may write to, the same for every process; owner and mode are checked later."""
    for base in ("/tmp", "/var/tmp", os.environ.get("XDG_RUNTIME_DIR") or "/dev/shm"):  # noqa: S108
        if os.access(base, os.W_OK | os.X_OK):
            return Path(base)
    return Path(tempfile.gettempdir())


def _read_secret(path: Path) -> str:
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise EmbeddedServiceError(
                f"{path} can be read by others: chmod 600 it, or delete it to get a new one."
            )
        key = path.read_text().strip()
    except PermissionError as error:
        raise EmbeddedServiceError(
            f"{path} belongs to another account: run BetTrack as that account, or set BETTRACK_HOME."
        ) from error
    if len(key) < 50:
        raise EmbeddedServiceError(f"{path} is cut short: delete it to get a new one (signs everybody out).")
    return key


def for_home(path: str | os.PathLike[str]) -> Layout:
    """The layout of a home folder; touches no file and starts nothing."""
    return Layout(Path(path).expanduser().resolve())
