from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from bets.calculator_views import calculator
from bets.preferences_views import betting_preferences
from bets.stats.record_views import public, public_chart
from bettrack.database.views import database, end_connection
from bettrack.health import healthz, readyz
from bettrack.monitoring.metrics_views import metrics

handler400 = "rest.middleware.bad_request"
handler403 = "rest.middleware.permission_denied"
handler404 = "rest.middleware.page_not_found"
handler500 = "bettrack.monitoring.faults.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/", include("bettrack.api")),  # asked most often, and addresses are tried in turn
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("admin/", admin.site.urls),
    path("accounts/", include("allauth.account.urls")),
    path("account/limits/", include("bets.limits.urls")),
    path("account/webhooks/", include("bets.webhooks.urls")),
    path("accounts/second-factor/", include("allauth.mfa.urls")),
    path("accounts/sessions/", include("allauth.usersessions.urls")),
    path("accounts/connections/", include("allauth.socialaccount.urls")),
    path("accounts/", include("allauth.socialaccount.providers.google.urls")),
    path("accounts/", include("allauth.socialaccount.providers.github.urls")),
    path("account/", include("accounts.urls")),
    path("trail/", include("accounts.audit.urls")),
    path("account/betting/", betting_preferences, name="betting_preferences"),
    path("bets/", include("bets.urls")),
    path("stats/", include("bets.stats.urls")),
    path("record/<str:token>/", public, name="record"),
    path("record/<str:token>/chart.json", public_chart, name="record_chart"),
    path("status/", include("feeds.monitoring.urls")),
    path("database/", database, name="database"),
    path("database/connections/<int:pid>/end/", end_connection, name="end_connection"),
    path("tools/settlement/", calculator, name="settlement_calculator"),
    path("", include("games.urls")),
    path("", include("odds.urls")),
]
if settings.DEMO:
    urlpatterns.append(path("sandbox/", include("feeds.sandbox.urls")))
