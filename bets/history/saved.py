"""Filters that people keep under a name."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import User
from bets.clock import database_now
from bets.exceptions import NotAllowed, NotPossible, Refused
from bets.models import SavedFilter

MOST_FILTERS: Final = 50
KEPT_DELETED: Final = dt.timedelta(days=1)
"""How long the deletion of a filter can be undone."""


class BadFilter(Refused):
    """A filter that cannot be kept; the message says why."""


@transaction.atomic
def save_filter(*, by: User, name: str, query: str, now: dt.datetime | None = None) -> SavedFilter:
    """Keep a filter, as ``BetFilter.query`` writes it, under a name of the person's. Raises BadFilter."""
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    if SavedFilter.objects.owned_by(by).count() >= MOST_FILTERS:
        raise BadFilter(f"You have {MOST_FILTERS} filters. Delete one first.")
    kept = SavedFilter(user=by, name=tidy(name), query=query, created_at=now or database_now())
    return written(kept)


@transaction.atomic
def rename_filter(*, filter_id: uuid.UUID, by: User, name: str) -> SavedFilter:
    """Give a filter another name. Raises BadFilter, NotAllowed."""
    kept = own(filter_id, by)
    kept.name = tidy(name)
    return written(kept)


@transaction.atomic
def delete_filter(*, filter_id: uuid.UUID, by: User, now: dt.datetime | None = None) -> SavedFilter:
    """Delete a filter; for a day it can be brought back. Raises NotAllowed."""
    kept = own(filter_id, by)
    kept.deleted_at = max(now or database_now(), kept.created_at)
    kept.save(update_fields=["deleted_at"])
    SavedFilter.objects.filter(user=by, deleted_at__lt=kept.deleted_at - KEPT_DELETED).delete()
    return kept


@transaction.atomic
def restore_filter(*, filter_id: uuid.UUID, by: User) -> SavedFilter:
    """Bring a deleted filter back. Raises NotAllowed, NotPossible if another has its name now."""
    kept = SavedFilter.objects.select_for_update().filter(pk=filter_id, user=by).first()
    if kept is None:
        raise NotAllowed("You have no such filter.")
    kept.deleted_at = None
    try:
        return written(kept)
    except BadFilter as error:
        raise NotPossible(f"{error} Rename that one first.") from None


def own(filter_id: uuid.UUID, by: User) -> SavedFilter:
    """Return the person's filter, locked. Raises NotAllowed."""
    kept = SavedFilter.objects.owned_by(by).select_for_update().filter(pk=filter_id).first()
    if kept is None:
        raise NotAllowed("You have no such filter.")
    return kept


def tidy(name: str) -> str:
    return " ".join(name.split())


def written(kept: SavedFilter) -> SavedFilter:
    """Check and save. Raises BadFilter in the words of the constraint that it breaks."""
    try:
        kept.full_clean()
        with transaction.atomic():
            kept.save()
    except ValidationError as error:
        field = next(iter(getattr(error, "error_dict", {"name": []})))
        raise BadFilter(" ".join(error.messages), field=field.replace("__all__", "name")) from error
    except IntegrityError as error:
        if "filter_name_is_unique_per_user" not in str(error):
            raise
        raise BadFilter("You already have a filter of that name.", field="name") from error
    return kept
