"""The embedded servers as real processes: started, killed, raced for, refused."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import redis

from bettrack.embedded import client, state
from bettrack.embedded.layout import EmbeddedServiceError, Layout, for_home
from bettrack.embedded.postgres import Postgres
from bettrack.embedded.tests.conftest import reachable_folder

ROOT = Path(__file__).resolve().parents[3]
USE = """
import sys, time
from bettrack.embedded import client, layout
place = layout.for_home(sys.argv[1])
client.ensure(place, "postgres", "redis")
import psycopg
with psycopg.connect(host=str(place.sockets), user="bettrack", dbname="bettrack") as connection:
    print(connection.execute("SELECT pg_postmaster_start_time()").fetchone()[0], flush=True)
time.sleep(float(sys.argv[2]))
"""


def connect(layout: Layout) -> psycopg.Connection:
    return psycopg.connect(host=str(layout.sockets), user="bettrack", dbname="bettrack", autocommit=True)


def value(layout: Layout, query: str) -> object:
    with connect(layout) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return row[0]


def redis_of(layout: Layout) -> redis.Redis:
    return redis.Redis.from_url(layout.redis_url(0))


def pid_of(layout: Layout, service: str) -> int:
    """The server's process number, 0 while there is none."""
    return int(state.read_state(layout)["services"][service]["pid"] or 0)


def janitor_pid(layout: Layout) -> int:
    """The janitor is the parent of the servers it started."""
    status = Path(f"/proc/{pid_of(layout, 'redis')}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("PPid:")))


def wait_for(condition: Callable[[], bool], seconds: float = 15.0) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


@contextmanager
def user_process(layout: Layout, seconds: float) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", USE, str(layout.home), str(seconds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_four_processes_that_race_from_nothing_share_one_server(empty: Layout) -> None:
    command = [sys.executable, "-c", USE, str(empty.home), "0.5"]
    racers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(4)]
    answers = {racer.communicate(timeout=60)[0].strip() for racer in racers}
    assert [racer.returncode for racer in racers] == [0] * 4
    assert len(answers) == 1, answers
    assert answers != {""}


def test_the_server_speaks_utf8_and_keeps_statistics(home: Layout) -> None:
    client.ensure(home, "postgres")
    assert value(home, "SHOW server_encoding") == "UTF8"
    assert value(home, "SELECT upper('é')") == "É"
    assert value(home, "SELECT count(*) > 0 FROM pg_stat_statements") is True
    assert value(home, "SHOW listen_addresses") == ""


@pytest.mark.parametrize("service", ["postgres", "redis"])
def test_a_killed_server_is_started_again_and_keeps_what_was_written(home: Layout, service: str) -> None:
    client.ensure(home, "postgres", "redis")
    with connect(home) as connection:
        connection.execute("SET synchronous_commit = on")
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
    killed = pid_of(home, service)
    os.kill(killed, signal.SIGKILL)
    client.forget(home)
    assert wait_for(lambda: pid_of(home, service) not in {0, killed})
    client.ensure(home, "postgres", "redis", fresh=0)
    assert redis_of(home).ping()
    assert value(home, "SELECT n FROM kept") == 1


def test_a_killed_janitor_takes_its_servers_along_and_is_replaced_at_the_next_use(home: Layout) -> None:
    client.ensure(home, "postgres", "redis")
    before = janitor_pid(home)
    os.kill(before, signal.SIGKILL)
    assert wait_for(lambda: not Path(f"/proc/{before}").exists())
    client.ensure(home, "postgres", "redis", fresh=0)
    assert janitor_pid(home) != before
    assert value(home, "SELECT 1") == 1


def test_everything_killed_with_stale_lock_files_of_a_live_stranger_starts_again(home: Layout) -> None:
    client.ensure(home, "postgres", "redis")
    data = Path(str(value(home, "SHOW data_directory")))
    pids = [janitor_pid(home), pid_of(home, "postgres"), pid_of(home, "redis")]
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    assert wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))
    stranger = f"{os.getpid()}\n{data}\n"
    for lock in (data / "postmaster.pid", Path(f"{home.postgres_socket}.lock")):
        lock.write_text(stranger)
    began = time.monotonic()
    client.ensure(home, "postgres", "redis", fresh=0)
    assert value(home, "SELECT 1") == 1
    assert time.monotonic() - began < 10


def test_the_servers_stop_when_their_last_user_is_killed(home: Layout) -> None:
    with user_process(home, 60) as process:
        assert process.stdout
        assert process.stdout.readline()
        pids = [pid_of(home, "postgres"), pid_of(home, "redis")]
        process.kill()
        process.wait()
        assert wait_for(lambda: not state.janitor_lives(home))
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_leaving_does_not_stop_the_servers_under_another_user(home: Layout) -> None:
    client.ensure(home, "postgres", "redis")
    with user_process(home, 60) as process:
        assert process.stdout
        assert process.stdout.readline()
        assert client.release(home, wait=1) is False
        assert client.in_use_by_others(home)
        assert value(home, "SELECT 1") == 1


