"""What the slip shows: names, the price now, what a stake would return, and what stands in the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from fractions import Fraction
from typing import Literal

from bets.bankrolls.page import BankrollRow
from bets.grading import LegGrade, grade_ticket, win_factor
from bets.history import BetRow
from bets.money import BadAmount, format_money, parse_money
from bets.placement.asked import commission_at
from bets.slip import Leg, Slip
from bets.wording import game_name, point_name, selection_name
from games.models import Game, GameStatus
from odds import markets
from odds.models import Bookmaker, CurrentOdds, Selection
from odds.pricing import format_odds, implied

State = Literal["open", "own", "moved", "withdrawn", "started"]


@dataclass(frozen=True, slots=True)
class SlipLine:
    """One leg as shown. ``offer`` is the book's line now when it is not the one clicked."""

    leg: Leg
    game: Game
    name: str
    market: str
    game_name: str
    book: str
    price: str
    break_even: str
    state: State
    offer: CurrentOdds | None = None
    offer_price: str = ""
    offer_point: str = ""
    commission_pct: Decimal = Decimal(0)

    @property
    def commission(self) -> str:
        """What the exchange takes of the profit: ``5%``; empty elsewhere."""
        return f"{self.commission_pct.normalize():f}%" if self.commission_pct else ""

    @property
    def is_worse(self) -> bool:
        """The price has shortened since the click, or the point has gone."""
        return self.offer is not None and self.offer.price < self.leg.price

    @property
    def offer_leg(self) -> Leg:
        """The leg at the book's line now."""
        return (
            self.leg
            if self.offer is None
            else replace(self.leg, price=self.offer.price, point=self.offer.point)
        )

    @property
    def take_label(self) -> str:
        return f"Take {self.offer_point} {self.offer_price}".replace("  ", " ")

    @property
    def keep_label(self) -> str:
        return f"Keep {self.price} as my own price"


@dataclass(frozen=True, slots=True)
class Sums:
    """What the stake would bring, in the bankroll's currency; empty while the stake cannot be read."""

    stake: Decimal | None = None
    returns: str = ""
    to_win: str = ""
    error: str = ""
    is_short: bool = False
    available: str = ""


@dataclass(frozen=True, slots=True)
class SlipView:
    """Everything the slip's template needs. ``problem`` is why placing was refused the last time."""

    slip: Slip
    lines: Sequence[SlipLine] = ()
    bankrolls: Sequence[BankrollRow] = ()
    bankroll: BankrollRow | None = None
    signed_in: bool = False
    price: str = ""
    price_error: str = ""
    sums: Sums = field(default_factory=Sums)
    problem: str = ""
    placed: BetRow | None = None
    removed: SlipLine | None = None

    @property
    def stake(self) -> str:
        return self.slip.stake

    @property
    def is_blocked(self) -> bool:
        """A line has to be settled with the user before the slip can be placed."""
        return any(line.state in ("moved", "withdrawn", "started") for line in self.lines)


def read_lines(legs: Sequence[Leg], *, odds_format: str, now: dt.datetime) -> list[SlipLine]:
    """Return the legs as shown, in three queries; a leg whose selection is gone is left out."""
    if not legs:
        return []
    selections = Selection.objects.select_related(
        "game__sport", "game__home_team", "game__away_team"
    ).in_bulk({leg.selection for leg in legs})
    books = Bookmaker.objects.in_bulk({leg.bookmaker for leg in legs}, field_name="key")
    current = list(
        CurrentOdds.objects.filter(selection__in=selections, bookmaker__in=books.values()).order_by("point")
    )
    return [
        read_line(leg, selections[leg.selection], books[leg.bookmaker], current, odds_format, now)
        for leg in legs
        if leg.selection in selections and leg.bookmaker in books
    ]


