from __future__ import annotations

from typing import Final

from django import forms

from accounts.api.models import Scope

LIVES: Final = {"30": "30 days", "90": "90 days", "365": "1 year", "0": "No end"}


class NewKeyForm(forms.Form):
    """What a new key is for, what it may do, and how long it lives (days; 0 for ever)."""

    name = forms.CharField(max_length=60, label="What it is for", help_text="Such as “spreadsheet”.")
    scopes = forms.MultipleChoiceField(
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=[Scope.ODDS_READ, Scope.BETS_READ],
        label="What it may do",
        error_messages={"required": "Choose one at least."},
    )
    life = forms.ChoiceField(choices=LIVES.items(), initial="90", label="Works for")

    def __init__(self, *args: object, is_staff: bool, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if not is_staff:
            scopes = [choice for choice in Scope.choices if choice[0] != Scope.ADMIN]
            self.fields["scopes"].choices = scopes  # type: ignore[attr-defined]
