"""Publishing a record and taking it back."""

from __future__ import annotations

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import User
from bets.exceptions import NotAllowed
from bets.models import Bankroll, PublishedRecord


@transaction.atomic
def publish_record(
    *, by: User, currency: str, kind: str, title: str, shows_amounts: bool = False, now: dt.datetime
) -> PublishedRecord:
    """Publish all of one's own bets in a currency with a kind of money at a new link.

    Raises ValidationError by field, and NotAllowed where the person has no such bankroll.
    """
    if not Bankroll.objects.owned_by(by).filter(currency=currency, kind=kind).exists():
        raise NotAllowed("You have no bankroll of that currency and kind.")
    record = PublishedRecord(
        user=by,
        currency=currency,
        kind=kind,
        title=title.strip(),
        shows_amounts=shows_amounts,
        created_at=now,
    )
    record.full_clean()
    try:
        with transaction.atomic():
            record.save(force_insert=True)
    except IntegrityError as error:
        if "one_published_record_of_the_same_bets" not in str(error):
            raise
        raise ValidationError("This record is published already.") from error
    return record


def revoke_record(*, record: PublishedRecord, by: User, now: dt.datetime) -> None:
    """End a link for ever; publishing again makes another. Done twice it changes nothing. Raises NotAllowed."""
    if record.user_id != by.pk and not by.is_staff:
        raise NotAllowed("This record belongs to somebody else.")
    PublishedRecord.objects.filter(pk=record.pk, revoked_at__isnull=True).update(revoked_at=now)
