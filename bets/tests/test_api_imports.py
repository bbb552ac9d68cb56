"""Bets in from files and out as files, by the API."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.models import User
from accounts.tests.factories import ApiKeyFactory, UserFactory, text_of
from bets import ledger
from bets.imports.progress import note_progress
from bets.imports.rows import MAX_BYTES
from bets.jobs import running
from bets.jobs.tasks import run
from bets.models import Bankroll, Bet, ImportBatch
from bets.tests.factories import funded_bankroll

pytestmark = pytest.mark.django_db
HEADER = "date,book,selection,stake,odds,result\n"
FILE = HEADER + "2026-11-13,draftkings,Celtics,25,-110,won\n2026-11-14,fanduel,Lakers,10,+150,lost\n"


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    cache.clear()


@pytest.fixture
def user() -> User:
    return UserFactory()


def send(user: User, path: str, method: str = "POST", key: str | None = None, **body: Any) -> Any:
    made = ApiKeyFactory(user=user, scopes=["bets:write", "bets:read"])
    headers = {"Authorization": f"Bearer {text_of(made)}"} | ({"Idempotency-Key": key} if key else {})
    text = json.dumps(body) if method != "GET" else ""
    return Client(headers=headers).generic(method, f"/api/v1/{path}", text, content_type="application/json")


def upload(user: User, content: str = FILE, **body: Any) -> str:
    response = send(user, "imports/", file_name="bets.csv", content=content, **body)
    assert response.status_code == 201, response.content
    assert response.json()["state"] == "draft"
    return str(response.json()["id"])


def imported(user: User, draft: str) -> Any:
    """The job of an import once a worker has done it."""
    response = send(user, f"imports/{draft}/commit/")
    assert response.status_code == 202, response.content
    run()
    return send(user, response.headers["Location"].removeprefix("/api/v1/"), "GET").json()


def test_a_file_is_looked_at_imported_and_taken_back(user: User) -> None:
    draft = upload(user)
    assert send(user, f"imports/{draft}/plan/", "GET").json() == {
        "format": "generic", "rows": 2, "add": 2, "settle": 0, "known": 0, "refuse": 0,
    }  # fmt: skip
    rows = send(user, f"imports/{draft}/rows/", "GET").json()["results"]
    assert [(row["line"], row["fate"], row["odds"], row["status"]) for row in rows] == [
        (2, "add", "-110", "won"),
        (3, "add", "150", "lost"),
    ]
    assert not Bet.objects.exists(), "looking has written something"
    assert imported(user, draft)["state"] == "done"
    done = send(user, f"imports/{draft}/", "GET").json()
    assert (done["state"], done["added"]) == ("committed", 2)
    assert Bet.objects.owned_by(user).count() == 2
    bankroll = Bankroll.objects.get(user=user)
    assert ledger.balance(bankroll) == Decimal("12.73")
    undone = send(user, f"imports/{draft}/undo/").json()
    assert undone["state"] == "undone"
    assert ledger.balance(bankroll) == 0
    again = send(user, f"imports/{draft}/undo/")
    assert (again.status_code, again.json()["code"]) == (409, "not_possible")


def test_rows_that_cannot_be_read_are_refused_with_the_reason(user: User) -> None:
    draft = upload(user, FILE + "2026-11-15,dk,Bulls,none,-110,won\n")
    plan = send(user, f"imports/{draft}/plan/", "GET").json()
    assert (plan["rows"], plan["add"], plan["refuse"]) == (3, 2, 1)
    row = send(user, f"imports/{draft}/rows/", "GET").json()["results"][-1]
    assert (row["line"], row["fate"]) == (4, "refuse")
    assert "stake" in row["reason"].lower()


def test_a_file_of_two_meanings_asks_and_is_told(user: User) -> None:
    draft = upload(user, HEADER + "03/04/2026,dk,Celtics,25,-110,won\n")
    for path in ("plan/", "rows/"):
        response = send(user, f"imports/{draft}/{path}", "GET")
        assert (response.status_code, response.json()["code"]) == (409, "file_unreadable")
        assert response.json()["errors"][0]["field"] == "dates"
    job = imported(user, draft)
    assert (job["state"], job["problem"]["code"]) == ("failed", "file_unreadable")
    assert job["problem"]["errors"][0]["field"] == "dates"
    assert send(user, f"imports/{draft}/", "PATCH", dates="mdy").status_code == 200
    row = send(user, f"imports/{draft}/rows/", "GET").json()["results"][0]
    assert row["placed_at"].startswith("2026-03-04")


def test_bets_go_into_the_bankroll_that_is_named(user: User) -> None:
    bankroll = funded_bankroll("100", user=user, kind="real")
    draft = upload(user, bankroll_id=str(bankroll.pk))
    imported(user, draft)
    assert Bet.objects.filter(bankroll=bankroll).count() == 2
    other = funded_bankroll("100")
    response = send(user, "imports/", file_name="b.csv", content=FILE, bankroll_id=str(other.pk))
    assert response.json()["errors"][0]["field"] == "bankroll_id"


def test_the_same_key_imports_once_and_the_same_file_adds_nothing(user: User) -> None:
    draft = upload(user)
    first, second = (send(user, f"imports/{draft}/commit/", key="k") for _ in range(2))
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert run() == 1
    plan = send(user, f"imports/{upload(user)}/plan/", "GET").json()
    assert (plan["known"], plan["add"]) == (2, 0)
    assert Bet.objects.count() == 2


def test_what_is_imported_is_no_draft_any_more(user: User) -> None:
    draft = upload(user)
    imported(user, draft)
    for method, path in (("GET", "plan/"), ("PATCH", ""), ("DELETE", ""), ("POST", "commit/")):
        response = send(user, f"imports/{draft}/{path}", method)
        assert (response.status_code, response.json()["code"]) == (409, "not_possible")


def test_how_far_an_import_is_is_told(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    draft, told = upload(user), []
    job = send(user, f"imports/{draft}/commit/").json()
    assert (job["state"], job["written"], job["of"], job["import_id"]) == ("queued", 0, 0, draft)

    def look(job_id: object, written: int, of: int) -> None:
        note_progress(job_id, written, of)  # type: ignore[arg-type] # the id of a job
        row = send(user, f"jobs/{job_id}/", "GET").json()
        told.append((row["state"], row["written"], row["of"]))

    monkeypatch.setattr(running, "note_progress", look)
    run()
    assert told == [("running", 0, 0), ("running", 2, 2)]
    cache.clear()
    done = send(user, f"jobs/{job['id']}/", "GET").json()
    assert (done["state"], done["written"], done["of"]) == ("done", 2, 2)


def test_how_far_a_job_came_that_was_called_off_is_told(user: User) -> None:
    job = send(user, f"imports/{upload(user)}/commit/").json()
    note_progress(job["id"], 500, 900)
    told = send(user, f"jobs/{job['id']}/cancel/").json()
    assert (told["state"], told["written"], told["of"]) == ("cancelled", 500, 900)


def test_a_file_that_is_being_imported_stays_as_it_is(user: User) -> None:
    draft = upload(user)
    job = send(user, f"imports/{draft}/commit/").json()
    for method, path in (("PATCH", ""), ("DELETE", ""), ("POST", "commit/")):
        response = send(user, f"imports/{draft}/{path}", method)
        assert (response.status_code, response.json()["code"]) == (409, "not_possible"), path
    other = send(user, "imports/", file_name="other.csv", content=FILE)
    assert (other.status_code, other.json()["code"]) == (409, "not_possible")
    assert "last file" in other.json()["detail"]
    assert send(user, f"jobs/{job['id']}/cancel/").json()["state"] == "cancelled"
    assert run() == 0
    assert not Bet.objects.exists()
    assert imported(user, draft)["state"] == "done"


def test_a_file_is_forgotten(user: User) -> None:
    draft = upload(user)
    assert send(user, f"imports/{draft}/", "DELETE").status_code == 204
    assert not ImportBatch.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"content": ""}, "content"),
        ({"content": "x" * (MAX_BYTES + 1)}, "content"),
        ({"content": "a\0b"}, "content"),
        ({"format": "excel"}, "format"),
        ({"time_zone": "Mars/Base"}, "time_zone"),
        ({"columns": {"moon": "x"}}, "columns.moon"),
        ({"columns": {"odds": 5}}, "columns.odds"),
        ({"file": "x"}, "file"),
    ],
)
def test_a_wrong_field_is_named(user: User, body: dict[str, Any], field: str) -> None:
    response = send(user, "imports/", **({"file_name": "b.csv", "content": FILE} | body))
    assert response.status_code == (422 if field == "time_zone" else 400), response.content
    assert response.json()["errors"][0]["field"] == field
    assert not ImportBatch.objects.exists()


def test_a_body_larger_than_any_file_is_refused_unread(user: User) -> None:
    response = send(user, "imports/", file_name="b.csv", content="x" * (2 * MAX_BYTES + 1))
    assert (response.status_code, response.json()["code"]) == (413, "too_large")
    other = send(user, "bankrolls/", name="x" * 3_000_000)
    assert (other.status_code, other.json()["code"]) == (413, "too_large")
