from __future__ import annotations

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from bettrack.database_settings import ROLE_VARIABLE
from bettrack.monitoring.shared_counters import share

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bettrack.settings")
os.environ[ROLE_VARIABLE] = "web"
share(settings.HOME)

application = get_wsgi_application()
