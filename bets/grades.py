"""Storing evidence: once for each distinct content, under a key made from it."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

import msgspec
from django.db import connection

from bets.arrays import array_literal

STORE = """
INSERT INTO grades (id, evidence)
SELECT v.id, v.evidence::jsonb FROM unnest(%s::uuid[], %s::text[]) AS v (id, evidence)
ORDER BY v.id
ON CONFLICT (id) DO NOTHING
"""
"""In the order of the keys, so that two workers with the same grades wait for each other in the same order."""


def content_of(evidence: Mapping[str, Any]) -> tuple[uuid.UUID, str]:
    """Return the key of a grade's evidence, and the JSON that it is made from."""
    content = msgspec.json.encode(evidence)
    return uuid.UUID(bytes=hashlib.sha256(content).digest()[:16]), content.decode()


def store(contents: Mapping[uuid.UUID, str]) -> None:
    """Store evidence by key, in one statement; what is there already stays. Lock bankrolls before, not after."""
    if contents:
        with connection.cursor() as cursor:
            cursor.execute(STORE, [array_literal(contents), array_literal(contents.values())])


def store_one(evidence: Mapping[str, Any]) -> uuid.UUID:
    """Store the evidence of one grade and return its key, for the ``grade_id`` of the legs."""
    key, content = content_of(evidence)
    store({key: content})
    return key
