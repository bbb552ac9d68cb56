"""Webhooks kept by programs: registered once, their secrets shown once, their log read."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import KeptAnswer, User
from accounts.sealing import WEBHOOKS, unseal
from accounts.tests.factories import ApiKeyFactory, UserFactory, text_of
from bets.models import Webhook, WebhookDelivery
from bets.tests.factories import PLACED, WebhookDeliveryFactory, WebhookFactory

pytestmark = pytest.mark.django_db
BODY = {"url": "https://example.org/hook", "topics": ["bet.settled", "edge.found"], "least_edge": "2.5"}


@pytest.fixture
def user() -> User:
    cache.clear()
    made: User = UserFactory()
    return made


def send(user: User, path: str, body: dict[str, Any] | None = None, method: str = "POST") -> Any:
    bearer = f"Bearer {text_of(ApiKeyFactory(user=user, scopes=['bets:read', 'bets:write']))}"
    text = "" if method == "GET" else json.dumps(body or {})
    headers = (
        {"Authorization": bearer, "Idempotency-Key": uuid.uuid4().hex}
        if method != "GET"
        else {"Authorization": bearer}
    )
    return Client().generic(method, f"/api/v1/webhooks/{path}", text, "application/json", headers=headers)


def test_it_is_registered_and_its_secret_is_in_that_answer_alone(user: User) -> None:
    made = send(user, "", BODY)
    assert made.status_code == 201
    told = made.json()
    hook = Webhook.objects.get(user=user)
    assert told["secret"] == unseal(hook.secret, WEBHOOKS)
    assert (told["webhook"]["topics"], told["webhook"]["least_edge"]) == (
        ["bet.settled", "edge.found"],
        "2.5",
    )
    shown = send(user, f"{hook.pk}/", method="GET").content + send(user, "", method="GET").content
    assert told["secret"].encode() not in shown
    assert not KeptAnswer.objects.exists(), "no answer with a secret is kept"
    assert send(user, "", BODY).json()["code"] == "refused"


def test_a_new_secret_takes_the_place_of_the_old_one(user: User) -> None:
    first = send(user, "", BODY).json()
    second = send(user, f"{first['id']}/rotate-secret/").json()
    assert second["secret"] != first["secret"]
    assert unseal(Webhook.objects.get().secret, WEBHOOKS) == second["secret"]
    assert not KeptAnswer.objects.exists()


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"url": "http://10.0.0.1/"}, 422, "url"),
        ({"url": "ftp://example.org/"}, 422, "url"),
        ({"url": "https://127.1/"}, 422, "url"),
        ({"url": "https://0x7f.1/"}, 422, "url"),
        ({"url": "https://2130706433/"}, 422, "url"),
        ({"topics": []}, 400, "topics"),
        ({"topics": ["bet.lost"]}, 400, "topics.0"),
        ({"least_edge": "0.4"}, 400, "least_edge"),
        ({"least_edge": 2}, 400, "least_edge"),
        ({"secret": "mine"}, 400, "secret"),
    ],
)
def test_a_wrong_field_is_named(user: User, change: dict[str, Any], status: int, field: str) -> None:
    answer = send(user, "", {**BODY, **change})
    assert answer.status_code == status
    assert answer.json()["errors"][0]["field"] == field
    assert not Webhook.objects.exists()


def test_no_more_than_ten(user: User) -> None:
    WebhookFactory.create_batch(10, user=user)
    assert send(user, "", BODY).json()["code"] == "not_possible"


def test_it_is_switched_off_and_on_and_tried(user: User) -> None:
    hook = WebhookFactory(user=user)
    assert send(user, f"{hook.pk}/switch-off/").json()["off_reason"] == "Switched off by you."
    assert send(user, f"{hook.pk}/test/").json()["code"] == "not_possible"
    assert send(user, f"{hook.pk}/switch-on/").json()["off_at"] is None
    sent = send(user, f"{hook.pk}/test/").json()
    assert (sent["topic"], sent["state"]) == ("test", "pending")
    assert send(user, f"{hook.pk}/test/").status_code == 409, "one in ten seconds"


def test_the_log_is_filtered_and_what_was_given_up_is_sent_again(user: User) -> None:
    hook = WebhookFactory(user=user)
    lost = WebhookDeliveryFactory(webhook=hook, state="failed", due_at=None, attempts=8)
    WebhookDeliveryFactory(webhook=hook, topic="test")
    log = send(user, f"{hook.pk}/deliveries/?state=failed", method="GET").json()["results"]
    assert [row["id"] for row in log] == [str(lost.pk)]
    again = send(user, f"{hook.pk}/deliveries/{lost.pk}/again/")
    assert (again.json()["state"], again.json()["attempts"]) == ("pending", 0)
    other = WebhookDeliveryFactory(webhook=WebhookFactory(user=user), state="failed", due_at=None)
    assert send(user, f"{hook.pk}/deliveries/{other.pk}/again/").status_code == 404


def test_it_is_forgotten_with_its_log(user: User) -> None:
    hook = WebhookFactory(user=user)
    WebhookDeliveryFactory(webhook=hook, created_at=PLACED)
    assert send(user, f"{hook.pk}/", method="DELETE").status_code == 204
    assert not WebhookDelivery.objects.exists()
