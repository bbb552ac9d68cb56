"""How the drill's own process is started, so that nothing of the operator's can reach it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from bettrack.embedded.binaries import POSTGRES_OVERRIDE, REDIS_OVERRIDE

KEPT = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV")
PROGRAMS = (POSTGRES_OVERRIDE, REDIS_OVERRIDE)
"""Of the environment; no setting of the operator's instance is among them."""


def environment(home: Path, *, redis_port: int, pace: float, **more: str) -> dict[str, str]:
    """The environment of a scratch instance in `home`: embedded database, a Redis of its own, no `.env` file."""
    kept = {name: text for name, text in os.environ.items() if name in (*KEPT, *PROGRAMS)}
    return {
        **kept,
        "BETTRACK_HOME": str(home),
        "BETTRACK_ENV_FILE": os.devnull,
        "BETTRACK_NO_BOOTSTRAP": "1",
        "BETTRACK_PACE": str(pace),
        "ALERT_EMAILS": "operator@example.com",
        "EMAIL_URL": "dummymail://",
        "API_RATE_ANONYMOUS_READS": "1000000/min",
        "REDIS_URL": f"redis://127.0.0.1:{redis_port}/0",
        "DJANGO_SETTINGS_MODULE": "bettrack.settings",
        "LOG_LEVEL": "WARNING",
        "PYTHONUNBUFFERED": "1",
        **more,
    }


def command(module: str, *arguments: str) -> list[str]:
    """A Python process of the same interpreter."""
    return [sys.executable, "-m", module, *arguments]
