"""What watching needs of the environment: how logs are written, whom alerts go to, who may read metrics."""

from __future__ import annotations

import importlib.util
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

from bettrack.environment import Environment
from feeds.public_web import BadAddress, checked_url

SHORTEST_SECRET = 16


def alert_emails(env: Environment, *, mail_is_set_up: bool) -> list[str]:
    """ALERT_EMAILS: addresses separated by commas. Raises ImproperlyConfigured where no mail would leave."""
    found = list(dict.fromkeys(filter(None, map(str.strip, env.list("ALERT_EMAILS", default=[])))))
    for address in found:
        try:
            validate_email(address)
        except ValidationError:
            raise ImproperlyConfigured(
                "ALERT_EMAILS cannot be read: set it to addresses such as ops@example.org,me@example.org."
            ) from None
    if found and not mail_is_set_up:
        raise ImproperlyConfigured("ALERT_EMAILS is set, but no mail is sent: set EMAIL_URL too.")
    return found


def alert_webhook(env: Environment) -> tuple[str, str]:
    """ALERT_WEBHOOK_URL with ALERT_WEBHOOK_SECRET; both or neither."""
    url, secret = env.str("ALERT_WEBHOOK_URL", default=""), env.str("ALERT_WEBHOOK_SECRET", default="")
    if not url:
        return "", ""
    try:
        checked_url(url)
    except BadAddress as error:
        raise ImproperlyConfigured(f"ALERT_WEBHOOK_URL cannot be used: {error}") from None
    if len(secret) < SHORTEST_SECRET:
        raise ImproperlyConfigured(
            f"ALERT_WEBHOOK_SECRET must have {SHORTEST_SECRET} characters or more: alerts are signed with it. "
            "Make one: python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"
        )
    return url, secret


def metrics_token(env: Environment) -> str:
    """METRICS_TOKEN, long enough not to be guessed, or ''."""
    token: str = env.str("METRICS_TOKEN", default="")
    if token and len(token) < SHORTEST_SECRET:
        raise ImproperlyConfigured(f"METRICS_TOKEN must have {SHORTEST_SECRET} characters or more.")
    return token


def stale_minutes(env: Environment) -> int:
    """FEED_STALE_MINUTES: from when on prices count as old; 0 takes it from the polling plan."""
    minutes: int = env.int("FEED_STALE_MINUTES", default=0)
    if not 0 <= minutes <= 10_080:
        raise ImproperlyConfigured("FEED_STALE_MINUTES is a number of minutes up to 10080, or 0.")
    return minutes


def sentry_dsn(env: Environment) -> str:
    """SENTRY_DSN, or ''. Raises ImproperlyConfigured where the optional package is missing."""
    dsn: str = env.str("SENTRY_DSN", default="")
    if not dsn:
        return ""
    parts = urlsplit(dsn)
    if parts.scheme not in ("http", "https") or not parts.hostname or not parts.username:
        raise ImproperlyConfigured(
            "SENTRY_DSN is not one: copy it from your project's settings in Sentry, https://key@host/number."
        )
    if importlib.util.find_spec("sentry_sdk") is None:
        raise ImproperlyConfigured(
            "SENTRY_DSN is set, but the package sentry-sdk is not installed: install it "
            "(pip install 'sentry-sdk>=2,<3'), or leave SENTRY_DSN out."
        )
    return dsn


def logs(env: Environment) -> dict[str, Any]:
    """LOGGING by LOG_FORMAT (``text`` or ``json``) and LOG_LEVEL."""
    chosen = env.choice("LOG_FORMAT", ["text", "json"], default="text")
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "text": {"()": "bettrack.monitoring.logs.TextFormatter"},
            "json": {"()": "bettrack.monitoring.logs.JsonFormatter"},
        },
        "filters": {
            "plainly": {"()": "bettrack.monitoring.logs.WithoutTraces"},
            "seldom": {"()": "bettrack.monitoring.logs.RefusedHosts"},
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": chosen}},
        "root": {"handlers": ["console"], "level": env.log_level("LOG_LEVEL", default="INFO")},
        "loggers": {
            # Django's own handlers would write a second time, and past the redaction
            "django": {"handlers": [], "level": "INFO"},
            "django.server": {"handlers": [], "level": "INFO", "propagate": True},
            "django.request": {"filters": ["plainly"]},
            "django.security.DisallowedHost": {"filters": ["seldom"]},
            # httpx logs whole URLs at INFO, and the odds feed's key is in them
            "httpx": {"level": "WARNING"},
            "httpcore": {"level": "WARNING"},
        },
    }
