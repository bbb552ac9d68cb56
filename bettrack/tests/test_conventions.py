"""The house rules that a machine can check."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import current_app
from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from factory.django import DjangoModelFactory

import bettrack.celery  # noqa: F401 - registers the beat table

OURS = ["accounts", "games", "odds", "bets", "feeds"]
MODELS = [model for label in OURS for model in apps.get_app_config(label).get_models()]
MONEY = re.compile(r"(stake|payout|amount|balance|odds|price|cap|commission|boost)")
MONEY_WITHOUT_CHECK = {
    # a balance is checked by the sum in its line, a previous price was checked when it was current
    ("ledger_entries", "balance_before"),
    ("current_odds", "previous_price"),
}


def ids(models_: list[type[models.Model]]) -> list[str]:
    return [model.__name__ for model in models_]


def checks_of(model: type[models.Model]) -> str:
    return " ".join(
        str(c.condition) for c in model._meta.constraints if isinstance(c, models.CheckConstraint)
    )


@pytest.mark.parametrize("model", MODELS, ids=ids(MODELS))
class TestModels:
    def test_no_field_is_a_float(self, model: type[models.Model]) -> None:
        assert not [f.name for f in model._meta.get_fields() if isinstance(f, models.FloatField)]

    def test_table_is_plural_snake_case_and_not_djangos_default(self, model: type[models.Model]) -> None:
        table = model._meta.db_table
        assert not table.startswith(f"{model._meta.app_label}_")
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", table)
        assert table.endswith(("s", "odds"))

    def test_every_enumeration_has_a_check(self, model: type[models.Model]) -> None:
        checks = checks_of(model)
        bare = [
            field.name
            for field in model._meta.local_fields
            if field.choices and f"'{field.name}__in'" not in checks
        ]
        assert not bare

    def test_every_money_and_odds_column_has_a_check(self, model: type[models.Model]) -> None:
        checks = checks_of(model)
        bare = [
            field.name
            for field in model._meta.local_fields
            if isinstance(field, models.DecimalField)
            and MONEY.search(field.name)
            and (model._meta.db_table, field.name) not in MONEY_WITHOUT_CHECK
            and not re.search(rf"'{field.name}(__\w+)?'|F\({field.name}\)", checks)
        ]
        assert not bare

    def test_rows_come_in_an_explicit_order(self, model: type[models.Model]) -> None:
        assert model._meta.ordering

    def test_staff_find_it_in_the_admin(self, model: type[models.Model]) -> None:
        assert model in admin.site._registry

    def test_it_has_a_factory(self, model: type[models.Model]) -> None:
        module = importlib.import_module(f"{model._meta.app_label}.tests.factories")
        made = {
            factory._meta.model
            for factory in vars(module).values()
            if isinstance(factory, type) and issubclass(factory, DjangoModelFactory)
        }
        assert model in made


PUBLIC = re.compile(
    r"""^(
        $                        # board
      | books/$ | edges/ | futures/ | games/ | teams/ | healthz$ | readyz$ | status/
      | accounts/ | admin/       # allauth and the admin guard themselves
      | account/theme/           # a visitor may switch to dark
      | bets/slip/               # a visitor may fill a slip, not place it
      | record/                  # what its owner has published; other links are not found
      | tools/settlement/        # arithmetic on what the visitor enters
      | sandbox/
      | api/                     # its views guard themselves: test_api_permissions walks them all
      )""",
    re.VERBOSE,
)
SAMPLES = {"uuid": "01a1fbd5-52dd-759d-9a42-33c8b80fcb88", "int": "1", "str": "x", "slug": "x"}


def urls(resolver: URLResolver, prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from urls(entry, path)
        else:
            yield path, entry


PRIVATE = sorted({path for path, _ in urls(get_resolver()) if not PUBLIC.match(path)})


@pytest.mark.django_db
@pytest.mark.parametrize("path", PRIVATE)
def test_every_private_url_sends_a_stranger_to_sign_in(path: str, client: Client) -> None:
    concrete = re.sub(r"<(?:(\w+):)?\w+>", lambda m: SAMPLES[m[1] or "str"], path)
    for call in (client.get, client.post):
        response = call(f"/{concrete}")
        assert response.status_code in (302, 403, 404, 405)
        if response.status_code == 302:
            assert response.headers["Location"].startswith("/accounts/login/")


def test_some_urls_are_private() -> None:
    assert any(path.startswith("bets/") for path in PRIVATE)


def test_every_beat_entry_names_a_real_task() -> None:
    current_app.loader.import_default_modules()
    for name, entry in current_app.conf.beat_schedule.items():
        assert entry["task"] in current_app.tasks, name


def test_every_requirement_says_why_it_is_there() -> None:
    for line in Path(settings.BASE_DIR, "requirements.txt").read_text().splitlines():
        if line and not line.startswith(("#", "tzdata")):
            assert "#" in line, line


def test_templates_have_no_inline_script_style_or_handler() -> None:
    inline = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", re.IGNORECASE)
    folder = Path(settings.BASE_DIR, "templates")
    found = [str(p.relative_to(folder)) for p in folder.rglob("*.html") if inline.search(p.read_text())]
    assert not found


def test_modules_stay_under_four_hundred_lines() -> None:
    base = Path(settings.BASE_DIR)
    long = [
        str(path.relative_to(base))
        for app in ["bettrack", "rest", *OURS]
        for path in (base / app).rglob("*.py")
        if "migrations" not in path.parts and len(path.read_text().splitlines()) > 400
    ]
    assert not long
