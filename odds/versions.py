"""Versions of what pages show, kept in Redis, so that an unchanged page is known without asking the database.

There are two: ``archive`` stands for games and prices, ``people`` for what belongs to one visitor (sessions with
their slips, accounts, bankrolls, bets). A version is a random text. It is replaced after the commit of every
transaction that has written to one of its tables: the connection itself looks at each statement, so no service
can forget to say so. Where Redis does not answer there is no version, and pages are made anew each time.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final

from django.core.cache import cache
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.dispatch import Signal

logger = logging.getLogger(__name__)

ARCHIVE: Final = "archive"
PEOPLE: Final = "people"
KEY: Final = "version:{}"

ARCHIVE_TABLES: Final = frozenset({
    "sports", "teams", "team_aliases", "players", "games", "commence_times", "score_readings", "placings",
    "bookmakers", "selections", "price_imports", "odd_snapshots", "current_odds", "heartbeats",
})  # fmt: skip
UNSEEN_TABLES: Final = frozenset(
    {
        "api_calls",
        "quotas",
        "player_stats",
        "django_migrations",
        "incoming_quotes",
        "arriving",
        "api_keys",
        "kept_answers",
        "pulses",
        "monitors",
        "flips",
        "incidents",
        "incident_notes",
        "alerts",
    }
)
"""Tables of which no page with a version shows anything. Every table named nowhere here counts as people's."""
WRITE: Final = re.compile(
    r"\b(?:INSERT\s+INTO|(?<!FOR )(?<!KEY )(?<!DO )UPDATE|DELETE\s+FROM|MERGE\s+INTO|TRUNCATE(?:\s+TABLE)?|COPY)"
    r"\s+(?:ONLY\s+)?\"?(\w+)",
    re.IGNORECASE,
)
BETS_COUNTED: Final = "UPDATE games SET bet_count = bet_count + 1"
"""How many bets are on a game stands on no page with a version; every bet that is placed counts itself there."""
HEAD: Final = 2_000
"""Characters of a statement in which its table is named; only one that begins with WITH may write further on."""
REMEMBERED: Final = 10_000
"""Characters of a statement of which it is remembered what it writes; most are asked again with other parameters."""


outdated = Signal()
"""Sent with the ``name`` of a version after the commit that outdates it, before it is replaced."""


def current(names: Iterable[str]) -> list[str] | None:
    """The versions of these names; None where Redis does not answer."""
    wanted = [KEY.format(name) for name in names]
    try:
        found = cache.get_many(wanted)
        for key in wanted:
            if key not in found:
                cache.add(key, _fresh(), timeout=None)
                found[key] = cache.get(key)
    except Exception as error:  # noqa: BLE001 - whatever keeps Redis, or an embedded one, from answering
        logger.warning("no versions of pages: %s", error)
        return None
    versions = [found[key] for key in wanted]
    return versions if all(versions) else None


def bump(name: str) -> None:
    """Give what the name stands for a new version. Without Redis nothing happens: no page has an old one then."""
    outdated.send_robust(None, name=name)
    try:
        cache.set(KEY.format(name), _fresh(), timeout=None)
    except Exception as error:  # noqa: BLE001 - whatever keeps Redis, or an embedded one, from answering
        logger.warning("version of %s not replaced: %s", name, error)


def bump_archive() -> None:
    bump(ARCHIVE)


def bump_people() -> None:
    bump(PEOPLE)


def written(sql: str) -> frozenset[str]:
    """The versions that a statement outdates."""
    return _known(sql) if len(sql) <= REMEMBERED else _read(sql)


def _read(sql: str) -> frozenset[str]:
    if sql.startswith("SELECT") and "INTO" not in sql:
        return frozenset()
    found = set()
    text = sql.replace(BETS_COUNTED + " WHERE", "")
    for table in WRITE.findall(text if text.startswith("WITH") else text[:HEAD]):
        if table in ARCHIVE_TABLES:
            found.add(ARCHIVE)
        elif table not in UNSEEN_TABLES:
            found.add(PEOPLE)
    return frozenset(found)


_known: Final = lru_cache(maxsize=1024)(_read)


def watch(connection: BaseDatabaseWrapper) -> None:
    """Look at every statement of the connection from now on."""
    if connection.alias == "default" and watched not in connection.execute_wrappers:
        connection.execute_wrappers.append(watched)


def watched(
    execute: Callable[[Any, Any, bool, dict[str, Any]], Any],
    sql: Any,
    params: Any,
    many: bool,
    context: dict[str, Any],
) -> Any:
    """Execute the statement; if it wrote, replace the versions once its transaction has been committed."""
    result = execute(sql, params, many, context)
    connection: BaseDatabaseWrapper = context["connection"]
    text = getattr(sql, "template", sql) if isinstance(sql, str) else connection_text(sql, connection)
    for name in written(text):
        action = ACTIONS[name]
        if not any(action in waiting for waiting in connection.run_on_commit):
            transaction.on_commit(action, using=connection.alias, robust=True)
    return result


def connection_text(sql: Any, connection: BaseDatabaseWrapper) -> str:
    """The text of a statement that was composed of parts."""
    return str(sql.as_string(connection.connection))


ACTIONS: Final = {ARCHIVE: bump_archive, PEOPLE: bump_people}


def _fresh() -> str:
    return secrets.token_hex(8)
