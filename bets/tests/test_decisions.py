from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from accounts.models import User
from accounts.tests.factories import UserFactory
from bets.decisions.cashing import cash_out, cash_out_part
from bets.decisions.many import grade_many_again, void_many
from bets.decisions.record import MOST_REVISIONS
from bets.decisions.rehearsal import rehearse, rehearse_many
from bets.decisions.settling import reprice, settle_by_hand
from bets.decisions.undoing import undo_decision
from bets.exceptions import NotAllowed, NotPossible, Refused
from bets.ledger import balance
from bets.models import Bet, BetEventKind, BetLeg, BetStatus, LedgerEntry
from bets.money import BadAmount
from bets.regrading import regrade_due
from bets.settlement import settle_due
from bets.tests.factories import FAR, PLACED, BetLegFactory, ended, explained, offered, place
from bets.verification import verify
from bets.voiding import void_bet
from games.models import Game, GameStatus
from games.tests.factories import GameFactory, ScoreReadingFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> User:
    return UserFactory(is_staff=True)


@pytest.fixture
def game() -> Game:
    return GameFactory(commence_time=FAR)


@pytest.fixture
def bet(game: Game) -> Bet:
    """100 at −110, which wins 190.91."""
    return place(offered(game, "h2h"))


def begun(bet: Bet) -> Bet:
    Game.objects.filter(bet_legs__bet=bet).update(status=GameStatus.LIVE, commence_time=PLACED)
    return bet


def disputed(bet: Bet) -> Bet:
    """End the bet's game 1–0 by one source and 0–1 by another."""
    leg = bet.legs.get()
    ended(leg.game, 1, 0)
    ScoreReadingFactory(game=leg.game, source="espn", status="final", home_score=1, away_score=0)
    ScoreReadingFactory(game=leg.game, source="the_odds_api", status="final", home_score=0, away_score=1)
    settle_due()
    bet.refresh_from_db()
    assert bet.status == BetStatus.NEEDS_REVIEW
    return bet


def lines(bet: Bet) -> list[tuple[str, str, int]]:
    found = LedgerEntry.objects.filter(bet=bet).order_by("seq")
    return [(line.kind, str(line.amount), line.revision) for line in found]


def sound() -> bool:
    return verify()[1] == []


@pytest.mark.parametrize(
    ("outcome", "paid", "factor"),
    [
        ("won", "190.91", "21/11"),
        ("half_won", "145.45", "16/11"),
        ("push", "100.00", "1"),
        ("void", "100.00", "1"),
        ("half_lost", "50.00", "1/2"),
        ("lost", "0", "0"),
    ],
)
def test_each_outcome_by_hand_pays_what_grading_would(bet: Bet, outcome: str, paid: str, factor: str) -> None:
    settle_by_hand(bet=begun(bet), by=bet.user, reason="As the book has it", outcomes={1: outcome})
    bet.refresh_from_db()
    assert (bet.status, bet.payout, bet.revision) == (outcome, Decimal(paid), 1)
    leg = bet.legs.get()
    assert (leg.status, str(leg.return_factor)) == (outcome, factor)
    assert leg.evidence["data"]["by_hand"] is True
    assert balance(bet.bankroll) == 900 + Decimal(paid)
    event = bet.events.get(kind=BetEventKind.SETTLED)
    assert (event.by, event.reason) == (bet.user, "As the book has it")
    assert event.data["before"]["status"] == "pending"
    assert sound()


def test_what_the_book_really_paid_counts_more_than_the_price(bet: Bet) -> None:
    settle_by_hand(bet=begun(bet), by=bet.user, reason="Paid short", payout=Decimal("185.50"))
    bet.refresh_from_db()
    assert (bet.status, bet.payout) == (BetStatus.WON, Decimal("185.50"))
    assert balance(bet.bankroll) == Decimal("1085.50")
    assert sound()


def test_a_payout_that_contradicts_the_outcome_says_which_would_suit(bet: Bet) -> None:
    with pytest.raises(NotPossible, match=r"\$50.00 back for \$100.00 is not “won”: choose “half lost”"):
        settle_by_hand(bet=begun(bet), by=bet.user, reason="x", outcomes={1: "won"}, payout=Decimal(50))
    assert lines(bet) == [("stake", "-100.00", 0)]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"outcomes": {2: "won"}}, "no leg 2"),
        ({"outcomes": {1: "cashed_out"}}, "Leg 1: choose how it ended"),
        ({}, "Say how leg 1 ended, or enter what the book paid"),
        ({"outcomes": {1: "won"}, "reason": " "}, "Give a reason"),
        ({"payout": Decimal("1.005")}, "parts of"),
        ({"payout": Decimal(-1)}, "above zero"),
    ],
)
def test_a_wrong_entry_is_refused_in_a_sentence(bet: Bet, fields: dict[str, Any], message: str) -> None:
    with pytest.raises((Refused, BadAmount), match=message):
        settle_by_hand(**{"bet": begun(bet), "by": bet.user, "reason": "x", **fields})
    assert lines(bet) == [("stake", "-100.00", 0)]


