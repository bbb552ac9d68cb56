"""Sending the outbox: signed, one after the other failure later, by any number of workers, never lost."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import hmac
import itertools
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import httpx
import pytest
from django.core.cache import cache
from django.db import connection, transaction

from accounts.sealing import WEBHOOKS, seal
from bets.models import Webhook, WebhookDelivery
from bets.tests.factories import WebhookDeliveryFactory, WebhookFactory
from bets.webhooks import registering, tasks
from bets.webhooks.delivering import (
    DELAYS,
    KEPT,
    LEASE,
    MOST_ATTEMPTS,
    Clients,
    Outcome,
    claim,
    deliver_due,
    forget_deliveries,
    note,
    send,
)
from bets.webhooks.signing import signature
from feeds.public_web import Pinned, client

NOW = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
SECRET = "whsec_of_the_test"
Answering = Callable[[httpx.Request], httpx.Response]


def answering(answer: Answering | int, seen: list[httpx.Request] | None = None) -> Clients:
    """Clients to whom the whole internet answers so."""

    def handle(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        if isinstance(answer, int):
            return httpx.Response(answer, stream=httpx.ByteStream(b"heard"))
        return answer(request)

    async def somewhere(host: str, port: int) -> list[str]:
        return ["93.184.216.34"]

    return lambda: client(Pinned(somewhere, inner=httpx.MockTransport(handle)))


def run(
    answer: Answering | int, now: dt.datetime = NOW, seen: list[httpx.Request] | None = None
) -> dict[str, int]:
    return dict(deliver_due(clock=lambda: now, clients=answering(answer, seen)))


def waiting(hook: Webhook | None = None, **fields: Any) -> WebhookDelivery:
    hook = hook or WebhookFactory(secret=seal(SECRET, WEBHOOKS))
    made: WebhookDelivery = WebhookDeliveryFactory(webhook=hook, due_at=NOW, data={"status": "won"}, **fields)
    return made


@pytest.mark.django_db
def test_a_message_is_signed_over_its_time_and_body_and_sent_once() -> None:
    row, seen = waiting(), list[httpx.Request]()
    assert run(200, seen=seen) == {"delivered": 1}
    assert run(200, seen=seen) == {}
    [request] = seen
    stamp, body = request.headers["X-BetTrack-Timestamp"], request.content
    assert int(stamp) == NOW.timestamp()
    expected = hmac.new(SECRET.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert request.headers["X-BetTrack-Signature"] == f"v1={expected}"
    assert request.headers["X-BetTrack-Delivery"] == str(row.pk)
    message = json.loads(body)
    assert (message["id"], message["event"], message["data"]) == (
        str(row.pk),
        "bet.settled",
        {"status": "won"},
    )
    row.refresh_from_db()
    assert (row.state, row.attempts, row.status_code, row.due_at) == ("delivered", 1, 200, None)


def test_the_signature_is_the_documented_one() -> None:
    # as `printf '1763640000.{"id":"1"}' | openssl dgst -sha256 -hmac whsec_a` has it
    assert signature("whsec_a", 1_763_640_000, b'{"id":"1"}') == (
        "v1=84be00fc56dfd19ecc342033f96f0d57fdb874cb0ef3d18c3a67943694ee8388"
    )


@pytest.mark.django_db
@pytest.mark.parametrize("status", [500, 404, 302, 400])
def test_what_fails_is_tried_later_and_later_and_then_given_up(status: int) -> None:
    row, now = waiting(), NOW
    for attempts, delay in enumerate(DELAYS, start=1):
        assert run(status, now) == {"put off": 1}
        row.refresh_from_db()
        assert (row.attempts, row.due_at, row.status_code) == (attempts, now + delay, status)
        assert run(status, now + delay - dt.timedelta(seconds=1)) == {}
        now += delay
    assert run(status, now) == {"given up": 1}
    row.refresh_from_db()
    assert (row.state, row.attempts, row.due_at) == ("failed", MOST_ATTEMPTS, None)
    assert str(status) in row.note


@pytest.mark.django_db
def test_a_webhook_is_switched_off_after_half_a_day_without_a_success_and_can_be_switched_on() -> None:
    row, now = waiting(), NOW
    hook = row.webhook
    for delay in DELAYS:
        run(500, now)
        now += delay
        hook.refresh_from_db()
        assert hook.off_at is None
    run(500, now)
    hook.refresh_from_db()
    assert hook.off_at == now
    assert "8 attempts failed in a row" in hook.off_reason
    later = waiting(hook)
    assert run(200, now) == {}
    registering.switch_on(hook=hook, now=now)
    assert run(200, now) == {"delivered": 1}
    later.refresh_from_db()
    hook.refresh_from_db()
    assert (later.state, hook.failures, hook.failing_since, hook.off_reason) == ("delivered", 0, None, "")


@pytest.mark.django_db
def test_many_failures_at_once_do_not_switch_off_and_a_success_forgives_them() -> None:
    first = waiting()
    for _ in range(19):
        waiting(first.webhook)
    assert run(503) == {"put off": 20}
    first.webhook.refresh_from_db()
    assert (first.webhook.failures, first.webhook.off_at) == (20, None)
    assert run(200, NOW + DELAYS[0]) == {"delivered": 20}
    first.webhook.refresh_from_db()
    assert first.webhook.failures == 0


@pytest.mark.django_db
def test_who_says_that_he_is_gone_is_switched_off_at_once() -> None:
    row = waiting()
    assert run(410) == {"given up": 1}
    row.webhook.refresh_from_db()
    assert row.webhook.off_reason == "The receiver answered 410 Gone."


@pytest.mark.django_db
def test_an_event_given_up_can_be_sent_again_under_its_id() -> None:
    row, seen = waiting(state="pending", attempts=MOST_ATTEMPTS - 1), list[httpx.Request]()
    assert run(500) == {"given up": 1}
    assert registering.send_again(delivery=row, now=NOW)
    assert not registering.send_again(delivery=row, now=NOW)
    assert run(200, seen=seen) == {"delivered": 1}
    assert seen[0].headers["X-BetTrack-Delivery"] == str(row.pk)


@pytest.mark.django_db
def test_one_that_fails_keeps_no_other_waiting() -> None:
    bad, good = waiting(), waiting()
    broken, unreadable = waiting(), waiting(WebhookFactory(secret="nonsense"))

    def answer(request: httpx.Request) -> httpx.Response:
        if request.headers["X-BetTrack-Delivery"] == str(bad.pk):
            raise httpx.ConnectError("refused")
        if request.headers["X-BetTrack-Delivery"] == str(broken.pk):
            raise RuntimeError("a fault of ours")
        return httpx.Response(204, stream=httpx.ByteStream(b""))

    assert run(answer) == {"put off": 3, "delivered": 1}
    notes = {row.pk: row.note for row in WebhookDelivery.objects.all()}
    assert notes[good.pk] == ""
    assert "refused" in notes[bad.pk]
    assert "log" in notes[broken.pk]
    assert "secret cannot be read" in notes[unreadable.pk]


@pytest.mark.django_db
def test_a_name_that_has_come_to_point_inside_is_not_posted_to() -> None:
    row, seen = waiting(), list[httpx.Request]()

    async def inside(host: str, port: int) -> list[str]:
        return ["169.254.169.254"]

    inner = httpx.MockTransport(lambda request: seen.append(request) or httpx.Response(200))  # type: ignore[func-returns-value]
    assert deliver_due(clock=lambda: NOW, clients=lambda: client(Pinned(inside, inner=inner))) == {
        "put off": 1
    }
    assert not seen
    row.refresh_from_db()
    assert row.note == "the host's address is not public"


@pytest.mark.django_db
def test_a_killed_workers_claim_comes_due_again_and_its_late_word_does_not_count() -> None:
    row = waiting()
    [claimed] = claim(NOW)
    assert claim(NOW + LEASE - dt.timedelta(seconds=1)) == []
    assert run(200, NOW + LEASE) == {"delivered": 1}
    assert note(claimed, Outcome(500, "late"), NOW + LEASE) == "taken over"
    row.refresh_from_db()
    assert (row.state, row.attempts) == ("delivered", 2)


@pytest.mark.django_db
def test_a_busy_webhook_leaves_room_for_others() -> None:
    busy = waiting().webhook
    for _ in range(30):
        waiting(busy)
    other = waiting()
    claimed = claim(NOW)
    assert len(claimed) == 11
    assert other.pk in {one.id for one in claimed}


@pytest.mark.django_db
def test_no_batch_begins_late_in_a_run() -> None:
    hook = waiting().webhook
    for _ in range(29):
        waiting(hook)
    ticks = itertools.count()

    def clock() -> dt.datetime:
        return NOW + dt.timedelta(seconds=2 * next(ticks))

    done = deliver_due(clock=clock, clients=answering(200))
    assert done == {"delivered": 10}


@pytest.mark.django_db
def test_one_run_is_sending_at_a_time_and_one_that_failed_lets_the_next_begin(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(**_: object) -> None:
        assert tasks.deliver() == {}
        raise ZeroDivisionError

    cache.delete(tasks.SENDING)
    monkeypatch.setattr(tasks, "deliver_due", fail)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            tasks.deliver()


@pytest.mark.django_db
def test_nothing_is_sent_for_people_who_are_suspended() -> None:
    row = waiting()
    user = row.webhook.user
    user.is_active = False
    user.save(update_fields=["is_active"])
    assert run(200) == {}


@pytest.mark.django_db
def test_the_log_is_forgotten_after_thirty_days() -> None:
    waiting(created_at=NOW - KEPT - dt.timedelta(seconds=1))
    kept = waiting(created_at=NOW - KEPT + dt.timedelta(seconds=1))
    assert forget_deliveries(now=NOW) == 1
    assert WebhookDelivery.objects.get() == kept


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_claim_the_same_event() -> None:
    hook = WebhookFactory(secret=seal(SECRET, WEBHOOKS))
    for _ in range(8):
        waiting(hook)
    found: list[set[Any]] = []
    first_has, second_done = threading.Event(), threading.Event()

    def second() -> None:
        try:
            first_has.wait(10)
            found.append({one.id for one in claim(NOW, 100)})
        finally:
            second_done.set()
            connection.close()

    worker = threading.Thread(target=second)
    worker.start()
    with transaction.atomic():
        found.append({one.id for one in claim(NOW, 5)})
        first_has.set()
        assert second_done.wait(10)
    worker.join()
    assert not found[0] & found[1]
    assert len(found[0]) == 5


class Receiver(BaseHTTPRequestHandler):
    """A receiver as its owner would write it: he believes what is signed."""

    heard: list[dict[str, Any]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        stamp = self.headers["X-BetTrack-Timestamp"]
        wanted = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        is_ours = hmac.compare_digest(self.headers["X-BetTrack-Signature"], f"v1={wanted}")
        if is_ours:
            self.heard.append(json.loads(body) | {"host": self.headers["Host"]})
        self.send_response(200 if is_ours else 401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.mark.django_db
def test_a_real_server_hears_and_believes_it() -> None:
    class Here(httpx.AsyncHTTPTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            request.url = request.url.copy_with(port=server.server_port)
            return await super().handle_async_request(request)

    async def here(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    row = waiting(WebhookFactory(secret=seal(SECRET, WEBHOOKS), url="http://hooks.example.org/a"))
    with HTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        clients = lambda: client(Pinned(here, lambda _: True, inner=Here(trust_env=False)))
        [outcome] = asyncio.run(send(claim(NOW), NOW, clients))
        server.shutdown()
    assert outcome.status == 200
    [message] = Receiver.heard
    assert (message["id"], message["host"]) == (str(row.pk), "hooks.example.org")
