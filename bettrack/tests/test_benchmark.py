from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from bettrack.benchmarks import grade


@pytest.mark.django_db(transaction=True)
def test_settling_is_measured_in_a_database_that_is_gone_afterwards() -> None:
    out = StringIO()
    call_command(
        "benchmark", "settle", "--bets=300", "--games=20", "--batch=100", "--workers=2", "--json", stdout=out
    )
    found = json.loads(out.getvalue())
    assert sorted(found) == ["bets_per_s", "peak_mb", "ratio_to_raw_update", "statements_per_batch"]
    assert all(number > 0 for number in found.values())
    assert found["statements_per_batch"] < 20
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_database(), (SELECT count(*) FROM pg_database WHERE datname ~ '_benchmark$')"
        )
        name, left = cursor.fetchone()
    assert (name, left) == (connection.settings_dict["NAME"], 0)


@pytest.mark.parametrize("wrong", ["--batch=300", "--games=0", "--workers=0"])
def test_a_measurement_that_makes_no_sense_is_refused(wrong: str) -> None:
    with pytest.raises(CommandError, match="more bets than one batch"):
        call_command("benchmark", "settle", "--bets=300", wrong)


@pytest.mark.django_db(transaction=True)
def test_reading_is_measured_with_a_small_and_a_large_archive() -> None:
    out = StringIO()
    call_command("benchmark", "read", "--small=7200", "--large=30000", "--rounds=1", "--json", stdout=out)
    found = json.loads(out.getvalue())
    assert sorted(found) == [
        "board_growth", "board_page_gzip_kb", "board_page_ms_p50", "movement_ms_p50", "statements",
    ]  # fmt: skip
    assert all(number > 0 for number in found.values())
    assert found["board_page_gzip_kb"] < 60


def test_an_archive_too_small_to_read_is_refused() -> None:
    with pytest.raises(CommandError, match="at least 7,200 snapshots"):
        call_command("benchmark", "read", "--small=100")


def test_grading_is_measured_on_legs_of_every_outcome() -> None:
    out = StringIO()
    call_command("benchmark", "grade", "--legs=4000", "--json", stdout=out)
    found = json.loads(out.getvalue())
    assert list(found) == ["legs_per_s"]
    assert found["legs_per_s"] > 0
    statuses = grade.measure(legs=4000).statuses
    assert sum(statuses.values()) == 4000
    assert set(statuses) >= {"won", "lost", "half_won", "push"}
    with pytest.raises(CommandError, match="at least one leg"):
        call_command("benchmark", "grade", "--legs=0")


@pytest.mark.django_db(transaction=True)
def test_the_statistics_of_a_long_record_are_measured() -> None:
    out = StringIO()
    call_command("benchmark", "stats", "--bets=500", "--rounds=1", "--json", stdout=out)
    found = json.loads(out.getvalue())
    assert sorted(found) == ["all_ms", "best_ms", "bets", "derive_ms", "ms", "python_ms", "statements"]
    assert all(number > 0 for number in found.values())
    assert found["bets"] == 500
    assert found["statements"] < 20


def test_a_record_too_short_to_measure_is_refused() -> None:
    with pytest.raises(CommandError, match="100 to 5,000,000"):
        call_command("benchmark", "stats", "--bets=5")
