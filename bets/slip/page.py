"""What the slip shows: its legs as they stand now, its tickets with what they pay, and what stands in the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from types import MappingProxyType

from accounts.models import User
from bets.bankrolls.page import BankrollRow
from bets.grading import BadTeaser, LegTerms, tease
from bets.history import BetRow
from bets.models import SLIP_KINDS, BetKind, BettingPreferences, Moves, Slip, SlipLeg
from bets.money import format_money
from bets.slip.advice import Advice, advise
from bets.slip.board import BookChoice, SlipLine, read_lines, shared_books
from bets.slip.contents import slip_of
from bets.slip.entry.reading import Read
from bets.slip.quotes import Purse, Size, Sums, sizes_of, sums_of, table_points
from bets.slip.troubles import Trouble, troubles_of
from bets.wording import point_name
from odds.pricing import format_odds

KIND_LABELS = {
    BetKind.STRAIGHT: "Singles",
    BetKind.PARLAY: "Parlay",
    BetKind.SAME_GAME_PARLAY: "Same game",
    BetKind.TEASER: "Teaser",
    BetKind.ROUND_ROBIN: "Round robin",
}


@dataclass(frozen=True, slots=True)
class Said:
    """What happened before the slip is shown: a refusal, bets placed, legs taken out, what was typed wrongly."""

    problem: str = ""
    placed: Sequence[BetRow] = ()
    removed: int = 0
    announce: str = ""
    errors: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    texts: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    # of a bet typed or pasted: what is to be asked about, the text, and what the person should know
    reads: Sequence[Read] = ()
    typed: str = ""
    notes: Sequence[str] = ()


NOTHING_SAID = Said()


@dataclass(frozen=True, slots=True)
class Row:
    """A leg with what belongs to it alone: of a straight bet its stake and sums; what was typed wrongly."""

    line: SlipLine
    sums: Sums | None
    stake: str
    price: str
    error: str
    advice: Advice
    teased: str = ""


@dataclass(frozen=True)
class SlipView:
    """Everything the slip's template needs."""

    slip: Slip
    lines: Sequence[SlipLine]
    bankrolls: Sequence[BankrollRow]
    purse: Purse | None
    now: dt.datetime
    odds_format: str
    said: Said = NOTHING_SAID
    waiting: Sequence[str] = ()

    @property
    def signed_in(self) -> bool:
        return self.purse is not None

    @property
    def bankroll(self) -> BankrollRow | None:
        return self.purse.row if self.purse else None

    @property
    def count(self) -> int:
        return len(self.lines)

    @property
    def kind(self) -> str:
        """The kind of ticket: one leg is a straight bet, whatever was chosen for several."""
        return self.slip.kind if self.count > 1 else BetKind.STRAIGHT

    @property
    def is_ticket(self) -> bool:
        """Whether the legs make one ticket with one stake."""
        return self.kind != BetKind.STRAIGHT

    @property
    def has_ticket_price(self) -> bool:
        return self.kind in (BetKind.SAME_GAME_PARLAY, BetKind.TEASER)

    @property
    def kinds(self) -> list[tuple[str, str]]:
        return [(kind.value, KIND_LABELS[kind]) for kind in SLIP_KINDS]

    @property
    def moves(self) -> list[tuple[str, str]]:
        return list(Moves.choices)

    @property
    def sizes(self) -> list[Size]:
        return sizes_of(self.slip, self.count)

    @property
    def teaser_points(self) -> list[Decimal]:
        return table_points(self.lines[0].game.sport_id)

    @property
    def ticket_price(self) -> str:
        typed = self.said.texts.get("ticket_price")
        if typed is not None:
            return typed
        price = self.slip.ticket_price
        return "" if price is None else format_odds(price, self.odds_format)

    @property
    def ticket_stake(self) -> str:
        return self.said.texts.get("stake", self.slip.stake)

    @cached_property
    def troubles(self) -> list[Trouble]:
        return troubles_of(self.kind, self.lines)

    @cached_property
    def ticket(self) -> Sums:
        """The sums of the one ticket; of straight bets none."""
        if self.purse is None or not self.is_ticket:
            return Sums()
        if "stake" in self.said.errors or any(not trouble.is_warning for trouble in self.troubles):
            return Sums()
        return self.sums(self.lines, self.kind, self.slip.stake)

    @cached_property
    def advice(self) -> list[Advice]:
        return advise(
            self.lines, self.kind, self.ticket, self.purse, now=self.now, odds_format=self.odds_format
        )

    @property
    def ticket_advice(self) -> Advice:
        return self.advice[-1]

    @property
    def books(self) -> list[BookChoice]:
        """The books to which a ticket's legs can all move."""
        return shared_books(self.lines, self.odds_format)

    @property
    def one_book(self) -> str:
        """The book that all legs are at; empty while they are at several."""
        titles = {line.book for line in self.lines}
        return titles.pop() if len(titles) == 1 else ""

    @cached_property
    def rows(self) -> list[Row]:
        return [self.row(n, line) for n, line in enumerate(self.lines)]

    def row(self, n: int, line: SlipLine) -> Row:
        number = line.leg.pk
        wrong = self.said.errors.get(f"stake-{number}", "")
        sums = None
        if not self.is_ticket:
            sums = Sums(error=wrong) if wrong else self.sums([line], BetKind.STRAIGHT, line.leg.stake)
        errors = [self.said.errors.get(f"{name}-{number}", "") for name in ("price", "point", "book")]
        errors += [wrong] if self.is_ticket else []
        return Row(
            line=line,
            sums=sums,
            stake=self.said.texts.get(f"stake-{number}", line.leg.stake),
            price=self.said.texts.get(f"price-{number}", line.price),
            error=next(filter(None, errors), ""),
            advice=self.advice[n],
            teased=teased(line, self.slip.teaser_points) if self.kind == BetKind.TEASER else "",
        )

    def sums(self, lines: Sequence[SlipLine], kind: str, text: str) -> Sums:
        assert self.purse is not None  # noqa: S101 - only who is signed in has lines
        key = self.slip.key if self.is_ticket else f"{self.slip.key}-{lines[0].leg.pk}"
        return sums_of(self.slip, kind, lines, self.purse, text=text, key=key, odds_format=self.odds_format)

    def tickets(self) -> Iterator[tuple[Sums, Sequence[SlipLine]]]:
        """Return every ticket of the slip that has a stake, with its lines."""
        if self.is_ticket:
            if self.ticket.stake is not None:
                yield self.ticket, self.lines
            return
        for row in self.rows:
            if row.sums is not None and row.sums.stake is not None:
                yield row.sums, [row.line]

    @cached_property
    def staked(self) -> Decimal:
        return sum((sums.risked for sums, _ in self.tickets()), Decimal(0))

    @property
    def total_stake(self) -> str:
        return format_money(self.staked, self.currency) if self.staked else ""

    @property
    def returns(self) -> str:
        total = sum((sums.payout for sums, _ in self.tickets()), Decimal(0))
        return format_money(total, self.currency) if total else ""

    @property
    def to_win(self) -> str:
        if not self.staked:
            return ""
        profit = sum((sums.quote.profit for sums, _ in self.tickets() if sums.quote), Decimal(0))
        return format_money(profit, self.currency)

    @property
    def currency(self) -> str:
        return self.purse.currency if self.purse else "USD"

    @property
    def is_short(self) -> bool:
        row = self.bankroll
        return row is not None and self.staked > row.balance and not row.may_go_negative

    @property
    def stopped(self) -> list[SlipLine]:
        """The lines to be settled with the user before their bets can be placed."""
        if self.is_ticket:
            return [line for line in self.lines if line.is_stopped]
        staked = [line for sums, lines in self.tickets() for line in lines]
        looked_at = staked or (self.lines if self.count == 1 else [])
        return [line for line in looked_at if line.is_stopped]

    @property
    def blocking(self) -> list[Trouble]:
        return [trouble for trouble in self.troubles if not trouble.is_warning]

    @property
    def blocked_label(self) -> str:
        """What the button says while the slip cannot be placed."""
        if any(line.state == "started" for line in self.stopped):
            return "Bets are closed"
        if self.stopped:
            return "Choose a price first"
        asked = (trouble.label for trouble in self.blocking if trouble.label and not trouble.kind)
        return next(asked, "These legs do not go together")

    @property
    def is_blocked(self) -> bool:
        return bool(self.stopped or self.blocking)

    @property
    def how_many(self) -> int:
        """How many bets placing makes."""
        return sum(1 for _ in self.tickets())

    @property
    def sum_errors(self) -> list[str]:
        """What keeps a ticket from being worked out."""
        sums = [self.ticket] if self.is_ticket else [row.sums for row in self.rows if row.sums is not None]
        return [one.error for one in sums if one.error]

    @property
    def error(self) -> str:
        """What is wrong with the ticket, for its place beside the stake."""
        return self.ticket.error

    @property
    def title(self) -> str:
        if self.is_ticket:
            return f"{BetKind(self.kind).label}, {self.count} legs"
        return f"{self.count} straight bet{'s' if self.count > 1 else ''}"


