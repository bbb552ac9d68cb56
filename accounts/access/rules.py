"""The rules in force, compiled: read from the database when they change, asked for nothing but a word of Redis else.

``KEY`` in Redis holds a word that is replaced by every change. A process that holds the rules of that word goes by
them; another reads them, one statement. The word lasts half a minute, so that a change whose word was lost with Redis is
noticed then; while Redis does not answer, each request reads the rules.

A block wins over everything. Where anybody is let in by a rule for accounts, addresses or domains, only they are, and
administrators; where a network is, only requests from such networks. A list does not open by itself when its
last rule ends. This machine itself is always let in.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import logging
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from django.core.cache import cache
from django.db import connection, transaction
from django.utils import timezone
from django.utils.encoding import punycode

from accounts.access.models import AccessKind, Network
from accounts.models import User

logger = logging.getLogger(__name__)

KEY: Final = "access-rules"
LASTS: Final = 30
"""Seconds after which a word is made anew."""
LIST: Final = 0
"""In place of the rule that refuses: not on the list of those who are let in."""

READ: Final = """
SELECT r.id, r.kind, r.subject, r.text, r.network, r.expires_at, CASE
    WHEN r.subject = 'user' THEN ARRAY[r.user_id]
    WHEN r.text <> '' THEN ARRAY(
        SELECT his.user_id FROM (
            SELECT id AS user_id, lower(email) AS address, false AS verified FROM users WHERE email <> ''
            UNION ALL SELECT user_id, lower(email), verified FROM account_emailaddress
        ) his
        WHERE (r.kind = 'block' OR his.verified) AND (
            r.subject = 'email' AND his.address = r.text
            OR r.subject = 'domain' AND (
                split_part(his.address, '@', 2) = r.text OR split_part(his.address, '@', 2) LIKE '%%.' || r.text
            )
        )
    )
    ELSE '{}' END AS people
FROM access_rules r
UNION ALL
SELECT NULL, CASE WHEN his.verified THEN 'allow' ELSE '' END, 'spelt', his.address, NULL, NULL, ARRAY[his.user_id]
FROM (
    SELECT id AS user_id, email AS address, false AS verified FROM users
    UNION ALL SELECT user_id, email, verified FROM account_emailaddress
) his
WHERE (octet_length(his.address) <> length(his.address) OR his.address ILIKE '%%xn--%%')
    AND EXISTS (SELECT 1 FROM access_rules WHERE text <> '')
