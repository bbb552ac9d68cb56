"""Log lines as text or JSON, with the request and the task they belong to, and without secrets."""

from __future__ import annotations

import datetime as dt
import json
import logging
import math
import threading
import time
from typing import Any, Final

from .context import REQUEST, TASK, USER
from .redaction import redact, redact_all

FIELDS: Final = frozenset({"method", "path", "status", "duration_ms", "task", "state"})
"""What a line may say beside its message, by ``extra=``."""


class TextFormatter(logging.Formatter):
    """One line for people; request and task stand at its end."""

    def format(self, record: logging.LogRecord) -> str:
        record.message = record.getMessage()
        moment = dt.datetime.fromtimestamp(record.created, dt.UTC)
        text = f"{moment:%Y-%m-%d %H:%M:%S},{int(record.msecs):03d} {record.levelname} {record.name}: {record.message}"
        ids = " ".join(f"{name}={value}" for name, value in ids_now().items())
        text = f"{text} [{ids}]" if ids else text
        trace = trace_of(self, record)
        return redact(f"{text}\n{trace}" if trace else text)


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": dt.datetime.fromtimestamp(record.created, dt.UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **ids_now(),
            **{name: value for name, value in vars(record).items() if name in FIELDS},
        }
        trace = trace_of(self, record)
        if trace:
            line["exception"] = trace
        return json.dumps(redact_all(line), ensure_ascii=False, default=str)


class WithoutTraces(logging.Filter):
    """A request that was refused is no fault of ours: one line, without a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(record, "status_code", 500) < 500:
            record.exc_info = record.exc_text = None
        return True


class RefusedHosts(logging.Filter):
    """Says at most once a minute that other hosts were asked for, how often, and not which: anybody can send any name."""

    def __init__(self, every: float = 60.0) -> None:
        super().__init__()
        self.every = every
        self._lock = threading.Lock()
        self._count, self._said_at = 0, -math.inf

    def filter(self, record: logging.LogRecord) -> bool:
        now = time.monotonic()
        with self._lock:
            self._count += 1
            if now - self._said_at < self.every:
                return False
            count, self._count, self._said_at = self._count, 0, now
        record.msg = "refused %d since this was last said: the Host of the request is not in ALLOWED_HOSTS"
        record.args, record.levelno, record.levelname = (count,), logging.WARNING, "WARNING"
        record.exc_info = record.exc_text = None
        return True


def ids_now() -> dict[str, str]:
    """The request, task and user that this thread is at work for."""
    found = {"request_id": REQUEST.get(), "task_id": TASK.get(), "user": USER.get()}
    return {name: value for name, value in found.items() if value}


def trace_of(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = []
    if record.exc_info and record.exc_info[0] is not None:
        parts.append(formatter.formatException(record.exc_info))
    elif record.exc_text:
        parts.append(record.exc_text)
    if record.stack_info:
        parts.append(record.stack_info)
    return "\n".join(parts)
