"""Placing a slip: all of its bets or none, and never twice."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable

from django.db import transaction
from django.db.models import Q

from accounts.models import User
from bets.exceptions import Refused
from bets.models import Bet
from bets.placement import place_asked
from bets.slip.contents import empty, locked
from bets.slip.page import SlipView
from games.models import Game

CHANGED = "Your slip has changed in another window. Look at it again before you place it."


class SlipChanged(Refused):
    """The slip is not the one that the person looked at."""


class NotReady(Refused):
    """Something in the slip has to be settled first; ``view`` is the slip that shows it."""

    def __init__(self, message: str, view: SlipView) -> None:
        super().__init__(message)
        self.view = view


@transaction.atomic
def place_slip(*, user: User, key: str, read: Callable[[], SlipView]) -> list[Bet]:
    """Place every bet of the slip that has a stake, and take its legs out.

    ``key`` is that of the slip the person saw and ``read`` reads it as it is now, while it is locked. A repeated call
    returns the bets placed first. Raises SlipChanged, NotReady, and what ``place_ticket`` does; then nothing is placed.
    """
    slip = locked(user)
    if slip.key != key:
        earlier = placed_from(user, key)
        if not earlier:
            raise SlipChanged(CHANGED)
        return earlier
    view = read()
    require_ready(view)
    tickets = list(view.tickets())
    lock_games({line.game.pk for _, lines in tickets for line in lines})
    bets = [place_asked(sums.ticket) for sums, _ in tickets if sums.ticket is not None]
    empty(user=user, legs=[line.leg.pk for _, lines in tickets for line in lines])
    return bets


def require_ready(view: SlipView) -> None:
    """Raise NotReady while something is to be settled before the bets can be placed."""
    if not view.lines:
        raise NotReady("The slip is empty.", view)
    if view.said.errors or view.is_blocked or view.is_short or view.sum_errors:
        raise NotReady("", view)
    if view.bankroll is None:
        raise NotReady("Open a bankroll first.", view)
    if not view.how_many:
        raise NotReady("Enter a stake.", view)


def placed_from(user: User, key: str) -> list[Bet]:
    """Return the bets that were placed from the slip of that key, in the order they were placed."""
    if not key:
        return []
    keys = Q(idempotency_key=key) | Q(idempotency_key__startswith=f"{key}-")
    return list(Bet.objects.owned_by(user).filter(keys).order_by("placed_at", "id"))


def lock_games(games: Iterable[uuid.UUID]) -> None:
    """Lock the games of all bets in the order in which each bet locks its own, before any bankroll is."""
    list(Game.objects.select_for_update(no_key=True).filter(pk__in=list(games)).order_by("pk"))
