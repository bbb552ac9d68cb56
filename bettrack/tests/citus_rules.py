"""What Citus documents that it refuses of statements over sharded tables, held against a parsed statement.

The rules are those of the pages named in ``RULES`` of Citus's documentation (13). They are read strictly: where newer
versions have learned a case, the statement is still a fault here. A common table expression counts as fetched first,
which Citus falls back to for every one of them, and is held to the rules by itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError

from bettrack.scaling.shape import DISTRIBUTED, KEY, REFERENCE
from bettrack.tests.sql_trees import (
    LONGEST,
    bare,
    conjuncts,
    cut,
    functions,
    has_key,
    is_shadowed,
    is_source,
    is_value,
    outside,
    own,
    target_of,
)

SQL_SUPPORT: Final = "SQL Support and Workarounds, Limitations"
PUSHDOWN: Final = "Query Processing, Subquery/CTE Push-Pull Execution"
INGEST: Final = "Ingesting, Modifying Data (DML)"
RULES: Final = {
    "modifying CTE": (INGEST, "a WITH that writes a table of several shards"),
    "recursive CTE": (SQL_SUPPORT, "a recursive WITH over more than one shard"),
    "lock": (SQL_SUPPORT, "FOR UPDATE over more than one shard"),
    "sample": (SQL_SUPPORT, "TABLESAMPLE over more than one shard"),
    "grouping sets": (SQL_SUPPORT, "grouping sets over more than one shard"),
    "window": (SQL_SUPPORT, "a window that is not partitioned by the game"),
    "join": (SQL_SUPPORT, "a join of sharded tables that does not equate their games"),
    "outer join": (SQL_SUPPORT, "an outer join without the sharded table on its outer side"),
    "correlated": (
        SQL_SUPPORT,
        "a correlated subquery that does not equate the games, or of no sharded table",
    ),
    "correlated part": (PUSHDOWN, "a correlated subquery with what cannot be pushed down"),
    "insert": (SQL_SUPPORT, "subqueries among the VALUES of an INSERT"),
    "conflict": (INGEST, "ON CONFLICT without the game, or with a function that is not immutable"),
    "volatile": (SQL_SUPPORT, "a volatile function in an UPDATE or DELETE"),
    "move": (INGEST, "an UPDATE of the game, by which the table is sharded"),
    "merge": (SQL_SUPPORT, "MERGE"),
}
OF_A_QUERY: Final = re.compile(r"^\s*(CREATE TEMPORARY TABLE \w+ ON COMMIT DROP AS|EXPLAIN|DECLARE .* FOR)\b")
UTILITIES: Final = frozenset({"VACUUM", "ANALYZE", "CREATE", "ALTER", "LOCK", "SET", "SHOW", "DROP"})
VOLATILE: Final = frozenset(
    (
        "random", "gen_random_uuid", "uuidv4", "uuidv7", "nextval", "currval", "setval", "clock_timestamp", "timeofday",
        "pg_sleep",
    )
)  # fmt: skip


class Fault(NamedTuple):
    """A rule's name and the part of the statement that breaks it."""

    rule: str
    part: str

    def __str__(self) -> str:
        page, words = RULES[self.rule]
        return f"{words} ({page}): {self.part}"


def faults(statement: str) -> list[Fault]:
    """Every rule that the statement breaks; none for a statement over other tables. Raises ParseError."""
    return list(dict.fromkeys(fault for tree in parsed(statement) for fault in _check(tree, frozenset())))


def reach(statement: str) -> str:
    """How many shards are asked: ``one`` game's, those of ``named`` games, or ``every`` one; '' for other tables."""
    tables = [table for tree in parsed(statement) for table in _sharded(tree, frozenset())]
    found = {
        _reach(table)
        for table in tables
        if not table.find_ancestor(exp.Insert) or table.find_ancestor(exp.Query)
    }
    return next((width for width in ("every", "named", "one") if width in found), "")


