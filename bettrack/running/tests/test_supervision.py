from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from bettrack.running.supervision import Child, Supervisor, end_family

SLEEPS = "import time; print('at work', flush=True); time.sleep(60)"
HAS_CHILD = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']); time.sleep(60)"


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def wait_for(condition: Callable[[], object], seconds: float = 15.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


class Ear:
    """Hears what the supervisor says."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def __call__(self, line: str) -> None:
        self.lines.append(line)


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def supervisor(tmp_path: Path, ear: Ear) -> Iterator[Supervisor]:
    made = Supervisor(logs=tmp_path, environment=os.environ, family=uuid4().hex, say=ear, folder=tmp_path)
    yield made
    made.stop()


def family_members(family: str) -> list[int]:
    mark = f"BETTRACK_FAMILY={family}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def test_a_child_that_is_killed_starts_again_after_a_pause(supervisor: Supervisor, ear: Ear) -> None:
    child = supervisor.start(Child("worker", python(SLEEPS)))
    assert child.process
    first = child.process.pid
    os.kill(first, signal.SIGKILL)
    assert wait_for(lambda: not child.running)

    def started_again() -> bool:
        supervisor.tick()
        return child.running

    assert wait_for(started_again)
    assert child.process.pid != first
    assert any("worker ended (killed by SIGKILL); starting it again in" in line for line in ear.lines)


def test_the_pause_grows_while_a_child_keeps_dying(supervisor: Supervisor) -> None:
    child = supervisor.start(Child("worker", python("raise SystemExit(3)")))
    pauses = []
    for _ in range(3):
        assert wait_for(lambda: not child.running)
        began = time.monotonic()
        supervisor.tick()
        pauses.append(child.next_start - began)
        child.next_start = 0.0
        supervisor.tick()
    assert pauses[0] < pauses[1] < pauses[2]


def test_work_done_once_is_not_started_again(supervisor: Supervisor) -> None:
    child = supervisor.start(Child("demo", python("raise SystemExit(4)"), once=True))
    assert wait_for(lambda: not child.running)
    supervisor.tick()
    supervisor.tick()
    assert child.done == 4
    assert not child.running


def test_what_a_killed_child_left_behind_is_killed_before_its_restart(supervisor: Supervisor) -> None:
    child = supervisor.start(Child("web", python(HAS_CHILD)))
    assert wait_for(lambda: len(family_members(supervisor.family)) == 2)
    assert child.process
    os.kill(child.process.pid, signal.SIGKILL)
    assert wait_for(lambda: not child.running)
    supervisor.tick()
    assert wait_for(lambda: not family_members(supervisor.family))


def test_stopping_ends_children_and_grandchildren(supervisor: Supervisor) -> None:
    supervisor.start(Child("web", python(HAS_CHILD)))
    supervisor.start(Child("worker", python(SLEEPS)))
    assert wait_for(lambda: len(family_members(supervisor.family)) == 3)
    supervisor.stop()
    assert family_members(supervisor.family) == []


def test_what_started_last_is_ended_first(supervisor: Supervisor, tmp_path: Path) -> None:
    ended = tmp_path / "ended"
    code = (
        "import signal, sys, time\n"
        "def end(number, frame):\n"
        f"    time.sleep(0.2); open({str(ended)!r}, 'a').write(sys.argv[1] + ' '); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end); print('at work', flush=True); time.sleep(60)"
    )
    children = [supervisor.start(Child(name, [*python(code), name])) for name in ("web", "worker")]
    assert wait_for(lambda: all("at work" in supervisor.last_words(child) for child in children))
    supervisor.stop()
    assert ended.read_text() == "worker web "


def test_output_is_shown_with_its_name_and_kept_in_a_log(
    supervisor: Supervisor, ear: Ear, tmp_path: Path
) -> None:
    supervisor.start(Child("beat", python(SLEEPS)))
    assert wait_for(lambda: "beat   | at work" in ear.lines)
    assert wait_for(lambda: (tmp_path / "beat.log").read_text() == "at work\n")


def test_the_family_mark_finds_orphans_and_nobody_else(supervisor: Supervisor) -> None:
    child = supervisor.start(Child("web", python(SLEEPS)))
    assert wait_for(lambda: len(family_members(supervisor.family)) == 1)
    assert end_family(uuid4().hex) == []
    assert child.running
    assert child.process
    assert end_family(supervisor.family) == [child.process.pid]
    assert wait_for(lambda: not child.running)
