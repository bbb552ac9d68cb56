from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odds import pricing
from odds.edges import Fairness, Line, find_middles, find_opposed, find_values, is_phantom, narrowed
from odds.edges.offers import Row, lines_of

NOW = dt.datetime(2026, 11, 20, 22, 0, tzinfo=dt.UTC)
GAME = uuid.UUID("01a1fbd5-52dd-759d-9a42-33c8b80fcb88")
OTHER_GAME = uuid.UUID("01a1fbd5-52dd-759d-9a42-33c8b80fcb89")
FAIRNESS = Fairness()
ALL = Fraction(-1)


def american(decimal: str) -> Decimal:
    return pricing.american_from_decimal(Decimal(decimal))


def row(
    book: str,
    side: str,
    price: str | Decimal,
    *,
    market: str = "h2h",
    point: str | None = None,
    participant: str = "",
    age: int = 0,
    commission: str = "0",
    sharpness: str = "1",
    game: uuid.UUID = GAME,
    sport: str = "icehockey_nhl",
) -> Row:
    """A price as the database gives it; ``price`` is American, ``age`` in minutes."""
    seen = NOW - dt.timedelta(minutes=age)
    return Row(
        game, market, participant, side, 1, None if point is None else Decimal(point), Decimal(price), seen,
        seen, book, book.title(), "", Decimal(commission), Decimal(sharpness), sport,
    )  # fmt: skip


def both(book: str, first: str, second: str, **terms: object) -> list[Row]:
    """A two-way moneyline at decimal odds."""
    return [row(book, "home", american(first), **terms), row(book, "away", american(second), **terms)]  # type: ignore[arg-type]


def one(lines: list[Line]) -> Line:
    (line,) = lines
    return line


def test_a_spread_and_the_other_side_s_mirror_are_one_line() -> None:
    line = one(
        lines_of(
            [
                row("a", "home", "-110", market="spreads", point="-3.5"),
                row("b", "away", "-105", market="alternate_spreads", point="3.5"),
            ]
        )
    )
    assert (line.market, line.point, line.sides) == ("spreads", Decimal("-3.5"), ("home", "away"))


@pytest.mark.parametrize(
    "rows",
    [
        [
            row("a", "home", "-110", market="spreads", point="-3.5"),
            row("b", "away", "-105", market="spreads", point="4.5"),
        ],
        [
            row("a", "over", "-110", market="totals", point="220.5"),
            row("b", "under", "-110", market="totals", point="221"),
        ],
        [
            row("a", "over", "+300", market="player_points", point="20.5", participant="A. Able"),
            row("b", "under", "+300", market="player_points", point="20.5", participant="B. Baker"),
        ],
        [row("a", "home", "+300"), row("b", "away", "+300", game=OTHER_GAME)],
        [row("a", "home", "+300"), row("b", "away", "+300", market="h2h_h1")],
    ],
    ids=["spread", "total", "player", "game", "period"],
)
def test_other_points_players_games_and_periods_do_not_oppose(rows: list[Row]) -> None:
    assert lines_of(rows) == []


def test_a_three_way_market_needs_the_draw() -> None:
    two = [row("a", "home", "+250"), row("b", "away", "+250")]
    with_draw = [row(book, side, "+250") for book in ("a", "b") for side in ("home", "away", "draw")]
    assert one(find_opposed_lines(two)).sides == ("home", "away")
    line = one(lines_of(with_draw))
    assert line.sides == ("home", "draw", "away")
    assert lines_of([each for each in with_draw if each.side != "away"]) == []
    apart = {line.sides for line in lines_of([*both("c", "2", "2"), *with_draw])}
    assert apart == {("home", "away"), ("home", "draw", "away")}


@pytest.mark.parametrize(
    ("sport", "market"), [("soccer_epl", "h2h"), ("soccer_epl", "h2h_h1"), ("icehockey_nhl", "h2h_3_way")]
)
def test_a_book_that_drops_the_draw_makes_no_market_of_two_outcomes(sport: str, market: str) -> None:
    home = [row(book, "home", "+150", market=market, sport=sport) for book in ("a", "b")]
    away = [row(book, "away", "+150", market=market, sport=sport) for book in ("a", "b")]
    assert lines_of(home + away) == []
    draw = row("c", "draw", "+250", market=market, sport=sport)
    assert one(lines_of([*home, *away, draw])).sides == ("home", "draw", "away")


def test_lays_of_a_soccer_match_without_the_draw_oppose_nothing() -> None:
    terms = {"market": "h2h_lay", "sport": "soccer_epl"}
    assert lines_of([row("x", side, "+110", **terms) for side in ("home", "away")]) == []  # type: ignore[arg-type]


