from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bettrack.backups.errors import BackupError
from bettrack.running import preparation
from bettrack.running.instance import StartError

Said = list[str]


class Order:
    """What `migrate` calls, in order, with a plan of one migration."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, has_data: bool) -> None:
        self.calls: list[str] = []
        self.failures: dict[str, Exception] = {}
        monkeypatch.setattr(preparation.state, "pending", lambda _: ["bets.0099_step"])
        monkeypatch.setattr(preparation.state, "has_data", lambda _: has_data)
        monkeypatch.setattr(preparation, "backup", self.backup)
        monkeypatch.setattr(preparation, "call_command", self.migrate)

    def backup(self, **_: Any) -> SimpleNamespace:
        self.done("backup")
        return SimpleNamespace(path=Path("/backups/today"))

    def migrate(self, *_: Any, **__: Any) -> None:
        self.done("migrate")

    def done(self, what: str) -> None:
        self.calls.append(what)
        if what in self.failures:
            raise self.failures[what]


@pytest.mark.django_db
class TestMigrate:
    def test_data_are_backed_up_before_they_are_migrated_and_the_migrations_named(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order, said = Order(monkeypatch, has_data=True), Said()
        assert preparation.migrate(said.append) == 1
        assert order.calls == ["backup", "migrate"]
        assert said == [
            "Backing up the database before it is migrated",
            "Backed up to /backups/today",
            "Bringing the database up to date: 1 migration (bets.0099_step)",
        ]

    def test_a_database_without_data_needs_no_backup(self, monkeypatch: pytest.MonkeyPatch) -> None:
        order = Order(monkeypatch, has_data=False)
        preparation.migrate(Said().append)
        assert order.calls == ["migrate"]

    def test_a_failed_backup_stops_before_anything_is_changed_and_tells_the_way_round(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order = Order(monkeypatch, has_data=True)
        order.failures["backup"] = BackupError("The disk is full.")
        with pytest.raises(StartError, match=r"nothing was changed: The disk is full\..*--no-backup"):
            preparation.migrate(Said().append)
        assert order.calls == ["backup"]
        preparation.migrate(Said().append, with_backup=False)
        assert order.calls == ["backup", "migrate"]

    def test_a_failed_migration_names_the_backup(self, monkeypatch: pytest.MonkeyPatch) -> None:
        order = Order(monkeypatch, has_data=True)
        order.failures["migrate"] = preparation.CommandError("bets.0099_step failed and was rolled back: no.")
        with pytest.raises(
            StartError, match=r"rolled back: no\. The backup from before is /backups/today\.$"
        ):
            preparation.migrate(Said().append)

    def test_a_newer_database_is_refused_before_the_backup(self, monkeypatch: pytest.MonkeyPatch) -> None:
        order = Order(monkeypatch, has_data=True)
        monkeypatch.setattr(preparation.state, "too_new", lambda _: "It is newer.")
        with pytest.raises(StartError, match=r"It is newer\."):
            preparation.migrate(Said().append)
        assert not order.calls
        preparation.migrate(Said().append, accept_newer=True)
        assert order.calls == ["backup", "migrate"]
