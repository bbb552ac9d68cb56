from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.mfa import admin as mfa_admin  # noqa: F401 - registers what is taken off below
from allauth.mfa.models import Authenticator
from allauth.socialaccount import admin as provider_admin  # noqa: F401 - likewise
from allauth.socialaccount.models import SocialApp, SocialToken
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from accounts.access import admin as access_admin  # noqa: F401 - registers rules of access
from accounts.administrators import an_administrator_remains
from accounts.api.keys import revoke_key
from accounts.exceptions import AccountRefused
from accounts.models import AccountEvent, ApiKey, AuditEvent, KeptAnswer, User
from accounts.suspension import end_suspension, suspend

Decision = Callable[..., AccountEvent]

for model in (SocialApp, SocialToken, Authenticator):
    admin.site.unregister(model)  # secrets have no place on a page


class ReasonForm(ActionForm):
    reason = forms.CharField(required=False, max_length=300, label="Reason")


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    list_display = ["username", "email", "time_zone", "is_staff", "is_active", "suspended_at", "last_login"]
    list_filter = ["is_staff", "is_superuser", "is_active", "odds_format", "theme"]
    search_fields = ["username", "email", "first_name", "last_name"]
    date_hierarchy = "date_joined"
    readonly_fields = ["is_active", "suspended_at", "suspension_reason", "last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Person", {"fields": ["first_name", "last_name", "email"]}),
        ("Preferences", {"fields": ["time_zone", "odds_format", "theme"]}),
        ("Access", {"fields": ["is_active", "suspended_at", "suspension_reason"]}),
        ("Permissions", {"fields": ["is_staff", "is_superuser", "groups", "user_permissions"]}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    add_fieldsets = [
        (
            None,
            {
                "classes": ["wide"],
                "fields": ["username", "email", "usable_password", "password1", "password2"],
            },
        ),
    ]
    action_form = ReasonForm
    actions = ["suspend_users", "end_suspensions", "remove_second_factors"]

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Who is no administrator makes nobody staff."""
        fixed = list(self.readonly_fields)
        if not _is_administrator(request):
            fixed += ["is_staff", "is_superuser", "groups", "user_permissions"]
        return fixed

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        if obj is not None and obj.is_superuser and not _is_administrator(request):
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """People delete their accounts themselves; staff suspend them."""
        return False

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Save under the guard of the last administrator."""
        if request.method != "POST":
            return super().changeform_view(request, *args, **kwargs)
        try:
            with an_administrator_remains():
                return super().changeform_view(request, *args, **kwargs)
        except AccountRefused as refused:
            self.message_user(request, str(refused), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    @admin.action(
        description="Suspend: sessions and keys end at once (give a reason)", permissions=["change"]
    )
    def suspend_users(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._decide(request, queryset, suspend, "Suspended")

    @admin.action(description="End the suspension (give a reason)", permissions=["change"])
    def end_suspensions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        self._decide(request, queryset, end_suspension, "Let in again")

    @admin.action(description="Remove all second factors, for who has lost his", permissions=["change"])
    def remove_second_factors(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            if user.is_superuser and not _is_administrator(request):
                self.message_user(request, f"{user}: only an administrator may do this.", messages.ERROR)
                continue
            number, _ = Authenticator.objects.filter(user=user).delete()
            self.log_change(request, user, "Second factors removed.")
            self.message_user(request, f"{user}: {number} removed.")

    def _decide(self, request: HttpRequest, queryset: QuerySet[User], decision: Decision, done: str) -> None:
        for user in queryset:
            try:
                decision(
                    user=user, reason=request.POST.get("reason", ""), by=request.user, now=timezone.now()
                )
            except AccountRefused as refused:
                self.message_user(request, f"{user}: {refused}", messages.ERROR)
            else:
                self.log_change(request, user, f"{done}.")
                self.message_user(request, f"{done}: {user}.")


class OnlyRead(admin.ModelAdmin):
    """Rows that are made and changed by their owners alone."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(ApiKey)
class ApiKeyAdmin(OnlyRead):
    """Keys are made by who uses them; staff see them and may revoke them."""

    list_display = [
        "name",
        "user",
        "prefix",
        "scopes",
        "created_at",
        "last_used_at",
        "expires_at",
        "revoked_at",
    ]
    list_filter = ["revoked_at", "expires_at"]
    list_select_related = ["user"]
    search_fields = ["name", "prefix", "user__username", "user__email"]
    date_hierarchy = "created_at"
    exclude = ["digest"]
    actions = ["revoke"]

    @admin.action(description="Revoke the chosen keys")
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        now = timezone.now()
        number = sum(revoke_key(key=key, now=now) for key in queryset)
        self.message_user(request, f"{number} keys revoked.")


@admin.register(KeptAnswer)
class KeptAnswerAdmin(OnlyRead):
    list_display = ["key", "user", "status", "created_at"]
    list_select_related = ["user"]
    search_fields = ["key", "user__username"]
    date_hierarchy = "created_at"
    exclude = ["body", "headers"]


@admin.register(AuditEvent)
class AuditEventAdmin(OnlyRead):
    list_display = ["at", "action", "kind", "object_id", "owner", "row_count"]
    list_filter = ["action", "kind"]
    list_select_related = ["owner"]
    search_fields = ["object_id"]
    show_full_result_count = False
    ordering = ["-at", "-id"]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(AccountEvent)
class AccountEventAdmin(OnlyRead):
    list_display = ["at", "kind", "user", "by", "reason"]
    list_filter = ["kind"]
    search_fields = ["user__username", "by__username", "reason"]
    list_select_related = ["user", "by"]
    ordering = ["-at", "-id"]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def _is_administrator(request: HttpRequest) -> bool:
    return bool(request.user.is_active and getattr(request.user, "is_superuser", False))
