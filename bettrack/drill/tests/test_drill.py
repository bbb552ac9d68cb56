"""The drill itself: its provider, its checks, and short runs against real servers and processes."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from bettrack.drill import payloads
from bettrack.drill.faults import BY_NAME, SHORT
from bettrack.drill.provider import GARBAGE, Provider, Trouble
from bettrack.embedded.binaries import postgres_bin
from feeds.exceptions import FeedError
from feeds.payloads import OddsFormat, list_odds, parse_scoreboard, parse_sports

ROOT = Path(__file__).resolve().parents[3]
STAMP = dt.datetime(2026, 11, 20, 18, 0, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def schema(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tests' own migrated database as SQL, so that the scratch instance need not migrate from nothing."""
    path = tmp_path_factory.mktemp("drill") / "schema.sql"
    with django_db_blocker.unblock():
        connection.ensure_connection()
        at = connection.settings_dict
    place = ["-h", str(at["HOST"]), "-p", str(at["PORT"] or 5432), "-U", str(at["USER"])]
    dump = [str(postgres_bin() / "pg_dump"), *place, "--schema-only", "--no-owner", "-f", str(path)]
    data = [*dump[:-2], "-f", str(path.with_suffix(".data"))]
    data[data.index("--schema-only")] = "--data-only"
    environment = os.environ | {"PGPASSWORD": str(at["PASSWORD"] or "")}
    subprocess.run([*dump, str(at["NAME"])], check=True, env=environment)
    subprocess.run([*data, "-t", "django_migrations", str(at["NAME"])], check=True, env=environment)
    path.write_text(path.read_text() + path.with_suffix(".data").read_text())
    return path


def drill(schema: Path, *arguments: str, **environment: str) -> tuple[int, dict[str, Any], str]:
    """Run the command; its status, its JSON and what it said."""
    done = subprocess.run(
        [sys.executable, "manage.py", "drill", "--json", f"--schema={schema}", *arguments],
        cwd=ROOT,
        env=os.environ | {"BETTRACK_NO_BOOTSTRAP": "1"} | environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    return done.returncode, json.loads(done.stdout or "{}"), done.stderr


def failed(found: dict[str, Any]) -> list[str]:
    return [
        f"{result['fault']}: {check['name']}: {check['detail']}"
        for result in found["faults"]
        for check in result["checks"]
        if not check["passed"]
    ]


def test_a_killed_database_and_a_killed_worker_cost_no_bet_and_no_price(schema: Path) -> None:
    status, found, said = drill(schema, "--short", "--only=postgres-settlement", "--only=worker-ingest")
    assert failed(found) == []
    assert status == 0, said
    assert [result["fault"] for result in found["faults"]] == ["none", "postgres-settlement", "worker-ingest"]


@pytest.mark.slow
def test_every_fault_in_its_short_form(schema: Path) -> None:
    status, found, said = drill(schema, "--short", *(f"--only={name}" for name in BY_NAME))
    assert failed(found) == []
    assert status == 0, said


def test_ctrl_c_leaves_neither_process_nor_folder(schema: Path, tmp_path: Path) -> None:
    with (tmp_path / "said").open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "drill", f"--schema={schema}"],
            cwd=ROOT,
            env=os.environ | {"BETTRACK_NO_BOOTSTRAP": "1", "TMPDIR": str(tmp_path)},
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
        tmp_path.chmod(0o755)
        deadline = time.monotonic() + 60
        while "scratch instance" not in (tmp_path / "said").read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        homes = [path for path in tmp_path.iterdir() if path.name.startswith("bettrack-drill")]
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(timeout=60) == 130
    assert len(homes) == 1
    assert not homes[0].exists()
    mark = str(homes[0]).encode()
    assert [p for p in Path("/proc").glob("[0-9]*/cmdline") if mark in read(p)] == []


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_the_payloads_are_read_without_a_refusal_and_tell_their_step() -> None:
    fixtures = [payloads.Fixture(number, "basketball_nba", STAMP) for number in range(4)]
    for step in range(6):
        parsed = list_odds(
            payloads.odds(fixtures, sport="basketball_nba", step=step, stamp=STAMP),
            odds_format=OddsFormat.AMERICAN,
        )
        assert (len(parsed.events), parsed.rejected) == (4, [])
    assert payloads.beacon(1) != payloads.beacon(2)
    board = parse_scoreboard(payloads.scoreboard(fixtures, slug="nba", finished={0, 1}))
    assert board.rejected == []
    assert [event.home.score for event in board.events[:2]] == [fixtures[0].score[0], fixtures[1].score[0]]
    assert [info.key for info in parse_sports(payloads.sports(["basketball_nba"])).events] == [
        "basketball_nba"
    ]


def test_a_payload_is_told_until_the_step_is_moved_on() -> None:
    provider = Provider()
    try:
        path = "/the-odds-api/v4/sports/basketball_nba/odds"
        first = provider.answer(path)
        assert provider.answer(path) == first
        provider.advance()
        assert provider.answer(path) != first
        provider.trouble = Trouble(status=429)
        assert provider.answer(path)[0] == 429
    finally:
        provider.close()


@pytest.mark.parametrize("body", GARBAGE)
def test_garbage_is_garbage_to_the_parser(body: bytes) -> None:
    try:
        assert list_odds(body, odds_format=OddsFormat.AMERICAN).events == []
    except FeedError:
        return
    assert list_odds(body, odds_format=OddsFormat.AMERICAN).rejected


def test_the_short_drill_names_faults_that_exist() -> None:
    assert set(SHORT) <= set(BY_NAME)
