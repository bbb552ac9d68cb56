"""Real games graded against columns that somebody else computed; no number here is ours."""

from __future__ import annotations

import csv
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from bets.grading import LegTerms, Result, grade_leg, grade_ticket
from odds.pricing import american_from_decimal

NFL = "americanfootball_nfl"
EVEN = Decimal(-110)


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def outcome(margin: Decimal) -> str:
    return "won" if margin > 0 else "lost" if margin < 0 else "push"


def price(text: str) -> Decimal:
    return Decimal(text) if text else EVEN


def cents(status: str, odds: Decimal) -> Decimal:
    """What 100 at American odds returns, by long division in decimals and not by our fractions."""
    if status in ("lost", "push"):
        return Decimal(0) if status == "lost" else Decimal(100)
    profit = odds if odds > 0 else Decimal(10_000) / -odds
    return (Decimal(100) + profit).quantize(Decimal("0.01"), rounding="ROUND_HALF_UP")


@pytest.mark.parametrize(
    ("season_file", "games"), [("games_1999_2016.csv", 4782), ("games_2017_2021.csv", 1355)]
)
def test_every_nfl_spread_total_and_moneyline_agrees_with_the_files_own_result_columns(
    shared_data: Path, season_file: str, games: int
) -> None:
    graded: Counter[str] = Counter()
    for row in rows(shared_data / "results_odds" / "nfl" / season_file):
        game = Result("final", int(row["home_score"]), int(row["away_score"]))
        margin, points = Decimal(row["result"]), Decimal(row["total"])
        spread, total = Decimal(row["spread_line"]), Decimal(row["total_line"])
        cases = [
            (
                LegTerms("spreads", "home", price(row["home_spread_odds"]), -spread, sport=NFL),
                margin - spread,
            ),
            (LegTerms("spreads", "away", price(row["away_spread_odds"]), spread, sport=NFL), spread - margin),
            (LegTerms("totals", "over", price(row["over_odds"]), total, sport=NFL), points - total),
            (LegTerms("totals", "under", price(row["under_odds"]), total, sport=NFL), total - points),
            (LegTerms("h2h", "home", price(row["home_moneyline"]), sport=NFL), margin),
            (LegTerms("h2h", "away", price(row["away_moneyline"]), sport=NFL), -margin),
        ]
        for terms, ahead in cases:
            ticket = grade_ticket(
                kind="straight", stake=Decimal(100), currency="USD", legs=[grade_leg(terms, game)]
            )
            expected = outcome(ahead)
            assert (ticket.status, ticket.payout) == (expected, cents(expected, terms.odds)), (row, terms)
            graded[expected] += 1
    assert graded.total() == 6 * games
    assert graded["won"] == graded["lost"] > 3000
    assert graded["push"] > 50


@pytest.mark.parametrize("division", ["E0_2425", "E1_2425"])
def test_every_english_match_result_agrees_with_the_files_own_letter(
    shared_data: Path, division: str
) -> None:
    letters = {"H": "home", "D": "draw", "A": "away"}
    graded: Counter[str] = Counter()
    for row in rows(shared_data / "results_odds" / "soccer" / f"footballdata_{division}.csv"):
        if not row["FTR"] or not row["B365H"]:
            continue
        game = Result("final", int(row["FTHG"]), int(row["FTAG"]))
        for letter, side in letters.items():
            odds = american_from_decimal(Decimal(row[f"B365{letter}"]))
            terms = LegTerms("h2h", side, odds, draw_offered=True, sport="soccer_epl")
            grade = grade_leg(terms, game)
            assert grade.status == ("won" if row["FTR"] == letter else "lost"), row
            if grade.status == "won":
                assert grade.factor is not None
                assert (
                    Decimal(row[f"B365{letter}"])
                    == Decimal(grade.factor.numerator) / grade.factor.denominator
                )
            graded[grade.status] += 1
    assert graded["won"] > 300
    assert graded["lost"] == 2 * graded["won"]
