"""The one door to the outside: time-outs, retries, size limits, the key kept out of sight, every call accounted for."""

from __future__ import annotations

import hashlib
import logging
import re
import time
from collections.abc import Callable, Generator, Mapping
from datetime import datetime
from typing import Any

import httpx
import msgspec
import stamina
from django.utils import timezone

from .credits import Answer, Ledger, Refused, Unrecorded
from .exceptions import BadPayload, FeedError, TooManyRequests, Unavailable

TIMEOUT = httpx.Timeout(10.0)
DEADLINE = 60.0
MAX_BYTES = 32 * 1024 * 1024
ATTEMPTS = 4
MOST_CREDITS = 1_000_000_000
"""A counter beyond is no count of credits; two of them still add up within the columns."""

_KEY_IN_TEXT = re.compile(r"(api_?key=)[^&\s'\"]+", re.IGNORECASE)
_SAFE_PARAM = re.compile(r"^(?!.*key).*$", re.IGNORECASE)


class _HideKeys(logging.Filter):
    """httpx logs whole URLs; a key in one is blotted out."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if _KEY_IN_TEXT.search(message):
            record.msg, record.args = _KEY_IN_TEXT.sub(r"\1***", message), ()
        return True


for _name in ("httpx", "httpcore"):
    logging.getLogger(_name).addFilter(_HideKeys())


class Secret:
    """A key that shows itself to nobody but the request: repr and str are stars."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def reveal(self) -> str:
        """The key itself; only for the request."""
        return self._value

    def fingerprint(self) -> str:
        """Twelve hex digits that tell keys apart without telling the key."""
        return hashlib.sha256(self._value.encode()).hexdigest()[:12]

    def blot(self, text: str) -> str:
        """The text with the key starred out."""
        return text.replace(self._value, "***") if self._value else text


class QueryKey(httpx.Auth):
    """Adds the key to the query at the last moment, so that our own frames and logs never hold the full URL."""

    def __init__(self, secret: Secret, parameter: str) -> None:
        self._secret = secret
        self._parameter = parameter

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.url = request.url.copy_merge_params({self._parameter: self._secret.reveal()})
        yield request


class Reply(msgspec.Struct, frozen=True):
    """An answer with status 200: its body, and the cost the provider put on it."""

    body: bytes
    cost: int
    used: int | None
    remaining: int | None


ErrorReader = Callable[[int, bytes], tuple[FeedError, Refused | None]]


class Door:
    """GETs of one provider. `read_error(status, body)` turns its error bodies into exceptions of ours."""

    def __init__(
        self,
        *,
        base_url: str,
        read_error: ErrorReader,
        secret: Secret | None = None,
        key_parameter: str = "apiKey",
        ledger: Ledger | None = None,
        transport: httpx.BaseTransport | None = None,
        clock: Callable[[], datetime] = timezone.now,
        max_bytes: int = MAX_BYTES,
        attempts: int = ATTEMPTS,
    ) -> None:
        self._secret = secret
        self._ledger = ledger or Unrecorded()
        self._read_error = read_error
        self._clock = clock
        self._max_bytes = max_bytes
        self._attempts = attempts
        self._client = httpx.Client(
            base_url=base_url,
            timeout=TIMEOUT,
            transport=transport,
            auth=QueryKey(secret, key_parameter) if secret else None,
            headers={"Accept": "application/json", "User-Agent": "BetTrack"},
            follow_redirects=False,
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def must_check(self) -> bool:
        """See `credits.Ledger.must_check`."""
        return self._ledger.must_check(self._clock())

    def get(self, path: str, params: Mapping[str, str | int], *, cost: int) -> Reply:
        """GET, with retries after 429, 5xx and connection trouble only. `cost` is the most the call can cost.

        Raises FeedError: what `read_error` made of an error body, Unavailable, TooManyRequests, BadPayload,
        and BadKey or OutOfCredits before any request when the quota forbids it.
        """
        self._ledger.reserve(cost, self._clock())
        try:
            for attempt in stamina.retry_context(
                on=(TooManyRequests, Unavailable),
                attempts=self._attempts,
                timeout=DEADLINE,
                wait_initial=0.5,
                wait_max=8.0,
                wait_jitter=1.0,
            ):
                with attempt:
                    return self._attempt(path, params)
        finally:
            self._ledger.release(cost, self._clock())
        raise Unavailable(f"{path}: no attempt was made")

    def _attempt(self, path: str, params: Mapping[str, str | int]) -> Reply:
        asked_at, begun = self._clock(), time.monotonic()
        status, headers, body, trouble = self._exchange(path, params)
        refused = None
        if trouble is None and status is not None and status != 200:
            trouble, refused = self._judge(status, body)
        reply = Reply(
            body, _count(headers, "last") or 0, _count(headers, "used"), _count(headers, "remaining")
        )
        counted = reply.used is not None and reply.remaining is not None
        self._ledger.record(
            Answer(
                endpoint=path,
                asked_at=asked_at,
                duration_ms=int((time.monotonic() - begun) * 1000),
                params=_summary(params),
                cost=reply.cost,
                status=status,
                error_code=(trouble.code or type(trouble).__name__) if trouble else "",
                used=reply.used if counted else None,
                remaining=reply.remaining if counted else None,
                refused=refused,
            ),
            self._clock(),
        )
        if trouble is not None:
            raise trouble
        return reply

    def _exchange(
        self, path: str, params: Mapping[str, str | int]
    ) -> tuple[int | None, httpx.Headers, bytes, FeedError | None]:
        """One request. Trouble is returned, not raised, so that no traceback chains to httpx's with its URL."""
        deadline = time.monotonic() + DEADLINE
        try:
            with self._client.stream("GET", path, params=dict(params)) as response:
                body = bytearray()
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > self._max_bytes:
                        trouble = BadPayload(f"{path}: the answer is larger than {self._max_bytes:,} bytes")
                        return response.status_code, response.headers, b"", trouble
                    if time.monotonic() > deadline:
                        late = Unavailable(f"{path}: the answer took longer than {DEADLINE:.0f} s")
                        return response.status_code, response.headers, b"", late
                return response.status_code, response.headers, bytes(body), None
        except httpx.DecodingError:
            return None, httpx.Headers(), b"", BadPayload(f"{path}: the answer's compression is broken")
        except httpx.TimeoutException as error:
            what = type(error).__name__
            return None, httpx.Headers(), b"", Unavailable(f"{path}: no answer in time ({what})")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            what = self._blot(_KEY_IN_TEXT.sub(r"\1***", str(error)))
            return None, httpx.Headers(), b"", Unavailable(f"{path}: {what or type(error).__name__}")

    def _judge(self, status: int, body: bytes) -> tuple[FeedError, Refused | None]:
        if status >= 500:
            return Unavailable(f"the provider answers {status}", status=status), None
        if 300 <= status < 400:
            return BadPayload(f"the provider answers {status} (a redirect)", status=status), None
        error, refused = self._read_error(status, body)
        error.args = tuple(self._blot(str(part)) for part in error.args)
        return error, refused

    def _blot(self, text: str) -> str:
        return self._secret.blot(text) if self._secret else text


def _count(headers: httpx.Headers, name: str) -> int | None:
    value = headers.get(f"x-requests-{name}", "")
    try:
        number = int(float(value))
    except (ValueError, OverflowError):
        return None
    return number if 0 <= number <= MOST_CREDITS else None


def _summary(params: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters worth keeping: no secret, and nothing long."""
    return {k: v if isinstance(v, int) else str(v)[:200] for k, v in params.items() if _SAFE_PARAM.match(k)}
