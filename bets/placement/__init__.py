"""Placing bets: what is asked for, what is wrong with it, and the one transaction that records it."""

from __future__ import annotations

from bets.placement.asked import LegAsked, TicketAsked, check_ticket
from bets.placement.service import Quote, place_asked, place_straight, place_ticket, quote

__all__ = [
    "LegAsked",
    "Quote",
    "TicketAsked",
    "check_ticket",
    "place_asked",
    "place_straight",
    "place_ticket",
    "quote",
]
