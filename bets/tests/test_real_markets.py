"""Asian lines, halves and player props of real games, graded against sums made another way."""

from __future__ import annotations

import csv
import gzip
import unicodedata
from collections import Counter
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

from bets.grading import LegGrade, LegTerms, Result, grade_leg
from odds.pricing import american_from_decimal

HALF = Decimal("0.5")
BOOKS = ("B365", "P", "Max", "Avg", "BFE")
HANDICAPS = [("AHh", book) for book in BOOKS] + [("AHCh", f"{book}C") for book in BOOKS]
TOTALS = [*BOOKS, *(f"{book}C" for book in BOOKS)]
LINES_OF_GOALS = [Decimal(line) for line in ("1.5", "2", "2.25", "2.5", "2.75", "3")]
NBA_COLUMNS = {
    "player_points": ("pts",),
    "player_rebounds": ("reb",),
    "player_assists": ("ast",),
    "player_threes": ("threes_made",),
    "player_steals": ("stl",),
    "player_blocks": ("blk",),
    "player_points_rebounds_assists": ("pts", "reb", "ast"),
}
NBA_BOX = {
    "points": "pts",
    "rebounds": "reb",
    "assists": "ast",
    "steals": "stl",
    "blocks": "blk",
    "three_point_field_goals_made": "threes_made",
}
NFL_MARKETS = {
    "passing_yards": ("player_pass_yds", "passing.passing_yards", "passing_yards"),
    "rushing_yards": ("player_rush_yds", "rushing.rushing_yards", "rushing_yards"),
    "receiving_yards": ("player_reception_yds", "receiving.receiving_yards", "receiving_yards"),
    "receptions": ("player_receptions", "receiving.receptions", "receptions"),
    "passing_tds": ("player_pass_tds", "passing.passing_touchdowns", "passing_tds"),
    "attempts": ("player_pass_attempts", "passing.passing_attempts", "attempts"),
    "completions": ("player_pass_completions", "passing.completions", "completions"),
    "rushing_attempts": ("player_rush_attempts", "rushing.rushing_attempts", "carries"),
}


def rows(path: Path) -> list[dict[str, str]]:
    if path.suffix == ".gz":
        with gzip.open(path, "rt", encoding="utf-8", newline="") as packed:
            return list(csv.DictReader(packed))
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def asian(ahead: int, line: Decimal, quote: Decimal) -> Fraction:
    """What a unit returns when it is staked half on each line around a quarter line, in whole halves of a goal."""
    lines = [line, line] if line % HALF == 0 else [line - HALF / 2, line + HALF / 2]
    total = Fraction(0)
    for one in lines:
        side = int(2 * ahead + 2 * one)
        total += Fraction(quote) / 2 if side > 0 else Fraction(side == 0, 2)
    return total


def test_lines_of_books_cover_every_column() -> None:
    assert len(HANDICAPS) == 10
    assert len(TOTALS) == 10


@pytest.mark.parametrize(
    ("division", "matches", "handicaps", "totals"),
    [("E0_2425", 380, 7600, 7582), ("E1_2425", 552, 10984, 11028)],
)
def test_every_asian_handicap_and_total_of_a_season(
    shared_data: Path, division: str, matches: int, handicaps: int, totals: int
) -> None:
    graded: Counter[str] = Counter()
    spreads = quoted_totals = 0
    seen = rows(shared_data / "results_odds" / "soccer" / f"footballdata_{division}.csv")
    for row in seen:
        home, away = int(row["FTHG"]), int(row["FTAG"])
        halves = (int(row["HTHG"]), home - int(row["HTHG"])), (int(row["HTAG"]), away - int(row["HTAG"]))
        game = Result("final", home, away, *halves)
        for line, book in HANDICAPS:
            for side, lead, sign in (("home", home - away, 1), ("away", away - home, -1)):
                quote = row[f"{book}AH{side[0].upper()}"]
                if not is_price(quote):
                    continue
                point = sign * Decimal(row[line])
                grade = graded_at("spreads", side, quote, point, game)
                assert grade.factor == asian(lead, point, Decimal(quote)), (row, book, side)
                graded[grade.status] += 1
                spreads += 1
        for side, ahead, sign_of in (("over", 1, ">"), ("under", -1, "<")):
            for book in TOTALS:
                quote = row[f"{book}{sign_of}2.5"]
                if not is_price(quote):
                    continue
                quoted_totals += 1
                for point in LINES_OF_GOALS if book == "B365" else (Decimal("2.5"),):
                    grade = graded_at("totals", side, quote, point, game)
                    assert grade.factor == asian(ahead * (home + away), -ahead * point, Decimal(quote)), row
                    graded[grade.status] += 1
    assert (len(seen), spreads, quoted_totals) == (matches, handicaps, totals)
    assert min(graded[status] for status in ("half_won", "half_lost", "push")) > 100
    assert graded["needs_review"] == graded["pending"] == graded["void"] == 0


