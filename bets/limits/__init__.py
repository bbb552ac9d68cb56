"""Limits by which owners protect themselves: tightened at once, loosened only after a day."""

from __future__ import annotations

from bets.limits.changing import cancel_change, set_limit, set_time_out
from bets.limits.enforcing import lock_owner, require_within_limits

__all__ = ["cancel_change", "lock_owner", "require_within_limits", "set_limit", "set_time_out"]