def test_an_owner_settles_only_what_has_begun_or_is_under_review(bet: Bet, staff: User) -> None:
    with pytest.raises(NotAllowed, match="once a game of it has begun"):
        settle_by_hand(bet=bet, by=bet.user, reason="early", outcomes={1: "won"})
    disputed(bet)
    settle_by_hand(bet=bet, by=bet.user, reason="paid", outcomes={1: "won"})
    with pytest.raises(NotPossible, match="This bet is settled: won"):
        settle_by_hand(bet=bet, by=bet.user, reason="paid more", payout=Decimal(500))
    settle_by_hand(bet=bet, by=staff, reason="It lost", outcomes={1: "lost"})
    assert lines(bet)[1:] == [("payout", "190.91", 2), ("reversal", "-190.91", 3)]
    assert sound()


def test_a_stranger_may_decide_nothing(bet: Bet) -> None:
    stranger, seen = UserFactory(), begun(bet)
    terms: dict[str, Any] = {"bet": seen, "by": stranger, "reason": "mine"}
    for attempt in (
        lambda: settle_by_hand(**terms, outcomes={1: "won"}),
        lambda: cash_out(**terms, offer=Decimal(1)),
        lambda: cash_out_part(**terms, stake=Decimal(1), offer=Decimal(1)),
        lambda: reprice(**terms, price=Decimal(100)),
        lambda: undo_decision(**terms),
        lambda: void_many(bet_ids=[bet.pk], by=stranger, reason="mine"),
        lambda: grade_many_again(bet_ids=[bet.pk], by=stranger, reason="mine"),
    ):
        with pytest.raises(NotAllowed):
            attempt()


def test_a_corrected_result_leaves_a_bet_settled_by_hand_alone(bet: Bet) -> None:
    settle_by_hand(bet=begun(bet), by=bet.user, reason="paid", outcomes={1: "won"})
    ended(bet.legs.get().game, 0, 1)
    assert settle_due() == {}
    assert regrade_due() == {}
    bet.refresh_from_db()
    assert bet.status == BetStatus.WON


def test_undoing_a_settlement_by_hand_gives_the_bet_back_to_grading(bet: Bet) -> None:
    settle_by_hand(bet=begun(bet), by=bet.user, reason="paid", outcomes={1: "won"})
    undo_decision(bet=bet, by=bet.user, reason="Wrong bet")
    bet.refresh_from_db()
    assert (bet.status, bet.payout, bet.settled_at, bet.revision) == ("pending", None, None, 2)
    assert balance(bet.bankroll) == 900
    ended(bet.legs.get().game, 0, 1)
    assert settle_due() == {"lost": 1}
    assert lines(bet)[1:] == [("payout", "190.91", 1), ("reversal", "-190.91", 2)]
    assert sound()


def test_an_owner_undoes_neither_staffs_decision_nor_a_grade(bet: Bet, staff: User) -> None:
    settle_by_hand(bet=begun(bet), by=staff, reason="phone", outcomes={1: "lost"})
    with pytest.raises(NotAllowed, match="only staff may undo"):
        undo_decision(bet=bet, by=bet.user, reason="no")
    undo_decision(bet=bet, by=staff, reason="wrong")
    with pytest.raises(NotPossible, match="nothing to undo"):
        undo_decision(bet=bet, by=staff, reason="again")
    assert sound()


def test_a_void_is_undone_by_its_owner_until_the_game_begins(bet: Bet) -> None:
    void_bet(bet=bet, by=bet.user, reason="mistake")
    undo_decision(bet=bet, by=bet.user, reason="no mistake")
    assert balance(bet.bankroll) == 900
    void_bet(bet=bet, by=bet.user, reason="mistake")
    begun(bet)
    with pytest.raises(NotAllowed, match="once a game has begun"):
        undo_decision(bet=bet, by=bet.user, reason="it wins")
    assert sound()


