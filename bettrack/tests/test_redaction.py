"""Whatever way a secret tries to get into a log, it does not."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from django.conf import settings

from bettrack.monitoring import context
from bettrack.monitoring.logs import JsonFormatter, TextFormatter
from bettrack.monitoring.redaction import own_secrets, redact, redact_all

API_KEY = "bt_Ab3dEf6h1J_" + "k" * 32
WRITERS: dict[str, Callable[[], logging.Formatter]] = {"text": TextFormatter, "json": JsonFormatter}


@pytest.fixture(params=list(WRITERS))
def log(request: pytest.FixtureRequest) -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """A logger whose lines end in a text."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(WRITERS[request.param]())
    logger = logging.getLogger("test.redaction")
    logger.propagate = False
    logger.addHandler(handler)
    yield logger, stream
    logger.removeHandler(handler)
    handler.close()


LEAKS = [
    ("https://api.the-odds-api.com/v4/sports?apiKey=0123456789abcdef&regions=us", "0123456789abcdef"),
    ("GET /v4/sports/?regions=us&api_key=s3cr3tvalue HTTP/1.1", "s3cr3tvalue"),
    ("postgres://bettrack:hunter2hunter2@db:5432/bettrack refused", "hunter2hunter2"),
    ("redis://:pa55word@redis:6379/0", "pa55word"),
    ("smtp+tls://ops%40example.org:mailpass@mx.example.org:587", "mailpass"),
    ("Authorization: Bearer eyJhbGciOi.J9.abc-def_ghi", "eyJhbGciOi"),
    ("{'Authorization': 'Basic dXNlcjpwYXNz'}", "dXNlcjpwYXNz"),
    ("headers={'authorization': b'Bearer topsecrettoken'}", "topsecrettoken"),
    ("Cookie: sessionid=abc123def456; csrftoken=zzz999", "abc123def456"),
    ("Cookie: sessionid=abc123def456; csrftoken=zzz999", "zzz999"),
    ("Set-Cookie: sessionid=abc123def456; HttpOnly", "abc123def456"),
    ("{'password': 'correct horse battery'}", "horse"),
    ('{"password": "correct horse battery", "user": "x"}', "horse"),
    ("password=hunter2", "hunter2"),
    ("new_password1: hunter2", "hunter2"),
    ("DB_PASSWORD=hunter2", "hunter2"),
    ("passwd => hunter2", "hunter2"),
    ("--odds-api-key s3cr3tvalue --sport nba", "s3cr3tvalue"),
    ("X-Api-Key: s3cr3tvalue", "s3cr3tvalue"),
    ("client_secret=GOCSPX-abcdef", "GOCSPX-abcdef"),
    ("?next=/&token=abcdef123456", "abcdef123456"),
    ("X-BetTrack-Signature: v1=deadbeefdeadbeef", "deadbeefdeadbeef"),
    (f"key {API_KEY} was refused", API_KEY),
    ("secret whsec_abcDEF123-_x is wrong", "whsec_abcDEF123"),
    ("Not Found: /record/Zk3jT0ken-of-a-record/", "Zk3jT0ken-of-a-record"),
    ("Not Found: /record/Zk3jT0ken-of-a-record/chart.json", "Zk3jT0ken-of-a-record"),
    ("/accounts/password/reset/key/1-c4f8a9-2b7d/", "c4f8a9"),
    ("/accounts/confirm-email/MQ:1wXyZ:abcdef/", "1wXyZ"),
    ("mail to ann.other+bets@example.co.uk was refused", "ann.other"),
    ("mail to ann.other+bets@example.co.uk was refused", "example.co.uk"),
    ("?email=ann%40example.org&next=/", "ann%40example.org"),
    ("duplicate key: Key (lower(email::text))=(ann@example.org) already exists.", "ann@example.org"),
    ("Token 9944b09199c62bcf9418ad846dd0e4bb", "9944b09199c62"),
    ("https://abc123def456@o1.ingest.sentry.io/2?sentry_key=abc123def456", "abc123def456"),
]


