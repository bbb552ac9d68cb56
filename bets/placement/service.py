"""Placing a bet: one transaction from the checks to the ledger line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from django.db import IntegrityError, connection, transaction

from accounts.models import User
from bets import ledger, offers
from bets.exceptions import BadBet, GameClosed, IdempotencyConflict, Move, PriceGone, PriceMoved
from bets.grading import EachWay
from bets.limits import require_within_limits
from bets.models import Bankroll, Bet, BetEvent, BetEventKind, BetKind, BetLeg, LedgerKind
from bets.offers import Accept, Offer
from bets.placement.asked import LegAsked, TicketAsked, check_ticket, exact_text
from bets.placement.drawing import AgreedLeg, drawn_up, quote
from bets.placement.inserting import insertion
from bets.placement.standing import OnOffer, lock_and_read
from games.models import Game, GameStatus
from odds import markets
from odds.models import Bookmaker, Selection
from odds.pricing import format_point
from odds.versions import BETS_COUNTED
from rest.together import ask

COUNT_BET = f"{BETS_COUNTED} WHERE id = ANY(%s)"


class Placed(NamedTuple):
    """A bet and, where it has been written just now, its legs; None of one that was placed before."""

    bet: Bet
    legs: list[BetLeg] | None


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
    """Record a straight bet on one selection: ``place_ticket`` with one leg, which says what holds."""
    if markets.is_lay(selection.market):
        raise BadBet("Lay prices cannot be backed.", field="selection")
    return place_ticket(
        user=user,
        bankroll=bankroll,
        bookmaker=bookmaker,
        kind=BetKind.STRAIGHT,
        legs=[LegAsked(selection=selection, price=price, point=point, own_price=own_price)],
        stake=stake,
        idempotency_key=idempotency_key,
        accept=accept,
        note=note,
        tags=tags,
        now=now,
    )


def place_ticket(
    *,
    user: User,
    bankroll: Bankroll,
    bookmaker: Bookmaker | None,
    kind: str,
    legs: Sequence[LegAsked],
    stake: Decimal,
    idempotency_key: str,
    sizes: Sequence[int] = (),
    teaser_points: Decimal | None = None,
    ticket_price: Decimal | None = None,
    commission_pct: Decimal | None = None,
    each_way: EachWay | None = None,
    is_bonus: bool = False,
    boost_pct: Decimal = Decimal(0),
    boost_cap: Decimal | None = None,
    insured_up_to: Decimal | None = None,
    accept: Accept = "better",
    note: str = "",
    tags: Sequence[str] = (),
    now: dt.datetime | None = None,
) -> Bet:
    """Record a ticket of a kind (``BetKind``) and take what it risks from the bankroll. Prices are American odds.

    ``stake`` is the ticket's; of a round robin or system it is that of each combination (``sizes`` are theirs), of an
    each-way bet that of each half, and on a lay market the backer's, whose liability is what the ticket risks. A
    bonus bet risks no cash. Without ``commission_pct`` the ticket agrees on the commission its exchange usually takes. A same-game parlay needs ``ticket_price``; a teaser is paid by the table unless it has one.

    No game must have begun by the database's clock, and the book's current price for each line must be
    the price asked for, or a better one, which the leg then gets; ``accept`` narrows that to "exact" or
    widens it to "any". A leg's ``own_price`` records its price as given and marks the bet. ``now`` replays
    history: games and prices are judged as of that instant, prices from the archive.

    A repeated call with the same key and terms returns the first bet. Raises Refused in one of its
    forms: BadAmount, BadBet, NotAllowed, GameClosed, PriceGone, PriceMoved (with the new price),
    InsufficientFunds (with what is available), LimitReached (with what is left and until when), NotPossible (an
    archived bankroll), IdempotencyConflict.
    """
    ticket = TicketAsked(
        user=user,
        bankroll=bankroll,
        bookmaker=bookmaker,
        kind=kind,
        legs=tuple(legs),
        stake=stake,
        idempotency_key=idempotency_key,
        sizes=tuple(sizes),
        teaser_points=teaser_points,
        ticket_price=ticket_price,
        commission_pct=commission_pct,
        each_way=each_way,
        is_bonus=is_bonus,
        boost_pct=boost_pct,
        boost_cap=boost_cap,
        insured_up_to=insured_up_to,
        accept=accept,
    )
    return place_asked(ticket, note=note, tags=tags, now=now)


def place_asked(
    ticket: TicketAsked, *, note: str = "", tags: Sequence[str] = (), now: dt.datetime | None = None
) -> Bet:
    """Record a ticket put together before; see ``place_ticket``."""
    check_ticket(ticket, note=note, tags=tags)
    quote(ticket)
    return place_once(ticket, note=note, tags=tags, replayed_at=now)


def place_once(
    ticket: TicketAsked, *, note: str, tags: Sequence[str], replayed_at: dt.datetime | None
) -> Bet:
    """Place a checked ticket in a transaction of its own; the first bet where another request was quicker."""
    try:
        with transaction.atomic():
            return place(ticket, note=note, tags=tags, replayed_at=replayed_at).bet
    except IntegrityError as error:
        if "bet_is_placed_once" not in str(error):
            raise
        first = placed_before(ticket)
        if first is None:
            raise
        return first


def place_in_transaction(ticket: TicketAsked, *, note: str, tags: Sequence[str]) -> Placed:
    """Record a ticket as ``place_asked`` does, in the transaction of a caller who holds the key of the request.

    It is drawn up once, at the prices it gets: what is wrong with it at any price is said after what the market says.
    """
    check_ticket(ticket, note=note, tags=tags)
    return place(ticket, note=note, tags=tags, replayed_at=None)


def place(ticket: TicketAsked, *, note: str, tags: Sequence[str], replayed_at: dt.datetime | None) -> Placed:
    """Check and write inside the caller's transaction; games are locked first, by key, then owner and bankroll."""
    games, standing, market = lock_and_read(ticket, as_of=replayed_at)
    if standing.is_placed:
        first = placed_before(ticket)
        if first is not None:
            return Placed(first, None)
    at, tail = replayed_at or standing.at, standing.tail
    for game in games:
        check_open(game, at, is_replay=replayed_at is not None)
    legs = agreed_legs(ticket, market, as_of=replayed_at)
    bet = drawn_up(ticket, legs).bet
    bet.placed_at, bet.note, bet.tags = at, note, list(tags)
    if standing.has_limits:
        risk = Decimal(0) if bet.is_bonus else bet.stake
        require_within_limits(user=ticket.user, currency=tail.currency, money=tail.kind, risk=risk, at=at)
    ledger.require_in_use(tail)
    if not bet.is_bonus:
        ledger.require_funds(tail, bet.stake, what="liability" if bet.is_lay else "stake")
    lines = []
    if not bet.is_bonus:
        stake = ledger.Movement(tail.bankroll_id, LedgerKind.STAKE, -bet.stake, bet.pk)
        lines = ledger.plan({tail.bankroll_id: tail}, [stake])
    return Placed(bet, write_bet(ticket, bet, legs, lines))


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


