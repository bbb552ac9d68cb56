from __future__ import annotations

import zoneinfo

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse

from accounts.forms import zone_choices
from accounts.models import User
from accounts.tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db

PREFERENCES = {"time_zone": "Europe/London", "odds_format": "decimal", "theme": "dark"}
NEWCOMER = {
    "username": "newcomer",
    "email": "newcomer@example.com",
    "password1": "a-long-enough-Secret-1",
    "password2": "a-long-enough-Secret-1",
}


@pytest.fixture
def ada(client: Client) -> User:
    user: User = UserFactory.create(username="ada", email="ada@example.com")
    client.force_login(user)
    return user


def test_preferences_are_saved_and_shown(client: Client, ada: User) -> None:
    response = client.post(reverse("accounts:preferences"), PREFERENCES, follow=True)
    ada.refresh_from_db()
    assert (ada.time_zone, ada.odds_format, ada.theme) == ("Europe/London", "decimal", "dark")
    page = response.content.decode()
    assert "Preferences saved." in page
    assert 'data-theme="dark"' in page
    assert "Times are Europe/London" in page


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("time_zone", "Mars/Olympus"),
        ("time_zone", "Factory"),
        ("time_zone", ""),
        ("odds_format", "roman"),
        ("theme", "pink"),
    ],
)
def test_a_preference_that_cannot_be_is_said_beside_its_field(
    client: Client, ada: User, field: str, value: str
) -> None:
    response = client.post(reverse("accounts:preferences"), PREFERENCES | {field: value})
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    ada.refresh_from_db()
    assert ada.time_zone == "America/New_York"


def test_only_preferences_can_be_set(client: Client, ada: User) -> None:
    client.post(reverse("accounts:preferences"), PREFERENCES | {"is_staff": "on", "username": "root"})
    ada.refresh_from_db()
    assert (ada.is_staff, ada.username) == (False, "ada")


def test_a_stranger_has_no_preferences_page(client: Client) -> None:
    for call in (client.get, client.post):
        response = call(reverse("accounts:preferences"))
        assert response.headers["Location"] == "/accounts/login/?next=/account/"


def test_every_zone_on_offer_exists() -> None:
    names = {name for _, zones in zone_choices() for name, _ in zones}
    assert names <= zoneinfo.available_timezones()
    assert {"UTC", "America/New_York", "Europe/London", "Asia/Tokyo"} <= names


def test_a_stranger_may_switch_to_dark_and_keeps_it(client: Client) -> None:
    response = client.post(reverse("accounts:theme"), {"theme": "dark", "next": "/accounts/login/"})
    assert response.headers["Location"] == "/accounts/login/"
    assert response.cookies["theme"].value == "dark"
    assert b'data-theme="dark"' in client.get("/accounts/login/").content


def test_the_theme_of_an_account_is_stored_with_it(client: Client, ada: User) -> None:
    client.post(reverse("accounts:theme"), {"theme": "light"})
    ada.refresh_from_db()
    assert ada.theme == "light"


def test_switching_the_theme_never_leads_to_another_site(client: Client) -> None:
    response = client.post(reverse("accounts:theme"), {"theme": "dark", "next": "//example.com"})
    assert response.headers["Location"] == "/"


@pytest.mark.parametrize("data", [{}, {"theme": "pink"}])
def test_an_unknown_theme_is_refused(client: Client, data: dict[str, str]) -> None:
    response = client.post(reverse("accounts:theme"), data)
    assert response.status_code == 400
    assert response.content.startswith(b"theme: ")


def test_a_forged_theme_cookie_is_ignored(client: Client) -> None:
    client.cookies["theme"] = '"><script>'
    assert b'data-theme="system"' in client.get("/accounts/login/").content


def test_the_theme_is_set_by_post_alone(client: Client) -> None:
    assert client.get(reverse("accounts:theme")).status_code == 405


@pytest.mark.parametrize("login", ["ada", "ADA", "ada@example.com", "Ada@Example.com"])
def test_one_signs_in_with_username_or_email_in_any_case(client: Client, login: str) -> None:
    UserFactory.create(username="ada", email="ada@example.com")
    response = client.post("/accounts/login/", {"login": login, "password": PASSWORD})
    assert response.headers["Location"] == "/"


