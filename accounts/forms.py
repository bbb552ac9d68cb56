from __future__ import annotations

import zoneinfo
from collections import defaultdict
from collections.abc import Iterator

from allauth.account.forms import LoginForm, SignupForm
from django import forms

from accounts.models import Theme, User

Choices = list[tuple[str, list[tuple[str, str]]]]


def zone_choices() -> Choices:
    """Time zones by region, as grouped choices: America → New York. Legacy names are left out."""
    regions: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name in sorted(zoneinfo.available_timezones()):
        region, _, place = name.partition("/")
        if place and region not in {"Etc", "SystemV", "posix", "right", "US", "Brazil", "Canada"}:
            regions[region].append((name, place.replace("_", " ").replace("/", ", ")))
    return [("Universal", [("UTC", "UTC")]), *regions.items()]


def _names(choices: Choices) -> Iterator[str]:
    for _, zones in choices:
        for name, _ in zones:
            yield name


class PreferencesForm(forms.ModelForm):
    """How times, odds and colours are shown to the signed-in user."""

    class Meta:
        model = User
        fields = ["time_zone", "odds_format", "theme"]
        labels = {"time_zone": "Time zone", "odds_format": "Odds", "theme": "Colours"}
        help_texts = {"time_zone": "Every time you see is in this zone."}
        widgets = {"odds_format": forms.RadioSelect, "theme": forms.RadioSelect}

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        choices = zone_choices()
        current = self.instance.time_zone
        if current and current not in set(_names(choices)):
            choices.insert(0, ("Now", [(current, current)]))
        self.fields["time_zone"].widget = forms.Select(choices=choices)


class ThemeForm(forms.Form):
    theme = forms.ChoiceField(
        choices=Theme.choices, error_messages={"invalid_choice": "Choose light, dark or system."}
    )


class SignInForm(LoginForm):  # type: ignore[misc]
    """allauth's form with labels in place of placeholders."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "Username or email"
        without_placeholders(self)


class SignUpForm(SignupForm):  # type: ignore[misc]
    """allauth's form with labels in place of placeholders."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        without_placeholders(self)


def without_placeholders(form: forms.Form) -> None:
    """A label stays while one types; a placeholder that repeats it is taken away."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
