"""Pages held against axe-core, the accessibility checker."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from accounts.tests.factories import ApiKeyFactory, UserFactory
from bets.history.editing import edit_words
from bets.history.saved import delete_filter
from bets.tests.factories import (
    BankrollFactory,
    ImportBatchFactory,
    PublishedRecordFactory,
    SavedFilterFactory,
    WebhookDeliveryFactory,
    WebhookFactory,
    funded_bankroll,
    offered,
    place,
)
from bets.tests.stats_bets import START, every_kind, settled
from bets.tests.test_api_review import under_review
from bets.tests.test_imports import PIKKIT, imported
from bettrack.tests.accessibility import faults
from bettrack.tests.test_browser_decisions import sign_in
from feeds.monitoring.page import forget_page
from feeds.tests.factories import FlipFactory, IncidentFactory, IncidentNoteFactory, MonitorFactory
from games.models import Game
from games.tests.factories import GameFactory
from odds.tests.factories import HeartbeatFactory
from odds.tests.quoting import book, full_market, move, quote, selection

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HOUR = dt.timedelta(hours=1)
PAGES = [
    "/",
    "/?at={at}",
    "/games/{game}/",
    "/games/{game}/?at={at}",
    "/edges/?kind=value&least=x",
    "/edges/?kind=arbitrage",
    "/futures/",
    "/books/",
    "/books/closing-lines/",
    "/polling/",
]


@pytest.fixture
def game(transactional_db: None) -> Game:
    """One to come with its movement and an arbitrage, one that is over, and a future."""
    now = timezone.now()
    made: Game = GameFactory(commence_time=now + 3 * HOUR)
    past = GameFactory(sport=made.sport, final=True, commence_time=now - 30 * HOUR)
    outright = GameFactory(
        sport=made.sport, kind="outright", home_team=None, away_team=None, title="Who lifts the cup"
    )
    full_market(made, books=3)
    for number, key in enumerate(("book0", "book1", "book2")):
        HeartbeatFactory(game=made, bookmaker=book(key), seen_at=now, polled_at=now)
        quote(outright, "outrights win", 400 + 50 * number, at=key, participant=f"Runner {number}")
        for side, way in (("home", -1), ("away", 1)):
            for step in range(4):
                move(selection(made, "h2h", side), -110 + way * step, now - (9 - step) * HOUR, at=key)
            move(selection(past, "h2h", side), -110 - 5 * way * number, now - 31 * HOUR, at=key)
    for key, side in (("alpha", "home"), ("beta", "away")):
        quote(made, f"h2h {side}", 110, at=key)
        HeartbeatFactory(game=made, bookmaker=book(key), seen_at=now, polled_at=now)
    return made


def test_axe_finds_nothing_serious_on_any_page_of_the_archive(
    live_server: LiveServer, look: Page, game: Game
) -> None:
    sign_in(look.context, UserFactory(is_staff=True), live_server)
    at = int((timezone.now() - 2 * HOUR).timestamp())
    assert not faults(look, live_server.url, [page.format(game=game.pk, at=at) for page in PAGES])


def test_axe_finds_nothing_serious_on_statistics_and_imports(
    live_server: LiveServer, look: Page, transactional_db: None
) -> None:
    roll = BankrollFactory(user=UserFactory(username="ada", time_zone="UTC"), may_go_negative=True)
    every_kind(roll)
    for number in range(30):
        settled(roll, "won" if number % 2 else "lost", fair="0.5", at=START + dt.timedelta(days=50 + number))
    imported(roll.user, PIKKIT, bankroll=roll)
    published = PublishedRecordFactory(user=roll.user, currency=roll.currency, kind=roll.kind)
    texts = [PIKKIT.replace("A1,", "C1,"), "date,stake,odds\n03/04/2026,10,150\n", "a;b\n"]
    drafts = [
        ImportBatchFactory(user=roll.user, state="draft", content=text.encode(), options={"format": "auto"})
        for text in texts
    ]
    sign_in(look.context, roll.user, live_server)
    pages = ["/stats/", "/stats/?by=tag", "/stats/?period=7", f"/record/{published.token}/", "/bets/import/"]
    pages += [f"/bets/import/{draft.pk}/" for draft in drafts]
    assert not faults(look, live_server.url, pages)


def test_axe_finds_nothing_serious_on_lists_of_bets_and_what_is_kept_of_them(
    live_server: LiveServer, look: Page, game: Game
) -> None:
    roll = funded_bankroll("500", user=UserFactory(username="ada", time_zone="UTC"))
    every_kind(roll)
    parlay = settled(roll, "won", legs=2, close="-120", fair="0.5", tags=["model"], note="A note")
    line = offered(GameFactory(commence_time=timezone.now() + HOUR), "h2h", bookmaker=book("alpha"))
    bet = place(line, roll, stake=Decimal(5), tags=["fun"])
    edit_words(bet=bet, by=roll.user, note="Changed", tags=[])
    kept = SavedFilterFactory(user=roll.user, query="status=won")
    delete_filter(filter_id=SavedFilterFactory(user=roll.user).pk, by=roll.user)
    sign_in(look.context, roll.user, live_server)
    pages = [
        "/bets/",
        f"/bets/?{kept.query}&tag=model&sort=stake",
        "/bets/?odds_from=x&until=x",
        "/bets/?tag=nothing",
    ]
    pages += [
        "/bets/calendar/?month=2026-03",
        "/bets/filters/",
        f"/bets/{bet.pk}/",
        f"/bets/{bet.pk}/edit/",
        f"/bets/{parlay.pk}/",
    ]
    assert not faults(look, live_server.url, pages)


def test_axe_finds_nothing_serious_on_decisions_tools_and_keys(
    live_server: LiveServer, look: Page, game: Game
) -> None:
    staff = UserFactory(is_staff=True, is_superuser=True)
    roll = funded_bankroll("500", user=staff)
    bet = under_review(roll)
    bets = [
        place(offered(GameFactory(commence_time=timezone.now() + HOUR), "h2h"), roll, stake=Decimal(5))
        for _ in range(2)
    ]
    ApiKeyFactory(user=staff)
    ApiKeyFactory(user=staff, revoked_at=timezone.now())
    sign_in(look.context, staff, live_server)
    pages = ["/bets/review/", "/bets/attention/", f"/bets/{bet.pk}/", "/account/keys/", "/nothing-here/"]
    pages += [f"/bets/{bet.pk}/{action}/" for action in ("settle", "void")]
    pages += [f"/bets/{bets[0].pk}/{action}/" for action in ("cash-out", "void")]
    pages += ["/tools/settlement/", "/tools/settlement/?stake=x", "/api/problems/"]
    assert not faults(look, live_server.url, pages)


def test_axe_finds_nothing_serious_on_webhooks_and_their_log(
    live_server: LiveServer, look: Page, transactional_db: None
) -> None:
    hook = WebhookFactory(user=UserFactory(username="ada"), failures=2, failing_since=timezone.now())
    off = WebhookFactory(user=hook.user, off_at=timezone.now(), off_reason="The receiver answered 410 Gone.")
    for state in ("pending", "delivered", "failed"):
        due = timezone.now() if state == "pending" else None
        WebhookDeliveryFactory(webhook=hook, state=state, due_at=due, attempts=3, note="it answered 500")
    sign_in(look.context, hook.user, live_server)
    base = "/account/webhooks/"
    assert not faults(look, live_server.url, [base, f"{base}{hook.pk}/", f"{base}{off.pk}/"])


def test_axe_finds_nothing_serious_on_the_status_page(
    live_server: LiveServer, look: Page, transactional_db: None
) -> None:
    now = timezone.now()
    pages = ["/status/", "/status/incidents/"]
    for status in ("up", "down", "unknown", "maintenance"):
        begun = now - dt.timedelta(days=40)
        monitor = MonitorFactory(status=status, created_at=begun, checked_at=now, reason="it rests")
        FlipFactory(monitor=monitor, at=begun, old="unknown", new="down")
        FlipFactory(monitor=monitor, at=begun + HOUR, old="down", new="up")
        incident = IncidentFactory(monitor=monitor, started_at=begun, resolved_at=begun + HOUR)
        IncidentNoteFactory(incident=incident)
        pages.append(f"/status/incidents/{incident.pk}/")
    IncidentFactory(monitor=monitor, started_at=now - HOUR)
    sign_in(look.context, UserFactory(), live_server)
    forget_page()
    assert not faults(look, live_server.url, ["/nothing-here/", *pages])
