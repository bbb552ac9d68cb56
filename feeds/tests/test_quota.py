from __future__ import annotations

import datetime as dt
import threading

import httpx
import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client as Browser
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from feeds import the_odds_api
from feeds.exceptions import BadKey, OutOfCredits
from feeds.http import Secret
from feeds.models import ApiCall, Block, Provider, Quota
from feeds.services import (
    BREAKER_PAUSE,
    QuotaLedger,
    forget_old_calls,
    lift_block,
    open_quota,
    reconcile_quota,
    release_credits,
    reserve_credits,
)

from .factories import NOW, ApiCallFactory, QuotaFactory

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


class Provided:
    """A pretended provider: counts credits, can be told what to answer."""

    def __init__(self, *, used: int = 0, plan: int = 500) -> None:
        self.used, self.plan = used, plan
        self.error: tuple[int, str] | None = None
        self.paths: list[str] = []
        self.now = NOW

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.paths.append(request.url.path)
        cost = 3 if request.url.path.endswith("/odds") and self.error is None else 0
        self.used += cost
        headers = {
            "x-requests-used": str(self.used),
            "x-requests-remaining": str(self.plan - self.used),
            "x-requests-last": str(cost),
        }
        if self.error is not None and not request.url.path.endswith("/sports"):
            status, code = self.error
            return httpx.Response(status, json={"message": "no", "error_code": code}, headers=headers)
        return httpx.Response(200, json=[], headers=headers)

    def client(self, limit: int | None = 500, key: str = "k") -> the_odds_api.Client:
        ledger = QuotaLedger(
            provider=Provider.THE_ODDS_API,
            key_fingerprint=Secret(key).fingerprint(),
            limit=limit,
        )
        return the_odds_api.Client(
            key=key, transport=httpx.MockTransport(self), ledger=ledger, clock=lambda: self.now, attempts=1
        )


def test_a_call_is_recorded_with_cost_and_remaining_and_the_quota_follows() -> None:
    provided = Provided(used=10)
    provided.client().odds("basketball_nba")
    call = ApiCall.objects.get()
    assert (call.endpoint, call.status, call.cost, call.remaining) == (
        "/v4/sports/basketball_nba/odds",
        200,
        3,
        487,
    )
    quota = Quota.objects.get()
    assert (quota.used, quota.remaining, quota.limit, quota.reserved) == (13, 487, 500, 0)
    assert quota.synced_at == NOW


def test_no_transaction_is_open_while_the_provider_is_asked() -> None:
    open_blocks: list[int] = []

    def handler(request: httpx.Request) -> httpx.Response:
        open_blocks.append(len(connection.savepoint_ids))
        return httpx.Response(200, json=[])

    before = len(connection.savepoint_ids)
    ledger = QuotaLedger(provider=Provider.THE_ODDS_API, key_fingerprint="f", limit=9)
    the_odds_api.Client(transport=httpx.MockTransport(handler), ledger=ledger).odds("s")
    assert open_blocks == [before]


def test_a_call_beyond_the_limit_is_not_made() -> None:
    provided = Provided()
    with pytest.raises(OutOfCredits, match="costs 3 credits"):
        provided.client(limit=2).odds("basketball_nba")
    assert provided.paths == []
    assert provided.client(limit=2).sports().events == []


def test_reservations_count_against_the_limit_until_given_back() -> None:
    quota = QuotaFactory(limit=10, used=4)
    reserve_credits(quota=quota, cost=6, now=NOW)
    with pytest.raises(OutOfCredits):
        reserve_credits(quota=quota, cost=1, now=NOW)
    release_credits(quota=quota, cost=6)
    reserve_credits(quota=quota, cost=1, now=NOW)
    quota.refresh_from_db()
    assert quota.reserved == 1


def test_a_reservation_whose_process_died_is_forgotten_in_time() -> None:
    quota = QuotaFactory(limit=10)
    reserve_credits(quota=quota, cost=10, now=NOW)
    with pytest.raises(OutOfCredits):
        reserve_credits(quota=quota, cost=10, now=NOW + dt.timedelta(minutes=4))
    reserve_credits(quota=quota, cost=10, now=NOW + dt.timedelta(minutes=6))
    quota.refresh_from_db()
    assert quota.reserved == 10


@pytest.mark.django_db(transaction=True)
def test_two_reservations_at_once_cannot_both_take_the_last_credits() -> None:
    quota = QuotaFactory(limit=3)
    outcomes: list[str] = []
    barrier = threading.Barrier(2)

    def take() -> None:
        barrier.wait()
        try:
            reserve_credits(quota=Quota(pk=quota.pk), cost=3, now=NOW)
            outcomes.append("taken")
        except OutOfCredits:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=take) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["refused", "taken"]


def test_a_bad_key_stops_all_calls_and_says_so() -> None:
    provided = Provided()
    provided.error = (401, "INVALID_KEY")
    client = provided.client()
    with pytest.raises(BadKey):
        client.odds("basketball_nba")
    provided.error = None
    with pytest.raises(BadKey, match=r"refuses the key \(INVALID_KEY\).*ODDS_API_KEY"):
        client.odds("basketball_nba")
    with pytest.raises(BadKey):
        client.sports()
    assert len(provided.paths) == 1
    assert Quota.objects.get().block == Block.BAD_KEY


