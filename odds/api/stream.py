"""Price changes as they happen: server-sent events, resumed by ``Last-Event-ID``."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.http import StreamingHttpResponse
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from accounts.access import gate
from accounts.api.authentication import still_holds
from accounts.api.throttling import caller_of
from games.api import GAME_ID
from games.models import Game
from odds import moves
from odds.api.queries import BestQuery
from odds.api.rows import snapshot_row
from odds.api.views import OddsView
from odds.models import OddSnapshot
from rest.problems import ApiProblem, invalid
from rest.renderers import JsonRenderer, dumps

LONGEST: Final = 300
HEARTBEAT: Final = 5.0
"""Seconds between signs of life; by writing them a listener that has gone is found out."""
WAIT: Final = 1.0
"""Below the time limit of the cache's connections."""
MOST_CHANGES: Final = 1000
OF_ONE_CALLER: Final = 3
EVENT_ID: Final = re.compile(r"[0-9]{1,15}-[0-9]{1,10}")
EXAMPLE: Final = {
    "event": "prices",
    "id": "1795200060000-0",
    "data": f'{{"game_id":"{GAME_ID}","captured_at":"2026-11-20T18:21:07Z","more":false,'
    '"changes":[{"selection_id":4711,"bookmaker":"draftkings","price":"-112"}]}',
}
EVENT: Final = {
    "type": "object",
    "description": "One event of the stream; the first has neither a name nor data.",
    "properties": {
        "event": {"type": "string", "enum": ["prices", "reset", "end"]},
        "id": {"type": "string", "pattern": f"^{EVENT_ID.pattern}$"},
        "retry": {"type": "integer", "description": "Milliseconds after which to connect again."},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
}


class EventRenderer(JsonRenderer):
    """Lets ``Accept: text/event-stream`` pass; problems stay JSON."""

    media_type = "text/event-stream"
    format = "events"


class StreamQuery(BestQuery):
    """``game`` as of the best prices; no instant."""

    seconds = serializers.IntegerField(
        required=False, min_value=0, max_value=LONGEST, default=LONGEST,
        help_text="Ends after so long; 0: what has happened since Last-Event-ID, and no waiting.",
    )  # fmt: skip

    def get_fields(self) -> dict[str, Any]:
        return {name: field for name, field in super().get_fields().items() if name != "at"}


class Seats:
    """How many listen to this process: each holds a thread of it, so there are only so many."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._taken: Counter[str] = Counter()

    def take(self, caller: str) -> None:
        """Raises ApiProblem where there is no seat left, or the caller has enough."""
        with self._lock:
            if self._taken.total() >= settings.API_STREAMS or self._taken[caller] >= OF_ONE_CALLER:
                raise ApiProblem("streams_full", headers={"Retry-After": "30"})
            self._taken[caller] += 1

    def leave(self, caller: str) -> None:
        with self._lock:
            self._taken[caller] -= 1
            self._taken += Counter()  # forgets who has none


SEATS: Final = Seats()


class Listening:
    """The events of a response, and the seat that it holds until it is closed."""

    def __init__(self, events: Iterator[bytes], caller: str) -> None:
        SEATS.take(caller)
        self.events, self.caller, self.seated = events, caller, True

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self.events)

    def close(self) -> None:
        if self.seated:
            self.seated = False
            SEATS.leave(self.caller)


class StreamViewSet(OddsView):
    """Price changes of some games as they happen."""

    queryset = Game.objects.none()
    serializer_class = serializers.Serializer
    query_class = StreamQuery
    renderer_classes = (EventRenderer, JsonRenderer)
    changes_with_time = True

    def is_listing(self) -> bool:
        return False

    def is_shaped(self) -> bool:
        return False

    def handle_exception(self, exc: Exception) -> Any:
        refused = super().handle_exception(exc)
        refused._has_been_logged = True  # a full house is no fault of ours
        return refused

    @extend_schema(
        parameters=[
            OpenApiParameter(
                "Last-Event-ID", str, OpenApiParameter.HEADER,
                pattern=f"^{EVENT_ID.pattern}$", description="Begin after this event; else with the next one.",
            )
        ],
        responses={(200, "text/event-stream"): EVENT},
        examples=[
            OpenApiExample("Example", value=EXAMPLE, media_type="text/event-stream", response_only=True)
        ],
    )  # fmt: skip
    def list(self, request: Request) -> StreamingHttpResponse:
        """Price changes of some games as they happen, as server-sent events.

        `event: prices` has the game, when the response was received and its changes, as rows of snapshots; a withdrawn line has no price.
        `event: reset` says that events were missed: read the prices anew. The stream ends after five minutes, or with
        `event: end`, when Redis goes or the key is revoked; connect again with the last `id`. Full: 503 with `Retry-After`.
        """
        last = request.headers.get("Last-Event-ID")
        if last is not None and not EVENT_ID.fullmatch(last):
            raise invalid("Last-Event-ID", "Send the id of an event of this stream, or leave it out.")
        try:
            begin = last or moves.newest()
            whole = moves.is_complete_after(begin)
        except moves.LogGone:
            raise ApiProblem("stream_unavailable", headers={"Retry-After": "30"}) from None
        games = frozenset(self.asked["game"])
        told = events(
            games,
            begin if whole else moves.START,
            self.asked["seconds"],
            missed=not whole,
            admitted=gate.watch(request._request, request.user),
            holds=partial(still_holds, request),
        )
        response = StreamingHttpResponse(
            Listening(told, caller_of(request)[0]),
            content_type="text/event-stream; charset=utf-8",
            headers={"Content-Encoding": "identity", "X-Accel-Buffering": "no"},
        )
        return response


def always() -> bool:
    return True


def events(
    games: frozenset[UUID],
    last: str,
    seconds: int,
    *,
    missed: bool,
    admitted: Callable[[], bool] = always,
    holds: Callable[[], bool] = always,
) -> Iterator[bytes]:
    """The lines of the stream until its time is over, Redis is gone, its reader is shut out or reads no more.

    ``admitted`` is asked each second, ``holds`` at every sign of life.
    """
    now = time.monotonic()
    until, spoke = now + seconds, now
    release()
    try:
        if missed:
            last = moves.newest()
            yield event("reset", last, {})
        yield f"retry: 3000\nid: {last}\n\n".encode()
        while True:
            if not admitted():
                yield event("end", last, {"code": gate.CODE})
                return
            release()
            found = moves.after(last, wait=min(WAIT, max(0.0, until - now)))
            for move in found:
                last = move.id
                if move.game in games and (changes := changes_of(move)):
                    yield event("prices", last, changes)
            now = time.monotonic()
            if found or now - spoke >= HEARTBEAT:
                spoke = now
                if not holds():
                    yield event("end", last, {"code": "not_authenticated"})
                    return
                release()
                yield f": \nid: {last}\n\n".encode()
            if now >= until and len(found) < moves.AT_ONCE:
                return
    except moves.LogGone:
        yield event("end", last, {"code": "stream_unavailable"})


def event(name: str, id_: str, data: dict[str, Any]) -> bytes:
    return b"event: %s\nid: %s\ndata: %s\n\n" % (name.encode(), id_.encode(), dumps(data))


def release() -> None:
    """Give the database connection back: a stream waits for most of its time."""
    if not connection.in_atomic_block:
        connection.close()


def changes_of(move: moves.Move) -> dict[str, Any]:
    """The changes of a game in one response; empty where it had none. No connection is held between two calls."""
    joined = ("selection", "bookmaker", "game__home_team", "game__away_team")
    rows = OddSnapshot.objects.filter(game=move.game, captured_at=move.captured_at).select_related(*joined)
    found = [snapshot_row(row) for row in rows.order_by("timestamp", "id")[: MOST_CHANGES + 1]]
    release()
    if not found:
        return {}
    return {
        "game_id": move.game,
        "captured_at": move.captured_at,
        "more": len(found) > MOST_CHANGES,
        "changes": found[:MOST_CHANGES],
    }
