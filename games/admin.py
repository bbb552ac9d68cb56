"""The games in the admin: staff curate sports, teams and players, and correct results through the services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import InlineModelAdmin
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet, URLField
from django.forms.models import BaseInlineFormSet, ModelForm
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from accounts.models import User
from games.exceptions import ResultRefused
from games.models import (
    CommenceTime,
    Game,
    GameKind,
    Placing,
    Player,
    PlayerStat,
    ScoreReading,
    Sport,
    Team,
    TeamAlias,
)
from games.services import Finish, keep_former_name, set_placings, set_result
from games.services.placings import check_finishes
from games.services.staff import check_result

OF_SPORTS = ("sport", admin.RelatedOnlyFieldListFilter)
RESULT_FIELDS = ("status", "home_score", "away_score")


class ReadOnly:
    """For evidence: staff look, nobody edits."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Sport)
class SportAdmin(admin.ModelAdmin):
    list_display = ["title", "key", "group", "active", "has_outrights", "time_zone", "espn_path"]
    list_editable = ["active"]
    list_filter = ["active", "has_outrights", "group"]
    search_fields = ["key", "title", "description"]
    ordering = ["-active", "group", "title"]

    def get_readonly_fields(self, request: HttpRequest, obj: Sport | None = None) -> list[str]:
        return ["key"] if obj else []


class TeamAliasForm(forms.ModelForm):
    """The alias takes its team's sport, in which it must name nobody else."""

    class Meta:
        model = TeamAlias
        fields = ("name", "team")

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        team = (cleaned or {}).get("team")
        if isinstance(team, Team) and cleaned and cleaned.get("name"):
            self.instance.sport_id = team.sport_id
            same = {"sport_id": team.sport_id, "name": cleaned["name"]}
            if TeamAlias.objects.filter(**same).exclude(pk=self.instance.pk).exists():
                raise ValidationError("Another team of this sport already has that alias.")
            if Team.objects.filter(**same).exclude(pk=team.pk).exists():
                raise ValidationError("Another team of this sport has that name.")
        return cleaned


class TeamAliasInline(admin.TabularInline):
    model = TeamAlias
    form = TeamAliasForm
    fields = ["name"]
    extra = 1


@admin.register(Team)
class TeamAdmin(admin.ModelAdmin):
    list_display = ["badge", "name", "abbr", "sport", "espn_id", "color"]
    list_display_links = ["name"]
    list_filter = [OF_SPORTS]
    list_select_related = ["sport"]
    search_fields = ["name", "abbr", "aliases__name", "=espn_id"]
    autocomplete_fields = ["sport"]
    formfield_overrides = {URLField: {"assume_scheme": "https"}}
    fields = ["pictures", "name", "abbr", "sport", "espn_id", "color", "logo_url"]
    readonly_fields = ["pictures"]
    inlines = [TeamAliasInline]

    def save_related(self, request: HttpRequest, form: ModelForm, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        former = form.initial.get("name", "") if change and "name" in form.changed_data else ""
        if former and keep_former_name(team=form.instance, name=former):
            messages.info(request, f"The feeds may go on saying “{former}”: it is an alias now.")

    @admin.display(description="")
    def badge(self, team: Team) -> SafeString:
        return picture(badge_url(team), 24)

    @admin.display(description="Logo and badge")
    def pictures(self, team: Team) -> SafeString | str:
        if team._state.adding:
            return "–"
        shown = [source for source in (team.logo_url, badge_url(team)) if source]
        return format_html_join(" ", "{}", ((picture(source, 96),) for source in shown))


def badge_url(team: Team) -> str:
    return reverse("games:team_monogram", args=[team.pk])


def picture(source: str, size: int) -> SafeString:
    """An image in a box of ``size`` pixels."""
    return format_html('<img src="{}" width="{}" height="{}" alt="" loading="lazy">', source, size, size)


@admin.register(TeamAlias)
class TeamAliasAdmin(admin.ModelAdmin):
    form = TeamAliasForm
    list_display = ["name", "team", "sport"]
    list_filter = [OF_SPORTS]
    list_select_related = ["team", "sport"]
    search_fields = ["name", "team__name"]
    autocomplete_fields = ["team"]
    fields = ["name", "team"]


@admin.register(Player)
class PlayerAdmin(admin.ModelAdmin):
    list_display = ["name", "team", "sport", "espn_id"]
    list_filter = [OF_SPORTS]
    list_select_related = ["team", "sport"]
    search_fields = ["name", "team__name", "=espn_id"]
    autocomplete_fields = ["sport", "team"]


@admin.register(PlayerStat)
class PlayerStatAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["player", "stat", "value", "game"]
    list_filter = ["game__sport"]
    list_select_related = ["player", "game"]
    search_fields = ["player__name", "=stat"]
    ordering = ["-game__commence_time", "player__name", "stat", "id"]
    show_full_result_count = False


class GameForm(forms.ModelForm):
    """Status and score; what contradicts itself is refused in the words of the service."""

    retired = forms.ChoiceField(
        choices=[("", "–"), ("home", "Home"), ("away", "Away")],
        required=False,
        help_text="The side that gave up, of a final match: the other has won at this score. Of a bout without "
        "contest set the status to cancelled.",
    )

    class Meta:
        model = Game
        fields = RESULT_FIELDS

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if cleaned is not None and not self.errors:
            try:
                check_result(
                    game=self.instance,
                    retired=cleaned.get("retired", ""),
                    **{name: cleaned[name] for name in RESULT_FIELDS},
                )
            except ResultRefused as error:
                raise ValidationError(str(error)) from error
        return cleaned


class PlacingFormSet(BaseInlineFormSet):
    """Where the runners finished; what cannot be a result is refused in the words of the service."""

    def finishes(self) -> list[Finish]:
        rows = [form.cleaned_data for form in self.forms if form.is_valid() and form.cleaned_data]
        return [
            Finish(row["participant"], row["position"], row["tied_with"])
            for row in rows
            if not row.get("DELETE")
        ]

    def clean(self) -> None:
        super().clean()
        found = [] if any(self.errors) else self.finishes()
        if found:
            try:
                check_finishes(self.instance, found)
            except ResultRefused as error:
                raise ValidationError(str(error)) from error


class PlacingInline(admin.TabularInline):
    model = Placing
    formset = PlacingFormSet
    extra = 3
    verbose_name_plural = "placings: saving them makes the outright final; who is not listed finished behind"


class ScoreReadingInline(ReadOnly, admin.TabularInline):
    model = ScoreReading
    fields = ["read_at", "source", "status", "status_detail", "home_score", "away_score", "by"]
    ordering = ["-read_at", "-id"]
    verbose_name_plural = "what the sources said"

    def get_queryset(self, request: HttpRequest) -> QuerySet[ScoreReading]:
        return super().get_queryset(request).select_related("by")


class CommenceTimeInline(ReadOnly, admin.TabularInline):
    model = CommenceTime
    fields = ["commence_time", "seen_at"]
    ordering = ["-seen_at"]
    verbose_name_plural = "starts announced"


class ConflictFilter(admin.SimpleListFilter):
    title = "sources"
    parameter_name = "sources"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("disagree", "Disagree on the result")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Game]) -> QuerySet[Game]:
        if self.value() != "disagree":
            return queryset
        return queryset.filter(pk__in=Game.objects.with_conflicting_results().values("pk"))


