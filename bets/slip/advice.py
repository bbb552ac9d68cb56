"""How much to stake: one unit, shares of the bankroll, and a quarter of Kelly against the fair price."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import prod

from bets.models import BetKind
from bets.money import BadAmount, format_money, plain_money
from bets.placement.asked import commission_at
from bets.slip.board import SlipLine, percentage
from bets.slip.quotes import Purse, Sums
from bets.slip.stakes import PERCENTAGES, rounded, unit_of
from odds import pricing
from odds.edges.fair_prices import FairPrice, NoFair, Wanted, fair_prices
from odds.pricing import decimal_odds, format_odds
from odds.wording import ago


@dataclass(frozen=True, slots=True)
class Helper:
    """A stake to take: what it is called, the amount in words, and the text that goes into the field."""

    label: str
    amount: str
    text: str


@dataclass(frozen=True, slots=True)
class Advice:
    """What a fair price says of a bet, or why there is none, and stakes to take."""

    fair: str = ""
    edge: str = ""
    sign: str = ""
    why: str = ""
    helpers: Sequence[Helper] = ()


@dataclass(frozen=True, slots=True)
class Chance:
    """The fair chance of a bet and the books and time it is by; ``why`` there is none."""

    chance: Fraction | None = None
    books: int = 0
    oldest: dt.datetime | None = None
    why: str = ""


def advise(
    lines: Sequence[SlipLine],
    kind: str,
    ticket: Sums,
    purse: Purse | None,
    *,
    now: dt.datetime,
    odds_format: str,
) -> list[Advice]:
    """Return advice for each leg, and for a ticket of several once more at the end; one statement."""
    wanted = [
        Wanted(line.game.pk, line.leg.selection_id, line.leg.point, line.leg.bookmaker.key) for line in lines
    ]
    found = fair_prices(wanted, now=now)
    chances = [chance_of(found[one]) for one in wanted]
    advice = [
        advice_of(chance, net_odds(line), None if kind != BetKind.STRAIGHT else purse, now, odds_format)
        for line, chance in zip(lines, chances, strict=True)
    ]
    if kind == BetKind.STRAIGHT or ticket.quote is None:
        return [*advice, Advice()]
    whole = whole_chance(kind, chances, [found[one] for one in wanted])
    return [*advice, advice_of(whole, decimal_odds(ticket.quote.bet.odds), purse, now, odds_format)]


def chance_of(fair: FairPrice | NoFair) -> Chance:
    if isinstance(fair, NoFair):
        return Chance(why=fair.reason)
    return Chance(fair.chance, len(fair.books), fair.oldest)


def net_odds(line: SlipLine) -> Fraction:
    """Return the decimal odds that the leg would get, net of an exchange's commission."""
    share = commission_at(line.leg.bookmaker) / 100
    return pricing.after_commission(decimal_odds(line.asking), share)


def whole_chance(kind: str, chances: Sequence[Chance], fairs: Sequence[FairPrice | NoFair]) -> Chance:
    """Return the fair chance of a parlay of independent legs; of other tickets why there is none."""
    if kind != BetKind.PARLAY:
        return Chance(why=WHY_NOT[kind])
    if any(chance.chance is None for chance in chances):
        return Chance(why="a leg has no fair price")
    if any(isinstance(fair, FairPrice) and fair.may_push for fair in fairs):
        return Chance(why="a leg may push, which changes what the ticket pays")
    return Chance(
        prod((chance.chance or Fraction(0) for chance in chances), start=Fraction(1)),
        min(chance.books for chance in chances),
        min(chance.oldest for chance in chances if chance.oldest is not None),
    )


WHY_NOT: dict[str, str] = {
    BetKind.SAME_GAME_PARLAY: "legs of one game depend on each other",
    BetKind.TEASER: "no book’s prices say how often the moved lines win",
    BetKind.ROUND_ROBIN: "a round robin is several bets in one",
}


def advice_of(
    chance: Chance, odds: Fraction, purse: Purse | None, now: dt.datetime, odds_format: str
) -> Advice:
    """Put a fair chance into words, and stakes into buttons where there is a bankroll to stake from."""
    if chance.chance is None or chance.oldest is None:
        return Advice(why=f"No fair price: {chance.why}.", helpers=helpers_of(None, odds, purse))
    edge = pricing.expected_value(odds, chance.chance)
    price = format_odds(pricing.price_from_quote(chance.chance, pricing.IMPLIED), odds_format)
    books = f"{chance.books} other book{'' if chance.books == 1 else 's'}"
    return Advice(
        fair=f"{price}, {percentage(chance.chance)} by {books}, margin taken out in proportion, {ago(now - chance.oldest)} old",
        edge=signed(edge),
        sign="gain" if edge > 0 else "loss" if edge < 0 else "",
        helpers=helpers_of(chance.chance, odds, purse),
    )


def helpers_of(chance: Fraction | None, odds: Fraction, purse: Purse | None) -> list[Helper]:
    """Return the stakes to take: unit, percentages of what is available, a quarter of Kelly where it is above zero."""
    if purse is None or purse.row is None:
        return []
    balance = purse.row.balance
    wanted: list[tuple[str, Decimal | Fraction]] = []
    unit = unit_of(purse.row, purse.preferences)
    if unit is not None:
        wanted.append(("1 unit", unit))
    wanted += [(f"{share}%", Fraction(balance) * share / 100) for share in PERCENTAGES]
    if chance is not None:
        share = pricing.kelly(pricing.Proposition(odds, chance))
        wanted.append(("¼ Kelly", Fraction(balance) * share))
    found = []
    for label, amount in wanted:
        try:
            stake = rounded(amount, purse.currency)
        except BadAmount:
            continue  # rounds to nothing
        text = plain_money(stake, purse.currency).replace(",", "")
        found.append(Helper(label, format_money(stake, purse.currency), text))
    return found


def signed(share: Fraction) -> str:
    """Write a share as a percentage with its sign: +3.2%, −0.4%."""
    text = percentage(abs(share))
    return text if text == "0.0%" else f"{'+' if share > 0 else pricing.MINUS}{text}"
