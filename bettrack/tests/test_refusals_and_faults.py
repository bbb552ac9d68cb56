"""What the log says of requests that are refused, and what is answered when not even an error page can be made."""

from __future__ import annotations

import io
import logging
import logging.config
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.tests.factories import UserFactory
from bettrack.monitoring.logs import RefusedHosts

pytestmark = pytest.mark.django_db
FORGED = "evil-host-of-somebody.example"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the console would show, with the filters of the settings begun anew."""
    said = io.StringIO()
    chosen: dict[str, Any] = django_settings.LOGGING
    before = {name: logging.getLogger(name).filters[:] for name in chosen["loggers"]}
    for name in before:
        logging.getLogger(name).filters.clear()
    handlers = {"console": chosen["handlers"]["console"] | {"stream": said}}
    logging.config.dictConfig(chosen | {"handlers": handlers})
    yield said
    logging.config.dictConfig(chosen)
    for name, filters in before.items():
        logging.getLogger(name).filters[:] = filters


def test_hosts_that_are_not_ours_make_one_line_that_does_not_repeat_them(lines: io.StringIO) -> None:
    for _ in range(5):
        assert Client(HTTP_HOST=FORGED).get("/books/").status_code == 400
    said = [line for line in lines.getvalue().splitlines() if "DisallowedHost" in line]
    assert len(said) == 1
    assert "WARNING" in said[0]
    assert "not in ALLOWED_HOSTS" in said[0]
    assert FORGED not in lines.getvalue()
    assert "Traceback" not in lines.getvalue()


def test_what_was_not_said_is_counted() -> None:
    seldom = RefusedHosts(every=0)
    hushed = RefusedHosts(every=3600)

    def record() -> logging.LogRecord:
        return logging.LogRecord("x", logging.ERROR, "x", 1, "host %s", (FORGED,), None)

    assert [hushed.filter(record()) for _ in range(3)] == [True, False, False]
    hushed.every = 0
    last = record()
    assert hushed.filter(last)
    assert last.getMessage().startswith("refused 3 since")
    assert seldom.filter(last)
    assert last.getMessage().startswith("refused 1 since")


@pytest.mark.parametrize("path", ["/metrics", "/trail/", "/database/", "/bets/review/"])
def test_who_may_not_makes_no_traceback(lines: io.StringIO, path: str) -> None:
    client = Client()
    client.force_login(UserFactory())
    assert client.get(path).status_code in (403, 404)
    assert path in lines.getvalue()
    assert "Traceback" not in lines.getvalue()


def test_a_fault_of_ours_keeps_its_traceback(
    lines: io.StringIO, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    def broken(*args: object) -> None:
        raise RuntimeError("broken on purpose")

    monkeypatch.setattr("accounts.access.rules.known_word", broken)
    client.raise_request_exception = False
    assert client.get("/books/").status_code == 500
    assert "Traceback" in lines.getvalue()
    assert "broken on purpose" in lines.getvalue()


@pytest.mark.parametrize("path", ["/books/", "/nowhere/", "/accounts/login/?next=http://["])
def test_without_collected_static_files_there_is_still_a_page(
    path: str, client: Client, settings: Settings, tmp_path: Path, lines: io.StringIO
) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}
    }
    client.raise_request_exception = False
    answer = client.get(path)
    assert answer.status_code == 500
    page = answer.content.decode()
    assert "<h1>Something broke on our side</h1>" in page
    assert 'href="/"' in page
    assert "<link" not in page
    assert "Missing staticfiles manifest entry" in lines.getvalue()
