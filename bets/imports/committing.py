"""Importing a file as one batch, and undoing the batch: each all or nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import DataError, IntegrityError, transaction

from accounts.models import User
from bets import ledger
from bets.clock import database_now
from bets.decisions.record import Decision, Standing, standing_of, write
from bets.exceptions import InsufficientFunds, NotPossible
from bets.imports import restoring
from bets.imports.planning import Plan, Step, plan_for
from bets.imports.rows import Reading
from bets.models import (
    OPEN_STATUSES,
    Bankroll,
    Bet,
    BetEvent,
    BetEventKind,
    BetStatus,
    ImportBatch,
    ImportedLeg,
    ImportState,
    LedgerKind,
)
from bets.money import format_money
from bets.voiding import lock_bets, void_locked

CHUNK = 500
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Done:
    """What an import did."""

    batch: ImportBatch
    plan: Plan


@transaction.atomic
def commit_import(
    *,
    reading: Reading,
    user: User,
    file_name: str,
    content: bytes,
    bankroll: Bankroll | None = None,
    draft: ImportBatch | None = None,
    progress: Progress | None = None,
    now: dt.datetime | None = None,
) -> Done:
    """Write the bets of a file that are new, settle those that were pending, as one batch.

    Everything is compared with the person's bets again, under a lock, so that two imports at once add a bet once.
    ``progress`` is called with how many bets are written, of how many. Raises NotPossible when the draft is one no
    more, InsufficientFunds when a bankroll would go below zero and may not; nothing is written then.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    at = now or database_now()
    batch = claimed(draft) if draft else ImportBatch(user=user, created_at=at)
    plan = plan_for(reading, user=user, now=at, bankroll=bankroll)
    batch.format, batch.file_name = reading.format, file_name[-120:]
    batch.checksum = hashlib.sha256(content).hexdigest()
    batch.state, batch.content = ImportState.COMMITTED, None
    batch.added, batch.settled = plan.counts["add"], plan.counts["settle"]
    batch.save()
    try:
        add(plan, batch, user, at, progress or (lambda done, of: None))
    except IntegrityError as error:
        rule = re.search(r'constraint "(\w+)"', str(error))
        words = rule[1].replace("_", " ") if rule else "a rule of the ledger"
        raise NotPossible(f"A bet of the file breaks a rule: {words}. Nothing has been imported.") from error
    except DataError as error:
        raise NotPossible(
            "A number of the file is larger than can be recorded. Nothing has been imported."
        ) from error
    settle(plan, batch, user, at)
    return Done(batch, plan)


def claimed(draft: ImportBatch) -> ImportBatch:
    """Lock a draft. Raises NotPossible unless it still is one."""
    batch = ImportBatch.objects.select_for_update().filter(pk=draft.pk).first()
    if batch is None or batch.state != ImportState.DRAFT:
        raise NotPossible("This file has been imported or discarded already.")
    return batch


def add(plan: Plan, batch: ImportBatch, user: User, at: dt.datetime, progress: Progress) -> None:
    """Write the new bets in the order they were placed: rows, legs, events, ledger lines."""
    steps = sorted((s for s in plan.steps if s.fate == "add"), key=lambda step: step.bet.placed_at)
    rolls = {id(step.bankroll): step.bankroll for step in steps if step.bankroll is not None}
    for roll in rolls.values():
        if roll._state.adding:
            roll.full_clean()
            roll.save(force_insert=True)
    restoring.restore(plan, batch, user, at)
    tails = ledger.lock_bankrolls(roll.pk for roll in rolls.values())
    for start in range(0, len(steps), CHUNK):
        chunk = steps[start : start + CHUNK]
        bets = [bet_of(step, batch, user) for step in chunk]
        Bet.objects.bulk_create(bets)
        ImportedLeg.objects.bulk_create(
            leg for bet, step in zip(bets, chunk, strict=True) for leg in legs_of(bet, step)
        )
        BetEvent.objects.bulk_create(event for bet in bets for event in events_of(bet, batch, user, at))
        lines = ledger.plan(tails, [move for bet in bets for move in movements_of(bet)])
        require_cover(lines, tails)
        ledger.append(lines, at=at)
        progress(start + len(chunk), len(steps))


def bet_of(step: Step, batch: ImportBatch, user: User) -> Bet:
    read = step.bet
    if step.bankroll is None:
        raise TypeError("a bet that is added has a bankroll")
    settled = None if read.payout is None else max(read.settled_at or read.placed_at, read.placed_at)
    terms: dict[str, Any] = {"own_price": True} | dict(read.terms)
    return Bet(
        user=user,
        bankroll=step.bankroll,
        bookmaker=step.book,
        book_name="" if step.book else read.book[:64],
        kind=read.kind,
        stake=read.stake,
        odds=read.odds,
        status=read.status,
        payout=read.payout,
        placed_at=read.placed_at,
        settled_at=settled,
        revision=0 if settled is None and not terms.get("cashed_out") else 1,
        is_bonus=read.is_bonus,
        note=read.note,
        tags=list(read.tags),
        idempotency_key=step.key,
        batch=batch,
        **terms,
    )


def legs_of(bet: Bet, step: Step) -> list[ImportedLeg]:
    return [
        ImportedLeg(
            bet=bet,
            position=position,
            description=leg.description,
            event=leg.event,
            sport=leg.sport[:80],
            league=leg.league[:80],
            market=leg.market[:80],
            bet_type=leg.bet_type,
            odds=leg.odds,
            point=leg.point,
            status=leg.status,
            closing_odds=leg.closing_odds,
            closing_point=leg.closing_point,
            starts_at=leg.starts_at,
            is_live=leg.is_live,
        )
        for position, leg in enumerate(step.bet.legs, start=1)
    ]


