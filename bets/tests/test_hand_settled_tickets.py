"""What people decide about insured bets and teasers at a price of their own."""

from __future__ import annotations

from decimal import Decimal

import pytest

from accounts.tests.factories import UserFactory
from bets.decisions.settling import reprice, settle_by_hand
from bets.decisions.undoing import undo_decision
from bets.ledger import balance
from bets.models import Bet, BetEventKind
from bets.settlement import settle_due
from bets.tests.test_placing_tickets import asked, finish, games, line, placed, settled
from bets.voiding import void_bet

pytestmark = pytest.mark.django_db


def credits_of(bet: Bet) -> list[tuple[str, str]]:
    found = bet.events.filter(kind=BetEventKind.CREDITED).select_related("by").order_by("id")
    return [(event.data["amount"], event.by.username if event.by else "") for event in found]


def test_an_insured_bet_settled_by_hand_is_credited_as_one_settled_by_its_result() -> None:
    bet = placed("straight", asked(line(games(1)[0])), insured_up_to=Decimal(8))
    staff = UserFactory.create(is_staff=True, username="staff")
    settle_by_hand(bet=bet, by=staff, reason="The book says so", outcomes={1: "lost"})
    assert credits_of(bet) == [("8.00", "staff")]
    assert settled(bet) == ("lost", "0.00")
    assert balance(bet.bankroll) == Decimal(990)


def test_the_credit_of_an_insured_loss_ends_with_it_however_it_ends() -> None:
    staff = UserFactory.create(is_staff=True, username="staff")
    lost = [placed("straight", asked(line(game)), insured_up_to=Decimal(8)) for game in games(3)]
    for bet in lost:
        settle_by_hand(bet=bet, by=staff, reason="The book says so", outcomes={1: "lost"})
    void_bet(bet=lost[0], by=staff, reason="never placed")
    undo_decision(bet=lost[1], by=staff, reason="a slip")
    settle_by_hand(bet=lost[2], by=staff, reason="read it again", outcomes={1: "won"})
    assert [credits_of(bet) for bet in lost] == [[("8.00", "staff"), ("-8.00", "staff")]] * 3
    assert settled(lost[0])[0] == "void"


def test_a_teaser_at_a_price_of_its_own_with_a_push_waits_for_the_books_new_price() -> None:
    found = games(3, "americanfootball_nfl")
    points = ("-10", "-10", "-16")
    legs = asked(*[line(g, "spreads", point=point) for g, point in zip(found, points, strict=True)])
    bets = [
        placed("teaser", legs, teaser_points=Decimal(6), ticket_price=price) for price in (Decimal(180), None)
    ]
    finish(found, "WWW")
    assert settle_due() == {"needs_review": 1, "won": 1}
    own, by_table = bets
    own.refresh_from_db()
    assert "enter the book's new price" in own.review_reason
    assert settled(by_table) == ("won", "18.33")
    reprice(bet=own, price=Decimal(-120), by=own.user, reason="The book's new price")
    assert settled(own) == ("won", "18.33")
