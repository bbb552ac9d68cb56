from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = (
        "Runs the tests (pytest): all of them on every core, or with arguments, which go through to it: "
        "manage.py test bets -k settle"
    )
    requires_system_checks = ()

    def run_from_argv(self, argv: list[str]) -> None:
        """Become pytest, so that its arguments, output and exit status are its own."""
        if importlib.util.find_spec("pytest") is None:
            raise SystemExit("pytest is not installed here: install requirements-dev.txt.")
        os.chdir(settings.BASE_DIR)
        command = [sys.executable, "-m", "pytest", *(argv[2:] or all_of_them())]
        os.execve(sys.executable, command, test_environment())  # noqa: S606

    def handle(self, *args: object, **options: object) -> None:
        raise CommandError("The tests replace this process: run them from the command line.")


def all_of_them() -> list[str]:
    """The options of a whole run. Its processes share a Redis that is given, so that only one can use it."""
    if not settings.EMBEDDED_REDIS:
        return []
    # whole files go to a process, in their order: browser tests stay last
    return ["-n", "logical", "--dist", "loadfile", "--no-loadscope-reorder", "--maxprocesses", "8"]


def test_environment() -> dict[str, str]:
    """The variables of a test run: its own data directory, and no waiting for the disk.

    A server given in DATABASE_URL or REDIS_URL is used as it is.
    """
    environment = dict(os.environ)
    environment["BETTRACK_TESTING"] = "1"
    environment["BETTRACK_HOME"] = str(Path(settings.HOME) / "test")
    environment["BETTRACK_EMBEDDED_DURABLE"] = "0"
    return environment
