"""The key under which what a request did is kept."""

from __future__ import annotations

import hashlib
import uuid

from rest_framework.request import Request

from accounts.api.idempotency import key_of


def lasting_key(request: Request) -> str:
    """The key of a bet or an operation: it outlives the kept answer, so that nothing is done twice later either."""
    key = key_of(request)
    if key is None:
        return f"api:{uuid.uuid4()}"
    return "api:" + hashlib.sha256(key.encode()).hexdigest()[:60]
