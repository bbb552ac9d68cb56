"""Whose line of a box score a bet is on: odds feed and box score write names differently. Pure: no Django."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from functools import lru_cache

from bets.grading.terms import Undecidable

Box = Mapping[str, Sequence[Mapping[str, Decimal]]]
"""The statistics of a game's players by name, several where two share a name."""

SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "v"})
LETTERS = str.maketrans({"ø": "o", "đ": "d", "ł": "l", "ð": "d", "þ": "th", "ß": "ss", "æ": "ae", "œ": "oe"})


@lru_cache(maxsize=65536)
def words_of(name: str) -> tuple[str, ...]:
    """Return a name as words without accents, punctuation and generation: ``T.J. Doncić Jr.`` → (tj, doncic)."""
    plain = unicodedata.normalize("NFKD", name.lower().translate(LETTERS))
    kept = (c if c.isalnum() else " " if c in " -\u2010\u2011" else "" for c in plain)
    words = "".join(kept).split()
    while len(words) > 2 and words[-1] in SUFFIXES:
        words.pop()
    return tuple(words)


def line_in(box: Box, name: str) -> Mapping[str, Decimal]:
    """Return the statistics of the player a bet names, empty if nobody in the box score can be him.

    The name counts as written, else without accents, punctuation and generation. Raises Undecidable where two players
    have it, or where somebody has the family name only: he may be the same under another first name, so that to call
    the player absent would be a guess.
    """
    exact = box.get(name.lower(), ())
    wanted = words_of(name)
    found = exact or [line for other, lines in box.items() if words_of(other) == wanted for line in lines]
    if len(found) > 1:
        raise Undecidable(f"The box score has {len(found)} players named {name}.")
    if found:
        return found[0]
    family = wanted[-1:]
    akin = sorted(other.title() for other in box if family and words_of(other)[-1:] == family)
    if akin:
        raise Undecidable(
            f"player_not_in_box: the box score does not list {name} but {', '.join(akin)}, who may be the same."
        )
    return {}
