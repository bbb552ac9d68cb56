"""The page that compares bookmakers: their prices now, and over a time past what these were worth."""

from __future__ import annotations

import contextlib
import datetime as dt
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Final

from django.core.cache import cache
from redis.exceptions import RedisError

from odds.book_report import BookNow, books_now
from odds.closing_accuracy import Accuracy, closing_accuracy
from odds.edges.offers import read_lines
from odds.first_movers import Leads, first_movers
from odds.models import Bookmaker

AHEAD: Final = dt.timedelta(days=7)
PERIODS: Final = {"7": "7 days", "30": "30 days", "90": "90 days"}
USUAL_DAYS: Final = 30
PRESENT_SECONDS: Final = 60
KEPT_SECONDS: Final = 600
"""Twice the time after which beat asks anew."""


@dataclass(frozen=True, slots=True)
class BookRow:
    now: BookNow
    accuracy: Accuracy | None
    led: int
    joined: int

    @property
    def led_share(self) -> Fraction | None:
        """The share of the moves it took part in that it began."""
        return Fraction(self.led, self.joined) if self.joined else None


@dataclass(frozen=True, slots=True)
class History:
    """What the archive says of a time past, and when it was asked."""

    accuracy: list[Accuracy]
    leads: Leads
    at: dt.datetime


@dataclass(frozen=True, slots=True)
class Present:
    """The books on the lines of coming games, and when they were compared."""

    books: list[BookNow]
    lines: int
    at: dt.datetime


@dataclass(frozen=True)
class BooksPage:
    rows: list[BookRow]
    present: Present
    history: History
    days: int
    chosen: Accuracy | None

    @cached_property
    def titles(self) -> dict[str, str]:
        """The books' names by key."""
        return {row.now.key: row.now.title for row in self.rows}

    @cached_property
    def widest_hold(self) -> Fraction:
        return max((row.now.hold for row in self.rows if row.now.hold), default=Fraction(1))


def read_books(*, now: dt.datetime, sport: str | None, days: int, book: str) -> BooksPage:
    """Compare the books on the games of the week ahead and the ``days`` past; ``book`` has its calibration drawn.

    What concerns the past is kept for ten minutes, the present for one; both say so.
    """
    found = read_present(now=now, sport=sport)
    history = read_history(now=now, sport=sport, days=days)
    accuracy = {one.book_key: one for one in history.accuracy}
    present = list(found.books)
    listed = {one.key for one in present}
    past = Bookmaker.objects.filter(key__in=accuracy.keys() - listed).order_by("title")
    present += [BookNow(one.key, one.title) for one in past]
    rows = [
        BookRow(
            one,
            accuracy.get(one.key),
            history.leads.led[one.key],
            history.leads.joined[one.key],
        )
        for one in present
    ]
    chosen = accuracy.get(book) or next(iter(history.accuracy), None)
    return BooksPage(rows, found, history, days, chosen)


def read_present(*, now: dt.datetime, sport: str | None) -> Present:
    """The books compared on the lines of the week ahead; as kept in Redis where it answers. One statement."""
    key = f"books-now:{sport or ''}"
    kept: Present | None = None
    with contextlib.suppress(RedisError):
        kept = cache.get(key)
    if kept is None:
        lines = read_lines(now=now, ahead=AHEAD, sport=sport)
        kept = Present(books_now(lines), len(lines), now)
        if lines:
            with contextlib.suppress(RedisError):
                cache.set(key, kept, PRESENT_SECONDS)
    return kept


def read_history(*, now: dt.datetime, sport: str | None, days: int) -> History:
    """What the archive says of the days past; as kept in Redis where it answers."""
    kept: History | None = None
    with contextlib.suppress(RedisError):
        kept = cache.get(key_of(sport, days))
    return kept or keep_history(now=now, sport=sport, days=days)


def keep_history(*, now: dt.datetime, sport: str | None = None, days: int = USUAL_DAYS) -> History:
    """Ask the archive in two statements, and keep the answer; beat does it for what the page shows at first."""
    since = now - dt.timedelta(days=days)
    found = History(
        closing_accuracy(since=since, until=now, sport=sport),
        first_movers(since=since, until=now, sport=sport),
        now,
    )
    with contextlib.suppress(RedisError):
        cache.set(key_of(sport, days), found, KEPT_SECONDS)
    return found


def key_of(sport: str | None, days: int) -> str:
    return f"books:{sport or ''}:{days}"
