"""Every fault of a ticket, an operation or an edit names the field of the body that it is about."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache

from bets.models import Bankroll
from bets.tests.factories import funded_bankroll
from bets.tests.test_api_keeping import send
from bets.tests.test_api_placing import asked, coming, fields_of, leg, post, program, refused
from odds.models import CurrentOdds
from odds.tests.factories import BookmakerFactory
from odds.tests.quoting import quote

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    cache.clear()


@pytest.fixture
def bankroll() -> Bankroll:
    return funded_bankroll("1000")


def fault_of(bankroll: Bankroll, body: dict[str, Any]) -> list[str]:
    return fields_of(refused(post(program(bankroll), body), 422, "refused"))


def two_lines() -> list[CurrentOdds]:
    return [quote(coming(), "h2h home", -110), quote(coming(), "h2h home", 120)]


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"sizes": [2]}, "sizes"),
        ({"teaser_points": "6"}, "teaser_points"),
        ({"kind": "teaser"}, "teaser_points"),
        ({"kind": "teaser", "teaser_points": "-6"}, "teaser_points"),
        ({"ticket_odds": "150"}, "ticket_odds"),
        ({"kind": "parlay"}, "legs"),
        ({"commission_pct": "100.00"}, "commission_pct"),
        ({"boost_pct": "9999.99", "boost_cap": "99999999999.00"}, "boost_cap"),
        ({"each_way": {"fraction": "1/4", "places": 3}}, "each_way"),
        ({"is_bonus": True, "insured_up_to": "10.00"}, "insured_up_to"),
        ({"bookmaker": None}, "bookmaker"),
    ],
)
def test_a_fault_of_a_straight_bet_is_named(bankroll: Bankroll, changed: dict[str, Any], field: str) -> None:
    body = {**asked(bankroll, quote(coming(), "spreads home", -110, point="-3.5")), **changed}
    status = 400 if field == "boost_cap" else 422
    response = post(program(bankroll), body)
    assert (response.status_code, fields_of(response.json())) == (status, [field])


def test_a_fault_of_a_point_is_named(bankroll: Bankroll) -> None:
    winner, spread = quote(coming(), "h2h home", -110), quote(coming(), "spreads home", -110, point="-3.5")
    assert fault_of(bankroll, asked(bankroll, leg(winner, point="-3.5"))) == ["legs.0.point"]
    body = asked(bankroll, leg(winner), leg(spread, point=None), kind="parlay")
    assert fault_of(bankroll, body) == ["legs.1.point"]


def test_a_fault_of_several_legs_names_the_leg(bankroll: Bankroll) -> None:
    game = coming()
    both = [quote(game, "h2h home", 100), quote(game, "h2h away", 100)]
    assert fault_of(bankroll, asked(bankroll, *both, kind="parlay")) == ["legs.1"]
    related = [both[0], quote(game, "totals over", -110, point="210.5")]
    assert fault_of(bankroll, asked(bankroll, *related, kind="parlay")) == ["legs.1"]
    assert fault_of(bankroll, asked(bankroll, *related, kind="same_game_parlay")) == ["ticket_odds"]
    apart = two_lines()
    assert fault_of(bankroll, asked(bankroll, *apart, kind="same_game_parlay")) == ["legs"]
    assert fault_of(bankroll, asked(bankroll, *apart)) == ["legs"]
    assert fault_of(bankroll, asked(bankroll, *apart, kind="round_robin", sizes=[3])) == ["sizes"]
    assert fault_of(bankroll, asked(bankroll, *apart, kind="teaser", teaser_points="6")) == ["legs.0"]


def test_a_bankroll_of_another_book_is_the_fault_of_the_bookmaker(bankroll: Bankroll) -> None:
    elsewhere = funded_bankroll("100", user=bankroll.user, bookmaker=BookmakerFactory())
    body = asked(elsewhere, quote(coming(), "h2h home", -110))
    assert fault_of(elsewhere, body) == ["bookmaker"]


def test_every_leg_that_moved_is_told_with_both_prices(bankroll: Bankroll) -> None:
    first, same, third = [*two_lines(), quote(coming(), "spreads home", -110, point="-3.5")]
    body = asked(bankroll, first, same, third, kind="parlay")
    CurrentOdds.objects.filter(pk=first.pk).update(price=-130)
    CurrentOdds.objects.filter(pk=third.pk).update(price=-115, point=Decimal("-4.5"))
    problem = refused(post(program(bankroll), body), 409, "price_moved")
    assert fields_of(problem) == ["legs.0.odds", "legs.2.odds"]
    assert [tuple(moved.values()) for moved in problem["legs"]] == [
        (1, "-110", "1.909091", None, "-130", "1.769231", None),
        (3, "-110", "1.909091", "-3.5", "-115", "1.869565", "-4.5"),
    ]
    assert (problem["price"], problem["point"]) == ("-130", None), "the first that moved"
    assert "−110 to −130" in problem["detail"]
    assert "−3.5 to −4.5" in problem["detail"]


def test_a_line_that_is_gone_or_a_game_that_began_names_its_leg(bankroll: Bankroll) -> None:
    first, second = two_lines()
    body = asked(bankroll, first, second, kind="parlay")
    CurrentOdds.objects.filter(pk=second.pk).delete()
    problem = refused(post(program(bankroll), body), 409, "price_gone")
    assert fields_of(problem) == ["legs.1"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "adjustment", "amount": "-5.00"}, "note"),
        ({"kind": "deposit", "amount": "5.00", "happened_at": "2100-01-01T00:00:00Z"}, "happened_at"),
        ({"kind": "deposit", "amount": "-5.00"}, "amount"),
        ({"kind": "transfer", "amount": "5.00", "to": "itself"}, "to_bankroll_id"),
        ({"kind": "transfer", "amount": "5.00", "to": "elsewhere"}, "arrives"),
    ],
)
def test_a_fault_of_an_operation_is_named(bankroll: Bankroll, body: dict[str, Any], field: str) -> None:
    abroad = funded_bankroll("5", user=bankroll.user, currency="EUR")
    ways = {"itself": bankroll, "elsewhere": abroad}
    target = ways.get(str(body.get("to")))
    told = {name: value for name, value in body.items() if name != "to"}
    told |= {"to_bankroll_id": str(target.pk)} if target is not None else {}
    response = send(bankroll.user, "operations/", bankroll_id=str(bankroll.pk), **told)
    assert (response.status_code, fields_of(response.json())) == (422, [field])


def test_a_fault_of_tags_filters_and_limits_is_named(bankroll: Bankroll) -> None:
    user = bankroll.user
    faults: list[tuple[str, dict[str, Any], str]] = [
        ("tag-edits/", {"bets": [], "add": ["a"]}, "bets"),
        ("limits/time-out/", {"until": "2001-01-01T00:00:00Z"}, "until"),
        ("filters/", {"name": "x", "query": "status=won"}, "name"),
    ]
    send(user, "filters/", name="x", query="status=lost")
    for path, body, field in faults:
        assert fields_of(send(user, path, **body).json()) == [field], path
