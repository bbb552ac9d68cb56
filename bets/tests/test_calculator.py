"""The calculator's contract: JSON lines in, answers or errors that name the field out."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bets.calculator import answer_line
from bets.management.commands.grade import answer_bytes, lines_of

NFL_RESULT = {"status": "final", "home": 24, "away": 20, "home_periods": [7, 3, 7, 7],
              "away_periods": [10, 3, 7, 0], "draw_offered": False, "dead_heat": [1, 1], "winner": True}  # fmt: skip


def leg(**more: Any) -> dict[str, Any]:
    return {"market": "spreads", "side": "home", "participant": "", "point": "-3.5", "odds": "-110",
            "odds_format": "american", "result": NFL_RESULT} | more  # fmt: skip


def case(*legs: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"id": 7, "kind": "straight", "stake": "100", "sport": "americanfootball_nfl",
            "legs": list(legs or [leg()])} | more  # fmt: skip


def answer(data: object) -> dict[str, Any]:
    return answer_line(json.dumps(data))


def test_the_contracts_own_example() -> None:
    full = case(size=2, teaser_points="6", bonus=False, boost_pct="0", bookmaker=None)
    assert answer(full) == {
        "id": 7,
        "status": "won",
        "payout": "190.91",
        "profit": "90.91",
        "legs": [
            {
                "status": "won",
                "factor": "21/11",
                "reason": "Home 24–20 Away, final; −3.5 covers by 0.5",
            }
        ],
    }


def test_a_rule_4_deduction_is_taken_off_the_winnings() -> None:
    withdrawn = {"status": "final", "winner": True, "deduction_pct": "10"}
    future = {
        "market": "outrights",
        "side": "win",
        "participant": "A Horse",
        "odds": "300",
        "result": withdrawn,
    }
    assert answer(case(future))["payout"] == "370.00"
    too_much = future | {"result": withdrawn | {"deduction_pct": 101}}
    assert "legs[0].result.deduction_pct: 101 is not from 0 to 100" in answer(case(too_much))["error"]


@pytest.mark.parametrize(
    ("odds", "style", "payout"),
    [
        ("1.91", "decimal", "191.00"),
        (1.91, "decimal", "191.00"),
        ("1.909091", "decimal", "190.91"),
        ("1.234567", "decimal", "123.46"),
        ("10/11", "fractional", "190.91"),
        ("+150", "american", "250.00"),
        (-110, "american", "190.91"),
        ("\N{MINUS SIGN}110", None, "190.91"),
    ],
)
def test_odds_in_every_format(odds: object, style: str | None, payout: str) -> None:
    assert answer(case(leg(odds=odds, odds_format=style)))["payout"] == payout


@pytest.mark.parametrize(
    ("more", "status", "payout", "profit"),
    [
        ({"kind": "parlay"}, "won", "364.46", "264.46"),
        ({"kind": "round_robin", "size": 1}, "won", "381.82", "181.82"),
        ({"kind": "teaser", "teaser_points": "6"}, "won", "183.33", "83.33"),
        ({"kind": "teaser", "teaser_points": "6", "odds": "-110"}, "won", "190.91", "90.91"),
        ({"kind": "parlay", "bonus": True}, "won", "264.46", "264.46"),
        ({"kind": "parlay", "boost_pct": "50"}, "won", "496.69", "396.69"),
        ({"kind": "parlay", "boost_pct": "50", "boost_cap": "10"}, "won", "374.46", "274.46"),
        ({"kind": "same_game_parlay", "odds": "+300"}, "won", "400.00", "300.00"),
    ],
)
def test_tickets_of_two_winning_legs(more: dict[str, Any], status: str, payout: str, profit: str) -> None:
    two = answer(case(leg(), leg(market="h2h", point=None) if "teaser" not in str(more) else leg(), **more))
    assert (two["status"], two["payout"], two["profit"]) == (status, payout, profit)


def test_a_lay_bets_stake_is_the_backers() -> None:
    lay = leg(market="h2h_lay", point=None, odds="2.8", odds_format="decimal", side="away")
    found = answer(case(lay, stake="107.91", commission_pct="2"))
    assert (found["status"], found["profit"]) == ("won", "105.75")
    assert "laid at +180, Away loses by 4" in found["legs"][0]["reason"]


def test_an_each_way_bets_stake_is_both_parts_together() -> None:
    way = {"fraction": "1/4", "places": 5}
    golfer = leg(market="outrights", side="win", participant="A Golfer", point=None, odds="17",
                 odds_format="decimal", each_way=way,
                 result={"status": "final", "position": 5, "tied_with": 1})  # fmt: skip
    assert answer(case(golfer, stake="20"))["payout"] == "25.00"


def test_an_outright_is_not_told_as_a_game_of_two_sides() -> None:
    result = {"status": "final", "winner": True, "dead_heat": [1, 2], "home_name": "The Masters"}
    won = leg(market="outrights", side="win", participant="Rahm", point=None, odds="400", result=result)
    found = answer(case(won, sport="golf_masters_tournament_winner"))
    assert found["legs"][0]["reason"] == "The Masters, final; Rahm: dead heat of 2 for 1 place"


def test_what_is_not_decided_has_no_payout_and_says_why() -> None:
    for result, status, words in (
        ({"status": "postponed", "home": 0, "away": 0}, "pending", "postponed"),
        ({"status": "final"}, "needs_review", "missing"),
    ):
        found = answer(case(leg(result=result)))
        assert (found["status"], found["payout"], found["profit"]) == (status, None, None)
        assert words in found["reason"]
        assert found["legs"][0]["factor"] is None


def test_a_books_own_rule_can_be_given() -> None:
    drawn = {"status": "final", "home": 1, "away": 1, "draw_offered": True}
    h2h = leg(market="h2h", point=None, result=drawn, sport="soccer_epl")
    assert answer(case(h2h))["status"] == "lost"
    assert answer(case(h2h, rule={"draw": "refund"}))["status"] == "push"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], "the ticket: must be an object"),
        (case(kind="pool"), "kind: 'pool' is none of straight"),
        (case(stake="0"), "stake: The stake must be above zero"),
        (case(stake="-5"), "stake: '-5' is not from 0"),
        (case(stake="1.005"), "stake"),
        (case(stake="1e999999"), "stake"),
        (case(stake="1e-999999"), "stake"),
        (case(stake="NaN"), "stake"),
        (case(stake=True), "stake: must be a number"),
        (case(stake=None), "stake: is missing"),
        (case(currency="dollars"), "currency"),
        (case(stakes="1"), "no field 'stakes'"),
        (case(legs=[]), "legs: a ticket has at least one"),
        (case(legs="x"), "legs: must be a list"),
        (case(*[leg()] * 31), "legs: has 31 entries"),
        (case(leg(odds="-50")), "legs[0].odds: '-50' is between"),
        (case(leg(odds="1", odds_format="decimal")), "legs[0].odds"),
        (case(leg(odds="1/0", odds_format="fractional")), "legs[0].odds"),
        (case(leg(odds_format="hongkong")), "legs[0].odds_format"),
        (case(leg(point="3.1")), "legs[0].point: 3.1 is no multiple of 0.25"),
        (case(leg(point="three")), "legs[0].point: 'three' is not a number"),
        (case(leg(market="")), "legs[0].market: is empty"),
        (case(leg(market=5)), "legs[0].market: must be a text"),
        (case(leg(result=None)), "legs[0].result: is missing"),
        (case(leg(result={"status": "over"})), "legs[0].result.status"),
        (case(leg(result={"status": "final", "home": 1})), "legs[0].result: give both"),
        (case(leg(result={"status": "final", "home": -1, "away": 2})), "legs[0].result.home"),
        (case(leg(result={"status": "final", "home": 1.5, "away": 2})), "legs[0].result.home"),
        (case(leg(result={"status": "final", "home_periods": [1, "x"]})), "home_periods[1]"),
        (case(leg(result={"status": "final", "home_periods": [1, 2]})), "both home_periods and away_periods"),
        (case(bookmaker="draft\0kings"), "bookmaker: 'draft\\x00kings' holds characters that are no text"),
        (case(leg(participant="\ud800")), "legs[0].participant: '\\ud800' holds characters"),
        (case(leg(result={"status": "final", "dead_heat": [2, 1]})), "dead_heat"),
        (case(leg(result={"status": "final", "stats": [1]})), "stats"),
        (case(leg(result={"status": "final", "stats": {"a": "b"}})), "stats.'a'"),
        (case(leg(), leg()), "A straight bet has one leg; this one has 2"),
        (case(kind="parlay"), "A parlay has 2 to 30 legs"),
        (case(leg(), leg(), kind="teaser"), "teaser_points: a teaser needs them"),
        (case(leg(), leg(market="h2h"), kind="teaser", teaser_points="6"), "cannot be teased"),
        (case(leg(), leg(), kind="teaser", teaser_points="9"), "no payout table"),
        (case(leg(), leg(), kind="round_robin"), "needs the size"),
        (case(leg(), leg(), kind="round_robin", size=3), "cannot be made of 2 legs"),
        (case(leg(), leg(), kind="trixie"), "A trixie has 3 legs"),
        (case(rule={"draw": "win"}), "rule: draw cannot be 'win'"),
        (case(rule={"drawn": "lose"}), "no field 'drawn'"),
    ],
)
def test_a_bad_case_is_answered_with_the_field_that_is_wrong(data: object, words: str) -> None:
    found = answer(data)
    assert set(found) == {"id", "error"}
    assert words in found["error"]
    assert found["id"] == (7 if isinstance(data, dict) else None)


@pytest.mark.parametrize(
    "line", ["{", "nonsense", "NaN", "[" * 100_000, '{"id": 1, "stake": Infinity}', "9" * 5000]
)
def test_a_line_that_is_no_json_is_answered_too(line: str) -> None:
    assert "error" in answer_line(line)


def test_a_field_given_twice_is_refused_rather_than_guessed() -> None:
    line = json.dumps(case()).replace('"stake": "100"', '"stake": "100", "stake": "900"')
    assert answer_line(line)["error"] == "'stake': is given twice in one object."


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
FIELDS = ["kind", "stake", "size", "sizes", "teaser_points", "bonus", "boost_pct", "bookmaker", "sport", "odds",
          "legs", "rule", "currency", "commission_pct"]  # fmt: skip
LEG_FIELDS = ["market", "side", "participant", "point", "odds", "odds_format", "each_way", "result", "sport"]
RESULT_FIELDS = [*NFL_RESULT, "stats", "position", "tied_with", "minutes", "retired", "ran"]


@given(
    st.sampled_from(FIELDS),
    st.sampled_from(LEG_FIELDS),
    st.sampled_from(RESULT_FIELDS),
    JSON,
    st.integers(0, 2),
)
def test_no_value_in_any_field_is_answered_with_an_exception(
    field: str, leg_field: str, result_field: str, value: Any, level: int
) -> None:
    data = case(leg(result=NFL_RESULT | ({result_field: value} if level == 0 else {})))
    if level == 1:
        data["legs"][0][leg_field] = value
    elif level == 2:
        data[field] = value
    found = answer(data)
    assert found["id"] == 7
    assert ("error" in found) != ("status" in found)
    if found.get("payout") is not None:
        assert Decimal(found["payout"]) >= 0


def test_the_command_answers_line_by_line_without_a_database() -> None:
    lines = [json.dumps(case()), "", "oops", json.dumps(case(id="x\ud800"))]
    root = Path(__file__).resolve().parents[2]
    run = subprocess.run(
        [sys.executable, str(root / "manage.py"), "grade"],
        input="\n".join(lines).encode() + b"\n\xff\xfe\n",
        capture_output=True,
        cwd=root,
        env=environment(),
        timeout=120,
        check=False,
    )
    assert run.stderr == b""
    answers = [json.loads(line) for line in run.stdout.splitlines()]
    assert [one.get("payout") for one in answers] == ["190.91", None, "190.91", None]
    assert answers[3]["error"] == "The line is not UTF-8."
    assert run.returncode == 1


def test_the_command_ends_well_when_every_line_did() -> None:
    root = Path(__file__).resolve().parents[2]
    run = subprocess.run(
        [sys.executable, str(root / "manage.py"), "grade"],
        input=json.dumps(case()).encode(),
        capture_output=True,
        cwd=root,
        env=environment(),
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def test_the_command_keeps_on_after_a_line_that_is_too_long() -> None:
    lines = [b'"' + b"x" * 2_500_000 + b'"', json.dumps(case()).encode()]
    stream = io.BytesIO(b"\n".join(lines))
    answers = [answer_bytes(raw, lambda key: None) for raw in lines_of(stream)]
    assert [one.get("payout", one.get("error")) for one in answers] == [
        "The line is longer than 1000000 bytes.",
        "190.91",
    ]


def test_the_command_ends_quietly_when_nobody_reads_its_answers_on() -> None:
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, str(root / "manage.py"), "grade"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, cwd=root, env=environment()) as run:
        assert run.stdin and run.stdout and run.stderr  # noqa: PT018 - tells the types
        run.stdout.close()
        with contextlib.suppress(BrokenPipeError):
            run.stdin.write(b"\n".join([json.dumps(case()).encode()] * 50))
            run.stdin.close()
        assert run.stderr.read() == b""
    assert run.returncode == 1


def environment() -> dict[str, str]:
    """An environment in which nothing but Python answers: the database named does not exist."""
    return os.environ | {
        "BETTRACK_NO_BOOTSTRAP": "1",
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing",
        "SECRET_KEY": "only-for-this-test",
    }
