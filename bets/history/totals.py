"""Sums of the bets that a filter lets through, as their page shows them."""

from __future__ import annotations

from dataclasses import dataclass

from bets.stats import PotTotals
from bets.stats import page as shown


@dataclass(frozen=True, slots=True)
class ShownTotals:
    """The sums of one currency with one kind of money, as text."""

    name: str
    is_paper: bool
    profit: str
    sign: str
    yield_: str
    staked: str
    returned: str
    record: str
    record_in_words: str
    exposure: str
    open: int
    settled: int
    bonus: str


def shown_totals(pot: PotTotals) -> ShownTotals:
    amounts, sums = shown.Amounts(pot.currency), pot.sums
    bonus = f"{amounts.text(sums.bonus_net)} of it from bonus bets" if sums.bonus_net else ""
    return ShownTotals(
        name=f"{pot.currency}, {pot.kind} money",
        is_paper=pot.kind == "paper",
        profit=amounts.text(sums.net, signed=True) if sums.bets else shown.DASH,
        sign=shown.sign_of(sums.net),
        yield_=shown.share(sums.yield_, signed=True),
        staked=amounts.text(sums.staked),
        returned=amounts.text(sums.returned),
        record=f"{shown.short_record(sums)}–{sums.outcomes['void']}",
        record_in_words=shown.record_text(sums),
        exposure=amounts.text(pot.exposure),
        open=pot.open,
        settled=sums.bets,
        bonus=bonus,
    )
