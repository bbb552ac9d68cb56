"""Bets and money in the admin: read only, with the few actions that go through services."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.models import User
from bets.bankrolls import admin as bankroll_admin  # noqa: F401 - registers the money
from bets.decisions.options import staff_options
from bets.exceptions import Refused
from bets.history import admin as history_admin  # noqa: F401 - registers what people keep of theirs
from bets.jobs import admin as job_admin  # noqa: F401 - registers jobs and their files
from bets.models import (
    Bet,
    BetEvent,
    BetLeg,
    BetStatus,
    BettingPreferences,
    ChangedBet,
    Grade,
    ImportBatch,
    ImportedLeg,
    LedgerEntry,
    PublishedRecord,
    ResultCheck,
    SettledBet,
    SettlementRule,
    Slip,
    SlipLeg,
    Webhook,
    WebhookDelivery,
)
from bets.money import format_money
from bets.read_only_admin import ReadOnly, ReadOnlyInline
from bets.rulebook import amend_rule
from bets.voiding import delete_game, grade_again, void_bet
from games import admin as games_admin  # noqa: F401 - registers the games first
from games.models import Game

Row = TypeVar("Row", bound=models.Model)


class ReasonForm(ActionForm):
    """The list's action bar with room for a reason, which actions that change money demand."""

    reason = forms.CharField(required=False, max_length=200, label="Reason")


