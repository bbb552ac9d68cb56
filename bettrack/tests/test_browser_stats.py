"""The page of statistics in a real browser: read without script, its chart drawn with it, a record published."""

from __future__ import annotations

import datetime as dt

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from bets.models import Bankroll
from bets.tests.factories import BankrollFactory
from bets.tests.stats_bets import START, every_kind, settled
from bettrack.tests.conftest import stay_at_home
from bettrack.tests.test_browser_decisions import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def roll(transactional_db: None) -> Bankroll:
    made: Bankroll = BankrollFactory.create()
    every_kind(made)
    settled(made, fair="0.5", at=START + dt.timedelta(days=40))
    return made


def test_statistics_are_read_sorted_and_paged_with_javascript_off(
    live_server: LiveServer, browser: Browser, roll: Bankroll
) -> None:
    context = browser.new_context(viewport={"width": 375, "height": 800}, java_script_enabled=False)
    stay_at_home(context)
    sign_in(context, roll.user, live_server)
    page = context.new_page()
    page.goto(f"{live_server.url}/stats/")
    expect(page.get_by_role("heading", name="Statistics")).to_be_visible()
    expect(page.get_by_text("(returned − staked) ÷ staked")).to_be_visible()
    page.get_by_role("link", name="Bet type").click()
    page.get_by_role("link", name="Profit", exact=True).click()
    expect(page.locator("th[aria-sort='descending']")).to_contain_text("Profit")
    page.get_by_role("link", name="Mar", exact=True).click()
    expect(page.get_by_role("heading", name="Profit by day, March 2026")).to_be_visible()
    page.locator("summary", has_text="Filter").click()
    page.locator("select[name=period]").select_option("7")
    page.get_by_role("button", name="Show bets").click()
    expect(page.get_by_text("No settled bets here")).to_be_visible()
    context.close()


def test_the_chart_is_drawn_and_read_by_pointer(
    live_server: LiveServer, context: BrowserContext, screen: Page, roll: Bankroll
) -> None:
    sign_in(context, roll.user, live_server)
    screen.goto(f"{live_server.url}/stats/")
    chart = screen.locator("[data-record]")
    expect(chart).to_have_attribute("data-drawn", "15")
    screen.locator("[data-chart-box]").hover()
    expect(screen.locator(".chart-readout")).to_contain_text("Profit")
    expect(screen.locator(".chart-readout")).to_contain_text("95%")


def test_a_record_is_published_read_by_a_stranger_and_revoked(
    live_server: LiveServer, context: BrowserContext, screen: Page, browser: Browser, roll: Bankroll
) -> None:
    sign_in(context, roll.user, live_server)
    screen.goto(f"{live_server.url}/stats/")
    screen.get_by_label("Title").fill("My spring")
    screen.get_by_role("button", name="Publish").click()
    link = screen.get_by_label("Link of the published record").input_value()
    stranger = browser.new_context()
    stay_at_home(stranger)
    page = stranger.new_page()
    page.goto(link)
    expect(page.get_by_role("heading", name="My spring")).to_be_visible()
    expect(page.get_by_label("How far to trust it")).to_contain_text("Price verified")
    expect(page.locator("[data-record]")).to_have_attribute("data-drawn", "15")
    screen.get_by_role("button", name="Revoke the link").click()
    expect(screen.locator("#messages")).to_contain_text("is revoked")
    answer = page.goto(link)
    assert answer is not None
    assert answer.status == 404
    stranger.close()
