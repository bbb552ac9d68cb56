"""Bets typed or pasted: what is certain goes into the slip, the rest is asked about, nothing is guessed."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from bets import bankrolls
from bets.models import Bet, BetStatus, BettingPreferences, ImportBatch, SlipLeg
from bets.slip.entry.pasted import read_pinnacle
from bets.slip.entry.words import opponent_of, read_entry
from bets.tests.scenes import Scene, person, scene, upcoming_game
from bets.tests.slips import HTMX, words
from odds.tests.factories import BookmakerFactory, CurrentOddsFactory, SelectionFactory

BOOKS = {"dk": "draftkings", "draftkings": "draftkings", "fd": "fanduel", "bet mgm": "betmgm"}
PINNACLE = """\
Settled:
Sep 29 2024 9:18 PM
Buffalo Bills vs Baltimore Ravens
Baltimore Ravens -2.5
-111
Bet no.
#1
Settled – Win
Accepted:
Sep 28 2024 10:53 PM
Stake:
250.00
Win:
225.23
Payout:
475.23
Boston Celtics vs Los Angeles Lakers
Los Angeles Lakers +3.5
-110
Bet no.
#2
Open
Accepted:
Sep 28 2024 11:26 PM
Stake:
25.00
Win:
22.73
"""


@pytest.fixture
def at(db: None) -> Scene:
    return scene()


@pytest.fixture
def ada(at: Scene, client: Client) -> Client:
    client.force_login(at.user)
    return client


def enter(client: Client, text: str) -> Any:
    return client.post(reverse("bets:slip_enter"), {"text": text}, **HTMX)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Lakers -3.5 -110 50 dk", {"names": ("lakers",), "point": "-3.5", "price": "-110", "stake": "50"}),
        ("lakers −3.5 −110 50 dk", {"names": ("lakers",), "point": "-3.5", "price": "-110", "stake": "50"}),
        ("dk 50 lakers", {"names": ("dk", "lakers"), "stake": "50", "book": ""}),
        ("Lakers ml +130 $25", {"market": "h2h", "price": "130", "stake": "$25", "point": "None"}),
        ("Lakers -3.5 1.91 50", {"price": "-109.890110", "stake": "50"}),
        ("Lakers 10/11 2u fd", {"price": "-110.000000", "stake": "2u", "book": "fanduel"}),
        ("Lakers ev 5% bet mgm", {"price": "100", "stake": "5%", "book": "betmgm"}),
        ("Lakers @1.95 20", {"price": "-105.263158", "stake": "20"}),
        ("over 221.5 lakers celtics -110 20", {"side": "over", "point": "221.5", "market": "totals"}),
        ("Lakers u221 -105", {"side": "under", "point": "221", "stake": ""}),
        ("Lakers 1h +2 -115", {"period": "h1", "point": "2", "market": "spreads"}),
        ("Lakers pk -105", {"point": "0", "market": "spreads"}),
        ("draw arsenal v chelsea 3.40 10", {"side": "draw", "price": "240.000000", "stake": "10"}),
        ("São Paulo +120", {"names": ("sao", "paulo"), "price": "120"}),
    ],
)
def test_a_typed_line_is_read_in_its_parts(text: str, parts: dict[str, Any]) -> None:
    entry = read_entry(text, BOOKS, "american")
    found = {
        name: value if isinstance(value, tuple) else str(value)
        for name, value in ((name, getattr(entry, name)) for name in parts)
    }
    assert found == parts
    assert not entry.unread


@pytest.mark.parametrize(
    ("text", "unread"),
    [
        ("Lakers 130", "“130” (a price or a stake? Write @130 or $130)"),
        ("Lakers 20.50", "“20.50” (a price or a stake? Write @20.50 or $20.50)"),
        ("Lakers -110 -120 50", "“-120” (a second price)"),
        ("Lakers -3.5 +7 -110", "“+7” (a second line)"),
        ("Lakers -110 20 30", "“20” (a price or a stake? Write @20 or $20)"),
        ("Lakers -110 $20 2u", "“2u” (a second stake)"),
    ],
)
def test_what_could_be_two_things_is_named_and_not_guessed(text: str, unread: str) -> None:
    assert unread in read_entry(text, BOOKS, "american").unread


def test_the_other_team_is_what_stands_behind_v_or_at() -> None:
    for text in (
        "Lakers v Celtics -110",
        "Lakers @ Celtics -110",
        "Lakers @Celtics -110",
        "Lakers at Celtics -110",
    ):
        entry = read_entry(text, BOOKS, "american")
        assert (entry.names, opponent_of(entry)) == (("lakers",), ("celtics",)), text


def test_a_typed_line_is_in_the_slip_with_its_stake_and_two_clicks_place_it(ada: Client, at: Scene) -> None:
    response = enter(ada, "Lakers +3.5 -110 50 dk")
    assert "Place bet, returns $95.45" in words(response)
    leg = SlipLeg.objects.get()
    assert (leg.selection, leg.point, leg.price, leg.own, leg.stake) == (
        at.spread,
        Decimal("3.5"),
        -110,
        False,
        "50",
    )
    ada.post(reverse("bets:slip_place"), {"key": leg.slip.key}, **HTMX)
    bet = Bet.objects.get()
    assert (bet.stake, bet.odds, bet.bookmaker, bet.own_price) == (50, -110, at.book, False)


def test_a_price_that_the_archive_never_saw_is_the_users_own(ada: Client, at: Scene) -> None:
    text = words(enter(ada, "Lakers +3.5 +105 20 dk"))
    assert "DraftKings shows −110 now." in text
    assert "Your own price, +105, not verified" in text
    leg = SlipLeg.objects.get()
    assert (leg.price, leg.own) == (105, True)


def test_a_book_that_never_showed_the_line_is_taken_at_the_price_typed(ada: Client, at: Scene) -> None:
    BookmakerFactory.create(key="fanduel", title="FanDuel", short="FD")
    text = words(enter(ada, "Lakers +4.5 -120 20 fd"))
    assert "FanDuel does not show this line; it is recorded at your own price." in text
    leg = SlipLeg.objects.get()
    assert (leg.bookmaker.key, leg.point, leg.price, leg.own) == ("fanduel", Decimal("4.5"), -120, True)


def test_a_line_at_two_books_is_asked_about(ada: Client, at: Scene) -> None:
    fanduel = BookmakerFactory.create(key="fanduel", title="FanDuel", short="FD")
    CurrentOddsFactory.create(
        selection=at.spread, bookmaker=fanduel, price=Decimal(-105), point=Decimal("3.5")
    )
    response = enter(ada, "Lakers +3.5 50")
    text = words(response)
    assert "Which of these?" in text
    assert "Los Angeles Lakers +3.5 Spread, Los Angeles Lakers at Boston Celtics" in text
    assert "Choose the book FanDuel −105 DraftKings −110" in text
    assert not SlipLeg.objects.exists()
    chosen = {
        "selection": at.spread.pk,
        "offer": "fanduel:-105:",
        "point": "3.5",
        "stake": "50",
    }
    assert "Place bet, returns $97.62" in words(ada.post(reverse("bets:slip_add"), chosen, **HTMX))


def test_the_default_book_answers_for_one_not_named(ada: Client, at: Scene) -> None:
    fanduel = BookmakerFactory.create(key="fanduel", title="FanDuel", short="FD")
    CurrentOddsFactory.create(
        selection=at.spread, bookmaker=fanduel, price=Decimal(-105), point=Decimal("3.5")
    )
    BettingPreferences.objects.create(user=at.user, default_bookmaker=fanduel)
    enter(ada, "Lakers +3.5 50")
    assert SlipLeg.objects.get().bookmaker == fanduel


def test_a_name_that_two_games_have_is_asked_about(ada: Client, at: Scene) -> None:
    other = upcoming_game("Los Angeles Clippers", "Miami Heat")
    clippers = SelectionFactory.create(game=other, market="h2h", side="home")
    CurrentOddsFactory.create(selection=clippers, bookmaker=at.book, price=Decimal(-140))
    text = words(enter(ada, "Los Angeles ml 20 dk"))
    assert "Los Angeles Lakers Moneyline, Los Angeles Lakers at Boston Celtics" in text
    assert "Los Angeles Clippers Moneyline, Miami Heat at Los Angeles Clippers" in text
    assert not SlipLeg.objects.exists()


def test_both_teams_named_without_a_side_are_asked_about(ada: Client, at: Scene) -> None:
    home = SelectionFactory.create(game=at.game, market="h2h", side="home")
    CurrentOddsFactory.create(selection=home, bookmaker=at.book, price=Decimal(-150))
    text = words(enter(ada, "lakers celtics 20 dk"))
    assert "Los Angeles Lakers Moneyline" in text
    assert "Boston Celtics Moneyline" in text


def test_a_game_of_only_one_of_the_two_teams_is_another_game(ada: Client, at: Scene) -> None:
    for text in ("Lakers v Bulls +3.5 -110 50 dk", "Bulls v Lakers +3.5 -110 50 dk"):
        assert "No game to come fits." in words(enter(ada, text))
    assert not SlipLeg.objects.exists()


def test_a_total_is_found_by_either_team(ada: Client, at: Scene) -> None:
    over = SelectionFactory.create(game=at.game, market="totals", side="over")
    CurrentOddsFactory.create(selection=over, bookmaker=at.book, price=Decimal(-112), point=Decimal("221.5"))
    enter(ada, "Lakers o221.5 -112 10 dk")
    assert SlipLeg.objects.get().selection == over


def test_a_players_line_is_found_by_name_and_statistic(ada: Client, at: Scene) -> None:
    points, rebounds = (
        SelectionFactory.create(
            game=at.game, market=f"player_{what}", participant="LeBron James", side="over"
        )
        for what in ("points", "rebounds")
    )
    for selection in (points, rebounds):
        CurrentOddsFactory.create(
            selection=selection, bookmaker=at.book, price=Decimal(-115), point=Decimal("25.5")
        )
    enter(ada, "LeBron James over 25.5 points -115 10 dk")
    assert SlipLeg.objects.get().selection == points


def test_a_word_that_fits_nothing_is_named(ada: Client, at: Scene) -> None:
    text = words(enter(ada, "Lakers +3.5 -110 50 hedgehog"))
    assert "“hedgehog” is no team, player or book that is known." in text
    assert not SlipLeg.objects.exists()


def test_a_started_game_is_said_and_can_be_recorded_in_words(ada: Client, at: Scene) -> None:
    at.game.commence_time = at.game.commence_time - (at.game.commence_time - at.game.created_at) * 2
    at.game.save()
    text = words(enter(ada, "Lakers +3.5 -110 50 dk"))
    assert "Los Angeles Lakers at Boston Celtics has started; bets on it are closed." in text
    assert "Record it in words" in text


def test_an_empty_text_is_refused_with_an_example(ada: Client) -> None:
    response = enter(ada, "  ")
    assert response.status_code == 422
    assert "Type a bet, such as" in words(response)


def test_a_pasted_slip_is_cut_into_its_bets() -> None:
    settled, waiting = read_pinnacle(PINNACLE)
    assert (settled.event, settled.selection, settled.price, settled.number, settled.state) == (
        "Buffalo Bills vs Baltimore Ravens",
        "Baltimore Ravens -2.5",
        "-111",
        "1",
        "Settled – Win",
    )
    assert (settled.stake, settled.payout, settled.placed) == ("250.00", "475.23", "Sep 28 2024 10:53 PM")
    assert (waiting.selection, waiting.state, waiting.stake, waiting.settled) == (
        "Los Angeles Lakers +3.5",
        "Open",
        "25.00",
        "",
    )
    assert not settled.unread + waiting.unread


def test_the_recorded_slips_of_pinnacle_are_read_whole(shared_data: Path) -> None:
    bets = read_pinnacle((shared_data / "bet_history" / "pinnacle_slip_text_sample.txt").read_text())
    assert [(bet.selection, bet.price, bet.stake, bet.payout) for bet in bets] == [
        ("Baltimore Ravens -2.5", "-111", "250.00", "475.23"),
        ("Baltimore Ravens", "-140", "250.00", "428.57"),
    ]
    assert not [line for bet in bets for line in bet.unread]


def test_an_open_pasted_bet_goes_into_the_slip_and_a_settled_one_is_offered_in_words(
    ada: Client, at: Scene
) -> None:
    pinnacle = BookmakerFactory.create(key="pinnacle", title="Pinnacle", short="PIN")
    CurrentOddsFactory.create(
        selection=at.spread, bookmaker=pinnacle, price=Decimal(-110), point=Decimal("3.5")
    )
    response = enter(ada, PINNACLE)
    leg = SlipLeg.objects.get()
    assert (leg.selection, leg.bookmaker, leg.stake, leg.own) == (at.spread, pinnacle, "25.00", False)
    assert "Buffalo Bills vs Baltimore Ravens: Baltimore Ravens -2.5 -111" in words(response)
    assert b'value="475.23"' in response.content
    assert b'<option value="won" selected>' in response.content


IN_WORDS = {
    "description": "Baltimore Ravens -2.5",
    "event": "Buffalo Bills vs Baltimore Ravens",
    "price": "-111",
    "stake": "250.00",
    "book": "Pinnacle",
    "result": "won",
    "payout": "475.23",
    "placed_at": "2024-09-28 22:53",
    "settled_at": "2024-09-29 21:18",
    "number": "2000000001",
}


def test_two_bets_in_words_at_one_price_and_stake_are_two(ada: Client, at: Scene) -> None:
    big = bankrolls.open_bankroll(user=at.user, name="Elsewhere", opening_deposit=Decimal(1000))
    data = {**IN_WORDS, "bankroll": str(big.pk), "number": ""}
    for description in ("Baltimore Ravens -2.5", "Over 46.5", "Over 46.5"):
        ada.post(reverse("bets:slip_record"), {**data, "description": description})
    found = Bet.objects.values_list("imported_legs__description", flat=True)
    assert sorted(found) == ["Baltimore Ravens -2.5", "Over 46.5"]


def test_a_settled_bet_is_recorded_in_words_with_its_money_once(ada: Client, at: Scene) -> None:
    big = bankrolls.open_bankroll(user=at.user, name="Pinnacle", opening_deposit=Decimal(1000))
    data = {**IN_WORDS, "bankroll": str(big.pk)}
    response = ada.post(reverse("bets:slip_record"), data)
    bet = Bet.objects.get()
    assert response.headers["Location"] == reverse("bets:bet", args=[bet.pk])
    assert (bet.status, bet.stake, bet.payout, bet.odds) == ("won", 250, Decimal("475.23"), -111)
    assert bet.imported_legs.get().description == "Baltimore Ravens -2.5"
    assert (bet.placed_at.isoformat(), bet.own_price) == ("2024-09-29T02:53:00+00:00", True)
    again = ada.post(reverse("bets:slip_record"), data)
    assert again.status_code == 422
    assert "You have this bet already." in words(again)
    assert (Bet.objects.count(), ImportBatch.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("description", "", "required"),
        ("price", "fifty", "“fifty” is no price."),
        ("stake", "-5", "The stake must be above zero."),
        ("result", "", "required"),
        ("result", "lucky", "not one of the available choices"),
        ("payout", "20", "the bet is won, but 20"),
        ("placed_at", "yesterday", "valid date"),
        ("placed_at", "2099-01-01 10:00", "still to come"),
        ("placed_at", "0001-01-01 00:00", "before 1990"),
        ("settled_at", "2099-01-01 10:00", "still to come"),
        ("settled_at", "0001-01-01 00:00", "before 1990"),
        ("bankroll", "", "required"),
    ],
)
def test_a_bet_in_words_that_cannot_be_is_refused_with_the_reason(
    ada: Client, at: Scene, field: str, value: str, says: str
) -> None:
    data = {**IN_WORDS, "bankroll": str(at.bankroll.pk), "stake": "50", "payout": "95.05", field: value}
    response = ada.post(reverse("bets:slip_record"), data)
    assert response.status_code == 422
    assert says in words(response)
    assert not Bet.objects.exists()


def test_a_bet_in_words_without_a_time_or_result_waits_from_now(ada: Client, at: Scene) -> None:
    data = {
        "description": "My horse",
        "price": "5/1",
        "stake": "10",
        "result": "pending",
        "bankroll": str(at.bankroll.pk),
    }
    ada.post(reverse("bets:slip_record"), data)
    bet = Bet.objects.get()
    assert (bet.status, bet.odds, bet.payout) == (BetStatus.PENDING, 500, None)


def test_strangers_enter_nothing_and_use_no_bankroll_of_others(client: Client, at: Scene) -> None:
    for name in ("enter", "record"):
        assert client.post(reverse(f"bets:slip_{name}"), {"text": "Lakers"}).status_code == 302
    eve, _ = person("eve", "1000")
    client.force_login(eve)
    response = client.post(reverse("bets:slip_record"), {**IN_WORDS, "bankroll": str(at.bankroll.pk)})
    assert response.status_code == 422
    assert not Bet.objects.exists()


def test_each_further_line_costs_three_queries(
    ada: Client, at: Scene, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    lines = "\n".join(["Lakers hedgehog +3.5 -110 50 dk"] * 5)
    with django_assert_num_queries(13 + 5 * 3):
        enter(ada, lines)
