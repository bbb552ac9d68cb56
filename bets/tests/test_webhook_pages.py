from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.sealing import WEBHOOKS, unseal
from accounts.tests.factories import UserFactory
from bets.models import Webhook, WebhookDelivery
from bets.tests.factories import PLACED, WebhookDeliveryFactory, WebhookFactory

pytestmark = pytest.mark.django_db
FORM = {"url": "https://example.org/hook", "topics": ["bet.settled", "edge.found"], "least_edge": "2.5"}


@pytest.fixture
def user(client: Client) -> User:
    made: User = UserFactory()
    client.force_login(made)
    return made


def test_a_webhook_is_registered_and_its_secret_shown_this_once(client: Client, user: User) -> None:
    answer = client.post(reverse("webhooks:list"), FORM)
    hook = Webhook.objects.get(user=user)
    secret = unseal(hook.secret, WEBHOOKS)
    assert answer.status_code == 201
    assert secret in answer.content.decode()
    assert answer.headers["Cache-Control"].find("no-store") >= 0
    for path in (reverse("webhooks:list"), reverse("webhooks:show", args=[hook.pk])):
        page = client.get(path).content.decode()
        assert "https://example.org/hook" in page
        assert secret not in page
        assert hook.secret not in page


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"url": "http://10.0.0.1/"}, "not public"),
        ({"url": "https://example.org:25/"}, "Only the ports"),
        ({"topics": []}, "Choose one event at least."),
        ({"least_edge": "0"}, "greater than or equal to 0.5"),
    ],
)
def test_a_wrong_entry_is_named_and_nothing_is_registered(
    change: dict[str, object], words: str, client: Client, user: User
) -> None:
    answer = client.post(reverse("webhooks:list"), FORM | change)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert not Webhook.objects.exists()


def test_the_same_address_twice_is_refused_in_words(client: Client, user: User) -> None:
    client.post(reverse("webhooks:list"), FORM)
    answer = client.post(reverse("webhooks:list"), FORM)
    assert answer.status_code == 422
    assert "You have a webhook at this address already." in answer.content.decode()


def test_the_secret_is_replaced_and_the_webhook_tried_switched_and_deleted(
    client: Client, user: User
) -> None:
    hook = WebhookFactory(user=user)
    answer = client.post(reverse("webhooks:rotate", args=[hook.pk]))
    hook.refresh_from_db()
    assert unseal(hook.secret, WEBHOOKS) in answer.content.decode()
    client.post(reverse("webhooks:test", args=[hook.pk]))
    assert WebhookDelivery.objects.get(webhook=hook).topic == "test"
    again = client.post(reverse("webhooks:test", args=[hook.pk]), follow=True)
    assert "sent just now" in again.content.decode()
    client.post(reverse("webhooks:switch", args=[hook.pk]))
    hook.refresh_from_db()
    assert hook.off_reason == "Switched off by you."
    assert "Switch on" in client.get(reverse("webhooks:show", args=[hook.pk])).content.decode()
    client.post(reverse("webhooks:switch", args=[hook.pk]), {"on": "1"})
    hook.refresh_from_db()
    assert hook.off_at is None
    client.post(reverse("webhooks:delete", args=[hook.pk]))
    assert not Webhook.objects.exists()


def test_what_was_given_up_is_sent_again_from_the_log(client: Client, user: User) -> None:
    hook = WebhookFactory(user=user)
    row = WebhookDeliveryFactory(
        webhook=hook, state="failed", due_at=None, attempts=8, note="it answered 500"
    )
    page = client.get(reverse("webhooks:show", args=[hook.pk])).content.decode()
    assert "it answered 500" in page
    assert "8 of 8" in page
    client.post(reverse("webhooks:again", args=[hook.pk, row.pk]))
    row.refresh_from_db()
    assert row.state == "pending"


def test_a_stranger_finds_nothing_of_it(client: Client, user: User) -> None:
    hook = WebhookFactory()
    row = WebhookDeliveryFactory(webhook=hook, state="failed", due_at=None)
    mine = WebhookFactory(user=user)
    assert hook.url not in client.get(reverse("webhooks:list")).content.decode()
    assert client.get(reverse("webhooks:show", args=[hook.pk])).status_code == 404
    for action in ("rotate", "test", "switch", "delete"):
        assert client.post(reverse(f"webhooks:{action}", args=[hook.pk])).status_code == 404
    for owner in (hook, mine):
        assert client.post(reverse("webhooks:again", args=[owner.pk, row.pk])).status_code == 404
    before = hook.secret
    hook.refresh_from_db()
    assert (hook.secret, hook.off_at) == (before, None)


def test_the_log_takes_as_many_statements_whatever_its_length(client: Client, user: User) -> None:
    hook, counts = WebhookFactory(user=user), []
    for more in (1, 60):
        WebhookDeliveryFactory.create_batch(more, webhook=hook, created_at=PLACED)
        with CaptureQueriesContext(connection) as statements:
            page = client.get(reverse("webhooks:show", args=[hook.pk])).content.decode()
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert "Page 1 of 2" in page
