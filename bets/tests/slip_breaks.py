"""Slips that break each of their constraints."""

from __future__ import annotations

from collections.abc import Callable

from bets.tests.factories import SlipFactory, SlipLegFactory


def line_twice() -> None:
    first = SlipLegFactory()
    SlipLegFactory(slip=first.slip, selection=first.selection, bookmaker=first.bookmaker)


SLIPS: dict[str, list[Callable[[], object]]] = {
    "slip_kind_is_known": [lambda: SlipFactory(kind="trixie")],
    "slip_moves_are_known": [lambda: SlipFactory(moves="never")],
    "slip_ticket_price_is_american_odds": [lambda: SlipFactory(ticket_price=50)],
    "slip_teaser_points_are_above_zero": [lambda: SlipFactory(teaser_points=0)],
    "slip_key_is_not_empty": [lambda: SlipFactory(key="")],
    "line_is_once_in_a_slip": [line_twice],
    "slip_price_is_american_odds": [lambda: SlipLegFactory(price=99)],
}
