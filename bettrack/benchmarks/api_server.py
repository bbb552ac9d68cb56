"""The site's application on a benchmark's database, with names of its own in Redis, for granian to serve."""

from __future__ import annotations

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connections

from bettrack.benchmarks.scratch import DATABASE, PREFIX

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bettrack.settings")
settings.CACHES["default"]["KEY_PREFIX"] = os.environ[PREFIX]
connections.databases["default"]["NAME"] = os.environ[DATABASE]

application = get_wsgi_application()
