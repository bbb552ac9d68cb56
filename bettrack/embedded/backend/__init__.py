"""Django's PostgreSQL backend over the embedded server, which it starts at the first connection."""

from __future__ import annotations
