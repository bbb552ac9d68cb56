"""What Django is made of: apps, middleware, templates, static files, language and time."""

from __future__ import annotations

from typing import Any

from whitenoise.compress import Compressor

from bettrack.settings.site import BASE_DIR, DEBUG, HOME, TESTING, env

INSTALLED_APPS = [
    "bettrack.apps.BetTrackConfig",
    "bets.apps.BetsConfig",
    "odds.apps.OddsConfig",
    "games.apps.GamesConfig",
    "feeds.apps.FeedsConfig",
    "accounts.apps.AccountsConfig",
    "accounts.apps.StaffSiteConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.forms",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.google",
    "allauth.socialaccount.providers.github",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "pgtrigger",
    "pghistory",
    "csp",
]

MIDDLEWARE = [
    "bettrack.monitoring.requests.RequestIdMiddleware",
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "bettrack.middleware.PrivateByDefaultMiddleware",
    "bettrack.health.HealthMiddleware",
    "accounts.access.gate.AddressGate",
    "bettrack.middleware.BodySizeMiddleware",
    "rest.middleware.KeyRequestMiddleware",
    "bettrack.middleware.ReadableRequestMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "accounts.audit.middleware.AuditMiddleware",
    "django.middleware.common.CommonMiddleware",
    "odds.conditional.UnchangedPageMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.access.gate.PersonGate",
    "accounts.middleware.TimeZoneMiddleware",
    "bettrack.monitoring.requests.UserIdMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
    "bettrack.database.reading.ReplicaMiddleware",
]

ROOT_URLCONF = "bettrack.urls"
WSGI_APPLICATION = "bettrack.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "bettrack.context_processors.site",
                "accounts.appearance.appearance",
                "bets.context_processors.slip",
                "bets.context_processors.needs_a_look",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

LANGUAGE_CODE = "en-us"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_TIME_ZONE = env.time_zone("DEFAULT_TIME_ZONE", default="America/New_York")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = HOME / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG or TESTING
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG or TESTING
# pages name files by their hashes; maps of sources are half of all bytes, and for browsers' tools alone
WHITENOISE_KEEP_ONLY_HASHED_FILES = True
WHITENOISE_SKIP_COMPRESS_EXTENSIONS = (*Compressor.SKIP_COMPRESS_EXTENSIONS, "map")
