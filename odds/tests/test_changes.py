"""The comparison of what was on offer with what a response quotes, by properties, in the database."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from feeds.payloads import Book, Market, OddsEvent, Outcome
from odds.ingest import IngestCounts, ingest_odds
from odds.models import CurrentOdds, OddSnapshot

pytestmark = pytest.mark.django_db

T0 = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
Line = tuple[str, str, int | None]
"""Runner, book, point."""
Board = dict[Line, int]
POINTS = st.one_of(st.none(), st.integers(-3, 3))
PRICES = st.sampled_from([-120, -110, 100, 105])
RUNNERS, BOOKS = st.sampled_from("ABC"), st.sampled_from(["one", "two"])
SINGLE: st.SearchStrategy[Board] = st.dictionaries(
    st.tuples(RUNNERS, BOOKS), st.tuples(POINTS, PRICES), max_size=6
).map(lambda lines: {(*pair, point): price for pair, (point, price) in lines.items()})
MANY: st.SearchStrategy[Board] = st.dictionaries(st.tuples(RUNNERS, BOOKS, POINTS), PRICES, max_size=12)
SETTINGS = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
NUMBERS = itertools.count()


def poll(event: str, market: str, board: Board, minute: int, stamp: int = 0) -> IngestCounts:
    """Ingest the board as a response in which both books are present."""
    at = T0 + dt.timedelta(minutes=stamp)
    books = tuple(
        Book(
            book,
            book,
            None,
            (
                Market(
                    market,
                    at,
                    tuple(
                        Outcome(runner, Decimal(price), None if point is None else Decimal(point))
                        for (runner, of_book, point), price in board.items()
                        if of_book == book
                    ),
                ),
            ),
        )
        for book in ("one", "two")
    )
    listed = OddsEvent(event, "cricket_ipl", "IPL", T0 + dt.timedelta(days=1), "Home", "Away", books)
    return ingest_odds(
        events=[listed], captured_at=T0 + dt.timedelta(minutes=minute), polled_markets=[market]
    )


def shown(event: str) -> Board:
    rows = CurrentOdds.objects.filter(game__external_id=event).values_list(
        "selection__participant", "bookmaker__key", "point", "price"
    )
    return {(who, book, None if at is None else int(at)): int(price) for who, book, at, price in rows}


def rebuilt(event: str, *, single: bool) -> Board:
    """What is on offer by the archive: the last change of each line."""
    last: dict[tuple[object, ...], tuple[Line, Decimal | None]] = {}
    rows = OddSnapshot.objects.filter(game__external_id=event).order_by("timestamp", "id")
    for who, book, at, price in rows.values_list(
        "selection__participant", "bookmaker__key", "point", "price"
    ):
        point = None if at is None else int(at)
        last[(who, book) if single else (who, book, point)] = ((who, book, point), price)
    return {line: int(price) for line, price in last.values() if price is not None}


def follows(market: str, boards: list[Board], *, single: bool) -> None:
    event = f"event{next(NUMBERS)}"
    for minute, board in enumerate(boards):
        before = shown(event)
        counts = poll(event, market, board, minute + 10)
        assert shown(event) == board
        assert rebuilt(event, single=single) == board
        pairs, quoted = {line[:2] for line in before}, {line[:2] for line in board}
        lost = pairs - quoted if single else before.keys() - board.keys()
        same = {line for line, price in board.items() if before.get(line) == price}
        assert (counts.unchanged, counts.withdrawals) == (len(same), len(lost))
        assert counts.snapshots == len(board) - len(same) + len(lost)
        assert poll(event, market, board, minute + 10).snapshots == 0


@SETTINGS
@given(st.lists(MANY, max_size=4))
def test_changes_lead_from_board_to_board(boards: list[Board]) -> None:
    follows("mystery", boards, single=False)


@SETTINGS
@given(st.lists(SINGLE, max_size=4))
def test_so_do_those_of_markets_with_one_point_at_a_time(boards: list[Board]) -> None:
    follows("spreads", boards, single=True)


@SETTINGS
@given(MANY, st.lists(st.tuples(MANY, st.integers(0, 9)), max_size=3))
def test_no_change_is_dated_before_what_it_follows(first: Board, later: list[tuple[Board, int]]) -> None:
    event = f"event{next(NUMBERS)}"
    poll(event, "mystery", first, 10, 5)
    for minute, (board, stamp) in enumerate(later):
        poll(event, "mystery", board, minute + 11, stamp)
    latest: dict[tuple[int, int, Decimal | None], dt.datetime] = {}
    for row in OddSnapshot.objects.filter(game__external_id=event).order_by("id"):
        line = (row.selection_id, row.bookmaker_id, row.point)
        assert row.timestamp >= latest.get(line, row.timestamp)
        latest[line] = row.timestamp


def test_what_was_not_asked_for_is_withdrawn_once_it_is_asked_for_and_missing() -> None:
    """The book quotes the same each time; what its silence means differs."""
    listed: Board = {("A", "one", None): -110}
    poll("e", "mystery", listed, 1)
    poll("e", "spreads", {("A", "one", 1): 100}, 2)
    book = Book("one", "One", None, (Market("mystery", None, (Outcome("A", Decimal(-110)),)),))
    event = OddsEvent("e", "cricket_ipl", "IPL", T0 + dt.timedelta(days=1), "Home", "Away", (book,))

    def again(minute: int, *markets: str) -> int:
        at = T0 + dt.timedelta(minutes=minute)
        return ingest_odds(events=[event], captured_at=at, polled_markets=markets).withdrawals

    assert again(3, "mystery") == 0
    assert again(4, "mystery", "spreads") == 1
    assert shown("e") == listed
