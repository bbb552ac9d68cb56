"""Badges of teams."""

from __future__ import annotations

import uuid
from xml.etree import ElementTree

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from games.monograms import PALETTE, color_of, contrast, ink_on, letters, monogram
from games.tests.factories import TeamFactory

colors = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")
names = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "Zs"]), min_size=1, max_size=120)


@given(colors)
def test_letters_are_readable_on_any_team_colour(color: str) -> None:
    assert contrast(ink_on(color), color) >= 4.2


@pytest.mark.parametrize("color", PALETTE)
def test_colours_of_our_own_choice_carry_white_letters(color: str) -> None:
    assert ink_on(color) == "#ffffff"
    assert contrast("#ffffff", color) >= 4.5


def test_contrast_of_black_and_white_is_twenty_one() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#552583", "#552583") == pytest.approx(1)


@pytest.mark.parametrize(
    ("name", "abbr", "expected"),
    [
        ("Los Angeles Lakers", "LAL", "LAL"),
        ("Golden State Warriors", "GS", "GS"),
        ("Utah Mammoth", "UTAH", "UTA"),
        ("Brighton and Hove Albion", "", "BHA"),
        ("Arsenal", "", "ARS"),
        ("Nott'm Forest", "", "NMF"),
        ("1. FC Union Berlin", "", "1FU"),
        ("Al Ahly", "A", "AA"),
        ("!?", "", "?"),
    ],
)
def test_badge_shows_abbreviation_or_initials(name: str, abbr: str, expected: str) -> None:
    assert letters(name, abbr) == expected


@given(names, st.text(max_size=8), st.one_of(st.just(""), colors))
def test_badge_is_well_formed_whatever_the_name(name: str, abbr: str, color: str) -> None:
    root = ElementTree.fromstring(monogram(name, abbr=abbr, color=color))  # noqa: S314 - our own text
    assert root.findtext("{*}title") is not None
    assert 1 <= len(root.findtext("{*}text") or "") <= 6


def test_same_name_always_gets_the_same_colour() -> None:
    assert color_of("Arizona Coyotes") == color_of("ARIZONA COYOTES")
    assert len({color_of(f"Team {n}") for n in range(200)}) == len(PALETTE)


@pytest.mark.django_db
class TestBadgeView:
    def test_stranger_gets_the_badge_and_may_keep_it(self, client: Client) -> None:
        team = TeamFactory(name="Bad & <Worse>", abbr="", color="#fdba31")
        response = client.get(f"/teams/{team.id}/monogram.svg")
        assert response.headers["Content-Type"].startswith("image/svg+xml")
        assert "max-age=604800" in response.headers["Cache-Control"]
        assert "Bad &amp; &lt;Worse&gt;" in response.text
        assert 'fill="#fdba31"' in response.text

    def test_badge_that_did_not_change_is_not_sent_again(self, client: Client) -> None:
        team = TeamFactory()
        url = f"/teams/{team.id}/monogram.svg"
        etag = client.get(url).headers["ETag"]
        assert client.get(url, headers={"If-None-Match": etag}).status_code == 304
        team.color = "#007a33"
        team.save()
        assert client.get(url, headers={"If-None-Match": etag}).status_code == 200

    def test_unknown_team_has_no_badge(self, client: Client) -> None:
        assert client.get(f"/teams/{uuid.uuid4()}/monogram.svg").status_code == 404

    def test_badge_is_not_to_be_posted_to(self, client: Client) -> None:
        assert client.post(f"/teams/{TeamFactory().id}/monogram.svg").status_code == 405
