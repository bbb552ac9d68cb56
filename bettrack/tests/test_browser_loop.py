"""The whole loop in a real browser, against the sandbox's market through the real clients and services."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from accounts.tests.factories import PASSWORD
from bets.models import Bet, BetStatus, LedgerEntry, LedgerKind
from bets.settlement import settle_due
from bets.tests.scenes import person
from feeds import espn, the_odds_api
from feeds.sandbox.schedule import Featured
from feeds.sandbox.transport import SandboxTransport
from feeds.sandbox.world import World
from games.models import Game, GameStatus, Sport
from games.tests.factories import SportFactory
from odds.models import Selection
from odds.pull import pull_scoreboard, pull_sport

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NBA = "basketball_nba"


class Market:
    """A simulated NBA with a game that starts in twenty minutes, and the pulls that bring it in."""

    def __init__(self) -> None:
        self.now = timezone.now()
        self.starts_at = (self.now + dt.timedelta(minutes=20)).replace(microsecond=0)
        world = World(speed=60, featured=(Featured(NBA, self.starts_at),))
        self.transport = SandboxTransport(at=self.now, world=world)
        self.sport: Sport = SportFactory.create(key=NBA)

    def pull_prices(self) -> Game:
        """Pull the prices of now; return the game that is about to start."""
        with the_odds_api.Client(transport=self.transport) as client:
            pull_sport(client, self.sport, clock=lambda: self.now)
        return Game.objects.with_names().get(commence_time=self.starts_at)

    def finish(self) -> dt.datetime:
        """Let the game end, pull the scoreboard and settle; return when that was."""
        later = self.starts_at + dt.timedelta(hours=1)
        self.transport.at = later
        with espn.Client(transport=self.transport) as client:
            pull_scoreboard(client, NBA, espn.us_day(self.starts_at), clock=lambda: later)
        settle_due(now=later)
        return later


def test_sign_in_board_slip_place_result_and_a_settled_bet_that_says_why(
    live_server: LiveServer, screen: Page
) -> None:
    market = Market()
    game = market.pull_prices()
    user, _ = person("ada", "500")

    screen.goto(f"{live_server.url}/accounts/login/")
    screen.get_by_label("Username or email").fill("ada")
    screen.get_by_label("Password").fill(PASSWORD)
    screen.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
    expect(screen.locator("#balance")).to_contain_text("$500.00")

    day = timezone.localdate(game.commence_time, zoneinfo.ZoneInfo(user.time_zone))
    screen.goto(f"{live_server.url}/?sport={NBA}&day={day}")
    backed = Selection.objects.get(game=game, market="h2h", side="home")
    price = screen.locator(f"#p{backed.pk}")
    price.click()
    slip = screen.locator("#slip")
    expect(slip).to_contain_text(str(game.home_team))
    expect(price).to_have_attribute("aria-pressed", "true")

    slip.get_by_label("Stake").fill("50")
    button = slip.get_by_role("button", name="Place bet, returns $")
    button.click()
    expect(slip).to_contain_text("Placed")
    expect(screen.locator("#balance")).to_contain_text("$450.00")
    bet = Bet.objects.get()
    assert (bet.user, bet.stake, bet.status) == (user, Decimal(50), BetStatus.PENDING)

    slip.get_by_role("link", name="Open the ticket").click()
    expect(screen.get_by_role("heading", name="What happens next")).to_be_visible()

    market.finish()
    game.refresh_from_db()
    assert game.status == GameStatus.FINAL

    expect(screen.get_by_role("heading", name="Why it was graded so")).to_be_visible(timeout=20_000)
    bet.refresh_from_db()
    assert bet.status in (BetStatus.WON, BetStatus.LOST)
    ticket = screen.locator("#bet")
    expect(ticket).to_contain_text(f"{game.home_team} {game.home_score}")
    expect(ticket).to_contain_text(f"{game.away_team} {game.away_score}")
    expect(ticket).to_contain_text(re.compile(r"ESPN event \d+, status Final, read "))
    expect(ticket).to_contain_text(bet.get_status_display())
    paid = LedgerEntry.objects.filter(bet=bet, kind=LedgerKind.PAYOUT).count()
    assert paid == (1 if bet.status == BetStatus.WON else 0)

    screen.goto(f"{live_server.url}/bets/")
    expect(screen.locator("#bets")).to_contain_text("Open exposure$0.00")
