"""Bet-Analytix' export: semicolons; a combined bet is a row and, below it, a row without date for each selection.

BetTrack writes the same columns and eight of its own after them: Payout, Settled, Currency, Tags, CashedStake,
CashedPaid, Bankroll, Money.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bets.imports.outcomes import cashed_part, early_terms, kind_of_money, money, settle
from bets.imports.rows import BadRow, Options, ReadBet, ReadLeg
from bets.imports.tables import Record, Table
from bets.imports.values import (
    LEG_LIMIT,
    TICKET_LIMIT,
    american,
    date_order,
    flag,
    has_decimal_comma,
    instant,
    kind_and_terms,
    number,
    odds_notation,
    plain,
    status_of,
)
from bets.models import BetKind, BetStatus, BetType

HEADER = ("Date", "Type", "Sport", "Label", "Odds", "Stake", "State", "Bookmaker", "BetType", "Comment")
PENDING_TOO = {"p": "pending", "c": "cashout"}


@dataclass(frozen=True, slots=True)
class Reader:
    options: Options
    order: str
    notation: str
    comma: bool

    @classmethod
    def of(cls, table: Table, options: Options) -> Reader:
        odds = table.column("Odds")
        return cls(
            options,
            date_order(table.column("Date"), options.dates),
            odds_notation(odds, options.odds),
            has_decimal_comma([*odds, *table.column("Stake")]),
        )

    def read(self, group: list[Record]) -> ReadBet:
        """Return the bet of a head row and the rows of its selections. Raises BadRow."""
        head, below = group[0], group[1:]
        if not head.get("Date") and not head.get("Stake"):
            raise BadRow("Date: a selection without the combined bet that it belongs to.")
        status = state(head)
        stake, doubt = money(self.number(head, "Stake"), what="Stake")
        if stake <= 0:
            raise BadRow("Stake: the stake must be above zero.")
        odds = self.price(head, "Odds", TICKET_LIMIT)
        is_bonus = flag(head.get("Freebet"))
        kind, terms = kind_of_type(head.get("Type"), len(below))
        status, payout = self.cashed(head, status, self.optional(head, "Payout"))
        early = cashed_part(stake, self.optional(head, "CashedStake"), self.optional(head, "CashedPaid"))
        paid, unsure = settle(
            status,
            stake,
            odds,
            payout=payout,
            profit=None,
            is_bonus=is_bonus,
            commission=self.commission(head),
            early=early,
        )
        return ReadBet(
            line=head.line,
            placed_at=self.time(head, "Date"),
            settled_at=self.time(head, "Settled") if head.get("Settled") else None,
            book=head.get("Bookmaker"),
            kind=kind,
            stake=stake,
            odds=odds,
            status=status,
            payout=paid,
            is_bonus=is_bonus,
            legs=tuple(self.leg(row, head, status, len(below), odds) for row in below or [head]),
            currency=head.get("Currency").upper(),
            bankroll=head.get("Bankroll")[:60],
            money=kind_of_money(head.get("Money")),
            note=note_of(head),
            tags=tags_of(head),
            terms=terms | early_terms(early),
            doubts=tuple(filter(None, (doubt, *unsure))),
        )

    def number(self, row: Record, column: str) -> Decimal:
        return number(row.get(column), what=column, comma=self.comma)

    def optional(self, row: Record, column: str) -> Decimal | None:
        return self.number(row, column) if row.get(column) else None

    def price(self, row: Record, column: str, below: int = LEG_LIMIT) -> Decimal:
        return american(row.get(column), self.notation, what=column, comma=self.comma, below=below)

    def time(self, row: Record, column: str) -> dt.datetime:
        return instant(row.get(column), order=self.order, zone=self.options.time_zone, what=column)

    def commission(self, head: Record) -> Decimal:
        """Percent that the book keeps of a profit."""
        percent = head.get("Commission").removesuffix("%")
        return number(percent, what="Commission", comma=self.comma) if percent else Decimal(0)

    def cashed(
        self, head: Record, status: BetStatus, payout: Decimal | None
    ) -> tuple[BetStatus, Decimal | None]:
        """Return status and payout of a row whose Cashout column has an amount, which makes it no win.

        Raises BadRow where the row does not say what was paid and nothing else does.
        """
        said = head.get("Cashout")
        if not said or plain(said) in {"no", "0", "non"}:
            if payout is None and status == BetStatus.WON and flag(head.get("Eachway")):
                raise BadRow(
                    "Eachway: what an each-way bet paid does not follow from its price; the file must say it."
                )
            return status, payout
        if flag(said) or plain(said) == "yes":
            if payout is None:
                raise BadRow("Cashout: the bet was cashed out, but the file does not say for how much.")
            return BetStatus.CASHED_OUT, payout
        return BetStatus.CASHED_OUT, self.number(head, "Cashout") if payout is None else payout

    def leg(self, row: Record, head: Record, status: BetStatus, count: int, odds: Decimal) -> ReadLeg:
        closing = row.get("Closing")
        bet_type = row.get("BetType")
        return ReadLeg(
            description=(row.get("Label") or "Not described")[:500],
            sport=row.get("Sport")[:80],
            league=row.get("Competition")[:80],
            market=bet_type[:80],
            bet_type=type_of(bet_type),
            odds=None
            if row is head and abs(odds) >= LEG_LIMIT
            else self.price(row, "Odds")
            if row.get("Odds")
            else None,
            status=status if not count else state(row),
            closing_odds=self.price(row, "Closing") if closing else None,
            is_live=flag(row.get("Live") or head.get("Live")),
        )


def note_of(head: Record) -> str:
    tipster = head.get("Tipster")
    return " · ".join(filter(None, (tipster and f"Tipster: {tipster}", head.get("Comment"))))[:2000]


def tags_of(head: Record) -> tuple[str, ...]:
    tags = (head.get("Tags") or head.get("Category")).split(",")
    return tuple(tag.strip()[:40] for tag in tags if tag.strip())[:20]


def state(row: Record) -> BetStatus:
    """Read State; P is pending there, C cashed out."""
    said = row.get("State")
    return status_of(PENDING_TOO.get(plain(said), said), what="State")


def kind_of_type(text: str, legs: int) -> tuple[BetKind, dict[str, Any]]:
    """Read Type: Simple, Combined, or a system such as 2/3, of which the first number is the size."""
    system = re.fullmatch(r"(\d{1,2})/(\d{1,2})", text)
    if system:
        if not 0 < int(system[1]) <= int(system[2]):
            raise BadRow(f"Type: {text} is no system.")
        return BetKind.ROUND_ROBIN, {"sizes": [int(system[1])]}
    kind, terms = kind_and_terms(text, legs)
    return kind, terms


def type_of(text: str) -> str:
    """Return BetTrack's type of market for its label or key, else ``other``."""
    known = {plain(choice.label): choice.value for choice in BetType} | {
        plain(c.value): c.value for c in BetType
    }
    return known.get(plain(text), BetType.OTHER)
