"""The day and the week that a loss is counted in: from midnight to midnight in one time zone. Pure."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Period:
    """From ``start`` up to ``end``, both UTC, the latter excluded."""

    start: dt.datetime
    end: dt.datetime


def day_of(at: dt.datetime, zone: str) -> Period:
    """Return the day an instant falls in. Where clocks change it has 23 or 25 hours."""
    return days_from(local_date(at, zone), 1, zone)


def week_of(at: dt.datetime, zone: str) -> Period:
    """Return the week an instant falls in, from Monday to Sunday."""
    day = local_date(at, zone)
    return days_from(day - dt.timedelta(days=day.weekday()), 7, zone)


def local_date(at: dt.datetime, zone: str) -> dt.date:
    return at.astimezone(zoneinfo.ZoneInfo(zone)).date()


def days_from(first: dt.date, days: int, zone: str) -> Period:
    return Period(midnight(first, zone), midnight(first + dt.timedelta(days=days), zone))


def midnight(day: dt.date, zone: str) -> dt.datetime:
    """Return the instant a day begins, in UTC."""
    return dt.datetime.combine(day, dt.time(), zoneinfo.ZoneInfo(zone)).astimezone(dt.UTC)
