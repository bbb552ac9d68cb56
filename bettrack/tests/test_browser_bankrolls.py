"""Bankrolls and limits in a real browser: money moved and brought back on a phone, and the pages held against axe-core."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from bets.bankrolls import credit_bonus, open_bankroll, transfer
from bets.ledger import balance
from bets.limits import set_limit, set_time_out
from bets.limits.periods import week_of
from bets.models import Bankroll
from bets.tests.factories import place
from bets.tests.scenes import Scene, scene
from bets.verification import verify
from bettrack.tests.accessibility import findings
from bettrack.tests.test_browser_decisions import sign_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def at(transactional_db: None) -> Scene:
    return scene()


@pytest.fixture
def holiday(at: Scene) -> Bankroll:
    return open_bankroll(user=at.user, name="Holiday")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_deposit_a_transfer_and_its_undoing_on_a_phone(
    live_server: LiveServer, browser: Browser, at: Scene, holiday: Bankroll, script: bool
) -> None:
    context: BrowserContext = browser.new_context(
        viewport={"width": 375, "height": 800}, has_touch=True, java_script_enabled=script
    )
    sign_in(context, at.user, live_server)
    page: Page = context.new_page()
    page.goto(f"{live_server.url}/bets/bankrolls/{at.bankroll.pk}/")
    page.locator("summary", has_text="Deposit").click()
    page.get_by_label("Deposit in USD").fill("50")
    page.get_by_role("button", name="Deposit", exact=True).click()
    expect(page.get_by_text("$50.00 deposited.")).to_be_visible()
    page.locator("summary", has_text="Transfer").click()
    page.get_by_role("form", name="Transfer").get_by_label("To").select_option(label="Holiday (USD)")
    page.get_by_label("Transfer in USD").fill("120")
    page.get_by_role("button", name="Transfer", exact=True).click()
    expect(page.get_by_text("$120.00 transferred.")).to_be_visible()
    assert (balance(at.bankroll), balance(holiday)) == (30, 120)
    page.get_by_role("button", name="Undo line 3").click()
    expect(page.get_by_text("Transfer undone by a line of its own.")).to_be_visible()
    expect(page.get_by_role("row", name="Transfer to Holiday")).to_contain_text("undone")
    assert (balance(at.bankroll), balance(holiday)) == (150, 0)
    assert verify()[1] == []
    overflow = page.evaluate("document.documentElement.scrollWidth - innerWidth") if script else 0
    assert overflow == 0
    context.close()


def test_axe_finds_nothing_serious_on_bankrolls_and_limits(
    live_server: LiveServer, look: Page, at: Scene, holiday: Bankroll
) -> None:
    place(at.moneyline_odds, at.bankroll, stake=Decimal(20))
    credit_bonus(bankroll=holiday, amount=Decimal(40), by=at.user)
    transfer(source=at.bankroll, target=holiday, amount=Decimal(10), by=at.user)
    for amount in (Decimal(50), Decimal(80)):
        set_limit(user=at.user, kind="daily_loss", currency="USD", money="paper", amount=amount)
    set_time_out(user=at.user, until=week_of(timezone.now(), "UTC").end)
    sign_in(look.context, at.user, live_server)
    own = f"/bets/bankrolls/{at.bankroll.pk}/"
    found = []
    for path in (
        "/bets/bankrolls/",
        own,
        f"{own}?kind=bonus",
        f"{own}statement/",
        f"{own}edit/",
        "/account/limits/",
    ):
        look.goto(live_server.url + path)
        look.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        found += [(path, *one) for one in findings(look)]
    assert not found
