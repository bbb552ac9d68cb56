from __future__ import annotations

import json
from decimal import Decimal

import pytest

from bets.evidence import Reading, add_ticket, explain_leg, signed
from bets.grading import LegTerms, Result, grade_leg, grade_ticket
from odds.pricing import american_from_decimal

READ_AT = "2026-11-18T03:41:00+00:00"


def explained(terms: LegTerms, result: Result, *readings: Reading) -> tuple[str, list[tuple[str, str]]]:
    grade = grade_leg(terms, result)
    ticket = grade_ticket(kind="straight", stake=Decimal(100), currency="USD", legs=[grade])
    evidence = explain_leg(terms, result, grade, readings)
    add_ticket(evidence, terms, ticket, stake=Decimal(100), currency="USD", note="Ledger line 4.")
    assert json.loads(json.dumps(evidence)) == evidence
    steps = [(" ".join(next(iter(p.values())) for p in s["parts"]), s["note"]) for s in evidence["steps"]]
    return evidence["summary"], steps


def reading(source: str, label: str, home: int, away: int, status: str = "final") -> Reading:
    return Reading(1, source, label, "7", status, "STATUS_FINAL", home, away, READ_AT)


def match(home: int, away: int, **more: object) -> Result:
    values: dict[str, object] = {"home_name": "Arsenal", "away_name": "Spurs"}
    return Result("final", home, away, **(values | more))  # type: ignore[arg-type]


def test_a_draw_that_had_a_price_is_told_from_one_that_had_none() -> None:
    for draw_offered, words, summary in (
        (True, "a draw, which had a price of its own, so the leg loses", "Arsenal loses"),
        (False, "a draw, which had no price, so the stake is returned", "Arsenal draws and is refunded"),
    ):
        terms = LegTerms("h2h", "home", Decimal(120), draw_offered=draw_offered)
        line, steps = explained(terms, match(1, 1))
        assert steps[1][0] == f"1 − 1 = 0 {words}"
        assert line.startswith(f"Arsenal 1–1 Spurs, final; {summary}; 100.00 at +120 pays")


def test_a_draw_backed_and_missed_says_so() -> None:
    _, steps = explained(LegTerms("h2h", "draw", Decimal(240), draw_offered=True), match(2, 1))
    assert steps[1][0].endswith("no draw, so the leg loses")


def test_the_score_that_counts_is_named_when_it_is_not_the_final_one() -> None:
    terms = LegTerms("h2h", "draw", Decimal(240), draw_offered=True, sport="soccer_epl")
    line, steps = explained(terms, match(3, 2, home_periods=(1, 1, 1), away_periods=(1, 1, 0)))
    assert "the draw wins in regulation" in line
    assert steps[1][1] == (
        "Score that counts: 2–2. Rule: 90 minutes and injury time; extra time and penalties do not count."
    )


def test_the_backed_team_comes_first() -> None:
    line, steps = explained(LegTerms("spreads", "away", Decimal(-110), Decimal("3.5")), match(2, 1))
    assert line == "Spurs 1–2 Arsenal, final; +3.5 covers by 2.5; 100.00 at −110 pays 190.91"
    assert steps[1][0] == "1 − 2 + 3.5 = +2.5 above zero, so the leg wins"


def test_totals_are_added_and_compared() -> None:
    for side, sum_ in (("over", "2 + 1 − 2.5 = +0.5"), ("under", "2.5 − (2 + 1) = −0.5")):
        _, steps = explained(LegTerms("totals", side, Decimal(-110), Decimal("2.5")), match(2, 1))
        assert steps[1][0].startswith(sum_)


@pytest.mark.parametrize(
    ("odds", "arithmetic"),
    [
        (Decimal(-110), "$100.00 × (1 + 100 ÷ 110) = $190.91"),
        (Decimal(150), "$100.00 × (1 + 150 ÷ 100) = $250.00"),
        (american_from_decimal(Decimal("1.91")), "$100.00 × 1.91 = $191.00"),
    ],
)
def test_the_money_is_worked_out_in_the_open(odds: Decimal, arithmetic: str) -> None:
    _, steps = explained(LegTerms("h2h", "home", odds), match(1, 0))
    assert steps[2] == (arithmetic, "Rounded once, half up, to $0.01. Ledger line 4.")


@pytest.mark.parametrize(
    ("point", "arithmetic"),
    [
        ("0.25", "$100.00 × (½ + ½ × (1 + 100 ÷ 110)) = $145.45"),
        ("-0.25", "$100.00 × ½ = $50.00"),
        ("0", "$100.00 × 1 = $100.00"),
        ("-1", "$100.00 × 0 = $0.00"),
    ],
)
def test_each_factor_is_written_as_it_was_made(point: str, arithmetic: str) -> None:
    _, steps = explained(LegTerms("spreads", "home", Decimal(-110), Decimal(point)), match(1, 1))
    assert steps[2][0] == arithmetic


def test_sources_that_agree_and_differ_are_named() -> None:
    terms = LegTerms("h2h", "home", Decimal(-110))
    result = match(1, 0)
    readings = (
        reading("espn", "ESPN", 1, 0),
        reading("the_odds_api", "The Odds API", 1, 0),
        reading("staff", "Staff", 2, 0),
    )
    step = explain_leg(terms, result, grade_leg(terms, result), readings)["steps"][0]
    assert step["note"] == "ESPN event 7, status STATUS_FINAL"
    assert step["read_at"] == READ_AT
    assert step["note_after"] == "The Odds API agrees; Staff says 2–0"


def test_a_score_without_source_says_so() -> None:
    _, steps = explained(LegTerms("h2h", "home", Decimal(-110)), match(1, 0))
    assert steps[0][1] == "Entered with the game; no source recorded."


def test_a_review_says_why_and_promises_no_money() -> None:
    line, steps = explained(LegTerms("player_points", "over", Decimal(-110), Decimal(3)), match(1, 0))
    assert line == "Arsenal 1–0 Spurs, final; The market player_points needs a box score, and none is known"
    assert len(steps) == 2


@pytest.mark.parametrize(
    ("number", "written"),
    [("-3.50", "−3.5"), ("4.5", "+4.5"), ("0", "0"), ("-0.25", "−0.25"), ("100", "+100")],
)
def test_numbers_are_written_with_a_true_minus_and_no_idle_zeros(number: str, written: str) -> None:
    assert signed(Decimal(number)) == written