def teased(line: SlipLine, points: Decimal | None) -> str:
    """Return the point to which a teaser moves the leg's line; empty where it cannot."""
    leg = line.leg
    if points is None:
        return ""
    terms = LegTerms(leg.selection.market, leg.selection.side, leg.price, leg.point)
    try:
        return point_name(leg.selection, tease(terms, points).point)
    except BadTeaser:
        return ""


def read_slip(
    legs: Sequence[SlipLeg],
    *,
    user: User,
    bankrolls: Sequence[BankrollRow],
    odds_format: str,
    now: dt.datetime,
    said: Said = NOTHING_SAID,
) -> SlipView:
    """Return a person's slip as shown; of an empty one nothing more is read."""
    slip = slip_of(user, legs)
    preferences = BettingPreferences.objects.of(user) if legs else BettingPreferences(user=user)
    chosen = next((row for row in bankrolls if row.pk == slip.bankroll_id), None)
    row = chosen or first_for(legs, bankrolls)
    settle_terms(slip, legs)
    lines = read_lines(legs, odds_format=odds_format, now=now, moves=slip.moves)
    return SlipView(
        slip=slip,
        lines=lines,
        bankrolls=bankrolls,
        purse=Purse(user, row, preferences),
        now=now,
        odds_format=odds_format,
        said=said,
    )


