"""Series as compact JSON for the chart: one shape for whatever is drawn over time, thinned where there is too much.

A chart has a list of lines, each with ``t`` (epoch seconds), any number of value lists as long as ``t``, and
``text``, what a reader is told of each moment. Gaps are null.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from odds import pricing
from odds.movement import Change, Movement, text_of

MOST_POINTS: Final = 2_000
FEWEST_A_LINE: Final = 60
Payload = dict[str, object]


def payload(
    movement: Movement, *, odds_format: str, zone: str, start: dt.datetime, now: dt.datetime
) -> Payload:
    """The movement: per book times, implied probabilities ``p``, chances ``f``, points ``x`` and ready texts."""
    total = sum(len(series.ticks) for series in movement.series)
    lines = []
    for series in movement.series:
        ticks = series.ticks
        if total > MOST_POINTS:
            ticks = thinned(ticks, max(FEWEST_A_LINE, MOST_POINTS * len(ticks) // total))
        lines.append({
            "key": series.book_key,
            "title": series.book_title,
            "until": int(series.until.timestamp()) if series.until else None,
            "t": [int(tick.at.timestamp()) for tick in ticks],
            "p": [_implied(tick) for tick in ticks],
            "f": [None if tick.fair is None else round(float(tick.fair), 5) for tick in ticks],
            "x": [None if tick.point is None or tick.price is None else float(tick.point) for tick in ticks],
            "text": [text_of(tick, movement.market, odds_format) for tick in ticks],
        })  # fmt: skip
    return {
        "format": odds_format,
        "zone": zone,
        "start": int(start.timestamp()),
        "now": int(now.timestamp()),
        "fair": movement.has_fair,
        "thinned": total > MOST_POINTS,
        "books": lines,
    }


def thinned(ticks: Sequence[Change], most: int) -> list[Change]:
    """At most so many of the ticks in their order: of each stretch its ends, its extremes and its first gap.

    The highest and lowest price and chance of the whole are always among them. ``most`` is at least 14.
    """
    if len(ticks) <= most:
        return list(ticks)
    kept: set[int] = {0, len(ticks) - 1}
    stretches = max(1, (most - 2) // 6)
    for number in range(stretches):
        span = range(number * len(ticks) // stretches, (number + 1) * len(ticks) // stretches)
        kept |= _remarkable(ticks, span)
    return [ticks[index] for index in sorted(kept)]


def _remarkable(ticks: Sequence[Change], span: range) -> set[int]:
    found = {span[0]}
    gap = next((index for index in span if ticks[index].price is None), None)
    if gap is not None:
        found.add(gap)
    quoted = [index for index in span if ticks[index].price is not None]
    if quoted:
        found |= {
            min(quoted, key=lambda i: ticks[i].price or 0),
            max(quoted, key=lambda i: ticks[i].price or 0),
        }
    fair = [index for index in span if ticks[index].fair is not None]
    if fair:
        found |= {min(fair, key=lambda i: ticks[i].fair or 0), max(fair, key=lambda i: ticks[i].fair or 0)}
    return found


def _implied(tick: Change) -> float | None:
    return None if tick.price is None else round(float(pricing.implied(tick.price)), 5)