def agreed_legs(
    ticket: TicketAsked, market: Sequence[OnOffer], *, as_of: dt.datetime | None
) -> list[AgreedLeg]:
    """Return the legs at the prices they get, of what is on offer for each. Raises BadBet, PriceGone, PriceMoved with every leg that has moved."""
    found = [
        (leg, agreed_offer(ticket, place, on_offer.offer, as_of=as_of), on_offer.draw_offered)
        for place, (leg, on_offer) in enumerate(zip(ticket.legs, market, strict=True))
    ]
    moves = [agreed for _, agreed, _ in found if isinstance(agreed, Move)]
    if moves:
        raise PriceMoved(moves)
    return [AgreedLeg(leg, offer, draw) for leg, offer, draw in found if not isinstance(offer, Move)]


def agreed_offer(
    ticket: TicketAsked, place: int, offer: Offer | None, *, as_of: dt.datetime | None
) -> Offer | Move | None:
    """Return the book's offer at the price a leg gets, or how it moved; None for a price of the user's own.

    Raises PriceGone when the book does not offer the line, BadBet for one that names no book.
    """
    book, leg = ticket.bookmaker, ticket.legs[place]
    if book is None:
        if not leg.own_price:
            raise BadBet("Choose the bookmaker whose price this is.", field="bookmaker")
        return None
    if leg.own_price:
        return offer if offer is not None and offer.price == leg.price else None
    if offer is not None and offers.is_acceptable(
        leg.price, offer.price, ticket.accept, is_lay=ticket.is_lay
    ):
        return offer
    named = f" for {leg.name}" if len(ticket.legs) > 1 else ""
    if offer is not None:
        template = f"{book}’s price{named} has moved from {{asked}} to {{now}}."
        return moved_to(place, leg, template, offer.price, offer.point)
    moved = offers.other_point(leg.selection, book, as_of=as_of)
    if moved is not None:
        signed = markets.is_signed(leg.selection.market)
        before, after = (format_point(point, signed=signed) for point in (leg.point, moved.point))
        template = f"{book} has moved the line{named} from {before} to {after} at {{now}}."
        return moved_to(place, leg, template, moved.price, moved.point)
    line = leg.name if named else "this line"
    raise PriceGone(f"{book} does not offer {line} any more.", field=f"legs.{place}")


def moved_to(place: int, leg: LegAsked, template: str, price: Decimal, point: Decimal | None) -> Move:
    return Move(
        leg=place, template=template, asked=leg.price, asked_point=leg.point, price=price, point=point
    )


def placed_before(ticket: TicketAsked) -> Bet | None:
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
    ticket: TicketAsked, bet: Bet, legs: Sequence[AgreedLeg], lines: Sequence[ledger.Line]
) -> list[BetLeg]:
    """Write the bet, its legs, first event and ledger lines, and count it on its games, in one round trip.

    Return the legs.
    """
    rows = [
        BetLeg(
            bet=bet,
            position=position,
            game=leg.asked.selection.game,
            selection=leg.asked.selection,
            bet_type=markets.bet_type(leg.asked.selection.market),
            odds=leg.odds,
            point=leg.asked.point,
            draw_offered=leg.draw_offered,
            price_seen_at=None if leg.offer is None else leg.offer.seen_at,
        )
        for position, leg in enumerate(legs, start=1)
    ]
    data = {"asked": ticket.terms(), "odds": exact_text(bet.odds)}
    event = BetEvent(bet=bet, kind=BetEventKind.PLACED, by=ticket.user, data=data, at=bet.placed_at)
    ask(
        insertion([bet]),
        insertion(rows),
        insertion([event]),
        *([ledger.appending(lines, at=bet.placed_at)] if lines else []),
        (COUNT_BET, [[*{row.game_id for row in rows}]]),
    )
    bet._state.adding, bet._state.db = False, connection.alias
    return rows
