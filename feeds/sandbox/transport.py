"""The sandbox without sockets, at an instant of one's choice: the real clients run against the simulated past."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import httpx
from django.utils import timezone

from .answers import answer
from .world import World

_HOSTS = {"api.the-odds-api.com": "/the-odds-api", "site.api.espn.com": "/espn"}


class SandboxTransport(httpx.BaseTransport):
    """Serves both providers' hosts from a world. `at` is an instant or a clock; without it, now.

    A replay moves on by setting `at`: `transport.at = later`.
    """

    def __init__(
        self, *, at: dt.datetime | Callable[[], dt.datetime] | None = None, world: World | None = None
    ) -> None:
        self.at = at if at is not None else timezone.now
        self.world = world or World.from_settings()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        moment = self.at() if callable(self.at) else self.at
        path = request.url.path
        path = _HOSTS.get(request.url.host, "") + path.removeprefix("/sandbox")
        query = dict(request.url.params)
        found = answer(self.world, path, query, moment)
        return httpx.Response(found.status, headers=found.headers, content=found.body, request=request)
