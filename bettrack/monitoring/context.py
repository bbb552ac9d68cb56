"""Which request or task this thread is at work for, as its log lines name it."""

from __future__ import annotations

import re
import uuid
from contextvars import ContextVar
from typing import Final

REQUEST: Final[ContextVar[str]] = ContextVar("request_id", default="")
TASK: Final[ContextVar[str]] = ContextVar("task_id", default="")
USER: Final[ContextVar[str]] = ContextVar("user", default="")

GOOD: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{7,63}")
"""An id that may come from outside: short, and without anything that a log or header could trip over."""


def request_id_of(sent: str) -> str:
    """The id that was sent, if it can be one; else a new one."""
    return sent if GOOD.fullmatch(sent) else uuid.uuid4().hex
