"""A person's bets: found by filters, listed with totals, edited, and one by one as tickets with their reasons."""

from __future__ import annotations

from bets.history.rows import BetRow, LegRow, bet_row, bets_of, listed, visible_bets

__all__ = ["BetRow", "LegRow", "bet_row", "bets_of", "listed", "visible_bets"]
