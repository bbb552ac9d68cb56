"""How ages read in tables."""

from __future__ import annotations

import datetime as dt

from django import template

from odds.wording import duration

register = template.Library()


@register.filter
def age(length: dt.timedelta | None) -> str:
    """ "48 min"; a dash where there is nothing to be old."""
    return "–" if length is None else duration(length)