def parsed(statement: str) -> list[exp.Expr]:
    """The statement as trees; a table made of a query is that query. Raises ParseError for what cannot be read."""
    query = OF_A_QUERY.sub("", statement)
    trees = [tree for tree in sqlglot.parse(query, dialect="postgres") if isinstance(tree, exp.Expr)]
    for tree in trees:
        if isinstance(tree, exp.Command) and tree.name.upper() not in UTILITIES:
            raise ParseError(f"not understood: {tree.sql()[:LONGEST]}")
    return trees


@dataclass
class _Level:
    """The tables of one FROM: names of the sharded ones, names of all, and which columns are equated."""

    sharded: list[str] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)
    _same: dict[str, str] = field(default_factory=dict)

    def root(self, column: str) -> str:
        while (above := self._same.get(column, column)) != column:
            column = above
        return column

    def equate(self, condition: exp.Expr | None) -> None:
        for part in conjuncts(condition):
            if isinstance(part, exp.EQ):
                left, right = self._term(part.this), self._term(part.expression)
                if left and right:
                    self._same[self.root(left)] = self.root(right)

    def _term(self, node: exp.Expr) -> str:
        if isinstance(node, exp.Column):
            owner = node.table or (self.sharded[0] if len(self.sharded) == 1 and node.name == KEY else "")
            return f"{owner}.{node.name}" if owner else ""
        return f"={bare(node).sql()}" if is_value(node) else ""

    def joined(self, left: str, right: str) -> bool:
        return self.root(f"{left}.{KEY}") == self.root(f"{right}.{KEY}")


def _check(tree: exp.Expr, known: frozenset[str]) -> Iterator[Fault]:
    """The faults of a statement or query, in which ``known`` are common table expressions."""
    if _is_routed(tree, known):
        return
    known, found = _ctes(tree, known)
    yield from found
    match tree:
        case exp.Select():
            yield from _select(tree, known)
        case exp.SetOperation():
            for side in (tree.left, tree.right):
                yield from _check(bare(side), known)
        case exp.Subquery():
            yield from _check(tree.this, known)
        case exp.Insert():
            yield from _insert(tree, known)
        case exp.Update() | exp.Delete():
            yield from _change(tree, known)
        case exp.Create() if isinstance(tree.expression, exp.Query):
            yield from _check(tree.expression, known)
        case exp.Merge() if _sharded(tree, known):
            yield Fault("merge", cut(tree))
        case _:
            pass


def _ctes(tree: exp.Expr, known: frozenset[str]) -> tuple[frozenset[str], list[Fault]]:
    found: list[Fault] = []
    clause = tree.args.get("with_")
    if clause is None:
        return known, found
    for cte in clause.expressions:
        body = cte.this
        if isinstance(body, exp.Insert | exp.Update | exp.Delete | exp.Merge):
            if target_of(body) in {*DISTRIBUTED, *REFERENCE}:
                found.append(Fault("modifying CTE", cut(body)))
        elif clause.args.get("recursive") and _sharded(body, known):
            found.append(Fault("recursive CTE", cut(body)))
        found += _check(body, known)
        known |= {cte.alias}
    return known, found


def _select(node: exp.Select, known: frozenset[str]) -> Iterator[Fault]:
    source = node.args.get("from_")
    level = _level(
        source.this if source else None, node.args.get("joins") or [], node.args.get("where"), known
    )
    yield from level.faults
    yield from _subqueries(node, level, known)
    if not level.sharded:
        return
    if node.args.get("locks"):
        yield Fault("lock", cut(node))
    if any(True for _ in node.find_all(exp.TableSample)):
        yield Fault("sample", cut(node))
    group = node.args.get("group")
    if group and any(True for _ in group.find_all(exp.Rollup, exp.Cube, exp.GroupingSets)):
        yield Fault("grouping sets", cut(group))
    for window in own(node, exp.Window):
        if not has_key(window.args.get("partition_by") or ()):
            yield Fault("window", cut(window))


