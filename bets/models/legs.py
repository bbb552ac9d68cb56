"""What was bet: the legs of tickets."""

from __future__ import annotations

from typing import Any, Self

from django.db import models
from django.db.models import Q

from accounts.audit.tracking import audited
from bets.fields import FractionField
from bets.models.facts import note_closing
from bets.models.grades import Grade
from bets.models.kinds import (
    OPEN_FOR_CORRECTION,
    OPEN_STATUSES,
    BetStatus,
    BetType,
    FairSource,
    agreed_terms,
    correctable_terms,
)
from bets.models.tickets import Bet
from games.models import Game
from odds.models import Selection, is_american_odds

GRADED = (
    "closing_odds",
    "closing_point",
    "closing_seen_at",
    "closing_fair",
    "closing_fair_from",
    "grade",
    "graded_on",
)
"""What grading and the archive fill in."""
GRADED_ANEW = "NEW.graded_on IS DISTINCT FROM OLD.graded_on OR NEW.grade_id IS DISTINCT FROM OLD.grade_id"
"""Each grade is an event of its bet."""


class BetLegQuerySet(models.QuerySet["BetLeg"]):
    def pending(self) -> Self:
        return self.filter(status=BetStatus.PENDING)


class BetLeg(models.Model):
    """One selection of a ticket at the price and point agreed; a straight bet has one."""

    id = models.BigAutoField(primary_key=True)
    bet = models.ForeignKey(Bet, on_delete=models.CASCADE, related_name="legs", db_index=False)
    position = models.PositiveSmallIntegerField(default=1)
    game = models.ForeignKey(Game, on_delete=models.CASCADE, related_name="bet_legs", db_index=False)
    selection = models.ForeignKey(Selection, on_delete=models.CASCADE, related_name="bet_legs")
    bet_type = models.CharField(max_length=11, choices=BetType)
    odds = models.DecimalField(max_digits=12, decimal_places=6, help_text="American odds at placement.")
    point = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    status = models.CharField(max_length=12, choices=BetStatus, default=BetStatus.PENDING)
    return_factor = FractionField(null=True, blank=True, help_text="Returned per unit staked on this leg.")
    draw_offered = models.BooleanField(
        default=False, help_text="The market had a price for the draw, so a draw loses."
    )
    deduction_pct = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        default=0,
        db_default=0,
        help_text="Taken off the winnings for runners withdrawn after the bet (Rule 4).",
    )
    price_seen_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When the archive last saw this price at that book; empty: it did not.",
    )
    closing_odds = models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True)
    closing_point = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    closing_seen_at = models.DateTimeField(null=True, blank=True)
    closing_fair = models.DecimalField(
        max_digits=9,
        decimal_places=8,
        null=True,
        blank=True,
        help_text="Chance of the selection by closing prices, the margin taken out in proportion.",
    )
    closing_fair_from = models.CharField(  # noqa: DJ001 - empty means not looked for yet
        max_length=9,
        choices=FairSource,
        null=True,
        blank=True,
        help_text="Whose closing prices; empty: not looked for yet.",
    )
    grade = models.ForeignKey(
        Grade,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="legs",
        db_index=False,
        db_constraint=False,
        help_text="Why it was graded so.",
    )
    graded_on = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="The game's updated_at when it was graded; another one now means: look again.",
    )

    objects = models.Manager.from_queryset(BetLegQuerySet)()

    class Meta:
        db_table = "bet_legs"
        ordering = ["bet", "position"]
        indexes = [
            models.Index(
                fields=["game"], name="leg_due", condition=Q(status=BetStatus.PENDING)
            ),  # legs of games that have ended
            models.Index(fields=["game"], name="leg_game"),  # bets of a game; its deletion
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["bet", "position"],
                name="one_leg_per_position",
                violation_error_message="This bet already has a leg at that position.",
            ),
            models.CheckConstraint(
                condition=is_american_odds("odds"),
                name="leg_odds_are_american",
                violation_error_message="American odds are at most −100 or at least +100.",
            ),
            models.CheckConstraint(
                condition=Q(deduction_pct__gte=0, deduction_pct__lte=90),
                name="deduction_is_at_most_ninety_per_cent",
                violation_error_message="A deduction is from 0% to 90%.",
            ),
            models.CheckConstraint(
                condition=Q(closing_odds__isnull=True) | is_american_odds("closing_odds"),
                name="closing_odds_are_american",
                violation_error_message="American odds are at most −100 or at least +100.",
            ),
            models.CheckConstraint(
                condition=Q(closing_odds__isnull=True, closing_seen_at__isnull=True)
                | Q(closing_odds__isnull=False, closing_seen_at__isnull=False),
                name="closing_odds_are_dated",
                violation_error_message="A closing price has the time it was seen; none has none.",
            ),
            models.CheckConstraint(
                condition=Q(closing_fair_from__isnull=True, closing_fair__isnull=True)
                | Q(closing_fair_from=FairSource.NONE, closing_fair__isnull=True)
                | Q(
                    closing_fair_from__isnull=False,
                    closing_fair_from__in=[FairSource.SHARP, FairSource.CONSENSUS, FairSource.OWN],
                    closing_fair__isnull=False,
                    closing_fair__gt=0,
                    closing_fair__lt=1,
                ),
                name="fair_close_is_a_chance_and_names_its_source",
                violation_error_message="A fair closing chance lies between 0 and 1 and names its source.",
            ),
            models.CheckConstraint(
                condition=Q(bet_type__in=BetType.values),
                name="leg_bet_type_is_known",
                violation_error_message="Choose a known type of bet.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=BetStatus.values),
                name="leg_status_is_known",
                violation_error_message="Choose a known status.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=OPEN_STATUSES, return_factor__isnull=True)
                | (~Q(status__in=OPEN_STATUSES) & Q(return_factor__isnull=False)),
                name="leg_is_graded_exactly_when_it_has_a_factor",
                violation_error_message="A graded leg has a return factor; an open one has none.",
            ),
            models.CheckConstraint(
                condition=Q(return_factor__isnull=True) | Q(return_factor__regex=FractionField.PATTERN),
                name="return_factor_is_a_fraction",
                violation_error_message="Write the return factor as 21/11.",
            ),
        ]
        triggers = [
            note_closing,
            agreed_terms(
                "leg",
                "bet",
                "position",
                "game",
                "selection",
                "bet_type",
                "point",
            ),
            correctable_terms(
                "leg",
                "odds",
                "draw_offered",
                "price_seen_at",
                where="OLD.status = 'pending' AND NEW.status = 'pending' AND "
                + OPEN_FOR_CORRECTION.format(bet="OLD.bet_id"),
            ),
            *audited(
                quiet=GRADED,
                unless=GRADED_ANEW,
                object_id="{row}.bet_id",
                owner="(SELECT b.user_id FROM bets b WHERE b.id = {row}.bet_id)",
                image=["position", "bet_type", "odds", "point"],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_bet_type_display()} at {self.odds.normalize():+f}"

    @property
    def evidence(self) -> dict[str, Any]:
        """Why the leg was graded so (see ``bets.evidence``), {} while open. Select ``grade`` with the leg."""
        return {} if self.grade is None else dict(self.grade.evidence)
