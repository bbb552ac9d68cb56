"""Answers kept for a minute by what they depend on, so that the same question is not worked out for everybody anew.

The state that names an answer (``ApiView.read_state``) changes whenever the answer does: nothing is kept too long, and
what nobody asks for any more is forgotten by Redis. Without Redis answers are made each time, and so they are inside a
transaction, which may have written what no state tells of yet.
"""

from __future__ import annotations

import gzip
import logging
from collections.abc import Mapping
from typing import Final, NamedTuple

from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.middleware.gzip import re_accepts_gzip
from django.utils.cache import patch_vary_headers

logger = logging.getLogger(__name__)

SECONDS: Final = 60
LARGEST: Final = 512 * 1024
"""Bytes of an answer that is kept; others are rare, and Redis has other work."""
LEVEL: Final = 1
HEADERS: Final = ("Link",)
MEDIA_TYPE: Final = "application/json"


class Kept(NamedTuple):
    """An answer: its body gzipped, and those of its headers that belong to it."""

    body: bytes
    headers: Mapping[str, str]


def find(state: str) -> Kept | None:
    """The answer of this state, None where there is none."""
    if connection.in_atomic_block:
        return None
    try:
        found = cache.get(name_of(state))
    except Exception as error:  # noqa: BLE001 - whatever keeps Redis, or an embedded one, from answering
        logger.warning("kept answers are not found: %s", error)
        return None
    return None if found is None else Kept(*found)


def keep(state: str, answer: HttpResponse, request: HttpRequest) -> None:
    """Keep a rendered answer under the state that it was made of; it leaves as it is kept, where its client takes gzip."""
    is_json = answer.headers.get("Content-Type", "").startswith(MEDIA_TYPE)
    if not is_json or len(answer.content) > LARGEST or connection.in_atomic_block:
        return
    headers = {name: answer.headers[name] for name in HEADERS if name in answer.headers}
    packed = gzip.compress(answer.content, LEVEL, mtime=0)
    if takes_gzip(request):
        answer.content = packed
        as_packed(answer)
    try:
        cache.set(name_of(state), (packed, headers), SECONDS)
    except Exception as error:  # noqa: BLE001 - whatever keeps Redis, or an embedded one, from answering
        logger.warning("an answer is not kept: %s", error)


def as_answer(found: Kept, request: HttpRequest) -> HttpResponse:
    """The answer for a client that takes gzip, or unpacked for one that does not."""
    packed = takes_gzip(request)
    answer = HttpResponse(
        found.body if packed else gzip.decompress(found.body), content_type=MEDIA_TYPE, headers=found.headers
    )
    if packed:
        as_packed(answer)
    patch_vary_headers(answer, ("Accept-Encoding",))
    return answer


def as_packed(answer: HttpResponse) -> None:
    """Say of an answer that its body is gzipped."""
    answer.headers["Content-Encoding"] = "gzip"
    answer.headers["Content-Length"] = str(len(answer.content))
    patch_vary_headers(answer, ("Accept-Encoding",))


def takes_gzip(request: HttpRequest) -> bool:
    """As the middleware judges that packs the other answers."""
    return re_accepts_gzip.search(request.headers.get("Accept-Encoding", "")) is not None


def name_of(state: str) -> str:
    return "answer:" + state.removeprefix("W/").strip('"')
