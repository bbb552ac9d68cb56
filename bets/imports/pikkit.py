"""Pikkit's ``transactions.csv``: decimal odds, times in GMT or as the person's clock has them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bets.imports.outcomes import money, settle
from bets.imports.rows import BadRow, Options, ReadBet, ReadLeg
from bets.imports.tables import Record, Table
from bets.imports.values import (
    LEG_LIMIT,
    TICKET_LIMIT,
    american,
    flag,
    instant,
    kind_and_terms,
    number,
    plain,
    status_of,
)
from bets.models import BetStatus
from odds.pricing import american_from_decimal

HEADER = ("bet_id", "sportsbook", "status", "odds", "amount", "profit", "bet_info")


@dataclass(frozen=True, slots=True)
class Reader:
    options: Options

    @classmethod
    def of(cls, table: Table, options: Options) -> Reader:
        return cls(options)

    def read(self, group: list[Record]) -> ReadBet:
        """Return the bet of a row. Raises BadRow."""
        row = group[0]
        status = status_of(row.get("status"), what="status")
        stake, doubt = money(number(row.get("amount"), what="amount"), what="amount")
        if stake <= 0:
            raise BadRow("amount: the stake must be above zero.")
        profit = number(row.get("profit"), what="profit") if row.get("profit") else None
        doubts = [doubt] if doubt else []
        odds, more = odds_of(row, status, stake, profit)
        is_bonus = status == BetStatus.LOST and profit == 0
        if is_bonus:
            doubts.append("Lost without a loss: taken for a bonus bet, whose stake was no cash.")
        payout, unsure = settle(status, stake, odds, payout=None, profit=profit, is_bonus=is_bonus)
        legs = legs_of(row, status, odds)
        kind, terms = kind_and_terms(row.get("type"), len(legs))
        placed = instant(
            when(row, "time_placed"), order="mdy", zone=self.options.time_zone, what="time_placed"
        )
        settled = when(row, "time_settled")
        return ReadBet(
            line=row.line,
            source_id=row.get("bet_id"),
            placed_at=placed,
            settled_at=instant(settled, order="mdy", zone=self.options.time_zone, what="time_settled")
            if settled
            else None,
            book=row.get("sportsbook"),
            kind=kind,
            terms=terms,
            stake=stake,
            odds=odds,
            status=status,
            payout=payout,
            is_bonus=is_bonus,
            legs=legs,
            tags=tuple(
                tag.strip()[:40] for tag in row.get("tags").replace("|", ",").split(",") if tag.strip()
            ),
            doubts=(*doubts, *more, *unsure),
        )


def when(row: Record, column: str) -> str:
    return row.get(f"{column}_iso") or row.get(column)


def odds_of(row: Record, status: str, stake: Decimal, profit: Decimal | None) -> tuple[Decimal, list[str]]:
    """Return the price; of a win without one what it paid. Raises BadRow."""
    if row.get("odds"):
        return american(row.get("odds"), "decimal", below=TICKET_LIMIT), []
    if status == BetStatus.WON and profit is not None and profit > 0:
        return american_from_decimal(1 + profit / stake), ["No odds in the file: taken from what was won."]
    raise BadRow("odds: empty, and they do not follow from the outcome.")


def legs_of(row: Record, status: str, odds: Decimal) -> tuple[ReadLeg, ...]:
    """Return the legs, which the file joins by " | ". Sports and leagues are sets: given to legs only if there is one."""
    said = [part.strip() for part in row.get("bet_info").split(" | ") if part.strip()] or ["Not described"]
    if plain(row.get("type")) == "straight":
        said = [" | ".join(said)]
    closing = (
        american(row.get("closing_line"), "decimal", what="closing_line") if row.get("closing_line") else None
    )
    single = len(said) == 1
    return tuple(
        ReadLeg(
            description=text[:500],
            sport=row.get("sports") if single or "|" not in row.get("sports") else "",
            league=row.get("leagues") if single or "|" not in row.get("leagues") else "",
            odds=odds if single and abs(odds) < LEG_LIMIT else None,
            status=status if single else "",
            closing_odds=closing if single else None,
            is_live=flag(row.get("live")) if row.get("live") else None,
        )
        for text in said
    )
