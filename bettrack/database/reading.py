"""Reads of board, archive and statistics go to the replica, where it shows all that the reader may have seen.

A whole view is read from one server: while it runs, the thread's ``default`` connection is that of the replica, for the
ORM and for statements of our own alike. Whatever goes wrong, the view runs again on the primary. Writes, tasks and
commands never come here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections
from django.http import HttpRequest, HttpResponse

from bettrack.database import positions, replica
from odds.versions import ARCHIVE, PEOPLE

logger = logging.getLogger(__name__)

SAFE: Final = ("GET", "HEAD")
PUBLIC: Final = frozenset({
    "odds:board", "odds:game", "odds:movement", "odds:books", "odds:closing_lines", "odds:edges", "odds:futures",
})  # fmt: skip
"""Pages of prices. Who is signed in sees his slip and money on them too."""
PERSONAL: Final = frozenset({"stats:overview", "stats:chart", "stats:json", "record", "record_chart"})
API: Final = frozenset({
    "api:sport-list", "api:sport-detail", "api:team-list", "api:team-detail", "api:player-list", "api:player-detail",
    "api:game-list", "api:game-detail", "api:game-placings", "api:game-readings", "api:game-starts", "api:game-stats",
    "api:bookmaker-list", "api:bookmaker-detail", "api:bookmaker-report", "api:selection-list", "api:selection-detail",
    "api:selection-movement", "api:odds-list", "api:odds-best", "api:odds-board", "api:odds-upcoming",
    "api:snapshot-list", "api:closing-line-list", "api:fair-price-list", "api:edge-list", "api:future-list",
    "api:future-detail", "api:future-runners", "api:statistics-list", "api:bet-by-sport", "api:bet-summary",
})  # fmt: skip

View = Callable[..., Any]


class ReplicaMiddleware:
    """Stands last, so that everything before the view has been read from the primary."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.REPLICA_DATABASE:
            raise MiddlewareNotUsed
        positions.connect()
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: View, args: Sequence[Any], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """The answer, read from the replica; None for the view to be called as ever."""
        name = request.resolver_match.view_name if request.resolver_match else ""
        if request.method not in SAFE:
            return None
        if name in API:  # who asks is found out within the view, from the primary: the API calls us after it
            request.reader = reader  # type: ignore[attr-defined]
            return None
        if name not in PUBLIC and name not in PERSONAL:
            return None
        names = [ARCHIVE]
        if name in PERSONAL or settings.SESSION_COOKIE_NAME in request.COOKIES:
            bool(request.user.is_authenticated)
            names.append(PEOPLE)
        answer: HttpResponse | None = from_replica(names, lambda: rendered(view(request, *args, **kwargs)))
        return answer


def reader(handler: View) -> View:
    """The handler, reading from the replica where it can."""

    def handled(*args: Any, **kwargs: Any) -> Any:
        answer = from_replica([ARCHIVE, PEOPLE], lambda: handler(*args, **kwargs))
        return handler(*args, **kwargs) if answer is None else answer

    return handled


def from_replica(names: Sequence[str], read: Callable[[], Any]) -> Any:
    """What was read; None where the replica may not be read, or reading failed."""
    if connections[DEFAULT_DB_ALIAS].in_atomic_block:
        return None
    position = positions.required(names)
    if position is None or not replica.watcher.shows(position):
        return None
    try:
        with replica_as_default():
            return read()
    except (OperationalError, InterfaceError) as error:
        replica.watcher.failed(error)
    except Exception as error:  # noqa: BLE001 - a refusal is said by the primary, a fault shows there again
        logger.debug("read again from the primary: %s", error)
    return None


@contextmanager
def replica_as_default() -> Iterator[None]:
    """Let this thread's default connection be the replica's."""
    primary, follower = connections[DEFAULT_DB_ALIAS], replica.replica_connection()
    connections[DEFAULT_DB_ALIAS] = follower
    try:
        yield
    finally:
        connections[DEFAULT_DB_ALIAS] = primary


def rendered(response: Any) -> Any:
    """The response, its template read too."""
    return response.render() if callable(getattr(response, "render", None)) else response
