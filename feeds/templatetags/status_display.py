"""How the status page writes shares, times and bars."""

from __future__ import annotations

import datetime as dt
from fractions import Fraction
from functools import lru_cache
from typing import Final

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from feeds.monitoring.page import Bar, MonitorRow, share_text
from feeds.monitoring.transitions import Status
from feeds.monitoring.uptime import BEFORE, MIXED, Sums

register = template.Library()

STEP: Final = 4
TALL: Final = 32
HEIGHTS: Final = {
    BEFORE: 3, Status.UNKNOWN.value: 8, Status.MAINTENANCE.value: 15, Status.UP.value: 24, MIXED: 28,
}  # fmt: skip
"""Bars differ in height too, for who does not tell the colours apart."""
PILLS: Final = {
    Status.UP: "won", Status.DOWN: "lost", Status.UNKNOWN: "pending", Status.MAINTENANCE: "plain",
}  # fmt: skip
WORDS: Final = {
    Status.UP.value: "up", MIXED: "down for a part", Status.DOWN.value: "down",
    Status.UNKNOWN.value: "not known", Status.MAINTENANCE.value: "maintenance", BEFORE: "not watched yet",
}  # fmt: skip


@register.filter
def share(value: Fraction | None) -> str:
    """A share as per cent, never rounded up."""
    return share_text(value)


@register.filter
def pill(status: Status) -> str:
    return PILLS[status]


@register.filter
def lasted(time: dt.timedelta) -> str:
    """A length of time in its two largest units."""
    seconds = int(time.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    days, hours, minutes = seconds // 86_400, seconds // 3_600 % 24, seconds // 60 % 60
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min"


@register.filter
def day_words(sums: Sums) -> str:
    """A day in words: its state and how long it was otherwise."""
    parts = [WORDS[sums.state]]
    if sums.down:
        parts.append(f"{lasted(sums.down)} down")
    if sums.unknown and sums.state != Status.UNKNOWN:
        parts.append(f"{lasted(sums.unknown)} not known")
    return ", ".join(parts)


@register.filter
def down_words(sums: Sums) -> str:
    """How long it was down on a day, and how long nobody knew."""
    unknown = f", {lasted(sums.unknown)} not known" if sums.unknown else ""
    return f"{lasted(sums.down)} down{unknown}"


@register.simple_tag
def bars(row: MonitorRow) -> SafeString:
    """The days of a monitor as a picture with a text instead; each bar has its day as a title."""
    return format_html(
        '<svg class="bars" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        len(row.bars) * STEP - 1,
        TALL,
        in_words(row),
        mark_safe("".join(rect(place, bar) for place, bar in enumerate(row.bars))),  # noqa: S308 - each is safe
    )


@lru_cache(maxsize=16_384)
def rect(place: int, bar: Bar) -> SafeString:
    """One day of the picture; kept, since days that are over never change."""
    height = HEIGHTS.get(bar.state, TALL)
    return format_html(
        '<rect class="{}" x="{}" y="{}" width="3" height="{}"><title>{}: {}</title></rect>',
        bar.state,
        place * STEP,
        TALL - height,
        height,
        f"{bar.day:%-d %b}",
        day_words(bar.sums),
    )


def in_words(row: MonitorRow) -> str:
    """What the picture shows, for who does not see it."""
    whole, downs = row.whole, len(row.notable)
    if whole.uptime is None:
        return f"{row.name}, 90 days: no figure yet."
    days = "on no day down" if not downs else f"down on {downs} day{'' if downs == 1 else 's'}"
    return f"{row.name}, 90 days: {share_text(whole.uptime)} up of {lasted(whole.up + whole.down)} known, {days}."
