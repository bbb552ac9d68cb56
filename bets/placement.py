"""Placing a bet: one transaction from the checks to the ledger line."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.models import User
from bets import ledger, offers
from bets.clock import database_now
from bets.exceptions import (
    BadBet,
    GameClosed,
    IdempotencyConflict,
    NotAllowed,
    PriceGone,
    PriceMoved,
)
from bets.models import Bankroll, Bet, BetEvent, BetEventKind, BetKind, BetLeg, BetType, LedgerKind
from bets.money import LARGEST_BALANCE, checked_amount
from bets.offers import Accept, Offer
from games.models import Game, GameStatus
from odds import markets
from odds.models import Bookmaker, Selection
from odds.pricing import decimal_odds, format_odds, format_point, profit_per_unit

UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
MAX_TAGS, MAX_TAG, MAX_NOTE, MAX_KEY = 20, 40, 2000, 64


@dataclass(frozen=True, slots=True)
class Ticket:
    """A straight bet as asked for: American odds, the point of the side, the stake in the bankroll's currency."""

    user: User
    bankroll: Bankroll
    selection: Selection
    bookmaker: Bookmaker | None
    price: Decimal
    point: Decimal | None
    stake: Decimal
    idempotency_key: str
    own_price: bool
    accept: Accept

    def terms(self) -> dict[str, Any]:
        """The terms as asked for, to tell a repeated request from another one with the same key."""
        return {
            "bankroll": str(self.bankroll.pk),
            "selection": self.selection.pk,
            "bookmaker": None if self.bookmaker is None else self.bookmaker.key,
            "price": exact_text(self.price),
            "point": None if self.point is None else exact_text(self.point),
            "stake": exact_text(self.stake),
            "own_price": self.own_price,
        }


def exact_text(number: Decimal) -> str:
    """Write a number without trailing zeros, so that 100 and 100.00 are the same terms."""
    return f"{number.normalize():f}"


def place_straight(
    *,
    user: User,
    bankroll: Bankroll,
    selection: Selection,
    bookmaker: Bookmaker | None,
    price: Decimal,
    point: Decimal | None,
    stake: Decimal,
    idempotency_key: str,
    own_price: bool = False,
    accept: Accept = "better",
    note: str = "",
    tags: Sequence[str] = (),
    now: dt.datetime | None = None,
) -> Bet:
    """Record a straight bet and take its stake from the bankroll. ``price`` is American odds.

    The game must not have begun by the database's clock, and the book's current price for the line must be
    the price asked for, or a better one, which the bet then gets; ``accept`` narrows that to "exact" or
    widens it to "any". ``own_price`` records the price as given and marks the bet. ``now`` replays
    history: game and price are judged as of that instant, the price from the archive.

    A repeated call with the same key and terms returns the first bet. Raises Refused in one of its
    forms: BadAmount, BadBet, NotAllowed, GameClosed, PriceGone, PriceMoved (with the new price),
    InsufficientFunds (with what is available), IdempotencyConflict.
    """
    ticket = Ticket(
        user, bankroll, selection, bookmaker, price, point, stake, idempotency_key, own_price, accept
    )
    check_ticket(ticket, note=note, tags=tags)
    try:
        with transaction.atomic():
            return place(ticket, note=note, tags=tags, replayed_at=now)
    except IntegrityError as error:
        if "bet_is_placed_once" not in str(error):
            raise
        first = placed_before(ticket)
        if first is None:
            raise
        return first


def place(ticket: Ticket, *, note: str, tags: Sequence[str], replayed_at: dt.datetime | None) -> Bet:
    """Check and write inside the caller's transaction; the game is locked first, then the bankroll."""
    game = Game.objects.select_for_update(no_key=True).filter(pk=ticket.selection.game_id).first()
    if game is None:
        raise GameClosed("This game is no longer listed.")
    first = placed_before(ticket)
    if first is not None:
        return first
    at = replayed_at or database_now()
    check_open(game, at, is_replay=replayed_at is not None)
    offer = agreed_offer(ticket, as_of=replayed_at)
    tails = ledger.lock_bankrolls([ticket.bankroll.pk])
    ledger.require_funds(tails[ticket.bankroll.pk], ticket.stake, what="stake")
    bet = write_bet(ticket, offer, at=at, as_of=replayed_at, note=note, tags=tags)
    stake = ledger.Movement(ticket.bankroll.pk, LedgerKind.STAKE, -ticket.stake, bet.pk)
    ledger.append(ledger.plan(tails, [stake]), at=at)
    Game.objects.filter(pk=game.pk).update(bet_count=F("bet_count") + 1)
    return bet


def check_ticket(ticket: Ticket, *, note: str, tags: Sequence[str]) -> None:
    """Raise Refused for what is wrong whatever the market does."""
    if ticket.bankroll.user_id != ticket.user.pk:
        raise NotAllowed("This bankroll belongs to somebody else.")
    checked_amount(ticket.stake, ticket.bankroll.currency, what="stake")
    try:
        profit_per_unit(ticket.price)
    except ValueError:
        raise BadBet("The price must be American odds: at most −100 or at least +100.") from None
    if ticket.price != round(ticket.price, 6) or abs(ticket.price) >= 10**6:
        raise BadBet("The price must have at most six decimal places and six digits before them.")
    if Fraction(ticket.stake) * decimal_odds(ticket.price) > LARGEST_BALANCE:
        raise BadBet("The bet could return more than can be recorded.")
    check_point(ticket)
    wanted = ticket.bankroll.bookmaker_id
    if wanted is not None and (ticket.bookmaker is None or ticket.bookmaker.pk != wanted):
        raise BadBet(f"The bankroll {ticket.bankroll.name} holds money at another bookmaker.")
    if markets.is_lay(ticket.selection.market):
        raise BadBet("Lay prices cannot be backed.")
    if not 0 < len(ticket.idempotency_key) <= MAX_KEY:
        raise BadBet(f"The idempotency key must have 1 to {MAX_KEY} characters.")
    if any(UNSTORABLE.search(text) for text in (ticket.idempotency_key, note, *tags)):
        raise BadBet("Key, note and tags may not hold characters that are no text, such as NUL.")
    if len(note) > MAX_NOTE:
        raise BadBet(f"The note may have {MAX_NOTE} characters at most.")
    if len(tags) > MAX_TAGS or any(not 0 < len(tag) <= MAX_TAG for tag in tags):
        raise BadBet(f"A bet may have {MAX_TAGS} tags of up to {MAX_TAG} characters.")


