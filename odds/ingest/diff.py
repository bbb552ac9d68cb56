"""What changed between what was on offer and what a response quotes. Pure: no database, no Django."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID


class Line(NamedTuple):
    """A quote whose selection and bookmaker are known rows. ``single``: one point at a time (see markets)."""

    game_id: UUID
    selection_id: int
    bookmaker_id: int
    point: Decimal | None
    price: Decimal
    timestamp: dt.datetime
    single: bool


class Offer(NamedTuple):
    """A row of ``current_odds``."""

    id: int
    game_id: UUID
    selection_id: int
    bookmaker_id: int
    point: Decimal | None
    price: Decimal
    timestamp: dt.datetime


class Change(NamedTuple):
    before: Offer
    after: Line


@dataclass
class Changes:
    """``new`` lines had no offer, ``changed`` ones another price or, in single-line markets, another point."""

    new: list[Line] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    withdrawn: list[Offer] = field(default_factory=list)
    unchanged: int = 0


def compare(lines: Iterable[Line], offers: Iterable[Offer], is_gone: Callable[[Offer], bool]) -> Changes:
    """Sort lines and offers into changes.

    ``is_gone`` says whether an offer without a line has been withdrawn, or the response merely does not
    speak of it. In a single-line market a new point replaces the old one: that is one change, not a
    withdrawal and an arrival. A changed line is never dated before the change it follows.
    """
    held: dict[tuple[int, int], dict[Decimal | None, Offer]] = {}
    for offer in offers:
        held.setdefault((offer.selection_id, offer.bookmaker_id), {})[offer.point] = offer
    changes = Changes()
    for line in lines:
        same_pair = held.get((line.selection_id, line.bookmaker_id))
        if not same_pair:
            changes.new.append(line)
            continue
        before = same_pair.pop(line.point, None)
        if before is None and line.single and len(same_pair) == 1:
            _, before = same_pair.popitem()
        if before is None:
            changes.new.append(line)
        elif before.price == line.price and before.point == line.point:
            changes.unchanged += 1
        else:
            changes.changed.append(Change(before, _not_before(line, before.timestamp)))
    changes.withdrawn = [offer for rest in held.values() for offer in rest.values() if is_gone(offer)]
    return changes


def _not_before(line: Line, earliest: dt.datetime) -> Line:
    return line if line.timestamp >= earliest else line._replace(timestamp=earliest)
