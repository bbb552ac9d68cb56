from __future__ import annotations

import uuid

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import User
from accounts.tests.factories import UserFactory


@pytest.fixture(autouse=True)
def own_counts(settings: Settings) -> None:
    """Attempts are counted in the real Redis, under a prefix of the test's own."""
    settings.CACHES = {"default": settings.CACHES["default"] | {"KEY_PREFIX": f"test-{uuid.uuid4().hex}"}}


@pytest.fixture
def mail_is_sent(settings: Settings) -> None:
    """The settings that follow from an EMAIL_URL of an SMTP server."""
    settings.MAIL_IS_SENT = True
    settings.EMAIL_VERIFICATION = settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    settings.ACCOUNT_PREVENT_ENUMERATION = True


@pytest.fixture
def ada(client: Client) -> User:
    """Ada, whose address is confirmed, signed in."""
    user: User = UserFactory.create(username="ada", email="ada@example.com")
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    client.force_login(user)
    return user
