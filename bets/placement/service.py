"""Placing a bet: one transaction from the checks to the ledger line."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.models import User
from bets import ledger, offers
from bets.clock import database_now
from bets.exceptions import BadBet, GameClosed, IdempotencyConflict, PriceGone, PriceMoved
from bets.grading import EachWay, LegGrade, grade_ticket, win_factor
from bets.limits import lock_owner, require_within_limits
from bets.models import Bankroll, Bet, BetEvent, BetEventKind, BetKind, BetLeg, LedgerKind
from bets.money import LARGEST, LARGEST_BALANCE, round_money
from bets.offers import Accept, Offer
from bets.placement.asked import LegAsked, TicketAsked, check_ticket, exact_text
from bets.ticket_terms import OWN_PRICE_KINDS, if_all_win, is_system, liability
from games.models import Game, GameStatus
from odds import markets
from odds.models import Bookmaker, Selection
from odds.pricing import american_from_decimal, format_point


@dataclass(frozen=True, slots=True)
class AgreedLeg:
    """A leg at the price it gets, in American odds; ``offer`` is None for a price of the user's own."""

    asked: LegAsked
    offer: Offer | None

    @property
    def odds(self) -> Decimal:
        return self.asked.price if self.offer is None else self.offer.price


@dataclass(frozen=True, slots=True)
class Quote:
    """A ticket as an unsaved bet, and what it pays and gains if every leg wins, in the bankroll's currency."""

    bet: Bet
    payout: Decimal
    profit: Decimal


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
        raise BadBet("Lay prices cannot be backed.")
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
            return place(ticket, note=note, tags=tags, replayed_at=replayed_at)
    except IntegrityError as error:
        if "bet_is_placed_once" not in str(error):
            raise
        first = placed_before(ticket)
        if first is None:
            raise
        return first


