"""The installation: its home, keys, addresses, and how it is found."""

from __future__ import annotations

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from bettrack.embedded import layout
from bettrack.environment import Environment

BASE_DIR = Path(__file__).resolve().parent.parent.parent
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
