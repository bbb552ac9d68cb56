"""What every test shares: the recorded data, where there are any, and quiet defaults."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from hypothesis import HealthCheck
from hypothesis import settings as properties
from pytest_django import DjangoDbBlocker

ROOT = Path(__file__).resolve().parent

# what a property holds does not depend on how busy the machine is
properties.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
properties.load_profile("unhurried")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of recorded feeds and results; the test is skipped, and says so, where it is absent."""
    folder = Path(os.environ.get("BETTRACK_TEST_DATA") or ROOT.parent / "shared" / "data")
    if not (folder / "odds_api").is_dir():
        pytest.skip(f"no recorded data: {folder} is not there (BETTRACK_TEST_DATA names the folder)")
    return folder


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """The connection past a pooler leads to the tests' database too."""
    if settings.DIRECT_DATABASE:
        named = connection.settings_dict
        settings.DIRECT_DATABASE["NAME"] = named["TEST"]["NAME"] or f"test_{named['NAME']}"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The test database; who still holds it at the end, such as a thread of the live server, lets go."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(scope="session", autouse=True)
def quick_flush() -> Iterator[None]:
    """Django's test cases empty the database by the command of this name."""
    from bettrack.tests.emptying import Command

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("django.core.management.commands.flush.Command", Command)
        yield


class Words:
    """What Redis holds of the rules of access, for one test: no other test's rules come in between."""

    def __init__(self) -> None:
        self.word: str | None = "none"

    def known(self) -> str | None:
        return self.word

    def publish(self, word: str) -> bool:
        self.word = self.word or word
        return self.word == word

    def replace(self) -> None:
        self.word = secrets.token_hex(8)


@pytest.fixture(autouse=True)
def words(monkeypatch: pytest.MonkeyPatch) -> Words:
    """Begin each test without rules of access, as every process knows by then that has answered a request."""
    from accounts.access import rules

    held = Words()
    monkeypatch.setattr(rules, "known_word", held.known)
    monkeypatch.setattr(rules, "publish", held.publish)
    monkeypatch.setattr(rules, "replace_word", held.replace)
    monkeypatch.setattr(rules._held, "rules", ("none", rules.Rules()))
    return held


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run the tests marked slow too")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run files with browser tests last, and leave out what takes minutes, saying so, unless it is asked for.

    From the first browser on, its event loop runs in this thread, where no other can then be started.
    """
    with_browser = {item.path for item in items if "browser" in item.keywords}
    items.sort(key=lambda item: (item.path in with_browser, "browser" in item.keywords))
    if config.getoption("--slow"):
        return
    for item in items:
        if "slow" in item.keywords:
            item.add_marker(pytest.mark.skip(reason="takes minutes; pass --slow to run it"))
