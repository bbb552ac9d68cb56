"""Whether a draw was an outcome, for bets that name no bookmaker."""

from __future__ import annotations

import pytest

from bets.settlement import settle_due
from bets.tests.factories import FAR, ended, offered, place
from games.models import Game
from games.tests.factories import GameFactory
from odds.models import CurrentOdds
from odds.tests.factories import BookmakerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def game() -> Game:
    return GameFactory(commence_time=FAR)


@pytest.mark.parametrize(
    ("with_draw", "without", "draw_offered"), [(0, 0, False), (1, 0, True), (1, 1, False), (2, 1, True)]
)
def test_for_a_bet_at_no_book_the_draw_counts_if_most_books_price_it(
    game: Game, with_draw: int, without: int, draw_offered: bool
) -> None:
    line = offered(game, "h2h", "home", price="120", bookmaker=BookmakerFactory(key="first"))
    CurrentOdds.objects.all().delete()
    for number in range(with_draw + without):
        book = BookmakerFactory(key=f"book{number}")
        offered(game, "h2h", "home", price="120", bookmaker=book)
        if number < with_draw:
            offered(game, "h2h", "draw", price="240", bookmaker=book)
    assert place(line, bookmaker=None, own_price=True).legs.get().draw_offered is draw_offered


@pytest.mark.parametrize(
    ("books_with_draw", "status", "words"),
    [
        (0, "push", "half at most of the books that quoted the winner priced the draw"),
        (2, "lost", "more than half of the books that quoted the winner priced the draw"),
    ],
)
def test_the_evidence_of_a_drawn_game_says_how_it_was_told(
    game: Game, books_with_draw: int, status: str, words: str
) -> None:
    line = offered(game, "h2h", "home", price="120", bookmaker=BookmakerFactory(key="first"))
    for number in range(books_with_draw):
        book = BookmakerFactory(key=f"book{number}")
        offered(game, "h2h", "home", price="120", bookmaker=book)
        offered(game, "h2h", "draw", price="240", bookmaker=book)
    nowhere, at_a_book = place(line, bookmaker=None, own_price=True), place(line)
    ended(game, 2, 2)
    settle_due()
    evidence = nowhere.legs.get().evidence
    assert evidence["data"]["status"] == status
    assert words in " ".join(step["note"] for step in evidence["steps"])
    assert evidence["data"]["draw_by"] == "most_books"
    other = at_a_book.legs.get().evidence
    assert (other["data"]["status"], "draw_by" in other["data"]) == ("push", False)
