"""Prices that a visitor clicked before signing in: kept in the session, put into the slip once it is known whose."""

from __future__ import annotations

import datetime as dt
from typing import Any, Final

from django.contrib.sessions.backends.base import SessionBase

from accounts.models import User
from bets.exceptions import Refused
from bets.placement.asked import MAX_LEGS
from bets.slip.contents import Clicked, add
from bets.slip.forms import ClickForm
from bets.wording import selection_name
from odds.pricing import format_odds

SESSION_KEY: Final = "waiting_prices"


def keep(session: SessionBase, line: Clicked) -> None:
    """Remember a clicked price in the session, once for a selection and book."""
    held = [one for one in found(session) if (one["selection"], one["bookmaker"]) != ids(line)]
    entry = dict(zip(("selection", "bookmaker"), ids(line), strict=True)) | {
        "price": str(line.price),
        "point": "" if line.point is None else str(line.point),
        "name": f"{selection_name(line.selection, line.point)} {format_odds(line.price)}, {line.bookmaker.title}",
    }
    session[SESSION_KEY] = [*held, entry][-MAX_LEGS:]


def ids(line: Clicked) -> tuple[int, str]:
    return line.selection.pk, line.bookmaker.key


def found(session: SessionBase) -> list[dict[str, Any]]:
    """Return what waits in the session; what cannot be read waits no longer."""
    held = session.get(SESSION_KEY)
    return [one for one in held if isinstance(one, dict) and "name" in one] if isinstance(held, list) else []


def names(session: SessionBase) -> list[str]:
    return [str(one["name"]) for one in found(session)]


def bring(session: SessionBase, user: User, *, now: dt.datetime) -> int:
    """Put what waits into the user's slip and return how many; what is gone from the board is left out."""
    if SESSION_KEY not in session:
        return 0
    forms = [ClickForm(one) for one in found(session)]
    lines = [form.cleaned_data["line"] for form in forms if form.is_valid()]
    del session[SESSION_KEY]
    try:
        add(user=user, lines=lines, now=now)
    except Refused:
        return 0
    return len(lines)
