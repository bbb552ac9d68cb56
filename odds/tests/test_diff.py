"""The comparison of what was on offer with what a response quotes, by properties."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from odds.ingest.diff import Line, Offer, compare

GAME = uuid.UUID(int=1)
T0 = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)

Keys = dict[tuple[int, int, int | None], int]
POINTS = st.one_of(st.none(), st.integers(-3, 3))
PRICES = st.sampled_from([-120, -110, 100, 105])
SINGLE: st.SearchStrategy[Keys] = st.dictionaries(
    st.tuples(st.integers(1, 3), st.integers(1, 2)), st.tuples(POINTS, PRICES), max_size=6
).map(lambda lines: {(*pair, point): price for pair, (point, price) in lines.items()})
MANY: st.SearchStrategy[Keys] = st.dictionaries(
    st.tuples(st.integers(1, 3), st.integers(1, 2), POINTS), PRICES, max_size=12
)


def decimal(point: int | None) -> Decimal | None:
    return None if point is None else Decimal(point)


def lines_of(quoted: Keys, *, single: bool) -> list[Line]:
    return [
        Line(GAME, selection, book, decimal(point), Decimal(price), T0, single)
        for (selection, book, point), price in quoted.items()
    ]


def offers_of(held: Keys) -> list[Offer]:
    return [
        Offer(number, GAME, selection, book, decimal(point), Decimal(price), T0 + dt.timedelta(hours=1))
        for number, ((selection, book, point), price) in enumerate(held.items())
    ]


def board_after(held: Keys, quoted: Keys, *, single: bool) -> Keys:
    """What is on offer once the changes are applied to what was."""
    changes = compare(lines_of(quoted, single=single), offers_of(held), lambda offer: True)
    board = {(o.selection_id, o.bookmaker_id, o.point): o.price for o in offers_of(held)}
    for offer in [*changes.withdrawn, *(change.before for change in changes.changed)]:
        del board[offer.selection_id, offer.bookmaker_id, offer.point]
    for line in [*changes.new, *(change.after for change in changes.changed)]:
        board[line.selection_id, line.bookmaker_id, line.point] = line.price
    total = len(changes.new) + len(changes.changed) + changes.unchanged
    assert total == len(quoted)
    return {(s, b, None if p is None else int(p)): int(price) for (s, b, p), price in board.items()}


@given(MANY, MANY)
def test_applied_changes_lead_from_the_old_board_to_the_new_one(held: Keys, quoted: Keys) -> None:
    assert board_after(held, quoted, single=False) == quoted


@given(SINGLE, SINGLE)
def test_so_do_those_of_markets_with_one_point_at_a_time(held: Keys, quoted: Keys) -> None:
    assert board_after(held, quoted, single=True) == quoted


@given(SINGLE, SINGLE)
def test_a_pair_quoted_before_and_after_is_never_withdrawn_from_a_main_line(held: Keys, quoted: Keys) -> None:
    changes = compare(lines_of(quoted, single=True), offers_of(held), lambda offer: True)
    quoted_pairs = {(selection, book) for selection, book, _ in quoted}
    assert not quoted_pairs & {(offer.selection_id, offer.bookmaker_id) for offer in changes.withdrawn}


@given(MANY)
def test_the_same_board_again_is_unchanged(held: Keys) -> None:
    changes = compare(lines_of(held, single=False), offers_of(held), lambda offer: True)
    assert (changes.new, changes.changed, changes.withdrawn) == ([], [], [])


@given(MANY, MANY)
def test_no_change_is_dated_before_what_it_follows(held: Keys, quoted: Keys) -> None:
    changes = compare(lines_of(quoted, single=False), offers_of(held), lambda offer: True)
    assert all(change.after.timestamp >= change.before.timestamp for change in changes.changed)


@given(MANY, MANY)
def test_nothing_is_withdrawn_that_the_response_does_not_speak_of(held: Keys, quoted: Keys) -> None:
    assert compare(lines_of(quoted, single=False), offers_of(held), lambda offer: False).withdrawn == []