@admin.register(Game)
class GameAdmin(admin.ModelAdmin):
    form = GameForm
    list_display = ["title", "sport", "commence_time", "status", "score", "bet_count", "readings"]
    list_filter = ["status", ConflictFilter, "kind", OF_SPORTS]
    list_select_related = ["sport"]
    search_fields = ["title", "home_team__name", "away_team__name", "=external_id", "=espn_id"]
    date_hierarchy = "commence_time"
    ordering = ["-commence_time", "id"]
    list_per_page = 50
    show_full_result_count = False
    inlines = [ScoreReadingInline, CommenceTimeInline]
    readonly_fields = [
        "title",
        "kind",
        "sport",
        "home_team",
        "away_team",
        "commence_time",
        "period_scores",
        "external_id",
        "espn_id",
        "bet_count",
        "seen_at",
        "updated_at",
    ]
    fieldsets = [
        (None, {"fields": ["title", "sport", "home_team", "away_team", "commence_time"]}),
        (
            "Result",
            {
                "fields": ["status", ("home_score", "away_score"), "retired", "period_scores"],
                "description": "What is saved here is recorded with your name and stands above the feeds.",
            },
        ),
        ("Ids", {"fields": ["kind", "external_id", "espn_id", "bet_count", "seen_at", "updated_at"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Game]:
        games: QuerySet[Game] = super().get_queryset(request)
        return games.annotate(reading_count=Count("score_readings"))

    def get_inlines(self, request: HttpRequest, obj: Game | None) -> list[type[InlineModelAdmin]]:
        first = [PlacingInline] if obj is not None and obj.kind == GameKind.OUTRIGHT else []
        return [*first, *self.inlines]

    @admin.display(description="score")
    def score(self, game: Game) -> str:
        return "–" if game.home_score is None else f"{game.home_score}–{game.away_score}"

    @admin.display(description="readings", ordering="reading_count")
    def readings(self, game: Any) -> int:
        return int(game.reading_count)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Game | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Game, form: ModelForm, change: bool) -> None:
        if not isinstance(request.user, User) or not set(form.changed_data) & {*RESULT_FIELDS, "retired"}:
            return
        set_result(
            game=obj,
            by=request.user,
            now=timezone.now(),
            retired=form.cleaned_data.get("retired", ""),
            **{name: form.cleaned_data[name] for name in RESULT_FIELDS},
        )
        messages.info(request, "The result is recorded as set by you.")

    def save_formset(self, request: HttpRequest, form: ModelForm, formset: Any, change: bool) -> None:
        if not isinstance(formset, PlacingFormSet):
            super().save_formset(request, form, formset, change)
            return
        formset.save(commit=False)
        finishes = formset.finishes()
        if isinstance(request.user, User) and formset.has_changed() and finishes:
            set_placings(game=form.instance, finishes=finishes, by=request.user, now=timezone.now())
            messages.info(request, "The placings are recorded as entered by you; the outright is final.")


@admin.register(CommenceTime)
class CommenceTimeAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["game", "commence_time", "seen_at"]
    list_select_related = ["game"]
    search_fields = ["game__title", "=game__external_id"]
    date_hierarchy = "seen_at"
    ordering = ["-seen_at", "id"]
    show_full_result_count = False


@admin.register(ScoreReading)
class ScoreReadingAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ["game", "read_at", "source", "status", "status_detail", "home_score", "away_score", "by"]
    list_filter = ["source", "status"]
    list_select_related = ["game", "by"]
    search_fields = ["game__title", "=source_event_id"]
    date_hierarchy = "read_at"
    ordering = ["-read_at", "-id"]
    show_full_result_count = False


@admin.register(Placing)
class PlacingAdmin(ReadOnly, admin.ModelAdmin):
    """To look at: placings are entered on the page of their outright."""

    list_display = ["participant", "position", "tied_with", "game"]
    list_select_related = ["game"]
    search_fields = ["participant", "game__title"]
    ordering = ["-game__commence_time", "position", "participant", "id"]