def test_a_cash_out_pays_the_offer_and_no_result_changes_it(bet: Bet) -> None:
    cash_out(bet=bet, offer=Decimal("62.50"), by=bet.user, reason="Taken at half-time")
    bet.refresh_from_db()
    assert (bet.status, bet.payout) == (BetStatus.CASHED_OUT, Decimal("62.50"))
    ended(bet.legs.get().game, 1, 0)
    assert settle_due() + regrade_due() == {}
    assert sound()
    undo_decision(bet=bet, by=bet.user, reason="Not taken")
    assert settle_due() == {"won": 1}
    assert balance(bet.bankroll) == Decimal("1090.91")
    assert sound()


@pytest.mark.parametrize(
    ("score", "status", "payout"),
    [((1, 0), "won", "149.55"), ((0, 1), "lost", "35.00")],
)
def test_after_a_cash_out_in_part_only_the_rest_is_graded(
    bet: Bet, score: tuple[int, int], status: str, payout: str
) -> None:
    cash_out_part(bet=bet, stake=Decimal(40), offer=Decimal(35), by=bet.user, reason="Some off the table")
    bet.refresh_from_db()
    assert (bet.status, bet.payout, bet.cashed_stake, bet.cashed_out) == ("pending", None, 40, 35)
    assert balance(bet.bankroll) == 935
    assert sound()
    game = ended(bet.legs.get().game, *score)
    assert settle_due() == {status: 1}
    bet.refresh_from_db()
    assert bet.payout == Decimal(payout)
    steps = explained(bet)["steps"]
    assert steps[-1]["parts"][1]["figure"] == "$35.00"
    assert sound()
    Game.objects.filter(pk=game.pk).update(home_score=score[1], away_score=score[0], updated_at=PLACED)
    regrade_due()
    bet.refresh_from_db()
    assert bet.payout == (Decimal("35.00") if status == "won" else Decimal("149.55"))
    assert sound()


def test_parts_add_up_and_the_last_one_is_undone_alone(bet: Bet) -> None:
    for stake in (20, 30):
        cash_out_part(bet=bet, stake=Decimal(stake), offer=Decimal(stake - 5), by=bet.user, reason="part")
    undo_decision(bet=bet, by=bet.user, reason="Only the first was taken")
    bet.refresh_from_db()
    assert (bet.cashed_stake, bet.cashed_out, bet.status) == (20, 15, "pending")
    assert balance(bet.bankroll) == 915
    assert lines(bet)[1:] == [
        ("payout", "15.00", 1),
        ("payout", "25.00", 2),
        ("reversal", "-40.00", 3),
        ("payout", "15.00", 3),
    ]
    assert sound()


def test_a_bet_cashed_out_in_part_is_voided_cashed_out_or_settled_for_its_rest(bet: Bet, staff: User) -> None:
    cash_out_part(bet=bet, stake=Decimal(40), offer=Decimal(35), by=bet.user, reason="part")
    void_bet(bet=bet, by=bet.user, reason="mistake")
    bet.refresh_from_db()
    assert bet.payout == 95
    assert sound()
    undo_decision(bet=bet, by=bet.user, reason="no")
    cash_out(bet=bet, offer=Decimal(50), by=bet.user, reason="the rest")
    bet.refresh_from_db()
    assert (bet.status, bet.payout) == (BetStatus.CASHED_OUT, 85)
    assert sound()
    undo_decision(bet=bet, by=bet.user, reason="no")
    settle_by_hand(bet=bet, by=staff, reason="phone", outcomes={1: "won"})
    bet.refresh_from_db()
    assert bet.payout == Decimal("149.55")
    assert sound()


@pytest.mark.parametrize("stake", ["100", "100.01", "0"])
def test_a_part_is_less_than_what_rides(bet: Bet, stake: str) -> None:
    with pytest.raises((NotPossible, BadAmount)):
        cash_out_part(bet=bet, stake=Decimal(stake), offer=Decimal(5), by=bet.user, reason="all")


def test_a_bonus_bet_has_no_parts() -> None:
    whole = BetLegFactory(bet__is_bonus=True).bet
    with pytest.raises(NotPossible, match="only as a whole"):
        cash_out_part(bet=whole, stake=Decimal(1), offer=Decimal(1), by=whole.user, reason="part")


