from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("user_odds_format_is_known", {"odds_format": "hongkong"}),
        ("user_theme_is_known", {"theme": "sepia"}),
    ],
)
def test_user_choice_outside_the_list_is_refused(name: str, values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match=f'"{name}"'), transaction.atomic():
        UserFactory(**values)


def test_username_is_unique_in_any_case() -> None:
    UserFactory(username="Ada")
    with pytest.raises(IntegrityError, match='"username_is_unique_in_any_case"'), transaction.atomic():
        UserFactory(username="ada")


def test_email_is_unique_in_any_case() -> None:
    UserFactory(email="ada@example.com")
    with pytest.raises(IntegrityError, match='"email_is_unique_in_any_case"'), transaction.atomic():
        UserFactory(email="ADA@example.com")


def test_many_users_may_have_no_email() -> None:
    UserFactory(email="")
    UserFactory(email="")
    assert User.objects.filter(email="").count() == 2