def read_line(
    leg: Leg,
    selection: Selection,
    book: Bookmaker,
    current: Sequence[CurrentOdds],
    odds_format: str,
    now: dt.datetime,
) -> SlipLine:
    """Return one leg as shown; ``current`` are rows of current odds among which its own are found."""
    offers = [c for c in current if c.selection_id == selection.pk and c.bookmaker_id == book.pk]
    state, offer = compare_to_board(leg, selection, offers, now)
    return SlipLine(
        leg=leg,
        game=selection.game,
        name=selection_name(selection, leg.point),
        market=markets.title(selection.market),
        game_name=game_name(selection.game),
        book=book.title,
        price=format_odds(leg.price, odds_format),
        break_even=percentage(implied(leg.price)),
        state=state,
        offer=offer,
        offer_price=format_odds(offer.price, odds_format) if offer else "",
        offer_point=point_name(selection, offer.point) if offer and offer.point != leg.point else "",
        commission_pct=commission_at(book),
    )


def compare_to_board(
    leg: Leg, selection: Selection, offers: Sequence[CurrentOdds], now: dt.datetime
) -> tuple[State, CurrentOdds | None]:
    """Say how the clicked line stands to what its book offers now.

    In a market of one line at a time another point of the same book is the line moved.
    """
    game = selection.game
    if game.commence_time <= now or game.status != GameStatus.SCHEDULED:
        return "started", None
    same = next((offer for offer in offers if offer.point == leg.point), None)
    if same is None and len(offers) == 1 and markets.single_line(selection.market):
        same = offers[0]
    unmoved = same is not None and (same.price, same.point) == (leg.price, leg.point)
    if leg.own and not unmoved:
        return "own", same
    if same is None:
        return "withdrawn", None
    return ("open", None) if unmoved else ("moved", same)


def percentage(share: Fraction) -> str:
    """Write a share as a percentage with one decimal, rounded half to even: 27/46 is 58.7%."""
    return f"{Decimal(round(share * 1000)).scaleb(-1):.1f}%"


def work_out(slip: Slip, bankroll: BankrollRow | None, commission_pct: Decimal = Decimal(0)) -> Sums:
    """Work out what the stake returns if the bet wins, by the arithmetic that will settle it; commission in per cent."""
    currency = bankroll.currency if bankroll else "USD"
    if not slip.stake.strip() or not slip.legs:
        return Sums()
    try:
        stake = parse_money(slip.stake, currency, what="stake")
    except BadAmount as error:
        return Sums(error=str(error))
    legs = [LegGrade("won", win_factor(leg.price)) for leg in slip.legs]
    ticket = grade_ticket(
        kind="straight", stake=stake, currency=currency, legs=legs, commission_pct=commission_pct
    )
    if ticket.payout is None or ticket.profit is None:
        return Sums(stake=stake, error=ticket.reason)
    short = bankroll is not None and stake > bankroll.balance and not bankroll.may_go_negative
    return Sums(
        stake=stake,
        returns=format_money(ticket.payout, currency),
        to_win=format_money(ticket.profit, currency),
        is_short=short,
        available=bankroll.available if bankroll else "",
    )


def read_slip(
    slip: Slip,
    *,
    bankrolls: Sequence[BankrollRow],
    signed_in: bool,
    odds_format: str,
    now: dt.datetime,
    price_text: str = "",
    price_error: str = "",
    problem: str = "",
    placed: BetRow | None = None,
    removed: SlipLine | None = None,
) -> SlipView:
    """Return the slip as shown. ``price_text`` and ``price_error`` repeat what was typed wrongly."""
    chosen = next((b for b in bankrolls if str(b.pk) == slip.bankroll), None)
    bankroll = chosen or next(iter(bankrolls), None)
    lines = read_lines(slip.legs, odds_format=odds_format, now=now)
    return SlipView(
        slip=slip,
        lines=lines,
        bankrolls=bankrolls,
        bankroll=bankroll,
        signed_in=signed_in,
        price=price_text or (lines[0].price if lines else ""),
        price_error=price_error,
        sums=work_out(slip, bankroll, lines[0].commission_pct if lines else Decimal(0)),
        problem=problem,
        placed=placed,
        removed=removed,
    )
