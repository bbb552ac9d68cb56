from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

from bettrack.database_settings import ROLE_VARIABLE

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bettrack.settings")
os.environ[ROLE_VARIABLE] = "web"

application = get_wsgi_application()