def first_for(legs: Sequence[SlipLeg], bankrolls: Sequence[BankrollRow]) -> BankrollRow | None:
    """Return the bankroll to begin with: one at the first leg's book, else one at none, else the first."""
    book = legs[0].bookmaker_id if legs else None
    fitting = [row for row in bankrolls if row.bookmaker_id in (book, None)] or list(bankrolls)
    return min(fitting, key=lambda row: row.bookmaker_id is None, default=None)


def settle_terms(slip: Slip, legs: Sequence[SlipLeg]) -> None:
    """Give a teaser and a round robin the terms they begin with where none fit."""
    if slip.kind == BetKind.TEASER and slip.teaser_points is None and legs:
        slip.teaser_points = next(iter(table_points(legs[0].selection.game.sport_id)), None)
    slip.sizes = [size for size in slip.sizes if 2 <= size <= len(legs)] or [2]


def read_waiting(names: Sequence[str], said: Said = NOTHING_SAID) -> SlipView:
    """Return the slip of a visitor: the prices that wait for them to sign in."""
    return SlipView(
        slip=Slip(),
        lines=(),
        bankrolls=(),
        purse=None,
        now=dt.datetime.min.replace(tzinfo=dt.UTC),
        odds_format="american",
        said=said,
        waiting=names,
    )
