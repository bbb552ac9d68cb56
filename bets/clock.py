"""The database's clock, which every process shares."""

from __future__ import annotations

import datetime as dt

from django.db import connection

EARLIEST = dt.datetime(1990, 1, 1, tzinfo=dt.UTC)
"""Before it nothing that people tell of has happened: such a date is a slip of the hand, in every time zone."""


def database_now() -> dt.datetime:
    """Return the time at which this statement began, in UTC, by the database server's clock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        row = cursor.fetchone()
    now: dt.datetime = row[0]
    return now
