"""Processor time of processes on this machine, as Linux tells it; elsewhere nothing is known."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from django.db import connection

PROC = Path("/proc")


def seconds_of(pids: Iterable[int]) -> float:
    """User and system time of the processes together; those that are gone or cannot be looked at count nothing."""
    ticks = 0
    for pid in pids:
        fields = _stat(pid)
        ticks += int(fields[11]) + int(fields[12]) if fields else 0
    return ticks / os.sysconf("SC_CLK_TCK")


def family_of(pid: int) -> set[int]:
    """The process and all that descend from it."""
    parents = {int(path.name): _stat(int(path.name)) for path in PROC.glob("[0-9]*")}
    found = {pid}
    while True:
        more = {each for each, fields in parents.items() if fields and int(fields[1]) in found} - found
        if not more:
            return found
        found |= more


def backends() -> set[int]:
    """The processes of the database server that serve others on this database; none where it runs elsewhere."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        found = {row[0] for row in cursor.fetchall()}
    return {pid for pid in found if _name(pid) == "postgres"}


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
