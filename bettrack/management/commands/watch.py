from __future__ import annotations

import contextlib
import datetime as dt
import time
from argparse import ArgumentParser
from collections import Counter

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, close_old_connections

from bettrack.monitoring.alerts import send_due
from feeds.monitoring.watching import AT_LEAST, Tick, database_now, tick


class Command(BaseCommand):
    help = (
        "Look at every monitor once, as the schedule does each minute, and print what changed. With --every it goes on "
        "until it is stopped: a watcher of its own, which notices workers that are gone."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--every", type=float, metavar="SECONDS", help="Go on, every so often.")
        parser.add_argument("--ticks", type=int, metavar="N", help="Look N times, then end.")
        parser.add_argument(
            "--force",
            action="store_true",
            help="Count each look, however soon it follows the last; for drills.",
        )

    def handle(
        self, *args: object, every: float | None, ticks: int | None, force: bool, **options: object
    ) -> None:
        if every is not None and not 1 <= every <= 3600:
            raise CommandError("--every must be between 1 and 3600 seconds.")
        if ticks is not None and ticks < 1:
            raise CommandError("--ticks must be 1 or more.")
        at_least = dt.timedelta(0) if force else AT_LEAST
        with contextlib.suppress(KeyboardInterrupt):  # how people end it
            self.watch(every, ticks or (None if every else 1), at_least)

    def watch(self, every: float | None, most: int | None, at_least: dt.timedelta) -> None:
        done = 0
        while most is None or done < most:
            if done and every:
                close_old_connections()
                time.sleep(every)
            try:
                self.tell(tick(now=database_now(), at_least=at_least))
                self.tell_alerts(send_due(clock=database_now))
            except DatabaseError as error:
                if every is None:
                    raise CommandError("The database does not answer.") from error
                self.stderr.write("The database does not answer; trying again.")
            done += 1

    def tell_alerts(self, counts: Counter[str]) -> None:
        if counts:
            words = ", ".join(f"{count} {word}" for word, count in sorted(counts.items()))
            self.stdout.write(f"  alerts: {words}")

    def tell(self, found: Tick) -> None:
        self.stdout.write(f"{found.checked} monitors looked at, {len(found.flips)} changed.")
        for flip in found.flips:
            self.stdout.write(
                f"  {flip.monitor}: {flip.new}, was {flip.old}" + (f" ({flip.reason})" if flip.reason else "")
            )
        for source in found.unread:
            self.stderr.write(f"  the check of {source} broke; the log says why")
