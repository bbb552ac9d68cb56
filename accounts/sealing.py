"""Texts that must not be readable in the database: the secrets of second factors and of webhooks."""

from __future__ import annotations

import base64
import logging
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

logger = logging.getLogger(__name__)

SECOND_FACTORS: Final = b"bettrack second factors"
WEBHOOKS: Final = b"bettrack webhooks"


class Unreadable(Exception):
    """A sealed text that no key at hand opens: SECRET_KEY has changed and its old value is in no fallback."""


def seal(text: str, purpose: bytes = SECOND_FACTORS) -> str:
    """Encrypt and sign a text by a key derived from ``SECRET_KEY`` for the purpose; no other purpose's key opens it."""
    return _keys(purpose).encrypt(text.encode()).decode()


def unseal(sealed: str, purpose: bytes = SECOND_FACTORS) -> str:
    """Return the text. Raises Unreadable; ``SECRET_KEY_FALLBACKS`` are tried too."""
    try:
        return _keys(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        logger.error(
            "a secret of %s cannot be read: add the former SECRET_KEY to SECRET_KEY_FALLBACKS",
            purpose.decode().removeprefix("bettrack "),
        )
        raise Unreadable from error


def _keys(purpose: bytes) -> MultiFernet:
    return MultiFernet(
        [_key(secret, purpose) for secret in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]]
    )


def _key(secret: str, purpose: bytes) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
