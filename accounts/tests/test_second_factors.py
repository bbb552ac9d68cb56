"""Authenticator apps, recovery codes and what they guard."""

from __future__ import annotations

import time

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts import sealing
from accounts.models import User
from accounts.tests.codes import code_of
from accounts.tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
ENTER = "/accounts/second-factor/authenticate/"


def set_up(client: Client) -> str:
    """Set up an authenticator app as a person would; return its key."""
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    secret: str = client.get(reverse("mfa_activate_totp")).context["form"].secret
    assert client.post(reverse("mfa_activate_totp"), {"code": code_of(secret)}).status_code == 302
    return secret


def half_way(username: str = "ada", **extra: str) -> Client:
    """A browser that has given the password and is asked for the second factor."""
    visitor = Client()
    answer = visitor.post(
        reverse("account_login"), {"login": username, "password": PASSWORD, **extra}, follow=True
    )
    assert answer.request["PATH_INFO"] == ENTER
    return visitor


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def later(seconds: int) -> time_machine.travel:
    return time_machine.travel(time.time() + seconds)


@pytest.mark.django_db(transaction=True)  # the mail goes after the commit
def test_setting_up_an_app_needs_its_code_and_tells_by_mail(
    client: Client, ada: User, mailoutbox: list[EmailMessage]
) -> None:
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.get(reverse("mfa_activate_totp"))
    assert "not right" in client.post(reverse("mfa_activate_totp"), {"code": "000000"}).content.decode()
    assert not Authenticator.objects.exists()
    set_up(client)
    assert {one.type for one in Authenticator.objects.filter(user=ada)} == {"totp", "recovery_codes"}
    assert mailoutbox[0].subject == "BetTrack: An authenticator app was set up"


def test_setting_up_an_app_asks_for_the_password(client: Client, ada: User) -> None:
    asked = client.get(reverse("mfa_activate_totp"))
    assert asked.headers["Location"].startswith(reverse("account_reauthenticate"))


def test_the_password_alone_opens_nothing(client: Client, ada: User) -> None:
    secret = set_up(client)
    visitor = half_way()
    assert not signed_in(visitor)
    assert "not right" in visitor.post(ENTER, {"code": "000000"}).content.decode()
    with later(30):
        visitor.post(ENTER, {"code": code_of(secret)})
    assert signed_in(visitor)


def test_a_code_works_once(client: Client, ada: User) -> None:
    secret = set_up(client)
    with later(60):
        code = code_of(secret)
        first, second = half_way(), half_way()
        first.post(ENTER, {"code": code})
        second.post(ENTER, {"code": code})
    assert signed_in(first)
    assert not signed_in(second)


def test_an_old_code_does_not_work(client: Client, ada: User) -> None:
    secret = set_up(client)
    visitor = half_way()
    visitor.post(ENTER, {"code": code_of(secret, time.time() - 120)})
    assert not signed_in(visitor)


def test_codes_cannot_be_guessed_one_after_the_other(client: Client, ada: User) -> None:
    secret = set_up(client)
    visitor = half_way()
    for number in range(5):
        visitor.post(ENTER, {"code": f"{number:06d}"})
    with later(30):
        assert "Too many failed attempts" in visitor.post(ENTER, {"code": code_of(secret)}).content.decode()
    assert not signed_in(visitor)


def test_a_recovery_code_opens_once(client: Client, ada: User) -> None:
    set_up(client)
    code = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"][0]
    first, second = half_way(), half_way()
    first.post(ENTER, {"code": code})
    second.post(ENTER, {"code": code})
    assert signed_in(first)
    assert not signed_in(second)
    assert "9 of 10 are left" in client.get(reverse("mfa_view_recovery_codes")).content.decode()


def test_the_admin_is_behind_it_too(client: Client) -> None:
    boss = UserFactory(username="boss", staff=True)
    client.force_login(boss)
    secret = set_up(client)
    visitor = half_way("boss", next="/admin/")
    assert visitor.get("/admin/").status_code == 302
    visitor.post("/admin/login/", {"username": "boss", "password": PASSWORD})
    assert not signed_in(visitor)
    with later(30):
        answer = visitor.post(ENTER, {"code": code_of(secret)})
    assert answer.headers["Location"] == "/admin/"
    assert visitor.get("/admin/").status_code == 200


def test_secrets_are_sealed_in_the_database(client: Client, ada: User) -> None:
    secret = set_up(client)
    codes = client.get(reverse("mfa_view_recovery_codes")).context["unused_codes"]
    stored = [str(one.data) for one in Authenticator.objects.all()]
    assert len(stored) == 2
    assert not [text for text in stored if secret in text or any(code in text for code in codes)]
    app = Authenticator.objects.get(type="totp")
    assert sealing.unseal(app.data["secret"]) == secret


def test_a_replaced_secret_key_still_opens_what_it_sealed(settings: Settings) -> None:
    sealed = sealing.seal("key of an app")
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another"
    assert sealing.unseal(sealed) == "key of an app"
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(sealing.Unreadable):
        sealing.unseal(sealed)


def test_a_lost_secret_key_refuses_codes_and_breaks_nothing(
    client: Client, ada: User, settings: Settings
) -> None:
    secret = set_up(client)
    settings.SECRET_KEY = "another"
    visitor = half_way()
    with later(30):
        answer = visitor.post(ENTER, {"code": code_of(secret)})
    assert "not right" in answer.content.decode()
    assert not signed_in(visitor)


def test_staff_remove_the_factors_of_who_has_lost_them(client: Client, ada: User) -> None:
    set_up(client)
    client.force_login(UserFactory(staff=True))
    client.post(
        reverse("admin:accounts_user_changelist"),
        {"action": "remove_second_factors", "_selected_action": [str(ada.pk)], "reason": ""},
    )
    assert not Authenticator.objects.exists()


def test_the_admin_shows_no_secrets(client: Client, ada: User) -> None:
    set_up(client)
    client.force_login(UserFactory(staff=True))
    for path in ("/admin/mfa/", "/admin/socialaccount/socialapp/", "/admin/socialaccount/socialtoken/"):
        assert client.get(path).status_code == 404


def test_a_stranger_removes_no_passkey_of_another(client: Client, ada: User) -> None:
    theirs = Authenticator.objects.create(user=UserFactory(), type="webauthn", data={"name": "Phone"})
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    for name in ("mfa_remove_webauthn", "mfa_edit_webauthn"):
        assert client.post(reverse(name, args=[theirs.pk]), {"name": "Mine"}).status_code == 404
    assert Authenticator.objects.filter(pk=theirs.pk).exists()