def check_point(ticket: Ticket) -> None:
    """Raise BadBet unless the point suits the market: spreads and totals have one, moneylines none."""
    point, kind = ticket.point, markets.bet_type(ticket.selection.market)
    if point is not None and not (point.is_finite() and abs(point) < 10**6 and point == round(point, 2)):
        raise BadBet("The point must have at most two decimal places and six digits before them.")
    if point is None and kind in (BetType.SPREAD, BetType.TOTAL, BetType.TEAM_TOTAL):
        raise BadBet(f"A {BetType(kind).label.lower()} bet needs its point.")
    if point is not None and kind == BetType.MONEYLINE:
        raise BadBet("A moneyline bet has no point.")


def check_open(game: Game, at: dt.datetime, *, is_replay: bool) -> None:
    """Raise GameClosed unless bets are still taken at the instant ``at``."""
    called_off = {GameStatus.CANCELLED: "cancelled", GameStatus.ABANDONED: "abandoned"}
    if game.status in called_off and not is_replay:
        raise GameClosed(f"{game} has been {called_off[GameStatus(game.status)]}.")
    if game.status == GameStatus.FINAL and not is_replay:
        raise GameClosed(f"{game} is over.")
    if game.status == GameStatus.LIVE and not is_replay:
        raise GameClosed(f"{game} has started.")
    if at >= game.commence_time:
        raise GameClosed(f"{game} has started.")


def agreed_offer(ticket: Ticket, *, as_of: dt.datetime | None) -> Offer | None:
    """Return the book's offer at the price the bet gets; None for a price of the user's own.

    Raises PriceGone or PriceMoved when the book does not offer what was asked.
    """
    if ticket.bookmaker is None:
        if not ticket.own_price:
            raise BadBet("Choose the bookmaker whose price this is.")
        return None
    offer = offers.offer_of(ticket.selection, ticket.bookmaker, ticket.point, as_of=as_of)
    if ticket.own_price:
        return offer if offer is not None and offer.price == ticket.price else None
    if offer is not None and offers.is_acceptable(ticket.price, offer.price, ticket.accept):
        return offer
    if offer is not None:
        raise PriceMoved(
            f"{ticket.bookmaker}’s price has moved from {format_odds(ticket.price)} to {format_odds(offer.price)}.",
            price=offer.price,
            point=offer.point,
        )
    moved = offers.other_point(ticket.selection, ticket.bookmaker, as_of=as_of)
    if moved is not None:
        signed = markets.is_signed(ticket.selection.market)
        before, after = (format_point(point, signed=signed) for point in (ticket.point, moved.point))
        raise PriceMoved(
            f"{ticket.bookmaker} has moved the line from {before} to {after} at {format_odds(moved.price)}.",
            price=moved.price,
            point=moved.point,
        )
    raise PriceGone(f"{ticket.bookmaker} does not offer this line any more.")


def placed_before(ticket: Ticket) -> Bet | None:
    """Return the bet already placed under this key. Raises IdempotencyConflict if its terms differ."""
    placed = BetEvent.objects.filter(
        bet__user=ticket.user, bet__idempotency_key=ticket.idempotency_key, kind=BetEventKind.PLACED
    )
    event = placed.select_related("bet").first()
    if event is None:
        return None
    if event.data.get("asked") != ticket.terms():
        raise IdempotencyConflict("Another bet has been placed with this idempotency key.")
    return event.bet


def write_bet(
    ticket: Ticket,
    offer: Offer | None,
    *,
    at: dt.datetime,
    as_of: dt.datetime | None,
    note: str,
    tags: Sequence[str],
) -> Bet:
    """Write the bet, its leg and its first event."""
    odds = ticket.price if offer is None else offer.price
    bet = Bet.objects.create(
        user=ticket.user,
        bankroll=ticket.bankroll,
        bookmaker=ticket.bookmaker,
        kind=BetKind.STRAIGHT,
        stake=ticket.stake,
        odds=odds,
        placed_at=at,
        own_price=ticket.own_price,
        note=note,
        tags=list(tags),
        idempotency_key=ticket.idempotency_key,
    )
    BetLeg.objects.create(
        bet=bet,
        game_id=ticket.selection.game_id,
        selection=ticket.selection,
        bet_type=markets.bet_type(ticket.selection.market),
        odds=odds,
        point=ticket.point,
        draw_offered=offers.draw_is_offered(ticket.selection, ticket.bookmaker, as_of=as_of),
        price_seen_at=None if offer is None else offer.seen_at,
    )
    data = {"asked": ticket.terms(), "odds": exact_text(odds)}
    BetEvent.objects.create(bet=bet, kind=BetEventKind.PLACED, by=ticket.user, data=data, at=at)
    return bet
