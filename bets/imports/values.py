"""Cells as people and programs write them: numbers, odds, dates, outcomes."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from bets.clock import EARLIEST
from bets.imports.rows import BadRow, Unclear
from bets.models import BetKind, BetStatus
from odds.pricing import american_from_decimal

DATE_ORDERS = {"dmy": "Day first: 03/04/2026 is 3 April", "mdy": "Month first: 03/04/2026 is 4 March"}
ODDS_NOTATIONS = {"decimal": "Decimal: 150 pays 150 times the stake", "american": "American: 150 is +150"}
LEG_LIMIT, TICKET_LIMIT = 10**6, 10**12
"""American odds below which the database keeps the price of a selection, and of a whole ticket."""
EVEN = frozenset({"even", "evens", "evs", "ev", "evn", "pk"})
STATUSES = {
    BetStatus.WON: "won win w winner settledwin gagne gagné ganada",
    BetStatus.LOST: "lost loss lose l loser settledloss settledlose perdu perdida",
    BetStatus.PUSH: "push pushed settledpush",
    BetStatus.VOID: "void voided v settledvoid cancelled canceled refund refunded remboursé rembourse annulé annule",
    BetStatus.CASHED_OUT: "cashedout cashout settledcashout",
    BetStatus.HALF_WON: "halfwon halfwin hw wonhalf winhalf",
    BetStatus.HALF_LOST: "halflost halfloss hl losthalf losshalf",
    BetStatus.PENDING: "pending open placed unsettled running inplay encours",
}
STATUS_OF = {word: status for status, words in STATUSES.items() for word in words.split()}
KINDS = {
    BetKind.STRAIGHT: "straight single simple s",
    BetKind.PARLAY: "parlay combined combo multi multiple accumulator acca express double treble combiné",
    BetKind.SAME_GAME_PARLAY: "samegameparlay sgp betbuilder",
    BetKind.TEASER: "teaser",
    BetKind.ROUND_ROBIN: "roundrobin system système",
}
KIND_OF = {word: kind for kind, words in KINDS.items() for word in words.split()} | {
    re.sub(r"[^a-z0-9]", "", kind.value): kind for kind in BetKind
}
_SLASHED = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4}|\d{2})(?!\d)")
_NAMED = (
    "%d-%b-%y %H:%M",
    "%d-%b-%Y %H:%M",
    "%d-%b-%y",
    "%d-%b-%Y",
    "%d %b %Y %H:%M",
    "%d %b %Y",
    "%b %d %Y %I:%M %p",
)
_TIMES = ("%H:%M:%S", "%H:%M", "%I:%M %p", "%I:%M:%S %p", "")


def plain(word: str) -> str:
    """Return a header or keyword in lower case with letters and digits only."""
    return re.sub(r"[^\w]|_", "", word.casefold())


def number(text: str, *, what: str, comma: bool = False) -> Decimal:
    """Read a number with a currency sign, grouping, a decimal comma (``comma``: the column has them) or (5.00).

    Raises BadRow.
    """
    bare = re.sub(r"[\s\u00a0\u202f'’$£€¥₹]", "", text.strip())
    bare = re.sub(r"^[A-Za-z]{1,3}(?=[\d\-\u2212.])|(?<=[\d.])[A-Z]{3}$", "", bare)
    bare = bare.replace("\u2212", "-")
    if bare.startswith("(") and bare.endswith(")"):
        bare = f"-{bare[1:-1]}"
    if "," in bare and "." in bare:
        last = max(bare.rfind(","), bare.rfind("."))
        bare = re.sub(r"[.,]", "", bare[:last]) + "." + bare[last + 1 :]
    elif "," in bare:
        grouped = re.fullmatch(r"[+-]?\d{1,3}(,\d{3})+", bare) and not comma
        bare = bare.replace(",", "") if grouped else bare.replace(",", ".")
    if not re.fullmatch(r"[+-]?(\d{1,16}(\.\d{0,15})?|\.\d{1,15})", bare):
        raise BadRow(f"{what}: “{text.strip()[:40]}” is not a number.")
    return Decimal(bare)


def has_decimal_comma(cells: Iterable[str]) -> bool:
    """Tell whether a column's numbers have a decimal comma: 12,5 but not 1,250."""
    return any(re.fullmatch(r"\s*[+-]?\d*(\.\d{3})*,(\d{1,2}|\d{4,})\s*\D{0,4}", cell) for cell in cells)


def odds_notation(cells: Iterable[str], chosen: str) -> str:
    """Return how a column writes bare numbers: ``american`` if it has signs, ``decimal`` if it has small ones.

    Raises Unclear when every number is a whole one of 100 or more without a sign.
    """
    if chosen:
        return chosen
    bare = False
    for cell in (cell.strip() for cell in cells):
        if re.match(r"[+\-−]\s*\d{3}", cell):
            return "american"
        if re.match(r"\d{1,2}([.,]|$)", cell) or re.match(r"\d+[.,]\d", cell):
            return "decimal"
        bare = bare or bool(re.fullmatch(r"\d{3,}", cell))
    if bare:
        raise Unclear(
            "Every price in this file is a whole number of 100 or more: say whether they are American or decimal odds.",
            option="odds",
            choices=ODDS_NOTATIONS,
        )
    return "decimal"


