from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from bettrack.running.instance import Address, StartError, free_address, only_one

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what a person may give as --host
ROOT = Path(__file__).resolve().parents[3]


def test_a_taken_port_is_refused_with_another_proposed() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=rf"port {port} .*--port {port + 1}"):
            free_address("127.0.0.1", port)


def test_port_zero_takes_any_free_one() -> None:
    assert free_address("127.0.0.1", 0).port > 0


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70000), ("127.0.0.1", -1), ("192.0.2.77", 8000)])
def test_an_address_that_cannot_be_used_is_refused(host: str, port: int) -> None:
    with pytest.raises(StartError):
        free_address(host, port)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True), (EVERYWHERE, False)],
)
def test_only_this_machine_counts_as_loopback(host: str, loopback: bool) -> None:
    assert Address(host, 8000).is_loopback is loopback


def test_the_address_shown_can_be_opened() -> None:
    assert Address(EVERYWHERE, 8000).url == "http://127.0.0.1:8000"
    assert Address("::1", 8000).url == "http://[::1]:8000"


def test_a_wildcard_address_allows_this_machines_own_names_and_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bettrack.running.instance._own_addresses", lambda: ["198.51.100.9"])
    hosts = Address(EVERYWHERE, 8000).allowed_hosts()
    assert {socket.gethostname(), "198.51.100.9"} <= set(hosts)
    assert "*" not in hosts
    assert Address("127.0.0.1", 8000).allowed_hosts() == ["127.0.0.1", "localhost", "[::1]"]


def test_a_second_instance_learns_where_the_first_one_runs(tmp_path: Path) -> None:
    with only_one(tmp_path) as record:
        record.url, record.phase = "http://127.0.0.1:8123", "running"
        record.save()
        with (
            pytest.raises(StartError, match=r"is running already at http://127.0.0.1:8123/"),
            only_one(tmp_path),
        ):
            pytest.fail("two instances on one home")
    with only_one(tmp_path) as record:
        assert json.loads(record.path.read_text())["phase"] == "starting"


def test_an_instance_that_was_killed_does_not_stand_in_the_way(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, sys\n"
        "from bettrack.running.instance import only_one\n"
        "with only_one(pathlib.Path(sys.argv[1])):\n    os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, check=False)
    assert done.returncode == -9
    assert (tmp_path / "up.json").exists()
    with only_one(tmp_path):
        pass