class LegInline(ReadOnlyInline):
    model = BetLeg
    fields = (
        "position",
        "game",
        "selection",
        "bet_type",
        "point",
        "odds",
        "price_seen_at",
        "status",
        "return_factor",
        "closing_odds",
        "why",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[BetLeg]:
        return super().get_queryset(request).select_related("game", "selection", "grade")

    @admin.display(description="Why it was graded so")
    def why(self, leg: BetLeg) -> str:
        return str(leg.evidence.get("summary", ""))


class ImportedLegInline(ReadOnlyInline):
    model = ImportedLeg
    fields = ("position", "description", "event", "league", "market", "odds", "status", "closing_odds")
    readonly_fields = fields


class EventInline(ReadOnlyInline):
    model = BetEvent
    fields = ("at", "kind", "revision", "by", "reason", "data")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[BetEvent]:
        return super().get_queryset(request).select_related("by")


class LedgerInline(ReadOnlyInline):
    model = LedgerEntry
    fields = ("at", "seq", "kind", "revision", "amount", "balance_after")
    readonly_fields = fields


class QueueFilter(admin.SimpleListFilter):
    title = "queue"
    parameter_name = "queue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("review", "Review queue"), ("open", "Open"), ("settled", "Settled")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Bet]) -> QuerySet[Bet]:
        if self.value() == "review":
            return queryset.filter(status=BetStatus.NEEDS_REVIEW)
        wanted = {"open": Bet.objects.open, "settled": Bet.objects.settled}.get(self.value() or "")
        return queryset.filter(pk__in=wanted().values("pk")) if wanted else queryset


@admin.register(Bet)
class BetAdmin(ReadOnly):
    list_display = ["placed_at", "user", "ticket", "bookmaker", "status", "returned", "review_reason"]
    list_filter = [QueueFilter, "status", "kind", "own_price", "placed_at", "bookmaker"]
    list_select_related = ["user", "bankroll", "bookmaker"]
    search_fields = ["=id", "user__username", "user__email", "legs__game__title", "note"]
    search_help_text = "Bet id, user, game or note."
    ordering = ["-placed_at", "-id"]
    inlines = [LegInline, ImportedLegInline, EventInline, LedgerInline]
    readonly_fields = ["decide"]
    action_form = ReasonForm
    actions = ["void", "send_back_to_grading"]

    @admin.display(description="Ticket", ordering="stake")
    def ticket(self, bet: Bet) -> str:
        stake = format_money(bet.stake, bet.bankroll.currency)
        return f"{bet.get_kind_display()}, {stake} at {bet.odds.normalize():+f}"

    @admin.display(description="Returned", ordering="payout")
    def returned(self, bet: Bet) -> str:
        return "" if bet.payout is None else format_money(bet.payout, bet.bankroll.currency)

    @admin.display(description="Decide")
    def decide(self, bet: Bet) -> SafeString:
        """Links to the pages on which staff decide; they say what would happen first."""
        links = [
            (reverse("bets:decide", args=[bet.pk, option.key]), option.label) for option in staff_options(bet)
        ]
        queue = (reverse("bets:review"), "Review queue")
        return format_html_join(" · ", '<a href="{}">{}</a>', [*links, queue])

    def has_correct_permission(self, request: HttpRequest) -> bool:
        """Who may void or send back bets, which nobody may edit."""
        return request.user.has_perm("bets.change_bet")

    @admin.action(description="Void and give the stake back", permissions=["correct"])
    def void(self, request: HttpRequest, queryset: QuerySet[Bet]) -> None:
        act_on(request, queryset, lambda bet, by, why: void_bet(bet=bet, by=by, reason=why), "voided")

    @admin.action(description="Send back to grading", permissions=["correct"])
    def send_back_to_grading(self, request: HttpRequest, queryset: QuerySet[Bet]) -> None:
        act_on(
            request,
            queryset,
            lambda bet, by, why: grade_again(bet=bet, by=by, reason=why),
            "sent back to grading",
        )


def act_on(
    request: HttpRequest,
    rows: Iterable[Row],
    act: Callable[[Row, User, str], object],
    done: str,
) -> None:
    """Do one service call a row with the reason from the action bar; say what was done and what refused."""
    by = request.user
    reason = request.POST.get("reason", "")
    if not isinstance(by, User):
        raise PermissionDenied
    count = 0
    for row in rows:
        try:
            act(row, by, reason)
        except Refused as refusal:
            messages.error(request, f"{row}: {refusal}")
        else:
            count += 1
    if count:
        messages.success(request, f"{count} {done}.")


@admin.register(BetEvent)
class BetEventAdmin(ReadOnly):
    list_display = ["at", "bet", "kind", "revision", "by", "reason"]
    list_filter = ["kind", "at"]
    list_select_related = ["bet", "by"]
    search_fields = ["=bet__id", "by__username", "reason"]
    ordering = ["-at", "-id"]


@admin.register(BetLeg)
class BetLegAdmin(ReadOnly):
    list_display = ["bet", "game", "selection", "bet_type", "point", "odds", "status", "closing_odds"]
    list_filter = ["status", "bet_type"]
    list_select_related = ["bet", "game", "selection"]
    search_fields = ["=bet__id", "game__title", "selection__participant"]
    ordering = ["-id"]


@admin.register(ImportedLeg)
class ImportedLegAdmin(ReadOnly):
    list_display = ["bet", "description", "sport", "league", "market", "odds", "status"]
    list_filter = ["status", "bet_type"]
    list_select_related = ["bet"]
    search_fields = ["=bet__id", "description", "event"]
    ordering = ["-id"]


@admin.register(ImportBatch)
class ImportBatchAdmin(ReadOnly):
    list_display = ["created_at", "user", "file_name", "format", "state", "added", "settled", "undone_at"]
    list_filter = ["state", "format", "created_at"]
    list_select_related = ["user"]
    search_fields = ["=id", "user__username", "user__email", "file_name", "=checksum"]
    exclude = ["content"]
    ordering = ["-created_at", "-id"]


@admin.register(Grade)
class GradeAdmin(ReadOnly):
    list_display = ["__str__", "id"]
    search_fields = ["=id"]
    ordering = ["id"]


class InForceFilter(admin.SimpleListFilter):
    title = "version"
    parameter_name = "versions"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("current", "In force")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[SettlementRule]) -> QuerySet[SettlementRule]:
        current = SettlementRule.objects.current()
        return queryset.filter(pk__in=current.values("pk")) if self.value() else queryset


