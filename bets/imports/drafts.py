"""A file that is looked at before it is imported, and how it is to be read."""

from __future__ import annotations

import hashlib
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from bets.imports.reading import AUTO, read_file
from bets.imports.rows import Options, Reading
from bets.models import Bankroll, ImportBatch, ImportFormat, ImportState


@transaction.atomic
def keep_draft(user: User, name: str, content: bytes, wanted: str) -> ImportBatch:
    """Keep an uploaded file until it is imported; a person has one draft."""
    ImportBatch.objects.owned_by(user).filter(state=ImportState.DRAFT).delete()
    return ImportBatch.objects.create(
        user=user,
        format=wanted if wanted != AUTO else ImportFormat.GENERIC,
        file_name=name[-120:],
        checksum=hashlib.sha256(content).hexdigest(),
        content=content,
        options={"format": wanted, "time_zone": user.time_zone},
        created_at=timezone.now(),
    )


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
