"""What is told, when, and that it is told once: the outbox is written with the settlement or not at all."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.sealing import WEBHOOKS, unseal
from accounts.tests.factories import UserFactory
from bets.decisions.cashing import cash_out, cash_out_part
from bets.decisions.undoing import undo_decision
from bets.exceptions import NotPossible
from bets.models import Bet, Webhook, WebhookDelivery
from bets.regrading import regrade_due
from bets.settlement import settle_due
from bets.tests.factories import FAR, PLACED, WebhookFactory, ended, offered, place
from bets.tests.scenes import Scene, scene
from bets.voiding import void_bet
from bets.webhooks import registering
from bets.webhooks.finding import tell_edges, tell_moves
from games.models import Game
from games.tests.factories import GameFactory
from odds.models import CurrentOdds, Selection
from odds.tests.factories import BookmakerFactory, CurrentOddsFactory, HeartbeatFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def game() -> Game:
    made: Game = GameFactory(commence_time=FAR)
    return made


def listening(bet: Bet, *topics: str) -> Webhook:
    hook: Webhook = WebhookFactory(user=bet.user, topics=list(topics) or ["bet.settled", "bet.regraded"])
    return hook


def told() -> list[tuple[str, str, str | None]]:
    rows = WebhookDelivery.objects.order_by("data__revision", "created_at")
    return [(row.topic, row.data["status"], row.data["payout"]) for row in rows]


def test_a_settled_bet_is_told_with_its_money_and_only_once(game: Game) -> None:
    bet = place(offered(game, "spreads", "away", point="-3.5"))
    hook = listening(bet)
    ended(game, 104, 112)
    assert settle_due() == {"won": 1}
    settle_due()
    regrade_due()
    [row] = WebhookDelivery.objects.all()
    assert (row.webhook, row.state, row.attempts) == (hook, "pending", 0)
    assert row.data["bet"] == str(bet.pk)
    assert (row.data["stake"], row.data["payout"], row.data["currency"]) == ("100.00", "190.91", "USD")
    assert (row.data["status"], row.data["revision"], row.data["what"]) == ("won", 1, "settled")


def test_a_corrected_result_is_told_with_what_was_before(game: Game) -> None:
    bet = place(offered(game, "spreads", "away", point="-3.5"))
    listening(bet)
    ended(game, 104, 112)
    settle_due()
    ended(game, 104, 105, updated_at=timezone.now())
    regrade_due()
    assert told() == [("bet.settled", "won", "190.91"), ("bet.regraded", "lost", "0.00")]
    last = WebhookDelivery.objects.get(topic="bet.regraded")
    assert (last.data["status_before"], last.data["payout_before"]) == ("won", "190.91")


def test_a_voided_bet_is_told_as_settled_and_one_voided_after_it_was_paid_as_regraded(game: Game) -> None:
    open_bet = place(offered(game, "spreads", "away", point="-3.5"))
    listening(open_bet)
    void_bet(bet=open_bet, by=open_bet.user, reason="Wrong game")
    assert told() == [("bet.settled", "void", "100.00")]
    paid = place(offered(game, "spreads", "home", point="3.5"))
    listening(paid)
    ended(game, 104, 112)
    settle_due()
    void_bet(bet=paid, by=UserFactory(is_staff=True), reason="Wrong price")
    mine = WebhookDelivery.objects.filter(webhook__user=paid.user).order_by("data__revision")
    assert [(row.topic, row.data["status"], row.data["payout"]) for row in mine] == [
        ("bet.settled", "lost", "0.00"),
        ("bet.regraded", "void", "100.00"),
    ]


def test_a_bet_cashed_out_whole_is_told_as_settled_and_one_cashed_out_in_part_is_not(game: Game) -> None:
    bet = place(offered(game, "spreads", "away", point="-3.5"))
    listening(bet)
    part: dict[str, Any] = {"bet": bet, "by": bet.user, "reason": "Half-time"}
    cash_out_part(offer=Decimal(30), stake=Decimal(25), **part)
    assert told() == []
    cash_out(offer=Decimal("120.50"), **part)
    [row] = WebhookDelivery.objects.all()
    assert (row.topic, row.data["what"], row.data["status"]) == ("bet.settled", "cashed_out", "cashed_out")
    assert row.data["payout"] == "150.50"


def test_a_decision_that_is_undone_is_told_with_where_the_bet_stands_now(game: Game) -> None:
    bet = place(offered(game, "spreads", "away", point="-3.5"))
    listening(bet)
    void_bet(bet=bet, by=bet.user, reason="Wrong game")
    bet.refresh_from_db()
    undo_decision(bet=bet, by=bet.user, reason="It was the right one")
    assert told()[-1] == ("bet.regraded", "pending", None)


def test_nothing_is_written_for_others_for_other_topics_for_the_switched_off_or_the_suspended(
    game: Game,
) -> None:
    bet = place(offered(game, "spreads", "away", point="-3.5"))
    WebhookFactory()
    listening(bet, "bet.regraded", "edge.found")
    WebhookFactory(user=bet.user, off_at=PLACED, off_reason="Tired")
    ended(game, 104, 112)
    settle_due()
    assert not WebhookDelivery.objects.exists()


def test_the_event_goes_with_the_settlement_that_is_undone(game: Game) -> None:
    bet = place(offered(game, "spreads", "away", point="-3.5"))
    listening(bet)
    ended(game, 104, 112)
    with transaction.atomic():
        settle_due()
        assert WebhookDelivery.objects.count() == 1
        transaction.set_rollback(True)
    assert not WebhookDelivery.objects.exists()
    settle_due()
    assert WebhookDelivery.objects.count() == 1


def test_settling_takes_as_many_statements_with_listeners_as_without(game: Game) -> None:
    line = offered(game, "spreads", "away", point="-3.5")
    [place(line) for _ in range(3)]
    other = GameFactory(commence_time=FAR)
    same = offered(other, "spreads", "away", point="-3.5")
    heard = [place(same) for _ in range(3)]
    counts = []
    for played, bets in ((game, []), (other, heard)):
        for bet in bets:
            listening(bet)
        ended(played, 104, 112)
        with CaptureQueriesContext(
            connection,
        ) as statements:
            settle_due()
        counts.append(len(statements))
    assert counts[0] == counts[1]
    assert WebhookDelivery.objects.count() == 3


# registering


def test_a_webhook_is_registered_with_a_secret_that_is_sealed() -> None:
    user: User = UserFactory()
    hook, secret = registering.register(
        user=user, url="https://example.org/a", topics=["edge.found"], least_edge=Decimal(3), now=NOW
    )
    assert secret.startswith("whsec_")
    assert secret not in hook.secret
    assert unseal(hook.secret, WEBHOOKS) == secret
    fresh = registering.rotate_secret(hook=hook)
    hook.refresh_from_db()
    assert fresh != secret
    assert unseal(hook.secret, WEBHOOKS) == fresh


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "ftp://example.org/", "http://metadata/"])
def test_an_address_that_is_not_public_is_not_registered(url: str) -> None:
    with pytest.raises(ValidationError) as refused:
        registering.register(
            user=UserFactory(), url=url, topics=["edge.found"], least_edge=Decimal(3), now=NOW
        )
    assert "url" in refused.value.message_dict


def test_nobody_has_more_than_ten() -> None:
    user = UserFactory()
    WebhookFactory.create_batch(registering.MOST, user=user)
    with pytest.raises(NotPossible, match="10 webhooks"):
        registering.register(
            user=user, url="https://example.org/b", topics=["edge.found"], least_edge=Decimal(3), now=NOW
        )


def test_tests_are_sent_ten_seconds_apart_and_only_to_what_is_on() -> None:
    hook = WebhookFactory()
    registering.send_test(hook=hook, now=NOW)
    with pytest.raises(NotPossible, match="just now"):
        registering.send_test(hook=hook, now=NOW + dt.timedelta(seconds=9))
    registering.send_test(hook=hook, now=NOW + dt.timedelta(seconds=11))
    registering.switch_off(hook=hook, now=NOW)
    with pytest.raises(NotPossible, match="off"):
        registering.send_test(hook=hook, now=NOW + dt.timedelta(minutes=1))


# edges and moves


def quoted(game: Game, key: str, home: int, away: int, now: dt.datetime) -> None:
    """A moneyline of a book, seen now."""
    book = BookmakerFactory(key=key)
    HeartbeatFactory(game=game, bookmaker=book, seen_at=now)
    for side, price in (("home", home), ("away", away)):
        selection, _ = Selection.objects.get_or_create(game=game, market="h2h", participant="", side=side)
        CurrentOddsFactory(
            selection=selection,
            bookmaker=book,
            price=Decimal(price),
            point=None,
            changed_at=now,
            updated_at=now,
        )


def test_an_edge_is_told_once_and_again_at_another_price_to_those_whom_it_is_large_enough_for() -> None:
    now = timezone.now()
    game = GameFactory(commence_time=now + dt.timedelta(hours=5))
    quoted(game, "a", -110, -110, now)
    quoted(game, "b", -110, -110, now)
    quoted(game, "c", 108, -120, now)
    hook = WebhookFactory(topics=["edge.found"])
    WebhookFactory(topics=["edge.found"], least_edge=Decimal(30))
    WebhookFactory(topics=["bet.settled"])
    assert tell_edges(now=now) == 1
    assert tell_edges(now=now + dt.timedelta(minutes=1)) == 0
    [row] = WebhookDelivery.objects.all()
    assert (row.webhook, row.data["kind"], row.data["edge"]) == (hook, "value", "0.040000")
    [leg] = row.data["legs"]
    assert (leg["bookmaker"], leg["price"], leg["decimal"]) == ("c", "108", "2.08")
    CurrentOdds.objects.filter(bookmaker__key="c", selection__side="home").update(price=109)
    assert tell_edges(now=now) == 1


def test_an_arbitrage_is_told_with_both_its_legs() -> None:
    now = timezone.now()
    game = GameFactory(commence_time=now + dt.timedelta(hours=5))
    quoted(game, "a", 110, -125, now)
    quoted(game, "b", -125, 110, now)
    hook = WebhookFactory(topics=["edge.found"], least_edge=Decimal("4.9"))
    WebhookFactory(topics=["edge.found"], least_edge=Decimal("5.1"))
    assert tell_edges(now=now) == 1
    assert tell_edges(now=now) == 0
    [row] = WebhookDelivery.objects.all()
    assert (row.webhook, row.data["kind"], row.data["edge"]) == (hook, "arbitrage", "0.050000")
    legs = sorted((leg["bookmaker"], leg["name"], leg["price"]) for leg in row.data["legs"])
    names = (game.home_team.name, game.away_team.name)
    assert legs == [("a", names[0], "110"), ("b", names[1], "110")]


def test_edges_are_not_looked_for_while_nobody_listens() -> None:
    WebhookFactory(topics=["bet.settled"])
    with CaptureQueriesContext(connection) as statements:
        assert tell_edges(now=NOW) == 0
        assert tell_moves(now=NOW) == 0
    assert len(statements) == 2


@pytest.fixture
def backed() -> Scene:
    """A person with an open bet on a spread, who is told of moves."""
    made = scene()
    place(made.spread_odds, made.bankroll, stake=Decimal(10))
    WebhookFactory(user=made.user, topics=["line.moved"])
    return made


def move(line: CurrentOdds, price: int, previous: int | None, **fields: object) -> dt.datetime:
    at = timezone.now() + dt.timedelta(seconds=5)
    values = {"price": price, "previous_price": previous, "changed_at": at, **fields}
    CurrentOdds.objects.filter(pk=line.pk).update(**values)
    return at


def test_a_move_of_a_backed_line_is_told_once(backed: Scene) -> None:
    assert tell_moves(now=timezone.now()) == 0
    at = move(backed.spread_odds, -125, -110)
    assert tell_moves(now=at) == 1
    assert tell_moves(now=at) == 0
    [row] = WebhookDelivery.objects.all()
    assert (row.topic, row.data["price"], row.data["previous"]["price"]) == ("line.moved", "-125", "-110")
    assert row.data["bookmaker"] == "draftkings"


def test_another_point_is_a_move_and_a_small_step_of_the_price_is_none(backed: Scene) -> None:
    at = move(backed.spread_odds, -111, -110)
    assert tell_moves(now=at) == 0
    at = move(backed.spread_odds, -110, None, point=Decimal("4.5"))
    assert tell_moves(now=at) == 1
    [row] = WebhookDelivery.objects.all()
    assert (row.data["point"], row.data["bet_point"], row.data["previous"]) == ("4.5", "3.5", None)


def test_moves_of_games_that_have_begun_and_moves_long_ago_are_not_told(backed: Scene) -> None:
    at = move(backed.spread_odds, -125, -110)
    assert tell_moves(now=at + dt.timedelta(minutes=11)) == 0
    Game.objects.filter(pk=backed.game.pk).update(status="live")
    assert tell_moves(now=at) == 0
