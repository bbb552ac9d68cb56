"""The register of what belongs to a person, which deletion follows. Each app tells of its own models in ``ready``.

A model with a path to a person is either *owned* (its rows go with the account) or *kept* (the rows belong to others
or to the site, and only the name goes). A test demands an answer for every such model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import ForeignKey, ManyToManyField, QuerySet

from accounts.models import User


@dataclass(frozen=True)
class Owned:
    """Rows that go: ``path`` leads to the person (``bet__user``); ``words``, one and many, are shown, if given."""

    model: type[models.Model]
    path: str
    words: tuple[str, str] | None = None

    def rows(self, user: User) -> QuerySet[Any]:
        """The person's rows."""
        return self.model._base_manager.filter(**{self.path: user.pk})


@dataclass(frozen=True)
class Kept:
    """Rows of others that name the person in ``field``: the name is taken off, by the database or by ``forget``."""

    model: type[models.Model]
    field: str
    forget: Callable[[User], None] | None = None
    words: tuple[str, str] | None = None

    def rows(self, user: User) -> QuerySet[Any]:
        """The rows that name the person and do not go with the account."""
        named = self.model._base_manager.filter(**{self.field: user.pk})
        going = _owned.get(self.model)
        return named if going is None else named.exclude(**{going.path: user.pk})


Step = Callable[[User], Callable[[], None]]
"""Called with the account locked, before anything is deleted; what it returns is called afterwards, in the same transaction."""

_owned: dict[type[models.Model], Owned] = {}
_kept: dict[tuple[type[models.Model], str], Kept] = {}
_steps: list[Step] = []
_earlier_locks: list[Callable[[User], None]] = []


def owns(label: str, path: str = "user", words: tuple[str, str] | None = None) -> None:
    """Register a model (``bets.Bet``) whose rows go with the account. An old answer is replaced."""
    model = apps.get_model(label)
    _owned[model] = Owned(model, path, words)


def keeps(
    label: str,
    field: str,
    *,
    forget: Callable[[User], None] | None = None,
    words: tuple[str, str] | None = None,
) -> None:
    """Register a field that names a person in rows which stay; ``forget`` takes the name off if the database does not."""
    model = apps.get_model(label)
    _kept[model, field] = Kept(model, field, forget, words)


def settles(step: Step) -> None:
    """Register what else has to be put right when an account is deleted."""
    if step not in _steps:
        _steps.append(step)


def locks_first(lock: Callable[[User], None]) -> None:
    """Register what has to be locked before the account is, in the order in which the app's own services lock."""
    if lock not in _earlier_locks:
        _earlier_locks.append(lock)


def earlier_locks() -> list[Callable[[User], None]]:
    return list(_earlier_locks)


def kept() -> list[Kept]:
    return list(_kept.values())


def steps() -> list[Step]:
    return list(_steps)


def owned() -> list[Owned]:
    """What goes, in an order in which nothing is deleted before what refers to it."""
    waiting = dict(_owned)
    ordered: list[Owned] = []
    while waiting:
        free = [model for model in waiting if not _referred_to(model, waiting)]
        for model in free or list(waiting):
            ordered.append(waiting.pop(model))
    return ordered


def _referred_to(model: type[models.Model], by: Iterable[type[models.Model]]) -> bool:
    return any(
        field.related_model is model
        for other in by
        if other is not model
        for field in other._meta.get_fields()
        if isinstance(field, ForeignKey | ManyToManyField)
    )
