"""There is always somebody left who can look after the site. The database sees to it; this tells it in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import IntegrityError, connection, transaction

from accounts.exceptions import LastAdministrator
from accounts.models import User


def is_last_administrator(user: User) -> bool:
    """Tell whether no other active account is an administrator's."""
    if not (user.is_superuser and user.is_active):
        return False
    return not User.objects.filter(is_superuser=True, is_active=True).exclude(pk=user.pk).exists()


@contextmanager
def an_administrator_remains() -> Iterator[None]:
    """Run a change in a transaction. Raises LastAdministrator where the database refuses it for that.

    Changes come one after the other: the lock of the database's guard is taken before any row's, else two
    administrators who act on each other would each wait for what the other holds.
    """
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(hashtext('an_administrator_remains'))")
            yield
    except IntegrityError as error:
        if "the last active administrator" in str(error):
            raise LastAdministrator from error
        raise
