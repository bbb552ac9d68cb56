"""What tickets, legs and their states are called, and the guards of what was agreed."""

from __future__ import annotations

import pgtrigger
from django.db import models

from odds.models import APPEND_ONLY

append_only = pgtrigger.Trigger(
    name="append_only",
    operation=pgtrigger.Update | pgtrigger.Delete,
    when=pgtrigger.Before,
    func=APPEND_ONLY,
)


REFERENCES = frozenset({"user", "bankroll", "bookmaker", "bet", "game", "selection"})


def agreed_terms(what: str, *fields: str) -> pgtrigger.Trigger:
    """Guard by which the database refuses to change what was agreed when ``what`` was placed."""
    columns = [f"{name}_id" if name in REFERENCES else name for name in fields]
    return pgtrigger.Trigger(
        name="agreed_terms_are_immutable",
        operation=pgtrigger.UpdateOf(*columns),  # type: ignore[no-untyped-call] # pgtrigger leaves it untyped
        when=pgtrigger.Before,
        condition=pgtrigger.AnyChange(*fields),
        func=f"RAISE EXCEPTION 'the agreed terms of a {what} cannot be changed' "
        "USING ERRCODE = 'integrity_constraint_violation';",
    )


OPEN_FOR_CORRECTION = """
    EXISTS (SELECT 1 FROM bets WHERE id = {bet} AND status = 'pending')
    AND EXISTS (SELECT 1 FROM bet_legs WHERE bet_id = {bet})
    AND NOT EXISTS (
        SELECT 1 FROM bet_legs l JOIN games g ON g.id = l.game_id
        WHERE l.bet_id = {bet} AND (g.commence_time <= statement_timestamp() OR g.status NOT IN ('scheduled', 'postponed'))
    )
"""
"""Whether a bet is pending and no game of it has begun by the database's clock; a bet without games of ours is never open."""


def correctable_terms(what: str, *fields: str, where: str) -> pgtrigger.Trigger:
    """Guard of the terms that may be set right while the bet is pending and none of its games has begun."""
    columns = [f"{name}_id" if name in REFERENCES else name for name in fields]
    return pgtrigger.Trigger(
        name="corrected_before_the_start",
        operation=pgtrigger.UpdateOf(*columns),  # type: ignore[no-untyped-call] # pgtrigger leaves it untyped
        when=pgtrigger.Before,
        condition=pgtrigger.AnyChange(*fields),
        func=f"""
            IF NOT ({where}) THEN
                RAISE EXCEPTION 'the agreed terms of a {what} cannot be changed once a game has begun or the bet is decided'
                USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        """,
    )


class BetKind(models.TextChoices):
    STRAIGHT = "straight", "Straight"
    PARLAY = "parlay", "Parlay"
    TEASER = "teaser", "Teaser"
    ROUND_ROBIN = "round_robin", "Round robin"
    SAME_GAME_PARLAY = "same_game_parlay", "Same-game parlay"
    TRIXIE = "trixie", "Trixie"
    PATENT = "patent", "Patent"
    YANKEE = "yankee", "Yankee"
    LUCKY_15 = "lucky15", "Lucky 15"
    CANADIAN = "canadian", "Canadian"
    LUCKY_31 = "lucky31", "Lucky 31"
    HEINZ = "heinz", "Heinz"
    LUCKY_63 = "lucky63", "Lucky 63"
    SUPER_HEINZ = "super_heinz", "Super heinz"
    GOLIATH = "goliath", "Goliath"


SINGLE_PRICE = (BetKind.STRAIGHT, BetKind.PARLAY, BetKind.SAME_GAME_PARLAY, BetKind.TEASER)
"""Kinds that are one bet; the others are several combinations, each with a stake of its own."""


class BetStatus(models.TextChoices):
    PENDING = "pending", "Pending"
    WON = "won", "Won"
    LOST = "lost", "Lost"
    PUSH = "push", "Push"
    VOID = "void", "Void"
    HALF_WON = "half_won", "Half won"
    HALF_LOST = "half_lost", "Half lost"
    CASHED_OUT = "cashed_out", "Cashed out"
    NEEDS_REVIEW = "needs_review", "Needs review"


OPEN_STATUSES = (BetStatus.PENDING, BetStatus.NEEDS_REVIEW)


class BetType(models.TextChoices):
    MONEYLINE = "moneyline", "Moneyline"
    SPREAD = "spread", "Spread"
    TOTAL = "total", "Total"
    TEAM_TOTAL = "team_total", "Team total"
    PLAYER_PROP = "player_prop", "Player prop"
    OUTRIGHT = "outright", "Outright"
    OTHER = "other", "Other"


class FairSource(models.TextChoices):
    """Whose closing prices a fair chance comes from, the best first."""

    SHARP = "sharp", "Pinnacle"
    CONSENSUS = "consensus", "Consensus of sharp books"
    OWN = "own", "The bet's own book"
    NONE = "none", "None has a complete market"
