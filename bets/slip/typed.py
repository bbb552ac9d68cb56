"""Taking over what was typed into a slip."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from django.db import transaction

from accounts.models import User
from bets.models import BetKind, Slip, SlipLeg
from bets.slip.contents import legs_of, locked, offered
from bets.slip.forms import SlipForm
from odds import markets
from odds.models import Bookmaker, CurrentOdds


class UnknownLeg(LookupError):
    """A leg that is not of the person's slip."""


@transaction.atomic
def take_over(*, user: User, form: SlipForm) -> list[SlipLeg]:
    """Write what the form says into the slip and return its legs, unless the form is of another slip (its key).

    A price that is another one than shown becomes the user's own; another book or point brings that line's price.
    What cannot be read is left as it was.
    """
    form.is_valid()
    slip = locked(user)
    legs = legs_of(user)
    if form.data.get("key") != slip.key or not legs:
        return legs
    write_slip(slip, form)
    book = ticket_book(form)
    for leg in legs:
        write_leg(leg, form, book)
    press(slip, legs, form)
    return legs_of(user)


def write_slip(slip: Slip, form: SlipForm) -> None:
    """Write what was typed beside the legs."""
    slip.kind = form.sent("make") or form.sent("kind") or slip.kind
    slip.moves = form.sent("accept") or form.sent("moves") or slip.moves
    if form.sent("stake") is not None:
        slip.stake = form.sent("stake")
    slip.bankroll = form.sent("bankroll") or slip.bankroll
    slip.teaser_points = form.sent("teaser_points") or slip.teaser_points
    if form.data.get("kind") == BetKind.ROUND_ROBIN and "sizes" not in form.errors and "sized" in form.data:
        slip.sizes = sorted(set(form.cleaned_data["sizes"]))
    if "ticket_price" in form.data and "ticket_price" not in form.errors:
        text = str(form.data["ticket_price"]).strip()
        slip.ticket_price = None if not text else form.cleaned_data["ticket_price"] or slip.ticket_price
    slip.save()


def press(slip: Slip, legs: Sequence[SlipLeg], form: SlipForm) -> None:
    """Do what the button says that sent the form. Raises UnknownLeg for a leg that is not of this slip."""
    if form.sent("fill"):
        target, text = form.sent("fill").split(":")
        if target == "ticket":
            slip.stake = text
            slip.save(update_fields=["stake"])
        else:
            SlipLeg.objects.filter(pk=named(legs, target).pk).update(stake=text)
    if form.sent("take"):
        target, price, point = form.sent("take")
        leg = named(legs, target)
        leg.price, leg.point, leg.own = price, point, False
        leg.save()
    if form.sent("keep"):
        SlipLeg.objects.filter(pk=named(legs, form.sent("keep")).pk).update(own=True)


def named(legs: Sequence[SlipLeg], number: int | str) -> SlipLeg:
    """Return the leg of that number. Raises UnknownLeg."""
    found = next((leg for leg in legs if leg.pk == int(number)), None)
    if found is None:
        raise UnknownLeg(f"leg {number} is not of this slip")
    return found


def ticket_book(form: SlipForm) -> Bookmaker | None:
    """Return the book to which all legs are to move."""
    key = form.sent("ticket_book")
    return Bookmaker.objects.filter(key=key).first() if key else None


def write_leg(leg: SlipLeg, form: SlipForm, book: Bookmaker | None) -> None:
    """Write what was typed for a leg. A book or point chosen comes before the price that stood beside it."""
    stake = form.sent(f"stake-{leg.pk}")
    leg.stake = leg.stake if stake is None else stake
    key, point = form.sent(f"book-{leg.pk}"), form.sent(f"point-{leg.pk}")
    if book is None and key and key != leg.bookmaker.key:
        book = Bookmaker.objects.filter(key=key).first()
    if point is None or leg.point is None:
        point = leg.point
    price = form.sent(f"price-{leg.pk}")
    if (book is not None and book.pk != leg.bookmaker_id) or point != leg.point:
        move(leg, book or leg.bookmaker, point)
    elif price is not None and price != leg.price:
        leg.price, leg.own = price, True
    if not is_twin(leg):
        leg.save()


def move(leg: SlipLeg, book: Bookmaker, point: Decimal | None) -> None:
    """Bring a leg to another book or point: to what is offered there, else it keeps its price as the user's own."""
    offer = offered(leg.selection, book, point)
    if offer is None and point == leg.point and markets.single_line(leg.selection.market):
        offer = main_line(leg, book)
    leg.bookmaker, leg.point = book, point
    if offer is None:
        leg.own = True
        return
    if offer.selection_id != leg.selection_id:
        offer.selection.game = leg.selection.game
        leg.selection = offer.selection
    leg.price, leg.point, leg.own = offer.price, offer.point, False


def main_line(leg: SlipLeg, book: Bookmaker) -> CurrentOdds | None:
    """Return the one line that a book has of a leg's selection."""
    return CurrentOdds.objects.filter(
        game_id=leg.selection.game_id, selection=leg.selection_id, bookmaker=book
    ).first()


def is_twin(leg: SlipLeg) -> bool:
    """Tell whether another leg of the slip is on the same line, so that this one stays as it was."""
    same = SlipLeg.objects.filter(
        slip=leg.slip_id, selection=leg.selection_id, bookmaker=leg.bookmaker_id, removed_at__isnull=True
    ).exclude(pk=leg.pk)
    return any(other.point == leg.point for other in same)
