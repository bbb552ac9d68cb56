"""Questions about parsed statements that the rules of Citus are asked with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, TypeVar

from sqlglot import exp

from bettrack.scaling.shape import KEY

Node = TypeVar("Node", bound=exp.Expr)
PLAIN: Final = (exp.And, exp.Or, exp.Cast, exp.Case, exp.If, exp.Coalesce, exp.Greatest, exp.Any)
"""What the parser counts as functions and is none."""
LONGEST: Final = 160


def own(node: exp.Expr, kind: type[Node]) -> Iterator[Node]:
    """The parts of this kind that belong to the node itself, not to a query within it."""
    for found in node.find_all(kind):
        above = found.parent
        while above is not None and above is not node and not isinstance(above, exp.Query | exp.CTE):
            above = above.parent
        if found is not node and (
            above is node or (isinstance(above, exp.Subquery) and owner(above) is node)
        ):
            yield found


def owner(wrapping: exp.Expr) -> exp.Expr | None:
    above: exp.Expr | None = wrapping
    while isinstance(above, exp.Subquery) or (above is not None and not isinstance(above, exp.Query | exp.CTE | exp.Update | exp.Delete)):  # fmt: skip
        above = above.parent
    return above


def is_source(query: exp.Query, node: exp.Expr) -> bool:
    above = query.parent
    while above is not None and above is not node:
        if isinstance(above, exp.From | exp.Lateral | exp.With):
            return True
        if isinstance(above, exp.Join) and not query.find_ancestor(
            exp.EQ, exp.In, exp.Exists, exp.And, exp.Or
        ):
            return True
        above = above.parent
    return False


def outside(query: exp.Query) -> bool:
    """The query uses a table of the query around it."""
    inside = {table.alias_or_name for table in query.find_all(exp.Table)}
    inside |= {
        part.alias for part in query.find_all(exp.Subquery, exp.Lateral, exp.Unnest, exp.Values) if part.alias
    }
    return any(column.table and column.table not in inside for column in query.find_all(exp.Column))


def has_key(parts: Iterable[exp.Expr]) -> bool:
    return any(column.name == KEY for part in parts for column in part.find_all(exp.Column))


def functions(node: exp.Expr) -> Iterator[str]:
    for call in node.find_all(exp.Func):
        if not isinstance(call, PLAIN):
            yield (call.name if isinstance(call, exp.Anonymous) else call.sql_name()).lower()


def conjuncts(condition: exp.Expr | None) -> Iterator[exp.Expr]:
    if isinstance(condition, exp.And):
        yield from conjuncts(condition.this)
        yield from conjuncts(condition.expression)
    elif isinstance(condition, exp.Paren):
        yield from conjuncts(condition.this)
    elif condition is not None:
        yield condition


def bare(node: exp.Expr) -> exp.Expr:
    while isinstance(node, exp.Paren | exp.Cast) or (
        isinstance(node, exp.Subquery) and not node.args.get("joins")
    ):
        node = node.this
    return node


def is_value(node: exp.Expr) -> bool:
    return isinstance(bare(node), exp.Placeholder | exp.Literal | exp.Parameter)


def cut(node: exp.Expr) -> str:
    text = node.sql(dialect="postgres")
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def is_shadowed(table: exp.Table) -> bool:
    """A common table expression of the same name stands before the table, seen from it outwards."""
    inside: exp.Expr = table
    holder = table.parent
    while holder is not None:
        clause = holder.args.get("with_")
        if clause is not None:
            known = clause.expressions
            if inside is clause:
                own = next(cte for cte in known if any(each is table for each in cte.find_all(exp.Table)))
                known = known[: known.index(own)]
            elif target_of(holder) == table.name:
                known = []
            if any(cte.alias == table.name for cte in known):
                return True
        inside, holder = holder, holder.parent
    return False


def target_of(node: exp.Expr) -> str:
    """The table that a statement writes."""
    if not isinstance(node, exp.Insert | exp.Update | exp.Delete | exp.Merge):
        return ""
    table = node.this.this if isinstance(node.this, exp.Schema) else node.this
    return table.name if isinstance(table, exp.Table) else ""
