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
