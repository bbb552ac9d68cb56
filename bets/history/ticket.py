"""One bet as a ticket: its legs and their closing lines, the reasons of its grade, its money and what happened."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from accounts.models import User
from bets.decisions.options import Option, options_for
from bets.decisions.record import BY_HAND
from bets.explanation import explanation
from bets.history.closes import ClosingLine, Value, closing_line, game_state, ticket_values
from bets.history.editing import why_not
from bets.history.events import Happening, hand_label, timeline
from bets.history.rows import BetRow, LegRow, bet_row, bets_of
from bets.models import Bet, BetEvent
from bets.money import format_money
from odds.wording import duration


@dataclass(frozen=True, slots=True)
class Ticket:
    """One bet with everything its page tells."""

    row: BetRow
    evidence: list[list[Mapping[str, Any]]]
    legs: list[TicketLeg]
    values: list[tuple[str, Value]]
    ledger: list[tuple[str, str, str, dt.datetime]]
    events: list[Happening]
    verified: str
    decision: Decision | None
    options: list[Option]
    may_edit: bool = False


@dataclass(frozen=True, slots=True)
class TicketLeg:
    """A leg with the state of its game and its closing line, which is None while the leg is open."""

    row: LegRow
    state: str
    closing: ClosingLine | None


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision of a person that is in force on a bet."""

    label: str
    who: str
    reason: str
    is_part: bool


def ticket(user: User, bet_id: uuid.UUID, odds_format: str, now: dt.datetime) -> Ticket | None:
    """Return a bet with its evidence, ledger lines, history and what the user may decide about it.

    None if it is not theirs. ``now`` tells which games have begun.
    """
    bet = bets_of(user).filter(pk=bet_id).prefetch_related("legs__grade").first()
    if bet is None:
        return None
    events = list(bet.events.select_related("by").order_by("at", "id"))
    in_force = decision_in_force(bet, events)
    row = bet_row(bet, odds_format)
    currency = bet.bankroll.currency
    lines = list(bet.ledger.order_by("seq"))
    return Ticket(
        row=row,
        evidence=[
            *(list(explanation(bet, leg.leg, lines).get("steps", [])) for leg in row.legs),
            *ticket_steps(bet),
        ],
        legs=[TicketLeg(leg, game_state(leg.game), closing_line(bet, leg, odds_format)) for leg in row.legs],
        values=ticket_values(bet, row.legs),
        ledger=[
            (
                f"{entry.get_kind_display()}, line {entry.seq}",
                format_money(entry.amount, currency, signed=True),
                format_money(entry.balance_after, currency),
                entry.at,
            )
            for entry in lines
        ],
        events=timeline(bet, events, row.legs, odds_format),
        verified=verified(bet, row.legs),
        decision=decision_of(in_force, user) if in_force else None,
        may_edit=not why_not(bet, [leg.leg for leg in row.legs], now),
        options=options_for(bet, [leg.leg for leg in row.legs], in_force, user, now),
    )


def decision_in_force(bet: Bet, events: Iterable[BetEvent]) -> BetEvent | None:
    """Return the event by which a person decided the bet as it stands, None if nobody did."""
    found = [e for e in events if e.revision == bet.revision and e.by_id is not None and e.kind in BY_HAND]
    return found[-1] if found else None


def decision_of(event: BetEvent, reader: User) -> Decision:
    """Return the decision for the page; the reader is "you"."""
    who = "you" if event.by_id == reader.pk or event.by is None else event.by.get_username()
    return Decision(hand_label(event), who, event.reason, bool(event.data.get("is_part")))


def ticket_steps(bet: Bet) -> list[list[Mapping[str, Any]]]:
    """Return the arithmetic of a settled ticket that is more than a plain bet, from the event of its grade."""
    if bet.payout is None:
        return []
    stored = bet.events.filter(revision=bet.revision).values_list("data", flat=True)
    return [list(data["steps"]) for data in stored if data.get("steps")]


def verified(bet: Bet, legs: Iterable[LegRow]) -> str:
    """Say whether the archive saw each price at its book, and how long before placing."""
    if bet.batch_id is not None:
        return "no: the price is the imported file's"
    seen = [leg.leg.price_seen_at for leg in legs]
    if not seen or any(at is None for at in seen):
        return "not seen there: your own price" if bet.own_price else "not seen at that book"
    oldest = min(at for at in seen if at is not None)
    return f"seen {duration(bet.placed_at - oldest)} earlier" if oldest < bet.placed_at else "seen as placed"
