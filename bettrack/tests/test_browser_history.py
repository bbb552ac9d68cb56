"""The list of bets in a real browser, on a phone: filtered, tagged, put back, with script and without."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from bets.models import Bankroll, Bet
from bets.tests.factories import BankrollFactory, BetFactory
from bets.tests.stats_bets import START, every_kind, settled
from bettrack.tests.conftest import stay_at_home
from bettrack.tests.test_browser_decisions import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def roll(transactional_db: None) -> Bankroll:
    made: Bankroll = BankrollFactory.create()
    every_kind(made)
    for hour in range(3):
        settled(made, "lost", odds="300", note="long shot", at=START + dt.timedelta(days=40, hours=hour))
    return made


def tagged() -> int:
    return Bet.objects.filter(tags__contains=["dog"]).count()


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without"])
def test_bets_are_filtered_tagged_and_put_back_on_a_phone(
    live_server: LiveServer, browser: Browser, roll: Bankroll, script: bool
) -> None:
    context = browser.new_context(viewport={"width": 375, "height": 800}, java_script_enabled=script)
    stay_at_home(context)
    sign_in(context, roll.user, live_server)
    page = context.new_page()
    page.goto(f"{live_server.url}/bets/")
    page.locator("summary", has_text="Filter").click()
    page.locator("summary", has_text="Status").click()
    page.get_by_label("Lost", exact=True).check()
    page.get_by_label("Odds from").fill("250")
    page.get_by_role("button", name="Show bets").click()
    expect(page.get_by_label("Filters in force")).to_contain_text("Odds from +250")
    expect(page.locator(".bets-table tbody tr")).to_have_count(5)
    page.locator("summary", has_text="Tag bets").click()
    page.get_by_label("Tags, parted by commas").fill("dog")
    page.locator("select[name=scope]").select_option("all")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".undo")).to_contain_text("Added dog to 5 bets.")
    assert tagged() == 5
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#messages")).to_contain_text("Put back: 5 bets.")
    assert tagged() == 0
    expect(page.get_by_label("Filters in force")).to_contain_text("Odds from +250")
    page.locator("input.tick").first.check()
    page.locator("summary", has_text="Tag bets").click()
    page.get_by_label("Tags, parted by commas").fill("dog")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".undo")).to_contain_text("Added dog to 1 bet.")
    page.get_by_role("link", name="Status Lost").click()
    expect(page.locator(".bets-table tbody tr")).to_have_count(7)
    page.go_back()
    expect(page.locator(".bets-table tbody tr")).to_have_count(5)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth") if script else True
    context.close()


def test_the_list_is_not_read_again_while_bets_are_ticked(
    live_server: LiveServer, screen: Page, roll: Bankroll
) -> None:
    sign_in(screen.context, roll.user, live_server)
    BetFactory(bankroll=roll, stake=Decimal(5))
    screen.goto(f"{live_server.url}/bets/")
    screen.evaluate("document.querySelector('[data-refresh-seconds]').dataset.refreshSeconds = '1'")
    with screen.expect_response(lambda response: "/bets/" in response.url):
        pass
    screen.locator("input.tick").first.check()
    requests: list[str] = []
    screen.on("request", lambda request: requests.append(request.url))
    screen.evaluate("document.querySelector('[data-refresh-seconds]').dataset.refreshSeconds = '1'")
    screen.wait_for_timeout(2500)
    assert requests == []
    expect(screen.locator("input.tick").first).to_be_checked()


def test_a_day_of_the_calendar_is_reached_by_keyboard_and_leads_to_its_bets(
    live_server: LiveServer, screen: Page, roll: Bankroll
) -> None:
    sign_in(screen.context, roll.user, live_server)
    screen.goto(f"{live_server.url}/bets/calendar/?month=2026-03")
    day = screen.locator(".calendar td a").first
    day.focus()
    screen.keyboard.press("Enter")
    expect(screen.get_by_label("Filters in force")).to_contain_text("Settled from")
    expect(screen.locator(".bets-table tbody tr").first).to_be_visible()
    screen.get_by_role("link", name="Statistics", exact=True).click()
    expect(screen.get_by_role("heading", name="Statistics")).to_be_visible()
    expect(screen.get_by_label("Filters in force")).to_contain_text("Settled from")
