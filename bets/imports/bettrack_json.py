"""BetTrack's own JSON: an object with a ``bets`` list; money and odds are strings, times ISO 8601."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any

from bets.clock import EARLIEST
from bets.imports.outcomes import contradiction
from bets.imports.rows import MAX_ROWS, BadFile, BadRow, ReadBankroll, ReadBet, ReadLeg, ReadMovement
from bets.imports.values import LEG_LIMIT, TICKET_LIMIT
from bets.models import OPEN_STATUSES, BankrollKind, BetKind, BetStatus, BetType
from bets.money import LARGEST
from bets.placement.asked import UNSTORABLE
from odds.pricing import decimal_odds

AMOUNT_LIMIT, POINT_LIMIT, SMALL = 10**10, 10**6, 100
DECIMALS = {
    "unit_stake": AMOUNT_LIMIT,
    "teaser_points": 1_000,
    "commission_pct": 100,
    "boost_pct": 10_000,
    "boost_cap": AMOUNT_LIMIT,
    "insured_up_to": AMOUNT_LIMIT,
}
"""Terms that are numbers, and below what the database keeps them."""
FLAGS = ("is_lay", "own_price")
MANY = 10_000_000
MAX_BANKROLLS = 200
MOVEMENTS = ("deposit", "withdrawal", "bonus", "adjustment", "transfer", "correction")


def content_of(text: str) -> tuple[list[Any], list[ReadBankroll]]:
    """Return the ``bets`` of a JSON text, not read yet, and its bankrolls. Raises BadFile."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadFile("The file begins like JSON but cannot be read as JSON.") from error
    bets = content.get("bets") if isinstance(content, dict) else None
    if not isinstance(bets, list) or not bets:
        raise BadFile("The JSON file must be an object with a list “bets” that is not empty.")
    if len(bets) > MAX_ROWS:
        raise BadFile(f"The file has more than {MAX_ROWS:,} bets; split it.")
    return bets, bankrolls_in(content.get("bankrolls"))


def bankrolls_in(value: Any) -> list[ReadBankroll]:
    """Read the bankrolls of the file. Raises BadFile naming the one that cannot be read."""
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > MAX_BANKROLLS:
        raise BadFile(f"bankrolls: must be a list of at most {MAX_BANKROLLS}.")
    found = []
    for position, one in enumerate(value, start=1):
        try:
            found.append(bankroll(one))
        except BadRow as error:
            raise BadFile(f"Bankroll {position} of the file: {error}") from error
    return found


def bankroll(value: Any) -> ReadBankroll:
    if not isinstance(value, dict):
        raise BadRow("must be an object.")
    one = Fields(value)
    movements = value.get("movements") or []
    if not isinstance(movements, list) or len(movements) > MAX_ROWS:
        raise BadRow(f"movements: must be a list of at most {MAX_ROWS:,}.")
    name, kind = one.text("name", 60), one.choice("kind", BankrollKind.values, BankrollKind.REAL)
    return ReadBankroll(name, one.text("currency", 3), kind, tuple(map(movement, movements)))


def movement(value: Any) -> ReadMovement:
    if not isinstance(value, dict):
        raise BadRow("movements: each must be an object.")
    one = Fields(value)
    amount, at = one.needed("amount"), one.time("at")
    kind = one.choice("kind", list(MOVEMENTS))
    if not amount or at is None:
        raise BadRow("movements: each has a time and an amount that is not zero.")
    if abs(amount) > LARGEST or {"deposit": amount < 0, "bonus": amount < 0, "withdrawal": amount > 0}.get(
        kind
    ):
        raise BadRow(f"movements: {amount:f} cannot be the amount of a {kind}.")
    return ReadMovement(kind, amount, at, one.text("note", 200))


@dataclass(frozen=True, slots=True)
class Fields:
    """One object of the file; every reader raises BadRow naming the field."""

    values: Mapping[str, Any]

    def text(self, name: str, limit: int) -> str:
        value = self.values.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise BadRow(f"{name}: must be text.")
        if len(value) > limit or UNSTORABLE.search(value):
            raise BadRow(f"{name}: at most {limit} characters of text.")
        return value

    def choice(self, name: str, choices: list[str], default: str = "") -> str:
        value = self.text(name, 20) or default
        if value not in choices:
            raise BadRow(f"{name}: “{value}” is not one of {', '.join(c for c in choices if c)}.")
        return value

    def decimal(self, name: str, *, places: int = 2, below: int = TICKET_LIMIT) -> Decimal | None:
        value = self.values.get(name)
        if value is None:
            return None
        if not isinstance(value, str):
            raise BadRow(f"{name}: must be a number written as text.")
        try:
            found = Decimal(value)
        except InvalidOperation as error:
            raise BadRow(f"{name}: “{value[:40]}” is not a number.") from error
        if not found.is_finite() or abs(found) >= below or found != round(found, places):
            raise BadRow(f"{name}: “{value[:40]}” cannot be recorded; at most {places} decimals.")
        return found.quantize(Decimal(1).scaleb(-places))

    def price(self, name: str, below: int = LEG_LIMIT) -> Decimal | None:
        found = self.decimal(name, places=6, below=below)
        if found is not None and abs(found) < 100:
            raise BadRow(f"{name}: American odds are at most −100 or at least +100.")
        return found

    def needed(self, name: str) -> Decimal:
        found = self.price(name, TICKET_LIMIT) if name == "odds" else self.decimal(name, below=AMOUNT_LIMIT)
        if found is None:
            raise BadRow(f"{name}: missing.")
        return found

    def time(self, name: str) -> dt.datetime | None:
        value = self.text(name, 40)
        if not value:
            return None
        try:
            found = dt.datetime.fromisoformat(value)
        except ValueError as error:
            raise BadRow(f"{name}: “{value}” is no ISO 8601 time.") from error
        if found.tzinfo is None or not EARLIEST.year <= found.year <= 2100:
            raise BadRow(f"{name}: must be a time of this age with its zone.")
        return found.astimezone(dt.UTC)

    def flag(self, name: str) -> bool:
        value = self.values.get(name, False)
        if not isinstance(value, bool):
            raise BadRow(f"{name}: must be true or false.")
        return value

    def whole(self, name: str) -> int | None:
        value = self.values.get(name)
        if value is None:
            return None
        if type(value) is not int or not 0 < value < MANY:
            raise BadRow(f"{name}: must be a whole number above zero.")
        return value

    def list_of(self, name: str, kind: type) -> list[Any]:
        value = self.values.get(name) or []
        if not isinstance(value, list) or len(value) > 100 or any(type(one) is not kind for one in value):
            raise BadRow(f"{name}: must be a short list.")
        return value


