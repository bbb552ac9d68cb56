"""Betfair's "Betting Profit and Loss": what each market won or lost, without stakes and prices."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from decimal import Decimal

from bets.imports.outcomes import money
from bets.imports.rows import BadRow, Options, ReadBet, ReadLeg
from bets.imports.tables import Record, Table
from bets.imports.values import date_order, has_decimal_comma, instant, number, plain
from bets.models import BetStatus

HEADER = ("Market", "Start time", "Settled date")
SIGNS = {"£": "GBP", "€": "EUR", "$": "USD", "A$": "AUD"}
TAG = "profit only"
NO_STAKE = (
    "The file has no stake and no price: the profit is exact, the stake is taken to be as much at even money. "
    f"Tagged “{TAG}”."
)


@dataclass(frozen=True, slots=True)
class Reader:
    options: Options
    column: str
    currency: str
    order: str
    comma: bool

    @classmethod
    def of(cls, table: Table, options: Options) -> Reader:
        column = next((name for name in table.header if plain(name).startswith("profitloss")), "")
        sign = re.search(r"\(([^)]+)\)", column)
        currency = SIGNS.get(sign[1].strip(), sign[1].strip().upper()) if sign else ""
        dates = [*table.column("Start time"), *table.column("Settled date")]
        return cls(
            options,
            column,
            currency,
            date_order(dates, options.dates),
            has_decimal_comma(table.column(column)),
        )

    def read(self, group: list[Record]) -> ReadBet:
        """Return what a market came to as a bet at even money that has the profit of the file. Raises BadRow."""
        row = group[0]
        profit, doubt = money(
            number(row.get(self.column), what=self.column, comma=self.comma), what=self.column
        )
        if not profit:
            raise BadRow("Profit/Loss: nothing won and nothing lost, so there is no bet to record.")
        won = profit > 0
        status = BetStatus.WON if won else BetStatus.LOST
        sport, _, rest = row.get("Market").partition(" / ")
        event, _, market = rest.partition(" : ")
        leg = ReadLeg(
            description=row.get("Market")[:500],
            event=event[:200],
            sport=sport[:80] if rest else "",
            market=market[:80],
            odds=Decimal(100),
            status=status,
            starts_at=self.time(row, "Start time"),
        )
        bet = ReadBet(
            line=row.line,
            placed_at=self.time(row, "Start time"),
            settled_at=self.time(row, "Settled date"),
            book=self.options.book or "Betfair",
            stake=abs(profit),
            odds=Decimal(100),
            status=status,
            payout=2 * profit if won else Decimal("0.00"),
            currency=self.currency,
            legs=(leg,),
            tags=(TAG,),
            doubts=(NO_STAKE, doubt) if doubt else (NO_STAKE,),
        )
        return (
            bet
            if bet.settled_at and bet.settled_at >= bet.placed_at
            else replace(bet, settled_at=bet.placed_at)
        )

    def time(self, row: Record, column: str) -> dt.datetime:
        return instant(row.get(column), order=self.order, zone=self.options.time_zone, what=column)
