"""Changing a bet that is recorded: its note and tags at any time; stake, prices and book until its first game begins.

Each change is an event that says who, when, from what and to what. A changed stake moves the difference by a ledger
line of its own, under the bet's next revision.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import transaction

from accounts.models import User
from bets import ledger, offers
from bets.clock import database_now
from bets.decisions.record import MOST_REVISIONS, lock
from bets.exceptions import BadBet, GameClosed, NotAllowed, NotPossible
from bets.history.tagging import clean_tags
from bets.limits import lock_owner, require_within_limits
from bets.models import Bet, BetEvent, BetEventKind, BetKind, BetLeg, BetStatus, LedgerKind
from bets.money import LARGEST_BALANCE, BadAmount, format_money
from bets.placement.asked import LegAsked, TicketAsked, check_ticket, check_words, exact_text
from bets.placement.drawing import AgreedLeg, drawn_up
from bets.ticket_terms import OWN_PRICE_KINDS, each_way_of
from games.models import Game, GameStatus
from odds.models import Bookmaker

TERMS = ("bookmaker", "stake", "unit_stake", "commission_pct", "odds", "own_price", "revision")


@dataclass(frozen=True, slots=True)
class Terms:
    """What may be set right: the stake as it was asked for (of each combination, of a lay the backer's), American
    prices of the legs in their order, that of the whole ticket where it has one of its own, and the book.
    """

    stake: Decimal
    prices: tuple[Decimal, ...]
    ticket_price: Decimal | None
    bookmaker: Bookmaker | None


def terms_of(bet: Bet, legs: Sequence[BetLeg]) -> Terms:
    """Return the terms as they are; ``legs`` in their order."""
    has_price = bet.kind == BetKind.SAME_GAME_PARLAY or (bet.kind in OWN_PRICE_KINDS and bet.own_price)
    return Terms(
        bet.stake if bet.unit_stake is None else bet.unit_stake,
        tuple(leg.odds for leg in legs),
        bet.odds if has_price else None,
        bet.bookmaker,
    )


def why_not(bet: Bet, legs: Sequence[BetLeg], at: dt.datetime) -> str:
    """Say why stake, prices and book stay as they are at the instant ``at``; '' if they may be set right."""
    if bet.batch_id is not None:
        return "Stake and price are the imported file's. Import a corrected file instead."
    if bet.status != BetStatus.PENDING:
        return "Stake and price stay as they are once a bet is decided."
    if bet.cashed_stake:
        return "A part has been cashed out, so stake and price stay as they are."
    if not legs:
        return "The game of this bet has been deleted."
    waiting = (GameStatus.SCHEDULED, GameStatus.POSTPONED)
    begun = next(
        (leg.game for leg in legs if leg.game.status not in waiting or leg.game.commence_time <= at), None
    )
    return "" if begun is None else f"{begun} has started, so stake and price stay as they are."


@transaction.atomic
def edit_terms(
    *,
    bet: Bet,
    by: User,
    terms: Terms,
    reason: str = "",
    revision: int | None = None,
    now: dt.datetime | None = None,
) -> Bet:
    """Set stake, prices and book of the person's own pending bet right, before its first game begins.

    The database's clock decides, whatever ``now`` dates the event; games, owner, bet and bankroll are locked in that
    order. A price counts as seen by the archive if it was the book's at placement. Raises NotAllowed, NotPossible,
    GameClosed, LimitReached, InsufficientFunds, BadAmount, BadBet.
    """
    wanted = list(bet.legs.values_list("game_id", flat=True))
    list(Game.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk"))
    lock_owner(by)
    locked = lock(bet, by, revision)
    if locked.user_id != by.pk:
        raise NotAllowed("This bet belongs to somebody else.")
    legs = list(
        locked.legs.select_related(
            "game__sport", "game__home_team", "game__away_team", "selection__game__sport"
        ).order_by("position")
    )
    at = database_now()
    if problem := why_not(locked, legs, at):
        raise (GameClosed if "has started" in problem else NotPossible)(problem)
    before = terms_of(locked, legs)
    if terms == before:
        return locked
    if len(terms.prices) != len(legs):
        raise BadBet("Give each leg its price.")
    if locked.revision >= MOST_REVISIONS - 1:
        raise NotPossible("This bet has been changed too often; it stays as it is.")
    after = redrawn(locked, legs, terms)
    changed = write_legs(locked, legs, before, terms)
    data = changes_of(locked, after, legs, before, terms)
    pay_difference(locked, after.stake, by, at, dated=now or at)
    locked.revision += 1
    for name in ("bookmaker", "stake", "unit_stake", "commission_pct", "odds"):
        setattr(locked, name, getattr(after, name))
    if changed or terms.ticket_price != before.ticket_price:
        locked.own_price = terms.ticket_price is not None or any(leg.price_seen_at is None for leg in legs)
    locked.save(update_fields=TERMS)
    note_edit(locked, by, data, now or at, reason)
    return locked


def redrawn(bet: Bet, legs: Sequence[BetLeg], terms: Terms) -> Bet:
    """Return the ticket drawn up anew on other terms, unsaved. Raises BadBet, BadAmount."""
    same_book = terms.bookmaker == bet.bookmaker
    ticket = TicketAsked(
        user=bet.user,
        bankroll=bet.bankroll,
        bookmaker=terms.bookmaker,
        kind=bet.kind,
        legs=tuple(
            LegAsked(selection=leg.selection, price=price, point=leg.point, own_price=True)
            for leg, price in zip(legs, terms.prices, strict=True)
        ),
        stake=terms.stake,
        idempotency_key=bet.idempotency_key,
        sizes=tuple(bet.sizes),
        teaser_points=bet.teaser_points,
        ticket_price=terms.ticket_price,
        commission_pct=bet.commission_pct if same_book else None,
        each_way=each_way_of(bet.each_way_places, bet.each_way_fraction),
        is_bonus=bet.is_bonus,
        boost_pct=bet.boost_pct,
        boost_cap=bet.boost_cap,
        insured_up_to=bet.insured_up_to,
    )
    check_ticket(ticket, note="", tags=())
    return drawn_up(ticket, [AgreedLeg(leg, None) for leg in ticket.legs]).bet


def write_legs(bet: Bet, legs: Sequence[BetLeg], before: Terms, after: Terms) -> bool:
    """Write prices that differ, and whether the archive saw them at placement; tell whether any leg changed."""
    new_book = before.bookmaker != after.bookmaker
    changed = [
        (leg, price) for leg, price in zip(legs, after.prices, strict=True) if new_book or leg.odds != price
    ]
    for leg, price in changed:
        book, as_of = after.bookmaker, bet.placed_at
        offer = None if book is None else offers.offer_of(leg.selection, book, leg.point, as_of=as_of)
        leg.odds = price
        leg.price_seen_at = offer.seen_at if offer is not None and offer.price == price else None
        if new_book:
            leg.draw_offered = offers.draw_is_offered(leg.selection, book, as_of=as_of)
    BetLeg.objects.bulk_update([leg for leg, _ in changed], ["odds", "price_seen_at", "draw_offered"])
    return bool(changed)


def pay_difference(bet: Bet, stake: Decimal, by: User, at: dt.datetime, *, dated: dt.datetime) -> None:
    """Take what the bet risks more than before from its bankroll, or give back what it risks less."""
    more = stake - bet.stake
    if bet.is_bonus or not more:
        return
    tails = ledger.lock_bankrolls([bet.bankroll_id])
    tail = tails[bet.bankroll_id]
    ledger.require_in_use(tail)
    if more > 0:
        require_within_limits(
            user=by, currency=tail.currency, money=tail.kind, risk=stake, already=bet.stake, at=at
        )
        ledger.require_funds(tail, more, what="rise of the stake")
    elif tail.balance - more > LARGEST_BALANCE:
        raise BadAmount("The bankroll would hold more than can be recorded.")
    was, now = (format_money(amount, tail.currency) for amount in (bet.stake, stake))
    move = ledger.Movement(
        bet.bankroll_id, LedgerKind.RESTAKE, -more, bet.pk, bet.revision + 1, f"Stake {was} changed to {now}"
    )
    ledger.append(ledger.plan(tails, [move]), at=dated)


def changes_of(
    bet: Bet, after: Bet, legs: Sequence[BetLeg], before: Terms, terms: Terms
) -> dict[str, dict[str, Any]]:
    """Return what differs, name → from and to; odds American, money in the bankroll's currency."""
    pairs: dict[str, tuple[Any, Any]] = {
        "stake": (exact_text(bet.stake), exact_text(after.stake)),
        "unit_stake": (exact_text(before.stake), exact_text(terms.stake)),
        "odds": (exact_text(bet.odds), exact_text(after.odds)),
        "commission_pct": (exact_text(bet.commission_pct), exact_text(after.commission_pct)),
        "bookmaker": (title_of(before.bookmaker), title_of(terms.bookmaker)),
    }
    if bet.unit_stake is None:
        pairs.pop("unit_stake")
    if len(legs) > 1:
        for leg, was, now in zip(legs, before.prices, terms.prices, strict=True):
            pairs[f"leg {leg.position} odds"] = (exact_text(was), exact_text(now))
    return {name: {"from": was, "to": now} for name, (was, now) in pairs.items() if was != now}


def title_of(book: Bookmaker | None) -> str:
    return "no book" if book is None else book.title


def note_edit(bet: Bet, by: User, data: dict[str, Any], at: dt.datetime, reason: str = "") -> None:
    BetEvent.objects.create(
        bet=bet,
        revision=bet.revision,
        kind=BetEventKind.EDITED,
        by=by,
        reason=" ".join(reason.split())[:300],
        data=data,
        at=at,
    )


@transaction.atomic
def edit_words(*, bet: Bet, by: User, note: str, tags: Iterable[str], now: dt.datetime | None = None) -> Bet:
    """Write the note and the tags of the person's own bet, whatever its state. Raises NotAllowed, BadBet, BadTag."""
    locked = lock(bet, by, None)
    if locked.user_id != by.pk:
        raise NotAllowed("This bet belongs to somebody else.")
    kept = clean_tags(tags)
    text = note.strip().replace("\r\n", "\n")
    check_words(locked.idempotency_key, text, kept)
    data: dict[str, Any] = {}
    if text != locked.note:
        data["note"] = {"from": locked.note, "to": text}
    if kept != locked.tags:
        data["tags"] = {"from": locked.tags, "to": kept}
    if not data:
        return locked
    locked.note, locked.tags = text, kept
    locked.save(update_fields=["note", "tags"])
    note_edit(locked, by, data, now or database_now())
    return locked
