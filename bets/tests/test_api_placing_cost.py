"""What placing a bet by the API takes, and that its answer, which is not read back, is what was written."""

from __future__ import annotations

from typing import Any, Final

import pytest
from django.db import connection
from django.test import Client

from accounts.tests.factories import ApiKeyFactory, text_of
from bets.models import Bankroll
from bets.tests.factories import funded_bankroll, offered
from bets.tests.test_api_placing import asked, coming, post, program
from odds import versions
from odds.models import CurrentOdds

pytestmark = pytest.mark.django_db
STATEMENTS: Final = 8
"""Round trips, however many legs: the key, the claim, what the ticket names, the locks and what is so then, all that is
written, and the answer that is kept; two around the test's own transaction."""


@pytest.fixture
def bankroll() -> Bankroll:
    return funded_bankroll("1000")


@pytest.fixture
def line() -> CurrentOdds:
    return offered(coming(), point="-3.5")


def test_placing_takes_a_fixed_number_of_statements(
    bankroll: Bankroll, line: CurrentOdds, django_assert_num_queries: Any
) -> None:
    client = program(bankroll)
    post(client, asked(bankroll, line), "k-0")
    with django_assert_num_queries(STATEMENTS):
        assert post(client, asked(bankroll, line), "k-1").status_code == 201
    legs = [offered(coming(), "h2h", price="100") for _ in range(4)]
    with django_assert_num_queries(STATEMENTS):
        assert post(client, asked(bankroll, *legs, kind="parlay"), "k-2").status_code == 201


def test_the_answer_is_what_the_bet_reads_as_afterwards(bankroll: Bankroll, line: CurrentOdds) -> None:
    legs = [line, *(offered(coming(), "h2h", price="-104.5") for _ in range(2))]
    key = ApiKeyFactory(user=bankroll.user, scopes=["bets:write", "bets:read"])
    client = Client(headers={"Authorization": f"Bearer {text_of(key)}"})
    several = asked(
        bankroll, *legs, kind="round_robin", sizes=[2], note="late", tags=["b", "a"], boost_pct="10"
    )
    several["legs"][1]["odds"] = several["legs"][2]["odds"] = "-104.5"
    for body in (asked(bankroll, line), several):
        placed = post(client, body, f"k-{len(body)}")
        assert placed.status_code == 201, placed.content
        assert client.get(placed.headers["Location"]).json() == placed.json()


def test_the_wait_for_a_key_is_over_once_it_is_claimed(bankroll: Bankroll, line: CurrentOdds) -> None:
    """Locks of the bet itself wait as long as they must: the limit was for the claim alone."""
    assert post(program(bankroll), asked(bankroll, line), "k-1").status_code == 201
    with connection.cursor() as cursor:
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("0",)


def test_nothing_of_one_body_is_left_for_the_next(bankroll: Bankroll, line: CurrentOdds) -> None:
    client = program(bankroll)
    first = post(client, asked(bankroll, line, note="first", tags=["one"], boost_pct="10"), "k-1")
    assert (first.json()["note"], first.json()["boost_pct"]) == ("first", "10")
    wrong = post(client, asked(bankroll, line, stake="much"), "k-2")
    assert [fault["field"] for fault in wrong.json()["errors"]] == ["stake"]
    second = post(client, asked(bankroll, line), "k-3")
    assert second.status_code == 201
    assert (second.json()["note"], second.json()["tags"], second.json()["boost_pct"]) == ("", [], "0")


@pytest.mark.django_db(transaction=True)
def test_what_a_note_says_outdates_no_board(bankroll: Bankroll, line: CurrentOdds) -> None:
    """The statements are looked at without their values, and a bet that counts itself is no news of the archive."""
    client = program(bankroll)
    before = versions.current([versions.ARCHIVE, versions.PEOPLE])
    note = "'; UPDATE games SET status = 'final'; INSERT INTO current_odds --"
    placed = post(client, asked(bankroll, line, note=note), "k-note")
    assert placed.json()["note"] == note
    after = versions.current([versions.ARCHIVE, versions.PEOPLE])
    assert before is not None
    assert after is not None
    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False]
