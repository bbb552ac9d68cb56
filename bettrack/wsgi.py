from __future__ import annotations

import gc
import os
from typing import Final

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from bettrack.environment.databases import ROLE_VARIABLE
from bettrack.monitoring.shared_counters import share

COLLECTED_AFTER: Final = (10_000, 10, 20)
"""New objects after which cycles are looked for: few requests make any, and Python's 700 are one page of bets."""

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bettrack.settings")
os.environ[ROLE_VARIABLE] = "web"
share(settings.HOME)

application = get_wsgi_application()
if not settings.TESTING:
    from bettrack.monitoring.watcher import start_standing_in  # needs the models

    start_standing_in()
bool(get_resolver().url_patterns)  # imports the views now, so that no first request waits for it
gc.collect()
gc.freeze()  # what has been imported stays: no collection need look at it
gc.set_threshold(*COLLECTED_AFTER)