def _level(
    first: exp.Expr | None, joins: list[exp.Join], where: exp.Where | None, known: frozenset[str]
) -> _Level:
    level = _Level()
    sources: list[tuple[exp.Expr, str, exp.Join | None]] = [(first, "", None)] if first else []
    sources += [(join, join.side or "", join) for join in (first.args.get("joins") or ())] if first else []
    sources += [(join, join.side or "", join) for join in joins]
    for source, side, join in sources:
        relation = source.this if isinstance(source, exp.Join) else source
        before = bool(level.sharded)
        is_sharded = _add(relation, level, known)
        refused = {
            "LEFT": is_sharded and not before,
            "RIGHT": before and not is_sharded,
            "FULL": before != is_sharded,
        }
        if join is not None and refused.get(side):
            level.faults.append(Fault("outer join", cut(join)))
    for _source, _side, join in sources:
        if join is not None:
            level.equate(join.args.get("on"))
            for column in join.args.get("using") or ():
                level.names.add(column.name)
                for left in level.sharded:
                    level.equate(
                        exp.EQ(
                            this=exp.column(column.name, left), expression=exp.column(column.name, "using")
                        )
                    )
    level.equate(where.this if where else None)
    for other in level.sharded[1:]:
        if not level.joined(level.sharded[0], other):
            level.faults.append(Fault("join", f"{level.sharded[0]} and {other}"))
    return level


def _add(relation: exp.Expr, level: _Level, known: frozenset[str]) -> bool:
    """Put a part of FROM into the level; tell whether it is sharded."""
    name = relation.alias_or_name
    level.names.add(name)
    if isinstance(relation, exp.Table):
        if _is_sharded(relation, known):
            level.sharded.append(name)
            return True
        return False
    query = relation.this if isinstance(relation, exp.Lateral) else relation
    query = bare(query)
    if not isinstance(query, exp.Query) or not _sharded(query, known):
        return False
    if isinstance(relation, exp.Lateral) and outside(query):
        level.faults += _correlated(query, level, known)
        return False
    level.faults += _check(query, known)
    if any(_unpushable(query)):
        return False
    level.sharded.append(name)
    return True


def _subqueries(node: exp.Expr, level: _Level, known: frozenset[str]) -> Iterator[Fault]:
    """The queries in WHERE, in what is selected and so on; those of FROM and WITH are looked at elsewhere."""
    for query in own(node, exp.Query):
        if query is node or is_source(query, node) or not _sharded(query, known):
            continue
        yield from _correlated(query, level, known) if outside(query) else _check(query, known)


def _correlated(query: exp.Query, level: _Level, known: frozenset[str]) -> Iterator[Fault]:
    if not level.sharded:
        yield Fault("correlated", f"from {', '.join(sorted(level.names))}: {cut(query)}")
        return
    for part in _unpushable(query):
        yield Fault("correlated part", f"{part}: {cut(query)}")
    if isinstance(query, exp.Select):
        source = query.args.get("from_")
        inner = _level(
            source.this if source else None, query.args.get("joins") or [], query.args.get("where"), known
        )
        yield from inner.faults
        for mine in inner.sharded:
            if not any(inner.joined(mine, theirs) for theirs in level.sharded):
                yield Fault("correlated", cut(query))


def _unpushable(query: exp.Query) -> Iterator[str]:
    """What keeps a subquery from running on each shard by itself."""
    for name in ("limit", "offset", "locks", "with_"):
        if query.args.get(name):
            yield name.rstrip("_")
    if isinstance(query, exp.SetOperation):
        yield "set operation"
        return
    distinct = query.args.get("distinct")
    if distinct and not has_key(
        distinct.args["on"].expressions if distinct.args.get("on") else query.expressions
    ):
        yield "distinct without the game"
    group = query.args.get("group")
    if group and not has_key(group.expressions):
        yield "group by without the game"
    if not group and any(own(query, exp.AggFunc)):
        yield "aggregate of all"


