"""Placing bets: what is asked for, what is wrong with it, and the one transaction that records it."""

from __future__ import annotations

from bets.placement.asked import LegAsked
from bets.placement.service import place_straight, place_ticket

__all__ = ["LegAsked", "place_straight", "place_ticket"]
