"""Texts of slips as books show them, cut into bets. Pure: no database.

Known is what Pinnacle's bet history copies as: for each bet the event, the selection, the price, ``Bet no.`` and its
number, the state, then labels each followed by its value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

LABELS: Final = ("accepted:", "stake:", "win:", "payout:", "settled:", "to win:", "placed:")
NUMBER_LINE: Final = "bet no."
STATES: Final = (
    "settled",
    "open",
    "pending",
    "running",
    "accepted",
    "won",
    "lost",
    "cancelled",
    "void",
    "push",
)
MOST: Final = 50


@dataclass(frozen=True, slots=True)
class PastedBet:
    """One bet of a pasted slip, in the book's words; ``missing`` names what a bet should have and this one has not."""

    event: str
    selection: str
    price: str
    number: str
    state: str = ""
    values: dict[str, str] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    source: str = ""

    @property
    def stake(self) -> str:
        return self.values.get("stake:", "")

    @property
    def placed(self) -> str:
        return self.values.get("accepted:", "") or self.values.get("placed:", "")

    @property
    def settled(self) -> str:
        return self.values.get("settled:", "")

    @property
    def payout(self) -> str:
        return self.values.get("payout:", "")


def lines_in(text: str) -> list[str]:
    """Return the lines of a text that say something."""
    return [line.strip() for line in text.replace("\r", "\n").split("\n") if line.strip()]


def is_pinnacle(text: str) -> bool:
    """Tell whether a text is of Pinnacle's bet history."""
    return any(line.lower() == NUMBER_LINE for line in lines_in(text))


def read_pinnacle(text: str) -> list[PastedBet]:
    """Cut a text of Pinnacle's bet history into bets, 50 at most."""
    lines = lines_in(text)
    anchors = [n for n, line in enumerate(lines) if line.lower() == NUMBER_LINE and n >= 3]
    starts = [head(lines, anchor) for anchor in anchors]
    ends = [*starts[1:], len(lines)]
    return [
        read_one(lines[start:end], anchor - start)
        for start, anchor, end in zip(starts, anchors, ends, strict=True)
    ][:MOST]


def head(lines: Sequence[str], anchor: int) -> int:
    """Return where the bet begins whose number line is at ``anchor``: at its settled time, if it has one."""
    start = anchor - 3
    if start >= 2 and lines[start - 2].lower() == "settled:":
        return start - 2
    return start


def read_one(lines: Sequence[str], anchor: int) -> PastedBet:
    """Read the lines of one bet; ``anchor`` is that of its number line."""
    event, selection, price = lines[anchor - 3 : anchor]
    values: dict[str, str] = {}
    if anchor > 3:
        values["settled:"] = lines[anchor - 4]
    number, state, unread = "", "", []
    rest = list(lines[anchor + 1 :])
    while rest:
        line = rest.pop(0)
        if line.lower() in LABELS and rest:
            values[line.lower()] = rest.pop(0)
        elif line.startswith("#") and not number:
            number = line.removeprefix("#")
        elif not state and line.lower().split()[0].strip(",;:") in STATES:
            state = line
        else:
            unread.append(line)
    return PastedBet(event, selection, price, number, state, values, tuple(unread), "\n".join(lines))
