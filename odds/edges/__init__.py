"""Edges: prices above the fair one, arbitrage, middles and low hold, each with all its legs and their age."""

from __future__ import annotations

from odds.edges.finding import (
    Fairness,
    MiddleEdge,
    Opposed,
    ValueEdge,
    find_middles,
    find_opposed,
    find_values,
    is_phantom,
    narrowed,
)
from odds.edges.offers import Book, Line, Offer, read_lines

__all__ = [
    "Book",
    "Fairness",
    "Line",
    "MiddleEdge",
    "Offer",
    "Opposed",
    "ValueEdge",
    "find_middles",
    "find_opposed",
    "find_values",
    "is_phantom",
    "narrowed",
    "read_lines",
]
