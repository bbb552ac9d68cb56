"""What never gets into a log: passwords, keys, tokens, addresses of people, in whatever text they come.

Two nets: the installation's own secrets are replaced wherever they stand, and what looks like a secret is replaced by
its form: a value behind a telling name, credentials in an address, a key of ours, a secret link, an email address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

from django.conf import settings

GONE: Final = "[redacted]"
SHORTEST: Final = 6
"""Shorter secrets are left to their form: replacing them everywhere would eat words."""
LONGEST: Final = 16_384
"""Characters of a line; what is beyond is cut off."""
TELLING: Final = (
    r"(?<![\w-])(?:[\w-]{0,40}?(?:api[_-]?key|apikey|secret|token|passw(?:or)?d|passwd|passphrase|pwd|credential|authorization|"
    r"cookie|session[_-]?id|sessionid|csrf|signature|(?:private|sentry|access|encryption)[_-]?key|dsn)[\w-]{0,40}|key)"
)
FORMS: Final[list[tuple[re.Pattern[str], str]]] = [
    # scheme://user:password@host
    (re.compile(r"(?<![a-z0-9+.-])([a-z][a-z0-9+.-]{0,20}://)[^\s/@]{1,300}@", re.IGNORECASE), rf"\1{GONE}@"),
    (re.compile(r"\b(Bearer|Basic|Token|Digest)\s+[A-Za-z0-9._~+/=:-]{6,}", re.IGNORECASE), rf"\1 {GONE}"),
    # a header such as Cookie: a=b; c=d holds more than one word
    (
        re.compile(r"((?:set-)?cookie|(?:proxy-)?authorization)(['\"]?\s*[:=]\s*['\"]?)[^\r\n'\"]+", re.IGNORECASE),
        rf"\1\2{GONE}",
    ),
    # name=value, "name": "value", 'name': b'value', --name value
    (
        re.compile(
            rf"({TELLING})(\\?['\"]?\s*(?:=>|[:=]|%3D)\s*b?)(\\?['\"])(?:(?!\3).){{1,1000}}\3", re.IGNORECASE
        ),
        rf"\1\2\3{GONE}\3",
    ),
    (
        re.compile(
            rf"({TELLING})(\\?['\"]?\s*(?:=>|[:=]|%3D)\s*b?\\?['\"]?)(?!\[redacted\])[^\s&;,'\"<>(){{}}\[\]]+", re.IGNORECASE
        ),
        rf"\1\2{GONE}",
    ),
    (
        re.compile(r"(--[\w-]{0,40}(?:key|secret|token|passw(?:or)?d|dsn)[\w-]{0,20})\s+[^\s-]\S*", re.IGNORECASE),
        rf"\1 {GONE}",
    ),
    # our own keys and webhook secrets
    (re.compile(r"\b(?:bt|btk|bettrack)_[A-Za-z0-9_-]{12,}"), GONE),
    (re.compile(r"\bwhsec_[A-Za-z0-9_-]+"), GONE),
    # links that open something for whoever has them
    (re.compile(r"(/record/)[^/\s?\"']+"), rf"\1{GONE}"),
    (re.compile(r"(/accounts/(?:confirm-email|password/reset/key)/)[^/\s?\"']+"), rf"\1{GONE}"),
    # addresses of people; celery@host is a worker
    (
        re.compile(r"(?<![\w.%+-])(?!celery@)[\w.%+-]{1,64}?(?:@|%40)[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}", re.IGNORECASE),
        "[email]",
    ),
]  # fmt: skip


def redact(text: str) -> str:
    """The text without secrets and without email addresses, cut off where it is very long."""
    if len(text) > LONGEST:
        text = f"{text[:LONGEST]}… ({len(text) - LONGEST:,} characters more)"
    known = own_secrets()
    if known is not None:
        text = known.sub(GONE, text)
    for form, instead in FORMS:
        text = form.sub(instead, text)
    return text


def redact_all(value: Any) -> Any:
    """The same for every text within lists and dictionaries; values behind telling names go whatever they are."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {
            redact(str(name)): GONE if is_telling(str(name)) and inner else redact_all(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [redact_all(inner) for inner in value]
    if isinstance(value, bytes | bytearray):
        return redact(bytes(value).decode(errors="replace"))
    return value


NAME: Final = re.compile(TELLING, re.IGNORECASE)


def is_telling(name: str) -> bool:
    """Tell whether what has this name is likely a secret."""
    return NAME.fullmatch(name) is not None


@lru_cache(maxsize=1)
def own_secrets() -> re.Pattern[str] | None:
    """The installation's secrets in every spelling in which they travel; None where there are none."""
    found = {text for secret in read_secrets() for text in spellings(secret) if len(text) >= SHORTEST}
    if not found:
        return None
    return re.compile("|".join(map(re.escape, sorted(found, key=len, reverse=True))))


def spellings(secret: str) -> Iterator[str]:
    yield secret
    yield quote(secret, safe="")
    yield unquote(secret)
    yield repr(secret)[1:-1]


def read_secrets() -> Iterator[str]:
    """Every setting that must not be told."""
    for name in (
        "SECRET_KEY", "ODDS_API_KEY", "ALERT_WEBHOOK_SECRET", "METRICS_TOKEN", "EMAIL_HOST_PASSWORD", "SENTRY_DSN",
    ):  # fmt: skip
        yield from filter(None, [getattr(settings, name, "")])
    yield from filter(
        None, [settings.BACKUPS.s3_secret, settings.BACKUPS.s3_key_id, settings.ALERT_WEBHOOK_URL]
    )
    yield from settings.SECRET_KEY_FALLBACKS
    for database in settings.DATABASES.values():
        yield from filter(None, [database.get("PASSWORD", "")])
    for url in (settings.REDIS_URL, settings.CELERY_BROKER_URL, getattr(settings, "DIRECT_DATABASE_URL", "")):
        yield from filter(None, [password_of(url)])
    for provider in settings.SOCIALACCOUNT_PROVIDERS.values():
        for app in provider.get("APPS", []):
            yield from filter(None, [app.get("secret", "")])


def password_of(url: str) -> str:
    try:
        return urlsplit(url).password or ""
    except ValueError:
        return ""
