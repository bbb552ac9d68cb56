"""Making, finding and withdrawing API keys. A key is ``bt_<prefix>_<secret>``; only its SHA-256 is kept."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import re
import secrets
import string
from collections.abc import Iterable
from typing import Final

from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Q

from accounts.access import rules
from accounts.access.gate import note as note_refusal
from accounts.api.models import ApiKey, Scope
from rest.compiled import Compiled, Given

ALPHABET: Final = string.ascii_letters + string.digits
PREFIX_LENGTH: Final = 10
SECRET_LENGTH: Final = 43
"""As many letters and digits as hold 256 bits."""
PATTERN: Final = re.compile(rf"bt_([A-Za-z0-9]{{{PREFIX_LENGTH}}})_[A-Za-z0-9]{{{SECRET_LENGTH}}}")
MOST_KEYS: Final = 50
USE_NOTED_EVERY: Final = dt.timedelta(minutes=1)
BY_PREFIX: Final = Compiled(lambda: ApiKey.objects.filter(prefix=Given("prefix")).order_by(), "user")


class KeyRefused(Exception):
    """The key is not accepted; ``code`` says why in a word, the text in a sentence."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class TooManyKeys(Exception):
    """The person has as many working keys as anyone may have."""


def create_key(
    *,
    user: AbstractBaseUser,
    name: str,
    scopes: Iterable[str],
    expires_at: dt.datetime | None,
    now: dt.datetime,
) -> tuple[ApiKey, str]:
    """Make a key and return it with its text, which is not kept. Raises TooManyKeys, ValidationError."""
    if ApiKey.objects.owned_by(user).working(now).count() >= MOST_KEYS:
        raise TooManyKeys(f"You have {MOST_KEYS} keys. Revoke one that you do not need.")
    prefix, secret = _random(PREFIX_LENGTH), _random(SECRET_LENGTH)
    text = f"bt_{prefix}_{secret}"
    key = ApiKey(
        user_id=user.pk,
        name=name,
        prefix=prefix,
        digest=digest_of(text),
        scopes=sorted(
            set(scopes), key=lambda scope: Scope.values.index(scope) if scope in Scope.values else 99
        ),
        created_at=now,
        expires_at=expires_at,
    )
    key.full_clean()
    key.save(force_insert=True)
    return key, text


def revoke_key(*, key: ApiKey, now: dt.datetime) -> bool:
    """Withdraw the key for good; False where it was withdrawn already."""
    return bool(ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=now))


@transaction.atomic
def rotate_key(*, key: ApiKey, now: dt.datetime) -> tuple[ApiKey, str]:
    """Withdraw the key and make another of its name, scopes and span of life.

    Raises KeyRefused when it was withdrawn already.
    """
    if not revoke_key(key=key, now=now):
        raise KeyRefused("key_revoked", "This key has been revoked already.")
    life = None if key.expires_at is None else key.expires_at - key.created_at
    return create_key(
        user=key.user,
        name=key.name,
        scopes=key.scopes,
        expires_at=None if life is None else now + life,
        now=now,
    )


def find_key(text: str, *, now: dt.datetime, access: rules.Rules | None = None) -> ApiKey:
    """The working key of that text, with its user; one statement. Raises KeyRefused.

    ``access`` are the rules of access where they have been looked for already.

    Nothing is said of a key to who does not have all of it; how long the answer takes does not depend on how
    much of it is right.
    """
    match = PATTERN.fullmatch(text)
    found = BY_PREFIX.first(prefix=match[1]) if match is not None else None
    held = found.digest if found is not None else digest_of("")
    if not hmac.compare_digest(held, digest_of(text)) or found is None:
        raise KeyRefused("key_unknown", "There is no such API key.")
    state = found.state(now)
    if state != "active":
        raise KeyRefused(
            f"key_{state}", f"This API key has {'expired' if state == 'expired' else 'been revoked'}."
        )
    if not found.user.is_active:
        raise KeyRefused("account_suspended", "The account of this API key is suspended.")
    rule = (access or rules.current()).against_person(found.user)
    if rule is not None:
        note_refusal(rule, "API key")
        raise KeyRefused("access_refused", "The account of this API key may not use this site.")
    return found


def note_use(*, key: ApiKey, now: dt.datetime) -> None:
    """Remember that the key was used, with a write once a minute at most."""
    before = now - USE_NOTED_EVERY
    if key.last_used_at is None or key.last_used_at <= before:
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lte=before)
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _random(length: int) -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(length))
