"""Uptime by duration equals what counting minute by minute gives; what nobody saw is never up."""

from __future__ import annotations

import datetime as dt
import itertools
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feeds.monitoring.page import share_text
from feeds.monitoring.transitions import VOUCHED, Status
from feeds.monitoring.uptime import (
    BEFORE,
    MIXED,
    History,
    Sums,
    Turn,
    spans_of,
    sums_by_day,
    sums_of,
)

START = dt.datetime(2026, 11, 17, 0, 0, tzinfo=dt.UTC)
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
UP, DOWN, UNKNOWN, REST = Status.UP, Status.DOWN, Status.UNKNOWN, Status.MAINTENANCE
LENGTH = 2 * 24 * 60


@st.composite
def histories(draw: st.DrawFn) -> tuple[History, int]:
    """A monitor of whole minutes with its turns, and the minute that is now."""
    begun = draw(st.integers(0, LENGTH // 2))
    now = draw(st.integers(begun + 1, LENGTH))
    at = sorted(draw(st.sets(st.integers(begun, now), max_size=12)))
    status, turns = UNKNOWN, []
    for minute in at:
        new = draw(st.sampled_from([one for one in Status if one is not status]))
        turns.append(Turn(START + minute * MINUTE, status, new))
        status = new
    checked = draw(st.integers(at[-1] if at else begun, now))
    return History(status, START + begun * MINUTE, START + checked * MINUTE, turns), now


def brute(history: History, since: int, until: int) -> dict[Status, int]:
    """The minutes of each status, looked at one by one."""
    counts = dict.fromkeys(Status, 0)
    assert history.checked_at is not None
    for minute in range(since, until):
        at = START + minute * MINUTE
        if at < history.begun_at:
            continue
        held = UNKNOWN
        for turn in history.turns:
            if turn.at <= at:
                held = turn.new
        counts[UNKNOWN if at >= history.checked_at + VOUCHED else held] += 1
    return counts


@settings(max_examples=60)
@given(histories(), st.integers(0, LENGTH))
def test_sums_are_those_of_counting_minute_by_minute(drawn: tuple[History, int], since: int) -> None:
    history, now = drawn
    since = min(since, now)
    begin, end = START + since * MINUTE, START + now * MINUTE
    # the page reads the turns within the period alone
    seen = History(
        history.status, history.begun_at, history.checked_at, [one for one in history.turns if one.at > begin]
    )
    sums = sums_of(list(spans_of(seen, since=begin, until=end)), since=begin, until=end)
    counted = brute(history, since, now)
    assert (sums.up, sums.down, sums.maintenance, sums.unknown) == tuple(
        counted[one] * MINUTE for one in (UP, DOWN, REST, UNKNOWN)
    )
    known = counted[UP] + counted[DOWN]
    assert sums.uptime == (Fraction(counted[UP], known) if known else None)
    if now > since:
        assert sums.coverage == Fraction(known + counted[REST], now - since)


@settings(max_examples=60)
@given(histories())
def test_the_days_together_are_the_whole(drawn: tuple[History, int]) -> None:
    history, now = drawn
    end = START + now * MINUTE
    days = (end.date() - START.date()).days + 1
    spans = list(spans_of(history, since=START, until=end))
    by_day = sums_by_day(spans, days=days, now=end)
    whole = sums_of(spans, since=START, until=end)
    assert [day for day, _ in by_day] == [(START + n * DAY).date() for n in range(days)]
    for name in ("whole", "up", "down", "maintenance", "unknown"):
        assert sum((getattr(sums, name) for _, sums in by_day), dt.timedelta()) == getattr(whole, name)


@settings(max_examples=60)
@given(histories())
def test_stretches_leave_no_gap_and_do_not_overlap(drawn: tuple[History, int]) -> None:
    history, now = drawn
    spans = list(spans_of(history, since=START, until=START + now * MINUTE))
    assert all(span.start < span.end for span in spans)
    assert all(before.end == after.start for before, after in itertools.pairwise(spans))
    if spans:
        assert (spans[0].start, spans[-1].end) == (history.begun_at, START + now * MINUTE)


@pytest.mark.parametrize(
    ("sums", "state"),
    [
        (Sums(DAY), BEFORE),
        (Sums(DAY, up=DAY), UP),
        (Sums(DAY, up=10 * HOUR), UP),
        (Sums(DAY, up=12 * HOUR, unknown=12 * HOUR), UP),
        (Sums(DAY, up=11 * HOUR, unknown=13 * HOUR), UNKNOWN),
        (Sums(DAY, up=23 * HOUR, down=HOUR), MIXED),
        (Sums(DAY, up=12 * HOUR, down=12 * HOUR), DOWN),
        (Sums(DAY, down=MINUTE, unknown=23 * HOUR), DOWN),
        (Sums(DAY, maintenance=DAY), REST),
        (Sums(DAY, maintenance=23 * HOUR, up=HOUR), UP),
        (Sums(DAY, unknown=HOUR), UNKNOWN),
    ],
)
def test_a_bar_tells_the_worst_of_its_day(sums: Sums, state: str) -> None:
    assert sums.state == state


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (None, "no figure"),
        (Fraction(1), "100 %"),
        (Fraction(999_999, 1_000_000), "99.99 %"),
        (Fraction(2, 3), "66.66 %"),
        (Fraction(0), "0.00 %"),
        (Fraction(1, 20_000), "0.00 %"),
    ],
)
def test_a_share_is_never_rounded_up(share: Fraction | None, text: str) -> None:
    assert share_text(share) == text
