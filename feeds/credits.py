"""What the HTTP door tells and asks whoever keeps account of calls and credits."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Protocol


class Refused(Enum):
    """Why a provider will not serve this key at all."""

    BAD_KEY = "the key is refused"
    OUT_OF_CREDITS = "no credits are left"


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One HTTP request and what came of it; `status` is None without an answer. Holds no key."""

    endpoint: str
    asked_at: datetime
    duration_ms: int
    params: dict[str, Any] = field(default_factory=dict)
    cost: int = 0
    status: int | None = None
    error_code: str = ""
    used: int | None = None
    remaining: int | None = None
    refused: Refused | None = None


class Ledger(Protocol):
    """Keeps account of calls and credits. `reserve` raises BadKey or OutOfCredits when a call must not be made."""

    def must_check(self, now: datetime) -> bool: ...

    def reserve(self, cost: int, now: datetime) -> None: ...

    def release(self, cost: int, now: datetime) -> None: ...

    def record(self, answer: Answer, now: datetime) -> None: ...


class Unrecorded:
    """No account is kept: for tests and for replays of a simulated past."""

    def must_check(self, now: datetime) -> bool:
        """Never."""
        return False

    def reserve(self, cost: int, now: datetime) -> None:
        """Nothing to reserve."""

    def release(self, cost: int, now: datetime) -> None:
        """Nothing to give back."""

    def record(self, answer: Answer, now: datetime) -> None:
        """Nothing is kept."""
