"""Any table of bets: columns are found by the names people give them, or as the person maps them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bets.imports.bet_analytix import type_of
from bets.imports.outcomes import cashed_part, early_terms, kind_of_money, money, settle
from bets.imports.rows import BadRow, Options, ReadBet, ReadLeg, Unclear
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
from bets.models import BetStatus

ALIASES: Mapping[str, str] = {
    "date": "date placed dateplaced placedat timeplaced betdate placedon time",
    "settled": "settled settledat settleddate timesettled datesettled settledon",
    "book": "sportsbook bookmaker book site operator",
    "stake": "stake risk amount wager mise betamount staked wagered",
    "odds": "odds price cote oddsamerican oddsdecimal",
    "result": "result status state outcome statut",
    "selection": "selection bet betname label pick description betinfo",
    "payout": "payout return returns returned totalreturn",
    "profit": "profit profitloss pl pnl net netprofit winloss",
    "event": "event match game fixture",
    "market": "market bettype markettype",
    "sport": "sport sports",
    "league": "league leagues competition",
    "type": "type kind tickettype",
    "leg_odds": "legodds",
    "closing": "closing closingline closingodds clv",
    "tags": "tags tag category",
    "note": "note notes comment comments",
    "id": "id betid reference ticketid betnumber",
    "currency": "currency devise",
    "bankroll": "bankroll account",
    "money": "money",
    "bonus": "bonus isbonus freebet bonusbet",
    "live": "live inplay islive",
    "cashed_stake": "cashedstake",
    "cashed_paid": "cashedpaid",
}
NEEDED = ("date", "stake", "odds")
LABELS = {
    "date": "Date placed",
    "settled": "Date settled",
    "book": "Bookmaker",
    "stake": "Stake",
    "odds": "Odds",
    "result": "Result",
    "selection": "Selection",
    "payout": "Payout",
    "profit": "Profit",
    "event": "Event",
    "market": "Market",
    "sport": "Sport",
    "league": "League",
    "type": "Kind of bet",
    "leg_odds": "Odds of each selection",
    "closing": "Closing odds",
    "tags": "Tags",
    "note": "Note",
    "id": "The file's own bet number",
    "currency": "Currency",
    "bankroll": "Bankroll",
    "money": "Real or paper money",
    "bonus": "Bonus bet",
    "live": "Live",
    "cashed_stake": "Part of the stake cashed out",
    "cashed_paid": "Paid for that part",
}


def columns_of(header: Sequence[str], chosen: Mapping[str, str]) -> dict[str, str]:
    """Return the header of each field: as chosen ('' for none), else by its first alias that the file has."""
    by_name = {plain(name): name for name in header}
    found = {}
    for name, aliases in ALIASES.items():
        if name in chosen:
            column = by_name.get(plain(chosen[name]), "")
        else:
            column = next((by_name[alias] for alias in aliases.split() if alias in by_name), "")
        if column:
            found[name] = column
    return found


@dataclass(frozen=True, slots=True)
class Reader:
    options: Options
    columns: Mapping[str, str]
    order: str
    notation: str
    comma: bool

    @classmethod
    def of(cls, table: Table, options: Options) -> Reader:
        """Find the columns. Raises Unclear when one that every bet needs is missing."""
        columns = columns_of(table.header, options.columns)
        missing = [name for name in NEEDED if name not in columns]
        if missing:
            names = ", ".join(LABELS[name].lower() for name in missing)
            raise Unclear(
                f"No column was found for: {names}. Say which columns of the file they are.",
                option="columns",
                choices={name: name for name in table.header},
            )

        def cells(name: str) -> list[str]:
            return table.column(columns[name]) if name in columns else []

        numbers = [cell for name in ("stake", "odds", "payout", "profit") for cell in cells(name)]
        return cls(
            options,
            columns,
            date_order([*cells("date"), *cells("settled")], options.dates),
            odds_notation(cells("odds"), options.odds),
            has_decimal_comma(numbers),
        )

    def read(self, group: list[Record]) -> ReadBet:
        """Return the bet of a row. Raises BadRow."""
        row = group[0]
        stake, doubt = money(self.number(row, "stake"), what="stake")
        if stake <= 0:
            raise BadRow("stake: the stake must be above zero.")
        if not self.cell(row, "odds"):
            raise BadRow("odds: empty.")
        odds = self.price(row, "odds", TICKET_LIMIT)
        status, is_bonus = status_of(self.cell(row, "result")), flag(self.cell(row, "bonus"))
        early = cashed_part(stake, self.optional(row, "cashed_stake"), self.optional(row, "cashed_paid"))
        payout, unsure = settle(
            status,
            stake,
            odds,
            payout=self.optional(row, "payout"),
            profit=self.optional(row, "profit"),
            is_bonus=is_bonus,
            early=early,
        )
        legs = self.legs(row, status, odds)
        kind, terms = kind_and_terms(self.cell(row, "type"), len(legs))
        placed = self.time(row, "date")
        if placed is None:
            raise BadRow("date: empty.")
        tagged = self.cell(row, "tags")
        tags = tagged.split("," if "," in tagged else "|")
        return ReadBet(
            line=row.line,
            source_id=self.cell(row, "id")[:80],
            placed_at=placed,
            settled_at=self.time(row, "settled"),
            book=self.cell(row, "book") or self.options.book,
            kind=kind,
            terms=terms | early_terms(early),
            stake=stake,
            odds=odds,
            status=status,
            payout=payout,
            is_bonus=is_bonus,
            currency=self.cell(row, "currency").upper(),
            bankroll=self.cell(row, "bankroll")[:60],
            money=kind_of_money(self.cell(row, "money")),
            legs=legs,
            note=self.cell(row, "note")[:2000],
            tags=tuple(tag.strip()[:40] for tag in tags if tag.strip())[:20],
            doubts=tuple(filter(None, (doubt, *unsure))),
        )

    def cell(self, row: Record, name: str) -> str:
        return row.get(self.columns[name]) if name in self.columns else ""

    def number(self, row: Record, name: str) -> Decimal:
        return number(self.cell(row, name), what=name, comma=self.comma)

    def optional(self, row: Record, name: str) -> Decimal | None:
        return self.number(row, name) if self.cell(row, name) else None

    def price(self, row: Record, name: str, below: int = LEG_LIMIT) -> Decimal:
        return american(self.cell(row, name), self.notation, what=name, comma=self.comma, below=below)

    def prices(self, row: Record, name: str, count: int) -> Sequence[Decimal | None]:
        """Return a price for each leg, or none for any where the file has not as many, joined by " | "."""
        said = [part.strip() for part in self.cell(row, name).split("|") if part.strip()]
        if len(said) != count:
            return [None] * count
        return [american(part, self.notation, what=name, comma=self.comma) for part in said]

    def time(self, row: Record, name: str) -> dt.datetime | None:
        cell = self.cell(row, name)
        return instant(cell, order=self.order, zone=self.options.time_zone, what=name) if cell else None

    def legs(self, row: Record, status: BetStatus, odds: Decimal) -> tuple[ReadLeg, ...]:
        """Return the legs; several are joined by " | ", and so are then their sports, leagues, markets and events."""
        said = [part.strip() for part in self.cell(row, "selection").split(" | ")]
        count = len(said)

        def part(name: str, position: int) -> str:
            parts = [one.strip() for one in f" {self.cell(row, name)} ".split(" | ")]
            return parts[position] if len(parts) == count else parts[0] if len(parts) == 1 else ""

        own = [odds if abs(odds) < LEG_LIMIT else None] if count == 1 else self.prices(row, "leg_odds", count)
        closing = self.prices(row, "closing", count)
        legs = []
        for position, words in enumerate(said):
            market, event = part("market", position), part("event", position)
            legs.append(
                ReadLeg(
                    description=(words or event or "Not described")[:500],
                    event=event[:200],
                    sport=part("sport", position)[:80],
                    league=part("league", position)[:80],
                    market=market[:80],
                    bet_type=type_of(market),
                    odds=own[position],
                    status=status if count == 1 else "",
                    closing_odds=closing[position],
                    is_live=flag(self.cell(row, "live")) if self.cell(row, "live") else None,
                )
            )
        return tuple(legs)
