"""Placing bets: what is asked for, what is wrong with it, and the one transaction that records it."""

from __future__ import annotations

from bets.placement.asked import LegAsked, TicketAsked, check_ticket
from bets.placement.drawing import Quote, quote
from bets.placement.service import (
    Placed,
    place_asked,
    place_in_transaction,
    place_straight,
    place_ticket,
)

__all__ = [
    "LegAsked",
    "Placed",
    "Quote",
    "TicketAsked",
    "check_ticket",
    "place_asked",
    "place_in_transaction",
    "place_straight",
    "place_ticket",
    "quote",
]
