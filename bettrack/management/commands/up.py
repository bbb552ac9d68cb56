from __future__ import annotations

import contextlib
import secrets
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connections

from bettrack import demo
from bettrack.embedded import client
from bettrack.embedded.layout import EmbeddedServiceError
from bettrack.running import children, preparation
from bettrack.running.instance import Address, Record, StartError, family_of, free_address, only_one
from bettrack.running.supervision import Child, Supervisor, end_family

DEMO_USER = "demo"
TICK_SECONDS = 0.5
READY_SECONDS = 120.0
EMBEDDED_STOP_SECONDS = 20.0
ERRORS_BEFORE_GIVING_UP = 5


class Command(BaseCommand):
    help = "Starts everything (database, queue, web server, worker, scheduler) and keeps it running until Ctrl-C."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--host", default="127.0.0.1", help="address to listen on (default: this machine only)"
        )
        parser.add_argument(
            "--port", type=int, default=8000, help="port to listen on (default: 8000; 0: any free)"
        )
        parser.add_argument(
            "--newer-database",
            action="store_true",
            help="start although a newer version of BetTrack has migrated this database",
        )

        parser.add_argument(
            "--no-backup", action="store_true", help="migrate a database with data without a backup before it"
        )

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        self._terminal = threading.Lock()
        self._migrating = {"accept_newer": options["newer_database"], "with_backup": not options["no_backup"]}
        settings.EMBEDDED.make_home()
        try:
            with stopped_by_signals(), only_one(settings.HOME) as record:
                address = free_address(host, port)
                record.url = address.url
                record.save()
                end_family(family_of(settings.HOME))
                self._run(address, record)
        except (StartError, EmbeddedServiceError) as error:
            raise CommandError(str(error)) from error

    def _run(self, address: Address, record: Record) -> None:
        password = "demo" if address.is_loopback else secrets.token_urlsafe(9)
        supervisor = Supervisor(
            logs=settings.EMBEDDED.logs,
            environment=children.environment(address, password),
            family=family_of(settings.HOME),
            say=self.say,
            folder=settings.BASE_DIR,
        )
        static = preparation.StaticFiles()
        try:
            static.begin(self.say)
            web = self._start_web(address, supervisor, static, password)
            self._wait_for_page(address, supervisor, web)
            supervisor.start(children.worker())
            supervisor.start(children.beat())
            history = supervisor.start(children.demo()) if settings.DEMO else None
            record.phase = "running"
            record.demo_history = "running" if history else ""
            record.save()
            self._greet(address, password)
            self._watch(supervisor, record, history)
        except KeyboardInterrupt:
            self.say("Stopping")
        finally:
            with ignored_signals():
                static.abandon()
                supervisor.stop()
                self._release_services()

    def _start_web(
        self, address: Address, supervisor: Supervisor, static: preparation.StaticFiles, password: str
    ) -> Child:
        """Prepare everything and start the web server: before seeding, where an earlier start has seeded."""
        if preparation.embedded_services():
            self.say(f"Starting {' and '.join(preparation.embedded_services())} (data in {settings.HOME})")
        preparation.reach_services()
        seeded_before = preparation.migrate(self.say, **self._migrating) == 0 and preparation.has_sports()
        static.finish()
        if not seeded_before:
            preparation.seed(self.say)
        if settings.DEMO:  # before the first page: an earlier start's password must not open this one's
            demo.ensure_user(password)
        web = supervisor.start(children.web(address))
        if seeded_before:
            preparation.seed(self.say)
        connections.close_all()
        return web

    def _wait_for_page(self, address: Address, supervisor: Supervisor, web: Child) -> None:
        deadline = time.monotonic() + READY_SECONDS
        errors = 0
        while not 0 < (status := children.answer_of(address)) < 500:
            errors += status >= 500
            if not web.running or errors >= ERRORS_BEFORE_GIVING_UP:
                doing = f"answers with status {status}" if web.running else "does not start"
                raise StartError(f"The web server {doing}. Its last words:\n{supervisor.last_words(web)}")
            if time.monotonic() > deadline:
                raise StartError(
                    f"The web server does not answer at {address.url} within {READY_SECONDS:.0f} s."
                )
            time.sleep(0.5 if status else 0.05)

    def _watch(self, supervisor: Supervisor, record: Record, history: Child | None) -> None:
        services = preparation.embedded_services()
        complaint = ""
        while True:
            time.sleep(TICK_SECONDS)
            supervisor.tick()
            try:
                if services:
                    client.ensure(settings.EMBEDDED, *services)
                complaint = ""
            except EmbeddedServiceError as error:
                if str(error) != complaint:
                    self.say(str(error))
                complaint = str(error)
            if history and history.done is not None:
                self._note_history(history, record)
                history = None

    def _note_history(self, history: Child, record: Record) -> None:
        record.demo_history = "failed" if history.done else "complete"
        record.save()
        if history.done:
            self.say(
                "The demo history could not be filled in; the board works without it. The reason is in "
                f"{settings.EMBEDDED.logs / (history.name + '.log')}"
            )
        else:
            self.say("The demo history is complete")

    def _release_services(self) -> None:
        connections.close_all()
        if not preparation.embedded_services():
            self.say("Stopped")
            return
        if client.release(settings.EMBEDDED, wait=EMBEDDED_STOP_SECONDS):
            self.say("Stopped, database and queue too")
        elif client.in_use_by_others(settings.EMBEDDED):
            self.say("Stopped; database and queue go on for another process that uses them")
        else:
            self.say(f"Stopped, but the database takes its time; see {settings.EMBEDDED.logs}")

    def _greet(self, address: Address, password: str) -> None:
        lines = ["", f"  BetTrack is running at {address.url}/", ""]
        if settings.DEMO:
            lines += [
                f"  Sign in as  {DEMO_USER} / {password}",
                "  Demo data: a simulated market. Set ODDS_API_KEY for real prices.",
            ]
        lines += [f"  Data        {settings.HOME}", "  Stop        Ctrl-C", ""]
        self.say("\n".join(lines))

    def say(self, text: str) -> None:
        """Print a line; a terminal that went away is no reason to stop."""
        with self._terminal, contextlib.suppress(OSError, ValueError):
            self.stdout.write(text)
            self.stdout.flush()


@contextlib.contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Have SIGTERM and a closed terminal end the start as Ctrl-C does."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = {
        number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def ignored_signals() -> Iterator[None]:
    """Let nothing interrupt the stop; it has its own time limits."""
    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
