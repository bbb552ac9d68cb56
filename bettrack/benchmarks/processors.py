"""Processor time of processes on this machine, as Linux tells it; elsewhere nothing is known."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from django.db import connection

PROC = Path("/proc")
Times = dict[int, float]
"""Seconds of user and system time by process."""


def worked(before: Times, after: Times) -> float:
    """Seconds that the processes which are still there have worked meanwhile; new ones have worked all theirs."""
    return sum(seconds - before.get(pid, 0.0) for pid, seconds in after.items())


def family_of(pid: int) -> Times:
    """The process and all that descend from it."""
    parents = {int(path.name): _stat(int(path.name)) for path in PROC.glob("[0-9]*")}
    found = {pid}
    while True:
        more = {each for each, fields in parents.items() if fields and int(fields[1]) in found} - found
        if not more:
            return times_of(found)
        found |= more


def backends() -> Times:
    """The processes of the database server that serve others on this database; none where it runs elsewhere."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        pids = [row[0] for row in cursor.fetchall()]
    return times_of(pid for pid in pids if _name(pid) == "postgres")


def times_of(pids: Iterable[int]) -> Times:
    """Those that are gone or cannot be looked at are left out."""
    tick = os.sysconf("SC_CLK_TCK")
    return {pid: (int(fields[11]) + int(fields[12])) / tick for pid in pids if (fields := _stat(pid))}


def _name(pid: int) -> str:
    try:
        return (PROC / str(pid) / "comm").read_text().strip()
    except OSError:
        return ""


def _stat(pid: int) -> list[str]:
    """The fields of ``/proc/PID/stat`` after the name, from the state on."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
