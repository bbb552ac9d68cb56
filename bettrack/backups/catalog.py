"""What a database holds, asked of its catalog: tables and their rows, definitions, migrations, sequences.

Each question is one statement that answers with one JSON text, so that it can be asked over a connection or
through psql alike. Names are written out in full, which makes answers of two databases comparable.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Protocol

OURS: Final = """n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = {oid} AND d.classid = '{catalog}'::regclass
        AND d.deptype = 'e')"""
CLASS: Final = OURS.format(oid="c.oid", catalog="pg_class")
TABLE: Final = "quote_ident(n.nspname) || '.' || quote_ident(c.relname)"
FROM_CLASS: Final = "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"

TABLES: Final = f"""
SELECT coalesce(json_agg(json_build_array({TABLE}, c.relname, c.relkind = 'p', greatest(c.relpages, 1) * 8192::bigint, (
        SELECT a.relname FROM pg_partition_ancestors(c.oid) p JOIN pg_class a ON a.oid = p.relid
        WHERE a.relkind = 'p' AND NOT a.relispartition))
    ORDER BY 1), '[]')
{FROM_CLASS} WHERE c.relkind IN ('r', 'p') AND {CLASS}
"""  # noqa: S608 - constants alone
SHAPE: Final[dict[str, str]] = {
    "columns": f"""
SELECT {TABLE} || '.' || quote_ident(a.attname) AS name, concat_ws(' ', format_type(a.atttypid, a.atttypmod),
    a.attnotnull, a.attidentity::text, a.attgenerated::text, pg_get_expr(e.adbin, e.adrelid)) AS definition
{FROM_CLASS} JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef e ON e.adrelid = c.oid AND e.adnum = a.attnum WHERE c.relkind IN ('r', 'p') AND {CLASS}
""",
    "constraints": f"""
SELECT {TABLE} || '.' || quote_ident(k.conname) AS name,
    pg_get_constraintdef(k.oid) AS definition
{FROM_CLASS} JOIN pg_constraint k ON k.conrelid = c.oid
WHERE k.contype IN ('c', 'f', 'p', 'u', 'x') AND k.conparentid = 0 AND {CLASS}
""",
    "indexes": f"""
SELECT {TABLE} AS name, pg_get_indexdef(c.oid) AS definition
{FROM_CLASS} JOIN pg_index i ON i.indexrelid = c.oid WHERE {CLASS}
""",
    "triggers": f"""
SELECT {TABLE} || '.' || quote_ident(t.tgname) AS name,
    pg_get_triggerdef(t.oid) AS definition
{FROM_CLASS} JOIN pg_trigger t ON t.tgrelid = c.oid WHERE NOT t.tgisinternal AND {CLASS}
""",
    "states": f"""
SELECT 'constraint ' || {TABLE} || '.' || quote_ident(k.conname) AS name, k.convalidated::text AS definition
{FROM_CLASS} JOIN pg_constraint k ON k.conrelid = c.oid WHERE k.contype IN ('c', 'f') AND {CLASS}
UNION ALL SELECT 'index ' || {TABLE}, i.indisvalid::text
{FROM_CLASS} JOIN pg_index i ON i.indexrelid = c.oid WHERE {CLASS}
UNION ALL SELECT 'trigger ' || {TABLE} || '.' || quote_ident(t.tgname), t.tgenabled::text
{FROM_CLASS} JOIN pg_trigger t ON t.tgrelid = c.oid WHERE NOT t.tgisinternal AND {CLASS}
""",
    "partitions": f"""
SELECT {TABLE} AS name, pg_get_expr(c.relpartbound, c.oid) AS definition
{FROM_CLASS} WHERE c.relispartition AND c.relkind IN ('r', 'p') AND {CLASS}
""",
    "functions": f"""
