from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from pytest_django import DjangoAssertNumQueries

from games.models import Game
from games.tests.factories import GameFactory
from odds.game_page import GamePage, UnknownSelection, UnknownTab, read_game, read_page
from odds.grids import BookGrid, LineGrid
from odds.tabs import tabs_of
from odds.tests.factories import NOON, HeartbeatFactory
from odds.tests.quoting import book, full_market, move, quote, selection

pytestmark = pytest.mark.django_db
NOW = NOON + dt.timedelta(minutes=1)


@pytest.fixture
def game() -> Game:
    made: Game = GameFactory(commence_time=NOW + dt.timedelta(hours=2))
    return made


def page(game: Game, **wanted: object) -> GamePage:
    return read_page(read_game(game.pk), now=NOW, **wanted)  # type: ignore[arg-type]


def book_grid(found: GamePage) -> BookGrid:
    grid = found.grids[0]
    assert isinstance(grid, BookGrid)
    return grid


def line_grid(found: GamePage) -> LineGrid:
    grid = found.grids[0]
    assert isinstance(grid, LineGrid)
    return grid


def best_cells(grid: BookGrid) -> set[tuple[str, int]]:
    return {(row.book.key, i) for row in grid.rows for i, cell in enumerate(row.cells) if cell and cell.best}


def test_markets_stand_in_tabs_main_lines_first_and_unknown_ones_too() -> None:
    keys = [
        "robot_dance", "player_points_alternate", "spreads_h1", "totals", "h2h_lay", "alternate_totals",
        "player_points", "h2h", "h2h_h1", "player_double_double", "spreads",
    ]  # fmt: skip
    tabs = tabs_of(keys)
    assert [tab.key for tab in tabs] == [
        "main", "player_points", "player_double_double", "h1", "alternates", "other", "lay",
    ]  # fmt: skip
    assert tabs[0].markets == ("h2h", "spreads", "totals")
    assert tabs[1].markets == ("player_points", "player_points_alternate")
    assert tabs[3].markets == ("h2h_h1", "spreads_h1")
    assert {market for tab in tabs for market in tab.markets} == set(keys)


def test_main_lines_are_one_table_of_books_by_selections(game: Game) -> None:
    full_market(game, books=3)
    grid = book_grid(page(game))
    assert [(heading.title, heading.span) for heading in grid.headings] == [
        ("Moneyline", 2), ("Spread", 2), ("Total", 2),
    ]  # fmt: skip
    assert [outcome.side for outcome in grid.outcomes] == ["away", "home", "away", "home", "over", "under"]
    assert [row.book.key for row in grid.rows] == ["book0", "book1", "book2"]
    assert all(cell for row in grid.rows for cell in row.cells)
    assert best_cells(grid) == {("book0", column) for column in range(6)}


def test_a_better_price_at_another_point_is_not_the_best_price(game: Game) -> None:
    quote(game, "spreads home", -110, at="a", point="-2.5")
    quote(game, "spreads home", -108, at="b", point="-2.5")
    quote(game, "spreads home", 140, at="c", point="-6.5")
    assert best_cells(book_grid(page(game))) == {("b", 0)}


def test_a_book_not_seen_for_ten_minutes_is_stale_last_and_never_best(game: Game) -> None:
    quote(game, "h2h home", 150, at="a")
    quote(game, "h2h home", 120, at="b")
    old = NOW - dt.timedelta(minutes=11)
    HeartbeatFactory(game=game, bookmaker=book("a"), seen_at=old, polled_at=NOW)
    HeartbeatFactory(game=game, bookmaker=book("b"), seen_at=NOW, polled_at=NOW)
    found = page(game)
    grid = book_grid(found)
    assert [(row.book.key, row.stale, row.seen_at) for row in grid.rows] == [
        ("b", False, NOW),
        ("a", True, old),
    ]
    assert best_cells(grid) == {("b", 0)}
    assert found.seen_at == NOW


def test_an_unchanged_book_of_a_finished_game_is_not_called_stale() -> None:
    game = GameFactory(final=True, commence_time=NOW - dt.timedelta(days=3))
    quote(game, "h2h home", 150, at="a")
    HeartbeatFactory(game=game, bookmaker=book("a"), seen_at=NOW - dt.timedelta(days=3), polled_at=NOW)
    assert not book_grid(page(game)).rows[0].stale


def test_props_are_listed_by_player_with_every_book_beside(game: Game) -> None:
    for player, price in (("Zoe Young", -115), ("Ann Able", -105)):
        quote(game, "player_points over", price, at="a", point="20.5", participant=player)
        quote(game, "player_points over", price + 3, at="b", point="20.5", participant=player)
    quote(game, "player_points under", -120, at="a", point="20.5", participant="Ann Able")
    quote(game, "player_points over", 130, at="a", point="24.5", participant="Ann Able")
    grid = line_grid(page(game, tab="player_points"))
    assert [group.name for group in grid.groups] == ["Ann Able", "Zoe Young"]
    assert [row.label for row in grid.groups[0].rows] == ["Over 20.5", "Under 20.5", "Over 24.5"]
    assert [each.key for each, _ in grid.books] == ["a", "b"]
    first = grid.groups[0].rows[0]
    assert (first.best.quote.book_key, first.best.quote.price) == ("b", Decimal(-102))
    assert grid.groups[0].rows[1].cells[1] is None


def test_alternates_list_each_line_of_a_side_in_order(game: Game) -> None:
    for point in ("-3.5", "-10", "1.5"):
        quote(game, "alternate_spreads home", -110, point=point)
    grid = line_grid(page(game))
    name = game.home_team.name if game.home_team else ""
    minus = "\N{MINUS SIGN}"
    assert [row.label for row in grid.groups[0].rows] == [
        f"{name} {minus}10",
        f"{name} {minus}3.5",
        f"{name} +1.5",
    ]


