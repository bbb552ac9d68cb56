"""``manage.py access``: who may come in. It works for whoever is locked out of the pages."""

from __future__ import annotations

import datetime as dt
import json
from argparse import ArgumentParser
from collections.abc import Callable
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.access.gate import refusals
from accounts.access.models import AccessKind, AccessRule, AccessSubject
from accounts.access.service import add_rule, remove_rule
from accounts.exceptions import AccountRefused


class Command(BaseCommand):
    help = "List, add and remove the rules that let in or shut out accounts, email addresses, domains and networks."

    def add_arguments(self, parser: ArgumentParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        listing = actions.add_parser("list", help="the rules, the newest first")
        listing.add_argument("--json", action="store_true", help="print a JSON array")
        adding = actions.add_parser("add", help="add a rule")
        adding.add_argument("kind", choices=AccessKind.values)
        adding.add_argument("subject", choices=AccessSubject.values)
        adding.add_argument("value", help="username, email address, domain, or address or network")
        adding.add_argument("--reason", required=True, help="kept with the rule, not shown to who is refused")
        adding.add_argument("--days", type=int, metavar="N", help="let it end after so many days")
        removing = actions.add_parser("remove", help="remove rules by their numbers")
        removing.add_argument("number", nargs="+", type=int)

    def handle(self, *args: Any, action: str, **options: Any) -> None:
        try:
            actions: dict[str, Callable[..., None]] = {
                "list": self.show,
                "add": self.add,
                "remove": self.remove,
            }
            actions[action](**options)
        except AccountRefused as refused:
            raise CommandError(str(refused)) from None

    def show(self, *, json: bool, **_: Any) -> None:
        now = timezone.now()
        found = list(AccessRule.objects.select_related("user", "by"))
        refused = refusals([rule.pk for rule in found], today=now.date())
        rows = [row(rule, now, refused.get(rule.pk, 0)) for rule in found]
        if json:
            self.stdout.write(dumped(rows))
            return
        if not rows:
            self.stdout.write("No rules: everybody may come in who has an account.")
        for one in rows:
            ends = f", until {one['expires_at']}" if one["expires_at"] else ""
            over = " (over)" if one["over"] else ""
            self.stdout.write(
                f"{one['number']:>5}  {one['kind']:<5}  {one['subject']:<7}  {one['value']}{ends}{over}  "
                f"refused {one['refused']}  {one['reason']}"
            )

    def add(self, *, kind: str, subject: str, value: str, reason: str, days: int | None, **_: Any) -> None:
        now = timezone.now()
        if days is not None and not 1 <= days <= 36_500:
            raise CommandError("--days is a number of days from 1 to 36500.")
        rule = add_rule(
            kind=AccessKind(kind),
            subject=AccessSubject(subject),
            value=value,
            reason=reason,
            now=now,
            by=None,
            expires_at=None if days is None else now + dt.timedelta(days=days),
        )
        self.stdout.write(f"Rule {rule.pk}. {rule}")

    def remove(self, *, number: list[int], **_: Any) -> None:
        for one in number:
            rule = AccessRule.objects.select_related("user").filter(pk=one).first()
            if rule is None:
                raise CommandError(f"There is no rule {one}.")
            remove_rule(rule=rule, now=timezone.now(), by=None)
            self.stdout.write(f"Removed {one}. {rule}")


def row(rule: AccessRule, now: dt.datetime, refused: int) -> dict[str, Any]:
    return {
        "number": rule.pk,
        "kind": rule.kind,
        "subject": rule.subject,
        "value": rule.named,
        "reason": rule.reason,
        "expires_at": None if rule.expires_at is None else f"{rule.expires_at:%Y-%m-%d %H:%MZ}",
        "over": rule.is_over(now),
        "refused": refused,
        "by": None if rule.by is None else rule.by.get_username(),
    }


def dumped(rows: list[dict[str, Any]]) -> str:
    return json.dumps(rows, indent=2)
