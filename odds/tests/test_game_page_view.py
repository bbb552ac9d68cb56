from __future__ import annotations

import datetime as dt
import re
import uuid

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from games.models import Game
from games.tests.factories import GameFactory, ScoreReadingFactory
from odds.tests.quoting import full_market, move, quote, selection

pytestmark = pytest.mark.django_db


@pytest.fixture
def game() -> Game:
    made: Game = GameFactory(commence_time=timezone.now() + dt.timedelta(minutes=48, seconds=30))
    return made


def page(client: Client, game: Game, query: str = "", **headers: str) -> str:
    response = client.get(f"/games/{game.pk}/{query}", headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def test_a_stranger_sees_every_book_and_can_click_a_price(client: Client, game: Game) -> None:
    full_market(game, books=3)
    html = page(client, game)
    assert "48 min" in html
    for title in ("Book0", "Book1", "Book2"):
        assert f'<th scope="row">{title}</th>' in html
    assert html.count('class="price-form"') == 18
    assert "data-chart=" not in html  # nothing archived, nothing to draw


def test_the_chart_has_its_figures_in_tables_too(client: Client, game: Game) -> None:
    full_market(game)
    move(selection(game, "h2h", "home"), -125, timezone.now() - dt.timedelta(days=1), at="book0")
    html = page(client, game, f"?chart={selection(game, 'h2h', 'home').pk}")
    assert "data-chart=" in html
    assert html.count("\N{MINUS SIGN}125") == 4  # side panel, first and latest by book, table of changes


def test_the_closing_price_in_the_legend_is_that_of_the_actual_start(client: Client) -> None:
    game = GameFactory(commence_time=timezone.now() - dt.timedelta(hours=1), status="live")
    home = selection(game, "h2h", "home")
    for minutes, price in ((60, -121), (5, -244)):
        move(home, price, game.commence_time - dt.timedelta(minutes=minutes), at="book0")
    quote(game, "h2h home", -244, at="book0")

    def closing() -> str:
        found = re.search(r'<td class="number wide">([^<]*)', page(client, game, f"?chart={home.pk}"))
        assert found is not None
        return found[1].strip()

    assert closing() == "\N{MINUS SIGN}244"
    ScoreReadingFactory(
        game=game,
        status="live",
        read_at=game.commence_time - dt.timedelta(minutes=20),
        home_score=0,
        away_score=0,
    )
    assert closing() == "\N{MINUS SIGN}121"


def test_lay_prices_are_for_reading_only(client: Client, game: Game) -> None:
    quote(game, "h2h_lay home", 110)
    html = page(client, game, "?tab=lay")
    assert "+110" in html
    assert "price-form" not in html


def test_a_finished_game_shows_its_score_and_no_price_to_click(client: Client) -> None:
    game = GameFactory(
        final=True, home_score=104, away_score=112, period_scores={"home": [50, 54], "away": [60, 52]}
    )
    full_market(game)
    html = page(client, game)
    assert "112–104" in html
    assert "price-form" not in html
    assert "data-refresh-seconds" not in html
    assert re.search(r"<td[^>]*>60</td>", html)


def test_htmx_gets_the_tables_of_the_very_same_page(client: Client, game: Game) -> None:
    full_market(game)
    part = page(client, game, **{"HX-Request": "true", "HX-Target": "grids"})
    assert "<html" not in part
    whole = page(client, game)
    bare = [re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text) for text in (whole, part)]
    header, grids = re.split(r"(?<=</section>)", bare[1], maxsplit=1)
    assert grids.strip() in bare[0]
    assert header.strip().replace(' hx-swap-oob="true"', "") in bare[0]


def test_a_game_without_prices_says_what_comes_next(client: Client, game: Game) -> None:
    assert "No prices of this game yet" in page(client, game)


def test_an_outright_has_its_page(client: Client) -> None:
    game = GameFactory(outright=True, commence_time=timezone.now() + dt.timedelta(days=90))
    quote(game, "outrights win", 400, participant="Boston Celtics")
    html = page(client, game)
    assert "Boston Celtics" in html
    assert "+400" in html


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?tab=nonsense", "tab: this game has no"),
        ("?chart=abc", "chart: write the number of a selection."),
        ("?chart=424242424242", "chart: there is no selection"),
        ("?chart=99999999999999999999999", "chart: "),
        ("?tab=%00", "tab: "),
    ],
)
def test_an_address_that_cannot_be_read_is_refused_with_the_parameter_named(
    client: Client, game: Game, query: str, said: str
) -> None:
    full_market(game)
    response = client.get(f"/games/{game.pk}/{query}")
    assert response.status_code == 400
    assert said in response.content.decode()


def test_an_unknown_game_is_not_found(client: Client) -> None:
    assert client.get(f"/games/{uuid.uuid4()}/").status_code == 404
    assert client.get("/games/not-a-uuid/").status_code == 404


def test_the_page_takes_as_many_statements_for_few_books_as_for_many(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    start = timezone.now() + dt.timedelta(hours=1)
    for books in (2, 8):
        game = GameFactory(commence_time=start)
        full_market(game, books=books)
        with django_assert_num_queries(6):
            client.get(f"/games/{game.pk}/")
