"""How pages look to whoever asks: theme and odds format, signed in or not."""

from __future__ import annotations

from django.http import HttpRequest

from accounts.models import OddsFormat, Theme

THEME_COOKIE = "theme"


def theme_of(request: HttpRequest) -> str:
    """``light``, ``dark`` or ``system``: the account's, else the cookie's."""
    if request.user.is_authenticated:
        return request.user.theme
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in Theme.values else Theme.SYSTEM.value


def odds_format_of(request: HttpRequest) -> str:
    """``american``, ``decimal`` or ``fractional``: the account's, else American."""
    return request.user.odds_format if request.user.is_authenticated else OddsFormat.AMERICAN.value


def appearance(request: HttpRequest) -> dict[str, str]:
    """Context of every page: ``theme`` and ``odds_format``."""
    if not hasattr(request, "user"):
        return {"theme": Theme.SYSTEM.value, "odds_format": OddsFormat.AMERICAN.value}
    return {"theme": theme_of(request), "odds_format": odds_format_of(request)}
