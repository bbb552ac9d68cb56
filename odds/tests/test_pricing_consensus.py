from __future__ import annotations

import datetime as dt
import random
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from odds.pricing import (
    Average,
    BookFair,
    Fair,
    Method,
    NoFairPrice,
    consensus_fair,
    consensus_line,
    devig,
)

NOW = dt.datetime(2026, 3, 1, 18, 0, tzinfo=dt.UTC)
MAX_AGE = dt.timedelta(minutes=5)


def fair(*probabilities: str) -> Fair:
    return Fair(tuple(Fraction(probability) for probability in probabilities), Method.MULTIPLICATIVE)


def book(name: str, *probabilities: str, weight: int = 1, seconds: int = 0) -> BookFair:
    return BookFair(name, fair(*probabilities), NOW - dt.timedelta(seconds=seconds), weight)


def together(
    books: Sequence[BookFair], average: Average = Average.MEAN, at_least: int = 2
) -> tuple[Fraction, ...]:
    found = consensus_fair(books, now=NOW, max_age=MAX_AGE, at_least=at_least, average=average)
    return found.probabilities


def test_a_sharp_book_counts_by_its_weight() -> None:
    books = [book("pinnacle", ".52", ".48", weight=3), book("draftkings", ".48", ".52")]
    assert together(books) == (Fraction(".51"), Fraction(".49"))


def test_a_median_is_not_moved_by_one_book_far_off() -> None:
    books = [book("a", ".50", ".50"), book("b", ".51", ".49"), book("c", ".90", ".10")]
    assert together(books, Average.MEDIAN) == (Fraction(".51"), Fraction(".49"))


def test_a_median_follows_the_weight() -> None:
    books = [book("a", ".40", ".60", weight=5), book("b", ".50", ".50"), book("c", ".60", ".40")]
    assert together(books, Average.MEDIAN) == (Fraction(".40"), Fraction(".60"))


def test_a_median_of_two_equal_halves_lies_between_them() -> None:
    books = [book("a", ".40", ".60"), book("b", ".50", ".50")]
    assert together(books, Average.MEDIAN) == (Fraction(".45"), Fraction(".55"))


def test_medians_of_three_outcomes_are_scaled_to_one() -> None:
    books = [book("a", ".5", ".3", ".2"), book("b", ".4", ".4", ".2"), book("c", ".4", ".3", ".3")]
    assert together(books, Average.MEDIAN) == (Fraction(4, 9), Fraction(3, 9), Fraction(2, 9))


def test_a_stale_book_is_left_out_and_named() -> None:
    books = [
        book("a", ".50", ".50", seconds=300),
        book("b", ".52", ".48", seconds=10),
        book("c", ".90", ".10", seconds=301),
    ]
    found = consensus_fair(books, now=NOW, max_age=MAX_AGE)
    assert found.probabilities == (Fraction(".51"), Fraction(".49"))
    assert found.used == ("a", "b")
    assert found.stale == ("c",)
    assert found.seen_at == NOW - dt.timedelta(seconds=300)


def test_too_few_fresh_books_are_no_consensus() -> None:
    books = [book("a", ".50", ".50"), book("b", ".52", ".48", seconds=900)]
    with pytest.raises(NoFairPrice, match="1 of 2 books are fresh, 2 needed"):
        together(books)


def test_a_book_without_weight_does_not_count_towards_the_number_needed() -> None:
    books = [book("a", ".50", ".50"), book("b", ".90", ".10", weight=0)]
    with pytest.raises(NoFairPrice, match="1 of 1 books are fresh, 2 needed"):
        together(books)
    assert together(books, at_least=1) == (Fraction(".50"), Fraction(".50"))


def test_no_book_at_all_is_no_consensus() -> None:
    with pytest.raises(NoFairPrice, match="0 of 0 books are fresh, 1 needed"):
        together([], at_least=0)


def test_a_book_given_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="pinnacle is given twice"):
        together([book("pinnacle", ".5", ".5"), book("pinnacle", ".6", ".4")])


def test_books_on_different_outcomes_are_refused() -> None:
    with pytest.raises(ValueError, match="the same outcomes"):
        together([book("a", ".5", ".5"), book("b", ".4", ".3", ".3")])


def test_a_negative_weight_names_the_book() -> None:
    with pytest.raises(ValueError, match="weight of betus must be at least 0, not -1"):
        together([book("betus", ".5", ".5", weight=-1)])


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(100, 900), st.integers(100, 900), st.integers(1, 9)), min_size=2, max_size=8
    ),
    st.sampled_from(list(Average)),
    st.sampled_from(list(Method)),
    st.randoms(use_true_random=False),
)
def test_a_consensus_sums_to_one_lies_among_its_books_and_ignores_their_order(
    quotes: list[tuple[int, int, int]], average: Average, method: Method, order: random.Random
) -> None:
    books = [
        BookFair(str(number), devig([Decimal(-first), Decimal(second)], method), NOW, weight)
        for number, (first, second, weight) in enumerate(quotes)
    ]
    found = together(books, average)
    order.shuffle(books)
    assert together(books, average) == found
    assert sum(found) == 1
    firsts = [each.fair.probabilities[0] for each in books]
    assert min(firsts) <= found[0] <= max(firsts)


def test_the_consensus_line_is_the_one_most_books_hang() -> None:
    lines = [
        (Decimal("-3.5"), Fraction(1, 3)),
        (Decimal(-3), Fraction(2, 5)),
        (Decimal("-3.50"), Fraction(1, 3)),
    ]
    assert consensus_line(lines) == Fraction("-3.5")


def test_of_lines_equally_frequent_the_evener_is_taken() -> None:
    lines = [(Decimal("220.5"), Fraction(55, 100)), (Decimal("221.5"), Fraction(51, 100))]
    assert consensus_line(lines) == Fraction("221.5")
    assert consensus_line(reversed(lines)) == Fraction("221.5")


def test_no_lines_have_no_consensus() -> None:
    with pytest.raises(ValueError, match="at least one line"):
        consensus_line([])
