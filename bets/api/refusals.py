"""Why a bet or a movement of money is refused, as problems of the API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bets import exceptions
from bets.money import BadAmount
from odds.api.rows import american, decimal
from rest.fields import plain
from rest.problems import ApiProblem, unfit

STATES = (
    (exceptions.GameClosed, "game_closed"),
    (exceptions.PriceGone, "price_gone"),
    (exceptions.IdempotencyConflict, "idempotency_mismatch"),
    (exceptions.NotPossible, "not_possible"),
)


@contextmanager
def refusals(field: str = "") -> Iterator[None]:
    """Raise an ApiProblem for every Refused; ``field`` is the one that holds the amount, if there is one."""
    try:
        yield
    except exceptions.Refused as refused:
        raise problem_of(refused, field) from refused


def problem_of(refused: exceptions.Refused, field: str = "") -> ApiProblem:
    for kind, code in STATES:
        if isinstance(refused, kind):
            return ApiProblem(code, str(refused))
    if isinstance(refused, exceptions.NotAllowed):
        return ApiProblem("forbidden", str(refused))
    if (more := more_of(refused)) is not None:
        code, members = more
        return ApiProblem(code, str(refused), more=members)
    return unfit(field if isinstance(refused, BadAmount) else "", str(refused))


def more_of(refused: exceptions.Refused) -> tuple[str, dict[str, Any]] | None:
    """The code and the members of a refusal that says what would do."""
    match refused:
        case exceptions.PriceMoved(price=price, point=point):
            return "price_moved", {
                "price": american(price),
                "decimal": decimal(price),
                "point": plain(point),
            }
        case exceptions.InsufficientFunds(available=available, currency=currency):
            return "insufficient_funds", {
                "available": f"{available:.2f}",
                "currency": currency,
            }
        case exceptions.LimitReached(kind=kind, left=left, until=until):
            return "limit_reached", {"limit": kind, "left": f"{left:.2f}", "until": until}
        case _:
            return None
