"""Setting, loosening and ending limits.

What is stricter holds at once, what is looser after a day, by the database's clock. The person's row is locked, as
it is while a bet is placed, so that no bet slips through between the decision and its commit.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db import transaction

from accounts.models import User
from bets.clock import database_now
from bets.exceptions import NotPossible, Refused
from bets.models import COOLING_OFF, BankrollKind, Currency, LimitChange, LimitKind
from bets.money import checked_amount

LONGEST_TIME_OUT = dt.timedelta(days=5 * 366)


class BadLimit(Refused):
    """Something in the limit asked for is wrong."""


@transaction.atomic
def set_limit(
    *,
    user: User,
    kind: str,
    currency: str,
    money: str,
    amount: Decimal | None,
    now: dt.datetime | None = None,
) -> LimitChange | None:
    """Limit stakes or losses in a currency of real or paper money; ``amount`` None ends the limit.

    Returns the change, in force at once if it is stricter, else from a day later; None where nothing changes. A new
    decision takes the place of one that waits. The days of a loss are those of the person's time zone now; another
    zone than before is a loosening. Raises BadAmount, BadLimit.
    """
    if kind not in (LimitKind.STAKE, LimitKind.DAILY_LOSS, LimitKind.WEEKLY_LOSS):
        raise BadLimit(
            "Choose a limit of the stake, of the loss of a day or of the loss of a week.", field="kind"
        )
    if currency not in Currency.values or money not in BankrollKind.values:
        raise BadLimit("Choose a currency, and real or paper money.")
    whole = None if amount is None else checked_amount(amount, currency, what="limit")
    locked, at = locked_now(user, now)
    scope = LimitChange(
        user=locked, kind=kind, currency=currency, money=money, amount=whole, time_zone=locked.time_zone
    )
    return decide(scope, at)


@transaction.atomic
def set_time_out(
    *, user: User, until: dt.datetime | None, now: dt.datetime | None = None
) -> LimitChange | None:
    """Place no bet until an instant (UTC); None ends a time-out. Returns and raises as ``set_limit``."""
    locked, at = locked_now(user, now)
    if until is not None and not at < until <= at + LONGEST_TIME_OUT:
        raise BadLimit("A time-out ends in the future, at most five years from now.", field="until")
    return decide(
        LimitChange(user=locked, kind=LimitKind.TIME_OUT, until=until, time_zone=locked.time_zone), at
    )


@transaction.atomic
def cancel_change(*, change: LimitChange, by: User, now: dt.datetime | None = None) -> LimitChange:
    """Keep a limit as it is: call off a loosening that waits. Raises NotPossible if it does not wait any more."""
    _, at = locked_now(by, now)
    locked = LimitChange.objects.waiting(at).filter(pk=change.pk, user=by).first()
    if locked is None:
        raise NotPossible("This change has taken effect or has been cancelled already.")
    locked.cancelled_at = at
    locked.save(update_fields=["cancelled_at"])
    return locked


def locked_now(user: User, now: dt.datetime | None) -> tuple[User, dt.datetime]:
    """Lock the person's row; return it as it is now, and the time after the lock was got."""
    return User.objects.select_for_update(no_key=True).get(pk=user.pk), now or database_now()


def decide(wanted: LimitChange, at: dt.datetime) -> LimitChange | None:
    """Write a change, in force when it may be; what waits of the same limit gives way to it."""
    same = LimitChange.objects.filter(
        user=wanted.user, kind=wanted.kind, currency=wanted.currency, money=wanted.money
    )
    held = same.in_force(at).first()
    waiting = same.waiting(at)
    if any(means_the_same(wanted, one) for one in waiting):
        return None
    loosens = is_looser(wanted, held, at)
    unchanged = means_the_same(wanted, held, at)
    waiting.update(cancelled_at=at)
    if unchanged:
        return None
    wanted.loosens, wanted.decided_at = loosens, at
    wanted.effective_at = at + COOLING_OFF if loosens else at
    wanted.save(force_insert=True)
    return wanted


def is_looser(wanted: LimitChange, held: LimitChange | None, at: dt.datetime) -> bool:
    """Whether a change would allow anything that what is in force does not."""
    if held is None:
        return False
    if wanted.kind == LimitKind.TIME_OUT:
        return (
            held.until is not None and held.until > at and (wanted.until is None or wanted.until < held.until)
        )
    if held.amount is None:
        return False
    return wanted.amount is None or wanted.amount > held.amount or wanted.time_zone != held.time_zone


def means_the_same(wanted: LimitChange, other: LimitChange | None, at: dt.datetime | None = None) -> bool:
    """Whether a change leaves a limit as the other one does; no row, and a time-out that is over, are no limit."""
    if other is None:
        return wanted.amount is None and wanted.until is None
    other_until = None if other.until and at and other.until <= at else other.until
    if (wanted.amount, wanted.until) != (other.amount, other_until):
        return False
    return wanted.amount is None or wanted.time_zone == other.time_zone
