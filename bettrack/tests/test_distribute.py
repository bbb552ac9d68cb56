"""The way to a cluster, carried out against functions that stand in for Citus's and refuse what it documents to refuse."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from bettrack.scaling import plan
from bettrack.scaling.checks import archive_is_where_it_is_said_to_be
from bettrack.scaling.shape import DISTRIBUTED, REFERENCE
from odds.ingest import ingest_odds
from odds.models import CurrentOdds, OddSnapshot
from odds.tests.test_ingest import book, event, minute, moneyline

pytestmark = pytest.mark.django_db

STAND_IN = """
CREATE TABLE pg_dist_node (groupid int, isactive bool, noderole text);
INSERT INTO pg_dist_node VALUES (0, true, 'primary'), (1, true, 'primary'), (2, true, 'primary');
CREATE TABLE citus_tables (table_name regclass PRIMARY KEY, citus_table_type text, distribution_column text);
CREATE FUNCTION citus_is_coordinator() RETURNS bool LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION take_triggers(wanted regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = wanted AND NOT tgisinternal)
       AND current_setting('citus.enable_unsafe_triggers', true) IS DISTINCT FROM 'on' THEN
        RAISE 'cannot distribute relation "%" because it has triggers', wanted;
    END IF;
END $$;
CREATE FUNCTION create_reference_table(wanted regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM take_triggers(wanted);
    IF EXISTS (SELECT FROM pg_constraint c WHERE conrelid = wanted AND contype = 'f' AND confrelid <> wanted
               AND confrelid NOT IN (SELECT table_name FROM citus_tables)) THEN
        RAISE 'relation "%" points to a table that is not distributed', wanted;
    END IF;
    INSERT INTO citus_tables VALUES (wanted, 'reference', NULL);
END $$;
CREATE FUNCTION create_distributed_table(wanted regclass, key text, colocate_with text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM take_triggers(wanted);
    IF EXISTS (SELECT FROM pg_trigger WHERE tgrelid = wanted AND NOT tgisinternal) THEN
        RAISE 'triggers on "%" would run on every shard', wanted;
    END IF;
    IF colocate_with <> 'none' THEN
        PERFORM FROM citus_tables WHERE table_name = colocate_with::regclass AND citus_table_type = 'distributed';
        IF NOT FOUND THEN RAISE '"%" is not distributed', colocate_with; END IF;
    END IF;
    INSERT INTO citus_tables VALUES (wanted, 'distributed', key);
END $$;
"""


@pytest.fixture
def citus(monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions and catalog of Citus as far as the plan uses them, and a role for the application."""
    monkeypatch.setattr(plan, "citus_version", lambda: "13.0-1")
    with connection.cursor() as cursor:
        cursor.execute(STAND_IN)
        cursor.execute("CREATE ROLE distribute_app NOLOGIN")
        cursor.execute("ALTER ROLE distribute_app SET citus.multi_shard_modify_mode = 'sequential'")


def distribute(*arguments: str) -> str:
    out = StringIO()
    call_command("distribute", "--app-role", "distribute_app", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def state() -> dict[str, tuple[str, str | None]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name::text, citus_table_type, distribution_column FROM citus_tables")
        return {name: (kind, key) for name, kind, key in cursor.fetchall()}


DONE = dict.fromkeys(REFERENCE, ("reference", None)) | dict.fromkeys(DISTRIBUTED, ("distributed", "game_id"))


@pytest.mark.usefixtures("citus")
def test_everything_is_distributed_and_the_application_writes_with_few_rights(settings: Any) -> None:
    ingest_odds(events=[event(book(moneyline(-150)))], captured_at=minute(1), polled_markets=["h2h"])
    assert "ARCHIVE_IS_SHARDED=1" in distribute()
    assert state() == DONE
    settings.ARCHIVE_IS_SHARDED = True
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE distribute_app")
    counts = ingest_odds(
        events=[event(book(moneyline(-160))), event(book(moneyline()), external_id="e2")],
        captured_at=minute(2),
        polled_markets=["h2h"],
    )
    assert (counts.snapshots, counts.games_new) == (3, 1)
    assert (OddSnapshot.objects.count(), CurrentOdds.objects.count()) == (5, 4)
    for statement in (
        "UPDATE odd_snapshots SET price = 100",
        "DELETE FROM odd_snapshots",
        "TRUNCATE odd_snapshots",
    ):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            connection.cursor().execute(statement)


@pytest.mark.usefixtures("citus")
def test_a_second_time_only_the_rights_are_left() -> None:
    distribute()
    assert "distributed already; distribute_app has its rights" in distribute()
    planned = distribute("--plan")
    assert "GRANT" in planned
    assert "In the way" not in planned
    for word in ("create_", "TRIGGER", "IDENTITY", "ADD CONSTRAINT"):
        assert word not in planned, word


@pytest.mark.usefixtures("citus")
@pytest.mark.parametrize("done", [REFERENCE[:2], REFERENCE])
def test_what_somebody_began_by_hand_is_finished(done: tuple[str, ...]) -> None:
    with connection.cursor() as cursor:
        for table in done:
            cursor.execute("INSERT INTO citus_tables VALUES (%s::text::regclass, 'reference', NULL)", [table])
    distribute()
    assert state() == DONE


@pytest.mark.usefixtures("citus")
def test_a_table_that_is_sharded_otherwise_is_in_the_way() -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO citus_tables VALUES ('current_odds', 'distributed', 'selection_id'), "
                       "('games', 'distributed', 'id'), ('odd_snapshots', 'reference', NULL)")  # fmt: skip
    with pytest.raises(CommandError) as refused:
        distribute()
    said = str(refused.value)
    assert "current_odds is sharded by selection_id and is to be sharded by game_id" in said
    assert "games is sharded by id and is to be on every node" in said
    assert "odd_snapshots is on every node and is to be sharded by game_id" in said
    assert "undistribute_table('games')" in said


@pytest.mark.usefixtures("citus")
def test_without_workers_or_a_coordinator_among_the_nodes_it_says_so() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM pg_dist_node")
    with pytest.raises(CommandError, match=r"citus_set_coordinator_host[\s\S]*citus_add_node"):
        distribute()


@pytest.mark.usefixtures("citus")
def test_a_role_that_asks_shards_in_parallel_is_in_the_way() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER ROLE distribute_app RESET ALL")
    with pytest.raises(CommandError, match=r"ALTER ROLE distribute_app SET citus\.multi_shard_modify_mode"):
        distribute()


@pytest.mark.usefixtures("citus")
def test_an_old_citus_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "citus_version", lambda: "12.1-1")
    with pytest.raises(CommandError, match=r"Citus is 12.1-1: 13 or newer is needed"):
        distribute()


@pytest.mark.usefixtures("citus")
def test_who_does_not_own_the_tables_is_told_so_without_a_traceback() -> None:
    with connection.cursor() as cursor:
        cursor.execute("GRANT SELECT ON citus_tables, pg_dist_node TO distribute_app")
        cursor.execute("SET LOCAL ROLE distribute_app")
    with pytest.raises(CommandError, match="does not own the tables: run it with DIRECT_DATABASE_URL's role"):
        distribute()


@pytest.mark.usefixtures("citus")
def test_who_may_not_even_read_is_told_so_without_a_traceback() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE distribute_app")
    with pytest.raises(CommandError, match="Nothing was done: permission denied"):
        distribute()


@pytest.mark.usefixtures("citus")
def test_a_step_that_fails_undoes_those_before_it() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE OR REPLACE FUNCTION create_distributed_table(wanted regclass, key text, colocate_with text) "
                       "RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE 'connection to worker lost'; END $$")  # fmt: skip
    with pytest.raises(CommandError, match=r"Nothing was changed. Step \d+: connection to worker lost"):
        distribute()
    assert state() == {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'odd_snapshots'::regclass AND NOT tgisinternal"
        )
        assert cursor.fetchone() == (2,)


@pytest.mark.usefixtures("citus")
def test_the_setting_and_the_archive_have_to_agree(settings: Any) -> None:
    def told() -> list[str | None]:
        return [each.id for each in archive_is_where_it_is_said_to_be(databases=["default"])]

    assert told() == []
    settings.ARCHIVE_IS_SHARDED = True
    assert told() == ["bettrack.W002"]
    distribute()
    assert told() == []
    settings.ARCHIVE_IS_SHARDED = False
    assert told() == ["bettrack.W001"]
    assert archive_is_where_it_is_said_to_be() == []
