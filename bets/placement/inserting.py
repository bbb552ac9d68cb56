"""Writing new rows as ``bulk_create`` does, without asking for their keys: statements to be sent with others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import Field, Model


def insertion(rows: Sequence[Model]) -> tuple[str, list[Any]]:
    """The statement that inserts rows of one model; keys that the database counts are left to it."""
    head, places, fields = _statement(type(rows[0]))
    own: Any = connections[DEFAULT_DB_ALIAS]  # not the proxy, which looks the thread's up for each value
    values = [field.get_db_prep_save(field.pre_save(row, add=True), own) for row in rows for field in fields]
    return head + ", ".join([places] * len(rows)), values


@cache
def _statement(model: type[Model]) -> tuple[str, str, list[Field[Any, Any]]]:
    fields = [field for field in model._meta.concrete_fields if field is not model._meta.auto_field]
    quoted = connection.ops.quote_name
    columns = ", ".join(quoted(str(field.column)) for field in fields)
    places = ", ".join(
        f"%s::{field.db_type(connection)}" if isinstance(field, ArrayField) else "%s" for field in fields
    )
    return (
        f"INSERT INTO {quoted(model._meta.db_table)} ({columns}) VALUES ",  # noqa: S608 - names of the model
        f"({places})",
        fields,
    )
