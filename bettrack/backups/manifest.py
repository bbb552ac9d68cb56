"""What is known of a backup: written beside it, sealed against damage and signed with SECRET_KEY."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.utils.crypto import salted_hmac

from bettrack.backups.errors import BackupError

VERSION: Final = 1
SUFFIX: Final = ".json"
SALT: Final = "bettrack.backups"
BLOCK: Final = 2**20


@dataclass(frozen=True)
class Piece:
    """One file of a backup; its name is relative to the backup's folder when that is a directory dump."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    made_at: dt.datetime
    """The instant of the snapshot, UTC."""
    format: str
    bettrack: str
    """BetTrack's version."""
    server: dict[str, Any]
    """The server's version, major, database, encoding and bytes."""
    pg_dump: int
    """Its major version."""
    pieces: list[Piece]
    rows: dict[str, int]
    """Rows of every table, by its quoted name."""
    shape: dict[str, dict[str, str]]
    """See ``catalog.shape``."""
    migrations: list[str]
    extensions: list[str]
    roles: list[str]
    """Roles that something was granted to."""
    partial: bool = False
    """Only some tables were asked for."""
    seconds: float = 0.0
    version: int = VERSION
    notes: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes."""
        return sum(piece.size for piece in self.pieces)


def write(manifest: Manifest, path: Path) -> None:
    """Raises OSError."""
    content = asdict(manifest) | {"made_at": manifest.made_at.isoformat()}
    sealed = {
        "backup": "bettrack",
        **content,
        "seal": _seal(content),
        "signature": _signature(content, settings.SECRET_KEY),
    }
    path.write_text(json.dumps(sealed, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def read(path: Path) -> tuple[Manifest, bool]:
    """The manifest in a file, and whether this installation's SECRET_KEY signed it. Raises BackupError."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BackupError(
            f"{path} is not there: a backup is checked against it. Copy it beside the backup, from where the backup "
            "came from."
        ) from None
    except OSError as error:
        raise BackupError(f"{path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise BackupError(f"{path} is damaged: it is not JSON. Use another backup.") from error
    if not isinstance(content, dict) or content.pop("backup", None) != "bettrack":
        raise BackupError(f"{path} is not the manifest of a backup of BetTrack.")
    seal, signature = str(content.pop("seal", "")), str(content.pop("signature", ""))
    if not hmac.compare_digest(seal, _seal(content)):
        raise BackupError(
            f"{path} was changed after the backup was made: its seal is broken. Use another backup."
        )
    if content.get("version") != VERSION:
        raise BackupError(f"{path} is of a version that this BetTrack cannot read: use a newer BetTrack.")
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    signed = any(hmac.compare_digest(signature, _signature(content, key)) for key in keys)
    return _manifest(content, path), signed


def digest(path: Path) -> Iterator[bytes | str]:
    """Read a file through: its blocks as they come, and last its SHA-256 in hexadecimal."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            found.update(block)
            yield block
    yield found.hexdigest()


def _manifest(content: dict[str, Any], path: Path) -> Manifest:
    try:
        content["made_at"] = dt.datetime.fromisoformat(content["made_at"])
        content["pieces"] = [Piece(**piece) for piece in content["pieces"]]
        return Manifest(**content)
    except (KeyError, TypeError, ValueError) as error:
        known = ", ".join(one.name for one in fields(Manifest))
        raise BackupError(f"{path} is damaged: it should hold {known}.") from error


def _canonical(content: dict[str, Any]) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def _seal(content: dict[str, Any]) -> str:
    return hashlib.sha256(_canonical(content)).hexdigest()


def _signature(content: dict[str, Any], key: str) -> str:
    return salted_hmac(SALT, _canonical(content).decode(), secret=key, algorithm="sha256").hexdigest()
