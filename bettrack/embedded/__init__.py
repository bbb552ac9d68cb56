"""A real PostgreSQL and a Redis-speaking Valkey, started from Python wheels when no server is configured.

`layout` says where everything lies and how to connect; it is cheap to import and starts nothing.
`client.ensure` starts what is asked for; the database and cache backends in this package call it.
"""

from __future__ import annotations
