from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bettrack.embedded import client
from bettrack.embedded.layout import Layout, for_home


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BETTRACK_EMBEDDED_DURABLE", "0")


@pytest.fixture(scope="session")
def initialised() -> Iterator[Path]:
    """A home whose data directories are made, for tests that start from there."""
    folder = reachable_folder()
    layout = for_home(folder / "var")
    before = os.environ.get("BETTRACK_EMBEDDED_DURABLE")
    os.environ["BETTRACK_EMBEDDED_DURABLE"] = "0"
    client.ensure(layout, "postgres", "redis")
    assert client.release(layout, wait=20)
    if before is None:
        del os.environ["BETTRACK_EMBEDDED_DURABLE"]
    yield layout.home
    shutil.rmtree(folder)


@pytest.fixture
def empty() -> Iterator[Layout]:
    """A home that does not exist yet, in a folder that every account can reach."""
    folder = reachable_folder()
    yield from _used(for_home(folder / "var"), folder)


@pytest.fixture
def home(initialised: Path) -> Iterator[Layout]:
    """A home with data of its own, servers not running."""
    folder = reachable_folder()
    subprocess.run(["cp", "-a", str(initialised), str(folder / "var")], check=True)
    yield from _used(for_home(folder / "var"), folder)


def reachable_folder() -> Path:
    """A folder of this test's own, in memory where there is room: the copies of a cluster are many."""
    memory = Path("/dev/shm")  # noqa: S108
    roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 * 2**30
    folder = Path(tempfile.mkdtemp(prefix="bettrack-test-", dir=memory if roomy else None))
    folder.chmod(0o755)
    return folder


def _used(layout: Layout, folder: Path) -> Iterator[Layout]:
    try:
        yield layout
    finally:
        client.release(layout, wait=20)
        elsewhere = layout.elsewhere_file
        if elsewhere.exists():
            shutil.rmtree(elsewhere.read_text().strip(), ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
