from __future__ import annotations

import zoneinfo
from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

from allauth.account.forms import (
    AddEmailForm,
    ChangePasswordForm,
    LoginForm,
    ReauthenticateForm,
    ResetPasswordForm,
    ResetPasswordKeyForm,
    SetPasswordForm,
    SignupForm,
)
from allauth.account.models import EmailAddress
from allauth.socialaccount.forms import SignupForm as ProviderSignup
from django import forms
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse

from accounts.access import gate, rules
from accounts.lookup import accounts_with
from accounts.models import Theme, User

Choices = list[tuple[str, list[tuple[str, str]]]]
HELP_WITH_PASSWORDS: Final = (
    "8 characters or more. Not a common one, not digits alone, not like your name or email."
)


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


class PlainWords(forms.Form):
    """Changes allauth's forms: labels in sentence case instead of placeholders, one sentence about passwords."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = str(field.label or name).capitalize()
            if name == "password1":
                field.help_text = HELP_WITH_PASSWORDS


class SignInForm(PlainWords, LoginForm):  # type: ignore[misc]
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = "Username or email"


class ClaimedAddress:
    """What signing up does with an address that another account has, so that nobody learns of it.

    Where mail confirms addresses allauth writes to the owner and makes no account; the password is hashed all the
    same, so that the answer takes as long. Where no mail is sent the account is made, its address a mere claim.
    """

    cleaned_data: dict[str, Any]

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        if getattr(self, "account_already_exists", False):
            make_password(self.cleaned_data.get("password1"))
        answer: tuple[User | None, HttpResponse | None] = super().try_save(request)  # type: ignore[misc]
        return answer

    def save(self, request: HttpRequest) -> User:
        email = self.cleaned_data.get("email") or ""
        claimed = bool(email) and bool(accounts_with(email))
        if claimed:
            self.cleaned_data["email"] = ""
        user: User = super().save(request)  # type: ignore[misc]
        if claimed:
            EmailAddress.objects.create(user=user, email=email.lower(), primary=True, verified=False)
        return user


class AdmittedAddress:
    """Opens no account for an address that is shut out."""

    def clean_email(self) -> str:
        email: str = super().clean_email()  # type: ignore[misc]
        gate.refuse_newcomer(email, "sign-up")
        return email


class SignUpForm(PlainWords, AdmittedAddress, ClaimedAddress, SignupForm):  # type: ignore[misc]
    pass


class ProviderSignUpForm(PlainWords, AdmittedAddress, ClaimedAddress, ProviderSignup):  # type: ignore[misc]
    pass


class NewEmailForm(PlainWords, AddEmailForm):  # type: ignore[misc]
    def clean_email(self) -> str:
        email: str = super().clean_email()
        if rules.current().block.of_address(email) is not None:
            raise forms.ValidationError("That address cannot be used here.")
        return email


class NewPasswordForm(PlainWords, ChangePasswordForm):  # type: ignore[misc]
    pass


class FirstPasswordForm(PlainWords, SetPasswordForm):  # type: ignore[misc]
    pass


class ForgottenPasswordForm(PlainWords, ResetPasswordForm):  # type: ignore[misc]
    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        """Write to nobody who is shut out; the page says what it always says."""
        email: str = self.cleaned_data["email"]
        found = rules.current()
        if found.block.of_address(email) is not None or any(
            found.against_person(user) is not None for user in self.users
        ):
            return email
        sent: str = super().save(request, **kwargs)
        return sent


class ReplacedPasswordForm(PlainWords, ResetPasswordKeyForm):  # type: ignore[misc]
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        if self.user is not None:
            gate.refuse(self.user, "new password")


class ConfirmPasswordForm(PlainWords, ReauthenticateForm):  # type: ignore[misc]
    pass


class DeletionForm(forms.Form):
    """The username typed out: nobody does that by mistake."""

    username = forms.CharField(
        max_length=150,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )

    def __init__(self, *args: Any, username: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = username
        self.fields["username"].label = f"Type {username} to confirm"

    def clean_username(self) -> str:
        typed: str = self.cleaned_data["username"]
        if typed.strip() != self.expected:
            raise forms.ValidationError(f"That is not {self.expected}: nothing was deleted.")
        return typed