def _insert(node: exp.Insert, known: frozenset[str]) -> Iterator[Fault]:
    target = target_of(node)
    source = node.expression
    if isinstance(source, exp.Query) and not isinstance(source, exp.Values):
        yield from _check(source, known)
    elif (
        target in {*DISTRIBUTED, *REFERENCE}
        and source is not None
        and any(True for _ in source.find_all(exp.Select))
    ):
        yield Fault("insert", cut(node))
    conflict = node.args.get("conflict")
    if conflict is None or target not in DISTRIBUTED:
        return
    if conflict.args.get("conflict_keys") and not has_key(conflict.args["conflict_keys"]):
        yield Fault("conflict", cut(conflict))
    if any(functions(conflict)):
        yield Fault("conflict", cut(conflict))


def _change(node: exp.Update | exp.Delete, known: frozenset[str]) -> Iterator[Fault]:
    source = node.args.get("from_")
    others = [source.this] if source else list(node.args.get("using") or ())
    joins = [exp.Join(this=other.copy()) for other in others]
    for other in others:
        joins += other.args.get("joins") or ()
        for join in joins:
            join.this.set("joins", None)
    level = _level(node.this, joins, node.args.get("where"), known)
    yield from level.faults
    yield from _subqueries(node, level, known)
    if target_of(node) not in DISTRIBUTED:
        return
    if set(functions(node)) & VOLATILE:
        yield Fault("volatile", cut(node))
    for change in node.expressions if isinstance(node, exp.Update) else ():
        if isinstance(change, exp.EQ) and change.this.name == KEY:
            yield Fault("move", cut(node))


def _is_routed(tree: exp.Expr, known: frozenset[str]) -> bool:
    """All of it is of one game and of tables that its node has: then Citus takes any SQL."""
    tables = _sharded(tree, known)
    inner = known | {cte.alias for cte in tree.find_all(exp.CTE)}
    at_home = {*DISTRIBUTED, *REFERENCE, *inner, ""}
    if not tables or any(table.name not in at_home for table in tree.find_all(exp.Table)):
        return False
    values = {_pinned_to(table) for table in tables}
    return len(values) == 1 and "" not in values and (len(tables) == 1 or "%s" not in values)


def _pinned_to(table: exp.Table) -> str:
    for part, value in _key_conditions(table):
        if isinstance(part, exp.EQ) and is_value(value):
            return bare(value).sql(dialect="postgres")
    return ""


def _reach(table: exp.Table) -> str:
    if _pinned_to(table):
        return "one"
    named = any(
        isinstance(part, exp.In)
        or (isinstance(part, exp.EQ) and isinstance(value, exp.Any) and is_value(value.this))
        for part, value in _key_conditions(table)
    )
    return "named" if named else "every"


def _key_conditions(table: exp.Table) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    """The conditions on the game of a sharded table, where it is read or written."""
    holder = table.find_ancestor(exp.Select, exp.Update, exp.Delete)
    if holder is None:
        return
    conditions = [*conjuncts(holder.args["where"].this if holder.args.get("where") else None)]
    for join in holder.args.get("joins") or ():
        conditions += conjuncts(join.args.get("on"))
    only = len([1 for other in holder.find_all(exp.Table) if other.name in DISTRIBUTED]) == 1
    for part in conditions:
        column = part.this
        if isinstance(column, exp.Column) and column.name == KEY and (column.table or (only and table.alias_or_name)) == table.alias_or_name:  # fmt: skip
            yield part, part.args.get("expression") or part


def _sharded(tree: exp.Expr, known: frozenset[str]) -> list[exp.Table]:
    """The sharded tables that the tree reads or writes."""
    return [table for table in tree.find_all(exp.Table) if _is_sharded(table, known)]


def _is_sharded(table: exp.Table, known: frozenset[str]) -> bool:
    if table.name not in DISTRIBUTED and not table.name.startswith(f"{DISTRIBUTED[0]}_"):
        return False
    return bool(table.db) or (table.name not in known and not is_shadowed(table))
