"""Rates of the API: one count for all processes, kept where a restart does not reach."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import Client, override_settings

from accounts.api.throttling import Rate, count, network_of
from accounts.tests.factories import ApiKeyFactory, UserFactory, text_of

SLOW = Rate(20, 36_000)
"""So slow that nothing comes back while a test runs."""
PROGRAM = """
import django, sys
django.setup()
from accounts.api.throttling import Rate, count
print(sum(count(sys.argv[1], Rate(20, 36_000)).allowed for _ in range(15)))
"""
TIGHT = dict.fromkeys(settings.API_RATES, (3, 3600))


def started(caller: str) -> subprocess.Popen[str]:
    """Another process that makes 15 requests as the caller."""
    command = [sys.executable, "-c", PROGRAM, caller]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ, cwd=settings.BASE_DIR)


def test_two_processes_share_one_count_and_a_third_one_finds_it_used_up() -> None:
    caller = uuid.uuid4().hex
    allowed = [int(each.communicate(timeout=60)[0]) for each in (started(caller), started(caller))]
    assert sum(allowed) == SLOW.limit
    assert int(started(caller).communicate(timeout=60)[0]) == 0


def test_what_is_left_falls_with_each_request_and_the_wait_is_told() -> None:
    caller = uuid.uuid4().hex
    assert [count(caller, Rate(3, 3600)).left for _ in range(3)] == [2, 1, 0]
    refused = count(caller, Rate(3, 3600))
    assert not refused.allowed
    assert 1190 < refused.wait <= 1200


def test_requests_come_back_steadily() -> None:
    caller = uuid.uuid4().hex
    rate = Rate(2, 1)
    assert [count(caller, rate).allowed for _ in range(3)] == [True, True, False]
    waited = count(caller, rate).wait
    assert 0 < waited <= 0.5


def test_a_household_of_ipv6_is_one_caller() -> None:
    assert network_of("2001:db8:1:2::1") == network_of("2001:db8:1:2:ffff::9") == "2001:db8:1:2::/64"
    assert network_of("203.0.113.7") == "203.0.113.7"


@pytest.fixture
def fresh() -> None:
    cache.clear()


@pytest.mark.django_db
@pytest.mark.usefixtures("fresh")
class TestAnswers:
    def test_headers_tell_the_rate_and_what_is_left(self, client: Client) -> None:
        with override_settings(API_RATES=TIGHT):
            response = client.get("/api/v1/sports/")
        assert response.headers["RateLimit-Policy"] == '"anonymous-read";q=3;w=3600'
        assert response.headers["RateLimit"] == '"anonymous-read";r=2;t=1200'

    def test_beyond_the_rate_is_429_with_when_to_come_back(self, client: Client) -> None:
        with override_settings(API_RATES=TIGHT):
            answers = [client.get("/api/v1/sports/") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert answers[-1].json()["code"] == "throttled"
        assert 1100 < int(answers[-1].headers["Retry-After"]) <= 1200
        assert answers[-1].headers["RateLimit"].startswith('"anonymous-read";r=0;')

    def test_each_key_has_a_count_of_its_own(self) -> None:
        user = UserFactory()
        clients = [
            Client(headers={"Authorization": f"Bearer {text_of(ApiKeyFactory(user=user))}"}) for _ in range(2)
        ]
        with override_settings(API_RATES=TIGHT):
            for _ in range(3):
                assert clients[0].get("/api/v1/sports/").status_code == 200
            assert clients[0].get("/api/v1/sports/").status_code == 429
            assert clients[1].get("/api/v1/sports/").status_code == 200

    def test_an_unchanged_answer_counts_too(self, client: Client) -> None:
        with override_settings(API_RATES=TIGHT):
            tag = client.get("/api/v1/sports/").headers["ETag"]
            held = {"If-None-Match": tag}
            answers = [client.get("/api/v1/sports/", headers=held).status_code for _ in range(3)]
        assert answers == [304, 304, 429]


def without_redis() -> Any:
    nowhere = {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}
    nowhere["BACKEND"] = "django.core.cache.backends.redis.RedisCache"
    nowhere.pop("EMBEDDED_HOME", None)
    return override_settings(CACHES={"default": nowhere})


@pytest.mark.django_db
def test_without_redis_reads_go_on_uncounted(client: Client) -> None:
    with without_redis():
        response = client.get("/api/v1/sports/")
        board = client.get("/api/v1/odds/board/")
    assert response.status_code == board.status_code == 200
    assert "RateLimit" not in response.headers
