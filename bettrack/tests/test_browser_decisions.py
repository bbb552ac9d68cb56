"""Decisions by people in a real browser: a dispute resolved from the queue, a cash-out by keyboard alone."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.test import Client
from playwright.sync_api import BrowserContext, Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from accounts.tests.factories import UserFactory
from bets.ledger import balance
from bets.models import Bet, BetStatus
from bets.tests.factories import place
from bets.tests.scenes import Scene, scene
from bets.tests.test_decisions import disputed
from bets.verification import verify
from bettrack.tests.test_browser_slip import press_tab_until

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def at(transactional_db: None) -> Scene:
    return scene()


@pytest.fixture
def bet(at: Scene) -> Bet:
    return place(at.moneyline_odds, at.bankroll, stake=Decimal(50))


def sign_in(context: BrowserContext, user: User, server: LiveServer) -> None:
    client = Client()
    client.force_login(user)
    context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": server.url}]
    )


def test_staff_settle_a_disputed_bet_from_the_queue(
    live_server: LiveServer, context: BrowserContext, screen: Page, bet: Bet
) -> None:
    disputed(bet)
    sign_in(context, UserFactory.create(is_staff=True), live_server)
    screen.goto(f"{live_server.url}/bets/")
    expect(screen.locator(".nav a[href='/bets/review/']")).to_contain_text("1 bets wait")
    screen.locator(".nav a[href='/bets/review/']").click()
    waiting = screen.get_by_role("article")
    expect(waiting).to_contain_text("The sources disagree: ESPN says 1–0 but The Odds API says 0–1.")
    waiting.get_by_role("link", name="Settle by hand").click()
    screen.get_by_label("How it ended").select_option("won")
    screen.get_by_label("Reason").fill("The league's report says 0–1")
    screen.get_by_role("button", name="See what it does").click()
    expect(screen.get_by_role("form", name="Settle by hand")).to_contain_text("+$115.00")
    bet.refresh_from_db()
    assert bet.status == BetStatus.NEEDS_REVIEW
    screen.get_by_role("button", name="Confirm").click()
    expect(screen.locator("#messages")).to_contain_text("Settled by hand.")
    expect(screen.locator("#queue")).to_contain_text("Nothing waits here")
    bet.refresh_from_db()
    assert (bet.status, bet.payout) == (BetStatus.WON, 115)
    assert verify()[1] == []


def test_an_owner_cashes_out_a_part_and_undoes_it_by_keyboard_alone(
    live_server: LiveServer, context: BrowserContext, screen: Page, at: Scene, bet: Bet
) -> None:
    sign_in(context, at.user, live_server)
    screen.goto(f"{live_server.url}/bets/{bet.pk}/")
    press_tab_until(screen, "a[href$='/cash-out/']")
    screen.keyboard.press("Enter")
    expect(screen.get_by_role("heading", name="Cash out")).to_be_visible()
    press_tab_until(screen, "#id_offer")
    screen.keyboard.type("18")
    press_tab_until(screen, "#id_part")
    screen.keyboard.type("20")
    press_tab_until(screen, "#id_reason")
    screen.keyboard.type("Some off the table")
    screen.keyboard.press("Enter")
    expect(screen.get_by_role("button", name="Confirm")).to_be_focused()
    expect(screen.get_by_role("main")).to_contain_text("+$18.00")
    screen.keyboard.press("Enter")
    expect(screen.get_by_label("Ticket")).to_contain_text("$18.00 for $20.00 of the stake")
    assert balance(at.bankroll) == 68
    press_tab_until(screen, "a[href$='/undo/']")
    screen.keyboard.press("Enter")
    expect(screen.get_by_role("heading", name="Undo the decision")).to_be_visible()
    press_tab_until(screen, "#id_reason")
    screen.keyboard.type("The book refused it")
    screen.keyboard.press("Enter")
    expect(screen.get_by_role("button", name="Confirm")).to_be_focused()
    screen.keyboard.press("Enter")
    expect(screen.locator("#messages")).to_contain_text("Undone.")
    bet.refresh_from_db()
    assert (bet.cashed_stake, bet.status, balance(at.bankroll)) == (0, "pending", 50)
    assert verify()[1] == []
