"""What happened to a bet, in plain words: who, when, why, and what changed from what to what."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bets.history.rows import LegRow
from bets.models import Bet, BetEvent, BetEventKind
from bets.money import format_money
from games.models import GameStatus
from odds.pricing import format_odds

SHOWN_NOTE = 60


@dataclass(frozen=True, slots=True)
class Happening:
    """A line of the history: what, who and why, and each thing that changed."""

    what: str
    why: str
    at: dt.datetime
    changes: tuple[str, ...] = ()


def hand_label(event: BetEvent) -> str:
    """Name what happened; a person's settlement is one by hand, a cash-out says whether it was a part."""
    if event.kind == BetEventKind.CASHED_OUT and event.data.get("is_part"):
        return "Cashed out in part"
    if event.kind == BetEventKind.EDITED and "review_reason" in event.data:
        return "Sent back to grading"
    if event.by_id is not None and event.kind in (BetEventKind.SETTLED, BetEventKind.REGRADED):
        return "Settled at a new price" if event.data.get("new_price") else "Settled by hand"
    return str(BetEventKind(event.kind).label)


def timeline(
    bet: Bet, history: Iterable[BetEvent], legs: Iterable[LegRow], odds_format: str
) -> list[Happening]:
    """Return what happened to the bet, the starts of its games among it, in order of time."""
    currency = bet.bankroll.currency
    events = [
        Happening(
            hand_label(event),
            who_and_why(event, bet.user_id),
            event.at,
            tuple(changes_in_words(event.data, currency, odds_format)),
        )
        for event in history
    ]
    events += [
        Happening("Game started", "", leg.game.commence_time)
        for leg in legs
        if leg.game.status in (GameStatus.LIVE, GameStatus.FINAL)
    ]
    return sorted(events, key=lambda event: event.at)


def who_and_why(event: BetEvent, owner: uuid.UUID) -> str:
    """Say who did it and why, as far as it was recorded."""
    who = "" if event.by is None or event.by_id == owner else f"by {event.by.get_username()}"
    return ", ".join(filter(None, (who, event.reason)))


def changes_in_words(data: Mapping[str, Any], currency: str, odds_format: str) -> list[str]:
    """Say what an edit changed (see ``bets.history.editing``); nothing for other events."""
    found = []
    for name, change in sorted(data.items(), key=lambda item: place_of(item[0])):
        if not isinstance(change, Mapping) or set(change) != {"from", "to"}:
            continue
        was, now = change["from"], change["to"]
        if name == "tags":
            found += tag_words(was, now)
        elif name == "note":
            found.append(note_words(was, now))
        elif name == "bookmaker":
            found.append(f"Book changed from {was} to {now}")
        elif name in ("stake", "unit_stake"):
            what = "Stake" if name == "stake" else "Stake of each combination"
            found.append(f"{what} changed from {money(was, currency)} to {money(now, currency)}")
        elif name == "commission_pct":
            found.append(f"Commission changed from {was} % to {now} %")
        elif name.endswith("odds"):
            what = "Price" if name == "odds" else f"Price of {name.removesuffix(' odds')}"
            found.append(f"{what} changed from {odds(was, odds_format)} to {odds(now, odds_format)}")
    return found


def place_of(name: str) -> tuple[int, str]:
    """Money first, then prices, the ticket's before those of its legs."""
    order = ("stake", "unit_stake", "odds")
    return (order.index(name) if name in order else len(order), name)


def money(text: str, currency: str) -> str:
    return format_money(Decimal(text), currency)


def odds(text: str, odds_format: str) -> str:
    return format_odds(Decimal(text), odds_format)


def tag_words(was: list[str], now: list[str]) -> list[str]:
    added = [tag for tag in now if tag not in was]
    removed = [tag for tag in was if tag not in now]
    found = [f"Tags added: {', '.join(added)}"] if added else []
    found += [f"Tags removed: {', '.join(removed)}"] if removed else []
    return found or ["Tags put in another order"]


def note_words(was: str, now: str) -> str:
    if not was:
        return f"Note written: “{shortened(now)}”"
    return f"Note changed; it was “{shortened(was)}”" if now else f"Note deleted; it was “{shortened(was)}”"


def shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= SHOWN_NOTE else f"{line[: SHOWN_NOTE - 1]}…"
