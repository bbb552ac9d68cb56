"""What of the accounts themselves and of the libraries that serve them belongs to a person."""

from __future__ import annotations

from accounts import personal


def register() -> None:
    personal.owns("account.EmailAddress", words=("email address", "email addresses"))
    personal.owns("account.EmailConfirmation", "email_address__user")
    personal.owns("mfa.Authenticator", words=("second factor", "second factors"))
    personal.owns("usersessions.UserSession", words=("session", "sessions"))
    personal.owns(
        "socialaccount.SocialAccount", words=("connection to a provider", "connections to providers")
    )
    personal.owns("socialaccount.SocialToken", "account__user")
    personal.owns("admin.LogEntry", words=("entry of the staff log", "entries of the staff log"))
    personal.owns(
        "accounts.AccountEvent", words=("decision of staff about you", "decisions of staff about you")
    )
    personal.owns("accounts.User_groups")
    personal.owns("accounts.User_user_permissions")
    personal.owns("accounts.ApiKey", words=("API key", "API keys"))
    personal.owns("accounts.KeptAnswer")
    personal.keeps("accounts.AccountEvent", "by")