def test_a_wrong_password_is_said_without_telling_who_exists(client: Client) -> None:
    UserFactory.create(username="ada", email="ada@example.com")
    answers = [
        client.post("/accounts/login/", {"login": name, "password": "wrong"}).context["form"].errors
        for name in ("ada", "nobody")
    ]
    assert answers[0] == answers[1]
    assert answers[0]


def test_signing_up_signs_in(client: Client) -> None:
    response = client.post("/accounts/signup/", NEWCOMER)
    assert response.headers["Location"] == "/"
    assert client.get(reverse("accounts:preferences")).status_code == 200
    assert User.objects.get().username == "newcomer"


@pytest.mark.parametrize(
    ("field", "value"),
    [("username", "ADA"), ("email", "x"), ("password1", "12345"), ("password2", "another")],
)
def test_what_cannot_be_an_account_is_said_beside_its_field(client: Client, field: str, value: str) -> None:
    UserFactory.create(username="ada")
    response = client.post("/accounts/signup/", NEWCOMER | {field: value})
    assert response.status_code == 200
    assert response.context["form"].errors
    assert User.objects.count() == 1


def test_signing_out_takes_a_post(client: Client, ada: User) -> None:
    assert client.get("/accounts/logout/").status_code == 200
    assert client.get(reverse("accounts:preferences")).status_code == 200
    client.post("/accounts/logout/")
    assert client.get(reverse("accounts:preferences")).status_code == 302


@pytest.mark.parametrize("path", ["login", "signup", "password/reset"])
def test_entrance_pages_wear_our_look(client: Client, path: str) -> None:
    page = client.get(f"/accounts/{path}/").content.decode()
    assert "css/tokens.css" in page
    assert 'class="card"' in page
    assert "Menu:" not in page


@pytest.mark.parametrize("path", ["logout", "email", "password/change"])
def test_account_pages_wear_our_look(client: Client, ada: User, path: str) -> None:
    page = client.get(f"/accounts/{path}/").content.decode()
    assert "css/tokens.css" in page
    assert "Menu:" not in page


@pytest.mark.parametrize("path", ["logout", "email", "password/change"])
def test_a_stranger_has_no_account_pages(client: Client, path: str) -> None:
    assert client.get(f"/accounts/{path}/").status_code == 302


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("account_reset_password", "Reset your password"),
        ("account_reset_password_done", "Check your mail"),
        ("account_reset_password_from_key_done", "Your password is changed"),
        ("account_email_verification_sent", "Check your mail"),
        ("account_inactive", "This account is closed"),
    ],
)
def test_pages_for_who_cannot_sign_in_speak_plainly(client: Client, name: str, heading: str) -> None:
    page = client.get(reverse(name)).content.decode()
    assert f'<h1 class="page-title">{heading}</h1>' in page
    assert "placeholder=" not in page


@pytest.mark.parametrize(
    ("name", "heading"),
    [
        ("account_change_password", "Change your password"),
        ("account_email", "Email address"),
        ("account_reauthenticate", "Confirm it is you"),
    ],
)
def test_pages_of_the_account_speak_plainly(client: Client, ada: User, name: str, heading: str) -> None:
    page = client.get(reverse(name)).content.decode()
    assert f'<h1 class="page-title">{heading}</h1>' in page
    assert "placeholder=" not in page
    assert "New Password" not in page


def test_a_forgotten_password_is_replaced_by_the_link_in_the_mail(
    client: Client, mailoutbox: list[EmailMessage]
) -> None:
    UserFactory.create(username="grace", email="grace@example.com")
    client.post(reverse("account_reset_password"), {"email": "grace@example.com"})
    link = next(word for word in str(mailoutbox[0].body).split() if "/password/reset/key/" in word)
    form = client.get(link, follow=True)
    assert "Set a new password" in form.content.decode()
    new = {"password1": NEWCOMER["password1"], "password2": NEWCOMER["password1"]}
    done = client.post(form.redirect_chain[-1][0], new, follow=True)
    assert done.status_code == 200
    client.logout()
    assert client.login(username="grace", password=NEWCOMER["password1"])
    client.logout()
    assert "This link does not work" in client.get(link, follow=True).content.decode()
