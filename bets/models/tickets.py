"""What was bet: tickets."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from accounts.audit.tracking import audited
from accounts.ids import uuid7
from bets.clock import EARLIEST
from bets.fields import FractionField
from bets.models.bankrolls import Bankroll
from bets.models.facts import note_inserted, note_updated
from bets.models.kinds import (
    OPEN_FOR_CORRECTION,
    OPEN_STATUSES,
    SINGLE_PRICE,
    BetKind,
    BetStatus,
    agreed_terms,
    correctable_terms,
)
from odds.models import Bookmaker, is_american_odds


class BetQuerySet(models.QuerySet["Bet"]):
    def owned_by(self, user: object) -> Self:
        """Return the user's bets, without those of an import that was undone."""
        return self.filter(user=user, withdrawn_at__isnull=True)

    def open(self) -> Self:
        return self.filter(status__in=OPEN_STATUSES)

    def settled(self) -> Self:
        return self.exclude(status__in=OPEN_STATUSES)

    def newest_first(self) -> Self:
        return self.order_by("-placed_at", "-id")


class Bet(models.Model):
    """A record of one ticket. What was agreed never changes; triggers see to it.

    Stake, price and book may be set right while the bet is pending and no game of it has begun.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="bets", db_index=False
    )
    bankroll = models.ForeignKey(Bankroll, on_delete=models.PROTECT, related_name="bets", db_index=False)
    bookmaker = models.ForeignKey(
        Bookmaker, on_delete=models.PROTECT, null=True, blank=True, related_name="bets"
    )
    kind = models.CharField(max_length=16, choices=BetKind, default=BetKind.STRAIGHT)
    stake = models.DecimalField(
        max_digits=12, decimal_places=2, help_text="All that is at risk: of a lay its liability."
    )
    unit_stake = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="Of each combination, or of each half of an each-way bet; of a lay the backer's. Empty: the stake.",
    )
    combinations = models.PositiveIntegerField(default=1, db_default=1)
    sizes = ArrayField(
        models.PositiveSmallIntegerField(),
        default=list,
        db_default=[],
        blank=True,
        help_text="How many legs the combinations of a round robin have.",
    )
    teaser_points = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    is_lay = models.BooleanField(default=False, db_default=False, help_text="The bet is on its losing.")
    commission_pct = models.DecimalField(
        max_digits=5, decimal_places=2, default=0, db_default=0, help_text="Taken off the profit."
    )
    each_way_places = models.PositiveSmallIntegerField(null=True, blank=True)
    each_way_fraction = FractionField(
        null=True, blank=True, help_text="Part of the odds a place pays, such as 1/4."
    )
    odds = models.DecimalField(
        max_digits=18, decimal_places=6, help_text="American odds of the whole ticket at placement."
    )
    status = models.CharField(max_length=12, choices=BetStatus, default=BetStatus.PENDING)
    payout = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    placed_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    revision = models.PositiveSmallIntegerField(default=0, help_text="How often the bet has been graded.")
    review_reason = models.CharField(max_length=200, blank=True)
    # the part of the stake that was cashed out early, and what was paid for it
    cashed_stake = models.DecimalField(max_digits=12, decimal_places=2, default=0, db_default=0)
    cashed_out = models.DecimalField(max_digits=14, decimal_places=2, default=0, db_default=0)
    own_price = models.BooleanField(default=False, help_text="The user's price, not one on the board.")
    is_bonus = models.BooleanField(default=False, help_text="Bonus bet: the stake is not returned.")
    boost_pct = models.DecimalField(max_digits=6, decimal_places=2, default=0)
    boost_cap = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    insured_up_to = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="A loss is credited as a bonus up to this amount, never as cash.",
    )
    note = models.TextField(blank=True, max_length=2000)
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    idempotency_key = models.CharField(max_length=64)
    # of an imported bet (see docs/decisions): its legs are ``imported_legs``, its outcome is what the file says
    batch = models.ForeignKey(
        "bets.ImportBatch",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="bets",
        db_index=False,
    )
    book_name = models.CharField(
        max_length=64, blank=True, help_text="The book as a file names it, if it is none of ours."
    )
    withdrawn_at = models.DateTimeField(null=True, blank=True, help_text="When its import was undone.")

    objects = models.Manager.from_queryset(BetQuerySet)()

    class Meta:
        db_table = "bets"
        ordering = ["-placed_at", "-id"]
        indexes = [
            models.Index(
                fields=["batch"], name="bet_batch", condition=Q(batch__isnull=False)
            ),  # the bets of an import, to undo it
            models.Index(fields=["user", "-placed_at", "-id"], name="bet_user_newest"),  # a user's history
            models.Index(
                fields=["placed_at"], name="bet_review", condition=Q(review_reason__gt="")
            ),  # the review queue; not by status, which settling changes, so that its updates touch no index
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | Q(batch__isnull=False, status=BetStatus.VOID),
                name="only_imported_bets_are_withdrawn",
                violation_error_message="Only a bet of an import is withdrawn with it, and is void then.",
            ),
            models.CheckConstraint(
                condition=Q(book_name="") | Q(bookmaker__isnull=True, batch__isnull=False),
                name="only_imported_bets_name_other_books",
                violation_error_message="Only an imported bet without a bookmaker of ours names its book.",
            ),
            models.UniqueConstraint(
                fields=["user", "idempotency_key"],
                name="bet_is_placed_once",
                violation_error_message="This bet has been placed already.",
            ),
            models.UniqueConstraint(
                fields=["bankroll", "id"], name="bet_in_bankroll_target"
            ),  # what a ledger line's foreign key refers to; also the bets of a bankroll
            models.CheckConstraint(
                condition=Q(stake__gt=0),
                name="stake_is_above_zero",
                violation_error_message="The stake must be above zero.",
            ),
            models.CheckConstraint(
                condition=is_american_odds("odds"),
                name="bet_odds_are_american",
                violation_error_message="American odds are at most −100 or at least +100.",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=BetKind.values),
                name="bet_kind_is_known",
                violation_error_message="Choose a known kind of bet.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=BetStatus.values),
                name="bet_status_is_known",
                violation_error_message="Choose a known status.",
            ),
            models.CheckConstraint(
                condition=Q(status__in=OPEN_STATUSES, settled_at__isnull=True, payout__isnull=True)
                | (~Q(status__in=OPEN_STATUSES) & Q(settled_at__isnull=False, payout__isnull=False)),
                name="settled_exactly_when_paid_and_dated",
                violation_error_message="A settled bet has a payout and a time; an open one has neither.",
            ),
            models.CheckConstraint(
                condition=Q(payout__isnull=True) | Q(payout__gte=0),
                name="payout_is_not_negative",
                violation_error_message="A payout is zero or more.",
            ),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True) | Q(settled_at__gte=F("placed_at")),
                name="bet_is_settled_after_it_is_placed",
                violation_error_message="A bet cannot be settled before it was placed.",
            ),
            models.CheckConstraint(
                condition=Q(placed_at__gte=EARLIEST),
                name="bet_is_not_placed_before_1990",
                violation_error_message="A bet cannot be placed before 1990.",
            ),
            models.CheckConstraint(
                condition=Q(status=BetStatus.NEEDS_REVIEW, review_reason__gt="")
                | (~Q(status=BetStatus.NEEDS_REVIEW) & Q(review_reason="")),
                name="review_has_a_reason",
                violation_error_message="A bet under review needs the reason; others have none.",
            ),
            models.CheckConstraint(
                condition=Q(boost_pct__gte=0) & (Q(boost_cap__isnull=True) | Q(boost_cap__gt=0)),
                name="boost_is_not_negative",
                violation_error_message="A boost is zero or more, its cap above zero.",
            ),
            models.CheckConstraint(
                condition=Q(is_lay=True, kind=BetKind.STRAIGHT, unit_stake__isnull=False, is_bonus=False)
                | Q(is_lay=False, unit_stake__isnull=True, combinations=1)
                | Q(is_lay=False, unit_stake__isnull=False, stake=F("unit_stake") * F("combinations")),
                name="stake_is_that_of_every_combination",
                violation_error_message="The stake is that of each combination times how many there are.",
            ),
            models.CheckConstraint(
                condition=Q(unit_stake__isnull=True) | Q(unit_stake__gt=0),
                name="unit_stake_is_above_zero",
                violation_error_message="The stake of a combination must be above zero.",
            ),
            models.CheckConstraint(
                condition=Q(combinations=1)
                | (Q(combinations__gt=1) & ~Q(kind__in=SINGLE_PRICE))
                | Q(combinations=2, kind=BetKind.STRAIGHT, each_way_places__isnull=False),
                name="only_systems_and_each_way_have_combinations",
                violation_error_message="Only round robins, systems and each-way bets are several bets in one.",
            ),
            models.CheckConstraint(
                condition=Q(kind=BetKind.ROUND_ROBIN, sizes__len__gt=0)
                | (~Q(kind=BetKind.ROUND_ROBIN) & Q(sizes__len=0)),
                name="round_robin_has_sizes",
                violation_error_message="A round robin has the sizes of its combinations; other bets have none.",
            ),
            models.CheckConstraint(
                condition=Q(kind=BetKind.TEASER, teaser_points__isnull=False, teaser_points__gt=0)
                | (~Q(kind=BetKind.TEASER) & Q(teaser_points__isnull=True)),
                name="teaser_has_points",
                violation_error_message="A teaser moves its lines by more than zero points; other bets by none.",
            ),
            models.CheckConstraint(
                condition=Q(commission_pct__gte=0, commission_pct__lt=100),
                name="commission_is_a_percentage",
                violation_error_message="A commission is at least 0% and below 100%.",
            ),
            models.CheckConstraint(
                condition=Q(each_way_places__isnull=True, each_way_fraction__isnull=True)
                | Q(
                    each_way_places__gt=0,
                    each_way_fraction__regex=r"^[1-9][0-9]*/[1-9][0-9]*$",
                    kind=BetKind.STRAIGHT,
                    is_lay=False,
                    combinations=2,
                ),
                name="each_way_has_places_and_fraction",
                violation_error_message="An each-way bet is a straight one with places and a fraction of the odds.",
            ),
            models.CheckConstraint(
                condition=Q(insured_up_to__isnull=True) | Q(insured_up_to__gt=0, is_bonus=False),
                name="insurance_is_above_zero",
                violation_error_message="Insurance is above zero; a bonus bet has none.",
            ),
            models.CheckConstraint(
                condition=Q(cashed_stake=0, cashed_out=0)
                | Q(cashed_stake__gt=0, cashed_stake__lt=F("stake"), cashed_out__gt=0),
                name="part_cashed_out_is_less_than_the_stake",
                violation_error_message="A part cashed out is below the stake and was paid for; the rest rides on.",
            ),
            models.CheckConstraint(
                condition=Q(payout__isnull=True) | Q(payout__gte=F("cashed_out")),
                name="what_was_cashed_out_is_in_the_payout",
                violation_error_message="The payout is at least what was paid for the part cashed out.",
            ),
            models.CheckConstraint(
                condition=~Q(idempotency_key=""),
                name="idempotency_key_is_not_empty",
                violation_error_message="A bet needs an idempotency key.",
            ),
        ]
        triggers = [
            note_inserted,
            note_updated,
            agreed_terms(
                "bet",
                "user",
                "bankroll",
                "kind",
                "combinations",
                "sizes",
                "teaser_points",
                "is_lay",
                "each_way_places",
                "each_way_fraction",
                "placed_at",
                "is_bonus",
                "boost_pct",
                "boost_cap",
                "insured_up_to",
                "idempotency_key",
            ),
            correctable_terms(
                "bet",
                "bookmaker",
                "stake",
                "unit_stake",
                "commission_pct",
                "odds",
                "own_price",
                where="OLD.status = 'pending' AND NEW.status = 'pending' AND OLD.cashed_stake = 0 AND "
                + OPEN_FOR_CORRECTION.format(bet="OLD.id"),
            ),
            *audited(
                owner="{row}.user_id",
                quiet=["tags", "idempotency_key"],
                image=["kind", "stake", "odds", "bankroll"],
                unless="NEW.revision > OLD.revision",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.stake} at {self.odds.normalize():+f}"
