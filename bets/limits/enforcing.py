"""Refusing bets beyond their owner's limits."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterable
from decimal import Decimal

from django.db import connection

from accounts.models import User
from bets.exceptions import LimitReached, Refused
from bets.limits.counting import count
from bets.limits.periods import Period, day_of, week_of
from bets.models import LimitChange, LimitKind
from bets.money import format_money

LOCK_OWNER = "SELECT FROM users WHERE id = %s FOR NO KEY UPDATE"
OWNER_GONE = "This account has been deleted."
PERIODS = {LimitKind.DAILY_LOSS: day_of, LimitKind.WEEKLY_LOSS: week_of}
NAMES = {LimitKind.DAILY_LOSS: ("daily loss", "today"), LimitKind.WEEKLY_LOSS: ("weekly loss", "this week")}


def lock_owner(user: User) -> None:
    """Lock the person's row until the transaction ends: bets at once are counted one after the other.

    Read the clock after it, so that a limit set while this waited is in force. Raises Refused if the account has been
    deleted meanwhile.
    """
    with connection.cursor() as cursor:
        cursor.execute(LOCK_OWNER, [user.pk])
        is_there = cursor.fetchone() is not None
    if not is_there:
        raise Refused(OWNER_GONE)


def require_within_limits(
    *, user: User, currency: str, money: str, risk: Decimal, at: dt.datetime, already: Decimal = Decimal(0)
) -> None:
    """Raise LimitReached if a bet placed now that risks ``risk`` of a currency and a kind of money is beyond a limit.

    Call it in the transaction that places the bet, after ``lock_owner``. A bonus bet risks 0: only a time-out holds
    it up. ``already`` is what a bet whose stake is raised has risked before.
    """
    held = LimitChange.objects.filter(user=user, currency__in=["", currency]).in_force(at)
    rules = {LimitKind(one.kind): one for one in held if one.money in ("", money)}
    require_no_time_out(rules.pop(LimitKind.TIME_OUT, None), at)
    if risk <= 0:
        return
    require_stake(rules.pop(LimitKind.STAKE, None), risk)
    require_loss(rules.values(), user, risk - already, at)


def require_no_time_out(rule: LimitChange | None, at: dt.datetime) -> None:
    if rule is not None and rule.until is not None and rule.until > at:
        raise LimitReached(
            f"You have taken a time-out: no bet is placed until {clock(rule.until, rule.time_zone)}.",
            kind=LimitKind.TIME_OUT,
            until=rule.until,
        )


def require_stake(rule: LimitChange | None, risk: Decimal) -> None:
    if rule is not None and rule.amount is not None and risk > rule.amount:
        raise LimitReached(
            f"Your limit is {format_money(rule.amount, rule.currency)} a bet; this one would risk "
            f"{format_money(risk, rule.currency)}.",
            kind=LimitKind.STAKE,
            left=rule.amount,
        )


def require_loss(rules: Iterable[LimitChange], user: User, risk: Decimal, at: dt.datetime) -> None:
    for rule in rules:
        if rule.amount is None:
            continue
        period: Period = PERIODS[LimitKind(rule.kind)](at, rule.time_zone)
        counted = count(user.pk, rule.currency, rule.money, period)
        left = max(Decimal(0), rule.amount - counted.used)
        if risk <= left:
            continue
        name, when = NAMES[LimitKind(rule.kind)]
        limit, lost, open_, more = (
            format_money(sum_, rule.currency) for sum_ in (rule.amount, counted.lost, counted.at_risk, left)
        )
        room = f"at most {more} more can be staked" if left else "nothing more can be staked"
        raise LimitReached(
            f"Your {name} limit is {limit}. You have lost {lost} {when} and {open_} placed {when} is at risk, so "
            f"{room} until {clock(period.end, rule.time_zone)}.",
            kind=LimitKind(rule.kind),
            left=left,
            until=period.end,
        )


def clock(instant: dt.datetime, zone: str) -> str:
    """Write an instant in a time zone: ``Sun 22 Nov 2026, 00:00 EST``."""
    local = instant.astimezone(zoneinfo.ZoneInfo(zone))
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M %Z}"
