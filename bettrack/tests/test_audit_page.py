"""The staff page of the trail."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.audit import context
from accounts.audit.trail import Asked, events, page_of
from accounts.models import User
from accounts.tests.factories import AuditEventFactory, UserFactory
from games.models import Team
from games.tests.factories import TeamFactory

pytestmark = pytest.mark.django_db
PAGE = "/trail/"
MANY = """
    INSERT INTO pghistory_context (id, created_at, updated_at, metadata)
    SELECT gen_random_uuid(), now(), now(),
           jsonb_build_object('user', gen_random_uuid(), 'address', format('10.%s.%s.9', n / 200, n % 200))
    FROM generate_series(1, 5000) n;
    INSERT INTO audit_events (at, kind, action, object_id, row_count, context_id)
    SELECT now(), 'teams', 'update', c.id, 1, c.id FROM pghistory_context c;
    ANALYZE pghistory_context; ANALYZE audit_events
"""
"""A trail long enough that a plan without an index would be dear."""


@pytest.fixture
def clerk(client: Client) -> User:
    """Staff who may read the trail, signed in."""
    made: User = UserFactory(is_staff=True, username="clerk")
    made.user_permissions.add(Permission.objects.get(codename="view_auditevent"))
    client.force_login(made)
    return made


def page(client: Client, status: int = 200, **query: Any) -> str:
    answer = client.get(PAGE, query)
    assert answer.status_code == status
    return str(answer.content.decode())


def rename(name: str, **origin: Any) -> Team:
    team = TeamFactory(name=f"Before {name}")
    with context.origin(**origin):
        Team.objects.filter(pk=team.pk).update(name=name)
    return team


@pytest.mark.parametrize("path", ["/trail/", "/trail/trail.csv"])
class TestWhoMayRead:
    def test_a_stranger_signs_in_first(self, client: Client, path: str) -> None:
        assert client.get(path).headers["Location"].startswith("/accounts/login/")

    @pytest.mark.parametrize("how", [{}, {"is_staff": True}])
    def test_neither_a_person_nor_staff_without_the_permission(
        self, client: Client, path: str, how: dict[str, bool]
    ) -> None:
        client.force_login(UserFactory(**how))
        assert client.get(path).status_code == 403

    def test_nor_who_has_the_permission_and_is_no_staff(self, client: Client, clerk: User, path: str) -> None:
        User.objects.filter(pk=clerk.pk).update(is_staff=False)
        assert client.get(path).status_code == 403

    def test_it_is_only_read(self, client: Client, clerk: User, path: str) -> None:
        assert client.post(path).status_code == 405


class TestThePage:
    def test_a_change_is_told_in_words(self, client: Client, clerk: User) -> None:
        boss = UserFactory(username="boss")
        rename(
            "Thunder",
            user=str(boss.pk),
            address="203.0.113.9",
            method="POST",
            path="/admin/games/team/7/change/",
        )
        text = page(client, kind="teams", action="update")
        for told in ("Before Thunder", "Thunder", "boss", "203.0.113.9", "POST /admin/games/team/7/change/"):
            assert told in text

    def test_what_is_written_is_shown_as_text(self, client: Client, clerk: User) -> None:
        rename("<script>alert(1)</script>", command="<b>", os_user="root")
        text = page(client)
        assert "<script>alert" not in text
        assert "command &lt;b&gt;" in text

    def test_nothing_found_is_said(self, client: Client, clerk: User) -> None:
        assert "Nothing found" in page(client, kind="webhooks")

    def test_what_cannot_be_read_is_named(self, client: Client, clerk: User) -> None:
        page(client, status=422, address="fe80::1%eth0")
        text = page(
            client, status=422, who="nobody", address="somewhere", since="2026-13-01", kind="sessions"
        )
        assert "There is no account “nobody”" in text
        assert "Write an address or a network" in text
        assert "Enter a valid date/time" in text
        assert "sessions is not one of the available choices" in text

    @pytest.mark.parametrize("after", ["x", "2026-11-20T12:00:00~1", "2026-11-20T12:00:00+00:00~-1"])
    def test_a_place_that_is_none(self, client: Client, clerk: User, after: str) -> None:
        assert client.get(PAGE, {"after": after}).status_code == 400

    def test_pages_follow_each_other_without_gap_or_repetition(self, client: Client, clerk: User) -> None:
        made = [AuditEventFactory(object_id=f"x{n // 60}").pk for n in range(120)]  # all at one instant
        seen: list[int] = []
        place = None
        while True:
            rows, place = page_of(Asked(kind="teams"), place)
            seen += [row.pk for row in rows]
            if place is None:
                break
        assert seen == made[::-1]
        text = page(client, kind="teams")
        assert 'rel="next"' in text

    def test_statements_do_not_grow_with_the_page(self, client: Client, clerk: User) -> None:
        for n in range(3):
            rename(f"Team of {n}", user=str(UserFactory().pk), address="203.0.113.9")
        with CaptureQueriesContext(connection) as few:
            page(client)
        for n in range(60):
            rename(f"Other {n}", user=str(UserFactory().pk), address="203.0.113.9")
        with CaptureQueriesContext(connection) as many:
            page(client)
        assert len(many) == len(few)
        assert len([one for one in many if "audit_events" in one["sql"]]) == 1

    def test_the_admins_history_leads_here(self, client: Client) -> None:
        client.force_login(UserFactory(staff=True))
        team = TeamFactory()
        history = client.get(reverse("admin:games_team_history", args=[team.pk])).content.decode()
        assert f"/trail/?object={team.pk}" in history


class TestFilters:
    @pytest.fixture(autouse=True)
    def world(self, clerk: User) -> None:
        self.ada = UserFactory(username="ada")
        self.first = rename("One", user=str(self.ada.pk), address="203.0.113.9")
        self.second = rename("Two", address="2001:db8::7")
        self.third = rename("Three", task="odds.tasks.pull_due_odds", task_id="1")
        User.objects.filter(pk=self.ada.pk).update(time_zone="Europe/Paris")

    def found(self, **asked: Any) -> list[str]:
        from ipaddress import ip_network

        if "network" in asked:
            asked["network"] = ip_network(asked["network"])
        return [event.object_id for event in events(Asked(action="update", **asked))]

    def test_each_lets_through_what_fits(self) -> None:
        ones, twos, threes = (str(team.pk) for team in (self.first, self.second, self.third))
        ada = str(self.ada.pk)
        assert self.found(person=self.ada.pk, role="by") == [ones]
        assert self.found(person=self.ada.pk, role="about") == [ada]
        assert self.found(person=self.ada.pk) == [ada, ones]
        assert self.found(network="203.0.113.0/24") == [ones]
        assert self.found(network="2001:db8::/32") == [twos]
        assert self.found(work="odds.tasks.pull_due_odds") == [threes]
        assert self.found(kind="teams") == [threes, twos, ones]
        assert self.found(object_id=twos) == [twos]
        now = timezone.now()
        assert self.found(since=now + dt.timedelta(hours=1)) == []
        assert len(self.found(since=now - dt.timedelta(hours=1), until=now + dt.timedelta(hours=1))) == 4
        assert self.found(until=now - dt.timedelta(hours=1)) == []

    def test_the_page_takes_them_all(self, client: Client) -> None:
        text = page(
            client,
            who="ada",
            role="by",
            kind="teams",
            action="update",
            address="203.0.113.9",
            since="2020-01-01T00:00",
        )
        assert "Before One" in text
        assert "Before Two" not in text

    @pytest.mark.parametrize(
        ("asked", "index"),
        [
            ("person", "audit_context_user"),
            ("network", "audit_context_address"),
            ("object_id", "audit_event_object"),
        ],
    )
    def test_each_can_go_by_an_index(self, asked: str, index: str) -> None:
        from ipaddress import ip_network

        given: Any = {"person": self.ada.pk, "network": ip_network("203.0.113.0/24"), "object_id": "7"}[asked]
        with connection.cursor() as cursor:
            cursor.execute(MANY)
        query = events(Asked(**{asked: given}, role="by"))
        plan = query.explain()
        assert index in plan

    def test_a_file_has_the_same_and_holds_no_formula(self, client: Client) -> None:
        rename("=1+1", command="=cmd", os_user="root")
        answer = client.get("/trail/trail.csv", {"kind": "teams", "action": "update"})
        text = b"".join(answer.streaming_content).decode()
        rows = list(csv.DictReader(io.StringIO(text)))
        assert [row["command"] for row in rows] == ["'=cmd", "", "", ""]
        assert rows[0]["after"] == '{"name": "=1+1"}'
        assert rows[3]["who"] == "ada"
        assert rows[3]["address"] == "203.0.113.9"