def test_data_removed_under_a_running_server_come_back_empty(home: Layout) -> None:
    client.ensure(home, "postgres", "redis")
    killed = pid_of(home, "postgres")
    shutil.rmtree(home.home / "postgres", ignore_errors=True)
    assert wait_for(lambda: not Path(f"/proc/{killed}").exists())
    shutil.rmtree(home.home / "postgres", ignore_errors=True)
    assert wait_for(lambda: pid_of(home, "postgres") not in {0, killed}, 30)
    client.ensure(home, "postgres", fresh=0)
    assert value(home, "SELECT 1") == 1


def test_a_home_removed_under_the_servers_kills_them_and_starts_anew(home: Layout) -> None:
    client.ensure(home, "postgres", "redis")
    killed = pid_of(home, "postgres")
    shutil.rmtree(home.home, ignore_errors=True)
    assert wait_for(lambda: not Path(f"/proc/{killed}").exists())
    shutil.rmtree(home.home, ignore_errors=True)
    client.ensure(home, "postgres", fresh=0)
    assert value(home, "SELECT 1") == 1


def test_a_long_path_with_spaces_and_quotes_works(initialised: Path) -> None:
    folder = reachable_folder()
    layout = for_home(folder / ('it\'s a "quoted", long path ' * 4) / ("deeper " * 12) / "var")
    layout.home.parent.mkdir(parents=True)
    subprocess.run(["cp", "-a", str(initialised), str(layout.home)], check=True)
    try:
        client.ensure(layout, "postgres", "redis")
        assert len(str(layout.home)) > 180
        assert value(layout, "SELECT 1") == 1
        assert redis_of(layout).ping()
    finally:
        assert client.release(layout, wait=20)
        shutil.rmtree(folder)


def test_data_of_another_major_version_are_refused_with_the_way_out(home: Layout) -> None:
    version = home.home / "postgres" / "PG_VERSION"
    version.write_text("14\n")
    with pytest.raises(EmbeddedServiceError, match=r"made by PostgreSQL 14.*BETTRACK_POSTGRES_BIN"):
        client.ensure(home, "postgres")
    assert version.read_text() == "14\n"


def test_a_folder_that_holds_something_else_is_refused_and_left_alone(home: Layout) -> None:
    (home.home / "postgres" / "PG_VERSION").unlink()
    with pytest.raises(EmbeddedServiceError, match="is not a PostgreSQL data directory"):
        client.ensure(home, "postgres")
    assert (home.home / "postgres" / "global").is_dir()


def test_a_failed_start_can_be_tried_again_after_the_cause_is_gone(home: Layout) -> None:
    version = home.home / "postgres" / "PG_VERSION"
    kept = version.read_text()
    version.write_text("14\n")
    with pytest.raises(EmbeddedServiceError):
        client.ensure(home, "postgres")
    version.write_text(kept)
    client.ensure(home, "postgres")
    assert value(home, "SELECT 1") == 1


def test_a_dump_of_the_cache_that_cannot_be_read_is_set_aside(home: Layout) -> None:
    (home.home / "redis" / "dump.rdb").write_bytes(b"REDIS0011 not a dump")
    client.ensure(home, "redis")
    assert redis_of(home).ping()
    assert list((home.home / "redis").glob("unreadable-*.rdb"))


def test_only_what_is_asked_for_is_started(home: Layout) -> None:
    client.ensure(home, "redis")
    assert set(state.read_state(home)["services"]) == {"redis"}
    client.ensure(home, "postgres")
    assert set(state.read_state(home)["services"]) == {"redis", "postgres"}


def test_an_unknown_service_is_refused_by_name(home: Layout) -> None:
    with pytest.raises(ValueError, match="memcached"):
        client.ensure(home, "memcached")


def test_a_wrong_program_folder_is_named(home: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BETTRACK_POSTGRES_BIN", "/nowhere/bin")
    with pytest.raises(EmbeddedServiceError, match="BETTRACK_POSTGRES_BIN=/nowhere/bin"):
        client.ensure(home, "postgres")


def test_shared_memory_goes_to_files_where_dev_shm_is_closed(
    home: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bettrack.embedded.postgres._shm_is_usable", lambda: False)
    assert Postgres(home).shared_memory == "mmap"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root's servers run under another account")
def test_as_root_the_servers_run_as_somebody_else_and_reach_data_below_a_closed_folder(empty: Layout) -> None:
    empty.home.parent.chmod(0o700)
    client.ensure(empty, "postgres")
    data = Path(str(value(empty, "SHOW data_directory")))
    assert not data.is_relative_to(empty.home)
    assert data.stat().st_uid != 0
    assert Path(f"/proc/{pid_of(empty, 'postgres')}").stat().st_uid != 0
    assert empty.home.parent.stat().st_mode & 0o777 == 0o700
