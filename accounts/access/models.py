"""Rules of access."""

from __future__ import annotations

import datetime as dt
import ipaddress
from typing import Any, Final, Self

import pgtrigger
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q

from accounts.audit.tracking import audited

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
WIDEST: Final = {4: 8, 6: 16}
"""The fewest bits that a network may be given by: a rule for half the Internet is a slip."""


def plain_network(network: Network) -> Network:
    """IPv4 written as IPv6 (::ffff:203.0.113.7) is IPv4, as visitors' addresses are. Raises ValueError for a zone."""
    first = network.network_address
    if isinstance(first, ipaddress.IPv4Address):
        return network
    if first.scope_id:
        raise ValueError("an address with a zone")
    mapped = first.ipv4_mapped if network.prefixlen >= 96 else None
    return ipaddress.IPv4Network((mapped, network.prefixlen - 96)) if mapped else network


class NetworkField(models.Field):
    """PostgreSQL's ``cidr``; in Python an ``ip_network``."""

    def db_type(self, connection: Any) -> str:
        return "cidr"

    def to_python(self, value: Any) -> Network | None:
        if value is None or isinstance(value, ipaddress.IPv4Network | ipaddress.IPv6Network):
            return value
        try:
            return plain_network(ipaddress.ip_network(str(value).strip()))
        except ValueError:
            raise ValidationError(
                f"“{value}” is not an address or network such as 203.0.113.7 or 2001:db8::/32."
            ) from None

    def get_prep_value(self, value: Any) -> str | None:
        found = self.to_python(super().get_prep_value(value))
        return None if found is None else str(found)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Network | None:
        return self.to_python(value)

    def value_to_string(self, obj: models.Model) -> str:
        return str(self.value_from_object(obj) or "")


class AccessKind(models.TextChoices):
    ALLOW = "allow", "Let in"
    BLOCK = "block", "Shut out"


class AccessSubject(models.TextChoices):
    USER = "user", "Account"
    EMAIL = "email", "Email address"
    DOMAIN = "domain", "Email domain"
    NETWORK = "network", "Network or address"


WITHOUT_ADMINISTRATOR = """
    PERFORM pg_advisory_xact_lock(hashtext('an_administrator_remains'));
    IF EXISTS (SELECT 1 FROM users WHERE is_superuser AND is_active) AND NOT an_administrator_may_enter() THEN
        RAISE EXCEPTION 'the last active administrator cannot go'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'an_administrator_remains';
    END IF;
    RETURN NULL;
"""
IMMUTABLE = """
    IF NEW.by_id IS NULL AND to_jsonb(NEW) - 'by_id' = to_jsonb(OLD) - 'by_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a rule of access is not edited: remove it and add another'
        USING ERRCODE = 'integrity_constraint_violation';
"""


class AccessRuleQuerySet(models.QuerySet["AccessRule"]):
    def in_force(self, at: dt.datetime) -> Self:
        return self.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=at))


class AccessRule(models.Model):
    """Lets in or shuts out an account, an email address, a domain with all below it, or a network."""

    id = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=5, choices=AccessKind)
    subject = models.CharField(max_length=7, choices=AccessSubject)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="access_rules",
    )
    text = models.CharField(
        max_length=254, blank=True, help_text="The email address or domain, in lower case."
    )
    network: Any = NetworkField(null=True, blank=True)
    reason = models.CharField(max_length=300)
    expires_at = models.DateTimeField(null=True, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Empty for one added on the command line.",
    )
    created_at = models.DateTimeField()

    objects = models.Manager.from_queryset(AccessRuleQuerySet)()

    class Meta:
        db_table = "access_rules"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject", "user", "text", "network"],
                nulls_distinct=False,
                name="one_access_rule_of_a_kind_and_subject",
                violation_error_message="There is such a rule already.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=AccessKind.values),
                name="access_kind_is_known",
                violation_error_message="A rule lets in or shuts out.",
            ),
            models.CheckConstraint(
                condition=Q(
                    subject__in=[AccessSubject.USER], user__isnull=False, text="", network__isnull=True
                )
                | (
                    Q(subject__in=[AccessSubject.EMAIL, AccessSubject.DOMAIN])
                    & Q(user__isnull=True, network__isnull=True)
                    & ~Q(text="")
                )
                | Q(subject__in=[AccessSubject.NETWORK], user__isnull=True, text="", network__isnull=False),
                name="access_rule_names_its_subject",
                violation_error_message="Name one account, address, domain or network.",
            ),
            models.CheckConstraint(
                condition=Q(network__isnull=True)
                | Q(
                    models.lookups.GreaterThanOrEqual(
                        Func(F("network"), function="masklen", output_field=models.IntegerField()),
                        models.Case(
                            models.When(
                                models.lookups.Exact(
                                    Func(F("network"), function="family", output_field=models.IntegerField()),
                                    4,
                                ),
                                then=WIDEST[4],
                            ),
                            default=WIDEST[6],
                            output_field=models.IntegerField(),
                        ),
                    )
                ),
                name="access_network_is_not_half_the_internet",
                violation_error_message="Name a network of 8 bits or more (IPv6: 16 or more).",
            ),
            models.CheckConstraint(
                condition=~Q(reason=""),
                name="access_rule_has_a_reason",
                violation_error_message="Give a reason: it is kept with the rule.",
            ),
            models.CheckConstraint(
                condition=Q(expires_at__isnull=True) | Q(expires_at__gt=F("created_at")),
                name="access_rule_ends_after_it_began",
                violation_error_message="A rule ends after it was made.",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="an_administrator_may_enter",
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                condition=pgtrigger.Q(new__kind="block") & ~pgtrigger.Q(new__subject="network"),
                func=WITHOUT_ADMINISTRATOR,
            ),
            pgtrigger.Trigger(
                name="immutable", operation=pgtrigger.Update, when=pgtrigger.Before, func=IMMUTABLE
            ),
            *audited(owner="{row}.user_id"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.named}"

    @property
    def named(self) -> str:
        """What the rule is about; callers join the user."""
        if self.subject == AccessSubject.USER and self.user is not None:
            return self.user.get_username()
        return str(self.network) if self.network is not None else self.text

    def is_over(self, at: dt.datetime) -> bool:
        return self.expires_at is not None and self.expires_at <= at
