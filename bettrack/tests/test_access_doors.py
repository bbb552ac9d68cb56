"""Rules of access at every door: each door is tried open, and shut by each kind of rule."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth as passkeys
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.access.models import AccessKind, AccessSubject
from accounts.access.service import add_rule
from accounts.models import AccessRule, User
from accounts.tests.factories import PASSWORD, ApiKeyFactory, UserFactory, text_of
from accounts.tests.test_providers import APP, come_back
from bets.tests.factories import WebhookDeliveryFactory, WebhookFactory
from bets.webhooks.delivering import claim
from bettrack.mcp.calls import Call, Refused, ask
from games.tests.factories import GameFactory
from odds.api import stream

pytestmark = pytest.mark.django_db
HERE = "198.51.100.7"


@dataclass
class Visit:
    """Ada at a door, from ``HERE``."""

    ada: User
    settings: Any
    mails: list[EmailMessage]
    client: Client = field(default_factory=lambda: Client(REMOTE_ADDR=HERE))

    def refused(self, response: Any) -> bool:
        """Whether the answer is the plain page (or the problem) that tells nothing more."""
        if response.status_code != 403:
            assert response.status_code < 400 or response.status_code == 404, response.content[:300]
            return False
        if response.headers["Content-Type"] == "application/problem+json":
            assert json.loads(response.content)["code"] == "access_refused"
        else:
            page = response.content.decode()
            assert "This site is closed to you" in page
            assert "ada" not in page.lower()
            assert HERE not in page
            assert "spam" not in page.lower()
        return True

    def key(self) -> str:
        return text_of(ApiKeyFactory(user=self.ada, scopes=["odds:read", "bets:read", "bets:write"]))


def page(visit: Visit) -> bool:
    visit.client.force_login(visit.ada)
    return visit.refused(visit.client.get("/account/"))


def public_page(visit: Visit) -> bool:
    visit.client.force_login(visit.ada)
    return visit.refused(visit.client.get("/books/"))


def admin(visit: Visit) -> bool:
    User.objects.filter(pk=visit.ada.pk).update(is_staff=True)
    visit.client.force_login(visit.ada)
    return visit.refused(visit.client.get("/admin/"))


def webhook_page(visit: Visit) -> bool:
    visit.client.force_login(visit.ada)
    return visit.refused(visit.client.get("/account/webhooks/"))


def sign_in(visit: Visit) -> bool:
    answer = visit.client.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    refused = visit.refused(answer)
    assert ("_auth_user_id" in visit.client.session) is not refused
    return refused


def sign_in_to_admin(visit: Visit) -> bool:
    User.objects.filter(pk=visit.ada.pk).update(is_staff=True)
    answer = visit.client.get("/admin/login/?next=/admin/", follow=True)
    if visit.refused(answer):
        return True
    return visit.refused(
        visit.client.post(answer.redirect_chain[-1][0], {"login": "ada@example.com", "password": PASSWORD})
    )


def passkey(visit: Visit) -> bool:
    held = Authenticator.objects.create(user=visit.ada, type="webauthn", data={"name": "Phone"})
    with (
        patch.object(passkeys, "parse_authentication_response"),
        patch.object(passkeys, "extract_user_from_response", lambda _: visit.ada),
        patch.object(passkeys, "complete_authentication", lambda *_: held),
        patch.object(Authenticator, "record_usage", lambda _: None),
    ):
        answer = visit.client.post("/accounts/second-factor/webauthn/login/", {"credential": '{"id": "x"}'})
    refused = visit.refused(answer)
    assert ("_auth_user_id" in visit.client.session) is not refused
    return refused


def provider(visit: Visit) -> bool:
    visit.settings.SOCIALACCOUNT_PROVIDERS = {
        name: one | {"APPS": [APP]} for name, one in visit.settings.SOCIALACCOUNT_PROVIDERS.items()
    }
    SocialAccount.objects.create(user=visit.ada, provider="google", uid="g-1")
    if visit.refused(visit.client.get("/accounts/login/")):
        return True
    refused = visit.refused(come_back(visit.client, "google", "ada@example.com", verified=True))
    assert ("_auth_user_id" in visit.client.session) is not refused
    return refused


def sign_up(visit: Visit) -> bool:
    answer = visit.client.post(
        "/accounts/signup/",
        {"username": "eve", "email": "Eve@Mail.Example.com", "password1": PASSWORD, "password2": PASSWORD},
    )
    refused = visit.refused(answer)
    assert User.objects.filter(username="eve").exists() is not refused
    return refused


def sign_up_by_provider(visit: Visit) -> bool:
    visit.settings.SOCIALACCOUNT_PROVIDERS = {
        name: one | {"APPS": [APP]} for name, one in visit.settings.SOCIALACCOUNT_PROVIDERS.items()
    }
    if visit.refused(visit.client.get("/accounts/login/")):
        return True
    refused = visit.refused(come_back(visit.client, "google", "eve@mail.example.com", verified=True))
    assert SocialAccount.objects.exists() is not refused
    return refused


def forgotten_password(visit: Visit) -> bool:
    answer = visit.client.post("/accounts/password/reset/", {"email": "ada@example.com"})
    return visit.refused(answer) or not visit.mails


def new_password(visit: Visit) -> bool:
    from allauth.account.forms import default_token_generator as tokens
    from allauth.account.utils import user_pk_to_url_str

    assert default_token_generator
    key = f"{user_pk_to_url_str(visit.ada)}-{tokens.make_token(visit.ada)}"
    answer = visit.client.get(f"/accounts/password/reset/key/{key}/", follow=True)
    if visit.refused(answer):
        return True
    words = {"password1": "another long secret", "password2": "another long secret"}
    return visit.refused(visit.client.post(answer.redirect_chain[-1][0], words))


def api_session(visit: Visit) -> bool:
    visit.client.force_login(visit.ada)
    return visit.refused(visit.client.get("/api/v1/bets/"))


def api_key(visit: Visit) -> bool:
    return visit.refused(
        visit.client.get("/api/v1/bets/", headers={"Authorization": f"Bearer {visit.key()}"})
    )


def api_write(visit: Visit) -> bool:
    return visit.refused(
        visit.client.post(
            "/api/v1/bankrolls/",
            {"name": "Spring", "currency": "USD", "kind": "paper"},
            "application/json",
            headers={"Authorization": f"Bearer {visit.key()}"},
        )
    )


def event_stream(visit: Visit) -> bool:
    answer = visit.client.get(
        "/api/v1/stream/",
        {"game": GameFactory().pk, "seconds": 0},
        headers={"Authorization": f"Bearer {visit.key()}", "Accept": "text/event-stream"},
    )
    answer.close()
    return visit.refused(answer)


def assistant(visit: Visit) -> bool:
    with patch("bettrack.mcp.calls.close_old_connections"):  # the test's is one of them
        try:
            ask(Call("GET", "/api/v1/bets/"), key=visit.key())
        except Refused as refused:
            return bool(refused.problem["code"] == "access_refused")
    return False


def start_of_assistant(visit: Visit) -> bool:
    with patch("bettrack.management.commands.mcp.serve"):
        try:
            with patch.dict("os.environ", BETTRACK_API_KEY=visit.key()):
                call_command("mcp")
        except CommandError:
            return True
    return False


def webhook(visit: Visit) -> bool:
    now = timezone.now()
    WebhookDeliveryFactory(webhook=WebhookFactory(user=visit.ada), due_at=now)
    return not claim(now)


Door = Callable[[Visit], bool]
DOORS: list[Door] = [
    page, public_page, admin, webhook_page, sign_in, sign_in_to_admin, passkey, provider, sign_up, sign_up_by_provider,
    forgotten_password, new_password, api_session, api_key, api_write, event_stream, assistant, start_of_assistant, webhook,
]  # fmt: skip
RULES = {
    "user": (AccessKind.BLOCK, AccessSubject.USER, "ada"),
    "email": (AccessKind.BLOCK, AccessSubject.EMAIL, "ADA@example.com"),
    "domain": (AccessKind.BLOCK, AccessSubject.DOMAIN, "@Example.COM"),
    "address": (AccessKind.BLOCK, AccessSubject.NETWORK, HERE),
    "network": (AccessKind.BLOCK, AccessSubject.NETWORK, "198.51.100.0/24"),
    "list of people": (AccessKind.ALLOW, AccessSubject.DOMAIN, "elsewhere.example"),
    "list of networks": (AccessKind.ALLOW, AccessSubject.NETWORK, "203.0.113.0/24"),
}
WITHOUT_ADDRESS = {assistant, start_of_assistant, webhook}
"""Doors on this machine: no visitor's address comes to them."""
OF_NEWCOMERS = {sign_up, sign_up_by_provider}


