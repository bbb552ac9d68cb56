"""What of bets and money belongs to a person, and what has to be put right when an account is deleted."""

from __future__ import annotations

from collections.abc import Callable

import pgtrigger
from django.db import connection

from accounts import personal
from accounts.deletion import former_member
from accounts.models import User
from bets.models import BetEvent, Operation

BACKED = "SELECT DISTINCT l.game_id FROM bet_legs l JOIN bets b ON b.id = l.bet_id WHERE b.user_id = %s"
COUNT_AGAIN = """
UPDATE games g SET bet_count =
    (SELECT count(DISTINCT l.bet_id) FROM bet_legs l WHERE l.game_id = g.id)
WHERE g.id = ANY(%s)
"""
NAMED_IN = "SELECT id FROM grades WHERE evidence ->> 'by' = %s"
"""Reasons that name who decided; those of automatic grades are about games."""
NOBODYS_GRADES = """
DELETE FROM grades g WHERE g.id = ANY(%s) AND NOT EXISTS (SELECT 1 FROM bet_legs l WHERE l.grade_id = g.id)
"""


def register() -> None:
    personal.owns("bets.Bet", words=("bet", "bets"))
    personal.owns("bets.BetLeg", "bet__user")
    personal.owns("bets.ImportedLeg", "bet__user")
    personal.owns(
        "bets.BetEvent", "bet__user", ("entry in the history of bets", "entries in the history of bets")
    )
    personal.owns("bets.SettledBet", "bet__user")
    personal.owns("bets.ChangedBet", "user_id")
    personal.owns("bets.Bankroll", words=("bankroll", "bankrolls"))
    personal.owns("bets.LedgerEntry", "bankroll__user", ("line of the ledger", "lines of the ledger"))
    personal.owns(
        "bets.Operation", words=("deposit, withdrawal or transfer", "deposits, withdrawals and transfers")
    )
    personal.owns("bets.LimitChange", words=("decision about your limits", "decisions about your limits"))
    personal.owns("bets.SavedFilter", words=("saved filter", "saved filters"))
    personal.owns("bets.TagEdit")
    personal.owns("bets.ImportBatch", words=("imported file", "imported files"))
    personal.owns("bets.Job", words=("export or import by the API", "exports and imports by the API"))
    personal.owns("bets.JobChunk", "job__user")
    personal.owns("bets.PublishedRecord", words=("published record", "published records"))
    personal.owns("bets.BettingPreferences")
    personal.owns("bets.Slip")
    personal.owns("bets.SlipLeg", "slip__user")
    personal.owns("bets.Webhook", words=("webhook", "webhooks"))
    personal.owns("bets.WebhookDelivery", "webhook__user")
    personal.keeps(
        "bets.BetEvent",
        "by",
        forget=hand_over_decisions,
        words=("decision about a bet of another person", "decisions about bets of other persons"),
    )
    personal.keeps("bets.Operation", "by", forget=hand_over_operations)
    personal.locks_first(lock_games)
    personal.settles(games_and_grades)


def hand_over_decisions(user: User) -> None:
    """Give decisions about bets of others to the account of former members: that a person took them counts."""
    theirs = BetEvent.objects.filter(by=user).exclude(bet__user=user)
    if theirs.exists():
        with pgtrigger.ignore("bets.BetEvent:append_only"):
            theirs.update(by=former_member())


def hand_over_operations(user: User) -> None:
    """Likewise what the person did to the money of others."""
    theirs = Operation.objects.filter(by=user).exclude(user=user)
    if theirs.exists():
        with pgtrigger.ignore("bets.Operation:append_only"):
            theirs.update(by=former_member())


def lock_games(user: User) -> None:
    """Lock the games that the person has backed, as placing does before it locks the owner."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM games WHERE id IN ({BACKED}) ORDER BY id FOR NO KEY UPDATE", [user.pk])  # noqa: S608


def games_and_grades(user: User) -> Callable[[], None]:
    """Before: which games are backed and which reasons name the person. After: count the bets again, drop the reasons."""
    with connection.cursor() as cursor:
        for table in ("bets", "bankrolls"):  # settlement locks them in this order
            cursor.execute(f"SELECT 1 FROM {table} WHERE user_id = %s ORDER BY id FOR UPDATE", [user.pk])  # noqa: S608
        cursor.execute(BACKED, [user.pk])
        games = [row[0] for row in cursor.fetchall()]
        cursor.execute(NAMED_IN, [user.get_username()])
        grades = [row[0] for row in cursor.fetchall()]

    def put_right() -> None:
        with connection.cursor() as cursor:
            cursor.execute(COUNT_AGAIN, [games])
            cursor.execute(NOBODYS_GRADES, [grades])

    return put_right
