"""The public status page, its feeds and its JSON: true, bounded, without names of people or hosts."""

from __future__ import annotations

import datetime as dt
import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from feeds.models import Flip, Monitor
from feeds.monitoring import page
from feeds.monitoring.page import DAYS, forget_page, read_page, status_page
from feeds.monitoring.transitions import VOUCHED, Status
from feeds.tests.factories import FlipFactory, IncidentFactory, IncidentNoteFactory, MonitorFactory

pytestmark = pytest.mark.django_db
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def fresh() -> None:
    forget_page()


def thing(status: str = "up", *, now: dt.datetime | None = None, **fields: Any) -> Monitor:
    """A monitor watched for a hundred days, up since, and looked at just now."""
    now = now or timezone.now()
    begun = now - 100 * DAY
    made: Monitor = MonitorFactory(status=status, created_at=begun, checked_at=now, **fields)
    FlipFactory(monitor=made, at=begun, old="unknown", new="up")
    if status != "up":
        FlipFactory(monitor=made, at=now - HOUR, old="up", new=status)
    return made


def test_a_fresh_installation_has_a_page_that_says_so(client: Client) -> None:
    answer = client.get("/status/")
    assert answer.status_code == 200
    assert "Nothing has been watched yet" in answer.content.decode()
    assert client.get("/api/v1/status/").json()["status"] == "unknown"


def test_everything_works(client: Client) -> None:
    thing(name="NBA", group="Prices")
    text = client.get("/status/").content.decode()
    assert "Everything works" in text
    assert "<b>100 %</b> up" in text
    assert 'aria-label="NBA, 90 days: 100 % up of 90 d known, on no day down."' in text
    assert text.count('<rect class="up"') == DAYS + 1  # and one in the key


def test_what_is_down_is_named_with_its_reason(client: Client) -> None:
    thing(name="NBA", group="Prices")
    thing("down", name="ESPN", group="Data providers", reason="it does not answer")
    text = client.get("/status/").content.decode()
    assert "1 of 2 is down" in text
    assert "Data providers: ESPN, it does not answer" in text
    body = client.get("/api/v1/status/").json()
    assert body["status"] == "down"
    [espn] = [one for one in body["monitors"] if one["name"] == "ESPN"]
    assert (espn["status"], espn["reason"]) == ("down", "it does not answer")
    assert espn["periods"][0]["down_seconds"] == pytest.approx(3600, abs=2)


def test_a_watcher_that_is_away_makes_it_unknown_whatever_was_before(client: Client) -> None:
    now = timezone.now()
    thing(now=now - 2 * HOUR)
    text = client.get("/status/").content.decode()
    assert "The watcher itself is away" in text
    [row] = read_page(now=now).monitors
    assert row.status is Status.UNKNOWN
    assert row.periods["24 hours"].unknown == 2 * HOUR - VOUCHED
    assert row.periods["24 hours"].up == 22 * HOUR + VOUCHED


def test_uptime_counts_neither_unknown_nor_maintenance() -> None:
    now = timezone.now()
    made = MonitorFactory(status="up", created_at=now - 10 * DAY, checked_at=now)
    for ago, old, new in (
        (10 * DAY, "unknown", "up"), (8 * DAY, "up", "unknown"), (6 * DAY, "unknown", "down"),
        (5 * DAY, "down", "maintenance"), (2 * DAY, "maintenance", "up"),
    ):  # fmt: skip
        FlipFactory(monitor=made, at=now - ago, old=old, new=new)
    sums = read_page(now=now).monitors[0].whole
    assert (sums.up, sums.down, sums.maintenance, sums.unknown) == (4 * DAY, DAY, 3 * DAY, 2 * DAY)
    assert (sums.uptime, sums.coverage) == (pytest.approx(4 / 5), pytest.approx(8 / 90))


def test_statements_and_rows_do_not_grow_with_flips_of_long_ago() -> None:
    now = timezone.now()
    made = thing(now=now)
    IncidentNoteFactory(incident=IncidentFactory(monitor=made, started_at=now - DAY, resolved_at=now))

    def statements() -> tuple[int, list[str]]:
        with CaptureQueriesContext(connection) as seen:
            read_page(now=now)
        return len(seen), [one["sql"] for one in seen.captured_queries]

    before, _ = statements()
    assert before == 4
    flips = [
        Flip(
            monitor=made, at=now - 91 * DAY - n * MINUTE, noticed_at=now - 91 * DAY, reason="x",
            old="up" if n % 2 else "down", new="down" if n % 2 else "up",
        )
        for n in range(3_000)
    ]  # fmt: skip
    Flip.objects.bulk_create(flips)
    for n in range(40):
        IncidentFactory(monitor=made, started_at=now - (100 + n) * DAY, resolved_at=now - (99 + n) * DAY)
    after, sql = statements()
    assert after == before
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE flips")
        [reading] = [one for one in sql if 'FROM "flips"' in one]
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {reading}")
        plan = cursor.fetchone()[0][0]["Plan"]
    assert "flips_in_time" in str(plan)
    assert plan["Actual Rows"] == 0


