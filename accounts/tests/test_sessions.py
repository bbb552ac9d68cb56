"""Where somebody is signed in, and the end of it."""

from __future__ import annotations

import pytest
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.templatetags.account_display import browser
from accounts.tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.0 Mobile/15E148 Safari/604.1"
)


def signed_in(user_agent: str, username: str = "ada") -> Client:
    client = Client(headers={"user-agent": user_agent})
    client.post(reverse("account_login"), {"login": username, "password": PASSWORD})
    return client


def is_in(client: Client) -> bool:
    return client.get(reverse("accounts:preferences")).status_code == 200


@pytest.fixture
def two() -> tuple[Client, Client]:
    UserFactory(username="ada")
    return signed_in(FIREFOX), signed_in(IPHONE)


def test_every_session_is_listed_and_this_one_marked(two: tuple[Client, Client]) -> None:
    page = two[0].get(reverse("usersessions_list")).content.decode()
    assert page.index("Firefox on Windows") < page.index("Safari on iPhone")
    assert page.count("This one") == 1
    assert page.index("This one") < page.index("Safari on iPhone")


def test_one_session_is_ended(two: tuple[Client, Client]) -> None:
    other = UserSession.objects.get(user_agent=IPHONE)
    two[0].post(reverse("accounts:end_session", args=[other.pk]))
    assert is_in(two[0])
    assert not is_in(two[1])


def test_all_others_are_ended_those_that_are_on_no_list_too(two: tuple[Client, Client]) -> None:
    unlisted = Client()
    unlisted.force_login(User.objects.get())
    UserSession.objects.filter(session_key=unlisted.session.session_key).delete()
    two[0].post(reverse("accounts:end_other_sessions"))
    assert is_in(two[0])
    assert not is_in(two[1])
    assert not is_in(unlisted)
    assert "This one" in two[0].get(reverse("usersessions_list")).content.decode()


def test_a_stranger_ends_no_session_of_another(two: tuple[Client, Client]) -> None:
    UserFactory(username="eve")
    eve = signed_in(FIREFOX, "eve")
    theirs = UserSession.objects.get(user_agent=IPHONE)
    assert eve.post(reverse("accounts:end_session", args=[theirs.pk])).status_code == 404
    eve.post(reverse("accounts:end_other_sessions"))
    assert is_in(two[0])
    assert is_in(two[1])


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (FIREFOX, "Firefox on Windows"),
        (IPHONE, "Safari on iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", "Chrome on Linux"),
        ("curl/8.5.0", "curl"),
        ("<b>bot</b>", "<b>bot</b>"),
        ("", "Unknown browser"),
    ],
)
def test_browsers_are_named(user_agent: str, name: str) -> None:
    assert browser(user_agent) == name
