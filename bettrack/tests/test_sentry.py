"""Reports to Sentry are optional, and hold nothing of people and no secret."""

from __future__ import annotations

import importlib.util
import json
import sys
from types import ModuleType
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from bettrack.environment import Environment
from bettrack.environment import watching as monitoring_settings
from bettrack.monitoring import context, sentry

DSN = "https://0123456789abcdef@o1.ingest.example.org/2"


def test_nothing_is_reported_unless_a_dsn_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SENTRY_DSN", raising=False)
    assert monitoring_settings.sentry_dsn(Environment()) == ""


def test_a_dsn_without_the_package_stops_the_start_and_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SENTRY_DSN", DSN)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImproperlyConfigured, match="pip install 'sentry-sdk") as refused:
        monitoring_settings.sentry_dsn(Environment())
    assert "0123456789abcdef" not in str(refused.value)


@pytest.mark.parametrize("dsn", ["hunter2", "https://sentry.example.org/2", "ftp://a@b/2"])
def test_what_is_no_dsn_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch, dsn: str) -> None:
    monkeypatch.setenv("SENTRY_DSN", dsn)
    with pytest.raises(ImproperlyConfigured, match="SENTRY_DSN is not one") as refused:
        monitoring_settings.sentry_dsn(Environment())
    assert dsn not in str(refused.value)


def test_it_starts_without_personal_data(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {}
    module = ModuleType("sentry_sdk")
    module.init = lambda **options: given.update(options)
    monkeypatch.setitem(sys.modules, "sentry_sdk", module)
    sentry.start(DSN)
    assert (given["dsn"], given["send_default_pii"], given["include_local_variables"]) == (DSN, False, False)
    assert (given["max_request_body_size"], given["before_send"]) == ("never", sentry.scrubbed)


def test_a_report_is_scrubbed_through_and_through() -> None:
    event = {
        "message": "mail to ann@example.org failed",
        "exception": {"values": [{"type": "ValueError", "value": "postgres://u:hunter2@db/x"}]},
        "request": {
            "method": "POST",
            "url": "https://bets.example.org/record/T0ken-of-a-record/?token=s3cr3tvalue",
            "query_string": "token=s3cr3tvalue",
            "headers": {"Cookie": "sessionid=abc123def456", "Authorization": "Bearer abcdefghij"},
            "cookies": {"sessionid": "abc123def456"},
            "data": {"password": "hunter2"},
            "env": {"REMOTE_ADDR": "198.51.100.7"},
        },
        "user": {"id": "01a1", "email": "ann@example.org", "ip_address": "198.51.100.7"},
        "breadcrumbs": {"values": [{"data": {"url": "https://x/?apiKey=s3cr3tvalue"}}]},
        "extra": {"api_key": "s3cr3tvalue"},
    }
    token = context.REQUEST.set("req-12345678")
    try:
        found = sentry.scrubbed(event)
    finally:
        context.REQUEST.reset(token)
    text = json.dumps(found)
    for secret in (
        "ann@", "hunter2", "s3cr3tvalue", "abc123def456", "abcdefghij", "198.51.100.7", "T0ken-of-a-record",
    ):  # fmt: skip
        assert secret not in text, secret
    assert found["request"] == {"method": "POST", "url": "https://bets.example.org/record/[redacted]/"}
    assert found["user"] == {"id": "01a1"}
    assert found["tags"] == {"request_id": "req-12345678"}