@pytest.mark.parametrize(("text", "secret"), LEAKS)
def test_a_message_leaves_secrets_out(
    log: tuple[logging.Logger, io.StringIO], text: str, secret: str
) -> None:
    logger, stream = log
    logger.warning(text)
    assert stream.getvalue()
    assert secret not in stream.getvalue()


@pytest.mark.parametrize(("text", "secret"), LEAKS)
def test_so_do_arguments_and_exceptions(
    log: tuple[logging.Logger, io.StringIO], text: str, secret: str
) -> None:
    logger, stream = log
    try:
        try:
            raise ValueError(text)
        except ValueError as inner:
            raise RuntimeError(f"while: {text}") from inner
    except RuntimeError:
        logger.exception("it broke on %s", text)
    said = stream.getvalue()
    assert "RuntimeError" in said
    assert secret not in said


@pytest.mark.parametrize(
    "text",
    [
        "pulled 3 responses, 1,200 prices, 14 changes of 9 games",
        "GET /games/01a1fbd5-52dd-759d-9a42-33c8b80fcb88/ 200 in 31 ms",
        "Task bets.tasks.settle_due[5b2e6c39-36c0-4ad4-a1dc-0d3b9a1a7a2e] succeeded in 0.04s: {'won': 2}",
        "celery@worker-1.example.org ready.",
        "monitor work:settle: down, was up (it last succeeded 6 minutes ago)",
        "the key of the board is odds:run:odds:basketball_nba",
        "monkey=banana",
    ],
)
def test_other_lines_are_left_as_they_are(text: str) -> None:
    assert redact(text) == text


def test_the_installations_own_secrets_are_known_wherever_they_stand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settings, "ODDS_API_KEY", "plain/word+of mine")
    own_secrets.cache_clear()
    try:
        for said in ("sent plain/word+of mine there", "sent plain%2Fword%2Bof%20mine there"):
            assert redact(said) == "sent [redacted] there"
    finally:
        own_secrets.cache_clear()


def test_so_are_the_key_of_the_bucket_and_the_address_of_the_webhook(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = replace(settings.BACKUPS, s3_key_id="AKIAEXAMPLE", s3_secret="wJalrXUtnFEMI")
    monkeypatch.setattr(settings, "BACKUPS", kept)
    monkeypatch.setattr(settings, "ALERT_WEBHOOK_URL", "https://hooks.example.org/services/T0/B0/xyz")
    own_secrets.cache_clear()
    try:
        said = "AKIAEXAMPLE wJalrXUtnFEMI https://hooks.example.org/services/T0/B0/xyz"
        assert redact(said) == "[redacted] [redacted] [redacted]"
    finally:
        own_secrets.cache_clear()


def test_values_behind_telling_names_go_whatever_they_are() -> None:
    given = {"password": ["a", 1], "user": {"email": "ann@example.org", "Authorization": {"x": 1}}, "n": 3}
    assert redact_all(given) == {
        "password": "[redacted]",
        "user": {"email": "[email]", "Authorization": "[redacted]"},
        "n": 3,
    }


def test_a_long_line_is_redacted_in_time() -> None:
    for text in ("password" * 20_000, "a" * 200_000, "key=" * 50_000, "x@" * 50_000, "'" * 100_000):
        redact(text)


def test_a_line_names_request_task_and_user() -> None:
    tokens = [(one, one.set(value)) for one, value in (
        (context.REQUEST, "req-12345678"), (context.TASK, "task-1"), (context.USER, "01a1")
    )]  # fmt: skip
    try:
        record = logging.LogRecord("a.b", logging.INFO, __file__, 1, "said %s", ("so",), None)
        record.path = "/games/"
        line = json.loads(JsonFormatter().format(record))
        text = TextFormatter().format(record)
    finally:
        for one, token in tokens:
            one.reset(token)
    assert line["message"] == "said so"
    assert (line["request_id"], line["task_id"], line["user"]) == ("req-12345678", "task-1", "01a1")
    assert (line["level"], line["logger"], line["path"]) == ("INFO", "a.b", "/games/")
    assert text.endswith("INFO a.b: said so [request_id=req-12345678 task_id=task-1 user=01a1]")
