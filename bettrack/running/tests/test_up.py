"""`manage.py up` as its user runs it: real servers, real processes, a port of its own."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookiejar import CookieJar
from pathlib import Path

import pytest

from bettrack.embedded import client, state
from bettrack.embedded.layout import for_home
from bettrack.embedded.tests.conftest import reachable_folder
from bettrack.running.instance import family_of
from bettrack.running.tests.test_supervision import family_members, wait_for

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 240.0


@dataclass
class Running:
    process: subprocess.Popen[str]
    home: Path
    output: Path

    @property
    def said(self) -> str:
        return self.output.read_text()

    @property
    def port(self) -> int:
        match = re.search(r"running at http://127\.0\.0\.1:(\d+)/", self.said)
        return int(match.group(1)) if match else 0

    def status(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except OSError:
            return 0
        finally:
            connection.close()


def environment(home: Path) -> dict[str, str]:
    """Of a person who has set nothing but the home."""
    taken = {"DATABASE_URL", "DIRECT_DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DEBUG", "ODDS_API_KEY"}
    kept = {name: value for name, value in os.environ.items() if name not in taken}
    return {**kept, "BETTRACK_HOME": str(home), "BETTRACK_TESTING": "", "BETTRACK_NO_BOOTSTRAP": "1"}


def up(home: Path, *arguments: str) -> subprocess.Popen[str]:
    with (home.parent / "output").open("w") as output:
        return subprocess.Popen(
            [sys.executable, "manage.py", "up", "--port", "0", *arguments],
            cwd=ROOT,
            env=environment(home),
            stdout=output,
            stderr=output,
            text=True,
        )


def await_greeting(process: subprocess.Popen[str], home: Path) -> Running:
    running = Running(process, home, home.parent / "output")
    wait_for(lambda: running.port or process.poll() is not None, START_SECONDS)
    assert running.port, running.said
    return running


@pytest.fixture(scope="module")
def running() -> Iterator[Running]:
    folder = reachable_folder()
    home = folder / "var"
    process = up(home)
    try:
        yield await_greeting(process, home)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=60)
        shutil.rmtree(folder, ignore_errors=True)


def test_it_serves_the_board_and_says_how_to_sign_in_and_stop(running: Running) -> None:
    assert running.status("/healthz") == 200
    assert running.status("/") == 200
    assert "demo / demo" in running.said
    assert "Ctrl-C" in running.said


def test_the_sign_in_it_prints_works_at_once(running: Running) -> None:
    jar = CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    url = f"http://127.0.0.1:{running.port}/accounts/login/"
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', opener.open(url).read().decode())
    assert token
    sent = {"csrfmiddlewaretoken": token[1], "login": "demo", "password": "demo"}
    opener.open(url, urllib.parse.urlencode(sent).encode())
    assert "sessionid" in {cookie.name for cookie in jar}


def test_a_second_one_says_where_the_first_one_runs(running: Running) -> None:
    second = subprocess.run(
        [sys.executable, "manage.py", "up", "--port", "0"],
        cwd=ROOT,
        env=environment(running.home),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert second.returncode != 0
    assert f"is running already at http://127.0.0.1:{running.port}/" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_killed_web_server_and_a_killed_database_come_back(running: Running) -> None:
    layout = for_home(running.home)
    for pid in family_members(family_of(running.home)):
        if b"granian" in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)
            break
    os.kill(int(state.read_state(layout)["services"]["postgres"]["pid"]), signal.SIGKILL)
    assert wait_for(lambda: running.status("/") == 200, 30), running.said


def test_sigterm_ends_everything(running: Running) -> None:
    layout = for_home(running.home)
    running.process.terminate()
    assert running.process.wait(timeout=60) == 0, running.said
    assert "Stopped, database and queue too" in running.said
    assert family_members(family_of(running.home)) == []
    assert not state.janitor_lives(layout)
    assert not (running.home / "up.json").exists()


def test_after_a_kill_nothing_is_left_and_the_next_start_goes_on(running: Running) -> None:
    layout = for_home(running.home)
    first = await_greeting(up(running.home), running.home)
    first.process.kill()
    first.process.wait()
    assert json.loads((running.home / "up.json").read_text())["pid"] == first.process.pid
    began = time.monotonic()
    again = await_greeting(up(running.home), running.home)
    assert time.monotonic() - began < START_SECONDS
    assert again.status("/healthz") == 200
    again.process.send_signal(signal.SIGINT)
    assert again.process.wait(timeout=60) == 0, again.said
    assert family_members(family_of(running.home)) == []
    assert not state.janitor_lives(layout)
    client.forget(layout)
