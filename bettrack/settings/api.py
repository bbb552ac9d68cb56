"""What programs may do without a key, how often, and from which sites a browser's script may ask."""

from __future__ import annotations

from bettrack.settings.framework import INSTALLED_APPS, MIDDLEWARE
from bettrack.settings.site import TESTING, env

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
