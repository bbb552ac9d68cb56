"""The slip in a real browser: by keyboard, without script, on a phone, clicked twice."""

from __future__ import annotations

import zoneinfo
from decimal import Decimal

import pytest
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from bets.models import Bet
from bets.tests.scenes import Scene, scene
from bettrack.tests.conftest import stay_at_home
from odds.models import CurrentOdds

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def at(transactional_db: None) -> Scene:
    return scene()


def sign_in(context: BrowserContext, at: Scene, server: LiveServer) -> None:
    """Give the browser a session of the scene's user."""
    client = Client()
    client.force_login(at.user)
    context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": server.url}]
    )


def board(page: Page, at: Scene, server: LiveServer) -> None:
    """Open the board on the day of the scene's game."""
    local = at.game.commence_time.astimezone(zoneinfo.ZoneInfo(at.user.time_zone))
    page.goto(f"{server.url}/?day={local.date()}")


def press_tab_until(page: Page, selector: str) -> None:
    """Walk by Tab to the element; fail if it cannot be reached."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    pytest.fail(f"Tab never reaches {selector}")


def test_a_bet_is_placed_by_keyboard_alone(
    live_server: LiveServer, context: BrowserContext, screen: Page, at: Scene
) -> None:
    sign_in(context, at, live_server)
    board(screen, at, live_server)
    press_tab_until(screen, f"#p{at.spread.pk}")
    screen.keyboard.press("Enter")
    expect(screen.locator("#slip [data-leg]")).to_be_visible()
    press_tab_until(screen, "[name^=stake-]")
    screen.keyboard.type("20")
    expect(screen.locator("#slip-place")).to_contain_text("returns $38.18")
    press_tab_until(screen, "#slip-place")
    screen.keyboard.press("Enter")
    expect(screen.locator("#slip")).to_contain_text("Placed")
    assert Bet.objects.get().stake == 20


def test_typing_keeps_the_cursor_while_the_return_is_worked_out(
    live_server: LiveServer, context: BrowserContext, screen: Page, at: Scene
) -> None:
    sign_in(context, at, live_server)
    board(screen, at, live_server)
    screen.locator(f"#p{at.moneyline.pk}").click()
    stake = screen.get_by_label("Stake")
    stake.press_sequentially("10")
    expect(screen.locator("#slip-place")).to_contain_text("returns $23.00")
    expect(stake).to_be_focused()
    stake.press_sequentially("0")
    expect(screen.locator("#slip-place")).to_contain_text("returns $230.00")
    expect(stake).to_have_value("100")


def test_a_double_click_places_one_bet(
    live_server: LiveServer, context: BrowserContext, screen: Page, at: Scene
) -> None:
    sign_in(context, at, live_server)
    board(screen, at, live_server)
    screen.locator(f"#p{at.moneyline.pk}").click()
    screen.get_by_label("Stake").fill("10")
    expect(screen.locator("#slip-place")).to_contain_text("returns $23.00")
    screen.locator("#slip-place").dblclick()
    expect(screen.locator("#slip")).to_contain_text("Placed")
    screen.wait_for_load_state("networkidle")
    assert Bet.objects.count() == 1


def test_a_moved_price_is_asked_about(
    live_server: LiveServer, context: BrowserContext, screen: Page, at: Scene
) -> None:
    sign_in(context, at, live_server)
    board(screen, at, live_server)
    screen.locator(f"#p{at.moneyline.pk}").click()
    screen.get_by_label("Stake").fill("10")
    expect(screen.locator("#slip-place")).to_contain_text("returns $23.00")
    CurrentOdds.objects.filter(pk=at.moneyline_odds.pk).update(price=Decimal(120))
    screen.locator("#slip-place").click()
    expect(screen.locator("#slip")).to_contain_text("DraftKings has moved from +130 to +120")
    screen.get_by_role("button", name="Take +120").click()
    screen.get_by_role("button", name="Place bet, returns $22.00").click()
    expect(screen.locator("#slip")).to_contain_text("Placed")
    assert Bet.objects.get().odds == 120


def test_a_bet_is_placed_without_script(live_server: LiveServer, browser: Browser, at: Scene) -> None:
    context = browser.new_context(java_script_enabled=False)
    stay_at_home(context)
    sign_in(context, at, live_server)
    page = context.new_page()
    board(page, at, live_server)
    page.locator(f"#p{at.moneyline.pk}").click()
    expect(page).to_have_url(f"{live_server.url}/bets/slip/")
    page.get_by_label("Stake").fill("10")
    page.get_by_role("button", name="Work out the return").click()
    expect(page.locator("#slip-place")).to_contain_text("Place bet, returns $23.00")
    page.locator("#slip-place").click()
    bet = Bet.objects.get()
    expect(page).to_have_url(f"{live_server.url}/bets/{bet.pk}/")
    expect(page.get_by_text("Bet placed.")).to_be_visible()
    context.close()


def test_a_phone_has_the_slip_as_a_sheet_and_nothing_runs_off_the_side(
    live_server: LiveServer, browser: Browser, at: Scene
) -> None:
    context = browser.new_context(viewport={"width": 375, "height": 740}, has_touch=True, is_mobile=True)
    stay_at_home(context)
    sign_in(context, at, live_server)
    page = context.new_page()
    board(page, at, live_server)
    expect(page.locator("#slip")).to_be_hidden()
    page.locator(f"#p{at.moneyline.pk}").tap()
    expect(page.locator("#slip-place")).to_be_hidden()
    page.get_by_role("button", name="1 in the slip").tap()
    expect(page.locator("#slip-place")).to_be_visible()
    page.get_by_label("Stake").fill("10")
    expect(page.locator("#slip-place")).to_contain_text("returns $23.00")
    page.locator("#slip-place").tap()
    expect(page.locator("#slip")).to_contain_text("Placed")
    bet = Bet.objects.get()
    paths = ["/", "/bets/", f"/bets/{bet.pk}/", "/bets/bankrolls/", f"/bets/bankrolls/{at.bankroll.pk}/"]
    for path in [*paths, "/bets/slip/", "/account/", f"/games/{at.game.pk}/"]:
        page.goto(f"{live_server.url}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 375, path
    context.close()


def test_a_page_that_is_out_of_date_says_so(
    live_server: LiveServer, context: BrowserContext, at: Scene
) -> None:
    sign_in(context, at, live_server)
    page = context.new_page()
    board(page, at, live_server)
    page.route("**/bets/slip/add/", lambda route: route.fulfill(status=403))
    page.locator(f"#p{at.moneyline.pk}").click()
    expect(page.get_by_role("alert")).to_contain_text("This page is out of date.")
