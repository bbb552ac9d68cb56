"""allauth's forms of second factors, in our words."""

from __future__ import annotations

from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms

from accounts.forms import PlainWords


class CodeWords(PlainWords):
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        code = self.fields["code"]
        code.label = "Code"
        code.widget.attrs |= {"inputmode": "numeric", "autocomplete": "one-time-code", "autofocus": True}


class CodeForm(CodeWords, AuthenticateForm):  # type: ignore[misc]
    pass


class CodeAgainForm(CodeWords, ReauthenticateForm):  # type: ignore[misc]
    pass


class AuthenticatorForm(CodeWords, ActivateTOTPForm):  # type: ignore[misc]
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = "Code that the app shows now"


class NewPasskeyForm(PlainWords, AddWebAuthnForm):  # type: ignore[misc]
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].help_text = "To tell it from your others, such as “Phone”."
        passwordless = self.fields["passwordless"]
        passwordless.label = "Sign in with it alone, without the password"
        passwordless.help_text = "The device then asks for its PIN, a finger or your face."
        passwordless.initial = True


class PasskeyNameForm(PlainWords, EditWebAuthnForm):  # type: ignore[misc]
    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        assert isinstance(self.fields["name"], forms.CharField)  # noqa: S101 - tells the type
        self.fields["name"].max_length = 60