ORDER BY 1 NULLS LAST
"""
"""The rules with whom they name, then the addresses that can be spelt in two ways, for ``compiled`` to compare."""
Row = tuple[Any, ...]


@dataclass(slots=True)
class Side:
    """What the rules of one kind name, each with the number of its rule."""

    people: dict[uuid.UUID, int] = field(default_factory=dict)
    texts: dict[str, int] = field(default_factory=dict)
    networks: list[tuple[Network, int]] = field(default_factory=list)
    lists_people: bool = False
    lists_networks: bool = False

    def of_address(self, email: str) -> int | None:
        """The rule for an email address: by itself, or by its domain and those above."""
        email = spelt(email)
        domain = email.rpartition("@")[2]
        for name in (email, *(f"@{'.'.join(domain.split('.')[n:])}" for n in range(domain.count(".") + 1))):
            if name in self.texts:
                return self.texts[name]
        return None

    def of_network(self, address: Any) -> int | None:
        return next((rule for network, rule in self.networks if address in network), None)


@dataclass(slots=True)
class Rules:
    """Each question is answered by the number of the rule that refuses (``LIST`` for a list), None for none."""

    block: Side = field(default_factory=Side)
    allow: Side = field(default_factory=Side)
    until: dt.datetime | None = None

    @property
    def name_people(self) -> bool:
        return self.block.lists_people or self.allow.lists_people

    def against_address(self, address: str) -> int | None:
        """What refuses requests from an IP address."""
        if not (self.block.networks or self.allow.lists_networks):
            return None
        found = ipaddress.ip_address(address)
        if found.is_loopback:
            return None
        rule = self.block.of_network(found)
        if rule is None and self.allow.lists_networks and self.allow.of_network(found) is None:
            return LIST
        return rule

    def against_person(self, user: User) -> int | None:
        """What refuses a person."""
        rule = self.blocking(user)
        if (
            rule is None
            and self.allow.lists_people
            and not user.is_superuser
            and user.pk not in self.allow.people
        ):
            return LIST
        return rule

    def blocking(self, user: User) -> int | None:
        """The rule that blocks a person, lists aside."""
        rule = self.block.people.get(user.pk)
        return self.block.of_address(user.email) if rule is None and user.email else rule

    def against_newcomer(self, email: str) -> int | None:
        """What keeps somebody with that email address from opening an account."""
        rule = self.block.of_address(email)
        if rule is None and self.allow.lists_people and self.allow.of_address(email) is None:
            return LIST
        return rule


def current() -> Rules:
    """The rules in force now."""
    word, now = known_word(), timezone.now()
    held = _held.rules
    if word and held is not None and held[0] == word and (held[1].until is None or now < held[1].until):
        return held[1]
    fresh = word or secrets.token_hex(8)
    found = read(now)
    if connection.in_atomic_block:
        return found  # it may be undone
    if word or publish(fresh):
        _held.rules = (fresh, found)
    return found


def spelt(email: str) -> str:
    """The address in lower case, its domain as the DNS has it: bücher.de is xn--bcher-kva.de."""
    email = email.strip().lower()
    person, at, domain = email.rpartition("@")
    try:
        return f"{person}{at}{punycode(domain).lower()}"
    except UnicodeError:
        return email


def read(now: dt.datetime) -> Rules:
    """Compile the rules that the database holds: one statement."""
    return compiled(rows(), now)


def rows() -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(READ)
        found: list[Row] = cursor.fetchall()
        return found


def compiled(rows: Iterable[Row], now: dt.datetime) -> Rules:
    """The rules as they are at ``now``."""
    found = Rules()
    for number, kind, subject, text, network, expires_at, people in rows:
        if number is None:
            _name_spelt(found, text, people[0], is_verified=kind == AccessKind.ALLOW)
            continue
        side = found.allow if kind == AccessKind.ALLOW else found.block
        if network is None:
            side.lists_people = True
        else:
            side.lists_networks = True
        if expires_at is not None:
            if expires_at <= now:
                continue
            found.until = min(found.until or expires_at, expires_at)
        for person in people:
            side.people.setdefault(person, number)
        if text:
            side.texts.setdefault(f"@{text}" if subject == "domain" else spelt(text), number)
        if network is not None:
            side.networks.append((ipaddress.ip_network(str(network)), number))
    return found


def _name_spelt(found: Rules, address: str, person: uuid.UUID, *, is_verified: bool) -> None:
    for side in (found.block, found.allow) if is_verified else (found.block,):
        rule = side.of_address(address)
        if rule is not None:
            side.people.setdefault(person, rule)


def changed() -> None:
    """Tell all processes that the rules are others: at once, and again when the transaction is committed."""
    replace_word()
    if connection.in_atomic_block:
        transaction.on_commit(replace_word, robust=True)


def known_word() -> str | None:
    try:
        word: str | None = cache.get(KEY)
    except Exception as error:  # noqa: BLE001 - whatever keeps Redis, or an embedded one, from answering
        logger.warning("rules of access are read from the database: %s", type(error).__name__)
        return None
    return word


def publish(word: str) -> bool:
    """Make it the word unless there is another by now."""
    try:
        return bool(cache.add(KEY, word, timeout=LASTS))
    except Exception:  # noqa: BLE001 - as above
        return False


def replace_word() -> None:
    try:
        cache.set(KEY, secrets.token_hex(8), timeout=LASTS)
    except Exception as error:  # noqa: BLE001 - as above
        logger.warning("rules of access changed, other processes notice it within %s s: %s", LASTS, error)


class _Held:
    """What this process knows: the word and its rules, always replaced together."""

    rules: tuple[str, Rules] | None = None


_held = _Held()
