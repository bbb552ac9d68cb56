"""Edges, futures and bookmakers in a real browser: filters, the stake calculator, phones, no script, keyboard."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from bettrack.tests.conftest import stay_at_home
from games.models import Game
from games.tests.factories import GameFactory
from odds.models import Bookmaker
from odds.tests.factories import HeartbeatFactory
from odds.tests.quoting import quote

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LOOKS = [(375, "light"), (375, "dark"), (1440, "light"), (1440, "dark")]


SMALL = """() => [...document.querySelectorAll("main :is(a, button, summary, select, input), #slip :is(a, button)")]
  .filter((one) => one.type !== "hidden" && one.checkVisibility() && !one.closest("p, td, th"))
  .map((one) => [one, (one.type === "checkbox" ? one.closest(".field") : one).getBoundingClientRect()])
  .filter(([, box]) => box.width > 1 && box.height > 0 && box.height < 43.5)
  .map(([one, box]) => `${one.tagName} ${one.className} ${one.innerText || one.name} ${box.height}`)"""
"""What there is to press, outside of running text and tables, that is lower than 44 px."""


@pytest.fixture
def game(transactional_db: None) -> Game:
    """An arbitrage at 2.10 and 2.05, and one of old prices that is hidden."""
    made = arbitrage(minutes=0)
    arbitrage(minutes=30)
    return made


def arbitrage(*, minutes: int) -> Game:
    now = timezone.now()
    made: Game = GameFactory(commence_time=now + dt.timedelta(hours=3))
    for at, side, price in (("alpha", "home", 110), ("beta", "away", 105)):
        quote(made, f"h2h {side}", price, at=at)
        seen = now - dt.timedelta(minutes=minutes)
        HeartbeatFactory(game=made, bookmaker=Bookmaker.objects.get(key=at), seen_at=seen, polled_at=seen)
    return made


@pytest.fixture
def look(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of the width and colours wanted, whose console must stay free of errors."""
    width, scheme = request.param
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    stay_at_home(context)
    page = context.new_page()
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("console", lambda line: said.append(line.text) if line.type == "error" else None)
    yield page
    assert not said
    context.close()


def fits(page: Page) -> None:
    """Nothing runs off the side."""
    assert page.evaluate("document.documentElement.scrollWidth") == page.viewport_size["width"]  # type: ignore[index]


@pytest.mark.parametrize("look", LOOKS, indirect=True)
def test_the_calculator_splits_another_stake_without_a_new_page(
    live_server: LiveServer, look: Page, game: Game
) -> None:
    look.goto(f"{live_server.url}/edges/?kind=arbitrage")
    edges = look.locator("#edges")
    expect(edges.locator(".edge-stake")).to_have_text(["49.40", "50.60"])
    look.evaluate("window.same = true")
    look.get_by_label("Total stake").fill("1000")
    look.get_by_label("Total stake").press("Tab")
    expect(edges.locator(".edge-stake")).to_have_text(["493.98", "506.02"])
    expect(edges.locator(".edge-sums")).to_contain_text("+37.34 on 1000.00, whatever happens")
    look.get_by_label("Stakes in").select_option("10")
    expect(edges.locator(".edge-stake")).to_have_text(["490.00", "510.00"])
    expect(edges.locator(".edge-sums")).to_contain_text("+29.00 on 1000.00")
    assert look.evaluate("window.same") is True
    assert "outlay=1000" in look.url
    fits(look)


@pytest.mark.parametrize("look", LOOKS, indirect=True)
def test_filters_change_the_list_and_a_wrong_one_is_named(
    live_server: LiveServer, look: Page, game: Game
) -> None:
    look.goto(f"{live_server.url}/edges/?kind=arbitrage")
    edges = look.locator("#edges")
    expect(edges.locator(".edge")).to_have_count(1)
    expect(edges).to_contain_text("1 hidden")
    look.get_by_label("Markets").select_option("total")
    expect(edges.locator(".edge")).to_have_count(0)
    look.get_by_label("Markets").select_option("moneyline")
    expect(edges.locator(".edge")).to_have_count(1)
    look.get_by_text("More filters").click()
    look.get_by_label("Show what looks too good").check()
    expect(edges.locator(".edge")).to_have_count(2)
    expect(edges.locator(".edge.phantom")).to_have_count(1)
    look.get_by_label("Smallest edge, %").fill("5")
    look.get_by_label("Smallest edge, %").press("Tab")
    expect(edges.locator(".edge")).to_have_count(0)
    fits(look)
    look.go_back()
    expect(edges.locator(".edge")).to_have_count(2)
    look.goto(f"{live_server.url}/edges/?kind=arbitrage&least=much")
    expect(look.get_by_text("Write a percentage such as 1.5.")).to_be_visible()
    fits(look)


