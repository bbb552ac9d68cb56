from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.tests.factories import (
    NOON,
    AccessRuleFactory,
    AccountEventFactory,
    ApiKeyFactory,
    AuditEventFactory,
    KeptAnswerFactory,
    UserFactory,
)

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


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("api_key_scopes_are_known", {"scopes": ["odds:read", "root"]}),
        ("api_key_has_a_scope", {"scopes": []}),
        ("api_key_digest_is_sha256", {"digest": "secret"}),
        ("api_key_has_a_name", {"name": ""}),
        ("api_key_expires_after_it_was_made", {"expires_at": NOON}),
    ],
)
def test_api_key_against_the_rules_is_refused(name: str, values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match=f'"{name}"'), transaction.atomic():
        ApiKeyFactory(**values)


def test_prefix_of_an_api_key_is_unique() -> None:
    key = ApiKeyFactory()
    with pytest.raises(IntegrityError, match="prefix"), transaction.atomic():
        ApiKeyFactory(prefix=key.prefix)


@pytest.mark.parametrize(
    ("name", "values"),
    [("kept_answer_has_a_key", {"key": ""}), ("kept_answer_fingerprint_is_sha256", {"fingerprint": "x"})],
)
def test_kept_answer_against_the_rules_is_refused(name: str, values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match=f'"{name}"'), transaction.atomic():
        KeptAnswerFactory(**values)


def test_one_idempotency_key_of_a_person_has_one_answer() -> None:
    first = KeptAnswerFactory()
    KeptAnswerFactory(key=first.key)
    with pytest.raises(IntegrityError, match="one_answer_per_user"), transaction.atomic():
        KeptAnswerFactory(key=first.key, user=first.user)


@pytest.mark.parametrize(
    "values",
    [
        {"suspended_at": NOON, "is_active": False},
        {"suspension_reason": "Spam.", "is_active": False},
        {"suspended_at": NOON, "suspension_reason": "Spam."},
    ],
)
def test_suspended_is_inactive_for_a_reason(values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match="suspended_is_inactive_for_a_reason"), transaction.atomic():
        UserFactory(**values)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("account_event_kind_is_known", {"kind": "praised"}),
        ("deletion_keeps_no_name", {"kind": "deleted"}),
        ("deletion_keeps_no_name", {"kind": "deleted", "user": None}),
        ("deletion_keeps_no_name", {"user": None}),
    ],
)
def test_account_events_that_cannot_be(name: str, values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match=f'"{name}"'), transaction.atomic():
        AccountEventFactory(**values)


@pytest.mark.parametrize("change", [{"is_active": False}, {"is_superuser": False}])
def test_an_administrator_remains(change: dict[str, Any]) -> None:
    first, second = UserFactory(staff=True), UserFactory(staff=True)
    User.objects.filter(pk=first.pk).update(**change)
    with pytest.raises(IntegrityError, match="last active administrator"), transaction.atomic():
        User.objects.filter(pk=second.pk).update(**change)
    with pytest.raises(IntegrityError, match="last active administrator"), transaction.atomic():
        second.delete()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("access_kind_is_known", {"kind": "maybe"}),
        ("access_rule_names_its_subject", {"subject": "planet"}),
        ("access_rule_names_its_subject", {"text": ""}),
        ("access_rule_names_its_subject", {"subject": "user"}),
        ("access_rule_names_its_subject", {"subject": "network"}),
        ("access_rule_names_its_subject", {"network": "192.0.2.0/24"}),
        (
            "access_network_is_not_half_the_internet",
            {"subject": "network", "text": "", "network": "0.0.0.0/7"},
        ),
        (
            "access_network_is_not_half_the_internet",
            {"subject": "network", "text": "", "network": "2000::/3"},
        ),
        ("access_rule_has_a_reason", {"reason": ""}),
        ("access_rule_ends_after_it_began", {"expires_at": NOON}),
    ],
)
def test_rules_of_access_that_cannot_be(name: str, values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match=f'"{name}"'), transaction.atomic():
        AccessRuleFactory(domain=True, **values)


@pytest.mark.parametrize(
    "subject",
    [{"text": "spam.example"}, {"subject": "network", "text": "", "network": "2001:db8::/32"}],
)
def test_one_rule_of_a_kind_and_subject(subject: dict[str, Any]) -> None:
    AccessRuleFactory(domain=True, **subject)
    AccessRuleFactory(domain=True, kind="allow", **subject)
    with pytest.raises(IntegrityError, match="one_access_rule_of_a_kind_and_subject"), transaction.atomic():
        AccessRuleFactory(domain=True, **subject)


@pytest.mark.parametrize(
    ("name", "values"),
    [("audit_action_is_known", {"action": "read"}), ("audit_summary_holds_no_row", {"object_id": ""})],
)
def test_events_of_the_trail_that_cannot_be(name: str, values: dict[str, Any]) -> None:
    with pytest.raises(IntegrityError, match=f'"{name}"'), transaction.atomic():
        AuditEventFactory(**values)
