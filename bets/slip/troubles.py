"""Legs that do not go together on the ticket asked for, in words with the way out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from bets.models import BetKind
from bets.placement.asked import LegAsked
from bets.placement.conflicts import between
from bets.slip.board import SlipLine
from bets.wording import game_name


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong. ``kind`` and ``label`` are the kind of ticket that would be right; a warning stops nothing."""

    text: str
    kind: str = ""
    label: str = ""
    is_warning: bool = False


def troubles_of(kind: str, lines: Sequence[SlipLine]) -> list[Trouble]:
    """Return what stands in the way of a ticket of these legs; of straight bets only what is worth a word."""
    if len(lines) < 2:
        return []
    found = [*contradictions(kind, lines)]
    if kind != BetKind.STRAIGHT:
        found += [*other_books(lines), *(same_games(kind, lines) if not found else [])]
    return found


def contradictions(kind: str, lines: Sequence[SlipLine]) -> list[Trouble]:
    """Name each pair of legs that cannot stand on one ticket."""
    asked = [
        LegAsked(selection=line.leg.selection, price=line.leg.price, point=line.leg.point) for line in lines
    ]
    found = []
    for (one, first), (other, second) in combinations(zip(lines, asked, strict=True), 2):
        why = between(first.line, second.line)
        if why and kind != BetKind.STRAIGHT:
            found.append(Trouble(f"{one.name} and {other.name} {why}. Remove one."))
        elif why == "cannot both win":
            found.append(
                Trouble(
                    f"{one.name} and {other.name} cannot both win: one of the stakes is lost.",
                    is_warning=True,
                )
            )
    return found


def same_games(kind: str, lines: Sequence[SlipLine]) -> list[Trouble]:
    """Name the game that two legs are on, where the kind of ticket does not allow it, or its lack where it needs one."""
    games = [line.game.pk for line in lines]
    shared = next((line for n, line in enumerate(lines) if line.game.pk in games[:n]), None)
    if kind == BetKind.SAME_GAME_PARLAY:
        if shared is None:
            return [
                Trouble(
                    "No two legs are on one game, so this is a plain parlay.",
                    BetKind.PARLAY,
                    "Make it a parlay",
                )
            ]
        return []
    if shared is None:
        return []
    why = (
        f"Two legs are on {game_name(shared.game)}. What happens to one bears on the other, so the product of "
        "their prices is not the ticket’s."
    )
    if len(set(games)) > 1:
        return [Trouble(f"{why} Remove one.")]
    return [
        Trouble(
            f"{why} Place a same-game parlay at the book’s price, or remove one.",
            BetKind.SAME_GAME_PARLAY,
            "Make it a same-game parlay",
        )
    ]


def other_books(lines: Sequence[SlipLine]) -> list[Trouble]:
    """Say that a ticket is at one book."""
    titles = list(dict.fromkeys(line.book for line in lines))
    if len(titles) < 2:
        return []
    return [
        Trouble(
            f"A ticket is placed at one book; these legs are at {' and '.join(titles)}. Choose one for all.",
            label="Choose one book first",
        )
    ]