def find_opposed_lines(rows: list[Row]) -> list[Line]:
    return [edge.line for edge in find_opposed(lines_of(rows), least=Fraction(0))]


def test_the_golden_arbitrage_splits_a_thousand() -> None:
    rows = [row("a", "home", american("2.10")), row("b", "away", american("2.05"))]
    (edge,) = find_opposed(lines_of(rows), least=Fraction(0))
    split = edge.split(Decimal(1000), Decimal("0.01"))
    assert split.stakes == (Fraction("493.98"), Fraction("506.02"))
    assert round(edge.edge, 6) == round(Fraction("0.037349"), 6)
    assert round(split.guaranteed, 2) == Fraction("37.34")


def test_one_book_is_no_arbitrage_with_itself() -> None:
    assert find_opposed(lines_of(both("a", "2.2", "2.2")), least=ALL) == []


def test_commission_is_taken_off_before_an_arbitrage_is_one() -> None:
    free = [row("a", "home", american("2.02")), row("x", "away", american("2.02"))]
    charged = [free[0], row("x", "away", american("2.02"), commission="0.05")]
    assert len(find_opposed(lines_of(free), least=Fraction(0))) == 1
    assert find_opposed(lines_of(charged), least=Fraction(0)) == []


def test_a_lay_backs_the_other_side_and_only_of_two() -> None:
    lay = row("x", "home", american("1.9"), market="h2h_lay")
    line = one(lines_of([row("a", "home", american("2.2")), lay]))
    offer = one_offer(line, "away")
    assert offer.is_lay
    assert offer.odds == 1 + 1 / (pricing.decimal_odds(offer.price) - 1)
    three = [row("x", side, american("3"), market="h2h_lay") for side in ("home", "draw", "away")]
    backs = [row("a", side, american("3")) for side in ("home", "draw", "away")]
    assert not any(each.is_lay for side in one(lines_of(backs + three)).offers.values() for each in side)


def one_offer(line: Line, side: str):  # type: ignore[no-untyped-def]
    (offer,) = line.offers[side]
    return offer


def test_the_golden_value_bet_is_nine_percent() -> None:
    rows = [row("a", "home", "+114")]
    rows += [
        row(book, side, price) for book in ("b", "c") for side, price in (("home", "-104"), ("away", "+104"))
    ]
    edges = find_values(lines_of(rows), FAIRNESS, least=Fraction(1, 100))
    assert [(edge.offer.book.key, edge.offer.side) for edge in edges] == [("a", "home")]
    assert round(edges[0].edge, 6) == Fraction("0.090980")
    assert edges[0].books == ("b", "c")


def test_a_book_does_not_judge_itself_and_two_others_are_needed() -> None:
    two = both("a", "2.5", "1.6") + both("b", "1.9", "1.9")
    assert find_values(lines_of(two), FAIRNESS, least=ALL) == []
    named = find_values(lines_of(two), Fairness(reference="b"), least=Fraction(0))
    assert {edge.offer.book.key for edge in named} == {"a"}
    assert {edge.books for edge in named} == {("b",)}


def test_a_worse_price_may_be_the_better_bet_by_the_books_that_judge_it() -> None:
    rows = [*both("a", "2.10", "1.95"), *both("b", "2.09", "1.60"), *both("c", "2.00", "2.00")]
    edges = find_values(lines_of(rows), FAIRNESS, least=Fraction(1, 100))
    home = [(edge.offer.book.key, f"{float(edge.edge):.4f}") for edge in edges if edge.offer.side == "home"]
    assert home == [("b", "0.0256")]


def test_a_book_without_weight_has_no_say() -> None:
    rows = both("a", "2.5", "1.6") + both("b", "1.9", "1.9") + both("c", "1.2", "4", sharpness="0")
    edges = find_values(lines_of(rows), FAIRNESS, least=ALL)
    assert {(edge.offer.book.key, edge.books) for edge in edges} == {("c", ("a", "b"))}


def test_wanted_books_limit_the_offers_not_the_fair_price() -> None:
    rows = (
        both("a", "2.5", "1.6") + both("b", "2.4", "1.6") + both("c", "1.9", "1.9") + both("d", "1.9", "1.9")
    )
    edges = find_values(lines_of(rows), FAIRNESS, least=Fraction(1, 100), at=frozenset({"b"}))
    assert {edge.offer.book.key for edge in edges} == {"b"}
    assert edges[0].books == ("a", "c", "d")


