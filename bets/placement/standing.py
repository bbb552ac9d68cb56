"""What placing reads once everything is locked: the time, what was placed before, what is in the bankroll, what is on offer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from bets import ledger, offers
from bets.arrays import columns
from bets.exceptions import NotPossible
from bets.ledger import TAIL, WITH_TAIL, Tail
from bets.offers import Offer
from bets.placement.asked import LegAsked, TicketAsked
from odds import markets, shards
from odds.models import Bookmaker

STANDING = f"""
SELECT statement_timestamp(),
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


def read_standing(ticket: TicketAsked) -> Standing:
    """Lock the bankroll and read; games and owner are locked before. Two statements."""
    ledger.hold([ticket.bankroll.pk])
    person = ticket.user.pk
    with connection.cursor() as cursor:
        cursor.execute(STANDING, [person, ticket.idempotency_key, person, ticket.bankroll.pk])
        row = cursor.fetchone()
    if row is None:
        raise NotPossible("This bankroll has been deleted.")
    at, is_placed, has_limits, *tail = row
    return Standing(at, is_placed, has_limits, Tail(*tail))


def read_market(ticket: TicketAsked, *, as_of: dt.datetime | None) -> list[OnOffer]:
    """What is on offer for each leg now, in one statement; as the archive knew it ``as_of`` a past instant."""
    book = ticket.bookmaker
    if as_of is None:
        return on_offer(ticket.legs, book)
    return [
        OnOffer(
            None if book is None else offers.offer_of(leg.selection, book, leg.point, as_of=as_of),
            offers.draw_is_offered(leg.selection, book, as_of=as_of),
        )
        for leg in ticket.legs
    ]


def on_offer(legs: Sequence[LegAsked], book: Bookmaker | None) -> list[OnOffer]:
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
    with connection.cursor() as cursor:
        statement = shards.sliced(MARKET, board="game_id = ANY(%(games)s::uuid[])")
        cursor.execute(statement, {**given, "book": None if book is None else book.pk})
        found = cursor.fetchall()
    return [
        OnOffer(offer_from(price, point, seen_at), offers.draw_always_counts(leg.selection) or draw_offered)
        for leg, (price, point, seen_at, draw_offered) in zip(legs, found, strict=True)
    ]


def offer_from(price: Decimal | None, point: Decimal | None, seen_at: dt.datetime) -> Offer | None:
    return None if price is None else Offer(price, point, seen_at)
