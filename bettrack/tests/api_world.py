"""One of everything that the API shows."""

from __future__ import annotations

import datetime as dt
import hashlib
from decimal import Decimal
from typing import Any

from django.utils import timezone

from accounts.models import User
from bets.bankrolls.operations import deposit
from bets.history.saved import save_filter
from bets.history.tagging import retag
from bets.imports.drafts import keep_draft
from bets.limits import set_limit
from bets.models import Bankroll, Bet, BetStatus, Job, LimitChange
from bets.settlement import settle_due as settle
from bets.tests.factories import (
    WebhookDeliveryFactory,
    WebhookFactory,
    ended,
    funded_bankroll,
    offered,
    place,
)
from bets.tests.job_factories import JobChunkFactory, JobFactory
from feeds.tests.factories import ApiCallFactory, QuotaFactory
from games.models import Sport
from games.tests.factories import (
    CommenceTimeFactory,
    GameFactory,
    PlayerFactory,
    PlayerStatFactory,
    ScoreReadingFactory,
    SportFactory,
)
from odds.tests.factories import HeartbeatFactory
from odds.tests.quoting import full_market, move, quote
from odds.tests.quoting import selection as selection_of

FILE = b"date,book,selection,stake,odds,result\n2026-11-01,draftkings,Celtics,25,-110,won\n"


def ids_of_world(owner: User) -> dict[str, Any]:
    """Ids by the word that stands before them in a path; bets and money are the owner's."""
    now = timezone.now()
    game = coming_game()
    player = PlayerFactory(sport=game.sport, team=game.home_team)
    PlayerStatFactory(game=game, player=player)
    ScoreReadingFactory(game=game)
    CommenceTimeFactory(game=game)
    selection = game.selections.get(market="h2h", side="home")
    begun = GameFactory(sport=game.sport, commence_time=now - dt.timedelta(hours=5), final=True)
    for changed in (selection, selection_of(begun, "h2h", "home"), selection_of(begun, "h2h", "away")):
        move(changed, -110, changed.game.commence_time - dt.timedelta(hours=7), at="book0")
        move(changed, -105, changed.game.commence_time - dt.timedelta(hours=6), at="book0")
    bet, bankroll = settled_bet(owner, game.sport)
    waiting = place(quote(game, "h2h home", -108, at="book9", changed_at=now), bankroll)
    Bet.objects.filter(pk=waiting.pk).update(status=BetStatus.NEEDS_REVIEW, review_reason="Sources disagree.")
    riding = place(quote(game, "h2h away", -112, at="book8", changed_at=now), bankroll)
    QuotaFactory()
    ApiCallFactory()
    hook = WebhookFactory(user=owner)
    return {
        "bets": bet.pk,
        "open": riding.pk,
        "waiting": waiting.pk,
        "review": waiting.pk,
        "bankrolls": bankroll.pk,
        "operations": deposit(bankroll=bankroll, amount=Decimal(5), by=owner).pk,
        "imports": keep_draft(owner, "bets.csv", FILE, "auto").pk,
        "jobs": written_file(owner).pk,
        "tag-edits": retag(bets=Bet.objects.owned_by(owner), by=owner, add=["nba"]).pk,  # type: ignore[union-attr]
        "filters": save_filter(by=owner, name="Won", query="status=won").pk,
        "limits": loosening(owner).pk,
        "webhooks": hook.pk,
        "deliveries": WebhookDeliveryFactory(webhook=hook).pk,
        "sports": game.sport_id,
        "teams": game.home_team_id,
        "players": player.pk,
        "games": game.pk,
        "bookmakers": "book0",
        "selections": selection.pk,
        "begun": begun.pk,
        "futures": open_outright().pk,
    }


def written_file(owner: User) -> Job:
    """An export that is done, with its file."""
    now, content = timezone.now(), b'{"bets": []}'
    digest = hashlib.sha256(content).hexdigest()
    told = {"size": len(content), "checksum": digest, "expires_at": now + dt.timedelta(days=1)}
    job: Job = JobFactory(user=owner, done=True, created_at=now, started_at=now, finished_at=now, **told)
    JobChunkFactory(job=job, content=content)
    return job


def loosening(owner: User) -> LimitChange:
    """A limit that its owner has asked to end."""
    terms: dict[str, Any] = {"user": owner, "kind": "stake", "currency": "USD", "money": "paper"}
    set_limit(amount=Decimal(5000), **terms)
    waiting = set_limit(amount=None, **terms)
    assert waiting is not None
    return waiting


def coming_game(sport: Sport | None = None, *, in_hours: int = 3, books: int = 3) -> Any:
    """A match to come with prices of several books on its main markets."""
    now = timezone.now()
    game = GameFactory(sport=sport or SportFactory(), commence_time=now + dt.timedelta(hours=in_hours))
    full_market(game, books=books)
    for bookmaker in {each.bookmaker for each in game.current_odds.select_related("bookmaker")}:
        HeartbeatFactory(game=game, bookmaker=bookmaker, seen_at=now, polled_at=now)
    return game


def open_outright() -> Any:
    """An outright to come with three runners at two books."""
    now = timezone.now()
    game = GameFactory(outright=True, commence_time=now + dt.timedelta(days=90))
    for at in ("book0", "book1"):
        for runner, price in (("Celtics", 150), ("Lakers", 180), ("Bulls", 220)):
            quote(game, "outrights win", price, at=at, participant=runner)
    return game


def settled_bet(owner: User, sport: Sport) -> tuple[Bet, Bankroll]:
    """A bet that was placed, won and tagged."""
    bankroll = funded_bankroll(user=owner)
    game = GameFactory(sport=sport, commence_time=timezone.now() + dt.timedelta(hours=5))
    bet = place(offered(game, point="-3.5"), bankroll, tags=["model-a"])
    ended(game, 110, 100)
    settle()
    return bet, bankroll
