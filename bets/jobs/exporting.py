"""Writing the file of an export into the database, in pieces of a size that it takes well."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any, Final

from django.db.models import QuerySet
from django.http import QueryDict

from bets.clock import database_now
from bets.exports import export_pieces
from bets.exports.snapshot import snapshot
from bets.history.filters import BetFilter
from bets.jobs.asking import KEPT_FILES, make_room
from bets.models import Bet, Job, JobChunk
from rest.problems import ApiProblem, form_faults

CHUNK: Final = 256 * 1024
MOST_BYTES: Final = 128 * 1024 * 1024


def write_file(job: Job, watch: Callable[[int, int], None]) -> dict[str, Any]:
    """Write the bets of the job's filter as they are at one moment; returns rows, size, checksum and when the file is
    deleted. Raises ApiProblem.
    """
    asked = BetFilter(
        QueryDict(job.query),
        Bet.objects.owned_by(job.user),
        request=SimpleNamespace(user=job.user),
        now=job.created_at,
    )
    if not asked.form.is_valid():  # a bankroll or league that it names is gone since
        raise ApiProblem("refused", errors=list(form_faults(asked.form.errors.as_data())))
    bets = asked.qs if asked.active else None
    with snapshot() as using:
        rows, size, checksum = write_pieces(job, bets, using, watch)
    return {
        "rows": rows,
        "size": size,
        "checksum": checksum,
        "expires_at": database_now() + KEPT_FILES,
    }


def write_pieces(
    job: Job, bets: QuerySet[Bet] | None, using: str, watch: Callable[[int, int], None]
) -> tuple[int, int, str]:
    """Read with one alias, write with the usual one; returns how many bets were written, bytes and SHA-256."""
    of = (Bet.objects.owned_by(job.user) if bets is None else bets).using(using).count()
    rows = 0

    def seen(read: int) -> None:
        nonlocal rows
        rows = read
        watch(read, of)

    watch(0, of)
    make_room(job.user)
    digest, size = hashlib.sha256(), 0
    for position, content in enumerate(chunks(export_pieces(job.user, job.format, bets, seen, using))):
        size += len(content)
        if size > MOST_BYTES:
            most = MOST_BYTES // 1024 // 1024
            raise ApiProblem("too_large", f"The file would be larger than {most} MB. Narrow the filter.")
        digest.update(content)
        JobChunk.objects.create(job=job, position=position, content=content)
    return rows, size, digest.hexdigest()


def chunks(pieces: Iterator[str]) -> Iterator[bytes]:
    """The text in UTF-8, in pieces of ``CHUNK`` bytes and a last one."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece.encode()
        while len(waiting) >= CHUNK:
            yield bytes(waiting[:CHUNK])
            del waiting[:CHUNK]
    if waiting:
        yield bytes(waiting)