def place(ticket: TicketAsked, *, note: str, tags: Sequence[str], replayed_at: dt.datetime | None) -> Bet:
    """Check and write inside the caller's transaction; games are locked first, by key, then owner and bankroll."""
    wanted = sorted({leg.selection.game_id for leg in ticket.legs})
    games = list(Game.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk"))
    if len(games) < len(wanted):
        raise GameClosed("This game is no longer listed.")
    first = placed_before(ticket)
    if first is not None:
        return first
    lock_owner(ticket.user)
    at = replayed_at or database_now()
    for game in games:
        check_open(game, at, is_replay=replayed_at is not None)
    legs = [AgreedLeg(leg, agreed_offer(ticket, leg, as_of=replayed_at)) for leg in ticket.legs]
    bet = drawn_up(ticket, legs).bet
    bet.placed_at, bet.note, bet.tags = at, note, list(tags)
    risk = Decimal(0) if bet.is_bonus else bet.stake
    tails = ledger.lock_bankrolls([ticket.bankroll.pk])
    tail = tails[ticket.bankroll.pk]
    require_within_limits(user=ticket.user, currency=tail.currency, money=tail.kind, risk=risk, at=at)
    ledger.require_in_use(tail)
    if not bet.is_bonus:
        ledger.require_funds(tail, bet.stake, what="liability" if bet.is_lay else "stake")
    write_bet(ticket, bet, legs, as_of=replayed_at)
    if not bet.is_bonus:
        stake = ledger.Movement(ticket.bankroll.pk, LedgerKind.STAKE, -bet.stake, bet.pk)
        ledger.append(ledger.plan(tails, [stake]), at=at)
    Game.objects.filter(pk__in=wanted).update(bet_count=F("bet_count") + 1)
    return bet


def quote(ticket: TicketAsked) -> Quote:
    """Return what a ticket comes to at the prices asked for, by the arithmetic that places and settles it.

    Raises BadBet as ``drawn_up`` does; what else is wrong with the ticket ``check_ticket`` says.
    """
    return drawn_up(ticket, [AgreedLeg(leg, None) for leg in ticket.legs])


def drawn_up(ticket: TicketAsked, legs: Sequence[AgreedLeg]) -> Quote:
    """Return the ticket as an unsaved bet: its price, how many combinations, and all that it risks.

    Raises BadBet for legs that make no ticket of its kind, and for sums or odds too large to record.
    """
    odds, combinations = whole_price(ticket, legs)
    bet = unsaved(ticket, odds, combinations)
    most = if_all_win(
        bet,
        [leg.odds for leg in legs],
        currency=ticket.bankroll.currency,
        sport=sport_of(ticket),
        each_way=ticket.each_way,
    )
    if most.payout is None or most.profit is None or most.payout > LARGEST_BALANCE:
        raise BadBet("The bet could return more than can be recorded." if most.payout else most.reason)
    return Quote(bet, most.payout, most.profit)


def unsaved(ticket: TicketAsked, odds: Decimal, combinations: int) -> Bet:
    """Return the bet that the ticket makes at its price, with all that it risks. Raises BadBet."""
    risked = Decimal(combinations) * ticket.stake
    if ticket.is_lay:
        risked = round_money(liability(ticket.stake, odds), ticket.bankroll.currency)
    if not 0 < risked <= LARGEST:
        raise BadBet("The ticket would risk an amount that cannot be recorded.")
    has_unit = ticket.is_lay or combinations > 1 or is_system(ticket.kind)
    way = ticket.each_way
    return Bet(
        user=ticket.user,
        bankroll=ticket.bankroll,
        bookmaker=ticket.bookmaker,
        kind=ticket.kind,
        stake=risked,
        unit_stake=ticket.stake if has_unit else None,
        combinations=combinations,
        sizes=list(ticket.sizes),
        teaser_points=ticket.teaser_points,
        is_lay=ticket.is_lay,
        commission_pct=ticket.commission,
        each_way_places=way.places if way else None,
        each_way_fraction=way.fraction if way else None,
        odds=odds,
        own_price=ticket.own_price,
        is_bonus=ticket.is_bonus,
        boost_pct=ticket.boost_pct,
        boost_cap=ticket.boost_cap,
        insured_up_to=ticket.insured_up_to,
        idempotency_key=ticket.idempotency_key,
    )


def whole_price(ticket: TicketAsked, legs: Sequence[AgreedLeg]) -> tuple[Decimal, int]:
    """Return the American odds of the whole ticket, and of how many combinations it is.

    A parlay's are the product of its legs', a teaser's the table's, a system's what it returns if every leg wins for
    all that it risks. Raises BadBet.
    """
    if ticket.kind == BetKind.STRAIGHT and len(legs) == 1:
        return legs[0].odds, 1 if ticket.each_way is None else 2
    price = ticket.ticket_price
    grade = grade_ticket(
        kind=ticket.kind,
        stake=Decimal(1),
        currency="USD",
        legs=[LegGrade("won", win_factor(leg.odds)) for leg in legs],
        sizes=ticket.sizes,
        sport=sport_of(ticket),
        teaser_points=ticket.teaser_points,
        ticket_odds=None if price is None else win_factor(price),
    )
    if grade.factor is None or grade.staked is None:
        raise BadBet(grade.reason)
    odds = (
        price if price is not None and ticket.kind in OWN_PRICE_KINDS else american_from_decimal(grade.factor)
    )
    if abs(odds) >= 10**12:
        raise BadBet("The odds of the whole ticket are more than can be recorded.")
    return odds, int(grade.staked)


def sport_of(ticket: TicketAsked) -> str:
    return ticket.legs[0].selection.game.sport_id


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


def agreed_offer(ticket: TicketAsked, leg: LegAsked, *, as_of: dt.datetime | None) -> Offer | None:
    """Return the book's offer at the price the leg gets; None for a price of the user's own.

    Raises PriceGone or PriceMoved when the book does not offer what was asked.
    """
    book = ticket.bookmaker
    if book is None:
        if not leg.own_price:
            raise BadBet("Choose the bookmaker whose price this is.")
        return None
    offer = offers.offer_of(leg.selection, book, leg.point, as_of=as_of)
    if leg.own_price:
        return offer if offer is not None and offer.price == leg.price else None
    if offer is not None and offers.is_acceptable(
        leg.price, offer.price, ticket.accept, is_lay=ticket.is_lay
    ):
        return offer
    named = f" for {leg.name}" if len(ticket.legs) > 1 else ""
    if offer is not None:
        raise PriceMoved(
            f"{book}’s price{named} has moved from {{asked}} to {{now}}.",
            asked=leg.price,
            price=offer.price,
            point=offer.point,
        )
    moved = offers.other_point(leg.selection, book, as_of=as_of)
    if moved is not None:
        signed = markets.is_signed(leg.selection.market)
        before, after = (format_point(point, signed=signed) for point in (leg.point, moved.point))
        raise PriceMoved(
            f"{book} has moved the line{named} from {before} to {after} at {{now}}.",
            asked=leg.price,
            price=moved.price,
            point=moved.point,
        )
    line = leg.name if named else "this line"
    raise PriceGone(f"{book} does not offer {line} any more.")


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


def write_bet(ticket: TicketAsked, bet: Bet, legs: Sequence[AgreedLeg], *, as_of: dt.datetime | None) -> None:
    """Write the bet, its legs and its first event."""
    bet.save(force_insert=True)
    BetLeg.objects.bulk_create(
        BetLeg(
            bet=bet,
            position=position,
            game_id=leg.asked.selection.game_id,
            selection=leg.asked.selection,
            bet_type=markets.bet_type(leg.asked.selection.market),
            odds=leg.odds,
            point=leg.asked.point,
            draw_offered=offers.draw_is_offered(leg.asked.selection, ticket.bookmaker, as_of=as_of),
            price_seen_at=None if leg.offer is None else leg.offer.seen_at,
        )
        for position, leg in enumerate(legs, start=1)
    )
    data = {"asked": ticket.terms(), "odds": exact_text(bet.odds)}
    BetEvent.objects.create(bet=bet, kind=BetEventKind.PLACED, by=ticket.user, data=data, at=bet.placed_at)
