"""Rules of access in the admin: added and removed by the services, not edited."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from accounts.access.gate import COUNTED_DAYS, refusals
from accounts.access.models import AccessKind, AccessRule, AccessSubject
from accounts.access.service import add_rule, remove_rule
from accounts.client_ip import client_ip
from accounts.exceptions import AccountRefused


class RuleForm(forms.ModelForm):
    """What a rule is about, as it is typed."""

    subject = forms.ChoiceField(choices=AccessSubject.choices, label="What")
    value = forms.CharField(
        max_length=254,
        label="Which",
        help_text="A username, an email address, a domain with all below it, or an address or network "
        "such as 203.0.113.0/24 or 2001:db8::/32.",
    )

    class Meta:
        model = AccessRule
        fields = ["kind", "reason", "expires_at"]
        help_texts = {
            "kind": "A block wins. Once anybody is let in by a rule, only who is on that list comes in.",
            "reason": "Kept with the rule. Who is refused is not told.",
            "expires_at": "Empty: no end.",
        }

    def _get_validation_exclusions(self) -> set[str]:
        """The subject is named by ``value``, which the service reads."""
        return {field.name for field in AccessRule._meta.fields} - {"kind", "reason", "expires_at"}

    def validate_constraints(self) -> None:
        """The service and the database see to them."""


@admin.register(AccessRule)
class AccessRuleAdmin(admin.ModelAdmin):
    form = RuleForm
    fields = ["kind", "subject", "value", "reason", "expires_at"]
    list_display = [
        "named",
        "kind",
        "subject",
        "reason",
        "expires_at",
        "state",
        "refused",
        "by",
        "created_at",
    ]
    list_display_links = None
    list_filter = ["kind", "subject"]
    list_select_related = ["user", "by"]
    search_fields = ["text", "user__username", "reason"]

    @admin.display(description="State")
    def state(self, rule: AccessRule) -> str:
        return "over" if rule.is_over(timezone.now()) else "in force"

    @admin.display(description=f"Refused in {COUNTED_DAYS - 1} days")
    def refused(self, rule: AccessRule) -> int:
        return refusals([rule.pk], today=timezone.now().date()).get(rule.pk, 0)

    def has_change_permission(self, request: HttpRequest, obj: AccessRule | None = None) -> bool:
        return False

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._refusable(request, super().add_view, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._refusable(request, super().delete_view, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._refusable(request, super().changelist_view, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: AccessRule, form: Any, change: bool) -> None:
        made = add_rule(
            kind=AccessKind(form.cleaned_data["kind"]),
            subject=AccessSubject(form.cleaned_data["subject"]),
            value=form.cleaned_data["value"],
            reason=form.cleaned_data["reason"],
            expires_at=form.cleaned_data["expires_at"],
            by=request.user,  # type: ignore[arg-type] # the admin's visitors are signed in
            address=client_ip(request),
            now=timezone.now(),
        )
        for field in AccessRule._meta.concrete_fields:
            setattr(obj, field.attname, getattr(made, field.attname))
        obj._state = made._state

    def delete_model(self, request: HttpRequest, obj: AccessRule) -> None:
        remove_rule(
            rule=obj,
            by=request.user,  # type: ignore[arg-type] # as above
            address=client_ip(request),
            now=timezone.now(),
        )

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[AccessRule]) -> None:
        for rule in queryset:
            self.delete_model(request, rule)

    def _refusable(self, request: HttpRequest, view: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            response: HttpResponse = view(request, *args, **kwargs)
        except AccountRefused as refused:
            self.message_user(request, str(refused), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
        return response
