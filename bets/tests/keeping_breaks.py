"""Saved filters and edits of tags that break each of their constraints."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from accounts.models import User
from accounts.tests.factories import UserFactory
from bets.tests.factories import PLACED, SavedFilterFactory, TagEditFactory

HOUR = dt.timedelta(hours=1)


def twice() -> None:
    user: User = UserFactory()
    SavedFilterFactory(user=user, name="Tails")
    SavedFilterFactory(user=user, name="tails")


KEPT: dict[str, list[Callable[[], object]]] = {
    "filter_name_is_unique_per_user": [twice],
    "filter_has_a_name": [lambda: SavedFilterFactory(name="")],
    "filter_narrows_something": [lambda: SavedFilterFactory(query="")],
    "filter_is_deleted_after_it_is_made": [lambda: SavedFilterFactory(deleted_at=PLACED - HOUR)],
    "tag_edit_adds_or_removes": [lambda: TagEditFactory(added=[])],
    "tag_edit_is_undone_after_it_is_made": [lambda: TagEditFactory(undone_at=PLACED - HOUR)],
}
