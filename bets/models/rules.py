"""House rules of settlement as rows: what a book does otherwise than most, and where it says so."""

from __future__ import annotations

from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from accounts.audit.guards import never_emptied
from accounts.audit.tracking import audited
from bets.models.kinds import append_only
from bets.rules import BadRule, checked
from games.models import Sport
from odds.models import Bookmaker


class RuleFamily(models.TextChoices):
    """What a rule is for; the values are those of ``bets.rules.FAMILIES``."""

    MONEYLINE = "moneyline", "Moneyline"
    SPREAD = "spread", "Spread"
    TOTAL = "total", "Total"
    TEAM_TOTAL = "team_total", "Team total"
    PLAYER_PROP = "player_prop", "Player prop"
    OUTRIGHT = "outright", "Outright"
    OTHER = "other", "Other markets"
    TICKET = "ticket", "Tickets of several legs"


class SettlementRuleQuerySet(models.QuerySet["SettlementRule"]):
    def current(self) -> Self:
        """The latest version of each rule."""
        scope = ("bookmaker_id", "sport_id", "family")
        latest = SettlementRule.objects.order_by(*scope, "-version").distinct(*scope).values("pk")
        return self.filter(pk__in=latest)


def validate_parameters(parameters: Any) -> None:
    """Raise ValidationError naming the parameter that no rule has or that cannot take its value."""
    if not isinstance(parameters, dict):
        raise ValidationError('Write the parameters as {"not_started_hours": 12}.')
    for name, value in parameters.items():
        try:
            checked(name, value)
        except BadRule as error:
            raise ValidationError(str(error)) from error


class SettlementRule(models.Model):
    """One version of the rule of a book (or all), a sport (or all) and a family of markets.

    Versions are only added: the one with the highest number holds, and older ones stay for the grades that
    name them. Without parameters a version says that the usual rule holds again.
    """

    id = models.BigAutoField(primary_key=True)
    bookmaker = models.ForeignKey(
        Bookmaker,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="settlement_rules",
        help_text="Empty: every bookmaker.",
    )
    sport = models.ForeignKey(
        Sport,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="settlement_rules",
        help_text="Empty: every sport.",
    )
    family = models.CharField(max_length=11, choices=RuleFamily)
    version = models.PositiveSmallIntegerField(default=1, editable=False)
    parameters = models.JSONField(
        default=dict,
        blank=True,
        validators=[validate_parameters],
        help_text='What differs from the usual: {"not_started_hours": 12}. Empty: nothing.',
    )
    source = models.CharField(max_length=200, help_text="Who says so: BetMGM house rules, baseball.")
    source_url = models.URLField(max_length=300, blank=True)
    read_on = models.DateField(null=True, blank=True, help_text="When the source was read.")
    note = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = models.Manager.from_queryset(SettlementRuleQuerySet)()

    class Meta:
        db_table = "settlement_rules"
        ordering = ["family", "sport", "bookmaker", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["bookmaker", "sport", "family", "version"],
                nulls_distinct=False,
                name="one_rule_per_scope_and_version",
                violation_error_message="This rule already has that version.",
            ),
            models.CheckConstraint(
                condition=Q(family__in=RuleFamily.values),
                name="rule_family_is_known",
                violation_error_message="Choose a known family of markets.",
            ),
            models.CheckConstraint(
                condition=Q(version__gte=1),
                name="rule_versions_count_from_one",
                violation_error_message="Versions count from 1.",
            ),
            models.CheckConstraint(
                condition=~Q(source=""),
                name="rule_names_its_source",
                violation_error_message="Say where the rule is from.",
            ),
        ]
        triggers = [append_only, never_emptied, *audited()]

    def __str__(self) -> str:
        return f"{self.scope} (version {self.version})"

    @property
    def scope(self) -> str:
        """What the rule is for, by keys: ``pinnacle, all sports, moneyline``; callers join the bookmaker."""
        book = self.bookmaker.key if self.bookmaker else "all books"
        return f"{book}, {self.sport_id or 'all sports'}, {self.family}"