def shuts(rule: str, door: Door) -> bool:
    if rule in ("address", "network", "list of networks"):
        return door not in WITHOUT_ADDRESS
    return not (door in OF_NEWCOMERS and rule in ("user", "email"))


@pytest.fixture
def visit(settings: Any, mailoutbox: list[EmailMessage]) -> Visit:
    prefix = f"test-{uuid.uuid4().hex}"  # attempts are counted in Redis
    settings.CACHES = {"default": settings.CACHES["default"] | {"KEY_PREFIX": prefix}}
    UserFactory(staff=True, username="boss", email="boss@elsewhere.example")
    ada = UserFactory(username="ada", email="ada@example.com")
    EmailAddress.objects.create(user=ada, email=ada.email, primary=True, verified=True)
    stream.SEATS._taken.clear()
    return Visit(ada, settings, mailoutbox)


def rule_of(kind: AccessKind, subject: AccessSubject, value: str, **how: Any) -> AccessRule:
    return add_rule(
        kind=kind, subject=subject, value=value, reason="Spam.", now=timezone.now(), by=None, **how
    )


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_every_door_is_open_without_rules(door: Door, visit: Visit) -> None:
    assert not door(visit)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
def test_every_kind_of_rule_shuts_every_door_that_it_is_about(door: Door, rule: str, visit: Visit) -> None:
    rule_of(*RULES[rule])
    assert door(visit) is shuts(rule, door)


@pytest.mark.parametrize("door", [page, sign_in, api_key, webhook], ids=lambda door: door.__name__)
@pytest.mark.parametrize(
    "rules",
    [
        [(AccessKind.ALLOW, AccessSubject.USER, "ada")],
        [(AccessKind.ALLOW, AccessSubject.EMAIL, "ada@example.com")],
        [(AccessKind.ALLOW, AccessSubject.DOMAIN, "example.com")],
        [(AccessKind.ALLOW, AccessSubject.NETWORK, HERE)],
        [
            (AccessKind.ALLOW, AccessSubject.DOMAIN, "example.com"),
            (AccessKind.ALLOW, AccessSubject.NETWORK, "198.51.100.0/24"),
        ],
    ],
)
def test_who_is_on_the_list_comes_in(door: Door, rules: list[Any], visit: Visit) -> None:
    for rule in rules:
        rule_of(*rule)
    assert not door(visit)


@pytest.mark.parametrize("door", [page, sign_in, api_key, webhook], ids=lambda door: door.__name__)
def test_a_block_wins_over_a_list(door: Door, visit: Visit) -> None:
    rule_of(AccessKind.ALLOW, AccessSubject.USER, "ada")
    rule_of(AccessKind.BLOCK, AccessSubject.DOMAIN, "example.com")
    assert door(visit)
