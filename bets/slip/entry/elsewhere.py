"""A bet made elsewhere that no line of the archive stands for: recorded in words, as an import of one bet."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from accounts.models import User
from bets.exceptions import NotPossible
from bets.imports.committing import commit_import
from bets.imports.outcomes import settle
from bets.imports.planning import plan_for
from bets.imports.rows import BadRow, ReadBet, Reading, ReadLeg
from bets.imports.values import instant, number, status_of
from bets.models import Bankroll, Bet, BetStatus, ImportFormat
from bets.slip.entry.pasted import PastedBet
from odds.pricing import format_odds

FILE_NAME: Final = "a bet typed in"
RESULTS: Final = (
    BetStatus.PENDING,
    BetStatus.WON,
    BetStatus.LOST,
    BetStatus.PUSH,
    BetStatus.VOID,
    BetStatus.HALF_WON,
    BetStatus.HALF_LOST,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class InWords:
    """A bet in words: ``odds`` American, money in the bankroll's currency, times with their zone."""

    description: str
    odds: Decimal
    stake: Decimal
    placed_at: dt.datetime
    status: str = BetStatus.PENDING
    event: str = ""
    book: str = ""
    payout: Decimal | None = None
    settled_at: dt.datetime | None = None
    source_id: str = ""


def record_in_words(*, user: User, bankroll: Bankroll, bet: InWords, now: dt.datetime) -> Bet:
    """Record a bet in words; BetTrack does not grade it, the result is entered by hand or by a later import.

    Raises BadRow where result and payout contradict each other, NotPossible if the person has the bet already,
    InsufficientFunds.
    """
    payout, _ = settle(bet.status, bet.stake, bet.odds, payout=bet.payout, profit=None)
    leg = ReadLeg(description=bet.description, event=bet.event, odds=bet.odds, status=bet.status)
    read = ReadBet(
        line=1,
        placed_at=bet.placed_at,
        stake=bet.stake,
        odds=bet.odds,
        status=bet.status,
        payout=payout,
        legs=(leg,),
        settled_at=bet.settled_at if payout is not None else None,
        book=bet.book,
        source_id=bet.source_id,
        currency=bankroll.currency,
    )
    reading = Reading(ImportFormat.GENERIC, [read], [], by_hand=True)
    step = plan_for(reading, user=user, now=now, bankroll=bankroll).steps[0]
    if step.fate != "add":
        raise NotPossible(step.reason)
    content = f"{bet.description} {format_odds(bet.odds)} {bet.stake}".encode()
    done = commit_import(
        reading=reading, user=user, file_name=FILE_NAME, content=content, bankroll=bankroll, now=now
    )
    return done.batch.bets.get()


def status_in(state: str) -> str:
    """Return the result that a book's word for a bet's state says: ``Settled – Win``. Raises BadRow."""
    said = state.replace("\N{EN DASH}", "-").split("-")[-1].strip()
    if said.casefold() in ("", "open", "running", "accepted"):
        return BetStatus.PENDING
    return status_of(said, what="state")


def time_in(text: str, zone: str) -> dt.datetime | None:
    """Return a time as a slip writes it, in the person's zone; None if it cannot be read."""
    try:
        return instant(text, order="mdy", zone=zone) if text else None
    except BadRow:
        return None


def amount_in(text: str) -> Decimal | None:
    try:
        return number(text, what="amount") if text else None
    except BadRow:
        return None


def initial_of(pasted: PastedBet, zone: str) -> dict[str, object]:
    """Return what the form for a bet in words begins with, from a pasted one."""
    try:
        status = status_in(pasted.state)
    except BadRow:
        status = ""
    return {
        "description": pasted.selection,
        "event": pasted.event,
        "price": pasted.price,
        "stake": pasted.stake,
        "book": "Pinnacle",
        "result": status,
        "payout": pasted.payout if status != BetStatus.PENDING else "",
        "placed_at": time_in(pasted.placed, zone),
        "settled_at": time_in(pasted.settled, zone),
        "number": pasted.number,
    }
