"""Where prices and results come from, and what is kept of them."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured

from bettrack.settings.site import BETTRACK_URL, env

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
