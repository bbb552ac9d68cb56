from __future__ import annotations

from django.dispatch import Signal

access_ended = Signal()
"""Sent with ``user`` inside the transaction in which somebody loses access: whatever opens doors for him goes now."""
