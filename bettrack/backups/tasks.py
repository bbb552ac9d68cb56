"""What beat runs: the nightly backup, and each week the proof that one can be restored."""

from __future__ import annotations

import datetime as dt
import logging

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from bettrack.backups import state
from bettrack.backups.create import backup
from bettrack.backups.errors import BackupError, Busy
from bettrack.backups.verifying import verify_backup

DAY = dt.timedelta(hours=24)
LONGEST = 6 * 3600
"""Seconds; a large archive takes longer than other tasks may."""

logger = logging.getLogger(__name__)


# acknowledged before it runs: a backup that takes hours must not be handed to a second worker meanwhile
@shared_task(name="bettrack.backups.tasks.make_backup", acks_late=False, time_limit=LONGEST)
def make_backup() -> str:
    """Make the nightly backup; return a sentence for the log. A failure is logged and turns the monitor down."""
    try:
        made = backup(now=timezone.now())
    except Busy as error:
        return str(error)
    except BackupError as error:
        logger.error("the backup failed: %s", error)
        return f"failed: {error}"
    if made.offsite_problem:
        logger.error("the off-site copy of %s failed: %s", made.path.name, made.offsite_problem)
    sentence = f"{made.path.name}, {made.manifest.size:,} bytes in {made.manifest.seconds} s"
    logger.info("backup %s", sentence)
    return sentence


@shared_task(name="bettrack.backups.tasks.catch_up", acks_late=False, time_limit=LONGEST)
def catch_up() -> str:
    """Make the backup that fell due while nothing ran; return a sentence for the log."""
    if settings.BACKUPS.at is None:
        return "nightly backups are switched off"
    last, now = state.last_backup(), timezone.now()
    since = last.at if last else state.installed_at()
    if since is None or (now - since < DAY and not (last and state.is_to_come(last, now))):
        return "not due"
    return make_backup()


@shared_task(name="bettrack.backups.tasks.prove_backup", acks_late=False, time_limit=LONGEST)
def prove_backup() -> str:
    """Restore the newest backup into a scratch database and prove it; return a sentence for the log."""
    try:
        done = verify_backup(now=timezone.now())
    except Busy as error:
        return str(error)
    except BackupError as error:
        logger.error("the newest backup could not be proved: %s", error)
        return f"failed: {error}"
    sentence = f"{done.path.name} is good: {done.proof.rows:,} rows in {done.proof.tables} tables"
    logger.info("%s", sentence)
    return sentence
