"""How a receiver knows that a message is ours and fresh."""

from __future__ import annotations

import hashlib
import hmac


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """``v1=`` and the HMAC-SHA256, hexadecimal, of the Unix time of sending, a full stop and the body.

    A receiver works it out anew, compares in constant time and refuses times more than some minutes away.
    """
    signed = f"{timestamp}.".encode() + body
    return f"v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"
