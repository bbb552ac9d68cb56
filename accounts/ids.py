"""Keys for public rows."""

from __future__ import annotations

import uuid

from uuid_utils import compat


def uuid7() -> uuid.UUID:
    """Return a new time-ordered UUID (RFC 9562, version 7), so that index inserts stay local."""
    return compat.uuid7()
