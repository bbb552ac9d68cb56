"""Confirming, changing and claiming addresses; passwords by mail."""

from __future__ import annotations

import datetime as dt
import re

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.models import User
from accounts.tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
SECRET = "a-long-enough-Secret-1"
EVE = {"username": "eve", "email": "eve@example.com", "password1": SECRET, "password2": SECRET}


def link_in(mail: EmailMessage) -> str:
    found = re.search(r"https?://\S+/(?:confirm-email|password/reset/key)/\S+", str(mail.body))
    assert found, mail.body
    return found[0]


def is_confirmed(email: str) -> bool:
    return bool(EmailAddress.objects.filter(email=email, verified=True).exists())


@pytest.mark.usefixtures("mail_is_sent")
class TestWhereMailIsSent:
    def test_nobody_is_signed_in_before_his_address_is_confirmed(
        self, client: Client, mailoutbox: list[EmailMessage]
    ) -> None:
        page = client.post(reverse("account_signup"), EVE, follow=True).content.decode()
        assert "Check your mail" in page
        client.post(reverse("account_login"), {"login": "eve", "password": SECRET})
        assert "_auth_user_id" not in client.session
        client.post(link_in(mailoutbox[0]))
        client.post(reverse("account_login"), {"login": "eve", "password": SECRET})
        assert "_auth_user_id" in client.session

    def test_looking_at_the_link_confirms_nothing(
        self, client: Client, mailoutbox: list[EmailMessage]
    ) -> None:
        client.post(reverse("account_signup"), EVE)
        link = link_in(mailoutbox[0])
        page = client.get(link).content.decode()
        assert "eve@example.com is the address of eve." in page
        assert not is_confirmed("eve@example.com")
        client.post(link)
        assert is_confirmed("eve@example.com")

    def test_a_key_dies_when_it_has_been_used(self, client: Client, mailoutbox: list[EmailMessage]) -> None:
        client.post(reverse("account_signup"), EVE)
        link = link_in(mailoutbox[0])
        client.post(link)
        for answer in (client.get(link), client.post(link)):
            assert "used already, or it is too old" in answer.content.decode() or answer.status_code == 404
        assert "used already, or it is too old" in client.get(link).content.decode()

    def test_a_key_dies_after_three_days(self, client: Client, mailoutbox: list[EmailMessage]) -> None:
        client.post(reverse("account_signup"), EVE)
        link = link_in(mailoutbox[0])
        with time_machine.travel(timezone.now() + dt.timedelta(days=3, minutes=1)):
            client.post(link)
            assert "too old" in client.get(link).content.decode()
        assert not is_confirmed("eve@example.com")

    def test_an_account_without_an_address_that_staff_made_is_let_in(self, client: Client) -> None:
        UserFactory(username="boss", email="", staff=True)
        client.post(reverse("account_login"), {"login": "boss", "password": PASSWORD})
        assert "_auth_user_id" in client.session


def test_without_mail_people_are_let_in_and_told_where_the_link_is(
    client: Client, mailoutbox: list[EmailMessage]
) -> None:
    page = client.post(reverse("account_signup"), EVE, follow=True).content.decode()
    assert "_auth_user_id" in client.session
    assert "is in the log of this site" in page
    assert "This site sends no mail" in client.get(reverse("account_email")).content.decode()
    assert link_in(mailoutbox[0])


def reauthenticated(client: Client) -> None:
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})


def test_a_change_of_address_is_confirmed_by_the_new_and_told_to_the_old(
    client: Client, ada: User, mailoutbox: list[EmailMessage]
) -> None:
    reauthenticated(client)
    client.post(reverse("account_email"), {"action_add": "", "email": "new@example.com"})
    ada.refresh_from_db()
    assert ada.email == "ada@example.com"
    assert [mail.to for mail in mailoutbox] == [["new@example.com"]]
    client.post(link_in(mailoutbox[0]))
    ada.refresh_from_db()
    assert ada.email == "new@example.com"
    assert [address.email for address in EmailAddress.objects.filter(user=ada)] == ["new@example.com"]
    assert mailoutbox[1].to == ["ada@example.com"]
    assert "from ada@example.com to new@example.com" in str(mailoutbox[1].body)


