"""Events of the trail in words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.core.exceptions import FieldDoesNotExist

from accounts.audit.models import AuditEvent
from accounts.audit.tracking import CHANGED, HIDDEN
from accounts.audit.trail import Names, address_of_object, metadata_of, models_by_table

LONGEST: Final = 300
NOTHING: Final = "—"
SPECIAL: Final = {
    "users": "account",
    "users_groups": "membership of a group",
    "users_user_permissions": "permission of an account",
    "auth_group_permissions": "permission of a group",
    "mfa_authenticator": "second factor",
    "account_events": "decision about an account",
}
INSTANT: Final = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?\+00:00")


@dataclass(frozen=True, slots=True)
class Change:
    """One column: what it was and what it is, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Row:
    """An event as the page shows it."""

    event: AuditEvent
    what: str
    kind: str
    object_name: str
    url: str
    who: str
    person: str
    how: str
    address: str
    place: str
    request: str
    changes: list[Change]


def row_of(event: AuditEvent, names: Names) -> Row:
    known = metadata_of(event)
    return Row(
        event=event,
        what=what_of(event),
        kind=kind_name(event.kind),
        object_name=names.people.get(event.object_id, event.object_id),
        url=address_of_object(event),
        who=who_of(known, names),
        person=str(known.get("user", "")),
        how=how_of(known, names),
        address=str(known.get("address", "")),
        place=" ".join(str(known[name]) for name in ("method", "path") if known.get(name)),
        request=str(known.get("request", "")),
        changes=list(changes_of(event, names)),
    )


def what_of(event: AuditEvent) -> str:
    """``Changed``, or ``Added 312`` for many rows at once."""
    return event.get_action_display() + (f" {event.row_count:,}" if not event.object_id else "")


@cache
def kind_name(table: str) -> str:
    """``bankroll``, ``API key``; the table's own name where it is unknown."""
    if table in SPECIAL:
        return SPECIAL[table]
    model = models_by_table().get(table)
    return str(model._meta.verbose_name) if model is not None else table


def kinds() -> list[tuple[str, str]]:
    """Every tracked table with its name, as choices in the order of the names."""
    found = [(table, kind_name(table)) for table in models_by_table()]
    return [
        (table, name[:1].upper() + name[1:]) for table, name in sorted(found, key=lambda one: one[1].lower())
    ]


def who_of(known: dict[str, Any], names: Names) -> str:
    """Who did it: a person, or what ran without one."""
    if person := str(known.get("user", "")):
        return names.people.get(person, "a deleted account")
    if known.get("task"):
        return "the workers"
    if known.get("command"):
        return f"{known.get('os_user', 'somebody')} on the server"
    return "nobody signed in" if known.get("address") else "unknown: directly in the database"


def how_of(known: dict[str, Any], names: Names) -> str:
    """By which key, task or command; '' for a page."""
    parts = []
    if key := str(known.get("key", "")):
        parts.append(f"API key {names.keys.get(key, key)}")
    if known.get("task"):
        parts.append(f"task {known['task']}")
    if known.get("command"):
        parts.append(f"command {known['command']}")
    return ", ".join(parts)


def changes_of(event: AuditEvent, names: Names) -> Iterator[Change]:
    """Column by column, those that changed; of a row that was added or deleted those that say something."""
    before, after = event.before or {}, event.after or {}
    for column in sorted({*before, *after}, key=lambda name: (name != "id", name)):
        old, new = before.get(column), after.get(column)
        if event.action != "update" and old in (None, "", [], {}) and new in (None, "", [], {}):
            continue
        yield Change(label_of(event.kind, column), in_words(old, names), in_words(new, names))


@cache
def label_of(table: str, column: str) -> str:
    model = models_by_table().get(table)
    if model is not None:
        for name in (column, column.removesuffix("_id")):
            try:
                label = str(getattr(model._meta.get_field(name), "verbose_name", name))
            except FieldDoesNotExist:
                continue
            return label[:1].upper() + label[1:]
    return column


def in_words(value: Any, names: Names) -> str:
    """A value of a column for people."""
    if value in (None, ""):
        return NOTHING
    if value is True or value is False:
        return "yes" if value else "no"
    if value == HIDDEN:
        return "not shown"
    if value == CHANGED:
        return "another, not shown"
    if isinstance(value, list):
        return ", ".join(in_words(one, names) for one in value) or NOTHING
    if isinstance(value, dict):
        text = "; ".join(f"{name}: {in_words(one, names)}" for name, one in value.items()) or NOTHING
        return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    text = INSTANT.sub(r"\1 \2 UTC", names.people.get(str(value), str(value)))
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
