"""The one door of site and admin: limits, and nothing to be learned about who has an account."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.cache import caches
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts.models import User
from accounts.tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"
TOO_MANY = "Too many failed attempts"
BAD = "not it"
WRONG = "do not belong together"


def attempt(client: Client, login: str, password: str = BAD, **headers: Any) -> str:
    return client.post(LOGIN, {"login": login, "password": password}, **headers).content.decode()


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


@pytest.mark.parametrize("login", ["ada", "ADA", "ada@example.com", " Ada@Example.com "])
def test_people_sign_in_by_username_or_address(client: Client, login: str) -> None:
    UserFactory(username="ada", email="ada@example.com")
    attempt(client, login, PASSWORD)
    assert signed_in(client)


def test_five_failures_shut_the_account_though_the_password_is_right_then(client: Client) -> None:
    UserFactory(username="ada")
    for _ in range(5):
        assert WRONG in attempt(client, "ada")
    assert TOO_MANY in attempt(client, "ada", PASSWORD)
    assert not signed_in(client)


def test_an_account_counts_as_one_however_it_is_named(client: Client) -> None:
    """By username, by address, in another case, by another name or port of the site, from another place."""
    UserFactory(username="ada", email="ada@example.com")
    attempt(client, "ada")
    attempt(client, "ADA")
    attempt(client, "ada@example.com")
    attempt(client, " ada ", HTTP_HOST="localhost:1234")
    attempt(client, "Ada@Example.com", HTTP_HOST="127.0.0.1", REMOTE_ADDR="203.0.113.7")
    assert TOO_MANY in attempt(client, "ada", PASSWORD, REMOTE_ADDR="203.0.113.8")


def test_a_new_process_counts_on(client: Client) -> None:
    UserFactory(username="ada")
    for _ in range(5):
        attempt(client, "ada")
    del caches["default"]  # what a restart forgets; Redis does not
    assert TOO_MANY in attempt(client, "ada", PASSWORD)


def test_ten_failures_a_minute_shut_out_an_address_whatever_names_it_tries(client: Client) -> None:
    UserFactory(username="ada")
    for n in range(10):
        attempt(client, f"nobody{n}")
    assert TOO_MANY in attempt(client, "ada", PASSWORD)
    attempt(Client(), "ada", PASSWORD, REMOTE_ADDR="203.0.113.9")
    elsewhere = Client()
    attempt(elsewhere, "ada", PASSWORD, REMOTE_ADDR="203.0.113.9")
    assert signed_in(elsewhere)


def test_a_forged_header_makes_no_new_visitor(client: Client) -> None:
    for n in range(10):
        attempt(client, f"nobody{n}", HTTP_X_FORWARDED_FOR=f"198.51.100.{n}")
    assert TOO_MANY in attempt(client, "nobody", HTTP_X_FORWARDED_FOR="198.51.100.99")


class TestAdmin:
    def test_it_has_no_door_of_its_own(self, client: Client) -> None:
        boss = UserFactory(username="boss", staff=True)
        for path in ("/admin/", "/admin/login/"):
            asked = client.get(path)
            assert asked.status_code == 302
            assert LOGIN in client.get(path, follow=True).redirect_chain[-1][0]
        refused = client.post("/admin/login/", {"username": boss.username, "password": PASSWORD})
        assert refused.status_code == 302
        assert not signed_in(client)

    def test_its_limits_are_the_sites(self, client: Client) -> None:
        UserFactory(username="boss", staff=True)
        for _ in range(5):
            client.post(f"{LOGIN}?next=/admin/", {"login": "boss", "password": "wrong"})
        answer = client.post(f"{LOGIN}?next=/admin/", {"login": "boss", "password": PASSWORD})
        assert TOO_MANY in answer.content.decode()
        assert client.get("/admin/").status_code == 302

    def test_staff_come_back_to_where_they_wanted(self, client: Client) -> None:
        UserFactory(username="boss", staff=True)
        door = client.get("/admin/games/game/", follow=True).redirect_chain[-1][0]
        answer = client.post(door, {"login": "boss", "password": PASSWORD, "next": "/admin/games/game/"})
        assert answer.headers["Location"] == "/admin/games/game/"
        assert client.get("/admin/games/game/").status_code == 200

    def test_who_is_no_staff_is_refused(self, client: Client) -> None:
        client.force_login(UserFactory())
        assert client.get("/admin/login/").status_code == 403

    def test_its_page_for_passwords_is_the_sites(self, client: Client) -> None:
        client.force_login(UserFactory(staff=True))
        assert client.get("/admin/password_change/").headers["Location"] == reverse("account_change_password")


class TestNothingIsLearned:
    @pytest.fixture
    def looks(self, monkeypatch: pytest.MonkeyPatch) -> list[str]:
        """Every hashing of a password, which is what takes time."""
        seen: list[str] = []
        encode = MD5PasswordHasher.encode

        def noted(self: MD5PasswordHasher, password: str, salt: str) -> str:
            seen.append(password)
            return encode(self, password, salt)

        monkeypatch.setattr(MD5PasswordHasher, "encode", noted)
        return seen

    @pytest.mark.parametrize("login", ["ada", "ada@example.com", "nobody", "nobody@example.com", "gone"])
    def test_signing_in_takes_one_look_at_a_password_and_gives_one_answer(
        self, client: Client, looks: list[str], login: str
    ) -> None:
        ada = UserFactory(username="ada", email="ada@example.com")
        EmailAddress.objects.create(user=ada, email=ada.email, verified=True, primary=True)
        UserFactory(username="gone", is_active=False)
        looks.clear()
        page = attempt(client, login)
        assert len(looks) == 1
        assert WRONG in page

    def test_a_closed_account_says_so_only_to_who_knows_the_password(self, client: Client) -> None:
        UserFactory(username="gone", is_active=False)
        assert WRONG in attempt(client, "gone")
        answer = client.post(LOGIN, {"login": "gone", "password": PASSWORD}, follow=True)
        assert "This account is closed" in answer.content.decode()
        assert not signed_in(client)

    @pytest.mark.usefixtures("mail_is_sent")
    def test_signing_up_gives_the_same_answer_for_an_address_that_is_taken(
        self, looks: list[str], mailoutbox: list[EmailMessage]
    ) -> None:
        UserFactory(username="ada", email="ada@example.com")
        answers, hashed = [], []
        for email in ("ada@example.com", "ADA@example.com", "new@example.com"):
            looks.clear()
            visitor = Client()
            form = {"username": email[:3].lower() + "x", "email": email, "password1": "a-long-Secret-1"}
            answer = visitor.post(reverse("account_signup"), form | {"password2": "a-long-Secret-1"})
            answers.append((answer.status_code, answer.headers["Location"]))
            hashed.append(len(looks))
        assert len(set(answers)) == 1
        assert len(set(hashed)) == 1
        assert [mail.to for mail in mailoutbox] == [["ada@example.com"], ["new@example.com"]]
        assert mailoutbox[0].subject == "BetTrack: You have an account already"
        assert mailoutbox[1].subject == "BetTrack: Confirm your address"
        assert User.objects.count() == 2

    def test_without_mail_an_address_that_is_taken_makes_an_account_like_any_other(
        self, client: Client
    ) -> None:
        owner = UserFactory(username="ada", email="ada@example.com")
        form = {"username": "eve", "email": "ada@example.com", "password1": "a-long-Secret-1"}
        client.post(reverse("account_signup"), form | {"password2": "a-long-Secret-1"})
        assert signed_in(client)
        assert "ada@example.com" in client.get(reverse("accounts:preferences")).content.decode()
        owner.refresh_from_db()
        assert owner.email == "ada@example.com"
        for login, password in (("ada@example.com", PASSWORD), ("ada@example.com", "a-long-Secret-1")):
            visitor = Client()
            attempt(visitor, login, password)
            assert signed_in(visitor)

    @pytest.mark.parametrize("email", ["ada@example.com", "nobody@example.com"])
    def test_a_forgotten_password_gets_one_answer_and_one_mail(
        self, client: Client, mailoutbox: list[EmailMessage], email: str
    ) -> None:
        UserFactory(username="ada", email="ada@example.com")
        answer = client.post(reverse("account_reset_password"), {"email": email})
        assert answer.headers["Location"] == reverse("account_reset_password_done")
        assert [mail.to for mail in mailoutbox] == [[email]]


def test_a_username_is_no_address(client: Client) -> None:
    form = {"username": "ada@example.com", "email": "eve@example.com", "password1": "a-long-Secret-1"}
    page = client.post(reverse("account_signup"), form | {"password2": "a-long-Secret-1"})
    assert "A username has no @ in it" in page.content.decode()
    assert not User.objects.exists()


def test_signing_up_can_be_closed(client: Client, settings: Settings) -> None:
    settings.SIGNUP_OPEN = False
    assert "No new accounts" in client.get(reverse("account_signup")).content.decode()
    assert "Create an account" not in client.get(LOGIN).content.decode()
    form = {"username": "eve", "email": "eve@example.com", "password1": "a-long-Secret-1"}
    client.post(reverse("account_signup"), form | {"password2": "a-long-Secret-1"})
    assert not User.objects.exists()


def test_a_reset_can_be_asked_for_five_times_an_hour(client: Client, mailoutbox: list[EmailMessage]) -> None:
    UserFactory(email="ada@example.com")
    for _ in range(5):
        client.post(reverse("account_reset_password"), {"email": "ada@example.com"})
    answer = client.post(reverse("account_reset_password"), {"email": "ada@example.com"})
    assert "Too many attempts" in answer.content.decode()
    assert len(mailoutbox) == 5