def test_a_change_of_address_asks_for_the_password(client: Client, ada: User) -> None:
    asked = client.post(reverse("account_email"), {"action_add": "", "email": "new@example.com"})
    assert asked.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert not EmailAddress.objects.filter(email="new@example.com").exists()


def test_who_confirms_an_address_takes_it_from_who_only_claimed_it(
    client: Client, ada: User, mailoutbox: list[EmailMessage]
) -> None:
    squatter = UserFactory(username="eve", email="mine@example.com")
    EmailAddress.objects.create(user=squatter, email="mine@example.com", primary=True, verified=False)
    reauthenticated(client)
    client.post(reverse("account_email"), {"action_add": "", "email": "mine@example.com"})
    client.post(link_in(mailoutbox[0]))
    ada.refresh_from_db()
    squatter.refresh_from_db()
    assert (ada.email, squatter.email) == ("mine@example.com", "")
    assert not EmailAddress.objects.filter(user=squatter).exists()


def test_a_confirmed_address_is_not_taken_away(
    client: Client, ada: User, mailoutbox: list[EmailMessage]
) -> None:
    owner = UserFactory(email="theirs@example.com")
    EmailAddress.objects.create(user=owner, email=owner.email, primary=True, verified=True)
    reauthenticated(client)
    client.post(reverse("account_email"), {"action_add": "", "email": "theirs@example.com"})
    for mail in mailoutbox:
        if "confirm-email" in str(mail.body):
            client.post(link_in(mail))
    ada.refresh_from_db()
    owner.refresh_from_db()
    assert (ada.email, owner.email) == ("ada@example.com", "theirs@example.com")


def test_a_reset_link_works_once_and_for_a_day(
    client: Client, ada: User, mailoutbox: list[EmailMessage]
) -> None:
    client.logout()
    client.post(reverse("account_reset_password"), {"email": "ada@example.com"})
    link = link_in(mailoutbox[0])
    with time_machine.travel(timezone.now() + dt.timedelta(days=1, minutes=1)):
        assert "This link does not work" in client.get(link, follow=True).content.decode()
    form = client.get(link, follow=True)
    client.post(form.redirect_chain[-1][0], {"password1": SECRET, "password2": SECRET})
    assert "This link does not work" in Client().get(link, follow=True).content.decode()
    assert "was set anew" in str(mailoutbox[1].body)


def test_mails_link_to_the_public_address_whatever_host_was_asked(
    client: Client, ada: User, settings: Settings, mailoutbox: list[EmailMessage]
) -> None:
    settings.HAS_PUBLIC_URL, settings.BETTRACK_URL = True, "https://bets.example.org"
    client.post(
        reverse("account_reset_password"), {"email": "ada@example.com"}, headers={"host": "localhost:6666"}
    )
    assert link_in(mailoutbox[0]).startswith("https://bets.example.org/accounts/password/reset/key/")


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(client: Client, ada: User) -> None:
    elsewhere = Client()
    elsewhere.force_login(ada)
    form = {"oldpassword": PASSWORD, "password1": SECRET, "password2": SECRET}
    client.post(reverse("account_change_password"), form)
    assert client.get(reverse("accounts:preferences")).status_code == 200
    assert elsewhere.get(reverse("accounts:preferences")).status_code == 302


@pytest.mark.parametrize("password", ["short", "12345678901", "password123", "ada@example.com"])
def test_weak_passwords_are_refused(client: Client, ada: User, password: str) -> None:
    form = {"oldpassword": PASSWORD, "password1": password, "password2": password}
    assert client.post(reverse("account_change_password"), form).status_code == 200
    ada.refresh_from_db()
    assert ada.check_password(PASSWORD)


def test_a_mail_server_that_is_down_breaks_no_page(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def down(*_: object, **__: object) -> int:
        raise ConnectionRefusedError("mail.example.com has the password hunter2")

    monkeypatch.setattr(EmailMessage, "send", down)
    UserFactory(email="ada@example.com")
    for email in ("ada@example.com", "nobody@example.com"):
        answer = client.post(reverse("account_reset_password"), {"email": email})
        assert answer.headers["Location"] == reverse("account_reset_password_done")
    assert "was not sent: ConnectionRefusedError" in caplog.text
    assert "hunter2" not in caplog.text
