"""Tickets of several legs in a real browser: on a phone by keyboard alone, without script, by a double click."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from bets.models import Bet, Slip, SlipLeg
from bets.tests.scenes import Scene, scene, upcoming_game
from bettrack.tests.accessibility import findings
from bettrack.tests.conftest import stay_at_home
from bettrack.tests.test_browser_slip import board, press_tab_until, sign_in
from odds.models import CurrentOdds, Selection
from odds.tests.factories import CurrentOddsFactory, SelectionFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def at(transactional_db: None) -> Scene:
    return scene()


@pytest.fixture
def three(at: Scene) -> list[Selection]:
    """Prices of +130, −110 and +150 on three games."""
    found = [at.moneyline]
    for number, price in enumerate((-110, 150)):
        game = upcoming_game(f"Home {number}", f"Visitors {number}")
        selection = SelectionFactory.create(game=game, market="h2h", side="away")
        CurrentOddsFactory.create(selection=selection, bookmaker=at.book, price=Decimal(price))
        found.append(selection)
    return found


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport={"width": 375, "height": 740})
    stay_at_home(context)
    yield context
    context.close()


def test_a_parlay_of_three_games_is_placed_on_a_phone_by_keyboard_alone(
    live_server: LiveServer, phone: BrowserContext, at: Scene, three: list[Selection]
) -> None:
    sign_in(phone, at, live_server)
    page = phone.new_page()
    board(page, at, live_server)
    for number, selection in enumerate(three, start=1):
        press_tab_until(page, f"#p{selection.pk}")
        page.keyboard.press("Enter")
        expect(page.locator("#slip-toggle")).to_contain_text(f"{number} in the slip")
        expect(page.locator(f"#p{selection.pk}")).to_have_attribute("aria-pressed", "true")
    press_tab_until(page, "#slip-toggle")
    page.keyboard.press("Enter")
    press_tab_until(page, "#slip-kind-straight")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#slip-kind-parlay")).to_be_checked()
    expect(page.locator("#slip-stake")).to_be_visible()
    press_tab_until(page, "#slip-stake")
    page.keyboard.type("10")
    expect(page.locator("#slip-place")).to_contain_text("Place bet, returns $109.77")
    press_tab_until(page, "#slip-place")
    page.keyboard.press("Enter")
    expect(page.locator("#slip .slip-placed")).to_contain_text("Parlay, 3 legs")
    bet = Bet.objects.get()
    assert (bet.kind, bet.stake, bet.legs.count()) == ("parlay", 10, 3)
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_escape_closes_the_sheet_and_goes_back_to_the_price(
    live_server: LiveServer, phone: BrowserContext, at: Scene
) -> None:
    sign_in(phone, at, live_server)
    page = phone.new_page()
    board(page, at, live_server)
    press_tab_until(page, f"#p{at.moneyline.pk}")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_have_text("In the slip: Los Angeles Lakers +130.")
    press_tab_until(page, "#slip-toggle")
    expect(page.locator("#slip-toggle")).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Enter")
    expect(page.locator("#slip-toggle")).to_have_attribute("aria-expanded", "true")
    press_tab_until(page, "[name^=stake-]")
    page.keyboard.press("Escape")
    expect(page.locator("[name^=stake-]")).to_be_hidden()
    expect(page.locator(f"#p{at.moneyline.pk}")).to_be_focused()


def test_a_parlay_is_placed_without_script(
    live_server: LiveServer, browser: Browser, at: Scene, three: list[Selection]
) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 375, "height": 740})
    stay_at_home(context)
    sign_in(context, at, live_server)
    page = context.new_page()
    for selection in three:
        board(page, at, live_server)
        page.locator(f"#p{selection.pk}").click()
        expect(page).to_have_url(f"{live_server.url}/bets/slip/")
    page.locator("label:has(#slip-kind-parlay)").click()
    page.get_by_role("button", name="Choose", exact=True).click()
    page.locator("#slip-stake").fill("10")
    page.get_by_role("button", name="Work out the return").last.click()
    expect(page.locator("#slip-place")).to_contain_text("Place bet, returns $109.77")
    page.get_by_role("button", name="Remove Visitors 1").click()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#slip-place")).to_contain_text("returns $109.77")
    page.locator("#slip-place").click()
    bet = Bet.objects.get()
    expect(page).to_have_url(f"{live_server.url}/bets/{bet.pk}/")
    assert bet.legs.count() == 3
    context.close()


def test_a_double_click_on_straight_bets_places_each_once(
    live_server: LiveServer, context: BrowserContext, screen: Page, at: Scene, three: list[Selection]
) -> None:
    sign_in(context, at, live_server)
    board(screen, at, live_server)
    for number, selection in enumerate(three, start=1):
        screen.locator(f"#p{selection.pk}").click()
        expect(screen.locator("#slip [data-leg]")).to_have_count(number)
        screen.locator("[name^=stake-]").last.fill("5")
        expect(screen.locator("#slip-place")).to_contain_text("bets" if number > 1 else "Place bet, returns")
    expect(screen.locator("#slip-place")).to_contain_text("Place 3 bets")
    screen.locator("#slip-place").dblclick()
    expect(screen.locator("#slip .slip-placed")).to_have_count(3)
    screen.wait_for_load_state("networkidle")
    assert Bet.objects.count() == 3


def test_a_typed_bet_is_placed_by_two_clicks(
    live_server: LiveServer, context: BrowserContext, screen: Page, at: Scene
) -> None:
    sign_in(context, at, live_server)
    screen.goto(f"{live_server.url}/bets/slip/")
    screen.get_by_label("Bet, or the text of a slip").fill("Lakers +3.5 -110 20 dk")
    screen.get_by_role("button", name="Read it").click()
    screen.get_by_role("button", name="Place bet, returns $38.18").click()
    expect(screen.locator("#slip")).to_contain_text("Placed")
    assert Bet.objects.get().stake == 20


def test_a_moved_price_can_be_accepted_for_good(
    live_server: LiveServer, context: BrowserContext, screen: Page, at: Scene
) -> None:
    sign_in(context, at, live_server)
    board(screen, at, live_server)
    screen.locator(f"#p{at.moneyline.pk}").click()
    screen.locator("[name^=stake-]").fill("10")
    expect(screen.locator("#slip-place")).to_contain_text("returns $23.00")
    CurrentOdds.objects.filter(pk=at.moneyline_odds.pk).update(price=Decimal(120))
    screen.locator("#slip-place").click()
    screen.get_by_role("button", name="Take any price from now on").click()
    expect(screen.locator("#slip")).to_contain_text("which you accept")
    screen.get_by_role("button", name="Place bet, returns $22.00").click()
    expect(screen.locator("#slip")).to_contain_text("Placed")
    assert Bet.objects.get().odds == 120


@pytest.mark.parametrize(("width", "scheme"), [(375, "light"), (1440, "dark")])
@pytest.mark.parametrize("kind", ["straight", "parlay", "same_game_parlay", "teaser", "round_robin"])
def test_axe_finds_nothing_serious_on_the_slip(
    live_server: LiveServer,
    browser: Browser,
    at: Scene,
    three: list[Selection],
    kind: str,
    width: int,
    scheme: Literal["light", "dark"],
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
    )
    stay_at_home(context)
    sign_in(context, at, live_server)
    Slip.objects.create(user=at.user, kind=kind, stake="10")
    for selection in [*three, at.spread]:
        odds = CurrentOdds.objects.get(selection=selection)
        SlipLeg.objects.create(
            slip_id=at.user.pk, selection=selection, bookmaker=at.book, price=odds.price,
            point=odds.point, stake="10", clicked_at=at.game.commence_time,
        )  # fmt: skip
    page = context.new_page()
    page.goto(f"{live_server.url}/bets/slip/")
    page.locator(".slip-edit summary").first.click()
    page.locator("#slip-enter-open").click()
    page.locator("#slip-text").fill("Lakers hedgehog 130")
    page.get_by_role("button", name="Read it").click()
    expect(page.locator(".slip-read")).to_be_visible()
    assert not findings(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()
