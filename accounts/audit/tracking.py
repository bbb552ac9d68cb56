"""Triggers that write what changes in a table to the trail, ``audit_events``.

Inserts and deletes are noted once a statement from its transition table, changes by a row trigger whose WHEN keeps
it from being queued at all unless a column that counts has changed: settling and ingest, which change other columns,
pay nothing. Who and from where is the transaction's context (``accounts.audit.context``), attached by the database
function ``audit_context()``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pgtrigger
from django.db import models

MANY: Final = 100
"""A statement that adds more rows than this is noted as one event with their number."""
INTO: Final = (
    "INSERT INTO audit_events (at, context_id, kind, action, object_id, owner_id, before, after, row_count)"
)
HIDDEN: Final = "hidden"
CHANGED: Final = "changed"


@dataclass(frozen=True)
class Tracked:
    """How a table is tracked.

    ``hidden`` fields are secrets or personal: that they changed is noted, never what they hold. Changes of ``quiet``
    fields alone are no event. ``image`` are the fields noted of a new row, by default all that are neither.
    ``object_id`` and ``owner`` are SQL for what the event is about and whose it is, with ``{row}`` for the row;
    ``where`` and ``unless`` are SQL conditions on a row, and on a change (OLD and NEW).
    """

    hidden: Sequence[str] = ()
    quiet: Sequence[str] = ()
    image: Sequence[str] | None = None
    object_id: str = ""
    owner: str = ""
    where: str = ""
    unless: str = ""
    many: int = MANY

    def columns(self, model: type[models.Model], *, without: Sequence[str] = ()) -> list[str]:
        """The columns of the model that count, in the model's order."""
        left_out = {*without}
        return [
            str(field.column)
            for field in model._meta.concrete_fields
            if field.name not in left_out and not field.generated
        ]

    def shown(self, model: type[models.Model]) -> list[str]:
        return self.columns(model, without=[*self.hidden, *self.quiet])

    def concealed(self, model: type[models.Model]) -> list[str]:
        return [str(field.column) for field in model._meta.concrete_fields if field.name in self.hidden]

    def first(self, model: type[models.Model]) -> list[str]:
        """The columns noted of a new row."""
        if self.image is None:
            return self.shown(model)
        return [str(field.column) for field in model._meta.concrete_fields if field.name in self.image]

    def about(self, model: type[models.Model], row: str) -> tuple[str, str]:
        """SQL of the object and of the owner."""
        key = self.object_id or f'{{row}}."{model._meta.pk.column}"'
        return f"({key.format(row=row)})::text", f"({self.owner or 'NULL'})::uuid".format(row=row)


class Note(pgtrigger.Trigger):
    """A trigger that is written out for its model."""

    when = pgtrigger.After

    def __init__(self, tracked: Tracked, **options: Any) -> None:
        self.tracked = tracked
        super().__init__(**options)

    def event(self, model: type[models.Model], row: str, action: str, before: str, after: str) -> str:
        object_id, owner = self.tracked.about(model, row)
        return (
            f"{INTO} SELECT statement_timestamp(), (SELECT audit_context()), TG_TABLE_NAME, '{action}', "
            f"{object_id}, {owner}, {before}, {after}, 1"
        )

    def where(self, row: str) -> str:
        return f" WHERE {self.tracked.where.format(row=row)}" if self.tracked.where else ""


class NoteInserts(Note):
    name = "audit_inserts"
    level = pgtrigger.Statement
    operation = pgtrigger.Insert
    referencing = pgtrigger.Referencing(new="fresh")  # type: ignore[no-untyped-call] # pgtrigger leaves it untyped

    def get_func(self, model: Any) -> str:
        each = self.event(model, "n", "insert", "NULL", image("n", self.tracked.first(model)))
        rows = f"FROM fresh n{self.where('n')}"
        return (
            f"IF (SELECT count(*) {rows}) <= {self.tracked.many} THEN {each} {rows}; "
            f"ELSE {summary('insert')} {rows}; END IF; RETURN NULL;"
        )


class NoteDeletes(Note):
    """While an account is deleted, what goes is counted and not copied."""

    name = "audit_deletes"
    level = pgtrigger.Statement
    operation = pgtrigger.Delete
    referencing = pgtrigger.Referencing(old="was")  # type: ignore[no-untyped-call]

    def get_func(self, model: Any) -> str:
        each = self.event(model, "o", "delete", image("o", self.tracked.shown(model)), "NULL")
        rows = f"FROM was o{self.where('o')}"
        return (
            "IF current_setting('bettrack.forget', true) = 'on' THEN "
            f"{summary('delete')} {rows} HAVING count(*) > 0; ELSE {each} {rows}; END IF; RETURN NULL;"
        )


class NoteUpdates(Note):
    name = "audit_updates"
    level = pgtrigger.Row
    operation = pgtrigger.Update

    def get_condition(self, model: Any) -> pgtrigger.Condition:
        columns = [*self.tracked.shown(model), *self.tracked.concealed(model)]
        changed = " OR ".join(f'OLD."{column}" IS DISTINCT FROM NEW."{column}"' for column in columns)
        parts = [f"({changed})"]
        if self.tracked.unless:
            parts.append(f"NOT ({self.tracked.unless})")
        if self.tracked.where:
            parts.append(f"({self.tracked.where.format(row='NEW')})")
        return pgtrigger.Condition(f"({' AND '.join(parts)})")

    def get_func(self, model: Any) -> str:
        event = self.event(
            model, "NEW", "update", "jsonb_object_agg(c.name, c.old)", "jsonb_object_agg(c.name, c.new)"
        )
        values = [f'(\'{c}\', to_jsonb(OLD."{c}"), to_jsonb(NEW."{c}"))' for c in self.tracked.shown(model)]
        values += [
            f'(\'{c}\', \'"{HIDDEN}"\', CASE WHEN OLD."{c}" IS DISTINCT FROM NEW."{c}" '
            f"THEN '\"{CHANGED}\"'::jsonb ELSE '\"{HIDDEN}\"' END)"
            for c in self.tracked.concealed(model)
        ]
        changes = f"(VALUES {', '.join(values)}) c (name, old, new)"
        return f"{event} FROM {changes} WHERE c.old IS DISTINCT FROM c.new; RETURN NULL;"


def image(row: str, columns: Sequence[str]) -> str:
    """SQL of some columns of a row as JSON."""
    if not columns:
        return "NULL"
    pairs = ", ".join(f"'{name}', {row}.\"{name}\"" for name in columns)
    return f"jsonb_build_object({pairs})"


def summary(action: str) -> str:
    return (
        f"{INTO} SELECT statement_timestamp(), (SELECT audit_context()), TG_TABLE_NAME, '{action}', "
        "'', NULL, NULL, NULL, count(*)"
    )


def audited(**how: Any) -> list[pgtrigger.Trigger]:
    """The triggers for ``Meta.triggers`` of a model; ``how`` as for ``Tracked``."""
    tracked = Tracked(**how)
    return [NoteInserts(tracked), NoteUpdates(tracked), NoteDeletes(tracked)]
