"""The site's application on a benchmark's database, with names of its own in Redis, for granian to serve."""

from __future__ import annotations

import os

from django.conf import settings
from django.db import connections

from bettrack.benchmarks.scratch import DATABASE, PREFIX
from bettrack.environment.databases import ROLE_VARIABLE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bettrack.settings")
os.environ[ROLE_VARIABLE] = "web"
settings.CACHES["default"]["KEY_PREFIX"] = os.environ[PREFIX]
connections.databases["default"]["NAME"] = os.environ[DATABASE]

from bettrack.wsgi import application

__all__ = ["application"]
