"""Movement in chances without margin: what belongs together, closing prices, steam, and how much is drawn."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from django.test import Client

from games.models import Game
from games.tests.factories import GameFactory
from odds import pricing
from odds.chart_data import MOST_POINTS, payload, thinned
from odds.models import OddSnapshot
from odds.movement import Change, Movement, Series, read_movement
from odds.steam import moves_of, steam_of
from odds.tests.factories import NOON
from odds.tests.quoting import book, move, selection

HOUR = dt.timedelta(hours=1)
MINUTE = dt.timedelta(minutes=1)
START = NOON + 6 * HOUR


@pytest.fixture
def game(db: None) -> Game:
    made: Game = GameFactory(commence_time=START)
    return made


def both(game: Game, home: int | None, away: int | None, when: dt.datetime, *, at: str = "a") -> None:
    move(selection(game, "h2h", "home"), home, when, at=at)
    move(selection(game, "h2h", "away"), away, when, at=at)


def of_home(game: Game, market: str = "h2h") -> Movement:
    return read_movement(game.pk, selection=selection(game, market, "home").pk, market=market, seen={})


def test_a_chance_is_the_price_s_share_of_all_outcomes_at_the_same_book(game: Game) -> None:
    both(game, -150, 130, NOON)
    both(game, 400, -600, NOON, at="b")
    first, second = (series.first.fair for series in of_home(game).series)
    assert first == Fraction(3, 5) / (Fraction(3, 5) + Fraction(10, 23))
    assert second == pricing.implied(Decimal(400)) / (
        pricing.implied(Decimal(400)) + pricing.implied(Decimal(-600))
    )


def test_the_other_outcome_s_price_moves_the_chance_but_is_no_change_of_this_one(game: Game) -> None:
    both(game, -110, -110, NOON)
    move(selection(game, "h2h", "away"), 120, NOON + HOUR, at="a")
    (series,) = of_home(game).series
    even, shifted = (tick.fair for tick in series.ticks)
    assert even == Fraction(1, 2)
    assert shifted == Fraction(11, 21) / (Fraction(11, 21) + Fraction(5, 11))
    assert len(series.changes) == 1
    assert of_home(game).changes == 1


def test_three_outcomes_are_all_needed(game: Game) -> None:
    both(game, 150, 200, NOON)
    assert of_home(game).series[0].last.fair is not None
    move(selection(game, "h2h", "draw"), 220, NOON + HOUR, at="b")
    assert not of_home(game).has_fair


def test_a_withdrawn_outcome_takes_the_chance_away(game: Game) -> None:
    both(game, -110, -110, NOON)
    move(selection(game, "h2h", "away"), None, NOON + HOUR, at="a")
    assert of_home(game).series[0].last.fair is None


def test_handicaps_belong_together_when_they_mirror_one_another(game: Game) -> None:
    home, away = selection(game, "spreads", "home"), selection(game, "spreads", "away")
    move(home, -110, NOON, point="-3.5")
    move(away, -110, NOON, point="3.5")
    move(home, -105, NOON + HOUR, point="-4")
    move(away, -115, NOON + 2 * HOUR, point="4")
    (series,) = of_home(game, "spreads").series
    assert [tick.fair is not None for tick in series.ticks] == [True, False, True]


def test_a_prop_is_measured_against_its_own_other_side(game: Game) -> None:
    for side, price in (("over", -120), ("under", 100)):
        move(selection(game, "player_points", side, "Ann Able"), price, NOON, point="20.5")
        move(selection(game, "player_points", side, "Bea Best"), 150, NOON, point="11.5")
    over = selection(game, "player_points", "over", "Ann Able")
    found = read_movement(game.pk, selection=over.pk, market="player_points", seen={})
    assert found.series[0].last.fair == Fraction(6, 11) / (Fraction(6, 11) + Fraction(1, 2))


def test_a_market_of_one_side_has_prices_and_no_chances(game: Game) -> None:
    runner = selection(game, "outrights", "win", "Ann Able")
    move(runner, 900, NOON)
    found = read_movement(game.pk, selection=runner.pk, market="outrights", seen={})
    assert (found.changes, found.has_fair) == (1, False)


def test_the_closing_price_is_the_last_one_known_at_the_start(game: Game) -> None:
    home = selection(game, "h2h", "home")
    both(game, -110, -110, NOON)
    both(game, -130, 110, START - MINUTE)
    OddSnapshot.objects.create(
        game=game, selection=home, bookmaker=book("a"), price=Decimal(-500),
        timestamp=START - dt.timedelta(seconds=5), captured_at=START + MINUTE,
    )  # fmt: skip
    both(game, -200, 170, START + HOUR)
    closing = of_home(game).series[0].known_at(START)
    assert closing is not None
    assert closing.price == -130


def test_a_line_withdrawn_before_the_start_has_no_closing_price(game: Game) -> None:
    both(game, -110, -110, NOON)
    both(game, None, None, START - HOUR)
    assert of_home(game).series[0].known_at(START) is None


def steamed(game: Game, *steps: tuple[str, int, dt.timedelta]) -> Movement:
    """Books at even money an hour before; then each takes this home price, away the same odds the other way."""
    for at in {at for at, _, _ in steps}:
        both(game, 100, 100, NOON, at=at)
    for at, price, after in steps:
        both(game, price, -price, NOON + HOUR + after, at=at)
    return of_home(game)


def test_three_books_the_same_way_within_ten_minutes_are_steam_with_their_order(game: Game) -> None:
    found = steamed(game, ("c", -110, 9 * MINUTE), ("a", -110, 0 * MINUTE), ("b", -120, 4 * MINUTE))
    (steam,) = steam_of(moves_of(found, until=START))
    assert [move.book for move in steam.moves] == ["A", "B", "C"]
    assert (steam.up, steam.books, steam.lasted) == (True, 3, 9 * MINUTE)
    assert steam.moves[1].points == Decimal("4.5")  # from 1/2 to 6/11


@pytest.mark.parametrize(
    "steps",
    [
        (("a", -110, 0), ("b", -110, 4), ("c", -110, 11)),
        (("a", -110, 0), ("b", -110, 1), ("c", 110, 2)),
        (("a", -110, 0), ("b", -110, 1), ("a", -120, 2)),
        (("a", -110, 0), ("b", -110, 1), ("c", -101, 2)),
        (("a", -110, 301), ("b", -110, 302), ("c", -110, 303)),
    ],
    ids=["too slow", "not the same way", "two books", "too small", "in play"],
)
def test_what_falls_short_of_the_rule_is_no_steam(
    game: Game, steps: tuple[tuple[str, int, int], ...]
) -> None:
    found = steamed(game, *((at, price, minutes * MINUTE) for at, price, minutes in steps))
    assert steam_of(moves_of(found, until=START)) == []


def test_a_moved_point_is_no_step_of_a_chance(game: Game) -> None:
    for at in "abc":
        for side, sign in (("home", "-"), ("away", "")):
            of = selection(game, "spreads", side)
            move(of, -110, NOON, at=at, point=f"{sign}3.5")
            move(of, -130 if sign else 110, NOON + HOUR, at=at, point=f"{sign}4.5")
    assert moves_of(of_home(game, "spreads"), until=START) == []


def test_the_page_shows_steam_with_its_rule_its_evidence_and_what_it_cannot_see(
    client: Client, game: Game
) -> None:
    steamed(game, ("a", -110, 0 * MINUTE), ("b", -110, MINUTE), ("c", -110, 2 * MINUTE))
    html = client.get(f"/games/{game.pk}/?chart={selection(game, 'h2h', 'home').pk}").content.decode()
    assert "3 books moved towards" in html
    assert "50.0% → 52.4%" in html
    assert "Here changes were captured 1 min apart at best" in html
    assert "sharp" not in html.lower()
    assert "reverse" not in html.lower()


def ticks(number: int, seed: int = 1) -> list[Change]:
    drawn = random.Random(seed)
    return [
        Change(
            NOON + n * MINUTE,
            None if n % 97 == 50 else Decimal(drawn.choice([-300, -120, 100, 105, 250])),
            None,
            Fraction(drawn.randint(1, 99), 100),
        )
        for n in range(number)
    ]


@pytest.mark.parametrize("seed", range(5))
def test_thinning_keeps_ends_extremes_and_order_and_stays_within_its_bound(seed: int) -> None:
    every = ticks(5000, seed)
    every[1234] = Change(every[1234].at, Decimal(-9000), None, Fraction(999, 1000))
    every[4321] = Change(every[4321].at, Decimal(9000), None, Fraction(1, 1000))
    kept = thinned(every, 500)
    assert len(kept) <= 500
    assert (kept[0], kept[-1]) == (every[0], every[-1])
    assert every[1234] in kept
    assert every[4321] in kept
    assert [each.at for each in kept] == sorted(each.at for each in kept)
    assert any(each.price is None for each in kept)


def test_few_changes_are_all_kept() -> None:
    assert thinned(ticks(200), 500) == ticks(200)


def test_the_chart_gets_no_more_than_it_can_draw_and_says_so() -> None:
    def body(number: int) -> dict[str, Any]:
        series = [Series(f"b{n}", f"B{n}", ticks(number, n), None) for n in range(12)]
        movement = Movement("h2h", series, None, 12 * number)
        return payload(movement, odds_format="american", zone="UTC", start=START, now=NOON)

    def points(found: dict[str, Any]) -> int:
        return sum(len(line["t"]) for line in found["books"])

    assert points(body(1000)) <= MOST_POINTS
    assert body(1000)["thinned"] is True
    assert points(body(100)) == 1200
    assert body(100)["thinned"] is False
