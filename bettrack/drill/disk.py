"""A disk that is full when the drill says so: a small file system of its own for root, else a limit on files."""

from __future__ import annotations

import contextlib
import hashlib
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from django.conf import settings

ROOM: Final = "64m"
LEFT: Final = 16 * 1024
"""Bytes that a full disk, or a file on it, still takes."""
FILLER: Final = "filler"


class Disk:
    """The folder of backups, with room or without; `is_own` when it is a file system of its own."""

    def __init__(self, folder: Path, *, is_own: bool) -> None:
        self.folder, self.is_own = folder, is_own
        self.is_full = False

    def fill(self) -> None:
        self.is_full = True
        if self.is_own:
            with (self.folder / FILLER).open("wb") as filler, contextlib.suppress(OSError):
                while os.statvfs(self.folder).f_bavail * os.statvfs(self.folder).f_frsize > LEFT:
                    filler.write(bytes(4096))
                    filler.flush()

    def empty(self) -> None:
        self.is_full = False
        (self.folder / FILLER).unlink(missing_ok=True)

    def back_up(self) -> subprocess.CompletedProcess[str]:
        """`manage.py backup`, as the operator or the nightly task makes it."""
        limit = self.is_full and not self.is_own
        return subprocess.run(  # noqa: S603
            [sys.executable, str(settings.BASE_DIR / "manage.py"), "backup"],
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=_small_files if limit else None,
        )

    def contents(self) -> dict[str, str]:
        """Every file by its name, with its checksum; hidden ones and the filler left out."""
        return {
            str(path.relative_to(self.folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file() and path.name != FILLER and not path.name.startswith(".")
        }


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """A disk for the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    is_own = os.geteuid() == 0 and _mounted(folder)
    try:
        yield Disk(folder, is_own=is_own)
    finally:
        if is_own:
            subprocess.run(["umount", "-l", str(folder)], check=False)  # noqa: S603, S607


def _mounted(folder: Path) -> bool:
    with contextlib.suppress(OSError):
        command = ["mount", "-t", "tmpfs", "-o", f"size={ROOM},mode=0700", "tmpfs", str(folder)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603
    return False


def _small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (LEFT, LEFT))
