"""Every page there is, as staff sees it: what its headers and its markup let a browser do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, Final

import pytest
from django.conf import settings
from django.contrib import admin
from django.test import Client
from django.urls import get_resolver, reverse
from playwright.sync_api import Page
from pytest_django.live_server_helper import LiveServer

from accounts.models import User
from accounts.tests.factories import UserFactory
from bets.tests.factories import ImportBatchFactory
from bettrack.tests.api_world import ids_of_world
from bettrack.tests.test_browser_decisions import sign_in
from bettrack.tests.test_conventions import OURS, SAMPLES, urls
from games.tests.factories import GameFactory

LEAST: Final = 150
"""Fewer answers than these would mean that the walk no longer finds the pages."""
POLICY: Final = {
    "default-src": {"'none'"},
    "script-src": {"'self'"},
    "style-src": {"'self'"},
    "img-src": {"'self'", "data:", "https://a.espncdn.com"},
    "font-src": {"'self'"},
    "connect-src": {"'self'"},
    "frame-ancestors": {"'none'"},
    "base-uri": {"'none'"},
    "manifest-src": {"'self'"},
}
HEADERS: Final = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


@dataclass
class Markup(HTMLParser):
    """What a strict policy would stop, and links that leave the site without care."""

    inline: list[str] = field(default_factory=list)
    careless: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        data = found.get("type") in ("application/json", "application/ld+json")
        if tag == "style" or (tag == "script" and "src" not in found and not data):
            self.inline.append(f"<{tag}>")
        self.inline += [f"{tag} {name}" for name in found if name == "style" or name.startswith("on")]
        self.inline += [
            f"{tag} {name}={value[:40]}"
            for name, value in found.items()
            if name in ("href", "src", "action", "formaction")
            and value.strip().lower().startswith(("javascript:", "vbscript:"))
        ]
        for name in ("src", "data", "poster"):
            if (
                name in found
                and tag in ("script", "iframe", "object", "embed", "video")
                and "//" in found[name]
            ):
                self.inline.append(f"{tag} from {found[name]}")
        if tag in ("a", "area", "form"):
            self.leave(found)

    def leave(self, found: dict[str, str]) -> None:
        place = found.get("href", found.get("action", ""))
        if not re.match(r"(https?:)?//", place) or place.startswith(
            ("http://testserver", settings.BETTRACK_URL)
        ):
            return
        if not {"noopener", "nofollow"} <= set(found.get("rel", "").split()):
            self.careless.append(place)


def samples(world: dict[str, Any], batch: object) -> dict[str, Any]:
    return world | {
        "bet_id": world["bets"],
        "game_id": world["games"],
        "team_id": world["teams"],
        "bankroll_id": world["bankrolls"],
        "operation_id": world["operations"],
        "batch_id": batch,
        "filter_id": world["filters"],
        "edit_id": world["tag-edits"],
        "change_id": world["limits"],
        "action": "void",
        "pk": 1,
        "path": "the-odds-api/v4/sports",
    }


def concrete(path: str, known: dict[str, Any]) -> str:
    """An address of a pattern, with what there is or a sample."""
    thing = re.match(r"api/v1/([\w-]+)/<", path)
    if thing:
        path = re.sub(r"<[^>]*>", str(known.get(thing[1], "x")), path, count=1)
    if path.startswith("accounts/^"):
        path = re.sub(r"\(\?P<\w+>[^)]*\)", "MQ-set-password", path.replace("^", "").replace("$", ""))
    return "/" + re.sub(
        r"<(?:(\w+):)?(\w+)>", lambda m: str(known.get(m[2]) or SAMPLES.get(m[1] or "str", "x")), path
    )


def admin_pages(user: User) -> Iterator[str]:
    for model in admin.site._registry:
        stem = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{stem}_changelist")
        yield reverse(f"{stem}_add")
        if model._meta.app_label in OURS and (row := model._default_manager.first()):
            yield reverse(f"{stem}_change", args=[row.pk])
            yield reverse(f"{stem}_history", args=[row.pk])


@pytest.fixture
def answers() -> dict[str, Any]:
    """The answer to a GET of every address, signed in as staff, by address; API lists by those of `ids_of_world`."""
    owner = UserFactory(is_staff=True, is_superuser=True)
    world = ids_of_world(owner)
    known = samples(world, ImportBatchFactory(user=owner).pk)
    client = Client(raise_request_exception=False)
    client.force_login(owner)
    ends = re.compile(r"logout|stream/|^admin/|<path:path>|format")
    paths = {concrete(path, known) for path, _ in urls(get_resolver()) if not ends.search(path)}
    paths |= set(admin_pages(owner)) | {
        "/admin/",
        "/nowhere/",
        "/api/nowhere/",
        "/admin/nowhere/",
        "/api/v1/docs/",
    }
    return {path: client.get(path) for path in sorted(paths)}


def faults_of(answer: Any) -> list[str]:
    """What is missing from the headers."""
    directives = (part.split() for part in answer.headers.get("Content-Security-Policy", "").split(";"))
    policy = {words[0]: set(words[1:]) for words in directives if words}
    forms = policy.pop("form-action", set())
    found = [
        f"{name}: {answer.headers.get(name)}"
        for name, value in HEADERS.items()
        if answer.headers.get(name) != value
    ]
    if answer.status_code >= 500 and "checks" not in str(answer.content[:200]):  # /readyz: no worker here
        found.append(f"status {answer.status_code}")
    if (
        policy != POLICY
        or not forms
        or not all(each == "'self'" or each.startswith("https://") for each in forms)
    ):
        found.append("policy")
    kept = answer.headers.get("Cache-Control", "")
    if "no-store" not in kept and "private" not in kept and not is_for_everybody(answer):
        found.append(
            f"Cache-Control: {kept}, {answer.headers.get('Content-Type')}, {answer.headers.get('Vary')}"
        )
    return found


def is_for_everybody(answer: Any) -> bool:
    """Whether it says so and has nothing of a visitor: no page, no cookie, and the same for all."""
    kind = answer.headers["Content-Type"].partition(";")[0]
    public = kind in ("image/svg+xml", "application/yaml") and not answer.cookies
    return public and "public" in answer.headers["Cache-Control"]


def html(answers: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for path, answer in answers.items():
        if not answer.streaming and answer.headers.get("Content-Type", "").startswith("text/html"):
            yield path, answer.content.decode()


@pytest.mark.django_db
def test_every_answer_is_strict(answers: dict[str, Any]) -> None:
    assert len(answers) > LEAST
    assert sum(answer.status_code == 200 for answer in answers.values()) > LEAST / 2
    faults = {path: found for path, answer in answers.items() if (found := faults_of(answer))}
    assert not faults
    problems = {}
    for path, text in html(answers):
        markup = Markup()
        markup.feed(text)
        if markup.inline or markup.careless:
            problems[path] = (markup.inline[:3], markup.careless[:3])
    assert not problems


@pytest.mark.django_db
def test_error_pages_are_strict_and_tell_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("hunter2")

    monkeypatch.setattr("odds.views.current_zone", broken)
    client = Client(raise_request_exception=False)
    for path, status in (("/", 500), ("/nowhere/", 404), ("/accounts/login/?next=http://[", 400)):
        answer = client.get(path)
        assert answer.status_code == status, path
        assert not [each for each in faults_of(answer) if not each.startswith("status")], path
        assert not re.search(rb"Traceback|hunter2|RuntimeError|odds/views", answer.content)


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_chromium_finds_no_breach_of_the_policy(screen: Page, live_server: LiveServer) -> None:
    """On pages whose markup and scripts are not ours; `screen` fails on what the console says."""
    owner = UserFactory(is_staff=True, is_superuser=True)
    game = GameFactory()
    sign_in(screen.context, owner, live_server)
    for path in (
        "/admin/",
        "/admin/games/game/",
        f"/admin/games/game/{game.pk}/change/",
        "/admin/accounts/user/add/",
        "/api/v1/docs/",
        "/status/",
        "/accounts/second-factor/webauthn/add/",
        "/nowhere/",
    ):
        screen.goto(live_server.url + path)
        screen.wait_for_load_state("networkidle")
