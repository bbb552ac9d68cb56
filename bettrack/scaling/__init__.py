"""The archive on more than one machine: what Citus asks of the schema, and the way there."""

from __future__ import annotations