@admin.register(SettlementRule)
class SettlementRuleAdmin(admin.ModelAdmin):
    """Rules are never overwritten: saving one adds its next version."""

    formfield_overrides = {models.URLField: {"assume_scheme": "https"}}

    list_display = ["family", "sport", "bookmaker", "version", "parameters", "source", "address", "read"]
    list_filter = [InForceFilter, "family", "bookmaker", "sport"]
    list_select_related = ["sport", "bookmaker"]
    search_fields = ["source", "note", "bookmaker__title", "sport__title"]
    fields = ["bookmaker", "sport", "family", "parameters", "source", "source_url", "read_on", "note"]

    @admin.display(description="Source's address", ordering="source_url")
    def address(self, rule: SettlementRule) -> str:
        if not rule.source_url:
            return "no address recorded"
        return format_html('<a href="{}" rel="noreferrer">{}</a>', rule.source_url, rule.source_url)

    @admin.display(description="Read on", ordering="read_on")
    def read(self, rule: SettlementRule) -> str:
        return "no date recorded" if rule.read_on is None else rule.read_on.isoformat()

    def get_readonly_fields(self, request: HttpRequest, obj: models.Model | None = None) -> list[str]:
        return ["bookmaker", "sport", "family"] if obj else []

    def save_model(self, request: HttpRequest, obj: SettlementRule, form: Any, change: bool) -> None:
        if not isinstance(request.user, User):
            raise PermissionDenied
        stored = amend_rule(rule=obj, by=request.user, now=timezone.now())
        obj.pk, obj.version = stored.pk, stored.version

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


@admin.register(ResultCheck)
class ResultCheckAdmin(ReadOnly):
    list_display = ["game", "version"]
    list_select_related = ["game"]
    search_fields = ["game__title"]
    ordering = ["-version", "game"]


@admin.register(SettledBet)
class SettledBetAdmin(ReadOnly):
    list_display = ["bet", "settled_at", "status", "bet_type", "staked", "net", "clv_ppm", "fair_clv_ppm"]
    search_fields = ["=bet__id"]
    ordering = ["-settled_at", "-bet"]


@admin.register(ChangedBet)
class ChangedBetAdmin(ReadOnly):
    list_display = ["id", "bet_id"]
    ordering = ["-id"]


@admin.register(PublishedRecord)
class PublishedRecordAdmin(ReadOnly):
    """Who has published; the link itself stays with its owner."""

    list_display = ["title", "user", "currency", "kind", "created_at", "revoked_at"]
    exclude = ["token"]
    search_fields = ["title", "user__username"]
    list_select_related = ["user"]
    ordering = ["-created_at", "id"]


@admin.register(BettingPreferences)
class BettingPreferencesAdmin(ReadOnly):
    list_display = ["user", "currency", "default_bookmaker", "default_stake", "unit_amount", "unit_pct"]
    search_fields = ["user__username"]
    list_select_related = ["user", "default_bookmaker"]
    ordering = ["user_id"]


@admin.register(Slip)
class SlipAdmin(ReadOnly):
    list_display = ["user", "kind", "moves", "bankroll", "stake"]
    search_fields = ["user__username"]
    list_select_related = ["user", "bankroll"]
    ordering = ["user_id"]


@admin.register(SlipLeg)
class SlipLegAdmin(ReadOnly):
    list_display = ["slip", "selection", "bookmaker", "point", "price", "own", "clicked_at", "removed_at"]
    search_fields = ["slip__user__username"]
    list_select_related = ["slip", "bookmaker", "selection__game"]
    ordering = ["-id"]


@admin.register(Webhook)
class WebhookAdmin(ReadOnly):
    """Neither secret nor path: the one is sealed, and the other is often as good as one."""

    list_display = ["id", "user", "topics", "failures", "failing_since", "off_at", "off_reason"]
    fields = [
        "user",
        "topics",
        "least_edge",
        "created_at",
        "failures",
        "failing_since",
        "off_at",
        "off_reason",
    ]
    search_fields = ["user__username"]
    list_select_related = ["user"]
    ordering = ["-created_at"]


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnly):
    list_display = ["id", "webhook", "topic", "state", "attempts", "due_at", "last_at", "status_code", "note"]
    list_filter = ["state"]
    search_fields = ["webhook__user__username"]
    ordering = ["-created_at"]


@admin.action(description="Delete with all bets voided and refunded")
def delete_games(model_admin: admin.ModelAdmin, request: HttpRequest, queryset: QuerySet[Game]) -> None:
    """The only way to delete a game; the reason goes to every bet's history and the admin's log."""
    if not request.user.has_perm("games.delete_game"):
        raise PermissionDenied
    act_on(request, queryset, lambda game, by, why: delete_game(game=game, by=by, reason=why), "deleted")


def offer_deletion(games: admin.ModelAdmin) -> None:
    """Give the list of games the audited deletion, which bets know and games do not."""
    kind = type(games)
    kind.actions = [*(games.actions or []), delete_games]
    kind.action_form = ReasonForm


offer_deletion(admin.site.get_model_admin(Game))
