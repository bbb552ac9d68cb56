#!/usr/bin/env python3
"""BetTrack's commands. On a bare Python it first makes `.venv` beside itself and goes on in there.

Standard library only until that is done. `python3 manage.py up` runs everything, `python3 manage.py test` the
tests. BETTRACK_NO_BOOTSTRAP=1 leaves the environment to you.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import runpy
import shlex
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

OLDEST_PYTHON = (3, 11)
OLDEST_PIP_WITH_TARGET = (22, 3)
BASE = Path(__file__).resolve().parent
STAMP = "bettrack-requirements.json"
UV_FLAGS = {
    "index-url": "--default-index",
    "extra-index-url": "--index",
    "find-links": "--find-links",
    "trusted-host": "--allow-insecure-host",
}


class BootstrapError(Exception):
    """Says in one sentence what to do."""


class Progress:
    """One line that tells what is going on; rewritten on a terminal, now and then a new line elsewhere."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.began = time.monotonic()
        self.last = 0.0
        self.terminal = sys.stderr.isatty()

    def show(self, detail: str, final: bool = False) -> None:
        now = time.monotonic()
        if not final and now - self.last < (0.1 if self.terminal else 5.0):
            return
        self.last = now
        text = f"{self.title}: {detail} ({now - self.began:.0f} s)"
        if self.terminal:
            width = shutil.get_terminal_size().columns - 1
            sys.stderr.write("\r\033[K" + text[:width] + ("\n" if final else ""))
        else:
            sys.stderr.write(text + "\n")
        sys.stderr.flush()


def main() -> None:
    """Make sure of the environment, then hand over to Django."""
    if sys.argv[1:] in (["--version"], ["version"]):
        print("BetTrack", runpy.run_path(str(BASE / "bettrack" / "version.py"))["VERSION"])
        return
    if sys.version_info < OLDEST_PYTHON:
        sys.exit(
            f"BetTrack needs Python 3.11 or newer, and {sys.executable} is {sys.version.split()[0]}: "
            "run it with a newer one, for example `python3.12 manage.py up`."
        )
    with_tests = sys.argv[1:2] == ["test"]
    try:
        venv = environment_to_enter(with_tests)
        if venv is not None:
            make_environment(venv, with_tests)
            python = str(venv / "bin" / "python")
            os.execv(python, [python, *sys.argv])  # noqa: S606 - the same command, in the environment
    except BootstrapError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit("\nStopped; the next start goes on from here.")
    run_django()


def environment_to_enter(with_tests: bool) -> Path | None:
    """The virtual environment to (make and) enter, or None to stay in this one."""
    if os.environ.get("BETTRACK_NO_BOOTSTRAP") == "1":
        return None
    venv = environment_folder()
    inside_ours = Path(sys.prefix).resolve() == venv.resolve()
    if inside_ours and is_current(venv, with_tests):
        return None
    if not inside_ours and sys.prefix != sys.base_prefix:
        needed = ("django", "pytest") if with_tests else ("django",)
        if all(importlib.util.find_spec(name) for name in needed):
            return None
    return venv


def environment_folder() -> Path:
    """`.venv` beside manage.py; below BETTRACK_HOME when that place cannot be written to."""
    venv = BASE / ".venv"
    if (venv / STAMP).exists() or os.access(venv if venv.exists() else BASE, os.W_OK):
        return venv
    home = os.environ.get("BETTRACK_HOME")
    if home:
        return Path(home).expanduser().resolve() / ".venv"
    raise BootstrapError(
        f"{BASE} cannot be written to, so there is no place for the Python packages: set BETTRACK_HOME to a "
        "folder for packages and data, for example BETTRACK_HOME=~/bettrack."
    )


def requirement_files(with_tests: bool) -> list[Path]:
    names = ("requirements.txt", "requirements-dev.txt") if with_tests else ("requirements.txt",)
    return [BASE / name for name in names]


def fingerprints() -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in requirement_files(True)}


