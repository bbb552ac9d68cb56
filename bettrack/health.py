"""What load balancers and ``up`` ask: is this process alive, and is everything there that it needs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from bettrack.database import replica
from bettrack.monitoring.queues import QueueGone, ping
from feeds.models import Pulse
from feeds.monitoring.pulses import WORKER, WORKER_LATE, latest_worker, since
from feeds.monitoring.watching import database_now

PATIENCE: Final = "2s"
_migrated: set[str] = set()


class NotReady(Exception):
    """Something that is needed is missing; the text says what, and names no address."""


@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """200 while this process answers at all. Nothing else is asked."""
    return HttpResponse("ok\n", content_type="text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """200 while everything is there, else 503; JSON with what each check found."""
    checks = {name: outcome(check) for name, check in CHECKS.items()}
    is_ready = all(found["ok"] for found in checks.values())
    answer: dict[str, object] = {"status": "ready" if is_ready else "not ready", "checks": checks}
    if (
        settings.REPLICA_DATABASE and checks["database"]["ok"]
    ):  # the primary stands in for one that is not read
        answer["replica"] = {"ok": not replica.watcher.standing().problem}
    return JsonResponse(answer, status=200 if is_ready else 503)


class HealthMiddleware:
    """Answers what watches over the server before anything asks for a cookie, a rule of access or the host's name."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        view = {"/healthz": healthz, "/readyz": readyz}.get(request.path_info, self.get_response)
        return view(request)


def outcome(check: Callable[[], None]) -> dict[str, object]:
    try:
        check()
    except NotReady as problem:
        return {"ok": False, "reason": str(problem)}
    return {"ok": True}


def check_database() -> None:
    """Raises NotReady."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT set_config('statement_timeout', %s, true)", [PATIENCE])
            cursor.execute("SELECT 1")
    except DatabaseError:
        raise NotReady("the database does not answer") from None


def check_queue() -> None:
    """Raises NotReady."""
    try:
        ping()
    except QueueGone:
        raise NotReady("Redis does not answer") from None


def check_migrations() -> None:
    """Raises NotReady while a migration of this code is not applied. Once all are, it is not asked again."""
    if "yes" in _migrated:
        return
    try:
        executor = MigrationExecutor(connection)
        missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError:
        raise NotReady("the database does not tell which migrations are applied") from None
    if missing:
        plural = "migration is" if missing == 1 else "migrations are"
        raise NotReady(f"{missing} {plural} not applied: run manage.py migrate")
    _migrated.add("yes")


def check_workers() -> None:
    """Raises NotReady where no worker was heard of for three minutes."""
    try:
        pulses = {pulse.name: pulse for pulse in Pulse.objects.filter(name__startswith=WORKER)}
        now = database_now()
    except DatabaseError:
        raise NotReady("the database does not tell when workers were heard of") from None
    alive = latest_worker(pulses, now)
    if alive is None:
        raise NotReady("no worker was ever heard of")
    if now - alive > WORKER_LATE:
        raise NotReady(f"no worker was heard of for {since(alive, now)}")


CHECKS: Final[dict[str, Callable[[], None]]] = {
    "database": check_database,
    "redis": check_queue,
    "migrations": check_migrations,
    "workers": check_workers,
}
