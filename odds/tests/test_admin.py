from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.tests.factories import UserFactory
from games.models import Game
from games.tests.factories import GameFactory
from odds.admin import EstimatingPaginator, estimated_rows
from odds.models import OddSnapshot
from odds.tests.factories import (
    BookmakerFactory,
    CurrentOddsFactory,
    HeartbeatFactory,
    SelectionFactory,
    SnapshotFactory,
)

pytestmark = pytest.mark.django_db

LISTS = ["bookmaker", "selection", "oddsnapshot", "currentodds", "heartbeat"]
READ_ONLY = LISTS[1:]


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


def fill(count: int) -> None:
    now = timezone.now()
    for _ in range(count):
        game: Game = GameFactory()
        book = BookmakerFactory()
        prop = SelectionFactory(game=game, market="player_points", participant="LeBron James", side="over")
        SnapshotFactory(selection=SelectionFactory(game=game), bookmaker=book, timestamp=now)
        SnapshotFactory(selection=prop, bookmaker=book, timestamp=now, point="25.5")
        CurrentOddsFactory(selection=prop, bookmaker=book, timestamp=now, point="25.5")
        HeartbeatFactory(game=game, bookmaker=book, seen_at=now)


def changelist(name: str) -> str:
    return reverse(f"admin:odds_{name}_changelist")


@pytest.mark.parametrize("name", LISTS)
def test_a_changelist_takes_as_many_statements_for_one_row_as_for_many(staff: Client, name: str) -> None:
    fill(1)
    staff.get(changelist(name))
    with CaptureQueriesContext(connection) as few:
        assert staff.get(changelist(name)).status_code == 200
    fill(6)
    with CaptureQueriesContext(connection) as many:
        assert staff.get(changelist(name)).status_code == 200
    assert len(many) == len(few)
    assert len(many) <= 9


def test_the_snapshots_list_shows_the_price_flat(staff: Client) -> None:
    fill(1)
    page = staff.get(changelist("oddsnapshot")).content.decode()
    for text in ("Player points", "LeBron James", "points", "Over", "−110", "25.5"):
        assert text in page


def test_the_snapshots_list_never_counts_the_whole_table(staff: Client) -> None:
    fill(1)
    with CaptureQueriesContext(connection) as queries:
        staff.get(changelist("oddsnapshot"), {"within": "all"})
    counts = [
        query["sql"] for query in queries if "COUNT(" in query["sql"] and "odd_snapshots" in query["sql"]
    ]
    assert counts
    assert all("LIMIT 10000" in sql for sql in counts)


def test_a_large_table_is_estimated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("odds.admin.estimated_rows", lambda model: 1_234_567)
    assert EstimatingPaginator(OddSnapshot.objects.all(), 50).count == 1_234_567
    assert EstimatingPaginator(OddSnapshot.objects.filter(price=100), 50).count == 0


def test_the_estimate_adds_up_the_partitions() -> None:
    SnapshotFactory()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE odd_snapshots")
    assert estimated_rows(OddSnapshot) >= 1


def test_the_snapshots_list_starts_with_the_last_day(staff: Client) -> None:
    SnapshotFactory(timestamp=timezone.now() - timedelta(days=2))
    url = changelist("oddsnapshot")
    assert staff.get(url).context["cl"].result_count == 0
    assert staff.get(url, {"within": "all"}).context["cl"].result_count == 1


@pytest.mark.parametrize("name", READ_ONLY)
def test_prices_cannot_be_added_by_hand(staff: Client, name: str) -> None:
    assert staff.get(reverse(f"admin:odds_{name}_add")).status_code == 403


def test_a_bookmaker_is_edited_but_keeps_its_key(staff: Client) -> None:
    book = BookmakerFactory(key="draftkings", title="DK")
    data = {"title": "DraftKings", "key": "other", "commission": "0", "sharpness": "1", "active": "on"}
    answer = staff.post(reverse("admin:odds_bookmaker_change", args=[book.pk]), data)
    assert answer.status_code == 302
    book.refresh_from_db()
    assert (book.key, book.title) == ("draftkings", "DraftKings")


def test_a_bookmaker_is_not_deleted_by_hand(staff: Client) -> None:
    book = BookmakerFactory()
    assert staff.post(reverse("admin:odds_bookmaker_delete", args=[book.pk])).status_code == 403


@pytest.mark.parametrize("name", LISTS)
def test_a_stranger_is_sent_to_sign_in(client: Client, name: str) -> None:
    assert client.get(changelist(name)).status_code == 302
