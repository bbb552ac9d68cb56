"""manage.py on a bare interpreter: a real environment is made, from requirement files that need no network."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
BASE_PYTHON: str = getattr(sys, "_base_executable", sys.executable)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "check out"
    folder.mkdir()
    shutil.copy(ROOT / "manage.py", folder)
    for name in ("requirements.txt", "requirements-dev.txt"):
        (folder / name).write_text("# nothing\n")
    return folder


def manage(checkout: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [BASE_PYTHON, "manage.py", *arguments],
        cwd=checkout,
        env=clean(environment),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def clean(environment: dict[str, str]) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
    return {**kept, "BETTRACK_BOOTSTRAP_UV": "0", **environment}


def test_an_environment_is_made_once_and_again_when_the_requirements_change(checkout: Path) -> None:
    first = manage(checkout, "check")
    assert "Installing the Python packages into .venv: done" in first.stderr
    # the command itself then runs inside, where these empty requirements brought no Django
    assert "A package is missing" in first.stderr
    assert ".venv/bin/python" in first.stderr
    assert "Installing" not in manage(checkout, "check").stderr
    (checkout / "requirements.txt").write_text("# still nothing, but otherwise\n")
    assert "Installing" in manage(checkout, "check").stderr


def test_the_development_requirements_are_installed_for_tests_only(checkout: Path) -> None:
    manage(checkout, "check")
    stamp = json.loads((checkout / ".venv" / "bettrack-requirements.json").read_text())
    assert "requirements-dev.txt" not in stamp
    manage(checkout, "test")
    stamp = json.loads((checkout / ".venv" / "bettrack-requirements.json").read_text())
    assert "requirements-dev.txt" in stamp
    assert "Installing" not in manage(checkout, "check").stderr


def test_two_starts_at_once_make_one_environment(checkout: Path) -> None:
    command = [BASE_PYTHON, "manage.py", "check"]
    racers = [
        subprocess.Popen(command, cwd=checkout, env=clean({}), stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [racer.communicate(timeout=120)[1] for racer in racers]
    assert sum("packages into .venv: done" in text for text in said) == 1, said
    assert all("A package is missing" in text for text in said), said


def test_a_broken_environment_is_made_anew(checkout: Path) -> None:
    manage(checkout, "check")
    (checkout / ".venv" / "bin" / "python").unlink()
    assert "packages into .venv: done" in manage(checkout, "check").stderr
    assert (checkout / ".venv" / "bin" / "python").exists()


def test_a_requirement_that_cannot_be_had_is_said_without_a_traceback(checkout: Path) -> None:
    (checkout / "requirements.txt").write_text("./no-such-folder\n")
    done = manage(checkout, "check")
    assert done.returncode != 0
    assert "Installing the Python packages failed" in done.stderr
    assert "install.log" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_taken_port_is_said_before_anything_is_installed(checkout: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = manage(checkout, "up", "--port", str(taken.getsockname()[1]))
    assert done.returncode != 0
    assert "choose another with --port" in done.stderr
    assert not (checkout / ".venv").exists()


def test_an_old_python_is_refused_in_one_sentence(checkout: Path) -> None:
    code = "import sys; sys.version_info = (3, 10, 1); sys.argv = ['manage.py', 'up']; import manage; manage.main()"
    done = subprocess.run(
        [BASE_PYTHON, "-c", code], cwd=checkout, env=clean({}), capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert done.stderr.startswith("BetTrack needs Python 3.11 or newer")
    assert len(done.stderr.strip().splitlines()) == 1


def test_the_environment_is_left_alone_when_asked(checkout: Path) -> None:
    done = manage(checkout, "check", BETTRACK_NO_BOOTSTRAP="1", PYTHONNOUSERSITE="1")
    assert not (checkout / ".venv").exists()
    assert done.stdout.strip() or "A package is missing" in done.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_checkout_puts_the_environment_below_the_home(checkout: Path, tmp_path: Path) -> None:
    checkout.chmod(0o555)
    try:
        assert "set BETTRACK_HOME" in manage(checkout, "check").stderr
        manage(checkout, "check", BETTRACK_HOME=str(tmp_path / "home"))
        assert (tmp_path / "home" / ".venv" / "bin" / "python").exists()
    finally:
        checkout.chmod(0o755)
