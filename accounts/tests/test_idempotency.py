"""A write that is sent again is done once."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client, override_settings
from django.urls import include, path
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api import idempotency
from accounts.api.idempotency import forget_answers, once
from accounts.models import ApiKey, KeptAnswer, User
from accounts.tests.factories import ApiKeyFactory, KeptAnswerFactory, UserFactory, text_of
from rest.problems import ApiProblem
from rest.views import ApiView

LATE = threading.Event()


class Named(serializers.Serializer):
    name = serializers.CharField()


class MakeKeys(ApiView):
    """A write for these tests: each request makes a key of the name that the body gives."""

    write_scope = "bets:write"
    serializer_class = Named

    @once
    def create(self, request: Request) -> Response:
        name = dict(request.data)["name"]
        made = ApiKeyFactory(user=request.user, name=name)
        if name == "refused":
            raise ApiProblem("conflict")
        if name == "bad":
            return Response({"no": "good"}, status=400)
        if name == "slow":
            LATE.wait(5)
        return Response({"id": made.pk, "name": name}, status=201, headers={"Location": f"/{made.pk}"})


urlpatterns = [
    path("api/v1/things/", MakeKeys.as_view({"post": "create"})),
    path("", include("bettrack.urls")),
]


@pytest.fixture(autouse=True)
def things() -> Iterator[None]:
    cache.clear()
    LATE.clear()
    with override_settings(ROOT_URLCONF=__name__):
        yield


@pytest.fixture
def user() -> User:
    return UserFactory()


def program(user: User) -> Client:
    key = ApiKeyFactory(user=user, scopes=["bets:write"], name="itself")
    return Client(headers={"Authorization": f"Bearer {text_of(key)}"})


def post(client: Client, name: str, key: str | None = "k1", body: str | None = None) -> Any:
    headers = {} if key is None else {"Idempotency-Key": key}
    text = body or json.dumps({"name": name})
    return client.post("/api/v1/things/", text, content_type="application/json", headers=headers)


def made(name: str) -> int:
    return ApiKey.objects.filter(name=name).count()


@pytest.mark.django_db
class TestOneAfterTheOther:
    def test_same_key_and_body_get_the_same_answer_and_one_thing_is_done(self, user: User) -> None:
        client = program(user)
        first, second = post(client, "one"), post(client, "one")
        assert first.status_code == second.status_code == 201
        assert first.content == second.content
        assert second.headers["Location"] == first.headers["Location"]
        assert second.headers["Idempotency-Replayed"] == "true"
        assert "Idempotency-Replayed" not in first.headers
        assert made("one") == 1

    def test_white_space_and_order_of_the_body_do_not_matter(self, user: User) -> None:
        client = program(user)
        first = post(client, "", body='{"name": "one", "note": "x"}')
        second = post(client, "", body='{ "note":"x",\n"name":"one" }')
        assert first.content == second.content
        assert made("one") == 1

    def test_same_key_and_another_body_is_a_conflict(self, user: User) -> None:
        client = program(user)
        post(client, "one")
        response = post(client, "two")
        assert response.status_code == 409
        assert response.json()["code"] == "idempotency_mismatch"
        assert made("two") == 0

    def test_the_same_key_of_another_person_is_another_key(self, user: User) -> None:
        post(program(user), "one")
        assert post(program(UserFactory()), "one").status_code == 201
        assert made("one") == 2

    def test_without_a_key_each_request_is_done(self, user: User) -> None:
        client = program(user)
        post(client, "one", key=None)
        post(client, "one", key=None)
        assert made("one") == 2

    @pytest.mark.parametrize(("name", "status"), [("refused", 409), ("bad", 400)])
    def test_a_refusal_leaves_nothing_behind_and_the_key_free(
        self, user: User, name: str, status: int
    ) -> None:
        client = program(user)
        assert post(client, name).status_code == status
        assert made(name) == 0
        assert not KeptAnswer.objects.exists()
        assert post(client, "one").status_code == 201

    @pytest.mark.parametrize("key", ["", "with space", "ü", "x" * 201])
    def test_a_key_that_cannot_be_one_is_refused(self, user: User, key: str) -> None:
        response = post(program(user), "one", key=key)
        assert response.status_code == 400
        assert response.json()["errors"][0]["field"] == "Idempotency-Key"

    def test_after_a_day_the_key_is_new(self, user: User) -> None:
        client = program(user)
        post(client, "one")
        KeptAnswer.objects.update(created_at=timezone.now() - dt.timedelta(hours=25))
        assert post(client, "two").status_code == 201

    def test_answers_older_than_a_day_are_forgotten(self) -> None:
        now = timezone.now()
        KeptAnswerFactory(created_at=now - dt.timedelta(hours=25))
        young = KeptAnswerFactory(created_at=now - dt.timedelta(hours=23))
        assert forget_answers(now=now) == 1
        assert list(KeptAnswer.objects.all()) == [young]


@pytest.mark.django_db
def test_a_session_writes_with_its_csrf_token_alone_and_a_key_without_one(user: User) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(user)
    refused = post(browser, "one", key=None)
    assert refused.status_code == 403
    assert refused.json()["code"] == "csrf_failed"
    key = ApiKeyFactory(user=user, scopes=["bets:write"], name="itself")
    strict = Client(enforce_csrf_checks=True, headers={"Authorization": f"Bearer {text_of(key)}"})
    assert post(strict, "one", key=None).status_code == 201
    assert made("one") == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        ("{", "application/json", 400, "malformed"),
        (b"\xff", "application/json", 400, "malformed"),
        ('{"name": "\\ud800"}', "application/json", 400, "malformed"),
        ("name=one", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        ('{"name": "' + "x" * 3_000_000 + '"}', "application/json", 413, "too_large"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    user: User, body: Any, content_type: str, status: int, code: str
) -> None:
    response = program(user).post("/api/v1/things/", body, content_type=content_type)
    assert (response.status_code, response.json()["code"]) == (status, code)


def at_once(user: User, number: int) -> list[Any]:
    """Send the slow request so many times at once."""
    answers: list[Any] = []
    clients = [program(user) for _ in range(number)]

    def send(client: Client) -> None:
        try:
            answers.append(post(client, "slow"))
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    threading.Timer(0.7, LATE.set).start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.django_db(transaction=True)
class TestAtOnce:
    def test_one_is_done_and_the_others_wait_for_its_answer(self, user: User) -> None:
        answers = at_once(user, 4)
        assert [answer.status_code for answer in answers] == [201] * 4
        assert len({answer.content for answer in answers}) == 1
        assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == 3
        assert made("slow") == 1

    def test_without_the_claim_all_would_be_done(self, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(idempotency, "key_of", lambda request: None)
        at_once(user, 4)
        assert made("slow") == 4

    def test_who_waits_too_long_is_told_that_it_is_in_progress(
        self, user: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(idempotency, "LONGEST_WAIT", "50ms")
        answers = at_once(user, 2)
        assert sorted(answer.status_code for answer in answers) == [201, 409]
        refused = next(answer for answer in answers if answer.status_code == 409)
        assert refused.json()["code"] == "idempotency_in_progress"
        assert refused.headers["Retry-After"] == "1"
        assert made("slow") == 1


@pytest.mark.django_db
def test_without_redis_writes_are_refused_with_the_reason(user: User) -> None:
    from accounts.tests.test_throttling import without_redis

    client = program(user)
    with without_redis():
        response = post(client, "one")
    assert response.status_code == 503
    assert response.json()["code"] == "throttles_unavailable"
    assert response.headers["Retry-After"] == "5"
    assert made("one") == 0
