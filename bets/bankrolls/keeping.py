"""Opening, editing, archiving and restoring bankrolls. Nothing that was recorded in one is ever deleted."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.models import User
from bets import ledger
from bets.bankrolls.operations import deposit
from bets.clock import database_now
from bets.exceptions import NotPossible
from bets.models import OPEN_STATUSES, Bankroll, BankrollKind, Bet, Currency
from odds.models import Bookmaker

NAME_IN_USE = "You already have a bankroll of that name."
USED = "It cannot be changed any more: the bankroll has been used."


@transaction.atomic
def open_bankroll(
    *,
    user: User,
    name: str,
    currency: str = Currency.USD,
    kind: str = BankrollKind.PAPER,
    bookmaker: Bookmaker | None = None,
    opening_deposit: Decimal | None = None,
    may_go_negative: bool = False,
    now: dt.datetime | None = None,
) -> Bankroll:
    """Open a bankroll, with a first deposit if one is given.

    Raises ValidationError naming the field (a name in use, an unknown currency) and BadAmount.
    """
    bankroll = Bankroll(
        user=user,
        name=name.strip(),
        currency=currency,
        kind=kind,
        bookmaker=bookmaker,
        may_go_negative=may_go_negative,
    )
    bankroll.full_clean()
    save(bankroll, is_new=True)
    if opening_deposit is not None:
        deposit(bankroll=bankroll, amount=opening_deposit, by=user, note="Opening deposit", now=now)
    return bankroll


@transaction.atomic
def edit_bankroll(
    *,
    bankroll: Bankroll,
    by: User,
    name: str,
    currency: str,
    kind: str,
    bookmaker: Bookmaker | None,
    may_go_negative: bool,
) -> Bankroll:
    """Change what a bankroll is called and allowed. Currency and kind of money stay once it has been used.

    Whether it may go below zero counts for what is taken from now on. Raises NotAllowed and ValidationError by field.
    """
    ledger.require_owner(bankroll, by)
    tail = ledger.lock_bankrolls([bankroll.pk])[bankroll.pk]
    locked = Bankroll.objects.get(pk=bankroll.pk)
    is_used = tail.seq > 0 or Bet.objects.filter(bankroll=locked).exists()
    changed = [
        field
        for field, value in (("currency", currency), ("kind", kind))
        if getattr(locked, field) != value and is_used
    ]
    if changed:
        raise ValidationError(dict.fromkeys(changed, USED))
    if locked.may_go_negative and not may_go_negative:
        locked.covered_from = tail.seq + 1
    locked.name, locked.currency, locked.kind = name.strip(), currency, kind
    locked.bookmaker, locked.may_go_negative = bookmaker, may_go_negative
    locked.full_clean()
    save(locked, is_new=False)
    return locked


def save(bankroll: Bankroll, *, is_new: bool) -> None:
    try:
        with transaction.atomic():
            bankroll.save(force_insert=is_new)
    except IntegrityError as error:
        if "bankroll_name_is_unique_per_user" not in str(error):
            raise
        raise ValidationError({"name": NAME_IN_USE}) from error


@transaction.atomic
def archive_bankroll(*, bankroll: Bankroll, by: User, now: dt.datetime | None = None) -> Bankroll:
    """Put a bankroll away: it keeps its bets, lines and statistics, and no money moves until it is restored.

    A correction of a settled bet is still written. Raises NotAllowed, and NotPossible while bets in it are open.
    """
    ledger.require_owner(bankroll, by)
    ledger.lock_bankrolls([bankroll.pk])
    waiting = Bet.objects.filter(bankroll=bankroll, status__in=OPEN_STATUSES).count()
    if waiting:
        what = "1 bet in it is" if waiting == 1 else f"{waiting} bets in it are"
        raise NotPossible(f"{what} open. Archive the bankroll when every bet is settled.")
    locked = Bankroll.objects.get(pk=bankroll.pk)
    locked.archived_at = locked.archived_at or now or database_now()
    locked.is_default = False
    locked.save(update_fields=["archived_at", "is_default"])
    return locked


@transaction.atomic
def restore_bankroll(*, bankroll: Bankroll, by: User) -> Bankroll:
    """Take a bankroll into use again. Raises NotAllowed."""
    ledger.require_owner(bankroll, by)
    ledger.lock_bankrolls([bankroll.pk])
    locked = Bankroll.objects.get(pk=bankroll.pk)
    locked.archived_at = None
    locked.save(update_fields=["archived_at"])
    return locked


@transaction.atomic
def make_default(*, bankroll: Bankroll, by: User) -> Bankroll:
    """Choose the bankroll that slips begin with, in place of any other. Raises NotAllowed, NotPossible (archived)."""
    ledger.require_owner(bankroll, by)
    User.objects.select_for_update(no_key=True).get(pk=bankroll.user_id)
    ledger.require_in_use(ledger.lock_bankrolls([bankroll.pk])[bankroll.pk])
    mine = Bankroll.objects.filter(user=bankroll.user_id)
    mine.filter(is_default=True).exclude(pk=bankroll.pk).update(is_default=False)
    mine.filter(pk=bankroll.pk).update(is_default=True)
    bankroll.is_default = True
    return bankroll
