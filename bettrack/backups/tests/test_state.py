"""What is remembered of backups, and what a monitor makes of it."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.cache.backends.redis import RedisCache
from pytest_django.fixtures import Settings

from bettrack.backups import state
from bettrack.backups.state import Attempt, backup_state, last_backup, offsite_state, record

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 21, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)


@pytest.fixture(autouse=True)
def _remembered(tmp_path: Path, settings: Settings) -> Iterator[None]:
    settings.HOME = tmp_path
    settings.BACKUPS = dataclasses.replace(settings.BACKUPS, at=(3, 30), offsite="")
    keys = [state.CACHE_KEY + kind for kind in state.NOUN]
    cache.delete_many(keys)
    yield
    cache.delete_many(keys)


def good(at: dt.datetime, file: Path | None = None) -> Attempt:
    return Attempt(at, True, file=str(file) if file else "", size=5, seconds=1.5)


def test_a_young_good_backup_is_up(tmp_path: Path) -> None:
    record("backup", good(NOW - 20 * HOUR))
    found = backup_state(NOW)
    assert (found.ok, found.age) == (True, 20 * HOUR)
    assert found.reason == "The last backup is from 2026-11-20 16:00 UTC."
    assert last_backup() == good(NOW - 20 * HOUR)


def test_one_that_is_missing_since_a_day_is_down() -> None:
    record("backup", good(NOW - 27 * HOUR))
    found = backup_state(NOW)
    assert found.ok is False
    assert found.reason == "The last backup is only from 2026-11-20 09:00 UTC."


def test_a_failure_is_down_until_the_next_success_and_the_last_good_one_stays_known() -> None:
    record("backup", good(NOW - 3 * HOUR))
    record("backup", Attempt(NOW - HOUR, False, "No space left on device"))
    found = backup_state(NOW)
    assert found.ok is False
    assert found.last_success == good(NOW - 3 * HOUR)
    assert found.attempt is not None
    assert found.attempt.reason == "No space left on device"
    record("backup", good(NOW))
    assert backup_state(NOW).ok is True


def test_a_file_that_somebody_removed_is_down(tmp_path: Path) -> None:
    file = tmp_path / "bettrack-20261121T110000Z.dump"
    file.touch()
    record("backup", good(NOW - HOUR, file))
    assert backup_state(NOW).ok is True
    file.unlink()
    assert backup_state(NOW).ok is False
    assert backup_state(NOW).reason == "The file of the last backup is gone."


def test_a_folder_that_is_gone_is_down_where_the_backup_was_made(tmp_path: Path, settings: Settings) -> None:
    record("backup", good(NOW - HOUR, tmp_path / "unmounted" / "a.dump"))
    assert backup_state(NOW).ok is False
    assert backup_state(NOW).reason == "The file of the last backup is gone."


def test_one_that_a_wrong_clock_dated_vouches_for_nothing() -> None:
    record("backup", good(NOW + dt.timedelta(days=400)))
    found = backup_state(NOW)
    assert found.ok is False
    assert found.reason.endswith("which is yet to come: a clock was wrong.")
    record("backup", good(NOW + dt.timedelta(minutes=5)))
    assert backup_state(NOW).ok is True


def test_none_is_due_on_the_first_day_and_missed_on_the_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "installed_at", lambda: NOW - 5 * HOUR)
    assert backup_state(NOW).ok is None
    monkeypatch.setattr(state, "installed_at", lambda: NOW - 30 * HOUR)
    assert backup_state(NOW).ok is False
    assert backup_state(NOW).reason == "There has been no backup since 2026-11-20."


def test_switched_off_is_no_fault(settings: Settings) -> None:
    settings.BACKUPS = dataclasses.replace(settings.BACKUPS, at=None)
    assert backup_state(NOW).ok is None
    assert offsite_state(NOW).ok is None


def test_another_machine_learns_it_from_the_cache(tmp_path: Path, settings: Settings) -> None:
    record("backup", good(NOW - HOUR, tmp_path / "not-seen-here" / "a.dump"))
    settings.HOME = tmp_path / "elsewhere"
    assert backup_state(NOW).ok is True


def test_the_newer_of_file_and_cache_counts(tmp_path: Path, settings: Settings) -> None:
    record("backup", good(NOW - 9 * HOUR))
    old = cache.get(state.CACHE_KEY + "backup")
    record("backup", good(NOW - HOUR))
    cache.set(state.CACHE_KEY + "backup", old)
    assert last_backup() == good(NOW - HOUR)


def test_a_damaged_record_is_as_good_as_none(tmp_path: Path) -> None:
    place = tmp_path / "backup-state"
    place.mkdir()
    for text in ("", "[]", '{"attempt": {"at": "never"}}', '{"attempt": {"at": "2026-11-21", "wrong": 1}}'):
        (place / "backup.json").write_text(text)
        assert last_backup() is None


def test_a_cache_that_is_away_costs_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(state, "cache", RedisCache(f"unix://{tmp_path}/none.sock", {}))
    record("backup", good(NOW - HOUR))
    assert backup_state(NOW).ok is True
