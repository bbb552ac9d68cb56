"""A person's limits as their page shows them: what holds, what is used, what waits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from accounts.models import User
from bets.limits.counting import counted
from bets.limits.enforcing import PERIODS, clock
from bets.limits.forms import AMOUNTS, LimitsForm
from bets.models import COOLING_OFF, Bankroll, BankrollKind, LimitChange, LimitKind
from bets.money import format_money
from bets.stats.facts import refresh


@dataclass(frozen=True, slots=True)
class Waiting:
    """A looser limit that has been asked for, in words, and when it begins."""

    change: LimitChange
    words: str


@dataclass(frozen=True, slots=True)
class Held:
    """One limit that is in force. ``other_zone`` is set where the person's days are not the limit's any more."""

    kind: str
    words: str
    other_zone: str = ""


@dataclass(frozen=True, slots=True)
class Pot:
    """The limits of one currency of real or paper money."""

    currency: str
    money: str
    title: str
    form: LimitsForm
    held: list[Held] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class LimitsPage:
    pots: list[Pot]
    time_out: str = ""
    can_end: bool = False
    time_out_waiting: list[Waiting] = field(default_factory=list)


def amounts_held(held: Iterable[LimitChange], currency: str, money: str) -> dict[str, Decimal | None]:
    """The amounts in force in one pot, by kind of limit."""
    return {one.kind: one.amount for one in held if (one.currency, one.money) == (currency, money)}


def limits_page(user: User, now: dt.datetime, *, sent: LimitsForm | None = None) -> LimitsPage:
    """Read the page. Three statements, one more for figures that have changed, three for each loss limit in force."""
    held = list(LimitChange.objects.filter(user=user).in_force(now))
    waiting = list(LimitChange.objects.filter(user=user).waiting(now))
    used = Bankroll.objects.filter(user=user).active().default_first().values_list("currency", "kind")
    limited = [(one.currency, one.money) for one in [*held, *waiting] if one.currency and one.amount]
    if any(one.kind in PERIODS and one.amount for one in held):
        refresh(user.pk)
    pots = [
        pot_of(user, currency, money, held, waiting, now, sent)
        for currency, money in dict.fromkeys([*used, *limited])
    ]
    time_out = next((one for one in held if one.kind == LimitKind.TIME_OUT), None)
    until = None if time_out is None else time_out.until
    if until is None or until <= now:
        return LimitsPage(pots)
    return LimitsPage(
        pots,
        time_out=clock(until, user.time_zone),
        can_end=until > now + COOLING_OFF,
        time_out_waiting=[
            Waiting(one, f"Your time-out ends {clock(one.until or one.effective_at, user.time_zone)} instead")
            for one in waiting
            if one.kind == LimitKind.TIME_OUT
        ],
    )


def pot_of(
    user: User,
    currency: str,
    money: str,
    held: Iterable[LimitChange],
    waiting: Iterable[LimitChange],
    now: dt.datetime,
    sent: LimitsForm | None,
) -> Pot:
    own = [one for one in held if (one.currency, one.money) == (currency, money) and one.amount]
    form = LimitsForm(currency=currency, money=money, held=amounts_held(own, currency, money))
    return Pot(
        currency=currency,
        money=money,
        title=f"{BankrollKind(money).label} money in {currency}",
        form=sent if sent is not None and sent.prefix == form.prefix else form,
        held=[held_in_words(user, one, now) for one in own],
        waiting=[
            Waiting(one, waiting_in_words(one, user.time_zone))
            for one in waiting
            if (one.currency, one.money) == (currency, money)
        ],
    )


def held_in_words(user: User, one: LimitChange, now: dt.datetime) -> Held:
    amount = format_money(one.amount or Decimal(0), one.currency)
    if one.kind not in PERIODS:
        return Held(one.kind, f"At most {amount} on a bet.")
    period = PERIODS[LimitKind(one.kind)](now, one.time_zone)
    sums = counted(user.pk, one.currency, one.money, period)
    lost, open_, left = (
        format_money(value, one.currency)
        for value in (sums.lost, sums.at_risk, max(Decimal(0), (one.amount or Decimal(0)) - sums.used))
    )
    when = "today" if one.kind == LimitKind.DAILY_LOSS else "this week"
    return Held(
        one.kind,
        f"At most {amount} lost {when}: {lost} lost, {open_} at risk in bets placed {when}, {left} left until "
        f"{clock(period.end, one.time_zone)}.",
        other_zone=user.time_zone if user.time_zone != one.time_zone else "",
    )


def waiting_in_words(one: LimitChange, zone: str) -> str:
    label = AMOUNTS[LimitKind(one.kind)][0]
    to = "no limit" if one.amount is None else format_money(one.amount, one.currency)
    return f"{label}: {to} from {clock(one.effective_at, zone)}"


def outcome(change: LimitChange, zone: str) -> str:
    """Say what a decision came to."""
    if change.loosens:
        return f"{waiting_in_words(change, zone)}. Until then the limit stays as it is."
    label = AMOUNTS[LimitKind(change.kind)][0]
    return f"{label}: {format_money(change.amount or Decimal(0), change.currency)} from now on."


def changed_kinds(form: LimitsForm, held: Mapping[str, Decimal | None]) -> list[str]:
    """The limits that the form asks to be other than they are."""
    return [str(kind) for kind in AMOUNTS if form.cleaned_data.get(str(kind)) != held.get(str(kind))]
