"""Importing in a real browser: a Pikkit file comes in behind a bar of progress, is found, and is undone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from accounts.tests.factories import UserFactory
from bets.models import Bet
from bets.tests.test_imports import PIKKIT
from bettrack.tests.conftest import stay_at_home
from bettrack.tests.test_browser_decisions import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
REMEMBER = """() => {
    const line = document.querySelector(".import-progress"), said = [];
    new MutationObserver(() => {
        if (!line.hidden) said.push(line.textContent.trim());
        sessionStorage.progress = JSON.stringify(said);
    }).observe(line, { attributes: true, childList: true, subtree: true, characterData: true });
}"""
"""A browser that is leaving a page answers no questions about it, so the page notes itself what its bar says."""


@pytest.fixture
def ada(transactional_db: None) -> User:
    made: User = UserFactory.create(username="ada", time_zone="UTC")
    return made


@pytest.fixture
def pikkit(tmp_path: Path) -> Path:
    """A Pikkit export of 1,500 bets and those of the tests."""
    path = tmp_path / "transactions.csv"
    row = "B{0},FanDuel,straight,SETTLED_LOSS,1.91,1.87,,5,-5,02/01/2026 20:00:00 GMT,02/01/2026 23:00:00 GMT,Bet {0},,Basketball,NBA\n"
    path.write_text(PIKKIT + "".join(row.format(number) for number in range(1500)))
    return path


def test_a_pikkit_file_is_imported_and_undone(
    live_server: LiveServer, context: BrowserContext, screen: Page, ada: User, pikkit: Path
) -> None:
    sign_in(context, ada, live_server)
    screen.goto(f"{live_server.url}/bets/import/")
    screen.get_by_label("File", exact=True).set_input_files(pikkit)
    screen.get_by_role("button", name="Show what it would do").click()
    expect(screen.get_by_text("Read as Pikkit. Nothing has been written yet.")).to_be_visible()
    expect(screen.get_by_text("SETTLED_MAYBE")).to_be_visible()
    screen.evaluate(REMEMBER)
    screen.get_by_role("button", name="Import 1,505 bets").click(no_wait_after=True)
    expect(screen.locator("#messages")).to_contain_text("1,505 bets added", timeout=30_000)
    said = json.loads(screen.evaluate("sessionStorage.progress"))
    assert said[-1].endswith("of 1,505 bets written"), said
    assert Bet.objects.owned_by(ada).count() == 1505
    screen.goto(f"{live_server.url}/stats/")
    expect(screen.get_by_text("CLV, imported files")).to_be_visible()
    screen.goto(f"{live_server.url}/bets/import/")
    screen.get_by_role("button", name="Undo the import of transactions.csv").click()
    expect(screen.locator("#messages")).to_contain_text("1,505 bets withdrawn", timeout=30_000)
    assert not Bet.objects.owned_by(ada).exists()
    screen.goto(f"{live_server.url}/stats/")
    expect(screen.get_by_text("No settled bets yet")).to_be_visible()


def test_a_file_is_imported_without_script_on_a_phone(
    live_server: LiveServer, browser: Browser, ada: User, tmp_path: Path
) -> None:
    (tmp_path / "bets.csv").write_text("date,stake,odds,result,bet\n03/04/2026,10,1.91,won,Ajax\n")
    context = browser.new_context(viewport={"width": 375, "height": 800}, java_script_enabled=False)
    stay_at_home(context)
    sign_in(context, ada, live_server)
    page = context.new_page()
    page.goto(f"{live_server.url}/bets/import/")
    page.get_by_label("File", exact=True).set_input_files(tmp_path / "bets.csv")
    page.get_by_role("button", name="Show what it would do").click()
    expect(page.get_by_role("alert")).to_contain_text("day or the month first")
    page.get_by_label("Dates").select_option("dmy")
    page.get_by_role("button", name="Read it again").click()
    page.get_by_role("button", name="Import 1 bet").click()
    expect(page.locator("#messages")).to_contain_text("1 bet added")
    assert Bet.objects.get().placed_at.month == 4
    context.close()
