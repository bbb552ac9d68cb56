from __future__ import annotations

import io
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db

PAGES = ["odds:board", "bets:slip", "account_login", "account_signup"]


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    return client


@pytest.mark.parametrize("name", PAGES)
def test_a_nul_in_the_address_fails_no_page(client: Client, name: str) -> None:
    assert client.get(reverse(name), {"next": "\0", "page": "\0", "q": "\0"}).status_code < 500


def test_a_nul_in_the_session_cookie_is_a_bad_request(client: Client) -> None:
    client.cookies.load({"sessionid": "\0" * 32})
    assert client.get(reverse("bets:history")).status_code == 400


def test_a_nul_in_a_slips_key_is_a_bad_request(staff: Client) -> None:
    answer = staff.post(reverse("bets:slip_place"), {"key": "\0", "stake": "10"})
    assert answer.status_code == 400
    assert "NUL" in answer.content.decode()


@pytest.mark.parametrize(
    "path", ["games/game/?status__exact=%00", "games/sport/%00/change/", "games/sport/?pk=%00"]
)
def test_a_nul_in_an_admin_address_is_a_bad_request(staff: Client, path: str) -> None:
    assert staff.get(f"/admin/{path}").status_code == 400


def test_an_encoding_that_is_none_is_a_bad_request(client: Client) -> None:
    kind = "application/x-www-form-urlencoded; charset=base64"
    assert client.generic("POST", reverse("bets:slip_add"), b"a=b", content_type=kind).status_code == 400


def test_an_unreadable_address_to_go_back_to_is_a_bad_request(client: Client) -> None:
    assert client.get(reverse("account_login"), {"next": "http://["}).status_code == 400
    headers = {"HX-Request": "true", "HX-Current-URL": "http://["}
    assert client.get(reverse("bets:history"), headers=headers).status_code == 400
    encoded = {**headers, "HX-Current-URL": "http%3A//%5B", "HX-Current-URL-URI-AutoEncoded": "true"}
    assert client.get(reverse("bets:history"), headers=encoded).status_code == 400


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("bets/bet/", {"action": "void", "_selected_action": "zzz"}),
        ("games/player/add/", {"sport": "basketball_nba", "team": "zzz", "name": "A. Able"}),
    ],
)
def test_a_malformed_id_in_the_admin_is_a_bad_request(staff: Client, path: str, data: dict[str, Any]) -> None:
    answer = staff.post(f"/admin/{path}", data)
    assert answer.status_code == 400
    assert "zzz" in answer.content.decode()


def test_an_id_in_the_admin_that_is_no_number_is_a_bad_request(staff: Client) -> None:
    sent = {"action": "lift_blocks", "_selected_action": "zzz"}
    assert staff.post("/admin/feeds/quota/", sent).status_code == 400


def test_an_ordinary_request_passes(client: Client) -> None:
    answer = client.get(
        reverse("account_login"),
        {"next": f"/games/{uuid.uuid4()}/?tab=spreads#lines"},
        headers={"HX-Current-URL": ""},
    )
    assert answer.status_code == 200


class Unread(io.RawIOBase):
    """A body that nobody may read."""

    def readinto(self, buffer: object) -> int:
        raise AssertionError("the body was read")


@pytest.mark.parametrize(
    ("path", "megabytes", "kind", "status"),
    [
        ("/accounts/login/", 3, "multipart/form-data; boundary=x", 413),
        ("/bets/slip/enter/", 3, "application/x-www-form-urlencoded", 413),
        ("/nowhere/", 3, "multipart/form-data; boundary=x", 413),
        ("/admin/login/", 10**9, "multipart/form-data; boundary=x", 413),
        ("/api/v1/bets/", 3, "application/json", 413),
        ("/api/v1/imports/", 21, "application/json", 413),
    ],
)
def test_a_body_larger_than_anything_asked_for_is_refused_unread(
    client: Client, path: str, megabytes: int, kind: str, status: int
) -> None:
    sent = {"CONTENT_LENGTH": str(megabytes * 2**20), "CONTENT_TYPE": kind, "wsgi.input": Unread()}
    answer = client.generic("POST", path, **sent)  # type: ignore[arg-type]
    assert answer.status_code == status
    assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize("length", ["-1", "1e9", "²", "9" * 400])
def test_a_length_that_is_none_is_refused_like_one_too_large(client: Client, length: str) -> None:
    answer = client.generic("POST", "/accounts/login/", CONTENT_LENGTH=length, **{"wsgi.input": Unread()})  # type: ignore[arg-type]
    assert answer.status_code == 413


def test_people_can_send_what_forms_need(client: Client) -> None:
    assert client.post("/accounts/login/", {"login": "x" * 2**20, "password": "y"}).status_code == 200
