"""Settings, from the environment only (and ``.env`` beside manage.py, where there is one).

With nothing set, the embedded PostgreSQL and Redis and the sandbox feed are used, and data live
under ``var/`` (``BETTRACK_HOME`` moves it). Contradictory settings stop the start with a sentence.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import django_stubs_ext
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from bettrack import database_settings, monitoring_settings
from bettrack.api_settings import SPECTACULAR_SETTINGS  # noqa: F401 - a setting
from bettrack.backup_settings import backup_settings
from bettrack.embedded import layout
from bettrack.environment import PRIVATE_NETWORKS, PROVIDER_PAGES, Environment
from bettrack.version import VERSION  # noqa: F401 - a setting

# lets classes of Django that are generic to the type checker be subscripted at run time
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()
Environment.read_env(os.environ.get("BETTRACK_ENV_FILE") or BASE_DIR / ".env")

HOME = Path(env.str("BETTRACK_HOME", default="") or BASE_DIR / "var").expanduser().resolve()
EMBEDDED = layout.for_home(HOME)
EMBEDDED_POSTGRES = not env.str("DATABASE_URL", default="")
EMBEDDED_REDIS = not env.str("REDIS_URL", default="")
TESTING = env.bool("BETTRACK_TESTING", default=False)

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="")
if not SECRET_KEY:
    if not EMBEDDED_POSTGRES:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. Beside DATABASE_URL it is required: set it to a long random text, for "
            "example the output of: python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )
    SECRET_KEY = EMBEDDED.secret_key()
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])

BETTRACK_URL = env.site("BETTRACK_URL", default="http://127.0.0.1:8000")
HAS_PUBLIC_URL = bool(env.str("BETTRACK_URL", default=""))
HTTPS = BETTRACK_URL.startswith("https://")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

ODDS_API_KEY = env.str("ODDS_API_KEY", default="")
DEMO = not ODDS_API_KEY
ODDS_API_URL = env.site("ODDS_API_URL", default="https://api.the-odds-api.com")
ESPN_URL = env.site("ESPN_URL", default="https://site.api.espn.com")
ODDS_API_REGIONS = env.list("ODDS_API_REGIONS", default=["us", "eu"] if DEMO else ["us"])
ODDS_API_MONTHLY_CREDITS = env.int("ODDS_API_MONTHLY_CREDITS", default=500)
ARCHIVE_IS_SHARDED = env.bool("ARCHIVE_IS_SHARDED", default=False)
ARCHIVE_RETENTION_MONTHS = env.int("ARCHIVE_RETENTION_MONTHS", default=0)
if ARCHIVE_RETENTION_MONTHS < 0:
    raise ImproperlyConfigured("ARCHIVE_RETENTION_MONTHS is a number of months, or 0 to keep everything.")
SANDBOX_URL = env.site("SANDBOX_URL", default=f"{BETTRACK_URL}/sandbox")
SANDBOX_SPEED = env.positive("SANDBOX_SPEED", default=15.0)
SANDBOX_SEED = env.int("SANDBOX_SEED", default=7)
SANDBOX_FEATURED = env.str("SANDBOX_FEATURED", default="")
PACE = env.positive("BETTRACK_PACE", default=1.0) if DEMO else 1.0  # times as often as usual, for drills

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

_databases = database_settings.read(env, EMBEDDED)
DATABASES = _databases.all
DATABASE_POOLED = _databases.is_pooled
# for migrations, upkeep and backups, where DATABASE_URL goes through a pooler
DIRECT_DATABASE = _databases.direct
REPLICA_DATABASE = _databases.replica
REPLICA_MAX_LAG = env.positive("REPLICA_MAX_LAG", default=10)  # seconds
DIRECT_DATABASE_URL = env.str("DIRECT_DATABASE_URL", default=env.str("DATABASE_URL", default=""))
MIGRATION_LOCK_TIMEOUT = env.seconds("MIGRATION_LOCK_TIMEOUT", default=5)
MIGRATION_STATEMENT_TIMEOUT = env.seconds("MIGRATION_STATEMENT_TIMEOUT", default=1800)

BACKUPS = backup_settings(env, HOME)

# tests on several cores: each process has a Redis database of its own, as it has one of PostgreSQL
REDIS_DATABASE = int(env.str("PYTEST_XDIST_WORKER", default="gw0").removeprefix("gw")) if TESTING else 0
REDIS_URL = EMBEDDED.redis_url(REDIS_DATABASE) if EMBEDDED_REDIS else env.str("REDIS_URL")
CACHES: dict[str, dict[str, Any]] = {
    "default": EMBEDDED.cache_settings(REDIS_DATABASE)
    if EMBEDDED_REDIS
    else {"BACKEND": "bettrack.redis_cache.RedisCache", "LOCATION": REDIS_URL}
}
CACHES["default"]["KEY_PREFIX"] = "bettrack"
# every board asks it for a version: one that does not answer must not hold pages up
CACHES["default"].setdefault("OPTIONS", {}).update(socket_connect_timeout=0.5, socket_timeout=2)

CELERY_BROKER_URL = EMBEDDED.celery_broker_url(REDIS_DATABASE) if EMBEDDED_REDIS else REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 900
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "odds.tasks.*": {"queue": "feeds"},
    "feeds.tasks.*": {"queue": "feeds"},
    "bets.tasks.*": {"queue": "settle"},
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 1800}
CELERY_TIMEZONE = "UTC"

# what programs may do without a key, how often, and from which sites a browser's script may ask
PUBLIC_ODDS = env.bool("PUBLIC_ODDS", default=True)
API_RATES = {
    (who, kind): env.rate(f"API_RATE_{who}_{kind}s".upper(), default="1000000/min" if TESTING else usual)
    for who, kind, usual in (
        ("anonymous", "read", "120/min"),
        ("anonymous", "write", "30/min"),
        ("user", "read", "600/min"),
        ("user", "write", "120/min"),
        ("key", "read", "600/min"),
        ("key", "write", "120/min"),
    )
}
API_STREAMS = env.int(
    "API_STREAMS", default=8
)  # listeners of each web process; each holds a thread of its own
CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS", default=[])
CORS_URLS_REGEX = r"^/api/"
CORS_EXPOSE_HEADERS = ["ETag", "Link", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-ID"]
CORS_ALLOW_HEADERS = [
    "accept", "authorization", "content-type", "idempotency-key", "if-none-match", "last-event-id", "x-request-id",
]  # fmt: skip
if CORS_ALLOWED_ORIGINS:
    INSTALLED_APPS.append("corsheaders")
    MIDDLEWARE.insert(0, "corsheaders.middleware.CorsMiddleware")
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.api.authentication.KeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.permissions.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["accounts.api.throttling.Throttle"],
    "DEFAULT_RENDERER_CLASSES": ["rest.renderers.JsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest.renderers.JsonParser"],
    "DEFAULT_SCHEMA_CLASS": "rest.schema.ApiSchema",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "rest.problems.handle",
    "URL_FORMAT_OVERRIDE": None,
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.SignInBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
if TESTING:  # hashing that is slow on purpose would be most of a test run
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
PASSWORD_RESET_TIMEOUT = 24 * 3600

EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="BetTrack <bettrack@localhost>")
MAIL_IS_SET_UP = EMAIL_CONFIG["EMAIL_BACKEND"] != "django.core.mail.backends.console.EmailBackend"
MAIL_IS_SENT = EMAIL_CONFIG["EMAIL_BACKEND"] == "django.core.mail.backends.smtp.EmailBackend"

# Where no mail is sent nobody could confirm an address, so it is asked for only where mail is.
EMAIL_VERIFICATION = env.choice(
    "EMAIL_VERIFICATION", ["mandatory", "optional"], default="mandatory" if MAIL_IS_SENT else "optional"
)
SIGNUP_OPEN = env.bool("SIGNUP_OPEN", default=True)
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*", "password2*"]
ACCOUNT_FORMS = {
    "login": "accounts.forms.SignInForm",
    "signup": "accounts.forms.SignUpForm",
    "add_email": "accounts.forms.NewEmailForm",
    "change_password": "accounts.forms.NewPasswordForm",
    "set_password": "accounts.forms.FirstPasswordForm",
    "reset_password": "accounts.forms.ForgottenPasswordForm",
    "reset_password_from_key": "accounts.forms.ReplacedPasswordForm",
    "reauthenticate": "accounts.forms.ConfirmPasswordForm",
}
ACCOUNT_EMAIL_VERIFICATION = EMAIL_VERIFICATION
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS = 3
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = "BetTrack: "
# "strict" lets an address be given twice where no mail could tell its owner; once confirmed it is one account's.
ACCOUNT_PREVENT_ENUMERATION: bool | str = True if EMAIL_VERIFICATION == "mandatory" else "strict"
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False  # the other sessions end by themselves, this one goes on
ACCOUNT_SESSION_REMEMBER = True
# Counted in Redis. "key" is the account that is tried, "ip" the visitor's address (see accounts.client_ip).
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
    "signup": "20/h/ip",
    "reset_password": "20/h/ip,5/h/key",
    "reset_password_from_key": "20/m/ip",
    "confirm_email": "1/3m/key",
    "change_password": "5/m/user",
    "manage_email": "10/m/user",
    "reauthenticate": "10/m/user",
}

MFA_ADAPTER = "accounts.adapter.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_FORMS = {
    "authenticate": "accounts.factor_forms.CodeForm",
    "reauthenticate": "accounts.factor_forms.CodeAgainForm",
    "activate_totp": "accounts.factor_forms.AuthenticatorForm",
    "add_webauthn": "accounts.factor_forms.NewPasskeyForm",
    "edit_webauthn": "accounts.factor_forms.PasskeyNameForm",
}
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "BetTrack"
MFA_TOTP_TOLERANCE = 1
MFA_ALLOW_UNVERIFIED_EMAIL = True  # where addresses must be confirmed, who is signed in has done so
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS  # browsers themselves allow it on localhost alone

SOCIALACCOUNT_ADAPTER = "accounts.adapter.ProviderAdapter"
SOCIALACCOUNT_FORMS = {"signup": "accounts.forms.ProviderSignUpForm"}
SOCIALACCOUNT_PROVIDERS = env.sign_in_providers()
# an equal address is no proof: providers are connected by who is signed in
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = False
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_STORE_TOKENS = False
USERSESSIONS_TRACK_ACTIVITY = False
SIGN_IN_PAGES = [PROVIDER_PAGES[name] for name, found in SOCIALACCOUNT_PROVIDERS.items() if found["APPS"]]

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

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "https://a.espncdn.com"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF, *SIGN_IN_PAGES],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "manifest-src": [SELF],
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [
    r"^healthz$",
    r"^readyz$",
    r"^metrics$",
    r"^sandbox/",
]  # asked by plain HTTP from inside
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
BEHIND_PROXY = env.bool("BEHIND_PROXY", default=False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# X-Forwarded-For is believed only from these addresses, and only as many entries as there are proxies
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES", default=PRIVATE_NETWORKS if BEHIND_PROXY else [])
AUDIT_ADDRESS_DAYS = env.days("AUDIT_ADDRESS_DAYS", default=365)  # 0 keeps them
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=1)
if TRUSTED_PROXY_COUNT < 1:
    raise ImproperlyConfigured("TRUSTED_PROXY_COUNT is the number of proxies in a row, 1 or more.")

# alerts, metrics and logs
ALERT_EMAILS = monitoring_settings.alert_emails(env, mail_is_set_up=MAIL_IS_SET_UP)
ALERT_WEBHOOK_URL, ALERT_WEBHOOK_SECRET = monitoring_settings.alert_webhook(env)
FEED_STALE_MINUTES = monitoring_settings.stale_minutes(env)
METRICS_ALLOWED = env.networks("METRICS_ALLOWED", default=[])
PROMETHEUS_LATENCY_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, float("inf"))
METRICS_TOKEN = monitoring_settings.metrics_token(env)
SENTRY_DSN = monitoring_settings.sentry_dsn(env)
LOGGING = monitoring_settings.logs(env)