def test_the_golden_middle_pays_from_4_71_percent() -> None:
    rows = [
        row("a", "over", american("1.91"), market="totals", point="44"),
        row("a", "under", american("1.91"), market="totals", point="44"),
        row("b", "over", american("1.91"), market="totals", point="46"),
        row("b", "under", american("1.91"), market="totals", point="46"),
    ]
    (edge,) = find_middles(lines_of(rows), least=Fraction(-1))
    assert (edge.over.book.key, edge.under.book.key, list(edge.wins)) == ("a", "b", [45])
    both_stakes = edge.at(Decimal(200))
    assert (round(both_stakes.hit, 2), round(both_stakes.miss, 2)) == (Fraction(182), Fraction(-9))
    assert round(edge.break_even, 4) == Fraction("0.0471")
    assert (edge.break_even, edge.edge) == (both_stakes.break_even, both_stakes.miss / 200)


def test_a_middle_of_handicaps_lies_between_margins_of_the_home_side() -> None:
    rows = [
        row("a", "home", "-110", market="spreads", point="-2.5"),
        row("a", "away", "-110", market="spreads", point="2.5"),
        row("b", "home", "-110", market="spreads", point="-4.5"),
        row("b", "away", "-110", market="spreads", point="4.5"),
    ]
    (edge,) = find_middles(lines_of(rows), least=Fraction(-1))
    assert (edge.over.side, edge.over.point) == ("home", Decimal("-2.5"))
    assert (edge.under.side, edge.under.point) == ("away", Decimal("4.5"))
    assert list(edge.wins) == [3, 4]


def total(book: str, side: str, point: str, price: str = "-105", market: str = "totals") -> Row:
    return row(book, side, price, market=market, point=point)


def test_a_middle_wins_both_bets_in_full_so_that_quarter_points_reach_less_far() -> None:
    def wins(low: str, high: str) -> list[int]:
        rows = [total("a", "over", low), total("b", "under", low), total("a", "over", high)]
        edges = find_middles(lines_of([*rows, total("b", "under", high)]), least=ALL)
        return [result for edge in edges for result in edge.wins]

    assert wins("2.5", "3.5") == [3]
    assert wins("2", "4") == [3]
    assert wins("2.25", "3.75") == [3]
    assert wins("2.75", "3.75") == []  # over 2.75 wins but half at 3
    assert wins("2.25", "3.25") == []  # so does under 3.25


def test_a_book_best_on_both_sides_of_a_middle_gives_one_to_the_next() -> None:
    rows = [
        *(total("a", side, point, "+105") for side in ("over", "under") for point in ("210.5", "214.5")),
        *(total("b", side, point) for side in ("over", "under") for point in ("210.5", "214.5")),
    ]
    (edge,) = find_middles(lines_of(rows), least=ALL)
    assert {edge.over.book.key, edge.under.book.key} == {"a", "b"}
    assert edge.edge == pricing.arbitrage_margin([edge.over.odds, edge.under.odds])


def test_books_that_keep_nothing_are_no_loss_of_low_hold() -> None:
    rows = [row("a", "home", "+100"), row("b", "away", "+100")]
    (edge,) = find_opposed(lines_of(rows), least=ALL, most=Fraction(0))
    assert edge.edge == 0


def test_what_is_too_good_or_too_old_is_a_phantom() -> None:
    fresh = NOW - dt.timedelta(minutes=10)
    good = [row("a", "home", american("2.3")), row("b", "away", american("2.3"))]
    old = [row("a", "home", american("2.02"), age=11), row("b", "away", american("2.02"))]
    sound = [row("a", "home", american("2.02"), age=9), row("b", "away", american("2.02"))]
    doubts = [
        is_phantom(find_opposed(lines_of(rows), least=Fraction(0))[0], fresh=fresh)
        for rows in (good, old, sound)
    ]
    assert doubts == [True, True, False]


def test_an_old_best_price_does_not_hide_the_fresh_one_behind_it() -> None:
    rows = [
        row("old", "home", american("2.5"), age=60),
        row("a", "home", american("2.1")),
        row("b", "away", american("2.05")),
    ]
    kept = narrowed(lines_of(rows), fresh=NOW - dt.timedelta(minutes=10))
    (edge,) = find_opposed(kept, least=Fraction(0))
    assert {leg.book.key for leg in edge.legs} == {"a", "b"}


DECIMALS = st.decimals(min_value="1.05", max_value="20", places=2)


@given(st.lists(DECIMALS, min_size=4, max_size=4))
def test_the_stakes_of_an_edge_return_the_same_whatever_happens(quotes: list[Decimal]) -> None:
    rows = both("a", str(quotes[0]), str(quotes[1])) + both("b", str(quotes[2]), str(quotes[3]))
    for edge in find_opposed(lines_of(rows), least=Fraction(-9, 10)):
        split = edge.split(Decimal(100))
        assert len(set(split.profits)) == 1
        assert split.guaranteed == edge.edge * 100
