"""How the providers' interfaces do, by what our own calls to them came to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Final

from django.db import connection

from feeds.models import Block, Provider, Quota
from feeds.monitoring.registry import Reading
from feeds.monitoring.transitions import Verdict

GROUP: Final = "Data providers"
POSITION: Final = 100
LOOKED_AT: Final = 3
"""So many newest calls that all failed are no accident."""
RECENT: Final = dt.timedelta(hours=24)

NEWEST: Final = """
SELECT p.name, c.status, c.at FROM unnest(%s::text[]) AS p (name)
CROSS JOIN LATERAL (
    SELECT status, at FROM api_calls WHERE provider = p.name AND at > %s AND at <= %s ORDER BY at DESC LIMIT %s
) c
"""
REASONS: Final = {
    Block.BAD_KEY: "it refuses our key",
    Block.OUT_OF_CREDITS: "the credits of the period are used up",
}


def read_providers(now: dt.datetime) -> Iterator[Reading]:
    """A monitor for each provider. Two statements."""
    with connection.cursor() as cursor:
        cursor.execute(NEWEST, [list(Provider.values), now - RECENT, now, LOOKED_AT])
        rows = cursor.fetchall()
    calls: dict[str, list[int | None]] = {}
    for name, status, _ in rows:
        calls.setdefault(name, []).append(status)
    blocks = newest_blocks()
    for position, provider in enumerate(Provider):
        verdict, reason = judge(calls.get(provider, []), blocks.get(provider, ""))
        yield Reading(
            f"provider:{provider}", GROUP, str(provider.label), verdict, reason, POSITION + position
        )


def newest_blocks() -> dict[str, str]:
    """Why calls to a provider are held back, by the newest quota of each."""
    newest = Quota.objects.order_by("provider", "-period_start", "-id").distinct("provider")
    return dict(newest.values_list("provider", "block"))


def judge(statuses: list[int | None], block: str) -> tuple[Verdict, str]:
    """What the newest calls of the last day tell, the newest first; None is a call without an answer."""
    if block:
        return Verdict.FAILING, REASONS.get(Block(block), "calls are held back")
    if not statuses:
        return Verdict.OFF, "not asked for a day"
    if len(statuses) < LOOKED_AT or any(map(is_good, statuses)):
        return Verdict.OK, ""
    if all(status is None for status in statuses):
        return Verdict.FAILING, "it does not answer"
    answered = sorted({status for status in statuses if status is not None})
    return Verdict.FAILING, f"it answers with errors ({', '.join(map(str, answered))})"


def is_good(status: int | None) -> bool:
    """Tell whether the provider works: what it does not have (404, 422) it may say so."""
    return status is not None and (status < 400 or status in (404, 422))
