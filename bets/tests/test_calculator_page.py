"""The settlement calculator's page, as a visitor without an account or JavaScript uses it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from bets import calculator
from bets.calculator_forms import KINDS, LegForm, TicketForm, case_of

LEG = {"market": "spreads", "side": "home", "point": "-3.5", "odds": "-110", "status": "final",
       "home": "24", "away": "20"}  # fmt: skip
TICKET = {"kind": "straight", "sport": "americanfootball_nfl", "stake": "100", "odds_format": "american"}

pytestmark = pytest.mark.django_db


def ask(client: Client, *legs: dict[str, str], **ticket: str) -> tuple[int, str]:
    data = TICKET | {"legs": str(len(legs))} | ticket
    for number, leg in enumerate(legs, start=1):
        data |= {f"leg{number}-{name}": value for name, value in leg.items()}
    response = client.get(reverse("settlement_calculator"), data)
    return response.status_code, response.content.decode()


def test_a_visitor_gets_the_form_filled_with_an_example(client: Client) -> None:
    response = client.get(reverse("settlement_calculator"))
    assert response.status_code == 200
    assert 'value="-3.5"' in response.content.decode()


def test_the_payout_is_shown_with_its_working(client: Client) -> None:
    status, text = ask(client, LEG)
    assert status == 200
    assert "$190.91" in text
    assert "$100.00 × 21/11 = $190.91" in text
    assert "−3.5 covers by 0.5" in text
    assert "Rule: full game, overtime included." in text


def test_every_kind_and_field_that_the_engine_knows_can_be_entered() -> None:
    assert {key for key, _ in KINDS} == set(calculator.KINDS)
    ticket = TicketForm(
        TICKET | {"size": "2, 3", "teaser_points": "6", "odds": "-110", "boost_pct": "5", "boost_cap": "3",
                  "commission_pct": "2", "currency": "eur", "rule": "overtime=false", "bonus": "on"}
    )  # fmt: skip
    leg = LegForm(
        dict.fromkeys(LegForm.base_fields, "1")
        | LEG | {"dead_heat": "1/2", "winner": "true", "ran": "false", "sport": "golf_pga", "stats": "points=3"}
    )  # fmt: skip
    assert ticket.is_valid(), ticket.errors
    assert leg.is_valid(), leg.errors
    case = case_of(ticket.cleaned_data | {"bookmaker": "draftkings"}, [leg.cleaned_data])
    assert set(case) == set(calculator.TICKET_FIELDS) - {"id", "size"}
    assert set(case["legs"][0]) == set(calculator.LEG_FIELDS)
    assert set(case["legs"][0]["result"]) == set(calculator.RESULT_FIELDS)
    assert (case["sizes"], case["currency"], case["rule"]) == (["2", "3"], "EUR", {"overtime": False})


def test_an_each_way_bet_by_its_finishing_position(client: Client) -> None:
    golfer = {"market": "outrights", "side": "win", "odds": "17", "status": "final", "participant": "Lowry",
              "position": "5", "tied_with": "1", "each_way_places": "5", "each_way_fraction": "1/4"}  # fmt: skip
    status, text = ask(client, golfer, sport="golf_pga", stake="20", odds_format="decimal", currency="GBP")
    assert status == 200
    assert "£25.00" in text
    assert "a dead heat pays the odds × places ÷ tied" in text
    assert text.count('<details class="calculator-rare" open>') == 3


def test_a_lay_with_commission_a_capped_boost_and_a_book_s_own_rule(client: Client) -> None:
    lay = LEG | {"market": "h2h_lay", "point": "", "odds": "2.8", "home": "0"}
    text = ask(client, lay, stake="100", odds_format="decimal", commission_pct="2")[1]
    assert ("$278.00" in text, "$180.00" in text) == (True, True)
    assert "$115.00" in ask(client, LEG | {"odds": "-1000"}, boost_pct="100", boost_cap="5")[1]
    teased = [LEG, LEG, LEG | {"point": "-10"}]
    refunded = ask(client, *teased, kind="teaser", teaser_points="6", rule="teaser_push=refund")[1]
    assert "$100.00" in refunded
    assert "$183.33" in ask(client, *teased, kind="teaser", teaser_points="6")[1]


@pytest.mark.parametrize(
    ("kind", "legs", "staked"),
    [("canadian", 5, "26"), ("heinz", 6, "57"), ("lucky63", 6, "63"), ("super_heinz", 7, "120"), ("goliath", 8, "247")],
)  # fmt: skip
def test_the_great_systems_can_be_entered(client: Client, kind: str, legs: int, staked: str) -> None:
    status, text = ask(client, *[LEG] * legs, kind=kind, stake="1")
    assert status == 200
    assert f"<dd>${staked}.00</dd>" in text


def test_a_round_robin_shows_every_combination(client: Client) -> None:
    status, text = ask(client, LEG, LEG, LEG | {"home": "20"}, kind="round_robin", size="2", stake="10")
    assert status == 200
    assert "Legs 1 × 2 = 441/121" in text


def test_a_prop_and_a_dead_heat_can_be_entered(client: Client) -> None:
    prop = LEG | {"market": "player_points", "side": "over", "point": "24.5", "participant": "LeBron James",
                  "value": "31"}  # fmt: skip
    assert "LeBron James over 24.5 covers by 6.5 (31)" in ask(client, prop, sport="basketball_nba")[1]
    golfer = {"market": "outrights", "side": "win", "odds": "300", "status": "final", "participant": "A Golfer",
              "winner": "true", "dead_heat": "1/3"}  # fmt: skip
    assert "$133.33" in ask(client, golfer, sport="golf_pga")[1]


@pytest.mark.parametrize(
    ("leg", "ticket", "words"),
    [
        ({"odds": "-50"}, {}, "Leg 1, odds: &#x27;-50&#x27; is between"),
        ({"home": "x"}, {}, "Leg 1, home: &#x27;x&#x27; is not a whole number"),
        ({"dead_heat": "1"}, {}, "Leg 1, dead heat: write places / tied"),
        ({}, {"stake": "nothing"}, "Stake: &#x27;nothing&#x27; is not a number"),
        ({"each_way_places": "3"}, {}, "Leg 1, each way: fraction: "),
        ({"stats": "31"}, {}, "Leg 1, stats: write name=value"),
        ({}, {"rule": "push=lose"}, "The rule: there is no field"),
        ({}, {"currency": "$"}, "Currency: "),
        ({}, {"kind": "parlay"}, "A parlay has 2 to 30 legs"),
        ({"market": "<b>"}, {}, "each says why"),
        ({}, {"kind": "pool"}, "each says why"),
    ],
)
def test_what_cannot_be_read_is_said_and_the_form_kept(
    client: Client, leg: dict[str, str], ticket: dict[str, str], words: str
) -> None:
    status, text = ask(client, LEG | leg, **ticket)
    assert status == 400
    assert words in text
    assert 'value="-3.5"' in text
    assert "<b>" not in text.split("<main")[1].split("calculator-answer")[0]


def test_a_leg_is_added_and_removed_without_losing_the_others(client: Client) -> None:
    _, more = ask(client, LEG, change="add")
    assert 'name="leg2-market"' in more
    assert 'value="-3.5"' in more
    _, fewer = ask(client, LEG, LEG, change="remove")
    assert 'name="leg2-market"' not in fewer


@pytest.mark.parametrize(("legs", "shown"), [("999", 12), ("-1", 1), ("x", 1), ("0", 1)])
def test_the_number_of_legs_stays_within_bounds(client: Client, legs: str, shown: int) -> None:
    text = client.get(reverse("settlement_calculator"), TICKET | {"legs": legs}).content.decode()
    assert text.count("<fieldset") == shown


def test_the_page_asks_the_database_only_which_books_have_rules(
    client: Client, django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(1):  # type: ignore[operator]
        ask(client, LEG)


def test_the_page_only_reads(client: Client) -> None:
    assert client.post(reverse("settlement_calculator"), {}).status_code == 405
