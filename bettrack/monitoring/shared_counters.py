"""A folder in which the web processes of one server count together. To be called before prometheus_client is imported."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"


def share(home: Path) -> Path | None:
    """Name the folder of this server's processes, which have one parent; None where none can be made.

    Folders of servers that are gone are removed. A folder named in the environment is left as it is.
    """
    chosen = os.environ.get(VARIABLE)
    if chosen:
        return Path(chosen)
    base = home / "metrics"
    folder = base / str(os.getppid())
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for other in base.iterdir():
            if other.name.isdigit() and not is_alive(int(other.name)):
                shutil.rmtree(other, ignore_errors=True)
    except OSError:
        return None
    os.environ[VARIABLE] = str(folder)
    return folder


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
