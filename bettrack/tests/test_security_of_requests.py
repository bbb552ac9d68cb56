"""What a hostile visitor sends, and what he gets: nowhere, and soon."""

from __future__ import annotations

import time
from html import unescape
from typing import Any, Final

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import User
from accounts.tests.factories import UserFactory
from bettrack.monitoring.redaction import redact
from feeds.public_web import BadAddress, checked_url, client, is_public

pytestmark = pytest.mark.django_db

PASSWORD: Final = "correct horse battery"
ELSEWHERE: Final = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "http:evil.example",
    "javascript:alert(1)",
    "\t//evil.example/",
    "https://localhost@evil.example/",
]
SOON: Final = 3.0
"""Seconds, on the slowest machine; what is quadratic takes minutes at these lengths."""


@pytest.fixture
def ada() -> User:
    made: User = UserFactory(username="ada")
    made.set_password(PASSWORD)
    made.save()
    return made


def sign_in(client: Client, **more: str) -> Any:
    return client.post("/accounts/login/", {"login": "ada", "password": PASSWORD, **more})


@pytest.mark.parametrize("place", ELSEWHERE)
def test_nobody_is_sent_elsewhere(client: Client, ada: User, place: str) -> None:
    for answer in (
        sign_in(client, next=place),
        client.post("/account/theme/", {"theme": "dark", "next": place}),
    ):
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/")
        assert not answer.headers["Location"].startswith(("//", "/\\"))


def test_signing_in_takes_a_new_session_and_a_new_token(client: Client, ada: User) -> None:
    client.get("/accounts/login/")
    session = client.session
    session["planted"] = "by somebody else"
    session.save()
    planted, token = session.session_key, client.cookies["csrftoken"].value
    assert sign_in(client).status_code == 302
    assert client.cookies["sessionid"].value != planted
    assert client.cookies["csrftoken"].value != token
    assert Client(headers={"cookie": f"sessionid={planted}"}).get("/account/").status_code == 302


def test_cookies_of_a_session_are_out_of_a_scripts_reach(client: Client, ada: User) -> None:
    sign_in(client)
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_an_unknown_host_is_refused(client: Client) -> None:
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400


def test_a_forwarded_host_gets_into_no_mail(client: Client, ada: User) -> None:
    client.post(
        "/accounts/password/reset/", {"email": ada.email}, headers={"x-forwarded-host": "evil.example"}
    )
    assert len(mail.outbox) == 1
    assert "evil.example" not in str(mail.outbox[0].message())


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b'{"bettrack":' + b"9" * 50_000 + b"}",
        b'"' * 500_000,
        b"a,b\n" + b'"' * 500_000,
    ],
    ids=["deep list", "deep object", "long number", "quotes", "quotes in a table"],
)
def test_a_file_made_to_choke_on_is_refused_soon(client: Client, ada: User, content: bytes) -> None:
    client.force_login(ada)
    begun = time.monotonic()
    answer = client.post("/bets/import/", {"file": SimpleUploadedFile("bets.json", content)})
    assert answer.status_code in (302, 422)
    assert time.monotonic() - begun < SOON


@pytest.mark.parametrize(
    "unit", ["x", "1 ", "-110 ", "(", " ", "@", "Lakers -3.5 -110 50 dk ", "½", "+-", "o9u"]
)
def test_words_of_a_bet_are_read_soon_whatever_they_are(client: Client, ada: User, unit: str) -> None:
    client.force_login(ada)
    begun = time.monotonic()
    answer = client.post("/bets/slip/enter/", {"text": (unit * 60_000)[:60_000]})
    assert answer.status_code < 500
    assert time.monotonic() - begun < SOON


@pytest.mark.parametrize(
    "path", ["/{}/", "/games/{}/", "/api/v1/{}/", "/?at={}", "/?day={}", "/edges/?least={}", "/bets/?tag={}"]
)
def test_long_addresses_are_answered_soon(client: Client, path: str) -> None:
    begun = time.monotonic()
    assert client.get(path.format("x" * 12_000)).status_code < 500
    assert client.get(path.format("9" * 12_000)).status_code < 500
    assert time.monotonic() - begun < SOON


@pytest.mark.parametrize(
    "unit", ["x", "a.", "a@", "/", "-", "token", "token=", "a://b:", "cookie ", "token='", "--key "]
)
def test_no_text_makes_logging_slow(unit: str) -> None:
    begun = time.monotonic()
    redact((unit * 60_000)[:60_000])
    assert time.monotonic() - begun < SOON


@pytest.mark.parametrize(
    "url",
    [
        "http://[::ffff:7f00:1]/",
        "http://[0:0:0:0:0:ffff:127.0.0.1]/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://[64:ff9b::a9fe:a9fe]/",
        "http://[fe80::1%25eth0]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://0/",
        "http://[::]/",
        "https://example.org@127.0.0.1/",
        "https://127.0.0.1#@example.org/",
        "https://example.org\\@127.0.0.1/",
        "http://127。0。0。1/",
        "http://①②⑦.⓪.⓪.①/",
        "http://example.org:0/",
        "http://example.org:25/",
        "gopher://example.org/",
        "http://example.org\r\nHost: evil/",
    ],
)
def test_an_address_within_is_refused_however_it_is_written(url: str) -> None:
    try:
        accepted = checked_url(url)
    except BadAddress:
        return
    host = accepted.host.strip("[]")
    assert not is_public(host)
    assert host == "example.org" or "." in host
    pytest.fail(f"{url} is taken as {accepted}")


def test_nothing_goes_through_a_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    by = client()
    assert not by._mounts
    assert not by.trust_env
    assert not by.follow_redirects


def test_names_from_outside_are_text_on_a_page(client: Client, ada: User) -> None:
    ada.first_name = "<script>alert(1)</script>"
    ada.save()
    client.force_login(ada)
    page = client.get("/bets/?q=<script>alert(2)</script>&tag=%22onmouseover=alert(3)//").content.decode()
    assert "<script>alert" not in page
    assert '"onmouseover' not in page
    assert "alert(2)" in unescape(page)
