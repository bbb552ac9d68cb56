from __future__ import annotations

import datetime as dt

import factory
from factory.django import DjangoModelFactory

from accounts.access.models import AccessKind, AccessSubject
from accounts.api.keys import digest_of
from accounts.audit.models import AuditAction
from accounts.models import (
    AccessRule,
    AccountEvent,
    AccountEventKind,
    ApiKey,
    AuditEvent,
    KeptAnswer,
    User,
)

PASSWORD = "correct horse battery staple"


class UserFactory(DjangoModelFactory[User]):
    """A person who can sign in with ``PASSWORD``; the trait ``staff`` makes a superuser."""

    class Meta:
        model = User
        skip_postgeneration_save = True

    class Params:
        staff = factory.Trait(is_staff=True, is_superuser=True)

    username = factory.Sequence(lambda n: f"user{n}")
    email = factory.LazyAttribute(lambda user: f"{user.username}@example.com")
    password = factory.django.Password(PASSWORD)


NOON = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)


class ApiKeyFactory(DjangoModelFactory[ApiKey]):
    """A key whose text is ``text_of(key)``."""

    class Meta:
        model = ApiKey

    user = factory.SubFactory(UserFactory)
    name = "spreadsheet"
    prefix = factory.Sequence(lambda n: f"{n:010d}")
    digest = factory.LazyAttribute(lambda key: digest_of(f"bt_{key.prefix}_{'s' * 43}"))
    scopes = factory.LazyFunction(lambda: ["odds:read", "bets:read"])
    created_at = NOON


def text_of(key: ApiKey) -> str:
    """The secret of a key of the factory."""
    return f"bt_{key.prefix}_{'s' * 43}"


class KeptAnswerFactory(DjangoModelFactory[KeptAnswer]):
    class Meta:
        model = KeptAnswer

    user = factory.SubFactory(UserFactory)
    key = factory.Sequence(lambda n: f"request-{n}")
    fingerprint = "0" * 64
    status = 201
    created_at = NOON


class AccountEventFactory(DjangoModelFactory[AccountEvent]):
    class Meta:
        model = AccountEvent

    kind = AccountEventKind.SUSPENDED
    user = factory.SubFactory(UserFactory)
    reason = "Spam."
    at = dt.datetime(2026, 11, 19, 18, 0, tzinfo=dt.UTC)


class AccessRuleFactory(DjangoModelFactory[AccessRule]):
    """Shuts out a person; with the trait ``domain`` a domain of addresses."""

    class Meta:
        model = AccessRule

    class Params:
        domain = factory.Trait(
            subject=AccessSubject.DOMAIN,
            user=None,
            text=factory.Sequence(lambda n: f"spam{n}.example"),
        )

    kind = AccessKind.BLOCK
    subject = AccessSubject.USER
    user = factory.SubFactory(UserFactory)
    reason = "Spam."
    created_at = NOON


class AuditEventFactory(DjangoModelFactory[AuditEvent]):
    class Meta:
        model = AuditEvent

    at = NOON
    kind = "teams"
    action = AuditAction.INSERT
    object_id = "1"
    after = factory.LazyFunction(lambda: {"name": "Boston Celtics"})
