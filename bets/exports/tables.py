"""Bets as CSV, a row for each."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from django.db.models import QuerySet

from bets.exports.reading import Progress, book_of, exported, legs_of, money, signed, text
from bets.imports.tables import armed
from bets.models import OPEN_STATUSES, Bet

FLAT: Final = [
    "id",
    "date",
    "settled",
    "result",
    "type",
    "bookmaker",
    "stake",
    "payout",
    "profit",
    "odds",
    "currency",
    "bankroll",
    "money",
    "bonus",
    "live",
    "sport",
    "league",
    "market",
    "event",
    "selection",
    "leg_odds",
    "closing",
    "tags",
    "note",
    "cashed_stake",
    "cashed_paid",
]


def written(
    header: Sequence[str], rows: Iterator[Mapping[str, str]], *, delimiter: str, quoting: Any
) -> Iterator[str]:
    """Write rows as CSV, line by line; cells that a spreadsheet would take for formulas are disarmed."""
    target = io.StringIO()
    writer = csv.writer(target, delimiter=delimiter, quoting=quoting, lineterminator="\r\n")
    writer.writerow(header)
    for row in rows:
        yield target.getvalue()
        target.seek(0)
        target.truncate()
        writer.writerow([safe(row.get(name, "")) for name in header])
    yield target.getvalue()


def safe(cell: str) -> str:
    """Return a cell as it is if it is a number, else so that no spreadsheet takes it for a formula."""
    try:
        is_number = Decimal(cell).is_finite()
    except ArithmeticError:
        is_number = False
    return cell if is_number else armed(cell)


def as_csv(bets: QuerySet[Bet], progress: Progress | None = None) -> Iterator[str]:
    """One row a bet, American odds; legs and their sports, leagues, markets, events are joined by " | "."""
    rows = (flat_row(bet) for bet in exported(bets, progress))
    return written(FLAT, rows, delimiter=",", quoting=csv.QUOTE_MINIMAL)


def flat_row(bet: Bet) -> dict[str, str]:
    legs = legs_of(bet)

    def joined(name: str) -> str:
        return " | ".join(str(getattr(leg, name)).replace(" | ", " / ") for leg in legs)

    def prices(name: str) -> str:
        """The legs' prices; those of lays and each-way bets are not what the ticket's price is made of."""
        found = [getattr(leg, name) for leg in legs]
        plain = not bet.is_lay and bet.each_way_places is None
        return " | ".join(map(signed, found)) if plain and found and None not in found else ""

    gain = None if bet.payout is None else bet.payout if bet.is_bonus else bet.payout - bet.stake
    return {
        "id": str(bet.pk),
        "date": text(bet.placed_at),
        "settled": text(bet.settled_at) or "",
        "result": "pending" if bet.status in OPEN_STATUSES else bet.status,
        "type": type_in_words(bet),
        "bookmaker": book_of(bet),
        "stake": f"{bet.stake:.2f}",
        "payout": money(bet.payout) or "",
        "profit": money(gain) or "",
        "odds": signed(bet.odds),
        "currency": bet.bankroll.currency,
        "bankroll": bet.bankroll.name,
        "money": bet.bankroll.kind,
        "bonus": "yes" if bet.is_bonus else "",
        "live": "yes" if any(leg.is_live for leg in legs) else "",
        "sport": joined("sport"),
        "league": joined("league"),
        "market": joined("market"),
        "event": joined("event"),
        "selection": joined("description"),
        "leg_odds": prices("odds") if len(legs) > 1 else "",
        "closing": prices("closing_odds"),
        "tags": ", ".join(bet.tags),
        "note": bet.note,
        "cashed_stake": f"{bet.cashed_stake:.2f}" if bet.cashed_stake else "",
        "cashed_paid": f"{bet.cashed_out:.2f}" if bet.cashed_out else "",
    }


def type_in_words(bet: Bet) -> str:
    """The kind, and what it needs to be one: sizes of a round robin, points of a teaser."""
    if bet.teaser_points is not None:
        return f"{bet.kind} by {text(bet.teaser_points)}"
    return f"{bet.kind} by {', '.join(map(str, bet.sizes))}" if bet.sizes else str(bet.kind)
