"""Texts that must not be readable in the database: the secrets of second factors."""

from __future__ import annotations

import base64
import logging
from typing import Final

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

logger = logging.getLogger(__name__)

PURPOSE: Final = b"bettrack second factors"


class Unreadable(Exception):
    """A sealed text that no key at hand opens: SECRET_KEY has changed and its old value is in no fallback."""


def seal(text: str) -> str:
    """Encrypt and sign a text by a key derived from ``SECRET_KEY``."""
    return _keys().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Return the text. Raises Unreadable; ``SECRET_KEY_FALLBACKS`` are tried too."""
    try:
        return _keys().decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        logger.error("a second factor cannot be read: add the former SECRET_KEY to SECRET_KEY_FALLBACKS")
        raise Unreadable from error


def _keys() -> MultiFernet:
    return MultiFernet([_key(secret) for secret in [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]])


def _key(secret: str) -> Fernet:
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(secret.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
