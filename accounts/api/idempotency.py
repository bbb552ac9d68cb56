"""The same answer to a write that is sent again, by its ``Idempotency-Key``.

The key is claimed in the transaction of the write: whoever sends the same at once waits at the unique index until the
first is done, then gets its answer, or does the work if the first failed. Answers are kept for a day; refusals are not,
for they leave nothing behind that a repetition could double.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

import msgspec
from django.db import OperationalError, connection, transaction
from django.http import HttpResponse
from django.utils import timezone
from psycopg.errors import LockNotAvailable
from rest_framework.request import Request

from accounts.api.models import KeptAnswer
from rest.problems import ApiProblem, invalid
from rest.renderers import JsonRenderer, dumps

HEADER: Final = "Idempotency-Key"
KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")
KEPT: Final = dt.timedelta(hours=24)
LONGEST_WAIT: Final = "10s"
KEPT_HEADERS: Final = ("Location",)

CLAIM: Final = """
INSERT INTO kept_answers (user_id, key, fingerprint, headers, body, created_at)
SELECT %(user)s::uuid, %(key)s, %(fingerprint)s, '{}', '', %(now)s::timestamptz
 WHERE (SELECT set_config('lock_timeout', %(longest)s, true)) IS NOT NULL
ON CONFLICT (user_id, key) DO UPDATE
   SET fingerprint = excluded.fingerprint, status = NULL, headers = '{}', body = '', created_at = excluded.created_at
 WHERE kept_answers.created_at < %(oldest)s
RETURNING id, set_config('lock_timeout', '0', true)
"""
"""The longest wait is set before the row is inserted, which may wait, and taken back once it is."""
KEEP: Final = "UPDATE kept_answers SET status = %s, headers = %s::jsonb, body = %s WHERE id = %s"


def once(method: Callable[..., Any]) -> Callable[..., Any]:
    """Make a write of a view atomic, and answered once for each ``Idempotency-Key`` of a person.

    The method returns a response or raises; what it wrote stays only with a status below 400.
    """

    @wraps(method)
    def answered(view: Any, request: Request, *args: Any, **kwargs: Any) -> Any:
        key = key_of(request)
        if key is None:
            with transaction.atomic():
                return kept_or_undone(method(view, request, *args, **kwargs))
        fingerprint = fingerprint_of(request)
        try:
            with transaction.atomic():
                claimed = claim(request, key, fingerprint, timezone.now())
                if claimed is None:
                    return answer_before(request, key, fingerprint)
                response = kept_or_undone(method(view, request, *args, **kwargs))
                if response.status_code < 400:
                    keep(claimed, response)
                return response
        except OperationalError as error:
            if isinstance(error.__cause__, LockNotAvailable):
                raise in_progress() from None
            raise

    answered.once = True  # type: ignore[attr-defined] # read by the API's description
    return answered


def key_of(request: Request) -> str | None:
    """The key of the request, None without one. Raises ApiProblem."""
    key: str | None = request.headers.get(HEADER)
    if key is not None and not KEY.fullmatch(key):
        raise invalid(HEADER, "Send 1 to 200 printable ASCII characters without spaces, such as a UUID.")
    return key


def fingerprint_of(request: Request) -> str:
    """Stands for method, address and body; the order of names in the body and its white space do not matter."""
    body = msgspec.json.encode(request.data, order="deterministic")
    text = b"\n".join((str(request.method).encode(), request.get_full_path().encode(), body))
    return hashlib.sha256(text).hexdigest()


def claim(request: Request, key: str, fingerprint: str, now: dt.datetime) -> int | None:
    """Take the key for this request, waiting for another one that has it; None where it has been answered."""
    given = {
        "user": request.user.pk,
        "key": key,
        "fingerprint": fingerprint,
        "now": now,
        "oldest": now - KEPT,
        "longest": LONGEST_WAIT,
    }
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, given)
        row = cursor.fetchone()
    return row[0] if row else None


def answer_before(request: Request, key: str, fingerprint: str) -> HttpResponse:
    """The answer that was given to this request before. Raises ApiProblem for another request of the key."""
    kept = KeptAnswer.objects.filter(user=request.user.pk, key=key).first()
    if kept is None or kept.status is None:
        raise in_progress()
    if kept.fingerprint != fingerprint:
        raise ApiProblem("idempotency_mismatch")
    return HttpResponse(
        bytes(kept.body),
        status=kept.status,
        content_type=JsonRenderer.media_type,
        headers={**kept.headers, "Idempotency-Replayed": "true"},
    )


def keep(claimed: int, response: Any) -> None:
    """Keep the answer in the transaction of the work."""
    body = b"" if response.data is None else dumps(response.data)
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    with connection.cursor() as cursor:
        cursor.execute(KEEP, [response.status_code, dumps(headers).decode(), body, claimed])


def kept_or_undone(response: Any) -> Any:
    """Undo what was written where the response is a refusal."""
    if response.status_code >= 400:
        transaction.set_rollback(True)
    return response


def forget_answers(*, now: dt.datetime) -> int:
    """Delete the answers older than a day, and tell how many."""
    return KeptAnswer.objects.filter(created_at__lt=now - KEPT).delete()[0]


def in_progress() -> ApiProblem:
    return ApiProblem("idempotency_in_progress", headers={"Retry-After": "1"})
