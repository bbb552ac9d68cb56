from __future__ import annotations

import datetime as dt
import io

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from odds.models import OddSnapshot
from odds.partitions import create_months, existing_partitions, month_of, months_ahead, partition_name
from odds.tests.factories import SnapshotFactory

pytestmark = pytest.mark.django_db

MAY = dt.date(2031, 5, 1)
MIDDLE_OF_MAY = dt.datetime(2031, 5, 15, 12, tzinfo=dt.UTC)


def partition_of(snapshot: OddSnapshot) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tableoid::regclass::text FROM odd_snapshots WHERE id = %s", [snapshot.pk])
        (name,) = cursor.fetchone()
    return str(name)


def test_months_ahead_cross_the_year() -> None:
    months = months_ahead(dt.datetime(2026, 11, 30, 23, 59, tzinfo=dt.UTC), count=3)
    assert months == [dt.date(2026, 11, 1), dt.date(2026, 12, 1), dt.date(2027, 1, 1), dt.date(2027, 2, 1)]


def test_a_month_is_the_month_in_utc() -> None:
    late_in_new_york = dt.datetime(2026, 11, 30, 22, tzinfo=dt.timezone(dt.timedelta(hours=-5)))
    assert month_of(late_in_new_york) == dt.date(2026, 12, 1)


def test_a_stray_falls_into_the_default_partition() -> None:
    assert partition_of(SnapshotFactory(timestamp=MIDDLE_OF_MAY)) == "odd_snapshots_default"


def test_rows_of_a_created_month_go_there_and_its_borders_are_half_open() -> None:
    assert create_months([MAY]) == [partition_name(MAY)]
    first = SnapshotFactory(timestamp=dt.datetime(2031, 5, 1, tzinfo=dt.UTC))
    after = SnapshotFactory(timestamp=dt.datetime(2031, 6, 1, tzinfo=dt.UTC))
    assert partition_of(first) == "odd_snapshots_2031_05"
    assert partition_of(after) == "odd_snapshots_default"


def test_creating_a_month_twice_changes_nothing() -> None:
    assert create_months([MAY, MAY])
    before = existing_partitions()
    assert create_months([MAY]) == []
    assert existing_partitions() == before


def test_strays_move_out_of_the_default_partition_when_their_month_is_created() -> None:
    stray, other = (
        SnapshotFactory(timestamp=MIDDLE_OF_MAY),
        SnapshotFactory(timestamp=MIDDLE_OF_MAY.replace(month=6)),
    )
    create_months([MAY])
    assert partition_of(stray) == "odd_snapshots_2031_05"
    assert partition_of(other) == "odd_snapshots_default"
    stray.refresh_from_db()
    assert stray.price == -110


def test_a_new_partition_refuses_update_and_delete_like_the_others() -> None:
    stray = SnapshotFactory(timestamp=MIDDLE_OF_MAY)
    create_months([MAY])
    for statement in (
        "UPDATE odd_snapshots SET price = 200 WHERE id = %s",
        "DELETE FROM odd_snapshots WHERE id = %s",
    ):
        with (
            pytest.raises(IntegrityError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement, [stray.pk])


def test_a_new_partition_has_the_indexes_and_keys_of_its_parent() -> None:
    create_months([MAY])
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_inherits i JOIN pg_index x ON x.indexrelid = i.inhrelid "
            "WHERE x.indrelid = 'odd_snapshots_2031_05'::regclass"
        )
        (indexes,) = cursor.fetchone()
        cursor.execute(
            "SELECT contype::text FROM pg_constraint "
            "WHERE conrelid = 'odd_snapshots_2031_05'::regclass AND contype IN ('c', 'f', 'p')"
        )
        kinds = sorted(kind for (kind,) in cursor.fetchall())
    assert indexes == 1
    assert kinds == ["c", "c", "f", "f", "p"]


def test_the_command_creates_months_ahead_and_says_so() -> None:
    out = io.StringIO()
    call_command("create_partitions", ahead=5, stdout=out)
    assert "Created" in out.getvalue()
    again = io.StringIO()
    call_command("create_partitions", ahead=5, stdout=again)
    assert again.getvalue() == "Every partition is there already.\n"


@pytest.mark.parametrize("ahead", [-1, 121])
def test_the_command_refuses_a_senseless_number_of_months(ahead: int) -> None:
    with pytest.raises(CommandError, match="--ahead must be between 0 and 120"):
        call_command("create_partitions", ahead=ahead)
