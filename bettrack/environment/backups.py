"""Settings of backups, from the environment; each that cannot be read is named."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from bettrack.environment import Environment

CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True)
class BackupSettings:
    """Where backups go, when they are made, and how long they stay."""

    folder: Path
    at: tuple[int, int] | None
    """Hour and minute (UTC) of the nightly one; None: beat makes none."""
    keep_days: int
    keep_min: int
    offsite: str
    """A folder of another disk, or s3://bucket/prefix; empty for neither."""
    s3_endpoint: str = ""
    s3_region: str = ""
    s3_key_id: str = field(default="", repr=False)
    s3_secret: str = field(default="", repr=False)


def backup_settings(env: Environment, home: Path) -> BackupSettings:
    """Raises ImproperlyConfigured."""
    folder = env.str("BACKUP_DIR", default="")
    found = BackupSettings(
        folder=Path(folder).expanduser().absolute() if folder else home / "backups",
        at=_clock(env),
        keep_days=env.int("BACKUP_KEEP_DAYS", default=30),
        keep_min=env.int("BACKUP_KEEP_MIN", default=7),
        offsite=_offsite(env),
        s3_endpoint=env.str("BACKUP_S3_ENDPOINT", default=""),
        s3_region=env.str("BACKUP_S3_REGION", default="us-east-1"),
        s3_key_id=env.str("BACKUP_S3_KEY_ID", default=""),
        s3_secret=env.str("BACKUP_S3_SECRET", default=""),
    )
    for name, number in (("BACKUP_KEEP_DAYS", found.keep_days), ("BACKUP_KEEP_MIN", found.keep_min)):
        if number < 1:
            raise ImproperlyConfigured(f"{name} must be 1 or more.")
    if found.s3_endpoint and urlsplit(found.s3_endpoint).scheme not in ("http", "https"):
        raise ImproperlyConfigured(
            "BACKUP_S3_ENDPOINT is not an address: set it to one such as https://s3.example.org."
        )
    if bool(found.s3_key_id) != bool(found.s3_secret):
        missing = "SECRET" if found.s3_key_id else "KEY_ID"
        raise ImproperlyConfigured(
            f"BACKUP_S3_{missing} is not set: a key for S3 has both parts, or neither."
        )
    return found


def _clock(env: Environment) -> tuple[int, int] | None:
    text = env.str("BACKUP_TIME", default="03:30").strip().lower()
    if text == "off":
        return None
    match = CLOCK.fullmatch(text)
    if match is None:
        raise ImproperlyConfigured(
            "BACKUP_TIME is not a time of day: set it to one such as 03:30 (UTC), or off."
        )
    return int(match[1]), int(match[2])


def _offsite(env: Environment) -> str:
    text: str = env.str("BACKUP_OFFSITE", default="").rstrip("/")
    if not text or text.startswith("/"):
        return text
    parts = urlsplit(text)
    if parts.scheme != "s3" or not parts.netloc or parts.query or "@" in parts.netloc:
        raise ImproperlyConfigured(
            "BACKUP_OFFSITE is neither a folder nor a bucket: set it to one such as /mnt/nas/bettrack or "
            "s3://bucket/bettrack."
        )
    return text
