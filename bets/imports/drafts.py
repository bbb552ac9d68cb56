"""A file that is looked at before it is imported, and how it is to be read."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from bets.exceptions import NotPossible
from bets.imports.reading import AUTO, read_file
from bets.imports.rows import Options, Reading
from bets.models import Bankroll, ImportBatch, ImportFormat, ImportState, Job


@transaction.atomic
def keep_draft(user: User, name: str, content: bytes, wanted: str) -> ImportBatch:
    """Keep an uploaded file until it is imported; a person has one draft. Raises NotPossible while a job is to import it."""
    drafts = ImportBatch.objects.owned_by(user).filter(state=ImportState.DRAFT)
    require_unasked(drafts)  # before the lock, which a worker may hold for as long as it writes
    locked = [draft.pk for draft in drafts.select_for_update().only("pk")]
    require_unasked(drafts)
    drafts.filter(pk__in=locked).delete()
    return ImportBatch.objects.create(
        user=user,
        format=wanted if wanted != AUTO else ImportFormat.GENERIC,
        file_name=name[-120:],
        checksum=hashlib.sha256(content).hexdigest(),
        content=content,
        options={"format": wanted, "time_zone": user.time_zone},
        created_at=timezone.now(),
    )


def require_unasked(drafts: QuerySet[ImportBatch]) -> None:
    """Raise NotPossible where a job is to import one of these files."""
    if Job.objects.open().filter(batch__in=drafts).exists():
        raise NotPossible("Your last file is being imported. Wait until it is, or cancel its job.")


def read_draft(draft: ImportBatch, user: User) -> tuple[Reading, Bankroll | None]:
    """Read a draft as its options say. Raises BadFile."""
    stored = draft.options
    bankroll = None
    if stored.get("bankroll"):
        bankroll = Bankroll.objects.owned_by(user).filter(pk=stored["bankroll"]).first()
    content = bytes(draft.content or b"")
    return read_file(content, stored.get("format", AUTO), options_of(stored, user)), bankroll


def options_of(stored: dict[str, Any], user: User) -> Options:
    """Return how a draft is read."""
    return Options(
        dates=stored.get("dates", ""),
        odds=stored.get("odds", ""),
        time_zone=stored.get("time_zone") or user.time_zone,
        columns=stored.get("columns", {}),
        book=stored.get("book", ""),
    )
