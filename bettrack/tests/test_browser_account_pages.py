"""Pages of accounts held against axe-core, and deleting an account in a real browser without script."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from accounts.tests.codes import code_of
from accounts.tests.factories import PASSWORD, UserFactory
from bets.models import Bet
from bets.tests.scenes import scene
from bettrack.tests.accessibility import faults
from bettrack.tests.conftest import stay_at_home
from bettrack.tests.test_account_pages import OPEN, OWN

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def sign_in(page: Page, url: str, password: str = PASSWORD) -> None:
    page.goto(f"{url}/accounts/login/")
    page.get_by_label("Username or email").fill("ada")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in", exact=True).click()


def confirm(page: Page) -> None:
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Confirm").click()


def test_axe_finds_nothing_serious_on_pages_of_accounts(live_server: LiveServer, look: Page) -> None:
    user: User = UserFactory(username="ada", email="ada@example.com")
    EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=True)
    EmailAddress.objects.create(user=user, email="new@example.com")
    SocialAccount.objects.create(user=user, provider="github", uid="1", extra_data={"login": "ada-l"})
    assert not faults(look, live_server.url, [reverse(name) for name in OPEN])
    sign_in(look, live_server.url)
    look.goto(live_server.url + reverse("mfa_activate_totp"))
    confirm(look)
    assert not faults(look, live_server.url, [reverse(name) for name in OWN])
    look.goto(live_server.url + reverse("mfa_activate_totp"))
    look.get_by_label("Code that the app shows now").fill(code_of(look.locator(".secret code").inner_text()))
    look.get_by_role("button", name="Use this app").click()
    more = ["mfa_index", "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_deactivate_totp"]
    assert not faults(look, live_server.url, [reverse(name) for name in more])
    look.context.clear_cookies()
    sign_in(look, live_server.url)
    assert not faults(look, live_server.url, [reverse("mfa_authenticate")])


def test_an_account_is_deleted_on_a_phone_without_script(live_server: LiveServer, browser: Browser) -> None:
    at = scene()
    User.objects.filter(pk=at.user.pk).update(username="ada")
    User.objects.get(username="ada")
    context = browser.new_context(viewport={"width": 375, "height": 800}, java_script_enabled=False)
    stay_at_home(context)
    page = context.new_page()
    sign_in(page, live_server.url)
    page.goto(f"{live_server.url}/account/data/")
    page.get_by_role("link", name="Delete my account").click()
    expect(page.get_by_text("What goes, at once and for good")).to_be_visible()
    expect(page.get_by_role("link", name="Save all bets as JSON")).to_be_visible()
    page.get_by_label("Type ada to confirm").fill("ada")
    page.get_by_role("button", name="Delete everything").click()
    confirm(page)
    expect(page.locator(".messages")).to_contain_text("Your account is deleted")
    assert not User.objects.filter(username="ada").exists()
    assert not Bet.objects.filter(user_id=at.user.pk).exists()
    context.close()
