"""DATABASES out of the environment: embedded or given, direct or through a pooler, with a replica or without."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured

from bettrack.embedded.layout import Layout
from bettrack.environment import Environment

ROLE_VARIABLE: Final = "BETTRACK_ROLE"
"""Set by what serves the web; other processes are named after their command."""
LONGEST_NAME: Final = 63
PERSISTENT_SECONDS: Final = 60
LARGEST_POOL: Final = 1_000


@dataclass(frozen=True)
class Databases:
    """``all`` is Django's setting; ``direct`` goes past the pooler, None where ``default`` does not use one."""

    all: dict[str, dict[str, Any]]
    direct: dict[str, Any] | None
    is_pooled: bool
    replica: dict[str, Any] | None


def read(env: Environment, embedded: Layout) -> Databases:
    """The databases of this installation. Raises ImproperlyConfigured for settings that contradict each other."""
    is_embedded = not env.str("DATABASE_URL", default="")
    is_pooled = env.bool("DATABASE_POOLED", default=False)
    pool = env.int("DATABASE_POOL", default=0)
    _refuse_contradictions(env, is_embedded=is_embedded, is_pooled=is_pooled, pool=pool)
    default = embedded.database_settings() if is_embedded else env.postgres("DATABASE_URL")
    role = role_of_process()
    _named(default, role)
    default["CONN_HEALTH_CHECKS"] = True
    if pool and role == "web":
        default["CONN_MAX_AGE"] = 0
        default["OPTIONS"]["pool"] = {"min_size": 1, "max_size": pool, "timeout": 10}
    else:
        default.setdefault("CONN_MAX_AGE", PERSISTENT_SECONDS)
    default["DISABLE_SERVER_SIDE_CURSORS"] = is_pooled
    if is_pooled and "prepare_threshold" in default["OPTIONS"]:
        raise ImproperlyConfigured(
            "DATABASE_URL sets prepare_threshold, but DATABASE_POOLED is on: statements prepared on one connection "
            "of a pooler are not known on the next. Remove it from the address."
        )
    direct = None
    if not is_embedded and env.str("DIRECT_DATABASE_URL", default="") not in ("", env.str("DATABASE_URL")):
        direct = env.postgres("DIRECT_DATABASE_URL") | {"CONN_MAX_AGE": 0}
        _named(direct, role)
    return Databases({"default": default}, direct, is_pooled, _replica(env, role, is_embedded=is_embedded))


def _replica(env: Environment, role: str, *, is_embedded: bool) -> dict[str, Any] | None:
    url = env.str("REPLICA_DATABASE_URL", default="")
    if not url:
        return None
    if is_embedded:
        raise ImproperlyConfigured(
            "REPLICA_DATABASE_URL is set, but there is no DATABASE_URL: the embedded PostgreSQL has no replica."
        )
    if url in (env.str("DATABASE_URL"), env.str("DIRECT_DATABASE_URL", default="")):
        raise ImproperlyConfigured(
            "REPLICA_DATABASE_URL is the address of the primary itself. Set it to that of a streaming replica, or "
            "unset it."
        )
    found = env.postgres("REPLICA_DATABASE_URL")
    _named(found, role)
    found["OPTIONS"].setdefault("connect_timeout", 2)
    return found | {"CONN_MAX_AGE": PERSISTENT_SECONDS, "CONN_HEALTH_CHECKS": True}


def role_of_process() -> str:
    """What this process does, as connections and logs name it: web, worker, beat, or a command of manage.py."""
    if named := os.environ.get(ROLE_VARIABLE):
        return named
    program, words = Path(sys.argv[0] or "python").stem, sys.argv[1:]
    if program in ("celery", "__main__") and "celery" in sys.argv[0]:
        return next((word for word in words if word in ("worker", "beat")), "celery")
    if program == "manage" and words:
        return words[0]
    return program


def _named(database: dict[str, Any], role: str) -> None:
    options = database.setdefault("OPTIONS", {})
    options.setdefault("application_name", f"bettrack {role}"[:LONGEST_NAME])


def _refuse_contradictions(env: Environment, *, is_embedded: bool, is_pooled: bool, pool: int) -> None:
    direct = env.str("DIRECT_DATABASE_URL", default="")
    if not 0 <= pool <= LARGEST_POOL:
        raise ImproperlyConfigured(
            f"DATABASE_POOL is the number of connections each web process may hold, 1 to {LARGEST_POOL}, or 0 for "
            "one of each thread's own."
        )
    if not is_pooled:
        return
    if pool:
        raise ImproperlyConfigured(
            "DATABASE_POOL and DATABASE_POOLED contradict each other: behind a pooler a second pool only holds its "
            "connections up. Unset one of them."
        )
    if is_embedded:
        raise ImproperlyConfigured(
            "DATABASE_POOLED is on, but there is no DATABASE_URL: the embedded PostgreSQL has no pooler before it."
        )
    if not direct or direct == env.str("DATABASE_URL"):
        raise ImproperlyConfigured(
            "DATABASE_POOLED is on, but DIRECT_DATABASE_URL does not say how to reach PostgreSQL past the pooler: "
            "migrations and backups need sessions of their own. Set it to the server's own address."
        )