def repriced(*statuses: str) -> Bet:
    """A parlay of 100 under review; its legs have these statuses."""
    bet = place(offered(GameFactory(commence_time=FAR), "h2h"))
    for position, status in enumerate(statuses, start=1):
        factor = {"won": "21/11", "lost": "0/1"}.get(status, "1/1")
        if position == 1:
            bet.legs.update(status=status, return_factor=factor)
        else:
            BetLegFactory(bet=bet, position=position, status=status, return_factor=factor)
    Bet.objects.filter(pk=bet.pk).update(status="needs_review", review_reason="Enter the book's new price.")
    bet.refresh_from_db()
    return bet


def test_a_new_price_settles_a_ticket_with_a_void_leg(staff: User) -> None:
    bet = repriced("won", "void", "won")
    reprice(bet=bet, price=Decimal(250), by=bet.user, reason="The book's mail")
    bet.refresh_from_db()
    assert (bet.status, bet.payout) == (BetStatus.WON, 350)
    event = bet.events.get(kind=BetEventKind.SETTLED)
    assert event.data["new_price"] == "250"
    undo_decision(bet=bet, by=bet.user, reason="wrong figure")
    assert balance(bet.bankroll) == 900
    assert sound()


@pytest.mark.parametrize("statuses", [("won", "won"), ("won", "lost", "void"), ("void", "push"), ("void",)])
def test_other_tickets_take_no_new_price(statuses: tuple[str, ...]) -> None:
    bet = repriced(*statuses)
    with pytest.raises(NotPossible, match="takes a new price"):
        reprice(bet=bet, price=Decimal(250), by=bet.user, reason="x")


def test_the_second_of_two_decisions_is_told_that_the_bet_has_changed(bet: Bet, staff: User) -> None:
    seen = begun(bet).revision
    settle_by_hand(bet=bet, by=bet.user, reason="first", outcomes={1: "won"}, revision=seen)
    with pytest.raises(NotPossible, match="has changed since you looked at it: it is won now"):
        settle_by_hand(bet=bet, by=staff, reason="second", outcomes={1: "lost"}, revision=seen)
    with pytest.raises(NotPossible, match="has changed since"):
        void_bet(bet=bet, by=staff, reason="second", revision=seen)


def test_a_rehearsal_tells_the_lines_and_leaves_nothing(bet: Bet) -> None:
    found = rehearse(lambda: settle_by_hand(bet=begun(bet), by=bet.user, reason="paid", outcomes={1: "won"}))
    assert (found.status, found.returned) == ("Won", "$190.91")
    assert [(line.kind, line.amount, line.balance) for line in found.lines] == [
        ("Payout", "+$190.91", "$1,090.91")
    ]
    bet.refresh_from_db()
    assert (bet.status, bet.revision, balance(bet.bankroll)) == ("pending", 0, 900)


def test_many_bets_are_voided_with_a_constant_number_of_statements(
    staff: User, django_assert_num_queries: Any
) -> None:
    for count in (2, 5):
        bets = [disputed(place(offered(GameFactory(commence_time=FAR), "h2h"))) for _ in range(count)]
        ids = [bet.pk for bet in bets]
        totals = rehearse_many(partial(void_many, bet_ids=ids, by=staff, reason="both wrong"))
        assert [(total.bets, total.moved) for total in totals] == [(count, f"+${count * 100}.00")]
        with django_assert_num_queries(13):
            void_many(bet_ids=ids, by=staff, reason="both wrong")
    assert BetLeg.objects.exclude(status="void").count() == 0
    assert sound()


def test_many_bets_are_sent_back_together(staff: User) -> None:
    bets = [disputed(place(offered(GameFactory(commence_time=FAR), "h2h"))) for _ in range(3)]
    grade_many_again(bet_ids=[bet.pk for bet in bets], by=staff, reason="score set right")
    assert Bet.objects.filter(status="pending").count() == 3
    with pytest.raises(NotPossible, match="None of these bets is under review"):
        grade_many_again(bet_ids=[bet.pk for bet in bets], by=staff, reason="again")


def test_deciding_without_end_leaves_grading_a_revision(bet: Bet) -> None:
    Bet.objects.filter(pk=bet.pk).update(revision=MOST_REVISIONS)
    with pytest.raises(NotPossible, match="decided 10,000 times"):
        cash_out_part(bet=bet, stake=Decimal(1), offer=Decimal(1), by=bet.user, reason="once more")
    ended(bet.legs.get().game, 1, 0)
    settle_due()
    bet.refresh_from_db()
    assert (bet.status, bet.revision) == (BetStatus.WON, MOST_REVISIONS + 1)
