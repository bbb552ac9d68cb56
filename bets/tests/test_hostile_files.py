"""Files that mean harm, of every format: nothing but a clear refusal comes of them, and nothing is written."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tracemalloc
import zipfile
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.tests.factories import UserFactory
from bets.exceptions import Refused
from bets.exports import export_bets
from bets.imports.reading import read_file
from bets.imports.rows import MAX_BYTES, MAX_ROWS, BadFile
from bets.imports.tables import DANGEROUS
from bets.models import Bet, BetKind, BetStatus, ImportBatch
from bets.tests.test_imports import ANALYTIX, BETFAIR, PIKKIT, imported

FLAT = "date,stake,odds,result,bet\n2025-05-01 10:00,10,2.0,won,Ajax\n"
JSON_FILE = '{"bets": [{"placed_at": "2025-05-01T10:00:00+00:00", "stake": "10.00", "odds": "-110", "status": "pending", "legs": []}]}'
FORMATS = {
    "pikkit": PIKKIT,
    "bet-analytix": ANALYTIX,
    "betfair": BETFAIR,
    "generic": FLAT,
    "bettrack": JSON_FILE,
}


def zipped(text: str) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.csv", text + "0" * 10_000_000)
    return target.getvalue()


@pytest.mark.parametrize("format_", FORMATS)
@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (lambda text: text.encode() + b"\x00" * 9, "no text file"),
        (lambda text: text.encode() + bytes(range(128, 160)) * 40, "UTF-8|no text"),
        (lambda text: gzip.compress(text.encode()), "UTF-8|no text"),
        (zipped, "spreadsheet or an archive"),
        (lambda text: b"\xff\xfe" + text.encode() + b"x", "UTF-16|header|JSON"),
        (lambda text: text.encode() + b"x" * MAX_BYTES, "larger than 10 MB"),
        (lambda text: b"a" * 300_000 + b"," + text.encode(), "cannot be read|more than|header"),
        (lambda text: b"c," * 100_000 + text.encode(), "more than 200 columns|header"),
        (lambda text: b"[" * 200_000 + text.encode(), "JSON"),
        (lambda text: b"", "empty"),
        (lambda text: b"  \n \n", "empty"),
    ],
)
def test_what_cannot_be_a_file_of_bets_is_refused_with_the_reason(
    format_: str, harm: Any, reason: str
) -> None:
    with pytest.raises(BadFile, match=reason):
        read_file(harm(FORMATS[format_]))


@pytest.mark.parametrize("format_", ["pikkit", "bet-analytix", "betfair", "generic"])
def test_a_cell_without_end_and_rows_without_end_are_refused(format_: str) -> None:
    header, row = FORMATS[format_].splitlines()[:2]
    with pytest.raises(BadFile, match=r"cannot be read|characters"):
        read_file(f"{header}\n{row[:-5]}{'9' * 140_000}\n".encode())
    with pytest.raises(BadFile, match=f"more than {MAX_ROWS:,} rows"):
        read_file((header + "\n" + "1,2\n" * (MAX_ROWS + 1)).encode())


def test_a_wide_file_takes_memory_in_proportion_to_its_size() -> None:
    names = ",".join(f"c{n}" for n in range(195))
    text = f"date,stake,odds,result,bet,{names}\n" + f"2025-05-01,1,2.0,won,A{',x' * 195}\n" * 2_000
    tracemalloc.start()
    assert len(read_file(text.encode()).bets) == 2_000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12 * len(text)


@pytest.mark.django_db
@pytest.mark.parametrize("sign", [*DANGEROUS, " =", "'=", "''@"])
@pytest.mark.parametrize("format_", ["csv", "bet-analytix"])
def test_no_cell_of_an_export_is_a_formula_and_each_comes_back(sign: str, format_: str) -> None:
    user = UserFactory(time_zone="UTC")
    words = f"{sign}cmd|' /C calc'!A0"
    bet = {"placed_at": "2025-05-01T10:00:00+00:00", "stake": "10.00", "odds": "-110", "status": "pending",
           "note": words, "tags": [words.strip()], "bookmaker": words, "bankroll": words,
           "legs": [{"description": words, "league": words, "sport": words, "market": words, "event": words}]}  # fmt: skip
    imported(user, json.dumps({"bets": [bet]}))
    text = export_bets(user, format_)
    for row in csv.reader(io.StringIO(text), delimiter=";" if format_ == "bet-analytix" else ","):
        for cell in row:
            is_price = cell.lstrip("+-").replace(".", "").isdigit()
            assert is_price or not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n")), cell
    [back] = read_file(text.encode()).bets
    assert back.note.strip() == words.strip()
    assert imported(user, text).plan.counts["add"] == 0


CELLS = st.one_of(
    st.text(max_size=12),
    st.sampled_from(["", "won", "lost", "cashed out", "1", "0", "-1", "1e9", "NaN", "Infinity", "9" * 30, "EVEN", "1/0", "+100",
                     "2,5", "1.234,56", "2026-02-30", "03/04/2026", "0001-01-01", "9999-12-31", "2026-01-01T00:00:00+99:99",
                     "round robin by 2", "teaser by 0", "yes", "3/2", "€5", "\ud800", "\u202e=1"]),
)  # fmt: skip
NUMBERS: st.SearchStrategy[Any] = st.sampled_from(
    [
        "0",
        "1",
        "-1",
        "100",
        "-110",
        "99999999999",
        "1e400",
        "NaN",
        "0.001",
        "12.34",
        "x",
        5,
        1.5,
        None,
        True,
        [],
        {},
    ]
)
KEYS = {
    "placed_at": st.sampled_from(["2025-05-01T10:00:00+00:00", "2025-05-01", "x", "9999-01-01T00:00:00Z", 5]),
    "settled_at": st.sampled_from(["2025-05-01T12:00:00+00:00", "2020-05-01T10:00:00+00:00", None]),
    "stake": NUMBERS, "payout": NUMBERS, "odds": NUMBERS, "unit_stake": NUMBERS, "teaser_points": NUMBERS,
    "boost_pct": NUMBERS, "boost_cap": NUMBERS, "commission_pct": NUMBERS, "insured_up_to": NUMBERS,
    "cashed_stake": NUMBERS, "cashed_out": NUMBERS,
    "combinations": st.sampled_from([1, 3, 0, -1, 10**9, "2", None]), "sizes": st.sampled_from([[2], [], [10**9], [0], ["a"], 2]),
    "each_way_places": st.sampled_from([None, 3, 40_000, -1]), "each_way_fraction": st.sampled_from([None, "1/4", "1/0", "x", "-1/4"]),
    "status": st.sampled_from([*BetStatus.values, "maybe", 5]), "kind": st.sampled_from([*BetKind.values, "x"]),
    "is_bonus": st.booleans(), "is_lay": st.booleans(), "own_price": st.sampled_from([True, "yes"]),
    "currency": st.sampled_from(["USD", "JPY", "XXX", "", 5]), "bankroll": st.text(max_size=5), "bookmaker": CELLS,
    "note": CELLS, "tags": st.lists(st.one_of(CELLS, st.integers()), max_size=3),
    "legs": st.lists(st.one_of(st.integers(), st.fixed_dictionaries({}, optional={
        "description": CELLS, "odds": NUMBERS, "point": NUMBERS, "closing_odds": NUMBERS, "closing_point": NUMBERS,
        "status": st.sampled_from(["", "won", "x"]), "bet_type": st.sampled_from(["other", "x", ""]), "starts_at": CELLS,
        "is_live": st.sampled_from([True, "x"]), "league": CELLS,
    })), max_size=3),
}  # fmt: skip
BANKROLLS = st.lists(
    st.one_of(st.integers(), st.fixed_dictionaries({}, optional={
        "name": st.text(max_size=5), "currency": st.sampled_from(["USD", "JPY", "XXX"]), "kind": st.sampled_from(["real", "paper", "x"]),
        "movements": st.lists(st.fixed_dictionaries({}, optional={
            "at": KEYS["placed_at"], "kind": st.sampled_from(["deposit", "withdrawal", "transfer", "x"]), "amount": NUMBERS, "note": CELLS,
        }), max_size=2),
    })), max_size=2,
)  # fmt: skip
GOOD = {"placed_at": "2025-05-01T10:00:00+00:00", "stake": "10.00", "odds": "-110", "status": "pending"}


class NothingButRefusals(TestCase):
    def tried(self, text: str) -> None:
        """Importing adds bets or raises Refused; anything else is a fault of ours."""
        user = UserFactory(time_zone="UTC")
        try:
            done = imported(user, text)
        except UnicodeEncodeError:
            return  # no file has such characters
        except Refused:
            assert not Bet.objects.filter(user=user).exists()
            assert not ImportBatch.objects.filter(user=user).exists()
            return
        assert Bet.objects.filter(user=user).count() == done.plan.counts["add"]
        assert all(error.reason for error in done.plan.reading.errors)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(["pikkit", "bet-analytix", "betfair", "generic"]), st.data())
    def test_cells_of_any_content(self, format_: str, data: Any) -> None:
        lines = list(
            csv.reader(
                io.StringIO(FORMATS[format_].lstrip("\ufeff")),
                delimiter=";" if format_ == "bet-analytix" else ",",
            )
        )
        for row in lines[1:]:
            for place in data.draw(st.lists(st.integers(0, len(row) - 1), max_size=3)):
                row[place] = data.draw(CELLS)
        target = io.StringIO()
        csv.writer(target, delimiter=";" if format_ == "bet-analytix" else ",").writerows(lines)
        self.tried(target.getvalue())

    @settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.fixed_dictionaries({}, optional=KEYS), min_size=1, max_size=2), BANKROLLS)
    @example([{"sizes": [10**9], "kind": "round_robin"}], [])
    @example([{"teaser_points": "99999999999", "kind": "teaser"}], [])
    @example([{"each_way_places": 40_000, "each_way_fraction": "1/4", "combinations": 2}], [])
    @example([{"note": "\ud800"}], [])
    @example(
        [{"bankroll": "a", "currency": "JPY"}],
        [
            {
                "name": "a",
                "currency": "JPY",
                "movements": [{"at": "2025-05-01T10:00:00+00:00", "kind": "deposit", "amount": "12.34"}],
            }
        ],
    )
    def test_json_of_any_content(self, bets: list[dict[str, Any]], bankrolls: list[Any]) -> None:
        content = {"bets": [GOOD | bet for bet in bets], "bankrolls": bankrolls}
        self.tried(json.dumps(content))
