"""The API's documentation and keys in a real browser, under the site's own security policy."""

from __future__ import annotations

import pytest
from django.core.cache import cache
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import ApiKey
from accounts.tests.factories import UserFactory
from bettrack.tests.conftest import stay_at_home
from bettrack.tests.test_browser_decisions import sign_in
from games.tests.factories import GameFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def fresh(transactional_db: None) -> None:
    cache.clear()


def test_an_operation_is_tried_out_in_the_documentation(live_server: LiveServer, screen: Page) -> None:
    game = GameFactory()
    screen.goto(f"{live_server.url}/api/v1/docs/")
    operation = screen.locator("#operations-games-games_list")
    operation.locator(".opblock-summary-control").click(timeout=30_000)
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    answer = operation.locator(".live-responses-table")
    expect(answer.locator(".response-col_status").nth(1)).to_contain_text("200")
    expect(answer).to_contain_text(str(game.pk))


def test_a_key_is_made_used_and_revoked_with_javascript_off(
    live_server: LiveServer, browser: Browser
) -> None:
    user = UserFactory()
    context = browser.new_context(viewport={"width": 375, "height": 800}, java_script_enabled=False)
    stay_at_home(context)
    sign_in(context, user, live_server)
    page = context.new_page()
    page.goto(f"{live_server.url}/account/")
    page.get_by_role("link", name="API keys").click()
    page.get_by_label("What it is for").fill("phone")
    page.get_by_role("button", name="Make the key").click()
    text = page.locator(".secret").inner_text()
    program = Client(headers={"Authorization": f"Bearer {text}"})
    assert program.get("/api/v1/bets/").status_code == 200
    page.get_by_role("button", name="Revoke phone").click()
    expect(page.get_by_text("is revoked")).to_be_visible()
    assert program.get("/api/v1/bets/").status_code == 401
    assert ApiKey.objects.get().revoked_at is not None
    context.close()


def test_the_pages_are_as_wide_as_the_screen(
    live_server: LiveServer, context: BrowserContext, screen: Page
) -> None:
    user = UserFactory()
    sign_in(context, user, live_server)
    for width in (375, 768, 1440):
        screen.set_viewport_size({"width": width, "height": 900})
        for path in ("/account/keys/", "/api/problems/"):
            screen.goto(f"{live_server.url}{path}")
            assert screen.evaluate("document.documentElement.scrollWidth") <= width
