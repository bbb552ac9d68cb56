"""How the reasons of a grade read on a page."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format

from bets.history import BetRow, LegRow
from games.models import GameStatus
from odds.wording import live_clock

STATUS_CODE = re.compile(r"\bSTATUS_([A-Z_]+)")

register = template.Library()


def clock_time(instant: dt.datetime) -> str:
    """The instant in the reader's zone: Wed 18 Nov, 10:41 PM."""
    return date_format(timezone.localtime(instant), "D j M, g:i A")


@register.filter
def day_and_time(instant: dt.datetime) -> str:
    """ "18 Nov, 10:41 PM" in the reader's zone, with the year where it is not the present one; in UTC if the zone has no such day."""
    try:
        local = timezone.localtime(instant)
    except OverflowError:  # a slip of the hand in an old row: the first day of all, west of Greenwich
        local = instant
    return date_format(local, "j M, g:i A" if local.year == timezone.localtime().year else "j M Y, g:i A")


def in_words(text: str) -> str:
    """A provider's code of a status as words: "status STATUS_END_PERIOD" reads "status End period"."""
    return STATUS_CODE.sub(lambda code: code[1].replace("_", " ").capitalize(), text)


@register.simple_tag
def step_note(step: Mapping[str, Any]) -> str:
    """The small print under a step: its source, when it was read, who agrees."""
    note = in_words(str(step.get("note") or ""))
    if step.get("read_at"):
        read = clock_time(dt.datetime.fromisoformat(str(step["read_at"])))
        note = f"{note}, read {read}" if note else f"Read {read}"
    after = in_words(str(step.get("note_after") or ""))
    return f"{note}; {after}" if note and after else note or after


@register.simple_tag
def waits_for(leg: LegRow, row: BetRow) -> str:
    """What a leg of an open bet waits for, or what it has come to while others wait."""
    game = leg.game
    name = str(game)
    if game.status == GameStatus.SCHEDULED:
        return f"{name} starts {clock_time(game.commence_time)}."
    if game.status == GameStatus.LIVE:
        score = "" if game.home_score is None else f" at {game.away_score}–{game.home_score}"
        return f"{name} is being played{score}{', ' + live_clock(game) if game.clock else ''}."
    if game.status == GameStatus.POSTPONED:
        return f"{name} is postponed; the bet waits for the new date."
    over = f"{name} is {game.get_status_display().lower()}"
    if row.bet.batch_id is not None and leg.is_waiting_for_result:
        return f"{over}."
    if leg.is_waiting_for_result and row.is_over:
        return f"{over}; the bet is settled within moments."
    if row.is_over:
        return f"{over} and its leg graded: {leg.leg.get_status_display().lower()}."
    if leg.is_waiting_for_result:
        return f"{over}; its leg is graded within moments. Unless that decides the bet, it waits for its other games."
    return f"{over} and its leg graded: {leg.leg.get_status_display().lower()}. The bet waits for its other games."
