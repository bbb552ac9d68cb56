from __future__ import annotations

from decimal import Decimal

import pytest

from bets.grading.names import line_in, words_of
from bets.grading.terms import Undecidable

LINE = {"points": Decimal(30)}
OTHER = {"points": Decimal(7)}


@pytest.mark.parametrize(
    ("quoted", "listed"),
    [
        ("Luka Doncic", "Luka Dončić"),
        ("TJ McConnell", "T.J. McConnell"),
        ("P.J. Washington", "PJ Washington"),
        ("Darrell Henderson", "Darrell Henderson Jr."),
        ("Ronald Acuna Jr", "Ronald Acuña Jr."),
        ("Ernest Jones", "Ernest Jones IV"),
        ("Karl-Anthony Towns", "Karl Anthony Towns"),
        ("De'Aaron Fox", "De’Aaron Fox"),
        ("Joakim Nordstrom", "Joakim Nordstrøm"),
    ],
)
def test_accents_points_and_generations_do_not_part_a_player_from_his_line(quoted: str, listed: str) -> None:
    assert line_in({listed.lower(): [LINE], "somebody else": [OTHER]}, quoted) == LINE
    assert line_in({quoted.lower(): [LINE], "somebody else": [OTHER]}, listed) == LINE


def test_the_name_as_written_comes_before_one_like_it() -> None:
    box = {"darrell henderson": [LINE], "darrell henderson jr.": [OTHER]}
    assert line_in(box, "Darrell Henderson") == LINE
    assert line_in(box, "Darrell Henderson Jr.") == OTHER


def test_two_players_of_one_name_are_not_taken_for_one_another() -> None:
    with pytest.raises(Undecidable, match="2 players named Sebastian Aho"):
        line_in({"sebastian aho": [LINE, OTHER]}, "Sebastian Aho")
    with pytest.raises(Undecidable, match="2 players named José Ramirez"):
        line_in({"josé ramírez": [LINE], "jose ramirez": [OTHER]}, "José Ramirez")


def test_a_nickname_is_no_proof_of_absence() -> None:
    with pytest.raises(
        Undecidable, match="does not list Mitch Marner but Mitchell Marner, who may be the same"
    ):
        line_in({"mitchell marner": [LINE]}, "Mitch Marner")


def test_who_shares_no_name_is_not_in_the_box_score() -> None:
    assert line_in({"mitchell marner": [LINE]}, "Auston Matthews") == {}
    assert line_in({}, "") == {}


def test_a_generation_alone_is_a_name() -> None:
    assert words_of("Sr") == ("sr",)
    assert words_of("Robert Griffin III") == ("robert", "griffin")