def american(
    text: str, notation: str, *, what: str = "odds", comma: bool = False, below: int = LEG_LIMIT
) -> Decimal:
    """Read a price in any notation as American odds: -110, +150, 1.91, 10/11, 52.4%, EVEN. Raises BadRow."""
    bare = text.strip().replace("\u2212", "-")
    if plain(bare) in EVEN:
        return Decimal(100)
    fraction = re.fullmatch(r"(\d{1,6})\s*[/:]\s*(\d{1,6})", bare)
    try:
        if fraction:
            return american_from_decimal(1 + Fraction(int(fraction[1]), int(fraction[2])))
        value = number(bare.removesuffix("%"), what=what, comma=comma)
        if bare.endswith("%"):
            found = american_from_decimal(100 / Fraction(value))
        elif bare[:1] in "+-" or notation == "american":
            if abs(value) < 100:
                raise BadRow(f"{what}: American odds are at most −100 or at least +100, not {text.strip()}.")
            found = value
        else:
            found = american_from_decimal(value)
    except (ValueError, ZeroDivisionError, InvalidOperation) as error:
        if isinstance(error, BadRow):
            raise
        raise BadRow(f"{what}: “{text.strip()[:40]}” is no price; decimal odds are above 1.") from error
    if abs(found) >= below:
        raise BadRow(f"{what}: {text.strip()[:40]} is more than can be recorded.")
    return found.quantize(Decimal("0.000001"))


def date_order(cells: Iterable[str], chosen: str) -> str:
    """Return whether slashed dates have the day or the month first. Raises Unclear when all could be either."""
    if chosen:
        return chosen
    doubtful = ""
    for cell in cells:
        found = _SLASHED.match(cell.strip())
        if found is None:
            continue
        first, second = int(found[1]), int(found[2])
        if first > 12:
            return "dmy"
        if second > 12:
            return "mdy"
        if first != second:
            doubtful = doubtful or cell.strip()
    if doubtful:
        raise Unclear(
            f"“{doubtful[:30]}” may have the day or the month first, and so may every date of the file: say which.",
            option="dates",
            choices=DATE_ORDERS,
        )
    return "dmy"


def instant(text: str, *, order: str, zone: str, what: str = "date") -> dt.datetime:
    """Read a time as UTC; one without a zone is the person's. Raises BadRow."""
    bare = re.sub(r"\s+", " ", text.strip())
    utc = re.search(r"\s*(GMT|UTC|Z)$", bare)
    local = dt.UTC if utc else ZoneInfo(zone)
    bare = bare[: utc.start()] if utc else bare
    found = _iso(bare) or _slashed(bare, order) or _named(bare)
    if found is None or not EARLIEST.year <= found.year <= 2100:
        raise BadRow(f"{what}: “{text.strip()[:40]}” is no date that can be read.")
    return (found if found.tzinfo else found.replace(tzinfo=local)).astimezone(dt.UTC)


def _iso(text: str) -> dt.datetime | None:
    try:
        return dt.datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return None


def _slashed(text: str, order: str) -> dt.datetime | None:
    found = _SLASHED.match(text)
    if found is None:
        return None
    day, month = (int(found[1]), int(found[2])) if order == "dmy" else (int(found[2]), int(found[1]))
    year = int(found[3]) + (2000 if len(found[3]) == 2 else 0)
    rest = text[found.end() :].strip(" ,").upper()
    for pattern in _TIMES:
        try:
            # the zone is the caller's
            time = dt.datetime.strptime(rest, pattern).time() if pattern or not rest else None  # noqa: DTZ007
            return None if time is None else dt.datetime.combine(dt.date(year, month, day), time)
        except ValueError:
            continue
    return None


def _named(text: str) -> dt.datetime | None:
    for pattern in _NAMED:
        try:
            return dt.datetime.strptime(text.replace(",", ""), pattern)  # noqa: DTZ007 - the zone is the caller's
        except ValueError:
            continue
    return None


def status_of(text: str, *, what: str = "result") -> BetStatus:
    """Read an outcome; an empty one is a pending bet. Raises BadRow for a word nobody knows."""
    if not text.strip():
        return BetStatus.PENDING
    found = STATUS_OF.get(plain(text))
    if found is None:
        raise BadRow(f"{what}: “{text.strip()[:40]}” is no outcome that is known, so nothing is guessed.")
    return found


def kind_of(text: str, legs: int) -> BetKind:
    """Read a kind of bet; without one several legs are a parlay. Raises BadRow."""
    if not text.strip():
        return BetKind.STRAIGHT if legs < 2 else BetKind.PARLAY
    found = KIND_OF.get(plain(text))
    if found is None:
        raise BadRow(f"type: “{text.strip()[:40]}” is no kind of bet that is known.")
    return found


def kind_and_terms(text: str, legs: int) -> tuple[BetKind, dict[str, Any]]:
    """Read a kind with what it needs to be one: "round robin by 2, 3", "teaser by 6.5". Raises BadRow."""
    name, _, by = text.partition(" by ")
    kind = kind_of(name, legs)
    numbers = [number(part, what="type") for part in by.split(",") if part.strip()]
    if kind == BetKind.TEASER:
        if len(numbers) != 1 or not 0 < numbers[0] < 100:
            raise BadRow("type: write how far a teaser moves its lines, such as teaser by 6.")
        return kind, {"teaser_points": numbers[0]}
    if kind == BetKind.ROUND_ROBIN:
        if not numbers or any(size != int(size) or not 0 < size < 100 for size in numbers):
            raise BadRow("type: write the sizes of a round robin, such as round robin by 2.")
        return kind, {"sizes": [int(size) for size in numbers]}
    return kind, {}


def flag(text: str) -> bool:
    return plain(text) in {"yes", "true", "1", "y", "oui", "x"}
