from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection

from bettrack.benchmarks.api import PHASES
from bettrack.benchmarks.api_load import Asked, Caller, percentile
from bettrack.benchmarks.stopping import Stopped, stops_in_order


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


@pytest.mark.slow
def test_told_to_stop_it_takes_server_and_database_along(tmp_path: Path) -> None:
    """Told while it asks over HTTP, and told again; once by the system, once from the keyboard."""
    options = ["--games=100", "--bets=100", "--people=2", "--connections=2", "--seconds=60"]
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "benchmark", "api", *options]
    for number in (signal.SIGTERM, signal.SIGINT):
        mark = uuid.uuid4().hex
        words = tmp_path / mark
        with words.open("w") as out:
            environment = os.environ | {"BETTRACK_STOPPED": mark}
            benchmark = subprocess.Popen(command, env=environment, stdout=out, stderr=out)
        try:
            deadline = time.monotonic() + 300
            while not family(mark, "api_load") and benchmark.poll() is None and time.monotonic() < deadline:
                time.sleep(0.2)
            assert family(mark, "api_server")
            benchmark.send_signal(number)
            benchmark.send_signal(number)
            assert benchmark.wait(60) == 128 + number
        finally:
            benchmark.kill()
        assert f"Stopped by {number.name}" in words.read_text()
        assert family(mark, "") == []


def family(mark: str, part: str) -> list[int]:
    """The processes that carry the mark in their environment, and the part in their command."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            is_ours = mark.encode() in (folder / "environ").read_bytes()
            if is_ours and part.encode() in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
    return found


def test_a_signal_ends_a_measurement_once() -> None:
    cleaned = []
    before = signal.getsignal(signal.SIGTERM)

    def measured() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        finally:
            os.kill(os.getpid(), signal.SIGTERM)
            cleaned.append(True)

    with pytest.raises(Stopped, match="SIGTERM") as told, stops_in_order():
        measured()
    assert (told.value.number, cleaned) == (signal.SIGTERM, [True])
    assert signal.getsignal(signal.SIGTERM) is before


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