def test_another_key_is_not_held_back_by_a_bad_one() -> None:
    provided = Provided()
    provided.error = (401, "INVALID_KEY")
    with pytest.raises(BadKey):
        provided.client(key="old").odds("s")
    provided.error = None
    provided.client(key="new").odds("s")
    assert provided.paths == ["/v4/sports/s/odds"] * 2


def test_the_breaker_stays_open_until_the_counter_falls() -> None:
    provided = Provided(used=500)
    provided.error = (401, "OUT_OF_USAGE_CREDITS")
    client = provided.client(limit=1000)
    with pytest.raises(OutOfCredits):
        client.odds("s")
    with pytest.raises(OutOfCredits, match="Next check after 2026-11-20 19:00"):
        client.odds("s")
    assert provided.paths == ["/v4/sports/s/odds"]

    provided.now += BREAKER_PAUSE
    with pytest.raises(OutOfCredits, match="Next check after 2026-11-20 20:00"):
        client.odds("s")
    assert provided.paths == ["/v4/sports/s/odds", "/v4/sports"]

    provided.now += BREAKER_PAUSE
    provided.used, provided.error = 0, None
    client.odds("s")
    assert provided.paths[-2:] == ["/v4/sports", "/v4/sports/s/odds"]
    old, new = Quota.objects.order_by("period_start")
    assert (old.used, old.block) == (500, Block.OUT_OF_CREDITS)
    assert (new.used, new.block, new.period_start) == (3, Block.NONE, provided.now)


def test_a_late_answer_to_an_old_question_is_no_new_period() -> None:
    quota = QuotaFactory(used=9, remaining=491, synced_at=NOW)
    late = reconcile_quota(quota=quota, used=8, remaining=492, asked_at=NOW - HOUR, now=NOW + HOUR)
    assert late.pk == quota.pk
    assert late.used == 9
    fresh = reconcile_quota(quota=quota, used=2, remaining=498, asked_at=NOW, now=NOW + HOUR)
    assert fresh.pk != quota.pk
    assert fresh.period_start == NOW + HOUR


def test_opening_a_quota_twice_gives_the_same() -> None:
    first = open_quota(provider="the_odds_api", key_fingerprint="f", limit=5, now=NOW)
    again = open_quota(provider="the_odds_api", key_fingerprint="f", limit=9, now=NOW + HOUR)
    assert first.pk == again.pk
    assert again.limit == 5


def test_staff_lift_a_block() -> None:
    quota = QuotaFactory(block=Block.BAD_KEY, blocked_at=NOW, blocked_code="INVALID_KEY")
    assert lift_block(quota=quota, by="staff", now=NOW)
    assert not lift_block(quota=quota, by="staff", now=NOW)
    reserve_credits(quota=quota, cost=1, now=NOW)


def test_old_calls_are_forgotten_and_young_ones_kept() -> None:
    old = ApiCallFactory(at=NOW - dt.timedelta(days=91))
    young = ApiCallFactory(at=NOW - dt.timedelta(days=89))
    assert forget_old_calls(now=NOW, keep_days=90) == 1
    assert list(ApiCall.objects.values_list("pk", flat=True)) == [young.pk]
    assert old.pk != young.pk


def test_failed_calls_are_those_without_answer_or_with_an_error() -> None:
    ApiCallFactory()
    lost = ApiCallFactory(status=None)
    refused = ApiCallFactory(status=422)
    assert list(ApiCall.objects.failed().newest_first()) == [refused, lost]


@pytest.fixture
def staff() -> Browser:
    browser = Browser()
    browser.force_login(get_user_model().objects.create_superuser("boss", "boss@example.com", "x"))
    return browser


def test_the_admin_lists_calls_and_lifts_blocks(
    staff: Browser, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    ApiCallFactory.create_batch(20)
    quota = QuotaFactory(block=Block.OUT_OF_CREDITS, blocked_at=NOW, breaker_until=NOW + HOUR)
    with django_assert_max_num_queries(12):
        page = staff.get(reverse("admin:feeds_apicall_changelist"))
    assert page.status_code == 200
    data = {"action": "lift_blocks", "_selected_action": [quota.pk]}
    answer = staff.post(reverse("admin:feeds_quota_changelist"), data, follow=True)
    assert "1 blocked quota lifted." in answer.content.decode()
    quota.refresh_from_db()
    assert (quota.block, quota.breaker_until) == (Block.NONE, None)


@pytest.mark.parametrize("name", ["apicall_changelist", "quota_changelist"])
def test_a_stranger_sees_no_admin(name: str) -> None:
    answer = Browser().get(reverse(f"admin:feeds_{name}"))
    assert answer.status_code == 302
    assert "login" in answer["Location"]


def test_nobody_edits_calls_by_hand(staff: Browser) -> None:
    call = ApiCallFactory()
    assert staff.get(reverse("admin:feeds_apicall_add")).status_code == 403
    assert staff.post(reverse("admin:feeds_apicall_change", args=[call.pk]), {}).status_code == 403
    assert (
        staff.post(reverse("admin:feeds_apicall_delete", args=[call.pk]), {"post": "yes"}).status_code == 403
    )
