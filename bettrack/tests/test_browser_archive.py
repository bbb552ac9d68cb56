"""The archive in a real browser: the slider of the time machine, the chart's read-out, ranges and legend."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from bettrack.tests.conftest import stay_at_home
from games.models import Game
from games.tests.factories import GameFactory
from odds.tests.factories import HeartbeatFactory
from odds.tests.quoting import book, move, quote, selection

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HOUR = dt.timedelta(hours=1)
LOOKS = [(375, "light"), (375, "dark"), (1440, "light"), (1440, "dark")]
BOOKS = ("draftkings", "fanduel", "pinnacle")


@pytest.fixture
def game(transactional_db: None) -> Game:
    """Quoted at three books for two days; the spread has moved from −2.5 to −3.5 and its price each few hours."""
    now = timezone.now().replace(microsecond=0)
    made: Game = GameFactory(commence_time=now + 3 * HOUR)
    for number, key in enumerate(BOOKS):
        HeartbeatFactory(game=made, bookmaker=book(key), seen_at=now)
        for side, sign in (("home", "-"), ("away", "")):
            for step in range(12):
                at = now - (47 - 4 * step) * HOUR + number * dt.timedelta(minutes=2)
                point = f"{sign}{2.5 if step < 6 else 3.5}"
                price = -104 - 2 * step if sign else -116 + step
                move(selection(made, "spreads", side), price, at, at=key, point=point)
            quote(made, f"spreads {side}", price, at=key, point=point, changed_at=at)
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
    page.on("console", lambda line: said.append(line.text) if "Security Policy" in line.text else None)
    yield page
    assert not said
    context.close()


def open_game(page: Page, server: LiveServer, game: Game, query: str = "") -> None:
    home = selection(game, "spreads", "home")
    page.goto(f"{server.url}/games/{game.pk}/?chart={home.pk}{query}")
    expect(page.locator("[data-chart][data-drawn]")).to_be_visible()


def span(page: Page) -> tuple[int, int]:
    """The range of time that the chart shows, in epoch seconds."""
    drawn: Any = page.locator("[data-chart]").evaluate("block => [block.dataset.from, block.dataset.to]")
    return int(drawn[0]), int(drawn[1])


@pytest.mark.parametrize("look", LOOKS, indirect=True)
def test_pointing_at_the_chart_reads_all_books_and_nothing_runs_off_the_side(
    live_server: LiveServer, look: Page, game: Game
) -> None:
    open_game(look, live_server, game)
    assert look.evaluate("document.documentElement.scrollWidth") == look.viewport_size["width"]  # type: ignore[index]
    panes = look.locator(".chart-pane canvas")
    expect(panes).to_have_count(2)  # points above, chances below
    over = look.locator(".chart-pane.values .u-over")
    over.scroll_into_view_if_needed()
    box = over.bounding_box()
    assert box is not None
    look.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] / 2)
    expect(look.locator(".chart-readout")).to_contain_text("3 of 3 quoted")
    for key in BOOKS:
        expect(look.locator(f'[data-read="{key}"]')).to_contain_text("\N{MINUS SIGN}3.5 at")
        expect(look.locator(f'[data-read="{key}"] small')).to_contain_text("%")


@pytest.mark.parametrize("look", LOOKS, indirect=True)
def test_a_range_is_chosen_by_its_chip_or_by_dragging(
    live_server: LiveServer, look: Page, game: Game
) -> None:
    open_game(look, live_server, game)
    whole = span(look)
    look.get_by_role("button", name="Last 24 h").click()
    expect(look.get_by_role("button", name="Last 24 h")).to_have_attribute("aria-pressed", "true")
    day = span(look)
    assert day[1] - day[0] == 86_400
    over = look.locator(".chart-pane.values .u-over")
    over.scroll_into_view_if_needed()
    box = over.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    look.mouse.move(box["x"] + box["width"] * 0.25, middle)
    look.mouse.down()
    look.mouse.move(box["x"] + box["width"] * 0.75, middle, steps=5)
    look.mouse.up()
    closer = span(look)
    assert 0.4 < (closer[1] - closer[0]) / (day[1] - day[0]) < 0.6
    look.get_by_role("button", name="All", exact=True).click()
    assert span(look) == whole


@pytest.mark.parametrize("look", [(1440, "light")], indirect=True)
def test_chances_give_way_to_prices_and_a_book_can_be_left_out(
    live_server: LiveServer, look: Page, game: Game
) -> None:
    open_game(look, live_server, game)
    look.get_by_role("button", name="Price", exact=True).click()
    expect(look.get_by_role("button", name="Price", exact=True)).to_have_attribute("aria-pressed", "true")
    entry = look.locator('.legend-button[data-book="fanduel"]')
    entry.click()
    expect(entry).to_have_attribute("aria-pressed", "false")
    over = look.locator(".chart-pane.values .u-over")
    over.scroll_into_view_if_needed()
    box = over.bounding_box()
    assert box is not None
    look.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + 50)
    expect(look.locator(".chart-readout")).to_contain_text("2 of 3 quoted")


@pytest.mark.parametrize("look", LOOKS, indirect=True)
def test_the_slider_goes_back_in_time_by_keyboard_and_keeps_the_focus(
    live_server: LiveServer, look: Page, game: Game
) -> None:
    open_game(look, live_server, game)
    expect(look.locator("#grids")).to_contain_text("\N{MINUS SIGN}3.5")
    slider = look.get_by_label("As of")
    slider.focus()
    slider.press("Home")
    expect(look.locator("#grids .past")).to_contain_text("As of")
    expect(look.locator("#grids")).to_contain_text("\N{MINUS SIGN}2.5")
    expect(look.locator("#grids")).not_to_contain_text("\N{MINUS SIGN}3.5")
    expect(slider).to_be_focused()
    expect(look.locator("#grids .price-form")).to_have_count(0)
    assert "at=" in look.url
    look.get_by_role("link", name="Change after").click()
    expect(look.locator("#grids .past")).to_contain_text("As of")
    look.get_by_role("link", name="Back to now").click()
    expect(look.locator("#grids .price-form").first).to_be_visible()
    assert "at=" not in look.url


def test_the_slider_works_without_script(live_server: LiveServer, browser: Browser, game: Game) -> None:
    context = browser.new_context(java_script_enabled=False)
    stay_at_home(context)
    page = context.new_page()
    page.goto(f"{live_server.url}/games/{game.pk}/")
    page.get_by_role("link", name="Change before").click()
    expect(page.locator("#grids .past")).to_contain_text("As of")
    slider = page.get_by_label("As of")
    slider.focus()
    slider.press("Home")
    page.locator(".time-form").get_by_role("button", name="Show").click()
    expect(page.locator("#grids")).to_contain_text("\N{MINUS SIGN}2.5")
    expect(page.locator("#grids")).not_to_contain_text("\N{MINUS SIGN}3.5")
    context.close()
