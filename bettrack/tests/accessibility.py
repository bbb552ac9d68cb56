"""What axe-core, the accessibility checker, finds on a page."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SERIOUS = ("serious", "critical")


def findings(page: Page) -> list[tuple[str, str]]:
    """Rule and first element of every serious or critical finding; the page must be opened past its CSP."""
    violations = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"][:160]) for one in violations if one["impact"] in SERIOUS]


def faults(look: Page, base: str, paths: list[str]) -> list[tuple[str, str, str]]:
    """The findings on each path of a site, with the path they are on."""
    found = []
    for path in paths:
        look.goto(base + path)
        found += [(path, *one) for one in findings(look)]
    return found
