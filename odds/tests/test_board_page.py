from __future__ import annotations

import datetime as dt
import re
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.tests.factories import UserFactory
from games.tests.factories import GameFactory, SportFactory
from odds.tests.quoting import full_market, quote
from odds.wording import live_clock

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Target": "board"}


@pytest.fixture
def soon() -> dt.datetime:
    """Later today in the site's zone, or just before midnight when the day is nearly over."""
    now = timezone.localtime(timezone.now(), ZoneInfo(settings.DEFAULT_TIME_ZONE))
    return min(now + dt.timedelta(minutes=40), now.replace(hour=23, minute=59, second=59))


def page(client: Client, query: str = "", **headers: str) -> str:
    response = client.get(f"/{query}", headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def test_a_stranger_sees_the_board_with_prices_to_click(client: Client, soon: dt.datetime) -> None:
    game = GameFactory(commence_time=soon)
    chosen = quote(game, "spreads home", -112, point="-2.5")
    html = page(client)
    assert game.home_team.name in html
    assert "\N{MINUS SIGN}2.5" in html
    assert "\N{MINUS SIGN}112" in html
    form = re.search(r'<form class="price-form".*?</form>', html, re.DOTALL)
    assert form is not None
    assert f'action="{reverse("bets:slip_add")}"' in form[0]
    for name, value in (("selection", chosen.selection_id), ("bookmaker", "draftkings"), ("point", "-2.50")):
        assert f'name="{name}" value="{value}"' in form[0]
    assert 'name="price" value="-112.000000"' in form[0]


def test_a_reader_of_decimal_odds_sees_them(client: Client, soon: dt.datetime) -> None:
    client.force_login(UserFactory(odds_format="decimal"))
    quote(GameFactory(commence_time=soon), "h2h home", 150)
    html = page(client)
    assert '<span class="odds">2.50</span>' in html
    assert "+150" not in html


@pytest.mark.parametrize("zone", ["Etc/GMT+5", "Pacific/Chatham", "UTC"])
def test_the_board_opens_in_every_zone(client: Client, zone: str) -> None:
    client.force_login(UserFactory(time_zone=zone))
    assert client.get(reverse("odds:board")).status_code == 200


def test_times_are_told_in_the_reader_s_zone(client: Client) -> None:
    client.force_login(UserFactory(time_zone="Asia/Tokyo"))
    GameFactory(commence_time=dt.datetime(2026, 11, 20, 0, 30, tzinfo=dt.UTC))
    html = page(client, "?day=2026-11-20")
    assert "9:30 AM" in html
    assert "Asia/Tokyo" in html


@pytest.mark.parametrize(
    ("told", "shown"), [("0:29 - 2nd", "2nd 0:29"), ("Halftime", "Halftime"), ("49'", "49'"), ("", "Live")]
)
def test_a_clock_names_the_period_first(told: str, shown: str) -> None:
    assert live_clock(GameFactory.build(clock=told)) == shown


def test_a_live_game_shows_its_score_and_clock_and_no_price_to_click(client: Client) -> None:
    game = GameFactory(
        live=True,
        commence_time=timezone.now() - dt.timedelta(minutes=5),
        home_score=84,
        away_score=78,
        clock="Q3 4:12",
    )
    quote(game, "h2h home", -255)
    html = page(client)
    assert "Q3 4:12" in html
    assert re.search(r'class="score">84<', html)
    assert "\N{MINUS SIGN}255" in html
    assert "price-form" not in html


@pytest.mark.parametrize("state", ["postponed", "cancelled"])
def test_a_game_that_is_off_says_so(client: Client, soon: dt.datetime, state: str) -> None:
    GameFactory(**{state: True}, commence_time=soon)
    assert f"<b>{state.capitalize()}</b>" in page(client)


def test_htmx_gets_the_board_s_part_of_the_very_same_page(client: Client, soon: dt.datetime) -> None:
    full_market(GameFactory(commence_time=soon))
    part = page(client, **HTMX)
    assert "<html" not in part
    assert 'class="board-row' in part
    whole = page(client)
    tokenless = [re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", text) for text in (whole, part)]
    assert tokenless[1].strip() in tokenless[0]


def test_everything_htmx_fetches_has_an_address_of_its_own(client: Client, soon: dt.datetime) -> None:
    full_market(GameFactory(commence_time=soon))
    for tag in re.findall(r"<[^>]*hx-get=[^>]*>", page(client)):
        assert "href=" in tag
    for tag in re.findall(r"<[^>]*hx-post=[^>]*>", page(client)):
        assert "action=" in tag


def test_responses_differ_by_htmx_and_say_so(client: Client) -> None:
    assert "HX-Request" in client.get("/").headers["Vary"]


def test_filters_keep_one_another(client: Client, soon: dt.datetime) -> None:
    GameFactory(commence_time=soon)
    html = page(client, "?sport=basketball_nba&status=upcoming")
    assert "sport=basketball_nba&amp;status=live" in html


def test_an_empty_day_leads_to_the_nearest_with_games(client: Client) -> None:
    GameFactory(commence_time=dt.datetime(2026, 11, 24, 18, 0, tzinfo=dt.UTC))
    html = page(client, "?day=2026-11-20")
    assert "No games on Friday 20 November" in html
    assert "day=2026-11-24" in html


def test_an_empty_archive_says_how_prices_arrive(client: Client) -> None:
    assert "pull_odds" in page(client)


def test_a_filter_that_hides_all_games_offers_to_show_them(client: Client, soon: dt.datetime) -> None:
    GameFactory(commence_time=soon)
    assert "Show all of them" in page(client, "?status=live")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?page=abc", "page: write a whole number."),
        ("?page=0", "page: "),
        ("?page=-1", "page: "),
        ("?page=99999999999999999999999", "page: "),
        ("?day=2026-99-99", "day: write a date such as 2026-11-20."),
        ("?day=20.11.2026", "day: write a date"),
        ("?day=9999-12-31", "day: choose a day from"),
        ("?day=1066-10-14", "day: choose a day from"),
        ("?status=winning", "status: choose one of all, live, upcoming, final."),
        ("?group=colour", "group: choose one of sport, time."),
        ("?sport=%00", "sport: "),
    ],
)
def test_an_address_that_cannot_be_read_is_refused_with_the_parameter_named(
    client: Client, query: str, said: str
) -> None:
    response = client.get(f"/{query}")
    assert response.status_code == 400
    assert said in response.content.decode()


def test_an_unknown_sport_is_not_found(client: Client) -> None:
    assert client.get("/?sport=quidditch").status_code == 404


def test_writing_to_the_board_is_refused(client: Client) -> None:
    assert client.post("/").status_code == 405


def test_the_page_takes_as_many_statements_for_one_game_as_for_many(
    client: Client, soon: dt.datetime, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(6):
        sport = SportFactory(key=f"sport_{number}", title=f"Sport {number}")
        full_market(GameFactory(commence_time=soon, sport=sport), books=3)
    with django_assert_num_queries(7):
        client.get("/")
    with django_assert_num_queries(7):
        client.get("/?sport=sport_1")
    with django_assert_num_queries(5):
        client.get("/", headers=HTMX)


def test_names_from_the_feed_are_escaped(client: Client, soon: dt.datetime) -> None:
    game = GameFactory(commence_time=soon)
    game.home_team.name = "<script>alert(1)</script>"
    game.home_team.save()
    full_market(game)
    assert "<script>alert" not in page(client)
