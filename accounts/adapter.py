"""Where BetTrack's rules enter allauth: addresses, limits, links in mails, providers, sealed secrets."""

from __future__ import annotations

import base64
import logging
import secrets
from smtplib import SMTPException
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.account.models import EmailAddress
from allauth.account.stages import EmailVerificationStage
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialApp, SocialLogin
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from accounts import sealing
from accounts.access import gate, rules
from accounts.addresses import release_unconfirmed
from accounts.client_ip import client_ip
from accounts.lookup import accounts_named, accounts_with
from accounts.models import User

logger = logging.getLogger(__name__)


class AddressStage(EmailVerificationStage):  # type: ignore[misc]
    """Ask for a confirmed address, except of who has none: staff made that account, and no mail could reach it."""

    def handle(self) -> tuple[Any, bool]:
        user = self.login.user
        if user and not user.email and not EmailAddress.objects.filter(user=user).exists():
            return None, True
        answer: tuple[Any, bool] = super().handle()
        return answer


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    error_messages = DefaultAccountAdapter.error_messages | {
        "too_many_login_attempts": "Too many failed attempts. Wait a few minutes and try again.",
        "username_password_mismatch": "The username or address and the password do not belong together.",
        "email_password_mismatch": "The username or address and the password do not belong together.",
        "username_taken": "That username is taken.",
        "incorrect_password": "That is not your password.",
        "rate_limited": "Too many attempts. Wait a few minutes and try again.",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.SIGNUP_OPEN)

    def clean_username(self, username: str, shallow: bool = False) -> str:
        if "@" in username:
            raise ValidationError("A username has no @ in it: that would be an address.")
        cleaned: str = super().clean_username(username, shallow=shallow)
        return cleaned

    def pre_login(self, request: HttpRequest, user: User, **how: Any) -> HttpResponse | None:
        """The one place that every way of signing in passes: password, second factor, passkey, provider."""
        refused = gate.signs_in(request, user)
        if refused is not None:
            clear_login(request)
            return refused
        answer: HttpResponse | None = super().pre_login(request, user, **how)
        return answer

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_ip(request)

    def get_login_stages(self) -> list[str]:
        ours = "accounts.adapter.AddressStage"
        theirs = "allauth.account.stages.EmailVerificationStage"
        return [ours if path == theirs else path for path in super().get_login_stages()]

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Make the address this account's; who has merely claimed it loses it."""
        gate.refuse_blocked(email_address.user, "confirmation of an address")
        with transaction.atomic():
            release_unconfirmed(email_address)
            done = bool(super().confirm_email(request, email_address))
        rules.changed()  # it may be on a list
        return done

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send it if it can be sent. A mail server that is down breaks no page, and the answer is the same for all."""
        try:
            super().send_mail(template_prefix, email, context)
        except (OSError, SMTPException) as error:
            logger.error("mail %s was not sent: %s", template_prefix, type(error).__name__)

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:
        return public_url(request, reverse("account_confirm_email", args=[emailconfirmation.key]))

    def get_reset_password_from_key_url(self, key: str) -> str:
        uid, _, token = key.partition("-")
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})
        return public_url(self.request, path)

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """Count by the account, however its name was typed and whichever name of the site was asked for."""
        login = str(credentials.get("email") or credentials.get("username") or "").strip().lower()
        found = accounts_named(login)
        return f"account:{found[0].pk}" if found else f"unknown:{login}"


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Sign-in by Google and GitHub, where the settings have an app for them."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return bool(settings.SIGNUP_OPEN)

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> Any:
        """Those of the settings alone: a secret has no place in the database."""
        return [app for app in super().list_apps(request, provider, client_id) if app.pk is None]

    def get_app(self, request: HttpRequest, provider: str, client_id: str | None = None) -> SocialApp:
        try:
            return super().get_app(request, provider, client_id)
        except SocialApp.DoesNotExist as error:
            match = request.resolver_match
            if match is None or str(match.url_name).startswith(f"{provider}_"):
                raise Http404(f"Sign-in by {provider} is not set up.") from error
            return SocialApp(provider=provider)  # of an old connection, which can still be taken off

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Never let an equal address open or take an account.

        Where addresses are confirmed by mail, allauth writes to the owner. Where no mail is sent, whoever holds the
        address at the provider is told to sign in and connect; an address the provider has not confirmed is dropped.
        """
        if not sociallogin.is_existing and not request.user.is_authenticated:
            addresses = [address.email for address in sociallogin.email_addresses]
            try:
                for email in addresses or [sociallogin.user.email or ""]:
                    gate.refuse_newcomer(email, "sign-up by a provider")
            except gate.AccessRefused as refused:  # which allauth would take for a fault of the provider's
                raise ImmediateHttpResponse(gate.refusal(request)) from refused
        if (
            sociallogin.is_existing
            or request.user.is_authenticated
            or settings.EMAIL_VERIFICATION == "mandatory"
        ):
            return
        taken = [address for address in sociallogin.email_addresses if accounts_with(address.email)]
        if any(address.verified for address in taken):
            messages.error(
                request,
                "An account here has that address already. If it is yours, sign in to it and connect the provider "
                "on the page of your account.",
            )
            raise ImmediateHttpResponse(redirect("account_login"))
        if taken:
            sociallogin.email_addresses = [one for one in sociallogin.email_addresses if one not in taken]
            sociallogin.user.email = ""


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors whose secrets are sealed in the database."""

    error_messages = DefaultMFAAdapter.error_messages | {
        "incorrect_code": "That code is not right, or it is too old."
    }

    def encrypt(self, text: str) -> str:
        return sealing.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Where no key opens it, a secret that nobody knows: an empty one would be everybody's."""
        try:
            return sealing.unseal(encrypted_text)
        except sealing.Unreadable:
            return base64.b32encode(secrets.token_bytes(20)).decode()

    def get_totp_label(self, user: User) -> str:
        return user.get_username()

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:  # noqa: A002 - allauth's name
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return f"Passkey {number}"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        entity: dict[str, str] = super().get_public_key_credential_rp_entity()
        return entity | {"name": "BetTrack"}


def public_url(request: HttpRequest, path: str) -> str:
    """The address of a page for a mail: on ``BETTRACK_URL`` if it is set, else where the visitor asked."""
    return f"{settings.BETTRACK_URL}{path}" if settings.HAS_PUBLIC_URL else request.build_absolute_uri(path)