def is_price(quote: str) -> bool:
    """Tell whether a cell holds a price; a few of the exchange's hold 0, which is a fault of the file."""
    return bool(quote) and Decimal(quote) > 1


def graded_at(market: str, side: str, quote: str, point: Decimal, game: Result) -> LegGrade:
    odds = american_from_decimal(Decimal(quote))
    return grade_leg(LegTerms(market, side, odds, point, sport="soccer_epl"), game)


def plain(name: str) -> str:
    """A name without accents, points and suffixes, so that two files agree on it."""
    text = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower().replace(".", "")
    return " ".join(word for word in text.split() if word not in ("jr", "sr", "ii", "iii", "iv"))


def test_nba_props_agree_with_the_league_s_own_statistics(shared_data: Path) -> None:
    props = shared_data / "props"
    logs = {
        (plain(row["player"]), row["date"]): row for row in rows(props / "nba_2025_26_player_game_logs.csv")
    }
    graded: Counter[str] = Counter()
    for row in rows(props / "nba_props_lines_dev_2025-10-21_11-08.csv.gz"):
        log = logs.get((plain(row["player"]), row["game_date_us"]))
        columns = NBA_COLUMNS.get(row["market"])
        if log is None or columns is None or not row["line"]:
            continue
        box = {name: Decimal(log[column]) for name, column in NBA_BOX.items()}
        game = Result("final", 1, 0, stats=box | {"minutes": Decimal(log["minutes"])})
        line, value = Decimal(row["line"]), sum(int(Decimal(log[column])) for column in columns)
        for side, ahead in (("over", value - line), ("under", line - value)):
            terms = LegTerms(row["market"], side, Decimal(-110), line, row["player"], sport="basketball_nba")
            grade = grade_leg(terms, game)
            played = Decimal(log["minutes"]) > 0
            expected = ("won" if ahead > 0 else "lost" if ahead < 0 else "push") if played else "void"
            assert grade.status == expected, (row, log)
            graded[grade.status] += 1
    assert graded == {"won": 73_712, "lost": 73_712}


def test_nfl_props_agree_with_the_play_by_play_statistics(shared_data: Path) -> None:
    props = shared_data / "props"
    stats = {
        (row["player_id"], row["week"]): row for row in rows(props / "nfl_2023_player_weekly_stats.csv.gz")
    }
    graded: Counter[str] = Counter()
    for row in rows(props / "nfl_2023_props_lines_dev_wk01_10.csv.gz"):
        names, own = NFL_MARKETS.get(row["bet_type"]), stats.get((row["player_id"], row["week"]))
        if names is None or own is None or row["side"] not in ("over", "under") or not row["value"]:
            continue
        market, key, column = names
        line, value = Decimal(row["value"]), Decimal(own[column] or 0)
        if line * 4 % 1:
            continue
        terms = LegTerms(market, row["side"], Decimal(-110), line, sport="americanfootball_nfl")
        grade = grade_leg(terms, Result("final", 1, 0, stats={key: value}))
        ahead = value - line if row["side"] == "over" else line - value
        assert grade.status == ("won" if ahead > 0 else "lost" if ahead < 0 else "push"), (row, own)
        graded[grade.status] += 1
    assert graded == {"won": 16_184, "lost": 16_184, "push": 12}
