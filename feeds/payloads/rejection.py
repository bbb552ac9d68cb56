"""The bad part of a payload is named and counted; the rest is kept."""

from __future__ import annotations

import logging
from typing import Generic, TypeVar

import msgspec

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Rejected(msgspec.Struct, frozen=True):
    """One refused part: where it was in the payload, and why it was refused."""

    path: str
    reason: str


class Parsed(msgspec.Struct, Generic[T]):
    """What a payload held: `events` in payload order, and what was refused."""

    events: list[T] = msgspec.field(default_factory=list)
    rejected: list[Rejected] = msgspec.field(default_factory=list)

    def reject(self, path: str, reason: str) -> None:
        """Note and log one refused part."""
        self.rejected.append(Rejected(path, reason))
        logger.warning("rejected %s: %s", path, reason)


class Refusal(ValueError):
    """Raised inside a parser when the part in hand cannot be used; the message is the reason."""
