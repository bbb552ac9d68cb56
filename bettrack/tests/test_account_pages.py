"""Every page of accounts wears our look and speaks our words."""

from __future__ import annotations

import re
from pathlib import Path

import allauth
import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.template.loader import get_template
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

UNREACHABLE = re.compile(
    r"phone|login_code|password_reset_code|verification_code|confirm_code|signup_by_passkey|signup_form"
    r"|/base|base_|snippets/|mfa/trust|^openid|^idp|^headless|^account/email\.html|allauth/|\.md$"
)
"""Pages of ways in that are switched off, and skeletons that ours do not use."""
OPEN = [
    "account_login", "account_signup", "account_reset_password", "account_reset_password_done",
    "account_reset_password_from_key_done", "account_email_verification_sent", "account_inactive",
    "socialaccount_login_cancelled", "socialaccount_login_error",
]  # fmt: skip
OWN = [
    "accounts:preferences", "betting_preferences", "account_email", "account_change_password",
    "account_logout", "account_reauthenticate", "mfa_index", "mfa_list_webauthn", "mfa_add_webauthn",
    "mfa_activate_totp", "usersessions_list", "socialaccount_connections",
    "accounts:data", "accounts:delete",
]  # fmt: skip
THEIRS = ("Menu:", "placeholder=", "Sign Up", "Third-Party", "Please ")


def templates_of_allauth() -> list[str]:
    folder = Path(allauth.__file__).parent / "templates"
    names = sorted(str(one.relative_to(folder)) for one in folder.rglob("*.*"))
    return [name for name in names if not UNREACHABLE.search(name)]


@pytest.mark.parametrize("name", templates_of_allauth())
def test_every_page_mail_and_message_that_can_be_reached_is_ours(name: str) -> None:
    origin = Path(get_template(name).origin.name)
    assert origin.is_relative_to(Path(settings.BASE_DIR, "templates")), f"{name} is the library's own"


def looks_ours(page: str) -> bool:
    return 'css/tokens.css"' in page and '<h1 class="page-title">' in page


@pytest.mark.parametrize("name", OPEN)
def test_pages_for_anybody(client: Client, name: str) -> None:
    page = client.get(reverse(name)).content.decode()
    assert looks_ours(page)
    assert not [word for word in THEIRS if word in page]


@pytest.mark.parametrize("name", OWN)
def test_pages_of_ones_own(client: Client, name: str) -> None:
    user: User = UserFactory(username="ada", email="ada@example.com")
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    SocialAccount.objects.create(user=user, provider="github", uid="1", extra_data={"login": "ada-l"})
    client.force_login(user)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = client.get(reverse(name)).content.decode()
    assert looks_ours(page)
    assert not [word for word in THEIRS if word in page]
    assert Client().get(reverse(name)).status_code == 302


@pytest.mark.parametrize(
    "name",
    [
        "mfa_reauthenticate",
        "mfa_edit_webauthn",
        "mfa_remove_webauthn",
        "mfa_deactivate_totp",
        "mfa_generate_recovery_codes",
    ],
)
def test_pages_of_who_has_a_second_factor(client: Client, name: str) -> None:
    user: User = UserFactory()
    key = Authenticator.objects.create(user=user, type="webauthn", data={"name": "Phone", "credential": {}})
    Authenticator.objects.create(user=user, type="totp", data={"secret": "x"})
    client.force_login(user)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    page = client.get(
        reverse(name, args=[key.pk] if name in ("mfa_edit_webauthn", "mfa_remove_webauthn") else [])
    ).content.decode()
    assert looks_ours(page)
    assert not [word for word in THEIRS if word in page]
