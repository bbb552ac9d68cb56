from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection

from bettrack.benchmarks.api import PHASES
from bettrack.benchmarks.api_load import Asked, Caller, percentile


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_api_is_measured_over_http_and_leaves_nothing_behind() -> None:
    out = StringIO()
    options = ["--games=100", "--bets=100", "--people=2", "--connections=2", "--seconds=0.4", "--json"]
    call_command("benchmark", "api", *options, stdout=out)
    found = json.loads(out.getvalue())
    names = {f"{kind}_{figure}" for kind in PHASES for figure in ("per_s", "p50_ms", "p99_ms", "statements")}
    assert set(found) == names
    assert all(number > 0 for number in found.values())
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_database(), (SELECT count(*) FROM pg_database WHERE datname ~ '_benchmark$')"
        )
        assert cursor.fetchone() == (connection.settings_dict["NAME"], 0)
    client = cache._cache.get_client(None)
    assert not list(client.scan_iter("benchmark-*"))


@pytest.mark.parametrize("wrong", ["--games=5", "--bets=5", "--seconds=0"])
def test_an_api_with_nothing_to_answer_is_not_measured(wrong: str) -> None:
    with pytest.raises(CommandError, match="at least 100 games and bets"):
        call_command("benchmark", "api", wrong)


def test_more_people_than_bets_are_refused() -> None:
    with pytest.raises(CommandError, match="no more people than bets"):
        call_command("benchmark", "api", "--people=200", "--bets=100")


def test_an_answer_without_the_rows_it_should_have_is_a_fault() -> None:
    asked = Asked(b"GET / HTTP/1.1", 200, b'"id"', 2)
    caller = Caller(("", 0), [asked])
    caller.look(asked, 200, False, b'[{"id":1},{"id":2}]', thorough=True)
    assert caller.faults == []
    caller.look(asked, 200, False, b'[{"id":1}]', thorough=True)
    caller.look(asked, 503, False, b"gone", thorough=False)
    assert caller.faults == ['GET /: 1 times "id", not 2', "GET /: status 503, gone"]


@pytest.mark.parametrize(("part", "expected"), [(50, 5), (99, 10), (1, 1)])
def test_a_percentile_is_the_nearest_rank(part: int, expected: float) -> None:
    assert percentile([float(number) for number in range(1, 11)], part) == expected
