from __future__ import annotations

import re
from typing import Final

from allauth.socialaccount.models import SocialAccount
from django import template

PROVIDERS: Final = {"google": "Google", "github": "GitHub"}
register = template.Library()

BROWSERS: Final = (
    ("Edge", r"\bEdg(?:e|A|iOS)?/"),
    ("Opera", r"\bOPR/"),
    ("Samsung Internet", r"\bSamsungBrowser/"),
    ("Firefox", r"\b(?:Firefox|FxiOS)/"),
    ("Chrome", r"(?:Chrome|CriOS|Chromium)/"),
    ("Safari", r"\bSafari/"),
    ("curl", r"^curl/"),
)
SYSTEMS: Final = (
    ("iPhone", r"\biPhone\b"),
    ("iPad", r"\biPad\b"),
    ("Android", r"\bAndroid\b"),
    ("Windows", r"\bWindows\b"),
    ("macOS", r"\bMac OS X\b"),
    ("ChromeOS", r"\bCrOS\b"),
    ("Linux", r"\bLinux\b"),
)


@register.filter
def browser(user_agent: str) -> str:
    """Name browser and system of a User-Agent: ``Firefox on Windows``; what is not known is left as it says."""
    name = _first(BROWSERS, user_agent)
    system = _first(SYSTEMS, user_agent)
    if name and system:
        return f"{name} on {system}"
    return name or system or user_agent[:60] or "Unknown browser"


@register.filter
def connection(account: SocialAccount) -> str:
    """Name an account elsewhere, of a provider that may not be set up any more: ``GitHub: ada-l``."""
    said = account.extra_data
    return f"{PROVIDERS.get(account.provider, account.provider)}: {said.get('login') or said.get('email') or account.uid}"


def _first(kinds: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for name, pattern in kinds if re.search(pattern, user_agent)), "")