def test_the_page_is_kept_for_half_a_minute_and_told_anew_after_a_note(
    client: Client, admin_client: Client
) -> None:
    now = timezone.now()
    incident = IncidentFactory(monitor=thing("down"), started_at=now - HOUR)
    assert status_page().incidents[0].notes == []
    with CaptureQueriesContext(connection) as seen:
        status_page()
    assert len(seen) == 0
    form = {
        "notes-TOTAL_FORMS": "1", "notes-INITIAL_FORMS": "0", "notes-0-text": "We are on it.", "notes-0-incident": incident.pk,
    }  # fmt: skip
    answer = admin_client.post(reverse("admin:feeds_incident_change", args=[incident.pk]), form)
    assert answer.status_code == 302
    assert "We are on it." in client.get("/status/").content.decode()
    assert client.get("/api/v1/status/").json()["incidents"][0]["notes"][0]["text"] == "We are on it."


def test_only_staff_write_notes(client: Client, django_user_model: Any) -> None:
    incident = IncidentFactory()
    client.force_login(django_user_model.objects.create_user(username="ann", email="ann@example.org"))
    address = reverse("admin:feeds_incident_change", args=[incident.pk])
    assert client.post(address, {"notes-0-text": "x"}).status_code in (302, 403, 404)
    assert incident.notes.count() == 0


def test_a_note_cannot_bring_markup_in(client: Client) -> None:
    incident = IncidentFactory(monitor=thing("down"), started_at=timezone.now() - HOUR)
    IncidentNoteFactory(incident=incident, text="<script>alert(1)</script>\nNext line.")
    text = client.get("/status/").content.decode()
    assert "<script>alert" not in text
    assert "&lt;script&gt;" in text
    assert "Next line." in text


@pytest.mark.parametrize("kind", ["rss", "atom"])
def test_a_feed_tells_incidents_with_their_notes(client: Client, kind: str) -> None:
    now = timezone.now()
    incident = IncidentFactory(monitor=thing("down", name="ESPN"), started_at=now - HOUR)
    IncidentNoteFactory(incident=incident, at=now, text="Theirs, not ours.")
    answer = client.get(f"/status/feed.{kind}")
    text = answer.content.decode()
    ET.fromstring(text)  # noqa: S314 - our own
    assert answer.headers["Content-Type"].startswith(f"application/{kind}+xml")
    assert "ESPN: down" in text
    assert "Theirs, not ours." in text
    assert f"/status/incidents/{incident.pk}/" in text


@pytest.mark.parametrize("kind", ["rss", "atom"])
def test_a_feed_can_be_read_whatever_was_pasted_into_a_note(client: Client, kind: str) -> None:
    incident = IncidentFactory(monitor=thing("down"), started_at=timezone.now() - HOUR)
    IncidentNoteFactory(incident=incident, at=timezone.now(), text="A line\x0bbreak.")
    text = client.get(f"/status/feed.{kind}").content.decode()
    ET.fromstring(text)  # noqa: S314 - our own
    assert "A line break." in text


def test_each_incident_has_a_page_and_all_have_a_list(client: Client) -> None:
    incidents = [IncidentFactory(resolved_at=timezone.now()) for _ in range(31)]
    assert client.get(f"/status/incidents/{incidents[0].pk}/").status_code == 200
    assert client.get("/status/incidents/01a1fbd5-52dd-759d-9a42-33c8b80fcb88/").status_code == 404
    first, second = (client.get(f"/status/incidents/?page={n}").content.decode() for n in (1, 2))
    assert (first.count("<article"), second.count("<article")) == (30, 1)


def test_the_list_of_incidents_asks_the_same_however_many(client: Client) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as seen:
            client.get("/status/incidents/")
        return len(seen)

    for _ in range(2):
        IncidentNoteFactory(incident=IncidentFactory(resolved_at=timezone.now()))
    few = statements()
    for _ in range(20):
        IncidentNoteFactory(incident=IncidentFactory(resolved_at=timezone.now()))
    assert statements() == few


def test_the_page_has_no_address_of_a_person_or_server(client: Client, settings: Any) -> None:
    settings.ALERT_EMAILS = ["ops@example.org"]
    IncidentNoteFactory(incident=IncidentFactory(monitor=thing("down"), started_at=timezone.now() - HOUR))
    for path in ("/status/", "/status/feed.rss", "/api/v1/status/", "/status/incidents/"):
        text = client.get(path).content.decode()
        assert "@" not in re.sub(r"@(import|media)", "", text), path
        outside = set(re.findall(r"https?://([^/\"'<\s]+)", text)) - {
            "testserver", "www.w3.org", "127.0.0.1:8000", "www.gamblersanonymous.org", "www.gamblingtherapy.org",
        }  # fmt: skip
        assert not outside, path


def test_without_redis_the_page_is_kept_by_its_process(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise ConnectionError("redis is away")

    thing(name="NBA")
    for name in ("get", "set", "get_many", "add", "delete"):
        monkeypatch.setattr(cache, name, away)
    for _ in range(2):
        answer = client.get("/status/")
        assert answer.status_code == 200
        assert "Everything works" in answer.content.decode()
    with CaptureQueriesContext(connection) as seen:
        page.status_page()
    assert len(seen) == 0


def test_the_footer_leads_to_it(client: Client) -> None:
    assert 'href="/status/"' in client.get("/").content.decode()