def test_filters_and_calculator_work_without_script(
    live_server: LiveServer, browser: Browser, game: Game
) -> None:
    context = browser.new_context(java_script_enabled=False)
    stay_at_home(context)
    page = context.new_page()
    page.goto(f"{live_server.url}/edges/?kind=arbitrage")
    page.get_by_label("Total stake").fill("1000")
    page.get_by_role("button", name="Show", exact=True).click()
    expect(page.locator(".edge-stake")).to_have_text(["493.98", "506.02"])
    page.get_by_role("link", name="Show it").click()
    expect(page.locator(".edge")).to_have_count(2)
    expect(page.get_by_label("Total stake")).to_have_value("1000")
    context.close()


def test_the_stake_is_split_by_keyboard_alone(
    live_server: LiveServer, context: BrowserContext, screen: Page, game: Game
) -> None:
    screen.goto(f"{live_server.url}/edges/?kind=arbitrage")
    for _ in range(60):
        screen.keyboard.press("Tab")
        if screen.evaluate("document.activeElement.id") == "edge-outlay":
            break
    screen.keyboard.press("Control+a")
    screen.keyboard.type("500")
    screen.keyboard.press("Enter")
    expect(screen.locator(".edge-stake")).to_have_text(["246.99", "253.01"])


@pytest.mark.parametrize("address", ["/edges/", "/futures/", "/books/"])
@pytest.mark.parametrize("look", LOOKS, indirect=True)
def test_nothing_of_the_archive_s_other_pages_runs_off_the_side(
    live_server: LiveServer, look: Page, game: Game, address: str
) -> None:
    outright = GameFactory(kind="outright", home_team=None, away_team=None, title="Who lifts the cup")
    for number in range(15):
        for at in ("alpha", "beta"):
            row = quote(outright, "outrights win", 400 + 50 * number, at=at, participant=f"Runner {number}")
    assert row.price
    look.goto(f"{live_server.url}{address}")
    expect(look.locator("h1")).to_be_visible()
    fits(look)


@pytest.mark.parametrize("look", LOOKS, indirect=True)
def test_a_wrong_number_is_named_beside_its_field_while_the_list_stays(
    live_server: LiveServer, look: Page, game: Game
) -> None:
    look.goto(f"{live_server.url}/edges/?kind=arbitrage")
    look.evaluate("window.same = true")
    outlay = look.get_by_label("Total stake")
    outlay.fill("plenty")
    outlay.press("Enter")
    faults = look.locator("#edge-outlay_error")
    expect(faults).to_contain_text("Write an amount such as 100.")
    expect(outlay).to_have_attribute("aria-invalid", "true")
    expect(outlay).to_have_value("plenty")
    expect(look.locator("#edges .edge-stake")).to_have_text(["49.40", "50.60"])
    outlay.fill("1000")
    outlay.press("Enter")
    expect(look.locator("#edges .edge-stake")).to_have_text(["493.98", "506.02"])
    expect(faults).to_be_empty()
    expect(outlay).not_to_have_attribute("aria-invalid", "true")
    assert look.evaluate("window.same") is True


@pytest.mark.parametrize("look", [(375, "light")], indirect=True)
@pytest.mark.parametrize("address", ["/edges/?kind=arbitrage&phantoms=on", "/", "game", "/books/"])
def test_on_a_phone_the_heading_comes_first_and_nothing_to_press_is_smaller_than_a_finger(
    live_server: LiveServer, look: Page, game: Game, address: str
) -> None:
    look.goto(live_server.url + (f"/games/{game.pk}/" if address == "game" else address))
    heading = look.locator("h1").bounding_box()
    assert heading is not None
    small = look.evaluate(SMALL)
    assert small == []
    if "edges" in address:
        filters = look.locator("#edge-filters").bounding_box()
        assert filters is not None
        assert heading["y"] < filters["y"]