SELECT quote_ident(n.nspname) || '.' || quote_ident(p.proname) || '(' || pg_get_function_identity_arguments(p.oid)
    || ')' AS name, pg_get_functiondef(p.oid) AS definition
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE p.prokind IN ('f', 'p') AND {OURS.format(oid="p.oid", catalog="pg_proc")}
""",  # noqa: S608
    "views": f"SELECT {TABLE} AS name, pg_get_viewdef(c.oid) AS definition {FROM_CLASS} "
    f"WHERE c.relkind IN ('v', 'm') AND {CLASS}",
}
"""Queries of names and definitions by kind; together they are the shape of a database."""
REREAD: Final = r"regexp_replace(definition, '::(text|character varying)(\[\])?|[()\s]', '', 'g')"
"""A definition without the casts and brackets that PostgreSQL words anew when it reads its own dump."""
MIGRATIONS: Final = """
SELECT coalesce(json_agg(app || '.' || name ORDER BY app, name), '[]') FROM public.django_migrations
"""
HAS_MIGRATIONS: Final = "SELECT to_json(to_regclass('public.django_migrations') IS NOT NULL)"
SERVER: Final = """
SELECT json_build_object('version', current_setting('server_version'),
    'major', current_setting('server_version_num')::int / 10000, 'database', current_database(),
    'encoding', (SELECT pg_encoding_to_char(encoding) FROM pg_database WHERE datname = current_database()),
    'bytes', pg_database_size(current_database()))
"""
FREE_CONNECTIONS: Final = """
SELECT to_json(current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
    - coalesce(current_setting('reserved_connections', true)::int, 0) - (SELECT sum(numbackends) FROM pg_stat_database)::int)
"""
EXTENSIONS: Final = "SELECT coalesce(json_agg(extname ORDER BY extname), '[]') FROM pg_extension"
ROLES: Final = f"""
SELECT coalesce(json_agg(DISTINCT pg_get_userbyid(x.grantee)), '[]')
{FROM_CLASS}, aclexplode(c.relacl) x WHERE x.grantee <> 0 AND {CLASS}
"""
SEQUENCES: Final = f"""
SELECT coalesce(json_agg(json_build_array({TABLE}, quote_ident(tn.nspname) || '.' || quote_ident(t.relname),
    quote_ident(a.attname))), '[]')
{FROM_CLASS} JOIN pg_depend o ON o.objid = c.oid AND o.classid = 'pg_class'::regclass
    AND o.refclassid = 'pg_class'::regclass AND o.deptype IN ('a', 'i')
JOIN pg_class t ON t.oid = o.refobjid JOIN pg_namespace tn ON tn.oid = t.relnamespace
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = o.refobjsubid
WHERE c.relkind = 'S' AND {CLASS}
"""


class Session(Protocol):
    """Something that answers a statement with one value, in one transaction with one view of the data."""

    def value(self, statement: str) -> Any:
        """The one JSON value that the statement gives. Raises BackupError when the database is gone."""


class Table:
    """A table of ours: its full quoted name, its plain one, whether it is only a parent, its bytes, its ancestor."""

    def __init__(self, row: list[Any]) -> None:
        self.full: str = row[0]
        self.name: str = row[1]
        self.is_parent: bool = row[2]
        self.size: int = row[3]
        self.ancestor: str | None = row[4]


def tables(session: Session) -> list[Table]:
    """All tables, partitions and their parents, in the order of their names."""
    return [Table(row) for row in session.value(TABLES)]


def count(session: Session, table: Table) -> int:
    """The rows of one table."""
    return int(session.value(f"SELECT count(*) FROM ONLY {table.full}"))  # noqa: S608 - quoted by the server


def shape(session: Session) -> dict[str, dict[str, str]]:
    """By kind: each definition's name and a short digest of it."""
    found = {}
    for kind, query in SHAPE.items():
        definition = "definition" if kind == "functions" else REREAD
        found[kind] = session.value(
            "SELECT coalesce(json_object_agg(name, left(encode(sha256(convert_to(coalesce("  # noqa: S608
            f"{definition}, ''), 'UTF8')), 'hex'), 16) ORDER BY name), '{{}}') FROM ({query}) found"
        )
    return found


def migrations(session: Session) -> list[str]:
    """Applied migrations as ``app.name``; none where Django never migrated."""
    return list(session.value(MIGRATIONS)) if session.value(HAS_MIGRATIONS) else []


def lagging_sequences(session: Session) -> Iterator[str]:
    """Sequences that would give out a key which their table already has."""
    for sequence, table, column in session.value(SEQUENCES):
        behind = session.value(
            f"SELECT to_json(coalesce((SELECT max({column}) FROM {table}), 0) > "  # noqa: S608 - quoted by the server
            f"(SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM {sequence}))"
        )
        if behind:
            yield sequence
