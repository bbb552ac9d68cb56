from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from bettrack.database import maintenance
from bettrack.database.maintenance import MaintenanceError, check_room, planned
from bettrack.management.commands import maintain
from bettrack.tests.test_database_report import other_connection
from games.tests.factories import SportFactory
from odds.partitions import existing_partitions


@pytest.mark.django_db(transaction=True)
def test_dead_rows_go_and_statistics_come() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE heap_of_dead AS SELECT n FROM generate_series(1, 5000) n")
        cursor.execute("DELETE FROM heap_of_dead WHERE n > 10")
    try:
        out = StringIO()
        call_command("maintain", "--table", "heap_of_dead", stdout=out)
        assert "1 of 1 tables done" in out.getvalue()
        with connection.cursor() as cursor:
            cursor.execute("SELECT reltuples::int, relpages FROM pg_class WHERE relname = 'heap_of_dead'")
            assert cursor.fetchone()[0] == 10
            cursor.execute("SELECT current_setting('lock_timeout')")
            assert cursor.fetchone() == ("0",)
        call_command("maintain", "--table", "heap_of_dead", "--full", "--yes", stdout=out, stderr=out)
        assert "locks each of 1 tables" in out.getvalue()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE heap_of_dead")


@pytest.mark.django_db(transaction=True)
def test_everything_is_done_and_the_coming_months_get_their_place() -> None:
    with connection.cursor() as cursor:
        newest = max(existing_partitions() - {"odd_snapshots_default"}, default=None)
        if newest:
            cursor.execute(f'DROP TABLE "{newest}"')
    out = StringIO()
    call_command("maintain", stdout=out)
    assert "Made room in the archive: odd_snapshots_" in out.getvalue()
    assert "tables done" in out.getvalue()


@pytest.mark.django_db(transaction=True)
def test_a_locked_table_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintenance, "LOCK_WAIT", "50ms")
    SportFactory()
    err = StringIO()
    with other_connection() as holder:
        holder.execute("LOCK TABLE sports IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(CommandError, match="1 tables were left out"):
            call_command("maintain", "--table", "sports", stdout=StringIO(), stderr=err)
    assert "sports: left out, something held a lock on it for 50ms" in err.getvalue()


@pytest.mark.django_db
def test_a_partitioned_table_stands_for_its_partitions() -> None:
    plan = planned(["odd_snapshots"], is_full=False, using="default")
    names = [target.name for target in plan.targets]
    assert "odd_snapshots_default" in names
    assert names[-1] == "odd_snapshots"
    assert all(name.startswith("odd_snapshots") for name in names)


@pytest.mark.django_db
def test_a_table_that_is_not_there_is_named() -> None:
    with pytest.raises(MaintenanceError, match="no table nowhere"):
        planned(["sports", "nowhere"], is_full=False, using="default")


@pytest.mark.django_db
def test_full_is_refused_where_the_disk_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(maintain, "free_space", lambda *, using: 1024)
    with pytest.raises(CommandError, match=r"that needs .+, and 1\.0 kB are free"):
        call_command("maintain", "--full", "--yes", "--table", "sports", stdout=StringIO())
    plan = planned(["sports"], is_full=True, using="default")
    check_room(plan, free=plan.needed)
    check_room(plan, free=None)


@pytest.mark.django_db
def test_full_asks_first() -> None:
    err = StringIO()
    with pytest.raises(CommandError, match="--yes"):
        call_command("maintain", "--full", "--table", "sports", stdout=StringIO(), stderr=err)
    assert "locks each of 1 tables" in err.getvalue()
    assert "of disk beside it" in err.getvalue()