def test_an_outright_lists_its_runners_favourite_first() -> None:
    game = GameFactory(outright=True, commence_time=NOW + dt.timedelta(days=90))
    for runner, price in (("Denver", 900), ("Boston", 400), ("Miami", 2500)):
        quote(game, "outrights win", price, participant=runner, at="a")
        quote(game, "outrights win", price + 50, participant=runner, at="b")
    found = page(game)
    grid = line_grid(found)
    assert [row.label for row in grid.groups[0].rows] == ["Boston", "Denver", "Miami"]
    assert grid.groups[0].rows[0].best.quote.book_key == "b"
    assert found.tab is not None
    assert found.tab.label == "Winner"


def test_the_best_lay_price_is_the_lowest(game: Game) -> None:
    quote(game, "h2h_lay home", 120, at="a")
    quote(game, "h2h_lay home", 110, at="b")
    assert best_cells(book_grid(page(game, tab="lay"))) == {("b", 0)}


def test_an_unknown_market_with_an_unknown_outcome_is_shown(game: Game) -> None:
    quote(game, "robot_dance win", 300, participant="The robot")
    found = page(game)
    assert found.tab is not None
    assert found.tab.key == "other"
    assert line_grid(found).groups[0].rows[0].label == "The robot"


def test_the_favourite_is_drawn_unless_another_selection_is_asked_for(game: Game) -> None:
    full_market(game)
    quote(game, "h2h home", -180, at="c")
    found = page(game)
    assert found.charted is not None
    assert (found.charted.market, found.charted.side) == ("h2h", "home")
    over = selection(game, "totals", "over")
    again = page(game, chart=over.pk)
    assert again.charted is not None
    assert again.charted.id == over.pk


def test_a_tab_the_game_has_not_is_refused_with_those_it_has(game: Game) -> None:
    full_market(game)
    with pytest.raises(UnknownTab, match="it has main"):
        page(game, tab="player_points")


def test_a_selection_of_another_game_is_refused(game: Game) -> None:
    full_market(game)
    other = selection(GameFactory(), "h2h", "home")
    with pytest.raises(UnknownSelection, match=str(other.pk)):
        page(game, chart=other.pk)


def test_the_side_panel_compares_first_and_present_price_of_one_book(game: Game) -> None:
    home = selection(game, "h2h", "home")
    quote(game, "h2h home", -142, at="a")
    quote(game, "h2h home", -150, at="b")
    quote(game, "h2h away", 128, at="b")
    move(home, -125, NOON - dt.timedelta(days=2), at="a")
    move(home, -142, NOON - dt.timedelta(days=1), at="a")
    move(home, -170, NOON - dt.timedelta(days=3), at="b")
    move(selection(game, "h2h", "away"), 115, NOON - dt.timedelta(days=2), at="a")
    move(selection(game, "h2h", "away"), 128, NOON - dt.timedelta(days=1), at="a")
    facts = page(game).facts
    assert facts is not None
    assert (facts.book, facts.first.price, facts.now.price) == ("A", Decimal(-125), Decimal(-142))
    assert facts.moved == Decimal("2.8")  # no-vig: 0.5868/(0.5868 + 0.4386) − 0.5556/(0.5556 + 0.4651)
    assert facts.hold is not None
    assert round(float(facts.hold), 4) == 0.0247  # 1 − 1 ÷ (142/242 + 100/228)


def test_withdrawn_markets_keep_their_tab_and_their_history(game: Game) -> None:
    home = selection(game, "h2h", "home")
    move(home, -110, NOON - dt.timedelta(hours=3))
    move(home, None, NOON - dt.timedelta(hours=1))
    found = page(game)
    assert found.grids == []
    assert found.tab is not None
    assert found.movement is not None
    assert found.movement.changes == 2
    assert found.facts is None


def test_a_game_without_selections_has_no_tabs(game: Game) -> None:
    found = page(game)
    assert (found.tabs, found.tab, found.grids, found.charted) == ([], None, [], None)


def test_scores_by_period_line_up_even_when_one_side_has_fewer() -> None:
    game = GameFactory(live=True, home_score=5, away_score=3, period_scores={"home": [2, 3], "away": [3]})
    periods = page(game).periods
    assert periods is not None
    assert [(scored, total) for _, scored, total in periods.sides] == [([3, ""], 3), ([2, 3], 5)]


@pytest.mark.parametrize(
    ("sport", "columns"),
    [("icehockey_nhl", ["away", "home", "draw"]), ("soccer_epl", ["home", "draw", "away"])],
)
def test_sides_stand_in_the_order_the_sport_names_them_in(sport: str, columns: list[str]) -> None:
    game = GameFactory(
        sport__key=sport, live=True, home_score=2, away_score=1, period_scores={"home": [2], "away": [1]}
    )
    full_market(game, draw=True)
    found = page(game)
    assert [outcome.side for outcome in book_grid(found).outcomes if outcome.market == "h2h"] == columns
    assert [outcome.side for outcome in found.choices[0].outcomes] == columns
    assert found.periods is not None
    assert [total for _, _, total in found.periods.sides] == ([1, 2] if columns[0] == "away" else [2, 1])


@pytest.mark.parametrize("books", [2, 9])
def test_the_page_takes_five_statements_however_many_books(
    game: Game, books: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    full_market(game, books=books)
    known = read_game(game.pk)
    with django_assert_num_queries(5):
        read_page(known, now=NOW)
