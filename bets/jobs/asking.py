"""Asking for a job, calling it off, and forgetting what is old."""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from typing import Final

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from accounts.models import User
from bets.exceptions import NotPossible, TooManyJobs
from bets.models import ImportBatch, ImportState, Job, JobChunk, JobKind, JobState
from feeds.models import Pulse
from feeds.monitoring.pulses import WORKER, WORKER_LATE, latest_worker

MOST_OPEN: Final = 5
"""Jobs of a person that wait or run at once; one of them runs."""
MOST_FILES: Final = 5
"""Files of a person that are kept: the oldest goes when another is written."""
KEPT_FILES: Final = dt.timedelta(hours=24)
LEFT_TO_SEND: Final = dt.timedelta(minutes=15)
"""How long a file stays after it has expired, for those to whom it is being sent."""
KEPT_JOBS: Final = dt.timedelta(days=7)
RUN: Final = "bets.jobs.run"
logger = logging.getLogger(__name__)


@transaction.atomic
def ask_export(*, user: User, format_: str, query: str, now: dt.datetime) -> Job:
    """Ask for a file of the bets that a checked ``BetFilter.query`` lets through. Raises TooManyJobs."""
    require_room(user)
    return begun(Job(user=user, kind=JobKind.EXPORT, format=format_, query=query, created_at=now))


@transaction.atomic
def ask_import(*, batch: ImportBatch, by: User, now: dt.datetime) -> Job:
    """Ask for an uploaded file to be imported. Raises NotPossible unless it waits for that, TooManyJobs."""
    require_room(by)
    locked = ImportBatch.objects.owned_by(by).select_for_update().filter(pk=batch.pk).first()
    if locked is None or locked.state != ImportState.DRAFT:
        raise NotPossible("This file has been imported or discarded already.")
    require_idle(locked)
    return begun(Job(user=by, kind=JobKind.IMPORT, batch=locked, created_at=now))


def require_room(user: User) -> None:
    """Lock the person. Raises TooManyJobs where no more of their jobs may wait."""
    User.objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)
    if Job.objects.owned_by(user).open().count() >= MOST_OPEN:
        raise TooManyJobs(f"{MOST_OPEN} of your jobs wait or run. Wait for one of them, or cancel it.")


def require_idle(batch: ImportBatch) -> None:
    """Raise NotPossible while a job is to import the file."""
    if Job.objects.open().filter(batch=batch).exists():
        raise NotPossible("This file is being imported. Cancel its job first.")


def begun(job: Job) -> Job:
    """Write the job and call a worker once that is committed."""
    job.save(force_insert=True)
    transaction.on_commit(call_worker)
    return job


def call_worker() -> None:
    """Have a worker look at once; where Redis is gone, the schedule does it later."""
    try:
        current_app.send_task(RUN, retry=False)
    except OperationalError:
        logger.warning("no worker could be called for a job; the schedule will do it")


def cancel(*, job: Job, now: dt.datetime) -> None:
    """Call a job off: what it has done so far is taken back. Raises NotPossible where it has ended."""
    called_off = Job.objects.open().filter(pk=job.pk).update(state=JobState.CANCELLED, finished_at=now)
    if not called_off:
        raise NotPossible("This job has ended already.")


def delete(*, job: Job) -> None:
    """Forget a job that has ended, and its file. Raises NotPossible for one that waits or runs."""
    if Job.objects.open().filter(pk=job.pk).exists():
        raise NotPossible("This job has not ended. Cancel it first.")
    job.delete()


def is_waiting_in_vain(*, now: dt.datetime) -> bool:
    """Tell whether no worker has been heard of lately, so that what waits will go on waiting. One statement."""
    pulses = {pulse.name: pulse for pulse in Pulse.objects.filter(name__startswith=WORKER)}
    alive = latest_worker(pulses, now)
    return alive is None or now - alive > WORKER_LATE


@transaction.atomic
def forget(*, now: dt.datetime) -> int:
    """Delete files that have expired, and jobs of a week ago. Safe to run at any time. Returns how many went."""
    expired = Job.objects.filter(state=JobState.DONE, expires_at__lte=now - LEFT_TO_SEND)
    gone = drop_files(list(expired.values_list("pk", flat=True)))
    old = Job.objects.filter(created_at__lt=now - KEPT_JOBS).exclude(pk__in=Job.objects.open())
    return gone + old.delete()[0]


def make_room(user: User) -> None:
    """Let the oldest files of a person go, so that one more may be kept."""
    kept = Job.objects.owned_by(user).filter(state=JobState.DONE, size__isnull=False)
    drop_files(list(kept.values_list("pk", flat=True)[MOST_FILES - 1 :]))


def drop_files(jobs: list[uuid.UUID]) -> int:
    """Delete the files of these jobs and mark them so."""
    JobChunk.objects.filter(job__in=jobs).delete()
    return Job.objects.filter(pk__in=jobs).update(state=JobState.EXPIRED)
