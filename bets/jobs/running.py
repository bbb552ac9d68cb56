"""Doing jobs, one at a time in each worker: claimed in one transaction, done in a second, whole or not at all.

Who does a job holds an advisory lock named for it until that transaction ends, so that a worker that was killed is
known by the lock being free: its job waits again at once, and fails after three such ends. None runs for ever: what
takes longer than any worker may is failed, and cannot commit any more.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable
from typing import Any, Final

from django.db import connection, transaction

from bets.api.refusals import problem_of
from bets.clock import database_now
from bets.exceptions import Refused
from bets.imports.progress import note_progress
from bets.jobs import exporting, importing
from bets.jobs.asking import call_worker
from bets.models import Job, JobKind, JobState
from rest.problems import ApiProblem, body_of

AT_ONCE: Final = 2
"""Jobs of everybody that run at once: the workers have bets to settle."""
MOST_ATTEMPTS: Final = 3
GRACE: Final = dt.timedelta(seconds=10)
"""How long a job that is claimed may not hold its lock yet."""
LONGEST: Final = dt.timedelta(minutes=20)
"""Longer than a worker lets any task run (``CELERY_TASK_TIME_LIMIT``)."""
BEGINNING: Final = 60.0
"""Seconds of a task in which it begins jobs."""
CLAIMING: Final = "SELECT pg_advisory_xact_lock(hashtextextended('bettrack jobs', 0))"
TAKE: Final = "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))"
logger = logging.getLogger(__name__)


class Stopped(Exception):
    """The job was called off, deleted or given to another worker: what was done is rolled back."""


def run_due() -> int:
    """Do jobs until none is left that may run now, and begin none after a minute: a task has its time limit, and each
    job is to have most of it. Another task goes on then. Returns how many were begun.
    """
    begun, until = 0, time.monotonic() + BEGINNING
    pick_up()
    while (job := claim()) is not None:
        begun += 1
        run(job)
        if time.monotonic() >= until:
            call_worker()
            break
    return begun


@transaction.atomic
def pick_up() -> None:
    """Have the jobs of workers that are gone wait again, or fail where that has happened too often."""
    serialise()
    now = database_now()
    for job in Job.objects.filter(state=JobState.RUNNING, started_at__lt=now - GRACE).order_by("id"):
        if job.started_at is not None and job.started_at < now - LONGEST:
            fail(job, ApiProblem("job_stopped", "It took longer than a worker may work."), now)
        elif not hold(job):
            continue
        elif job.attempts >= MOST_ATTEMPTS:
            words = f"The worker that did it has ended {MOST_ATTEMPTS} times before it was done."
            fail(job, ApiProblem("job_stopped", words), now)
        else:
            Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(state=JobState.QUEUED)


@transaction.atomic
def claim() -> Job | None:
    """Take the job that has waited longest, of somebody of whom none runs; None if there is none or enough run."""
    serialise()
    running = Job.objects.filter(state=JobState.RUNNING)
    if running.count() >= AT_ONCE:
        return None
    waiting = Job.objects.filter(state=JobState.QUEUED).exclude(user__in=running.values("user"))
    job = waiting.select_for_update(of=("self",)).order_by("created_at", "id").select_related("user").first()
    if job is None:
        return None
    job.state, job.started_at, job.attempts = JobState.RUNNING, database_now(), job.attempts + 1
    job.save(update_fields=["state", "started_at", "attempts"])
    return job


def serialise() -> None:
    """Let one worker at a time decide what is run next."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIMING)


def hold(job: Job) -> bool:
    """Take the lock of a job until the transaction ends; False where a worker has it."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE, [f"bettrack job {job.pk}"])
        return bool(cursor.fetchone()[0])


def run(job: Job) -> None:
    """Do a claimed job. What it did and that it is done are committed together, or neither."""
    note_progress(job.pk, 0, 0)
    try:
        with transaction.atomic():
            if not hold(job):
                return
            done = WORK[JobKind(job.kind)](job, lambda written, of: watch(job, written, of))
            finish(job, JobState.DONE, **done)
    except Stopped:
        logger.info("job %s was stopped", job.pk)
    except ApiProblem as problem:
        fail(job, problem, database_now())
    except Refused as refused:
        fail(job, problem_of(refused), database_now())
    except Exception:
        logger.exception("job %s failed", job.pk)
        fail(job, ApiProblem("server_error"), database_now())


def watch(job: Job, written: int, of: int) -> None:
    """Tell how far the job is. Raises Stopped where it is no longer this worker's to do."""
    note_progress(job.pk, written, of)
    if not ours(job).exists():
        raise Stopped


def ours(job: Job) -> Any:
    return Job.objects.filter(pk=job.pk, state=JobState.RUNNING, attempts=job.attempts)


def finish(job: Job, state: JobState, **done: Any) -> None:
    """Write how the job ended. Raises Stopped where it is no longer this worker's to do."""
    if not ours(job).update(state=state, finished_at=database_now(), **done):
        raise Stopped


def fail(job: Job, problem: ApiProblem, now: dt.datetime) -> None:
    ours(job).update(state=JobState.FAILED, finished_at=now, problem=body_of(problem))


Work = Callable[[Job, Callable[[int, int], None]], dict[str, Any]]
WORK: Final[dict[JobKind, Work]] = {
    JobKind.EXPORT: exporting.write_file,
    JobKind.IMPORT: importing.import_file,
}
"""What does each kind: given the job and whom to tell how far it is; returns what is written of the job besides."""