def read(position: int, value: Any) -> ReadBet:
    """Return the bet of an object; ``position`` counts from 1. Raises BadRow."""
    if not isinstance(value, dict):
        raise BadRow("must be an object.")
    one = Fields(value)
    status = one.choice(
        "status", [s for s in BetStatus.values if s != BetStatus.NEEDS_REVIEW] + ["needs_review"]
    )
    if status == BetStatus.NEEDS_REVIEW:
        status = BetStatus.PENDING
    stake, odds = one.needed("stake"), one.needed("odds")
    if stake <= 0:
        raise BadRow("stake: must be above zero.")
    payout, placed = one.decimal("payout"), one.time("placed_at")
    if placed is None:
        raise BadRow("placed_at: missing.")
    if (status in OPEN_STATUSES) != (payout is None) or (payout is not None and payout < 0):
        raise BadRow("payout: a settled bet has one of zero or more, a pending bet has none.")
    is_bonus = one.flag("is_bonus")
    terms = terms_of(one)
    riding = stake - terms.get("cashed_stake", Decimal(0))
    rest = None if payout is None else payout - terms.get("cashed_out", Decimal(0))
    doubts = [] if rest is None else contradiction(status, riding, rest, is_bonus=is_bonus)
    return ReadBet(
        line=position,
        source_id=one.text("id", 80),
        placed_at=placed,
        settled_at=one.time("settled_at"),
        book=one.text("bookmaker", 64),
        kind=one.choice("kind", BetKind.values, BetKind.STRAIGHT),
        stake=stake,
        odds=odds,
        status=status,
        payout=payout,
        is_bonus=is_bonus,
        currency=one.text("currency", 3),
        bankroll=one.text("bankroll", 60),
        note=one.text("note", 2000),
        tags=tuple(tag[:40] for tag in one.list_of("tags", str))[:20],
        legs=tuple(leg(item) for item in one.list_of("legs", dict)),
        terms=terms,
        doubts=tuple(doubts),
    )


def terms_of(one: Fields) -> dict[str, Any]:
    """Return the terms that are not those of a plain bet, as the bet's columns are called."""
    terms: dict[str, Any] = {
        name: found
        for name, below in DECIMALS.items()
        if (found := one.decimal(name, below=below)) is not None and (found or name == "unit_stake")
    }
    terms |= {name: True for name in FLAGS if one.flag(name)}
    combinations, sizes, places = (
        one.whole("combinations"),
        one.list_of("sizes", int),
        one.whole("each_way_places"),
    )
    if combinations is not None and combinations > 1:
        terms["combinations"] = combinations
    if any(not 0 < size < SMALL for size in sizes) or (places or 0) >= SMALL:
        raise BadRow(f"sizes, each_way_places: must be above zero and below {SMALL}.")
    if sizes:
        terms["sizes"] = sizes
    if places is not None:
        try:
            terms |= {
                "each_way_places": places,
                "each_way_fraction": Fraction(one.text("each_way_fraction", 20)),
            }
        except (ValueError, ZeroDivisionError) as error:
            raise BadRow("each_way_fraction: write it as 1/4.") from error
    cashed = {
        name: one.decimal(name, below=AMOUNT_LIMIT) or Decimal(0) for name in ("cashed_stake", "cashed_out")
    }
    return terms | (cashed if any(cashed.values()) else {})


def leg(value: Mapping[str, Any]) -> ReadLeg:
    one = Fields(value)
    odds = one.price("odds")
    if odds is not None:
        decimal_odds(odds)
    is_live = value.get("is_live")
    return ReadLeg(
        description=one.text("description", 500) or "Not described",
        event=one.text("event", 200),
        sport=one.text("sport", 80),
        league=one.text("league", 80),
        market=one.text("market", 80),
        bet_type=one.choice("bet_type", BetType.values, BetType.OTHER),
        odds=odds,
        point=one.decimal("point", below=POINT_LIMIT),
        status=one.choice("status", ["", *BetStatus.values]),
        closing_odds=one.price("closing_odds"),
        closing_point=one.decimal("closing_point", below=POINT_LIMIT),
        starts_at=one.time("starts_at"),
        is_live=is_live if isinstance(is_live, bool) else None,
    )
