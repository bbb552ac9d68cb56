"""Published records that break each of their constraints."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from accounts.tests.factories import UserFactory
from bets.tests.factories import PLACED, PublishedRecordFactory


def published_twice() -> None:
    owner = UserFactory()
    for _ in range(2):
        PublishedRecordFactory(user=owner)


RECORDS: dict[str, list[Callable[[], object]]] = {
    "one_published_record_of_the_same_bets": [
        published_twice,
    ],
    "record_currency_is_known": [lambda: PublishedRecordFactory(currency="XXX")],
    "record_kind_is_known": [lambda: PublishedRecordFactory(kind="gold")],
    "record_link_cannot_be_guessed": [
        lambda: PublishedRecordFactory(token="short"),
        lambda: PublishedRecordFactory(token="/" * 43),
    ],
    "record_has_a_title": [lambda: PublishedRecordFactory(title="")],
    "record_is_revoked_after_it_is_published": [
        lambda: PublishedRecordFactory(revoked_at=PLACED - dt.timedelta(1)),
    ],
}
