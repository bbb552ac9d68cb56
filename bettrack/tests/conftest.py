"""A real Chromium for the browser tests: the one BETTRACK_CHROMIUM names, else the first on PATH."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route

NAMES = ("chromium", "chromium-browser", "google-chrome")
NOISE = "Failed to load resource"


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser. Without one the test is skipped, or fails where BETTRACK_REQUIRE_BROWSER is set."""
    path = os.environ.get("BETTRACK_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path and os.access(path, os.X_OK):
        return path
    reason = (
        f"no browser: {path} cannot be run (BETTRACK_CHROMIUM)"
        if path
        else f"no browser: none of {', '.join(NAMES)} is on PATH (BETTRACK_CHROMIUM names one)"
    )
    if os.environ.get("BETTRACK_REQUIRE_BROWSER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def browser_type_launch_args(chromium: str) -> dict[str, Any]:
    """Start the browser found; its event loop lives in this thread, where Django then has to work."""
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    return {"executable_path": chromium, "args": ["--no-sandbox", "--disable-dev-shm-usage"]}


def stay_at_home(context: BrowserContext) -> None:
    """Let the browser talk to this machine alone, so that no logo is fetched."""

    def go_on(route: Route) -> None:
        if "://127.0.0.1" in route.request.url or "://localhost" in route.request.url:
            route.continue_()
        else:
            route.abort()

    context.route("**/*", go_on)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser profile of the test's own, without cookies."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    stay_at_home(context)
    yield context
    context.close()


@pytest.fixture(params=[(375, "light"), (1440, "dark")], ids=["phone, light", "desktop, dark"])
def look(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    """A page of each size and theme that lets axe-core in past the content security policy."""
    width, scheme = request.param
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
    )
    stay_at_home(context)
    yield context.new_page()
    context.close()


@pytest.fixture
def screen(context: BrowserContext) -> Iterator[Page]:
    """A page whose console must stay free of errors, such as a breach of the content security policy."""
    page = context.new_page()
    said: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type == "error" and NOISE not in message.text:
            said.append(message.text)

    page.on("console", listen)
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    assert not said
