"""Deleting an account: everything personal goes in one transaction, and nothing of others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection, models
from django.db.models import QuerySet
from django.db.models.functions import Cast

from accounts import personal
from accounts.administrators import an_administrator_remains
from accounts.models import AccountEvent, AccountEventKind, User
from accounts.sessions import delete_sessions
from accounts.signals import access_ended

FORMER: Final = "former-member"
"""Username of the account to which decisions of deleted members of staff belong from then on."""
IN_THE_LOG: Final = "of a deleted account"


@dataclass(frozen=True)
class Count:
    number: int
    words: str


def what_goes(user: User) -> list[Count]:
    """Count what deletion would take with it, in the register's words; what there is none of is left out."""
    counts = [(one.rows(user).count(), one.words) for one in personal.owned() if one.words]
    return sorted(
        (Count(number, words[number != 1]) for number, words in counts if number),
        key=lambda count: (-count.number, count.words),
    )


def what_stays(user: User) -> list[Count]:
    """Count the rows of others that name the person; only the name will go."""
    counts = [(one.rows(user).count(), one.words) for one in personal.kept() if one.words]
    return [Count(number, words[number != 1]) for number, words in counts if number]


def delete_account(*, user: User, now: dt.datetime) -> None:
    """Delete the account and all that the register of personal rows names. What is kept is that it happened.

    Raises LastAdministrator. Safe against what is written meanwhile: a bet or a deposit comes before, and goes too, or
    it comes after and finds no owner.
    """
    with an_administrator_remains():
        for lock in personal.earlier_locks():
            lock(user)
        locked = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        access_ended.send(sender=User, user=locked)
        finish = [step(locked) for step in personal.steps()]
        delete_sessions(user=locked)
        _clear_log(locked)
        with forgetting(), purging():
            for one in personal.kept():
                if one.forget is not None:
                    one.forget(locked)
            for group in personal.owned():
                _delete(group.rows(locked))
            for put_right in finish:
                put_right()
            locked.delete()
        AccountEvent.objects.create(kind=AccountEventKind.DELETED, at=now)


def former_member() -> User:
    """Return the account that stands for all whose accounts are gone; nobody can sign in to it."""
    found, created = User.objects.get_or_create(username=FORMER, defaults={"is_active": False})
    if created:
        found.set_unusable_password()
        found.save(update_fields=["password"])
    return found


@contextmanager
def purging() -> Iterator[None]:
    """Let rows of append-only tables be deleted, in this transaction and until the block ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('bettrack.purge', 'on', true)")
        yield
        cursor.execute("SELECT set_config('bettrack.purge', '', true)")


@contextmanager
def forgetting() -> Iterator[None]:
    """Have the trail count what is deleted, without a copy of it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('bettrack.forget', 'on', true)")
        yield
        cursor.execute("SELECT set_config('bettrack.forget', '', true)")


def _delete(rows: QuerySet[models.Model]) -> None:
    """One statement: whatever refers to these rows has gone before."""
    rows._raw_delete(rows.db)


def _clear_log(user: User) -> None:
    """Take the person's names out of what staff did to the account and to what was in it."""
    about: list[QuerySet[models.Model]] = [one.rows(user) for one in personal.owned()]
    about.append(User.objects.filter(pk=user.pk))
    for rows in about:
        keys = rows.annotate(as_text=Cast("pk", models.TextField())).values("as_text")
        LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(rows.model), object_id__in=keys
        ).update(object_repr=IN_THE_LOG, change_message="")
