from __future__ import annotations

import ipaddress
import uuid
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError

from accounts.access.models import Network, plain_network
from accounts.audit.models import AuditAction
from accounts.audit.trail import Asked
from accounts.audit.words import kinds
from accounts.lookup import accounts_named

ROLES: Final = [("either", "Did it, or owns it"), ("by", "Did it"), ("about", "Owns it")]


class Instant(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class TrailForm(forms.Form):
    """What to look for in the trail. Instants are in the reader's time zone."""

    who = forms.CharField(
        required=False, max_length=254, label="Person", help_text="Username, address or id."
    )
    role = forms.ChoiceField(required=False, choices=ROLES, label="The person")
    kind = forms.ChoiceField(required=False, label="Kind")
    object = forms.CharField(required=False, max_length=64, label="Object", help_text="Its id.")
    action = forms.ChoiceField(required=False, label="Action", choices=[("", "Any"), *AuditAction.choices])
    address = forms.CharField(
        required=False, max_length=60, label="Address", help_text="Or a network: 203.0.113.0/24."
    )
    work = forms.CharField(
        required=False, max_length=120, label="Task or command", help_text="Such as settle."
    )
    since = forms.DateTimeField(required=False, label="Since", widget=Instant)
    until = forms.DateTimeField(required=False, label="Before", widget=Instant)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [("", "Any"), *kinds()]  # type: ignore[attr-defined]
        for field in self.fields.values():
            field.widget.attrs.setdefault("class", "input")
            field.widget.attrs.setdefault("autocomplete", "off")

    def clean_who(self) -> uuid.UUID | None:
        text = self.cleaned_data["who"].strip()
        if not text:
            return None
        try:
            return uuid.UUID(text)
        except ValueError:
            found = accounts_named(text)
        if not found:
            raise ValidationError(f"There is no account “{text}”. Of a deleted one only the id is left.")
        return found[0].pk

    def clean_address(self) -> Network | None:
        text = self.cleaned_data["address"].strip()
        try:
            return plain_network(ipaddress.ip_network(text, strict=False)) if text else None
        except ValueError:
            raise ValidationError(
                "Write an address or a network, such as 203.0.113.0/24 or 2001:db8::/32."
            ) from None

    def clean_object(self) -> str:
        return str(self.cleaned_data["object"]).strip()

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if given.get("since") and given.get("until") and given["since"] >= given["until"]:
            self.add_error("until", "The end comes before the beginning.")
        return given

    def asked(self) -> Asked:
        """What a valid form looks for."""
        given = self.cleaned_data
        return Asked(
            person=given["who"],
            role=given["role"] or "either",
            kind=given["kind"],
            object_id=given["object"],
            action=given["action"],
            network=given["address"],
            work=given["work"].strip(),
            since=given["since"],
            until=given["until"],
        )
