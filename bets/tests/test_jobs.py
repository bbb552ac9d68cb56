"""Jobs whose workers are killed, hang, or get in each other's way."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, connections

from accounts.models import User
from accounts.tests.factories import UserFactory
from bets.clock import database_now
from bets.exports import reading, snapshot
from bets.imports.drafts import keep_draft
from bets.jobs import exporting, running
from bets.jobs.asking import ask_export, ask_import, cancel
from bets.jobs.tasks import run
from bets.models import Bankroll, Bet, ImportBatch, ImportState, Job, JobChunk, JobKind, LedgerEntry
from bets.tests.test_api_keeping import bets_of
from bets.tests.test_races import in_threads

pytestmark = pytest.mark.django_db(transaction=True)
FILE = b"date,book,selection,stake,odds,result\n2026-11-13,draftkings,Celtics,25,-110,won\n"
GRACE = running.GRACE
KILL = "SELECT pg_terminate_backend(pg_backend_pid())"


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(running, "GRACE", dt.timedelta(0))


def export_of(user: User | None = None) -> Job:
    return ask_export(user=user or UserFactory(), format_="json", query="", now=database_now())


def import_of(user: User) -> Job:
    draft = keep_draft(user, "bets.csv", FILE, "auto")
    return ask_import(batch=draft, by=user, now=database_now())


def killed(at: int) -> Callable[..., None]:
    """What ends the worker's connection, as its death does, when the job says for the ``at``th time how far it is."""
    calls: list[int] = []

    def note(*_: object) -> None:
        calls.append(1)
        if len(calls) == at:
            with connection.cursor() as cursor:
                cursor.execute(KILL)

    return note


@contextmanager
def dying(monkeypatch: pytest.MonkeyPatch, at: int) -> Iterator[None]:
    """A worker that dies; it says nothing more to the database either."""
    with monkeypatch.context() as patch:
        patch.setattr(running, "note_progress", killed(at))
        patch.setattr(running, "fail", lambda *_: None)
        yield
    connection.close()


@pytest.mark.parametrize("make", [export_of, import_of])
def test_the_job_of_a_killed_worker_is_done_by_the_next(
    make: Callable[[User], Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    job = make(UserFactory())
    with dying(monkeypatch, at=2):
        running.run(claimed())
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("running", 1)
    assert not JobChunk.objects.exists()
    assert not Bet.objects.exists()
    assert not LedgerEntry.objects.exists()
    assert run() == 1
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("done", 2)
    if job.kind == "import":
        assert Bet.objects.count() == 1
        assert ImportBatch.objects.get().state == ImportState.COMMITTED


def claimed() -> Job:
    job = running.claim()
    assert job is not None
    return job


def test_after_three_such_ends_it_fails_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    job = export_of()
    for _ in range(3):
        running.pick_up()
        with dying(monkeypatch, at=2):
            running.run(claimed())
    assert run() == 0
    job.refresh_from_db()
    assert job.state == "failed"
    assert job.problem is not None
    assert job.problem["code"] == "job_stopped"
    assert "3 times" in job.problem["detail"]


def test_a_job_that_is_being_done_is_left_to_its_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    job = export_of()
    seen: list[object] = []

    def meanwhile(*_: object) -> None:
        if not seen:
            seen.append(in_threads(1, lambda _: running.run_due()))

    write = exporting.write_file

    def slowly(job: Job, watch: Any) -> dict[str, Any]:
        meanwhile()
        return write(job, watch)

    monkeypatch.setitem(running.WORK, JobKind.EXPORT, slowly)
    assert run() == 1
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("done", 1)


def test_a_job_that_is_called_off_while_it_runs_stops_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for make in (export_of, import_of):
        job = make(UserFactory())
        monkeypatch.setattr(running, "note_progress", calling_off(job))
        assert run() == 1
        job.refresh_from_db()
        assert (job.state, job.rows) == ("cancelled", None)
        assert not JobChunk.objects.exists()
        assert not Bet.objects.exists()


def calling_off(job: Job) -> Callable[..., None]:
    """Calls the job off when it has begun to say how far it is."""
    calls: list[int] = []

    def note(*_: object) -> None:
        calls.append(1)
        if len(calls) == 2:
            in_threads(1, lambda _: cancel(job=job, now=database_now()))

    return note


def test_a_file_is_of_one_moment_whatever_is_written_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    user = UserFactory()
    rolls = {bet.bankroll for bet in bets_of(user, 3)}
    money = LedgerEntry.objects.filter(bankroll__in=rolls, bet=None).count()
    monkeypatch.setattr(reading, "BATCH", 1)
    job, told = export_of(user), list[tuple[int, int]]()

    def change() -> None:
        assert Bankroll.objects.owned_by(user).update(name="Renamed") == 1
        bets_of(user, 2)

    def note(_: object, written: int, of: int) -> None:
        told.append((written, of))
        if told[-1] == (1, 3):
            in_threads(1, lambda _: change())

    monkeypatch.setattr(running, "note_progress", note)
    assert run() == 1
    job.refresh_from_db()
    whole = json.loads(b"".join(bytes(chunk.content) for chunk in job.chunks.order_by("position")))
    assert (job.rows, len(whole["bets"]), len(whole["bankrolls"])) == (3, 3, 1)
    assert "Renamed" not in {bet["bankroll"] for bet in whole["bets"]}
    assert whole["bankrolls"][0]["name"] != "Renamed"
    assert len(whole["bankrolls"][0]["movements"]) == money
    assert told == [(0, 0), (0, 3), (1, 3), (2, 3), (3, 3)]
    assert Bet.objects.owned_by(user).count() == 5
    assert snapshot.ALIAS not in vars(connections._connections)


def test_one_that_takes_longer_than_any_worker_may_fails_and_commits_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = export_of()
    write = exporting.write_file

    def hang(job: Job, watch: Any) -> dict[str, Any]:
        found = write(job, watch)
        in_threads(1, lambda _: overdue())
        return found

    def overdue() -> None:
        Job.objects.filter(pk=job.pk).update(started_at=database_now() - dt.timedelta(minutes=21))
        running.pick_up()

    monkeypatch.setitem(running.WORK, JobKind.EXPORT, hang)
    run()
    job.refresh_from_db()
    assert (job.state, job.problem and job.problem["code"]) == ("failed", "job_stopped")
    assert not JobChunk.objects.exists()


def test_of_one_person_one_runs_and_of_all_two() -> None:
    first = UserFactory()
    for user in (first, first, UserFactory(), UserFactory()):
        export_of(user)
    assert claimed().user_id == first.pk
    assert claimed().user_id != first.pk
    assert running.claim() is None
    Job.objects.filter(state="running").update(state="cancelled", finished_at=database_now())
    assert claimed().user_id == first.pk


def test_a_task_begins_no_job_late_and_calls_another_to_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[bool] = []
    monkeypatch.setattr(running, "BEGINNING", 0.0)
    monkeypatch.setattr(running, "call_worker", lambda: called.append(True))
    export_of()
    export_of()
    assert run() == 1
    assert (run(), run()) == (1, 0)
    assert called == [True, True]


def test_many_workers_do_each_job_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "GRACE", GRACE)
    jobs = [export_of() for _ in range(4)]
    in_threads(4, lambda _: running.run_due())
    run()
    for job in jobs:
        job.refresh_from_db()
        assert (job.state, job.attempts) == ("done", 1)
