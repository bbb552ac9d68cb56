"""Exports by the API: asked for, written by a worker, fetched, called off, expired; told to their owner alone."""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import io
import json
from contextlib import nullcontext
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from kombu.exceptions import OperationalError

from accounts.models import User
from accounts.tests.factories import UserFactory
from bets.jobs import asking, exporting
from bets.jobs.tasks import forget, run
from bets.models import Bet, Job, JobChunk
from bets.tests.job_factories import JobFactory
from bets.tests.test_api_imports import imported, upload
from bets.tests.test_api_keeping import bets_of, send
from feeds.monitoring.pulses import beat

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    cache.clear()


@pytest.fixture(autouse=True)
def read_within_the_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another connection does not see what a test has not committed; ``test_jobs`` reads through one."""
    monkeypatch.setattr(exporting, "snapshot", lambda: nullcontext("default"))


@pytest.fixture
def user() -> User:
    return UserFactory()


def ask(user: User, **body: Any) -> dict[str, Any]:
    response = send(user, "exports/", **body)
    assert response.status_code == 202, response.content
    job: dict[str, Any] = response.json()
    assert response.headers["Location"] == f"/api/v1/jobs/{job['id']}/"
    return job


def look(user: User, job: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = send(user, f"jobs/{job['id']}/", "GET").json()
    return found


def fetch(user: User, job: dict[str, Any]) -> Any:
    return send(user, look(user, job)["file"].removeprefix("/api/v1/"), "GET")


def content(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def test_bets_leave_as_a_file_that_a_worker_writes_and_come_back(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "CHUNK", 700)
    imported(user, upload(user))
    beat(name="worker:w1", now=timezone.now())
    job = ask(user)
    assert (job["state"], job["note"], job["file"]) == ("queued", "", None)
    assert run() == 1
    done = look(user, job)
    assert (done["state"], done["rows"], done["written"], done["of"]) == ("done", 2, 2, 2)
    response = fetch(user, job)
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Content-Disposition"].endswith('-json.json"')
    whole = content(response)
    assert (done["size"], done["sha256"]) == (len(whole), hashlib.sha256(whole).hexdigest())
    assert response.headers["Content-Length"] == str(len(whole))
    assert JobChunk.objects.count() == -(-len(whole) // 700) > 1
    assert len(json.loads(whole)["bets"]) == 2
    other = UserFactory()
    assert imported(other, upload(other, whole.decode()))["state"] == "done"
    assert Bet.objects.owned_by(other).count() == 2


def test_a_filter_and_columns_of_a_table_are_honoured(client: Client, user: User) -> None:
    client.force_login(user)
    imported(user, upload(user))
    job = ask(user, format="csv", query="status=won")
    run()
    response = fetch(user, job)
    assert response.headers["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(content(response).decode())))
    assert [row["result"] for row in rows] == ["won"]
    tag = response.headers["ETag"]
    assert tag == f'"{look(user, job)["sha256"]}"'
    for held in (tag, f"W/{tag}"):  # as it arrives gzipped
        again = client.get(response.request["PATH_INFO"], headers={"If-None-Match": held})
        assert again.status_code == 304


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"format": "excel"}, 400, "format"),
        ({"query": "status=fine"}, 422, "query"),
        ({"query": "moon=1"}, 422, "query"),
        ({"query": "x" * 2001}, 400, "query"),
        ({"bets": []}, 400, "bets"),
    ],
)
def test_an_unknown_format_or_filter_is_named(
    user: User, body: dict[str, Any], status: int, field: str
) -> None:
    response = send(user, "exports/", **body)
    assert (response.status_code, response.json()["errors"][0]["field"]) == (status, field)
    assert not Job.objects.exists()


def test_the_same_key_asks_once(user: User) -> None:
    first, second = (send(user, "exports/", key="k") for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert second.headers["Location"] == first.headers["Location"]
    assert Job.objects.count() == 1


def test_five_wait_and_no_more(user: User) -> None:
    for _ in range(5):
        ask(user)
    response = send(user, "exports/")
    assert (response.status_code, response.json()["code"]) == (409, "jobs_full")
    ask(UserFactory())
    assert run() == 6
    ask(user)


def test_a_job_that_nobody_will_do_says_so(user: User) -> None:
    job = ask(user)
    assert "No worker has been heard of" in job["note"]
    assert "No worker has been heard of" in look(user, job)["note"]
    beat(name="worker:w1", now=timezone.now() - dt.timedelta(minutes=4))
    assert "No worker has been heard of" in look(user, job)["note"]
    beat(name="worker:w1", now=timezone.now())
    assert look(user, job)["note"] == ""


@pytest.mark.django_db
def test_a_worker_is_called_once_the_job_is_committed(
    user: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    called: list[str] = []

    def send_task(name: str, **_: object) -> None:
        called.append(name)
        raise OperationalError("Redis is gone")

    monkeypatch.setattr(asking.current_app, "send_task", send_task)
    with django_capture_on_commit_callbacks(execute=True):
        ask(user)
        assert called == []
    assert called == ["bets.jobs.run"]
    assert run() == 1, "the schedule does it where nobody could be called"


def test_there_is_no_file_before_it_is_done_nor_after_it_has_expired(user: User) -> None:
    job = ask(user)
    path = f"jobs/{job['id']}/file/"
    early = send(user, path, "GET")
    assert (early.status_code, early.json()["code"]) == (409, "no_file")
    run()
    assert send(user, path, "GET").status_code == 200
    Job.objects.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    assert look(user, job)["file"] is None
    assert send(user, path, "GET").json()["code"] == "no_file"
    assert forget() == 0, "it may be on its way to somebody"
    assert JobChunk.objects.exists()
    Job.objects.update(expires_at=timezone.now() - asking.LEFT_TO_SEND)
    assert forget() == 1
    assert not JobChunk.objects.exists()
    assert look(user, job)["state"] == "expired"
    assert send(user, path, "GET").json()["code"] == "no_file"


def test_a_file_that_is_deleted_while_it_is_sent_ends_with_a_line_in_the_log(
    user: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(exporting, "CHUNK", 20)
    job = ask(user)
    run()
    pieces = iter(fetch(user, job).streaming_content)
    assert len(next(pieces)) == 20
    JobChunk.objects.all().delete()
    assert list(pieces) == []
    assert "deleted while it was sent" in caplog.text


def test_jobs_of_a_week_ago_are_forgotten_and_those_that_wait_are_not(user: User) -> None:
    long_ago = timezone.now() - dt.timedelta(days=8)
    JobFactory(user=user, done=True, state="expired", created_at=long_ago)
    waiting = JobFactory(user=user, created_at=long_ago)
    assert forget() == 1
    assert list(Job.objects.all()) == [waiting]


def test_the_five_newest_files_are_kept(user: User) -> None:
    jobs = []
    for _ in range(7):
        jobs.append(ask(user))
        run()
    states = [look(user, job)["state"] for job in jobs]
    assert states == ["expired"] * 2 + ["done"] * 5
    assert JobChunk.objects.values("job").distinct().count() == 5


def test_a_file_has_its_bounds(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    bets_of(user, 2)
    monkeypatch.setattr(exporting, "MOST_BYTES", 100)
    job = ask(user)
    run()
    failed = look(user, job)
    assert (failed["state"], failed["problem"]["code"]) == ("failed", "too_large")
    assert not JobChunk.objects.exists(), "a file that was not finished has left pieces"


def test_a_job_is_called_off_and_forgotten(user: User) -> None:
    job = ask(user)
    early = send(user, f"jobs/{job['id']}/", "DELETE")
    assert (early.status_code, early.json()["code"]) == (409, "not_possible")
    told = send(user, f"jobs/{job['id']}/cancel/")
    assert (told.status_code, told.json()["state"]) == (200, "cancelled")
    assert run() == 0
    again = send(user, f"jobs/{job['id']}/cancel/")
    assert (again.status_code, again.json()["code"]) == (409, "not_possible")
    assert send(user, f"jobs/{job['id']}/", "DELETE").status_code == 204
    assert send(user, f"jobs/{job['id']}/", "GET").status_code == 404


def test_a_stranger_sees_and_does_nothing(user: User) -> None:
    job = ask(user)
    run()
    stranger = UserFactory()
    assert send(stranger, "jobs/", "GET").json()["results"] == []
    for method, path in (("GET", ""), ("GET", "file/"), ("POST", "cancel/"), ("DELETE", "")):
        assert send(stranger, f"jobs/{job['id']}/{path}", method).status_code == 404
    assert look(user, job)["state"] == "done"


def test_the_list_is_filtered_in_pages_and_in_few_statements(user: User) -> None:
    for number in range(5):
        at = timezone.now() - dt.timedelta(minutes=number)
        JobFactory(user=user, created_at=at, **({"done": True} if number % 2 else {}))
    first = send(user, "jobs/?limit=2", "GET").json()
    rest = send(user, f"jobs/{first['next'].partition('/jobs/')[2]}", "GET").json()
    times = [row["created_at"] for row in first["results"] + rest["results"]]
    assert times == sorted(times, reverse=True)
    assert len(send(user, "jobs/?state=done", "GET").json()["results"]) == 2
    assert len(send(user, "jobs/?kind=import", "GET").json()["results"]) == 0
    assert send(user, "jobs/?state=lost", "GET").status_code == 400

    def statements() -> int:
        with CaptureQueriesContext(connection) as caught:
            assert send(user, "jobs/", "GET").status_code == 200
        return len(caught)

    few = statements()
    JobFactory.create_batch(20, user=user)
    assert statements() == few


def test_a_filter_whose_words_are_gone_fails_the_job_with_the_reason(user: User) -> None:
    bets = bets_of(user, 1)
    job = ask(user, query=f"bankroll={bets[0].bankroll_id}")
    Job.objects.update(query="bankroll=01a1fbd5-52dd-759d-9a42-33c8b80fcb88")
    run()
    failed = look(user, job)
    assert (failed["state"], failed["problem"]["code"]) == ("failed", "refused")
    assert failed["problem"]["errors"][0]["field"] == "bankroll"


def test_a_fault_of_ours_fails_the_job_without_a_word_of_it(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("the secret is xyzzy")

    monkeypatch.setattr(exporting, "make_room", fail)
    job = ask(user)
    run()
    failed = look(user, job)
    assert (failed["state"], failed["problem"]["code"]) == ("failed", "server_error")
    assert "xyzzy" not in json.dumps(failed)


def test_without_redis_a_job_is_done_all_the_same(user: User) -> None:
    bets_of(user, 1)
    job = ask(user)
    gone = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    with override_settings(CACHES=gone):
        assert run() == 1
    assert look(user, job)["state"] == "done"
