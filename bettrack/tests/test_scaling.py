"""The schema stays ready to be sharded, and the way there is worked out from the catalog."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from io import StringIO

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from bettrack.scaling import shape
from bettrack.scaling.plan import GUARDS, obstacles, on_coordinator, plan
from games.tests.factories import GameFactory
from odds.partitions import create_months
from odds.tests.factories import BookmakerFactory

pytestmark = pytest.mark.django_db

BET_POINTS_TO_BOARD = """
ALTER TABLE bets ADD COLUMN line_game uuid, ADD COLUMN line_selection bigint, ADD COLUMN line_book smallint,
    ADD COLUMN line_line numeric,
    ADD CONSTRAINT stray FOREIGN KEY (line_game, line_selection, line_book, line_line) REFERENCES current_odds
"""
CITUS = re.compile(r"create_(reference|distributed)_table|SET LOCAL citus|citus_is_coordinator")


def test_the_price_tables_break_no_rule_of_citus() -> None:
    assert list(shape.violations()) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("CREATE UNIQUE INDEX stray ON current_odds (id)", "the unique index stray lacks game_id"),
        (
            BET_POINTS_TO_BOARD,
            "bets: the foreign key stray points to current_odds",
        ),
        (
            "ALTER TABLE odd_snapshots ADD COLUMN bet uuid CONSTRAINT stray REFERENCES bets (id)",
            "points to bets, which is no reference table",
        ),
        (
            "ALTER TABLE games ADD COLUMN bet uuid CONSTRAINT stray REFERENCES bets (id)",
            "points to bets, which stays on the coordinator",
        ),
    ],
)
def test_a_rule_that_is_broken_is_named(change: str, said: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(change)
    assert any(said in sentence for sentence in shape.violations())


def test_bets_and_the_ledger_stay_on_the_coordinator_and_are_known_to_it() -> None:
    local = shape.local_tables()
    assert {"bets", "bet_legs", "bankrolls", "heartbeats"} <= set(local)
    assert not {*shape.DISTRIBUTED, *shape.REFERENCE} & set(local)


def test_what_is_plain_sql_of_the_plan_runs_on_the_schema_as_it_is() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE ROLE scaling_test NOLOGIN")
        for step in plan("scaling_test"):
            if not CITUS.search(step.statement):
                cursor.execute(step.statement)
        cursor.execute(
            "SELECT has_table_privilege('scaling_test', 'odd_snapshots', privilege) "
            "FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) AS p (privilege)"
        )
        assert [row[0] for row in cursor.fetchall()] == [True, True, False, False, False]
        cursor.execute("INSERT INTO bookmakers (key, title, short, regions, is_exchange, commission, sharpness, active, url) "
                       "VALUES ('fresh', 'Fresh', '', '', false, 0, 1, true, '') RETURNING id > 0")  # fmt: skip
        assert cursor.fetchone() == (True,)
        transaction.set_rollback(True)


def test_the_plan_shards_both_tables_by_game_side_by_side_after_what_they_point_to() -> None:
    statements = [step.statement for step in plan("app")]
    made = [text for text in statements if "create_" in text and "_table(" in text]
    assert made == [
        *(f"SELECT create_reference_table('{table}')" for table in shape.REFERENCE),
        "SELECT create_distributed_table('odd_snapshots', 'game_id', colocate_with := 'none')",
        "SELECT create_distributed_table('current_odds', 'game_id', colocate_with := 'odd_snapshots')",
    ]
    dropped = {text.split('"')[1] for text in statements if text.startswith("DROP TRIGGER")}
    assert dropped >= GUARDS


def test_a_trigger_on_a_reference_table_fires_on_the_coordinator_alone() -> None:
    plain = "CREATE TRIGGER t AFTER DELETE ON public.games FOR EACH STATEMENT EXECUTE FUNCTION f()"
    choosy = "CREATE TRIGGER t AFTER UPDATE ON public.games FOR EACH ROW WHEN ((old.a <> new.a)) EXECUTE FUNCTION f()"
    assert "FOR EACH STATEMENT WHEN (citus_is_coordinator()) EXECUTE FUNCTION f()" in on_coordinator(plain)
    assert "WHEN (citus_is_coordinator() AND ((old.a <> new.a))) EXECUTE FUNCTION f()" in on_coordinator(
        choosy
    )


def test_without_citus_nothing_is_done_and_every_obstacle_is_named() -> None:
    said = list(obstacles("nobody_of_this_name"))
    assert any("no extension citus" in sentence for sentence in said)
    assert any("no role nobody_of_this_name" in sentence for sentence in said)
    with pytest.raises(CommandError, match="Nothing was done"):
        call_command("distribute")


def test_the_plan_is_printed_with_what_is_in_the_way() -> None:
    out = StringIO()
    call_command("distribute", "--plan", stdout=out)
    assert "-- In the way: The database has no extension citus" in out.getvalue()
    assert out.getvalue().rstrip().endswith("COMMIT;")


SIZES = re.compile(
    r"^\|[^|]+\| ([\d,]+) \| ([\d,]+)[^|]*\| ([\d,]+) \| ([\d.]+) (MB|GB) \| ([\d.]+) GB \|$", re.MULTILINE
)
MEASURED = re.compile(r"takes (\d+) bytes of table and (\d+) of its index, .*: (\d+) bytes\.")
CHANGED = Decimal("0.21")


def told() -> str:
    return (settings.BASE_DIR / "docs" / "scaling.md").read_text()


def test_the_sizes_that_the_page_tells_follow_from_each_other() -> None:
    found = MEASURED.search(told())
    assert found
    table, index, row = map(int, found.groups())
    assert table + index == row
    lines = SIZES.findall(told())
    assert len(lines) == 4
    for outcomes, polls, changes, a_day, unit, a_month in lines:
        exact = Decimal(outcomes.replace(",", "")) * Decimal(polls.replace(",", "")) * CHANGED
        size = exact * row
        assert Decimal(changes.replace(",", "")) == pytest.approx(exact, rel=Decimal("0.01")), outcomes
        assert Decimal(a_day) * {"MB": 10**6, "GB": 10**9}[unit] == pytest.approx(
            size, rel=Decimal("0.06")
        ), outcomes
        assert Decimal(a_month) * 10**9 == pytest.approx(size * 30, rel=Decimal("0.06")), outcomes


FILL = """
INSERT INTO odd_snapshots (game_id, selection_id, bookmaker_id, price, point, "timestamp", captured_at)
SELECT %(game)s, s.id, %(book)s, -110 - change, -3.5, %(at)s + change * interval '1 minute', %(at)s + change * interval '1 minute'
FROM generate_series(1, 250) change CROSS JOIN selections s
WHERE s.game_id = %(game)s AND hashint8(s.id * 1000 + change) & 127 < 27
ORDER BY change, hashint8(s.id)
"""


def test_a_change_takes_as_many_bytes_as_the_page_tells() -> None:
    at = dt.datetime(2031, 5, 10, tzinfo=dt.UTC)
    create_months([at.date().replace(day=1)])
    game, book = GameFactory(), BookmakerFactory()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO selections (game_id, market, participant, side) "
            "SELECT %s, 'player_points', 'Player ' || n, 'over' FROM generate_series(1, 600) n",
            [game.pk],
        )
        cursor.execute(FILL, {"game": game.pk, "book": book.pk, "at": at})
        rows = cursor.rowcount
        cursor.execute(
            "SELECT pg_relation_size('odd_snapshots_2031_05'), pg_indexes_size('odd_snapshots_2031_05')"
        )
        sizes = [size / rows for size in cursor.fetchone()]
    found = MEASURED.search(told())
    assert found
    assert sizes == pytest.approx([int(found[1]), int(found[2])], rel=0.2)
