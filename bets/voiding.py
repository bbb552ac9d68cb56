"""Voiding bets, sending reviewed ones back to grading, and the audited deletion of a game."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import Q

from accounts.models import User
from bets import grades, ledger
from bets.clock import database_now
from bets.evidence import VERSION, step, text
from bets.exceptions import BetChanged, BetDecided, NotAllowed, NotPossible
from bets.models import OPEN_STATUSES, Bet, BetEvent, BetEventKind, BetLeg, BetStatus, LedgerKind
from bets.ticket_terms import credit_change
from games.models import Game, GameStatus

MAX_REASON = 300


@dataclass(frozen=True, slots=True)
class Deletion:
    """What went with a game: the bets voided and the money given back, by bankroll currency."""

    bets: int
    refunded: dict[str, Decimal]


@transaction.atomic
def void_bet(
    *, bet: Bet, by: User, reason: str, revision: int | None = None, now: dt.datetime | None = None
) -> Bet:
    """Void a bet and give its stake back; what a settled one paid is taken back by a reversal.

    The owner may void an open bet until a game of it begins, by the database's clock; staff any bet at any
    time. Raises NotAllowed, BetDecided when it is void already, BetChanged when not at ``revision`` any more.
    """
    why = checked_reason(reason)
    locked = lock_bets([bet])[0]
    require_revision(locked, revision)
    if not by.is_staff and locked.user_id != by.pk:
        raise NotAllowed("Only staff may void this bet.")
    if locked.status == BetStatus.VOID:
        raise BetDecided("This bet is void already.")
    if not by.is_staff and locked.status not in OPEN_STATUSES:
        raise NotAllowed("Only staff may void this bet.")
    at = now or database_now()
    if not by.is_staff and has_begun(locked, at):
        raise NotAllowed("Only staff may void a bet whose game has begun.")
    void_locked([locked], by=by, reason=why, at=at)
    voided = grades.store_one(voided_evidence(why))
    locked.legs.update(status=BetStatus.VOID, return_factor=Fraction(1), grade_id=voided)
    return locked


def require_revision(bet: Bet, revision: int | None) -> None:
    """Raise BetChanged unless the locked bet is at the revision that the person saw, if one is given."""
    if revision is not None and bet.revision != revision:
        raise BetChanged(
            f"This bet has changed since you looked at it: it is {bet.get_status_display().lower()} now. "
            "Look at it again before you decide.",
            revision=bet.revision,
        )


def has_begun(bet: Bet, at: dt.datetime) -> bool:
    """Tell whether a game of the bet is under way or over at the instant ``at``; those of imported bets count as."""
    waiting = Q(game__status__in=[GameStatus.SCHEDULED, GameStatus.POSTPONED], game__commence_time__gt=at)
    return bet.batch_id is not None or bet.legs.exclude(waiting).exists()


@transaction.atomic
def grade_again(
    *, bet: Bet, by: User, reason: str, revision: int | None = None, now: dt.datetime | None = None
) -> Bet:
    """Send a bet under review back to grading, for example after its game's score has been set right.

    The next run of ``settle`` grades it. Raises NotAllowed unless by staff, NotPossible if not under review.
    """
    if not by.is_staff:
        raise NotAllowed("Only staff may send a bet back to grading.")
    why = checked_reason(reason)
    locked = lock_bets([bet])[0]
    require_revision(locked, revision)
    if locked.status != BetStatus.NEEDS_REVIEW:
        raise NotPossible("Only a bet under review can be sent back to grading.")
    data = {"review_reason": locked.review_reason, "legs": legs_of([locked])[locked.pk]}
    locked.legs.update(status=BetStatus.PENDING, return_factor=None, grade=None)
    locked.status, locked.review_reason = BetStatus.PENDING, ""
    locked.save(update_fields=["status", "review_reason"])
    BetEvent.objects.create(
        bet=locked,
        revision=locked.revision,
        kind=BetEventKind.EDITED,
        by=by,
        reason=why,
        data=data,
        at=now or database_now(),
    )
    return locked


@transaction.atomic
def delete_game(*, game: Game, by: User, reason: str, now: dt.datetime | None = None) -> Deletion:
    """Delete a game with all that hangs on it, after voiding and refunding every bet on it.

    Bets, their history and the ledger stay: the ``voided`` event keeps what each bet was on. The
    deletion is written to the admin's log. Raises NotAllowed unless by staff.
    """
    if not by.is_staff:
        raise NotAllowed("Only staff may delete a game.")
    why = checked_reason(reason)
    locked_game = Game.objects.select_for_update().get(pk=game.pk)
    bets = lock_bets(Bet.objects.filter(legs__game=locked_game).distinct())
    to_void = [bet for bet in bets if bet.status != BetStatus.VOID]
    at = now or database_now()
    words = f"Game deleted ({locked_game}): {why}"[:MAX_REASON]
    void_locked(to_void, by=by, reason=words, at=at)
    LogEntry.objects.create(
        user=by,
        content_type=ContentType.objects.get_for_model(Game),
        object_id=str(game.pk),
        object_repr=str(locked_game)[:200],
        action_flag=DELETION,
        change_message=f"{why} ({len(to_void)} bets voided)",
    )
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL bettrack.purge = 'on'")
        cursor.execute("DELETE FROM games WHERE id = %s", [game.pk])
        cursor.execute("SET LOCAL bettrack.purge = 'off'")
    refunded: dict[str, Decimal] = {}
    for bet in to_void:
        currency = bet.bankroll.currency
        refunded[currency] = refunded.get(currency, Decimal(0)) + bet.stake - bet.cashed_stake
    return Deletion(len(to_void), refunded)


def voided_evidence(reason: str) -> dict[str, Any]:
    """Return the evidence of a leg voided by a person (see ``bets.evidence``)."""
    words = f"Voided by hand: {reason}"
    return {
        "version": VERSION,
        "summary": words,
        "steps": [step([text(words)], "The stake is returned.")],
        "data": {"status": str(BetStatus.VOID), "factor": "1/1", "reason": reason},
    }


def checked_reason(reason: str) -> str:
    """Return the reason without blanks around it. Raises NotPossible when it is missing or too long."""
    why = reason.strip()
    if not why or len(why) > MAX_REASON:
        raise NotPossible(f"Give a reason of up to {MAX_REASON} characters.")
    return why


def lock_bets(bets: Any) -> list[Bet]:
    """Lock bets in the order of their keys and return them as they now are, with their bankrolls."""
    keys = sorted(bet.pk for bet in bets)
    locked = Bet.objects.select_for_update(of=("self",)).filter(pk__in=keys).order_by("id")
    return list(locked.select_related("bankroll"))


def legs_of(bets: Sequence[Bet]) -> dict[Any, list[dict[str, Any]]]:
    """Return what each bet was on, as data to keep in an event."""
    legs: dict[Any, list[dict[str, Any]]] = {bet.pk: [] for bet in bets}
    found = (
        BetLeg.objects.filter(bet__in=legs)
        .select_related("selection", "game", "grade")
        .order_by("bet", "position")
    )
    for leg in found:
        legs[leg.bet_id].append(
            {
                "position": leg.position,
                "game": str(leg.game),
                "game_external_id": leg.game.external_id,
                "commence_time": leg.game.commence_time.isoformat(),
                "market": leg.selection.market,
                "participant": leg.selection.participant,
                "side": leg.selection.side,
                "point": None if leg.point is None else str(leg.point),
                "odds": str(leg.odds),
                "status": leg.status,
                "evidence": leg.evidence,
            }
        )
    return legs


def voided_events(
    bet: Bet, legs: list[dict[str, Any]], *, by: User, reason: str, at: dt.datetime
) -> list[BetEvent]:
    """Return the event of a bet's voiding, and that of the end of an insured bet's bonus credit."""
    before = {"status": bet.status, "payout": None if bet.payout is None else str(bet.payout)}
    found: list[tuple[BetEventKind, str, dict[str, Any]]] = [
        (BetEventKind.VOIDED, reason, {"before": before, "legs": legs})
    ]
    credit = credit_change(bet.status, BetStatus.VOID, bet.stake, bet.insured_up_to, bet.bankroll.currency)
    if credit is not None:
        found.append((BetEventKind.CREDITED, credit.reason, dict(credit.data)))
    return [
        BetEvent(bet=bet, revision=bet.revision + 1, kind=kind, by=by, reason=why, data=data, at=at)
        for kind, why, data in found
    ]


def void_locked(bets: Sequence[Bet], *, by: User, reason: str, at: dt.datetime) -> None:
    """Void locked bets: ledger lines, events and the bets themselves; their legs are the caller's."""
    legs = legs_of(bets)
    tails = ledger.lock_bankrolls(bet.bankroll_id for bet in bets)
    movements: list[ledger.Movement] = []
    events: list[BetEvent] = []
    for bet in bets:
        revision = bet.revision + 1
        events += voided_events(bet, legs[bet.pk], by=by, reason=reason, at=at)
        rest = Decimal(0) if bet.is_bonus else bet.stake - bet.cashed_stake
        owed = [(LedgerKind.PAYOUT, rest)]
        if bet.payout is not None:
            owed = [(LedgerKind.REVERSAL, -bet.payout), (LedgerKind.PAYOUT, bet.cashed_out + rest)]
        movements += [
            ledger.Movement(bet.bankroll_id, kind, amount, bet.pk, revision)
            for kind, amount in owed
            if amount
        ]
        bet.status, bet.payout, bet.settled_at = BetStatus.VOID, bet.cashed_out + rest, at
        bet.revision, bet.review_reason = revision, ""
    Bet.objects.bulk_update(bets, ["status", "payout", "settled_at", "revision", "review_reason"])
    BetEvent.objects.bulk_create(events)
    ledger.append(ledger.plan(tails, movements), at=at)
