"""Reading the trail: filters, pages that stay where they are, and names for what it refers to."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from django.apps import apps
from django.contrib import admin
from django.db.models import BooleanField, Model, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.fields.json import KeyTextTransform
from django.urls import NoReverseMatch, reverse
from pghistory.models import Context

from accounts.access.models import Network
from accounts.audit.context import tracked_tables
from accounts.audit.models import AuditEvent
from accounts.models import ApiKey, User
from rest.keyset import page

PAGE: Final = 50
OF_ITS_BET: Final = frozenset({"bet_legs", "bet_events", "imported_legs"})
"""Tables whose events are about the bet that the row belongs to."""
OF_ITS_GAME: Final = frozenset({"score_readings", "player_stats", "placings"})
OF_ITS_PERSON: Final = frozenset({
    "users_groups", "users_user_permissions", "account_emailaddress", "mfa_authenticator", "account_events",
    "socialaccount_socialaccount",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What is looked for. Empty fields look for everything; ``until`` is not included."""

    person: uuid.UUID | None = None
    role: str = "either"
    kind: str = ""
    object_id: str = ""
    action: str = ""
    network: Network | None = None
    work: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: after this event, in the order newest first."""

    at: dt.datetime
    id: int

    def __str__(self) -> str:
        return f"{self.at.isoformat()}~{self.id}"

    @classmethod
    def read(cls, text: str) -> Place:
        """Raises ValueError."""
        at, _, number = text.partition("~")
        place = cls(dt.datetime.fromisoformat(at), int(number))
        if place.at.tzinfo is None or not 0 <= place.id < 2**63:
            raise ValueError("no place in the trail")
        return place


def events(asked: Asked) -> QuerySet[AuditEvent]:
    """The events looked for, newest first, with their contexts."""
    found = AuditEvent.objects.select_related("context").order_by("-at", "-id")
    for name in ("kind", "action", "object_id"):
        if value := getattr(asked, name):
            found = found.filter(**{name: value})
    if asked.since is not None:
        found = found.filter(at__gte=asked.since)
    if asked.until is not None:
        found = found.filter(at__lt=asked.until)
    if asked.person is not None:
        by = Q(context__in=contexts_of(asked.person))
        about = Q(owner=asked.person) | Q(object_id=str(asked.person))
        found = found.filter({"by": by, "about": about}.get(asked.role, by | about))
    if asked.network is not None:
        found = found.filter(context__in=contexts_from(asked.network))
    if asked.work:
        works = Q(context__metadata__task=asked.work) | Q(context__metadata__command=asked.work)
        found = found.filter(works)
    return found


def contexts_of(person: uuid.UUID) -> QuerySet[Context, Any]:
    """By the index audit_context_user."""
    named = Context.objects.filter(metadata__has_key="user")
    return named.annotate(person=KeyTextTransform("user", "metadata")).filter(person=str(person)).values("pk")


def contexts_from(network: Network) -> QuerySet[Context, Any]:
    """By the index audit_context_address."""
    inside = RawSQL("(metadata ->> 'address')::inet <<= %s::inet", [str(network)], BooleanField())
    named = Context.objects.filter(metadata__has_key="address")
    return named.annotate(inside=inside).filter(inside=True).values("pk")


def page_of(asked: Asked, after: Place | None, size: int = PAGE) -> tuple[list[AuditEvent], Place | None]:
    """One page and where the next begins; one statement."""
    found = page(events(asked), size, after=None if after is None else [after.at, after.id])
    last = found.rows[-1] if found.has_after else None
    return found.rows, None if last is None else Place(last.at, last.pk)


def every(asked: Asked, *, most: int, size: int = 1_000) -> Iterator[list[AuditEvent]]:
    """All that is looked for, some at a time, up to ``most``."""
    place: Place | None = None
    left = most
    while left > 0:
        rows, place = page_of(asked, place, min(size, left))
        if rows:
            yield rows
        left -= len(rows)
        if place is None:
            return


@dataclass(frozen=True, slots=True)
class Names:
    """What ids in events stand for: people and keys."""

    people: dict[str, str]
    keys: dict[str, str]


def names_for(rows: Iterable[AuditEvent]) -> Names:
    """Two statements at most, whatever the number of rows."""
    people, keys = set(), set()
    for row in rows:
        known = metadata_of(row)
        people |= {str(known.get("user") or ""), str(row.owner_id or "")}
        keys.add(str(known.get("key") or ""))
        if row.kind in OF_ITS_PERSON or row.kind == "users":
            people.add(row.object_id)
    users = User.objects.filter(pk__in=uuids(people)).values_list("pk", "username") if uuids(people) else []
    found = ApiKey.objects.filter(pk__in=uuids(keys)).values_list("pk", "name") if uuids(keys) else []
    return Names({str(key): name for key, name in users}, {str(key): name for key, name in found})


def uuids(texts: Iterable[str]) -> list[uuid.UUID]:
    found = []
    for text in texts:
        try:
            found.append(uuid.UUID(text))
        except ValueError:
            continue
    return found


def metadata_of(event: AuditEvent) -> dict[str, Any]:
    return dict(event.context.metadata) if event.context_id and event.context else {}


@cache
def models_by_table() -> dict[str, type[Model]]:
    tables = tracked_tables()
    return {
        model._meta.db_table: model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.db_table in tables and not model._meta.proxy
    }


def address_of_object(event: AuditEvent) -> str:
    """Where staff see the object; '' where there is no such page."""
    table = event.kind
    if table == "ledger_entries":
        moved = (event.after or {}).get("bankroll_id")
        table = "bankrolls" if moved == event.object_id else "bets"
    for tables, shown in ((OF_ITS_BET, "bets"), (OF_ITS_GAME, "games"), (OF_ITS_PERSON, "users")):
        if table in tables:
            table = shown
    model = models_by_table().get(table)
    if model is None or not event.object_id or not admin.site.is_registered(model):
        return ""
    try:
        return reverse(
            f"admin:{model._meta.app_label}_{model._meta.model_name}_change", args=[event.object_id]
        )
    except NoReverseMatch:
        return ""
