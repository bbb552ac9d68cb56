"""The database's clock, which every process shares."""

from __future__ import annotations

import datetime as dt

from django.db import connection


def database_now() -> dt.datetime:
    """Return the time at which this statement began, in UTC, by the database server's clock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        row = cursor.fetchone()
    now: dt.datetime = row[0]
    return now
