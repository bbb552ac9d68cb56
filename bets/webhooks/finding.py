"""What is told besides bets: edges, and moves of lines with open bets on them. Looked for only while somebody listens."""

from __future__ import annotations

import datetime as dt
import hashlib
import uuid
from collections.abc import Iterable
from fractions import Fraction
from typing import Any, Final

from django.db import connection

from bets.models import Webhook, WebhookDelivery, WebhookTopic
from odds import pricing, shards
from odds.api.rows import described, games_by_id, priced, share, sides_of
from odds.edges.page import EdgeKind, EdgeRequest, EdgeRow, read_edges
from rest.fields import plain

SMALLEST_MOVE: Final = Fraction(1, 100)
"""Of the implied probability, at an unchanged point; another point is a move by itself."""
SINCE: Final = dt.timedelta(minutes=10)
KINDS: Final = (EdgeKind.VALUE, EdgeKind.ARBITRAGE)

MOVED: Final = """
SELECT DISTINCT ON (w.id, c.selection_id, c.bookmaker_id, c.point)
       w.id, l.game_id, c.selection_id, s.market, s.participant, s.side, k.key, c.point, c.price, c.previous_price,
       c.changed_at, b.id, l.point
FROM webhooks w
JOIN users u ON u.id = w.user_id AND u.is_active
JOIN bets b ON b.user_id = w.user_id AND b.status = 'pending'
JOIN bet_legs l ON l.bet_id = b.id AND l.status = 'pending'
JOIN games g ON g.id = l.game_id AND g.status = 'scheduled' AND g.commence_time > %(now)s
JOIN selections s ON s.game_id = l.game_id AND s.id = l.selection_id
JOIN current_odds c ON c.game_id = l.game_id AND c.selection_id = l.selection_id AND c.bookmaker_id = b.bookmaker_id
JOIN bookmakers k ON k.id = c.bookmaker_id
WHERE w.off_at IS NULL AND 'line.moved' = ANY(w.topics)
  AND c.changed_at > %(since)s AND c.changed_at > b.placed_at
  AND (c.point IS NOT DISTINCT FROM l.point OR s.market NOT LIKE 'alternate%%')
  AND (c.previous_price IS NOT NULL OR c.point IS DISTINCT FROM l.point)
ORDER BY w.id, c.selection_id, c.bookmaker_id, c.point, b.placed_at, b.id
"""


def tell_edges(*, now: dt.datetime) -> int:
    """Write the edges of the present board to whom they concern, each once; return how many were written."""
    hooks = list(Webhook.objects.listening(WebhookTopic.EDGE_FOUND))
    if not hooks:
        return 0
    least = Fraction(min(hook.least_edge for hook in hooks)) / 100
    rows = [
        (kind, row) for kind in KINDS for row in read_edges(EdgeRequest(kind=kind, least=least), now=now).rows
    ]
    found = [(key_of(kind, row), row.edge.edge * 100, edge_data(kind, row)) for kind, row in rows]
    return write(
        (
            delivery(hook.pk, WebhookTopic.EDGE_FOUND, key, data, now)
            for hook in hooks
            for key, edge, data in found
            if edge >= hook.least_edge
        )
    )


def key_of(kind: EdgeKind, row: EdgeRow) -> str:
    """The same edge at the same prices is told once."""
    legs = sorted(f"{leg.selection_id}@{leg.point}@{leg.book.key}@{leg.price}" for leg in row.edge.legs)
    return digest(WebhookTopic.EDGE_FOUND, str(kind), str(row.game.pk), *legs)


def edge_data(kind: EdgeKind, row: EdgeRow) -> dict[str, Any]:
    """An edge as it is sent: shares as decimal fractions (0.03 is 3 %)."""
    edge = row.edge
    fair = getattr(edge, "fair", None)
    return {
        "kind": str(kind),
        "edge": share(edge.edge),
        "game": game_data(row.game),
        "market": row.market,
        "fair": share(fair),
        "legs": [
            {
                "selection": leg.offer.selection_id,
                "name": leg.name,
                "bookmaker": leg.offer.book.key,
                "point": plain(leg.offer.point),
                **priced(leg.offer.price),
                "is_lay": leg.offer.is_lay,
                "seen_at": instant(leg.offer.seen_at),
            }
            for leg in row.legs
        ],
    }


def tell_moves(*, now: dt.datetime) -> int:
    """Write the moves of the last minutes of lines with open bets on them, at the book of the bet, each once."""
    with connection.cursor() as cursor:
        cursor.execute(
            shards.sliced(MOVED, board="changed_at > %(since)s"), {"now": now, "since": now - SINCE}
        )
        rows = [row for row in cursor.fetchall() if has_moved(row[8], row[9])]
    games = games_by_id({row[1] for row in rows}) if rows else {}
    return write(
        delivery(
            row[0],
            WebhookTopic.LINE_MOVED,
            digest(WebhookTopic.LINE_MOVED, *(str(row[i]) for i in (2, 6, 7)), row[10].isoformat()),
            move_data(row, games[row[1]]),
            now,
        )
        for row in rows
        if row[1] in games
    )


def has_moved(price: Any, previous: Any) -> bool:
    """Tell whether a price is far enough from the one before; without one before, the point is new."""
    if previous is None:
        return True
    return abs(pricing.implied(price) - pricing.implied(previous)) >= SMALLEST_MOVE


def move_data(row: tuple[Any, ...], game: Any) -> dict[str, Any]:
    _, _, selection, market, participant, side, book, point, price, previous, changed_at, bet, own = row
    return {
        "game": game_data(game),
        "selection": selection,
        **described(market, participant, side, sides_of(game)),
        "bookmaker": book,
        "point": plain(point),
        **priced(price),
        "previous": None if previous is None else priced(previous),
        "changed_at": instant(changed_at),
        "bet": str(bet),
        "bet_point": plain(own),
    }


def game_data(game: Any) -> dict[str, Any]:
    return {
        "id": str(game.pk),
        "sport": game.sport_id,
        "name": str(game),
        "commence_time": instant(game.commence_time),
    }


def instant(at: dt.datetime) -> str:
    return at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")


def digest(topic: str, *parts: str) -> str:
    return f"{topic}:{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:40]}"


def delivery(
    hook: uuid.UUID, topic: str, key: str, data: dict[str, Any], now: dt.datetime
) -> WebhookDelivery:
    return WebhookDelivery(webhook_id=hook, topic=topic, key=key, data=data, created_at=now, due_at=now)


def write(rows: Iterable[WebhookDelivery]) -> int:
    """Put them into the outbox; those that are there already stay as they are."""
    made = list(rows)
    if not made:
        return 0
    keys = {(row.webhook_id, row.key) for row in made}
    known = set(
        WebhookDelivery.objects.filter(key__in={key for _, key in keys}).values_list("webhook_id", "key")
    )
    fresh = [row for row in made if (row.webhook_id, row.key) not in known]
    WebhookDelivery.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)
