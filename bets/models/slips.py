"""What a person means to bet: one slip each, kept until it is placed."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from bets.models.bankrolls import Bankroll
from bets.models.kinds import BetKind
from odds.models import Bookmaker, Selection, is_american_odds

SLIP_KINDS = (
    BetKind.STRAIGHT,
    BetKind.PARLAY,
    BetKind.SAME_GAME_PARLAY,
    BetKind.TEASER,
    BetKind.ROUND_ROBIN,
)


class Moves(models.TextChoices):
    """What happens when a price is another one than that in the slip."""

    ASK = "ask", "Ask me"
    BETTER = "better", "Take better prices"
    ANY = "any", "Take any price"


def new_key() -> str:
    """Return an idempotency key no other slip has."""
    return uuid.uuid4().hex


class Slip(models.Model):
    """One person's slip. ``key`` is that of its present legs: bets placed from it carry it, so once is enough."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="slip"
    )
    key = models.CharField(max_length=32, default=new_key)
    kind = models.CharField(max_length=16, choices=BetKind, default=BetKind.STRAIGHT)
    moves = models.CharField(max_length=6, choices=Moves, default=Moves.ASK)
    bankroll = models.ForeignKey(
        Bankroll, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    # of a ticket of several legs; a straight bet's stake is its leg's
    stake = models.CharField(max_length=24, blank=True, help_text="As typed.")
    sizes = ArrayField(models.PositiveSmallIntegerField(), default=list, blank=True)
    teaser_points = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    ticket_price = models.DecimalField(
        max_digits=12, decimal_places=6, null=True, blank=True, help_text="American odds of the whole ticket."
    )

    class Meta:
        db_table = "slips"
        ordering = ["user"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=SLIP_KINDS),
                name="slip_kind_is_known",
                violation_error_message="Choose straight, parlay, same-game parlay, teaser or round robin.",
            ),
            models.CheckConstraint(
                condition=Q(moves__in=Moves.values),
                name="slip_moves_are_known",
                violation_error_message="Choose what happens when a price moves.",
            ),
            models.CheckConstraint(
                condition=Q(ticket_price__isnull=True) | is_american_odds("ticket_price"),
                name="slip_ticket_price_is_american_odds",
                violation_error_message="American odds are at most −100 or at least +100.",
            ),
            models.CheckConstraint(
                condition=Q(teaser_points__isnull=True) | Q(teaser_points__gt=0),
                name="slip_teaser_points_are_above_zero",
                violation_error_message="A teaser moves its lines by more than zero points.",
            ),
            models.CheckConstraint(
                condition=~Q(key=""),
                name="slip_key_is_not_empty",
                violation_error_message="A slip needs its key.",
            ),
        ]

    def __str__(self) -> str:
        return f"slip of {self.user_id}"


class SlipLeg(models.Model):
    """A line in a slip: the price clicked, or the user's ``own``. A removed one stays until the next is removed."""

    id = models.BigAutoField(primary_key=True)
    slip = models.ForeignKey(Slip, on_delete=models.CASCADE, related_name="legs", db_index=False)
    selection = models.ForeignKey(Selection, on_delete=models.CASCADE, related_name="slip_legs")
    bookmaker = models.ForeignKey(Bookmaker, on_delete=models.CASCADE, related_name="+", db_index=False)
    price = models.DecimalField(max_digits=12, decimal_places=6, help_text="American odds.")
    point = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    own = models.BooleanField(default=False, help_text="The user's price, not one on the board.")
    stake = models.CharField(max_length=24, blank=True, help_text="As typed, for a straight bet.")
    clicked_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "slip_legs"
        ordering = ["slip", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["slip", "selection", "bookmaker", "point"],
                condition=Q(removed_at__isnull=True),
                nulls_distinct=False,
                name="line_is_once_in_a_slip",
                violation_error_message="This line is in the slip already.",
            ),
            models.CheckConstraint(
                condition=is_american_odds("price"),
                name="slip_price_is_american_odds",
                violation_error_message="American odds are at most −100 or at least +100.",
            ),
        ]
        indexes = [models.Index(fields=["slip", "id"], name="legs_of_slip")]  # the slip on every page

    def __str__(self) -> str:
        return f"{self.selection_id} at {self.price.normalize():+f}"

    @property
    def line(self) -> str:
        """``selection:bookmaker key``, by which a page knows the price that is in the slip; callers join the book."""
        return f"{self.selection_id}:{self.bookmaker.key}"
