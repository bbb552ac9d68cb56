"""What placing locks, and reads once all is locked: the time, what was placed before, what is in the bankroll, and on offer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from bets import ledger, offers
from bets.arrays import columns
from bets.exceptions import GameClosed, NotPossible, Refused
from bets.ledger import TAIL, WITH_TAIL, Tail
from bets.limits.enforcing import LOCK_OWNER, OWNER_GONE
from bets.offers import Offer
from bets.placement.asked import LegAsked, TicketAsked
from games.models import Game
from odds import markets, shards
from odds.models import Bookmaker
from rest.together import Parameters, ask

LOCK_GAMES = """
SELECT id, status, commence_time FROM games WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE
"""
STANDING = f"""
SELECT clock_timestamp(),
    EXISTS (SELECT FROM bets p WHERE p.user_id = %s AND p.idempotency_key = %s),
    EXISTS (SELECT FROM limit_changes c WHERE c.user_id = %s),
    {TAIL}
FROM {WITH_TAIL}
WHERE b.id = %s
"""  # noqa: S608 - the parts are constants
MARKET = """
SELECT own.price, own.point, greatest(own.changed_at, beat.seen_at),
    CASE WHEN draw.at_book IS NULL THEN 2 * draw.with_draw > draw.books ELSE draw.at_book END
FROM unnest(%(places)s::int[], %(games)s::uuid[], %(selections)s::bigint[], %(points)s::numeric[], %(markets)s::text[],
    %(scopes)s::text[]) AS leg (place, game_id, selection_id, point, market, scope)
LEFT JOIN current_odds own ON own.game_id = leg.game_id AND own.selection_id = leg.selection_id
    AND own.bookmaker_id = %(book)s AND own.point IS NOT DISTINCT FROM leg.point
LEFT JOIN heartbeats beat ON beat.game_id = leg.game_id AND beat.bookmaker_id = %(book)s AND beat.scope = leg.scope
CROSS JOIN LATERAL (
    SELECT count(*) AS books, count(*) FILTER (WHERE has_draw) AS with_draw,
        bool_or(has_draw) FILTER (WHERE bookmaker_id = %(book)s) AS at_book
    FROM (
        SELECT c.bookmaker_id, bool_or(s.side = 'draw') AS has_draw
        FROM selections s
        JOIN current_odds c ON c.game_id = s.game_id AND c.selection_id = s.id
        WHERE s.game_id = leg.game_id AND s.market = leg.market
        GROUP BY c.bookmaker_id
    ) quoting
) draw
ORDER BY leg.place
"""
"""What ``offers.offer_of`` and ``offers.draw_is_offered`` say of each leg, in one statement for all of them."""


class Standing(NamedTuple):
    """``at`` is the time by the database's clock, read after the locks. ``has_limits``: the owner ever set any."""

    at: dt.datetime
    is_placed: bool
    has_limits: bool
    tail: Tail


class OnOffer(NamedTuple):
    """The book's offer for the line of a leg, and whether the draw has a price in its market."""

    offer: Offer | None
    draw_offered: bool


class Locked(NamedTuple):
    """What is so while games, owner and bankroll are locked; ``market`` has an entry for each leg."""

    games: list[Game]
    standing: Standing
    market: list[OnOffer]


def lock_and_read(ticket: TicketAsked, *, as_of: dt.datetime | None) -> Locked:
    """Lock games, by key, then owner and bankroll, and read what is so then; in one round trip.

    The market is read as the archive knew it ``as_of`` a past instant, None for now. Raises GameClosed, Refused and
    NotPossible for what is there no more.
    """
    games = {leg.selection.game_id: leg.selection.game for leg in ticket.legs}
    person, bankroll = ticket.user.pk, ticket.bankroll.pk
    statements: list[tuple[str, Parameters]] = [
        (LOCK_GAMES, [list(games)]),
        (LOCK_OWNER, [person]),
        (ledger.LOCK, [[bankroll]]),
        (STANDING, [person, ticket.idempotency_key, person, bankroll]),
    ]
    if as_of is None:
        statements.append(market_asked(ticket.legs, ticket.bookmaker))
    found_games, owner, _, standing, *market = ask(*statements)
    if len(found_games) < len(games):
        raise GameClosed("This game is no longer listed.")
    brought_up_to_date(ticket, found_games)
    if not owner:
        raise Refused(OWNER_GONE)
    if not standing:
        raise NotPossible("This bankroll has been deleted.")
    at, is_placed, has_limits, *tail = standing[0]
    on_offer_now = as_offers(ticket.legs, market[0]) if as_of is None else past_market(ticket, as_of)
    return Locked(list(games.values()), Standing(at, is_placed, has_limits, Tail(*tail)), on_offer_now)


def brought_up_to_date(ticket: TicketAsked, found: list[tuple[Any, ...]]) -> None:
    """Give the ticket's games what the locked ones say."""
    states = {pk: (status, start) for pk, status, start in found}
    for leg in ticket.legs:
        game = leg.selection.game
        game.status, game.commence_time = states[game.pk]


def past_market(ticket: TicketAsked, as_of: dt.datetime) -> list[OnOffer]:
    """What was on offer for each leg, as the archive knew it."""
    book = ticket.bookmaker
    return [
        OnOffer(
            None if book is None else offers.offer_of(leg.selection, book, leg.point, as_of=as_of),
            offers.draw_is_offered(leg.selection, book, as_of=as_of),
        )
        for leg in ticket.legs
    ]


def on_offer(legs: Sequence[LegAsked], book: Bookmaker | None) -> list[OnOffer]:
    """What is on offer for each leg now; one statement."""
    return as_offers(legs, ask(market_asked(legs, book))[0])


def market_asked(legs: Sequence[LegAsked], book: Bookmaker | None) -> tuple[str, dict[str, Any]]:
    """The statement that reads what is on offer for each leg now."""
    rows = [
        (
            place,
            leg.selection.game_id,
            leg.selection.pk,
            leg.point,
            leg.selection.market,
            markets.scope(leg.selection.market),
        )
        for place, leg in enumerate(legs)
    ]
    names = ("places", "games", "selections", "points", "markets", "scopes")
    given = dict(zip(names, columns(rows), strict=True))
    statement = shards.sliced(MARKET, board="game_id = ANY(%(games)s::uuid[])")
    return statement, {**given, "book": None if book is None else book.pk}


def as_offers(legs: Sequence[LegAsked], found: list[tuple[Any, ...]]) -> list[OnOffer]:
    return [
        OnOffer(offer_from(price, point, seen_at), offers.draw_always_counts(leg.selection) or draw_offered)
        for leg, (price, point, seen_at, draw_offered) in zip(legs, found, strict=True)
    ]


def offer_from(price: Decimal | None, point: Decimal | None, seen_at: dt.datetime) -> Offer | None:
    return None if price is None else Offer(price, point, seen_at)