def is_current(venv: Path, with_tests: bool) -> bool:
    """Whether the environment works and was made from the requirement files as they are now."""
    if not os.access(venv / "bin" / "python", os.X_OK):
        return False
    try:
        stamp = json.loads((venv / STAMP).read_text())
    except (OSError, ValueError):
        return False
    inside = Path(sys.prefix).resolve() == venv.resolve()
    if stamp.get("place") != str(venv) or (inside and stamp.get("python") != list(sys.version_info[:2])):
        return False
    now = fingerprints()
    return all(stamp.get(path.name) == now[path.name] for path in requirement_files(with_tests))


def make_environment(venv: Path, with_tests: bool) -> None:
    """Create or complete the environment, one process at a time; at once when there is nothing to do."""
    if is_current(venv, with_tests) and Path(sys.prefix).resolve() != venv.resolve():
        return
    refuse_taken_port()
    with locked(venv):
        if is_current(venv, with_tests) and Path(sys.prefix).resolve() != venv.resolve():
            return
        progress = Progress("Installing the Python packages into " + short(venv))
        progress.show("preparing", final=not progress.terminal)
        (venv / STAMP).unlink(missing_ok=True)
        with (venv / "install.log").open("w") as log:
            install(venv, with_tests, progress, log)
        stamp = {"place": str(venv), "python": python_version_of(venv)}
        now = fingerprints()
        stamp.update({path.name: now[path.name] for path in requirement_files(with_tests)})
        draft = venv / (STAMP + ".draft")
        draft.write_text(json.dumps(stamp))
        draft.replace(venv / STAMP)
        progress.show("done", final=True)


