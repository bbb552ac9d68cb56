"""What the program as a whole tells the trail: the task that is being done, and the request it is done for."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from celery import signals

from accounts.audit import context
from bettrack.monitoring.context import REQUEST

_entered: dict[str, ExitStack] = {}


def connect() -> None:
    """Let changes name their task and their request, once."""
    context.add_source(request_id)
    signals.task_prerun.connect(begin, dispatch_uid="bettrack auditing")
    signals.task_postrun.connect(end, dispatch_uid="bettrack auditing")


def request_id() -> Mapping[str, Any]:
    return {"request": REQUEST.get()}


def begin(task_id: str = "", task: Any = None, **_: object) -> None:
    stack = ExitStack()
    stack.enter_context(context.origin(task=getattr(task, "name", ""), task_id=task_id))
    _entered[task_id] = stack


def end(task_id: str = "", **_: object) -> None:
    stack = _entered.pop(task_id, None)
    if stack is not None:
        stack.close()
