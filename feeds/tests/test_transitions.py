"""How a status follows from checks: three failures, two successes, and what nobody saw is not known."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds.monitoring.transitions import VOUCHED, Change, State, Status, Verdict, status_at, step

NOW = dt.datetime(2026, 11, 20, 18, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
OK, FAILING, OFF = Verdict.OK, Verdict.FAILING, Verdict.OFF


def walk(
    verdicts: Sequence[Verdict], pauses: Sequence[dt.timedelta] = (), state: State | None = None
) -> tuple[State, list[Change]]:
    """The checks one after the other, a minute apart or as told."""
    state, changes, now = state or State(), list[Change](), NOW
    for n, verdict in enumerate(verdicts):
        state, found = step(state, verdict, now)
        changes += found
        now += pauses[n] if n < len(pauses) else MINUTE
    return state, changes


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        ([OK], Status.UNKNOWN),
        ([OK, OK], Status.UP),
        ([FAILING, FAILING], Status.UNKNOWN),
        ([FAILING, FAILING, FAILING], Status.DOWN),
        ([OK, OK, FAILING, FAILING], Status.UP),
        ([OK, OK, FAILING, FAILING, OK, FAILING, FAILING], Status.UP),
        ([OK, OK, FAILING, FAILING, FAILING], Status.DOWN),
        ([FAILING] * 3 + [OK], Status.DOWN),
        ([FAILING] * 3 + [OK, FAILING, OK], Status.DOWN),
        ([FAILING] * 3 + [OK, OK], Status.UP),
        ([OFF], Status.MAINTENANCE),
        ([OK, OK, OFF], Status.MAINTENANCE),
        ([FAILING] * 3 + [OFF], Status.MAINTENANCE),
        ([OFF, FAILING, FAILING], Status.MAINTENANCE),
        ([OFF, FAILING, FAILING, FAILING], Status.DOWN),
    ],
)
def test_three_failures_make_it_down_and_two_successes_up(verdicts: list[Verdict], status: Status) -> None:
    assert walk(verdicts)[0].status is status


def test_it_counts_as_down_from_the_first_failure_and_as_up_from_the_first_success() -> None:
    _, changes = walk([OK, OK, FAILING, FAILING, FAILING, OK, OK])
    assert changes == [
        Change(NOW, Status.UNKNOWN, Status.UP),
        Change(NOW + 2 * MINUTE, Status.UP, Status.DOWN),
        Change(NOW + 5 * MINUTE, Status.DOWN, Status.UP),
    ]


def test_a_watcher_that_was_away_leaves_a_time_of_which_nothing_is_known() -> None:
    state, changes = walk([OK, OK, OK], [MINUTE, dt.timedelta(hours=1)])
    away = NOW + MINUTE + VOUCHED
    assert changes[1:] == [Change(away, Status.UP, Status.UNKNOWN)]
    assert (state.status, state.successes) == (Status.UNKNOWN, 1)
    state, found = step(state, OK, NOW + dt.timedelta(hours=1, minutes=2))
    assert found == [Change(NOW + dt.timedelta(hours=1, minutes=1), Status.UNKNOWN, Status.UP)]


def test_failures_before_and_after_an_absence_are_not_three_in_a_row() -> None:
    state, changes = walk([OK, OK, FAILING, FAILING, FAILING], [MINUTE, MINUTE, MINUTE, 2 * VOUCHED])
    assert [change.new for change in changes] == [Status.UP, Status.UNKNOWN]
    assert state.failures == 1


def test_a_pause_as_long_as_a_check_vouches_for_is_no_absence() -> None:
    assert [change.new for change in walk([OK, OK, OK], [MINUTE, VOUCHED])[1]] == [Status.UP]
    late = VOUCHED + dt.timedelta(microseconds=1)
    assert [change.new for change in walk([OK, OK, OK], [MINUTE, late])[1]] == [Status.UP, Status.UNKNOWN]


def test_a_status_holds_for_as_long_as_its_last_check_vouches_for() -> None:
    assert status_at(Status.UP, NOW, NOW + VOUCHED) is Status.UP
    assert status_at(Status.UP, NOW, NOW + VOUCHED + dt.timedelta(seconds=1)) is Status.UNKNOWN
    assert status_at(Status.UP, None, NOW) is Status.UNKNOWN
    assert status_at(Status.UP, NOW + dt.timedelta(hours=1), NOW) is Status.UNKNOWN


def test_a_check_that_does_not_come_after_the_last_is_refused() -> None:
    with pytest.raises(ValueError, match="after"):
        step(State(checked_at=NOW), OK, NOW)


@given(
    st.lists(
        st.tuples(st.sampled_from(list(Verdict)), st.integers(min_value=1, max_value=600)),
        min_size=1,
        max_size=40,
    )
)
def test_changes_come_in_order_of_time_each_from_what_was_before(checks: list[tuple[Verdict, int]]) -> None:
    state, changes, now = State(), list[Change](), NOW
    for verdict, pause in checks:
        state, found = step(state, verdict, now)
        assert all(change.at <= now for change in found)
        changes += found
        now += dt.timedelta(seconds=pause)
    assert [change.at for change in changes] == sorted({change.at for change in changes})
    assert all(before.new is after.old for before, after in itertools.pairwise(changes))
    assert not changes or changes[-1].new is state.status
    assert not (state.failures and state.successes)
