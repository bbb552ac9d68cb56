"""Who changes something now, and from where: what the trail's triggers attach to each change.

An *origin* is entered by whatever starts work: a request, a task, a call by an assistant. Outside of any, the process
stands for itself (the command and the user of the operating system). The connection looks at each statement; the
first of a transaction that writes to a tracked table takes the origin along, as settings that end with the
transaction, so that poolers in transaction mode are safe and nothing is sent for what only reads.
"""

from __future__ import annotations

import json
import os
import pwd
import re
import sys
import uuid
import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, Final

import pgtrigger
import psycopg
from django.apps import apps
from django.db.backends.base.base import BaseDatabaseWrapper
from psycopg import sql as parts
from psycopg.pq import TransactionStatus

from accounts.audit.libraries import LIBRARIES

Details = Mapping[str, Any]
WRITE: Final = re.compile(
    r"\b(?:INSERT\s+INTO|(?<!FOR )(?<!KEY )(?<!DO )UPDATE|DELETE\s+FROM|MERGE\s+INTO)\s+(?:ONLY\s+)?\"?(\w+)",
    re.IGNORECASE,
)
HEAD: Final = 500
"""Characters of a statement in which its table is named; only one that begins with WITH may write further on."""
REMEMBERED: Final = 10_000
"""Characters of a statement of which it is remembered whether it writes to a tracked table."""
SET: Final = (
    "SELECT set_config('pghistory.context_id', {id}, true), "
    "set_config('pghistory.context_metadata', {metadata}, true); "
)


class Origin:
    """What is known of where changes come from; it may grow (``note``), and then counts as another."""

    def __init__(self, details: Callable[[], dict[str, Any]]) -> None:
        self._details, self._noted = details, dict[str, Any]()
        self._last: dict[str, Any] | None = None
        self._id = uuid.uuid4()

    def note(self, **more: Any) -> None:
        self._noted.update(more)

    def now(self) -> tuple[uuid.UUID, dict[str, Any]]:
        """The id and what is known. The same knowledge has the same id."""
        known = {**self._details(), **self._noted}
        for source in _sources:
            known.update(source())
        known = {name: value for name, value in known.items() if value not in (None, "")}
        if known != self._last:
            self._id = uuid.uuid4()
            self._last = known
        return self._id, known


_current: ContextVar[Origin | None] = ContextVar("audit_origin", default=None)
_sources: list[Callable[[], Details]] = []
_sent: weakref.WeakKeyDictionary[BaseDatabaseWrapper, uuid.UUID] = weakref.WeakKeyDictionary()


def add_source(source: Callable[[], Details]) -> None:
    """Let another part of the program add to every origin what it knows, such as the id of the request."""
    if source not in _sources:
        _sources.append(source)


@contextmanager
def origin(details: Callable[[], dict[str, Any]] | None = None, /, **fixed: Any) -> Iterator[Origin]:
    """Changes in this block come from there; ``details`` are asked for when something is written."""
    entered = Origin(details or fixed.copy)
    token = _current.set(entered)
    try:
        yield entered
    finally:
        _current.reset(token)


def note(**more: Any) -> None:
    """Add to the origin of the work that is being done, where there is one."""
    entered = _current.get()
    if entered is not None:
        entered.note(**more)


@cache
def process_origin() -> Origin:
    """The command that runs, for what no request or task has asked for."""
    return Origin({"command": command(), "os_user": os_user()}.copy)


def command() -> str:
    """``settle`` for ``manage.py settle``, else the program's name."""
    program = Path(sys.argv[0]).name if sys.argv and sys.argv[0] else "python"
    if program in ("manage.py", "__main__.py", "django-admin") and len(sys.argv) > 1:
        return sys.argv[1][:60]
    return program[:60]


def os_user() -> str:
    """The name of the process' user, its number where there is no name."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())


@cache
def tracked_tables() -> frozenset[str]:
    ours = {
        model._meta.db_table for model, trigger in pgtrigger.registered() if trigger.name == "audit_updates"
    }
    return frozenset(ours | {apps.get_model(label)._meta.db_table for label in LIBRARIES})


def watch(connection: BaseDatabaseWrapper) -> None:
    """Look at every statement of the connection from now on."""
    if connection.alias == "default" and attached not in connection.execute_wrappers:
        connection.execute_wrappers.append(attached)


def attached(
    execute: Callable[[Any, Any, bool, dict[str, Any]], Any],
    sql: Any,
    params: Any,
    many: bool,
    context: dict[str, Any],
) -> Any:
    """Execute the statement; if it is the first to write to a tracked table, it brings the origin along."""
    connection: BaseDatabaseWrapper = context["connection"]
    raw: psycopg.Connection = connection.connection
    if raw.info.transaction_status == TransactionStatus.IDLE:
        _sent.pop(connection, None)  # settings end with their transaction
    text = getattr(sql, "template", sql) if isinstance(sql, str) else str(sql.as_string(raw))
    if text.startswith("ROLLBACK"):
        _sent.pop(connection, None)  # to a savepoint, and with it what was set since
    if not is_tracked(text):
        return execute(sql, params, many, context)
    key, known = (_current.get() or process_origin()).now()
    if _sent.get(connection) == key:
        return execute(sql, params, many, context)
    first = SET.format(id=quoted(str(key), raw), metadata=quoted(json.dumps(known), raw))
    cursor = context["cursor"].cursor
    if many or not isinstance(cursor, psycopg.ClientCursor):
        cursor.execute(first)  # one statement at a time
        result = execute(sql, params, many, context)
    else:
        first = first.replace("%", "%%") if params is not None else first
        whole = first + sql if isinstance(sql, str) else parts.SQL(first) + sql
        result = execute(whole, params, many, context)
        while cursor.nextset():
            pass
    _sent[connection] = key
    return result


def is_tracked(text: str) -> bool:
    """Tell whether the statement writes to a tracked table."""
    if text.startswith("SELECT"):
        return False
    return _known(text) if len(text) <= REMEMBERED else _reads_so(text)


def _reads_so(text: str) -> bool:
    tables = tracked_tables()
    return any(name in tables for name in WRITE.findall(text if text.startswith("WITH") else text[:HEAD]))


_known: Final = lru_cache(maxsize=1024)(_reads_so)


def quoted(text: str, raw: psycopg.Connection) -> str:
    return str(parts.Literal(text).as_string(raw))
