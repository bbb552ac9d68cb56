"""Adding and removing rules of access. Nobody shuts himself out, and an administrator can always come in."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError

from accounts.access import rules
from accounts.access.models import AccessKind, AccessRule, AccessSubject, NetworkField
from accounts.administrators import an_administrator_remains
from accounts.exceptions import AccountRefused
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
    with an_administrator_remains():
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
        _stays_in(by, address, now)
        rules.changed()
    return rule


def remove_rule(*, rule: AccessRule, now: dt.datetime, by: User | None, address: str = "") -> None:
    """Remove the rule; at once, in every process. Raises AccountRefused where that would shut ``by`` out."""
    with an_administrator_remains():
        if by is not None and not by.is_superuser and rule.user is not None and rule.user.is_superuser:
            raise AccountRefused("Only an administrator decides about administrators.")
        AccessRule.objects.filter(pk=rule.pk).delete()
        _stays_in(by, address, now)
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
        rule.text = value.lower()
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


def _stays_in(by: User | None, address: str, now: dt.datetime) -> None:
    """Raise AccountRefused if, as things now are in this transaction, whoever changed them could not come in."""
    if by is None:
        return
    found = rules.read(now)
    if found.against_person(by) is not None:
        raise AccountRefused("That would shut you out yourself.")
    if address and found.against_address(address) is not None:
        raise AccountRefused(f"That would shut you out yourself: you are at {address}.")


def _reason(text: str) -> str:
    reason = " ".join(text.split())
    if not reason:
        raise AccountRefused("Give a reason: it is kept with the rule, and never shown to who is refused.")
    if len(reason) > LONGEST_REASON:
        raise AccountRefused(f"The reason is longer than {LONGEST_REASON} characters.")
    return reason
