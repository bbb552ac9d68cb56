"""Alerts, metrics and logs."""

from __future__ import annotations

from bettrack.environment import watching
from bettrack.settings.accounts import MAIL_IS_SET_UP
from bettrack.settings.site import env

ALERT_EMAILS = watching.alert_emails(env, mail_is_set_up=MAIL_IS_SET_UP)
ALERT_WEBHOOK_URL, ALERT_WEBHOOK_SECRET = watching.alert_webhook(env)
FEED_STALE_MINUTES = watching.stale_minutes(env)
METRICS_ALLOWED = env.networks("METRICS_ALLOWED", default=[])
PROMETHEUS_LATENCY_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, float("inf"))
METRICS_TOKEN = watching.metrics_token(env)
SENTRY_DSN = watching.sentry_dsn(env)
LOGGING = watching.logs(env)
