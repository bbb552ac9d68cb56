"""Settings, from the environment only (and ``.env`` beside manage.py, where there is one); a module for each family.

With nothing set, the embedded PostgreSQL and Redis and the sandbox feed are used, and data live
under ``var/`` (``BETTRACK_HOME`` moves it). Contradictory settings stop the start with a sentence.
"""

from __future__ import annotations

import django_stubs_ext

from bettrack.settings.accounts import *
from bettrack.settings.api import *
from bettrack.settings.api_description import *
from bettrack.settings.framework import *
from bettrack.settings.prices import *
from bettrack.settings.security import *
from bettrack.settings.site import *
from bettrack.settings.stores import *
from bettrack.settings.watching import *
from bettrack.version import VERSION as VERSION

# lets classes of Django that are generic to the type checker be subscripted at run time
django_stubs_ext.monkeypatch()
