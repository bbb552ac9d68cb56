"""Log lines as text or JSON, with the request and the task they belong to, and without secrets."""

from __future__ import annotations

import datetime as dt
import json
import logging
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
