"""One bet as a ticket: its legs and their closing lines, the reasons of its grade, its money and what happened."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from accounts.models import User
from bets.decisions.options import Option, options_for
from bets.decisions.record import BY_HAND
from bets.explanation import explanation
from bets.history.editing import why_not
from bets.history.rows import BetRow, LegRow, bet_row, bets_of
from bets.models import OPEN_STATUSES, Bet, BetEvent, BetEventKind
from bets.money import MINUS, format_money
from bets.wording import point_name
from games.models import GameStatus
from odds.pricing import decimal_odds, format_odds
from odds.wording import duration


@dataclass(frozen=True, slots=True)
class Ticket:
    """One bet with everything its page tells."""

    row: BetRow
    evidence: list[list[Mapping[str, Any]]]
    closing: list[ClosingLine]
    ledger: list[tuple[str, str, str, dt.datetime]]
    events: list[tuple[str, str, dt.datetime]]
    verified: str
    decision: Decision | None
    options: list[Option]
    may_edit: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision of a person that is in force on a bet."""

    label: str
    who: str
    reason: str
    is_part: bool


@dataclass(frozen=True, slots=True)
class ClosingLine:
    """The last price before the start at the same book, and how the bet's own compares."""

    line: str
    age: str = ""
    beaten_by: str = ""
    sign: str = ""


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
        closing=[line for leg in row.legs if (line := closing_line(leg, odds_format))],
        ledger=[
            (
                f"{entry.get_kind_display()}, line {entry.seq}",
                format_money(entry.amount, currency, signed=True),
                format_money(entry.balance_after, currency),
                entry.at,
            )
            for entry in lines
        ],
        events=timeline(bet, events, row.legs),
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


def hand_label(event: BetEvent) -> str:
    """Name what happened; a person's settlement is one by hand, a cash-out says whether it was a part."""
    if event.kind == BetEventKind.CASHED_OUT and event.data.get("is_part"):
        return "Cashed out in part"
    if event.by_id is not None and event.kind in (BetEventKind.SETTLED, BetEventKind.REGRADED):
        return "Settled at a new price" if event.data.get("new_price") else "Settled by hand"
    return str(BetEventKind(event.kind).label)


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


def closing_line(row: LegRow, odds_format: str) -> ClosingLine | None:
    """Return the closing line of a graded leg, none found included; None while the leg is open."""
    leg = row.leg
    if leg.closing_odds is None:
        return None if leg.status in OPEN_STATUSES else ClosingLine("none in the archive")
    point = point_name(leg.selection, leg.closing_point)
    line = f"{point} at {format_odds(leg.closing_odds, odds_format)}" if point else ""
    age = ""
    if leg.closing_seen_at is not None and leg.closing_seen_at < leg.game.commence_time:
        age = f"{duration(leg.game.commence_time - leg.closing_seen_at)} before the start"
    gain = decimal_odds(leg.odds) / decimal_odds(leg.closing_odds) - 1
    beaten, sign = "", ""
    if leg.closing_point == leg.point:
        sign = "gain" if gain > 0 else "loss" if gain < 0 else ""
        sign_text = "+" if gain > 0 else MINUS
        beaten = f"{sign_text}{abs(round(gain * 1000)) / Decimal(10):.1f}%" if gain else "level"
    return ClosingLine(line or format_odds(leg.closing_odds, odds_format), age, beaten, sign)


def timeline(
    bet: Bet, history: Iterable[BetEvent], legs: Iterable[LegRow]
) -> list[tuple[str, str, dt.datetime]]:
    """Return what happened to the bet, the starts of its games among it, in order of time."""
    events = [(hand_label(event), who_and_why(event, bet.user_id), event.at) for event in history]
    for leg in legs:
        if leg.game.status in (GameStatus.LIVE, GameStatus.FINAL):
            events.append(("Game started", "", leg.game.commence_time))
    return sorted(events, key=lambda event: event[2])


def who_and_why(event: BetEvent, owner: uuid.UUID) -> str:
    """Say who did it and why, as far as it was recorded."""
    who = "" if event.by is None or event.by_id == owner else f"by {event.by.get_username()}"
    return ", ".join(filter(None, (who, event.reason)))