@contextlib.contextmanager
def locked(venv: Path) -> Iterator[None]:
    """Hold the environment's lock; a second process waits and then finds the work done."""
    import fcntl

    try:
        venv.mkdir(parents=True, exist_ok=True)
        lock = (venv / "bootstrap.lock").open("w")
    except OSError as error:
        raise BootstrapError(f"Cannot write to {venv} ({error.strerror}): set BETTRACK_HOME.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.stderr.write("Another start is installing the Python packages; waiting for it.\n")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def install(venv: Path, with_tests: bool, progress: Progress, log: IO[str]) -> None:
    """Fill the environment: with uv from PATH, else with a uv that pip fetches, else with pip alone."""
    base = base_python()
    if python_version_of(venv) != version_of(base):
        for entry in venv.iterdir():
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            elif entry.name not in ("bootstrap.lock", "install.log"):
                entry.unlink()
        run([base, "-m", "venv", "--without-pip", str(venv)], progress, log, "making the environment")
    wanted = ["-r", str(requirement_files(with_tests)[-1])]
    uv = shutil.which("uv")
    pip = [] if uv else find_pip(base, venv, progress, log)
    if uv is None and os.environ.get("BETTRACK_BOOTSTRAP_UV") != "0":
        uv = fetch_uv(pip, venv, progress, log)
    try:
        if uv:
            command = [uv, "pip", "install", "--python", str(venv / "bin" / "python"), *wanted]
            with contextlib.suppress(BootstrapError):
                run(command + uv_index_flags(pip, log), progress, log, "fetching and installing")
                return
        pip = pip or find_pip(base, venv, progress, log)
        command = [*pip, "install", "--disable-pip-version-check", "--no-compile", "--no-input", *wanted]
        run(command, progress, log, "fetching and installing")
    finally:
        shutil.rmtree(venv / "fetched-uv", ignore_errors=True)


def base_python() -> str:
    """The interpreter below any virtual environment."""
    return getattr(sys, "_base_executable", None) or sys.executable


def version_of(python: str) -> list[int]:
    script = "import sys; print(*sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return []
    return [int(part) for part in done.stdout.split()]


def python_version_of(venv: Path) -> list[int]:
    return version_of(str(venv / "bin" / "python"))


def find_pip(base: str, venv: Path, progress: Progress, log: IO[str]) -> list[str]:
    """The words that start a pip for the environment: its own by ensurepip, or the base interpreter's."""
    python = str(venv / "bin" / "python")
    answer = subprocess.run([base, "-m", "pip", "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    match = re.match(r"pip (\d+)\.(\d+)", answer.stdout)
    if match and tuple(int(part) for part in match.groups()) >= OLDEST_PIP_WITH_TARGET:
        return [base, "-m", "pip", "--python", python]
    try:
        run([python, "-m", "ensurepip", "--upgrade", "--default-pip"], progress, log, "preparing pip")
    except BootstrapError:
        raise BootstrapError(
            f"{base} has neither pip nor ensurepip to install packages with: install uv "
            "(https://docs.astral.sh/uv/) or your system's python3-venv package, and start again."
        ) from None
    return [python, "-m", "pip"]


def fetch_uv(pip: list[str], venv: Path, progress: Progress, log: IO[str]) -> str | None:
    """A uv of our own, which installs four times as fast as pip; None when it cannot be had."""
    target = venv / "fetched-uv"
    command = [*pip, "install", "--disable-pip-version-check", "--no-compile", "--no-deps", "--no-input"]
    try:
        run([*command, "--target", str(target), "uv"], progress, log, "fetching the installer")
    except BootstrapError:
        return None
    uv = target / "bin" / "uv"
    return str(uv) if os.access(uv, os.X_OK) else None


def uv_index_flags(pip: list[str], log: IO[str]) -> list[str]:
    """pip's own configuration (private indexes, certificates), said in uv's words, which ignores it."""
    if not pip:
        return []
    # the program before any --python, which `pip config` does not need
    command = [*pip[:3], "config", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603
    flags = ["--index-strategy", "unsafe-best-match"]  # as pip does
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        name = name.rpartition(".")[2]
        words = " ".join(shlex.split(value)).split()
        if name in UV_FLAGS:
            for word in words:
                if name != "find-links" or "://" in word or Path(word).exists():
                    flags += [UV_FLAGS[name], word]
        elif name == "no-index" and words in (["1"], ["true"]):
            flags.append("--no-index")
        elif name == "cert" and words:
            os.environ.setdefault("SSL_CERT_FILE", words[0])
    log.write(f"pip's configuration in uv's words: {len(flags)} flags\n")
    return flags


def run(command: list[str], progress: Progress, log: IO[str], doing: str) -> None:
    """Run one step, its output to the log; BootstrapError with its last words when it fails."""
    log.write("$ " + " ".join(command[:6]) + " ...\n")
    log.flush()
    process = subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", cwd=BASE
    )
    lines = []
    try:
        for line in process.stdout or ():
            log.write(line)
            if line.strip() and not line.startswith("WARNING"):
                lines.append(line.strip())
                progress.show(f"{doing}: {lines[-1][:70]}")
    except KeyboardInterrupt:
        process.terminate()
        process.wait()
        raise
    if process.wait():
        log.flush()
        raise BootstrapError(
            "\nInstalling the Python packages failed: " + " / ".join(lines[-3:]) + f"\nAll of it: {log.name}"
        )


def refuse_taken_port() -> None:
    """For `up`: say that the port is taken before minutes are spent on packages."""
    if sys.argv[1:2] != ["up"]:
        return
    words = " ".join(sys.argv[2:])
    port = re.search(r"--port[= ](\d+)", words)
    host = re.search(r"--host[= ](\S+)", words)
    place = (host.group(1) if host else "127.0.0.1", int(port.group(1)) if port else 8000)
    with socket.socket(socket.AF_INET6 if ":" in place[0] else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(place)
        except OSError as error:
            raise BootstrapError(
                f"BetTrack cannot listen on {place[0]} port {place[1]} ({error.strerror}): choose another with "
                f"--port, for example --port {place[1] + 1}."
            ) from error
        except OverflowError:
            raise BootstrapError(f"--port {place[1]} is not a port: choose one from 1 to 65535.") from None


def short(path: Path) -> str:
    with contextlib.suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)


def run_django() -> None:
    """Run the Django command; what the person at the terminal can put right is said without a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bettrack.settings")
    sys.path.insert(0, str(BASE))
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line
        from django.db import OperationalError
    except ImportError as error:
        sys.exit(
            f"A package is missing in this environment ({error}): run `{sys.executable} -m pip install -r "
            "requirements.txt`, or leave the environment and unset BETTRACK_NO_BOOTSTRAP."
        )
    from bettrack.embedded.layout import EmbeddedServiceError

    try:
        execute_from_command_line(sys.argv)
    except (ImproperlyConfigured, OperationalError, EmbeddedServiceError) as error:
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"{error}".strip())
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
