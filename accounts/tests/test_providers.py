"""Sign-in by Google and GitHub, with the providers' own answers: an equal address is never a key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.github.views import GitHubOAuth2Adapter
from allauth.socialaccount.providers.google.views import GoogleOAuth2Adapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Client
from django.core.mail import EmailMessage
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts.models import User
from accounts.tests.factories import PASSWORD, UserFactory

pytestmark = pytest.mark.django_db
APP = {"client_id": "id", "secret": "secret", "key": ""}


@pytest.fixture(autouse=True)
def providers(settings: Settings) -> None:
    """Both are set up."""
    found = {name: one | {"APPS": [APP]} for name, one in settings.SOCIALACCOUNT_PROVIDERS.items()}
    settings.SOCIALACCOUNT_PROVIDERS = found


@contextmanager
def answers(provider: str, email: str, *, verified: bool) -> Iterator[None]:
    """What the provider says of a person with an address it has confirmed, or not."""
    token = {"access_token": "t", "id_token": "t"}
    google = {"sub": "g-1", "email": email, "email_verified": verified, "name": "Ada L", "given_name": "Ada"}
    github = {
        "id": 77, "login": "ada-l", "name": "Ada L", "email": None,
        "emails": [{"email": email, "primary": True, "verified": verified}],
    }  # fmt: skip

    def complete(self: Any, request: Any, app: Any, access: Any, **_: Any) -> Any:
        said = google if provider == "google" else github
        return self.get_provider().sociallogin_from_response(request, said)

    adapter = GoogleOAuth2Adapter if provider == "google" else GitHubOAuth2Adapter
    with (
        patch.object(OAuth2Client, "get_access_token", lambda *_, **__: token),
        patch.object(adapter, "complete_login", complete),
    ):
        yield


def come_back(client: Client, provider: str, email: str, *, verified: bool, process: str = "login") -> Any:
    """Press the button, sign in there, come back."""
    there = client.post(f"/accounts/{provider}/login/?process={process}")
    state = parse_qs(urlsplit(there.headers["Location"]).query)["state"][0]
    with answers(provider, email, verified=verified):
        return client.get(f"/accounts/{provider}/login/callback/", {"code": "c", "state": state}, follow=True)


def signed_in(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


@pytest.fixture
def owner() -> User:
    user: User = UserFactory(username="owner", email="ada@example.com")
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    return user


@pytest.mark.parametrize(
    ("provider", "page"),
    [("google", "https://accounts.google.com/"), ("github", "https://github.com/login/oauth/authorize")],
)
def test_the_button_goes_to_the_provider_with_pkce_and_a_state(
    client: Client, provider: str, page: str
) -> None:
    assert f"/accounts/{provider}/login/" in client.get("/accounts/login/").content.decode()
    there = client.post(f"/accounts/{provider}/login/").headers["Location"]
    asked = parse_qs(urlsplit(there).query)
    assert there.startswith(page)
    assert {"code_challenge", "state"} <= set(asked)
    assert client.get(f"/accounts/{provider}/login/").status_code == 200  # a link from elsewhere asks first


@pytest.mark.parametrize("provider", ["google", "github"])
@pytest.mark.usefixtures("mail_is_sent")
class TestNewcomers:
    def test_a_confirmed_address_makes_an_account_at_once(self, client: Client, provider: str) -> None:
        come_back(client, provider, "ada@example.com", verified=True)
        made = User.objects.get()
        assert signed_in(client) == str(made.pk)
        assert made.email == "ada@example.com"
        assert not made.has_usable_password()
        assert EmailAddress.objects.get().verified

    def test_an_unconfirmed_one_has_to_be_confirmed_first(
        self, client: Client, provider: str, mailoutbox: list[EmailMessage]
    ) -> None:
        answer = come_back(client, provider, "ada@example.com", verified=False)
        assert signed_in(client) is None
        assert "Check your mail" in answer.content.decode()
        assert not EmailAddress.objects.filter(verified=True).exists()
        assert [mail.to for mail in mailoutbox] == [["ada@example.com"]]

    def test_nobody_new_where_signing_up_is_closed(
        self, client: Client, provider: str, settings: Settings
    ) -> None:
        settings.SIGNUP_OPEN = False
        answer = come_back(client, provider, "ada@example.com", verified=True)
        assert "No new accounts" in answer.content.decode()
        assert not User.objects.exists()


@pytest.mark.parametrize("verified", [True, False])
@pytest.mark.parametrize("provider", ["google", "github"])
class TestAnAddressThatIsTaken:
    @pytest.mark.usefixtures("mail_is_sent")
    def test_opens_nothing_and_tells_the_owner_by_mail(
        self, client: Client, owner: User, provider: str, verified: bool, mailoutbox: list[EmailMessage]
    ) -> None:
        answer = come_back(client, provider, "ada@example.com", verified=verified)
        assert signed_in(client) is None
        assert not SocialAccount.objects.exists()
        assert User.objects.count() == 1
        assert "Check your mail" in answer.content.decode()
        assert [mail.subject for mail in mailoutbox] == ["BetTrack: You have an account already"]

    def test_opens_nothing_where_no_mail_is_sent(
        self, client: Client, owner: User, provider: str, verified: bool
    ) -> None:
        come_back(client, provider, "ada@example.com", verified=verified)
        assert signed_in(client) != str(owner.pk)
        assert not SocialAccount.objects.filter(user=owner).exists()

    def test_nor_if_the_owner_has_only_claimed_it(
        self, client: Client, owner: User, provider: str, verified: bool
    ) -> None:
        EmailAddress.objects.update(verified=False)
        come_back(client, provider, "ada@example.com", verified=verified)
        assert signed_in(client) != str(owner.pk)
        assert not SocialAccount.objects.filter(user=owner).exists()
        owner.refresh_from_db()
        assert owner.check_password(PASSWORD)


def test_who_is_signed_in_connects_and_then_signs_in_by_it(client: Client, owner: User) -> None:
    client.force_login(owner)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    come_back(client, "github", "else@example.com", verified=True, process="connect")
    assert SocialAccount.objects.get().user == owner
    assert "GitHub: " in client.get(reverse("socialaccount_connections")).content.decode()
    visitor = Client()
    come_back(visitor, "github", "else@example.com", verified=True)
    assert signed_in(visitor) == str(owner.pk)


def test_connecting_asks_for_the_password(client: Client, owner: User) -> None:
    client.force_login(owner)
    answer = come_back(client, "github", "else@example.com", verified=True, process="connect")
    assert answer.request["PATH_INFO"] == reverse("account_reauthenticate")
    assert not SocialAccount.objects.exists()
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert SocialAccount.objects.get().user == owner


def test_a_suspended_account_is_not_opened_by_a_provider_either(client: Client, owner: User) -> None:
    SocialAccount.objects.create(user=owner, provider="github", uid="77")
    User.objects.update(is_active=False)
    answer = come_back(client, "github", "ada@example.com", verified=True)
    assert "This account is closed" in answer.content.decode()
    assert signed_in(client) is None


def test_an_answer_with_another_state_is_refused(client: Client) -> None:
    client.post("/accounts/github/login/")
    with answers("github", "ada@example.com", verified=True):
        answer = client.get("/accounts/github/login/callback/", {"code": "c", "state": "forged"})
    assert answer.status_code == 401
    assert "Not signed in" in answer.content.decode()
    assert not User.objects.exists()


def test_without_an_app_there_is_neither_button_nor_page(client: Client, settings: Settings) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = {
        name: one | {"APPS": []} for name, one in settings.SOCIALACCOUNT_PROVIDERS.items()
    }
    assert "Google" not in client.get("/accounts/login/").content.decode()
    for path in ("/accounts/google/login/", "/accounts/github/login/callback/"):
        assert client.post(path).status_code == 404


def test_a_connection_to_a_provider_that_is_gone_can_be_taken_off(
    client: Client, owner: User, settings: Settings
) -> None:
    settings.SOCIALACCOUNT_PROVIDERS = {
        name: one | {"APPS": []} for name, one in settings.SOCIALACCOUNT_PROVIDERS.items()
    }
    old = SocialAccount.objects.create(user=owner, provider="github", uid="77", extra_data={"login": "ada-l"})
    client.force_login(owner)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    assert "GitHub: ada-l" in client.get(reverse("socialaccount_connections")).content.decode()
    client.post(reverse("socialaccount_connections"), {"account": old.pk})
    assert not SocialAccount.objects.exists()


def test_nobody_disconnects_another(client: Client, owner: User) -> None:
    theirs = SocialAccount.objects.create(user=UserFactory(), provider="github", uid="78")
    client.force_login(owner)
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    client.post(reverse("socialaccount_connections"), {"account": theirs.pk})
    assert SocialAccount.objects.filter(pk=theirs.pk).exists()
