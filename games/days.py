"""Calendar days of a time zone as instants."""

from __future__ import annotations

import datetime as dt
import zoneinfo


def day_bounds(day: dt.date, zone: zoneinfo.ZoneInfo) -> tuple[dt.datetime, dt.datetime]:
    """First instant of the calendar day in the zone and of the next: 23 or 25 hours apart where clocks change."""
    start = dt.datetime.combine(day, dt.time.min, tzinfo=zone)
    end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time.min, tzinfo=zone)
    return start.astimezone(dt.UTC), end.astimezone(dt.UTC)
