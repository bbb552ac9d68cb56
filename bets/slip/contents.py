"""What is in a slip. Every change locks the slip first, so that two windows cannot undo each other's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from bets.exceptions import Refused
from bets.models import BetKind, Slip, SlipLeg
from bets.models.slips import new_key
from bets.placement.asked import MAX_LEGS
from odds import markets
from odds.models import Bookmaker, CurrentOdds, Selection

JOINS: Final = (
    "slip",
    "bookmaker",
    "selection__game__sport",
    "selection__game__home_team",
    "selection__game__away_team",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clicked:
    """A line as it was clicked: American odds, point; ``own`` marks a price that the board need not show."""

    selection: Selection
    bookmaker: Bookmaker
    price: Decimal
    point: Decimal | None = None
    own: bool = False
    stake: str = ""


def legs_of(user: User) -> list[SlipLeg]:
    """Return the legs of the user's slip in the order they came, with slip, book and game; one query."""
    legs = SlipLeg.objects.filter(slip=user.pk, removed_at__isnull=True)
    return list(legs.select_related(*JOINS).order_by("id"))


def slip_of(user: User, legs: Sequence[SlipLeg]) -> Slip:
    """Return the slip that these legs are in; without legs there is nothing to read of it."""
    return legs[0].slip if legs else Slip(user=user)


def locked(user: User) -> Slip:
    """Lock the user's slip, made if there is none; inside a transaction."""
    Slip.objects.get_or_create(user=user)
    return Slip.objects.select_for_update().get(user=user)


@transaction.atomic
def add(*, user: User, lines: Sequence[Clicked], stake: str = "", now: dt.datetime) -> Slip:
    """Put lines into the slip; one that is in it already takes its new price. ``stake`` is what new legs begin with.

    Several lines that each bring a stake are straight bets. Raises Refused when the slip would hold more legs than a ticket may have.
    """
    slip = locked(user)
    held = list(SlipLeg.objects.filter(slip=slip, removed_at__isnull=True).select_related("selection"))
    for line in lines:
        leg = next((leg for leg in held if is_same(leg, line)), None)
        if leg is None:
            leg = SlipLeg(slip=slip, selection=line.selection, bookmaker=line.bookmaker, stake=stake)
            held.append(leg)
        leg.price, leg.point, leg.own, leg.clicked_at = line.price, line.point, line.own, now
        leg.stake = line.stake or leg.stake
        if len(held) > MAX_LEGS:
            raise Refused(f"A slip holds {MAX_LEGS} legs. Remove one first.")
        leg.save()
    if len(lines) > 1 and all(line.stake for line in lines):
        slip.kind = BetKind.STRAIGHT
    renew(slip)
    return slip


def is_same(leg: SlipLeg, line: Clicked) -> bool:
    """Tell whether a line is a leg's; where a book has one point at a time, another point is the line moved."""
    if (leg.selection_id, leg.bookmaker_id) != (line.selection.pk, line.bookmaker.pk):
        return False
    return leg.point == line.point or markets.single_line(line.selection.market)


def renew(slip: Slip) -> None:
    """Give the slip a key of its own: other legs are another bet."""
    slip.key = new_key()
    slip.save()


@transaction.atomic
def remove(*, user: User, legs: Iterable[int] | None = None, now: dt.datetime) -> int:
    """Take legs out, all without ``legs``; they can be put back until the next are taken out. Return how many."""
    slip = locked(user)
    held = SlipLeg.objects.filter(slip=slip, removed_at__isnull=True)
    gone = held if legs is None else held.filter(pk__in=list(legs))
    if not gone.exists():
        return 0
    removed(slip).delete()
    count = gone.update(removed_at=now)
    renew(slip)
    return count


def removed(slip: Slip) -> QuerySet[SlipLeg]:
    """Return the legs taken out last."""
    return SlipLeg.objects.filter(slip=slip, removed_at__isnull=False)


@transaction.atomic
def restore(*, user: User) -> int:
    """Put the legs taken out last back, unless their line is in the slip again. Return how many."""
    slip = locked(user)
    held = list(SlipLeg.objects.filter(slip=slip, removed_at__isnull=True))
    taken = {(leg.selection_id, leg.bookmaker_id, leg.point) for leg in held}
    back = [leg.pk for leg in removed(slip) if (leg.selection_id, leg.bookmaker_id, leg.point) not in taken][
        : MAX_LEGS - len(held)
    ]
    count = SlipLeg.objects.filter(pk__in=back).update(removed_at=None)
    removed(slip).delete()
    renew(slip)
    return count


@transaction.atomic
def empty(*, user: User, legs: Iterable[int]) -> None:
    """Forget legs that have been placed, and the stake of the ticket they made."""
    slip = locked(user)
    SlipLeg.objects.filter(slip=slip, pk__in=list(legs)).delete()
    slip.stake, slip.ticket_price = "", None
    renew(slip)


def offered(selection: Selection, bookmaker: Bookmaker, point: Decimal | None) -> CurrentOdds | None:
    """Return what a book offers for a selection at a point, also where it calls that an alternate line."""
    base, period = markets.split_period(selection.market)
    plain = base.removeprefix("alternate_").removesuffix("_alternate")
    family = {plain, f"alternate_{plain}", f"{plain}_alternate"}
    names = {f"{name}_{period}" if period else name for name in family}
    same = CurrentOdds.objects.filter(
        game_id=selection.game_id,
        bookmaker=bookmaker,
        selection__market__in=names,
        selection__participant=selection.participant,
        selection__side=selection.side,
    ).select_related("selection")
    found = list(same.filter(point__isnull=True) if point is None else same.filter(point=point))
    return min(found, key=lambda one: one.selection_id != selection.pk, default=None)
