"""JSON bytes to structs, surviving broken text: what cannot be UTF-8 becomes U+FFFD and is refused where it is used."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import TypeVar

import msgspec

from feeds.exceptions import BadPayload

from .rejection import Refusal

T = TypeVar("T")
Stamp = str | int | None
"""An instant as the providers write it: ISO 8601, unix seconds, or nothing."""

_ESCAPE = re.compile(rb"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_BROKEN = "\ufffd"
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def decode(body: bytes | msgspec.Raw, kind: type[T]) -> T:
    """Decode JSON into `kind`; raises BadPayload when it is not JSON or not of that shape."""
    data = bytes(body)
    try:
        return msgspec.json.decode(data, type=kind)
    except msgspec.ValidationError as error:
        raise BadPayload(f"unexpected shape: {error}") from error
    except RecursionError as error:
        raise BadPayload("nested too deeply") from error
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    try:
        return msgspec.json.decode(mended(data), type=kind)
    except msgspec.ValidationError as error:
        raise BadPayload(f"unexpected shape: {error}") from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadPayload(f"not JSON: {error}") from error


def mended(data: bytes) -> bytes:
    """The same JSON with lone surrogates and bytes that are not UTF-8 replaced by U+FFFD."""
    data = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace").encode()
    out = bytearray()
    last = 0
    high: tuple[int, int] | None = None
    for match in _ESCAPE.finditer(data):
        code = int(match[1], 16) if match[1] else -1
        if high is not None and not (0xDC00 <= code <= 0xDFFF and match.start() == high[1]):
            out += data[last : high[0]] + rb"\ufffd"
            last, high = high[1], None
        if 0xD800 <= code <= 0xDBFF:
            high = match.span()
        elif 0xDC00 <= code <= 0xDFFF:
            if high is None:
                out += data[last : match.start()] + rb"\ufffd"
                last = match.end()
            high = None
    if high is not None:
        out += data[last : high[0]] + rb"\ufffd"
        last = high[1]
    return bytes(out + data[last:])


def clean(text: str | None, field: str, *, required: bool = False, limit: int = 255) -> str:
    """The text stripped; raises Refusal when it is broken, too long, or missing though required."""
    value = (text or "").strip()
    if required and not value:
        raise Refusal(f"{field} is missing")
    if _BROKEN in value or "\0" in value:
        raise Refusal(f"{field} holds broken text (a lone surrogate or bytes that are not UTF-8)")
    if len(value) > limit:
        raise Refusal(f"{field} is longer than {limit} characters")
    return value


@lru_cache(maxsize=16384)
def instant(value: str | int | None, field: str) -> datetime | None:
    """An instant in UTC from ISO 8601 with a zone or unix seconds; None for null or ''."""
    if value is None or value == "":
        return None
    try:
        moment = (
            datetime.fromtimestamp(value, UTC) if isinstance(value, int) else datetime.fromisoformat(value)
        )
    except (ValueError, OverflowError, OSError) as error:
        raise Refusal(f"{field} {value!r} is not a time") from error
    if moment.tzinfo is None:
        raise Refusal(f"{field} {value!r} has no time zone")
    moment = moment.astimezone(UTC)
    if not _EARLIEST <= moment < _LATEST:
        raise Refusal(f"{field} {value!r} is out of range")
    return moment


def instant_or_none(value: Stamp) -> datetime | None:
    """Like `instant`, but None for what is not a time."""
    try:
        return instant(value, "time")
    except Refusal:
        return None


def required_instant(value: str | int | None, field: str) -> datetime:
    """Like `instant`, but raises Refusal when there is none."""
    moment = instant(value, field)
    if moment is None:
        raise Refusal(f"{field} is missing")
    return moment