def events_of(bet: Bet, batch: ImportBatch, user: User, at: dt.datetime) -> list[BetEvent]:
    """The bet's history begins with the import; what the file says of its outcome is a person's word."""
    data = {"batch": str(batch.pk)}
    reason = f"Imported from {batch.file_name}"
    events = [BetEvent(bet=bet, kind=BetEventKind.PLACED, by=user, reason=reason, data=data, at=at)]
    if bet.revision:
        kind = BetEventKind.SETTLED
        if bet.status == BetStatus.CASHED_OUT or bet.payout is None:
            kind = BetEventKind.CASHED_OUT
        outcome = {
            "by_hand": True,
            "status": bet.status,
            "payout": None if bet.payout is None else str(bet.payout),
        }
        events.append(
            BetEvent(
                bet=bet, revision=1, kind=kind, by=user, reason="As the file says", data=data | outcome, at=at
            )
        )
    return events


def movements_of(bet: Bet) -> list[ledger.Movement]:
    paid = bet.cashed_out if bet.payout is None else bet.payout
    moves = [] if bet.is_bonus else [ledger.Movement(bet.bankroll_id, LedgerKind.STAKE, -bet.stake, bet.pk)]
    if paid:
        moves.append(ledger.Movement(bet.bankroll_id, LedgerKind.PAYOUT, Decimal(paid), bet.pk, 1))
    return moves


def require_cover(lines: Sequence[ledger.Line], tails: dict[uuid.UUID, ledger.Tail]) -> None:
    """Raise InsufficientFunds naming how far below zero a bankroll would go that may not."""
    for tail in tails.values():
        if tail.may_go_negative:
            continue
        lowest = min(
            (ln.balance_after for ln in lines if ln.movement.bankroll_id == tail.bankroll_id),
            default=Decimal(0),
        )
        if lowest < 0:
            raise InsufficientFunds(
                f"The bankroll would fall to {format_money(lowest, tail.currency)} on the way. Deposit that much first, "
                "or import into a bankroll that may go below zero.",
                available=tail.balance,
                currency=tail.currency,
            )


def settle(plan: Plan, batch: ImportBatch, user: User, at: dt.datetime) -> None:
    """Settle pending imported bets as the file says."""
    wanted = {step.bet_id: step for step in plan.steps if step.fate == "settle"}
    for bet in lock_bets(Bet.objects.filter(pk__in=[pk for pk in wanted if pk is not None])):
        read = wanted[bet.pk].bet
        if bet.status not in OPEN_STATUSES or read.payout is None:
            raise NotPossible("A bet of this file has been settled in between. Look at the preview again.")
        after = Standing(
            BetStatus(read.status), max(read.payout, bet.cashed_out), bet.cashed_stake, bet.cashed_out
        )
        kind = BetEventKind.CASHED_OUT if read.status == BetStatus.CASHED_OUT else BetEventKind.SETTLED
        data = {"batch": str(batch.pk), "by_hand": True}
        reason = f"As {batch.file_name} says"
        write(bet, after, [], Decision(kind, user, reason, at, data))
        if read.settled_at is not None:
            bet.settled_at = max(read.settled_at, bet.placed_at)
            bet.save(update_fields=["settled_at"])
        legs = list(bet.imported_legs.order_by("position"))
        if len(legs) == len(read.legs):
            for leg, said in zip(legs, read.legs, strict=True):
                leg.status, leg.closing_odds = said.status, said.closing_odds or leg.closing_odds
            ImportedLeg.objects.bulk_update(legs, ["status", "closing_odds"])


@transaction.atomic
def undo_import(*, batch: ImportBatch, by: User, now: dt.datetime | None = None) -> ImportBatch:
    """Take a batch back: its bets are void and gone from every list, pending ones it settled are pending again.

    The ledger keeps the lines and gets their reversals. A bet that somebody decided after the batch settled it stays as
    decided. Raises NotPossible unless the batch is the person's and in force.
    """
    locked = ImportBatch.objects.select_for_update().filter(pk=batch.pk, user=by).first()
    if locked is None or locked.state != ImportState.COMMITTED:
        raise NotPossible("This import is not in force; there is nothing to undo.")
    at = now or database_now()
    reason = f"Import of {locked.file_name} undone"
    bets = lock_bets(Bet.objects.filter(batch=locked))
    void_locked(bets, by=by, reason=reason, at=at)
    Bet.objects.filter(batch=locked).update(withdrawn_at=at)
    ImportedLeg.objects.filter(bet__batch=locked).update(status=BetStatus.VOID)
    settled = BetEvent.objects.filter(by=by, data__batch=str(locked.pk)).exclude(kind=BetEventKind.PLACED)
    for event in settled.exclude(bet__batch=locked).order_by("bet"):
        reopen(event, by=by, reason=reason, at=at)
    restoring.take_back(locked, by=by, at=at)
    locked.state, locked.undone_at = ImportState.UNDONE, at
    locked.save(update_fields=["state", "undone_at"])
    return locked


def reopen(event: BetEvent, *, by: User, reason: str, at: dt.datetime) -> None:
    """Bring a bet that the batch settled back to pending, unless it has been decided since."""
    bet = lock_bets([event.bet])[0]
    if bet.revision != event.revision:
        return
    before = standing_of(bet)
    after = Standing(BetStatus.PENDING, None, before.cashed_stake, before.cashed_out)
    data = {"undone": event.kind, "undone_revision": event.revision}
    write(bet, after, [], Decision(BetEventKind.UNDONE, by, reason, at, data))
    bet.imported_legs.update(status=BetStatus.PENDING)
