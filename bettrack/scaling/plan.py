"""The statements that make the archive distributed, worked out from the catalog as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from django.db import connection
from psycopg import sql

from bettrack.scaling.shape import (
    DISTRIBUTED,
    KEY,
    NARROW_IDENTITIES,
    REFERENCE,
    TRIGGERS,
    local_tables,
    rows,
)

OLDEST_CITUS: Final = 13
OLDEST_POSTGRES: Final = 16
GUARDS: Final = frozenset(
    {
        "belong",
        "keep_their_line",
        "current_odds_go",
        "current_odds_hold",
        "selection_keeps_its_key",
        "bookmaker_keeps_its_key",
    }
)
"""Triggers that stand in for foreign keys of the board; on a cluster real ones do it, as shards cannot ask tables."""
BOARD_KEYS: Final = {
    "current_odds_have_a_bookmaker": "FOREIGN KEY (bookmaker_id) REFERENCES bookmakers (id) ON DELETE RESTRICT",
    "current_odds_selection_is_of_its_game": (
        "FOREIGN KEY (game_id, selection_id) REFERENCES selections (game_id, id) ON DELETE CASCADE"
    ),
}
KNOWN: Final = """
SELECT table_name::text, citus_table_type, distribution_column FROM citus_tables
WHERE citus_table_type IN ('distributed', 'reference') AND table_name::text = ANY(%s)
"""
ON_COORDINATOR: Final = "citus_is_coordinator()"


class Step(NamedTuple):
    """A statement, and why it is needed."""

    why: str
    statement: str


def plan(app_role: str) -> list[Step]:
    """Every statement that is still missing, in order, to be run in one transaction.

    ``app_role`` is who the application connects as. Of a cluster where all is done, its rights are left: tables of a
    later version need them too.
    """
    known = citus_tables()
    return [
        Step("one connection a node, as foreign keys to reference tables need", SEQUENTIAL),
        Step("the audit's triggers on reference tables", "SET LOCAL citus.enable_unsafe_triggers = on"),
        *_identities(),
        *_triggers(),
        *_board_keys(),
        *(
            Step("on every node", f"SELECT create_reference_table('{table}')")
            for table in REFERENCE
            if table not in known
        ),
        *(
            Step(why, f"SELECT create_distributed_table('{table}', '{KEY}', colocate_with := '{beside}')")
            for table, beside, why in (
                (DISTRIBUTED[0], "none", "sharded by game, its months with it"),
                (DISTRIBUTED[1], DISTRIBUTED[0], "each game's board beside its archive"),
            )
            if table not in known
        ),
        *_privileges(app_role),
    ]


def is_done() -> bool:
    """All tables are where they are to be."""
    return citus_tables().keys() >= {*DISTRIBUTED, *REFERENCE}


def citus_tables() -> dict[str, str]:
    """What Citus knows of our tables: the column by which each is sharded, '' for one on every node."""
    if rows("SELECT to_regclass('citus_tables')")[0][0] is None:
        return {}
    return {
        table: key if kind == "distributed" else ""
        for table, kind, key in rows(KNOWN, [*DISTRIBUTED, *REFERENCE])
    }


def _board_keys() -> Iterator[Step]:
    missing = [
        f"ADD CONSTRAINT {name} {definition}"
        for name, definition in BOARD_KEYS.items()
        if not rows(
            "SELECT 1 FROM pg_constraint WHERE conname = %s AND conrelid = 'current_odds'::regclass", name
        )
    ]
    if missing:
        why = "the board's foreign keys instead of its triggers"
        yield Step(why, "ALTER TABLE current_odds\n    " + ",\n    ".join(missing))


ONE_BY_ONE: Final = "citus.multi_shard_modify_mode"
SEQUENTIAL: Final = f"SET LOCAL {ONE_BY_ONE} = 'sequential'"


def _identities() -> Iterator[Step]:
    """Citus refuses identity columns narrower than bigint: a sequence of the same column does the same."""
    tables = [*REFERENCE, *DISTRIBUTED, *local_tables()]
    for table, column in rows(NARROW_IDENTITIES, tables):
        highest = rows(_text(sql.SQL("SELECT coalesce(max({}), 0) + 1 FROM {}"), column, table))[0][0]
        name = f"{table}_{column}_numbers"
        why = "Citus knows no identity of this width"
        yield Step(why, _text(sql.SQL("ALTER TABLE {} ALTER COLUMN {} DROP IDENTITY"), table, column))
        yield Step(
            why,
            _text(sql.SQL("CREATE SEQUENCE {} AS bigint"), name)
            + f" START {highest} OWNED BY "
            + _text(sql.SQL("{}.{}"), table, column),
        )
        yield Step(
            why,
            _text(sql.SQL("ALTER TABLE {} ALTER COLUMN {} SET DEFAULT nextval("), table, column)
            + _text(sql.SQL("{}"), name).join("''")
            + ")",
        )


def _triggers() -> Iterator[Step]:
    """Guards that foreign keys and privileges take over go; what the audit writes is written on the coordinator."""
    sharded = {*archive_tables(), *DISTRIBUTED}
    for table, name, definition in rows(TRIGGERS, [*sharded, *REFERENCE]):
        drop = _text(sql.SQL("DROP TRIGGER {} ON {}"), name, table)
        if name in GUARDS:
            yield Step("a foreign key stands in for it", drop)
        elif table in sharded:
            yield Step("privileges stand in for it", drop)
        elif ON_COORDINATOR not in definition:
            yield Step("written once, not on every node", drop)
            yield Step("written once, not on every node", on_coordinator(definition))


def on_coordinator(definition: str) -> str:
    """The definition of a trigger with the condition that it fires on the coordinator alone."""
    head, call, function = definition.rpartition(" EXECUTE FUNCTION ")
    before, when, condition = head.partition(" WHEN (")
    rest = f" AND ({condition[:-1]})" if when else ""
    return f"{before} WHEN ({ON_COORDINATOR}{rest}){call}{function}"


def _privileges(app_role: str) -> Iterator[Step]:
    why = "append-only: who has no right to alter or delete needs no trigger that refuses it"
    role = _text(sql.SQL("{}"), app_role)
    yield Step("the application's rights", f"GRANT USAGE ON SCHEMA public TO {role}")
    yield Step(
        "the application's rights",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    )
    yield Step("the application's rights", f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}")
    for table in archive_tables():
        name = _text(sql.SQL("{}"), table)
        yield Step(why, f"REVOKE UPDATE, DELETE, TRUNCATE ON {name} FROM {role}")


def archive_tables() -> list[str]:
    """The archive and its months."""
    parts = rows(
        "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", DISTRIBUTED[0]
    )
    return [DISTRIBUTED[0], *sorted(name for (name,) in parts)]


def obstacles(app_role: str) -> Iterator[str]:
    """What has to be put right on the server before the plan can be carried out, in sentences."""
    version = int(rows("SHOW server_version_num")[0][0]) // 10_000
    if version < OLDEST_POSTGRES:
        yield f"PostgreSQL is {version}: Citus {OLDEST_CITUS} needs {OLDEST_POSTGRES} or newer."
    citus = citus_version()
    if not citus:
        yield "The database has no extension citus: install Citus on every node and run CREATE EXTENSION citus."
    elif int(re.split(r"\D", citus)[0]) < OLDEST_CITUS:
        yield f"Citus is {citus}: {OLDEST_CITUS} or newer is needed."
    else:
        yield from _cluster()
    yield from _roles(app_role)


def citus_version() -> str:
    """Of the extension in this database; '' without it."""
    found = rows("SELECT extversion FROM pg_extension WHERE extname = 'citus'")
    return str(found[0][0]) if found else ""


def _cluster() -> Iterator[str]:
    nodes = rows("SELECT groupid FROM pg_dist_node WHERE isactive AND noderole = 'primary'")
    if (0,) not in nodes:
        yield "The coordinator is not among the nodes: SELECT citus_set_coordinator_host('host', 5432)."
    if not any(group for (group,) in nodes):
        yield "There is no worker: SELECT citus_add_node('host', 5432) for each."
    for table, key in sorted(citus_tables().items()):
        wanted = KEY if table in DISTRIBUTED else ""
        if key != wanted:
            is_so = f"is sharded by {key}" if key else "is on every node"
            to_be = f"sharded by {wanted}" if wanted else "on every node"
            yield f"{table} {is_so} and is to be {to_be}: SELECT undistribute_table('{table}')."


def _roles(app_role: str) -> Iterator[str]:
    found = rows("SELECT rolsuper, pg_has_role(rolname, relowner, 'USAGE'), rolconfig FROM pg_roles, pg_class "
                 "WHERE rolname = %s AND pg_class.oid = %s::regclass", app_role, DISTRIBUTED[0])  # fmt: skip
    if not found:
        yield f"There is no role {app_role}: CREATE ROLE {app_role} LOGIN PASSWORD '…', for DATABASE_URL alone."
    elif found[0][0] or found[0][1]:
        yield (
            f"{app_role} is a superuser or has the owner's rights, from whom no right can be taken: the application "
            "needs a role of its own (--app-role)."
        )
    elif f"{ONE_BY_ONE}=sequential" not in (found[0][2] or ()):
        yield (
            f"{app_role} asks shards in parallel, after which Citus refuses to write tables of every node in the same "
            f"transaction: ALTER ROLE {app_role} SET {ONE_BY_ONE} = 'sequential'."
        )
    owner = rows("SELECT pg_has_role(current_user, relowner, 'USAGE') FROM pg_class WHERE oid = %s::regclass", DISTRIBUTED[0])  # fmt: skip
    if not owner[0][0]:
        yield "This connection does not own the tables: run it with DIRECT_DATABASE_URL's role."
    others = rows(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        "AND backend_type = 'client backend'"
    )[0][0]
    if others:
        yield f"{others} other connections are open: stop web, workers and scheduler first."


def _text(template: sql.SQL, *names: str) -> str:
    connection.ensure_connection()
    return template.format(*map(sql.Identifier, names)).as_string(connection.connection)
