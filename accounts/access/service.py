"""Adding and removing rules of access. Nobody shuts himself out, and an administrator can always come in."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError

from accounts.access import rules
from accounts.access.models import AccessKind, AccessRule, AccessSubject, NetworkField
from accounts.administrators import an_administrator_remains
from accounts.exceptions import AccountRefused, LastAdministrator
from accounts.lookup import accounts_named
from accounts.models import User

LONGEST_REASON: Final = 300
DOMAIN: Final = re.compile(
    r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]"
)


def add_rule(
    *,
    kind: AccessKind,
    subject: AccessSubject,
    value: str,
    reason: str,
    now: dt.datetime,
    by: User | None,
    address: str = "",
    expires_at: dt.datetime | None = None,
) -> AccessRule:
    """Let in or shut out what ``value`` names: a username, an email address, a domain, an address or network.

    ``by`` is None on the command line; ``address`` is where ``by`` asks from. In force at once, in every process.
    Raises AccountRefused for what cannot be named so, is there already or would shut ``by`` out, LastAdministrator where no
    administrator could come in.
    """
    rule = AccessRule(kind=kind, subject=subject, reason=_reason(reason), by=by, created_at=now)
    _name(rule, value.strip())
    if expires_at is not None and expires_at <= now:
        raise AccountRefused("The rule would end before it begins.")
    rule.expires_at = expires_at
    with an_administrator_remains(), _stays_in(by, address, now):
        if rule.user is not None and rule.user.is_superuser and by is not None and not by.is_superuser:
            raise AccountRefused(
                f"{rule.user.username} is an administrator: only another administrator may do this."
            )
        same = AccessRule.objects.filter(
            kind=kind, subject=subject, user=rule.user, text=rule.text, network=rule.network
        )
        for old in same:
            if not old.is_over(now):
                raise AccountRefused(
                    "There is such a rule already. Remove it first to change its reason or end."
                )
            old.delete()
        rule.clean_fields(exclude=["user", "by"])
        _save(rule)
        if kind == AccessKind.BLOCK and rule.text:
            _an_administrator_is_let_in(rules.read(now))
        rules.changed()
    return rule


def remove_rule(*, rule: AccessRule, now: dt.datetime, by: User | None, address: str = "") -> None:
    """Remove the rule; at once, in every process. Raises AccountRefused where that would shut ``by`` out."""
    with an_administrator_remains(), _stays_in(by, address, now):
        if by is not None and not by.is_superuser and rule.user is not None and rule.user.is_superuser:
            raise AccountRefused("Only an administrator decides about administrators.")
        AccessRule.objects.filter(pk=rule.pk).delete()
        rules.changed()


def _save(rule: AccessRule) -> None:
    try:
        rule.save(force_insert=True)
    except IntegrityError as error:
        if "access_network_is_not_half_the_internet" in str(error):
            raise AccountRefused(
                "That is half the Internet: name a network of 8 bits or more (IPv6: 16)."
            ) from error
        if "one_access_rule" in str(error):
            raise AccountRefused("There is such a rule already.") from error
        raise


def _name(rule: AccessRule, value: str) -> None:
    """Read what the rule is about. Raises AccountRefused."""
    if not value:
        raise AccountRefused("Say what the rule is about: an account, address, domain or network.")
    if rule.subject == AccessSubject.USER:
        found = accounts_named(value)
        if len(found) != 1:
            raise AccountRefused(
                f"There is no account “{value}”." if not found else f"Several accounts claim “{value}”."
            )
        rule.user = found[0]
    elif rule.subject == AccessSubject.NETWORK:
        try:
            rule.network = NetworkField().to_python(value)
        except ValidationError as error:
            raise AccountRefused(error.messages[0]) from error
    elif rule.subject == AccessSubject.EMAIL:
        try:
            validate_email(value)
        except ValidationError as error:
            raise AccountRefused(f"“{value}” is no email address.") from error
        rule.text = rules.spelt(value)
    else:
        rule.text = _domain(value)


def _domain(value: str) -> str:
    """The domain in lower case and ASCII, with or without @ or a dot before it."""
    plain = value.lower().lstrip("@.").rstrip(".")
    try:
        found = plain.encode("idna").decode("ascii")
    except UnicodeError:
        found = ""
    if not DOMAIN.fullmatch(found):
        raise AccountRefused(f"“{value}” is no domain such as example.com.")
    return found


@contextmanager
def _stays_in(by: User | None, address: str, now: dt.datetime) -> Iterator[None]:
    """Raise AccountRefused if a change keeps whoever makes it out, now or once a rule ends; or everybody, then.

    What was to happen anyway is no reason to refuse another change.
    """
    ended_before = _shut_in_time(rules.rows(), by, address, now)
    yield
    rows = rules.rows()
    found = rules.compiled(rows, now)
    if by is not None and found.against_person(by) is not None:
        raise AccountRefused("That would shut you out yourself.")
    if by is not None and address and found.against_address(address) is not None:
        raise AccountRefused(f"That would shut you out yourself: you are at {address}.")
    ended = _shut_in_time(rows, by, address, now)
    if ended and not ended_before:
        raise AccountRefused(ended)


def _shut_in_time(rows: list[rules.Row], by: User | None, address: str, now: dt.datetime) -> str:
    """What goes wrong at the first end of a rule that shuts out ``by``, or all networks; empty for nothing."""
    for end in sorted({row[5] for row in rows if row[5] is not None and row[5] > now}):
        then, at = rules.compiled(rows, end), f"{end.astimezone(dt.UTC):%Y-%m-%d %H:%M} UTC"
        if then.allow.lists_networks and not then.allow.networks:
            return (
                f"At {at} the last network that is let in would end, and everybody would be shut out, for a list "
                "does not open by itself. Let a network in without an end first."
            )
        if by is not None and address and then.against_address(address) is not None:
            return (
                f"That would shut you out yourself at {at}: you are at {address}. Let your network in without an "
                "end first."
            )
        if by is not None and then.against_person(by) is not None:
            return f"That would shut you out yourself at {at}. Let yourself in without an end first."
    return ""


def _an_administrator_is_let_in(found: rules.Rules) -> None:
    """The database compares domains as they are spelt; this knows both spellings. Raises LastAdministrator."""
    administrators = list(User.objects.filter(is_superuser=True, is_active=True))
    if administrators and all(found.blocking(one) is not None for one in administrators):
        raise LastAdministrator


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not reason:
        raise AccountRefused("Give a reason: it is kept with the rule, and never shown to who is refused.")
    if len(reason) > LONGEST_REASON:
        raise AccountRefused(f"The reason is longer than {LONGEST_REASON} characters.")
    return reason
