"""Webhooks and deliveries that break each of their constraints."""

from __future__ import annotations

from collections.abc import Callable

from bets.models import Webhook
from bets.tests.factories import PLACED, WebhookDeliveryFactory, WebhookFactory


def twice() -> None:
    first: Webhook = WebhookFactory()
    WebhookFactory(user=first.user, url=first.url)


def told_twice() -> None:
    first = WebhookDeliveryFactory()
    WebhookDeliveryFactory(webhook=first.webhook, key=first.key)


WEBHOOKS: dict[str, list[Callable[[], object]]] = {
    "webhook_url_is_registered_once": [twice],
    "webhook_topics_are_known": [
        lambda: WebhookFactory(topics=[]),
        lambda: WebhookFactory(topics=["bet.settled", "rumour"]),
    ],
    "webhook_edge_is_from_half_to_fifty_per_cent": [
        lambda: WebhookFactory(least_edge="0.49"),
        lambda: WebhookFactory(least_edge="50.01"),
    ],
    "webhook_fails_since_a_moment": [
        lambda: WebhookFactory(failures=1),
        lambda: WebhookFactory(failing_since=PLACED),
    ],
    "webhook_is_off_for_a_reason": [
        lambda: WebhookFactory(off_at=PLACED),
        lambda: WebhookFactory(off_reason="Tired"),
    ],
    "event_is_told_once": [told_twice],
    "delivery_topic_is_known": [lambda: WebhookDeliveryFactory(topic="rumour")],
    "delivery_state_is_known": [lambda: WebhookDeliveryFactory(state="lost", due_at=None)],
    "delivery_is_due_exactly_while_it_waits": [
        lambda: WebhookDeliveryFactory(due_at=None),
        lambda: WebhookDeliveryFactory(state="delivered"),
    ],
}
