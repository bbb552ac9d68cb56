"""Queries whose SQL is worked out once: only their parameters differ from one request to the next.

Working out the SQL of a join is most of what reading a row by its key costs. What is asked by every request
is written as a queryset all the same, and keeps to the models.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Generic, NamedTuple, TypeVar

from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import BooleanField, Expression, F, Field, Model, QuerySet
from django.db.models.utils import create_namedtuple_class

M = TypeVar("M", bound=Model)


class Name(str):
    """A parameter that is put in when the query is asked."""

    __slots__ = ()


class Given(Expression):
    """A parameter of the query by its name, to stand where a filter compares with a value."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return "%s", (Name(self.name),)


class IsAmong(Expression):
    """The condition that a column is one of several values, which are given as a list."""

    conditional = True
    output_field = BooleanField()

    def __init__(self, column: str, name: str) -> None:
        super().__init__()
        self.column: Any = F(column)
        self.name = name

    def get_source_expressions(self) -> list[Any]:
        return [self.column]

    def set_source_expressions(self, exprs: Sequence[Any]) -> None:
        (self.column,) = exprs

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        sql, values = compiler.compile(self.column)
        return f"{sql} = ANY(%s)", (*values, Name(self.name))


class Part(NamedTuple):
    """The columns of one model in a row: of the queryset's own, or of what it is joined with at ``path``."""

    model: type[Model]
    path: tuple[str, ...]
    start: int
    names: list[str]
    read: list[tuple[int, Callable[..., Any]]]


class Compiled(Generic[M]):
    """Rows of ``make()`` as objects, with what they are ``joined`` to by foreign keys; parents come before children."""

    def __init__(self, make: Callable[[], QuerySet[M]], *joined: str) -> None:
        self.make: Final = make
        self.joined: Final = joined
        self.known: tuple[str, list[Any], list[Part]] | None = None

    def all(self, **given: Any) -> list[M]:
        """The objects; one statement."""
        with connection.cursor() as cursor:
            cursor.execute(*self.statement(**given))
            return self.objects(cursor.fetchall())

    def statement(self, **given: Any) -> tuple[str, list[Any]]:
        """The SQL and its values, to be asked together with others."""
        sql, names, _ = self.known or self._work_out()
        return sql, [given[value] if isinstance(value, Name) else value for value in names]

    def objects(self, rows: Iterable[tuple[Any, ...]]) -> list[M]:
        """The objects of the statement's rows."""
        _, _, parts = self.known or self._work_out()
        return [self._object(row, parts) for row in rows]

    def first(self, **given: Any) -> M | None:
        """The only object there can be, None without one."""
        found = self.all(**given)
        return found[0] if found else None

    def _work_out(self) -> tuple[str, list[Any], list[Part]]:
        queryset = self.make()
        parts: list[Part] = []
        columns: list[str] = []
        for path in ((), *(tuple(path.split("__")) for path in self.joined)):
            model: Any = queryset.model
            for step in path:
                model = model._meta.get_field(step).related_model
            fields: Sequence[Field[Any, Any]] = model._meta.concrete_fields
            read = [
                (place, field.from_db_value)
                for place, field in enumerate(fields)
                if hasattr(field, "from_db_value")
            ]
            parts.append(Part(model, path, len(columns), [field.attname for field in fields], read))
            columns += ["__".join((*path, field.attname)) for field in fields]
        sql, values = queryset.values_list(*columns).query.sql_with_params()
        self.known = sql, list(values), parts
        return self.known

    def _object(self, row: tuple[Any, ...], parts: list[Part]) -> M:
        made: dict[tuple[str, ...], Any] = {}
        own = connections[DEFAULT_DB_ALIAS]
        for part in parts:
            values = list(row[part.start : part.start + len(part.names)])
            for place, read in part.read:
                values[place] = read(values[place], None, own)
            is_there = not part.path or values[part.names.index(part.model._meta.pk.attname)] is not None
            found = part.model.from_db(own.alias, part.names, values) if is_there else None
            made[part.path] = found
            if part.path and (parent := made[part.path[:-1]]) is not None:
                setattr(parent, part.path[-1], found)
        whole: M = made[()]
        return whole


class CompiledRows:
    """Named tuples of columns, as ``values_list(*names, named=True)`` has them; columns that need no conversion."""

    def __init__(
        self,
        make: Callable[[], QuerySet[Any]],
        names: tuple[str, ...],
        limits: tuple[int, int] | None = None,
    ) -> None:
        self.make: Final = make
        self.names: Final = names
        self.limits: Final = slice(*limits) if limits else slice(None)
        self.row: Final = create_namedtuple_class(*names)
        self.known: tuple[str, list[Any]] | None = None

    def all(self, **given: Any) -> list[Any]:
        """The rows; one statement."""
        if self.known is None:
            rows = self.make().values_list(*self.names)[self.limits]
            sql, values = rows.query.sql_with_params()
            self.known = sql, list(values)
        sql, names = self.known
        with connection.cursor() as cursor:
            cursor.execute(sql, [given[value] if isinstance(value, Name) else value for value in names])
            return [self.row._make(row) for row in cursor.fetchall()]
