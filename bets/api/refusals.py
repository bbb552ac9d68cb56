"""Why a bet or a movement of money is refused, as problems of the API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from bets import exceptions
from bets.exceptions import Move
from bets.money import BadAmount
from odds.api.rows import american, decimal
from rest.fields import plain
from rest.problems import ApiProblem, unfit

STATES: Final = (
    (exceptions.GameClosed, "game_closed"),
    (exceptions.PriceGone, "price_gone"),
    (exceptions.IdempotencyConflict, "idempotency_mismatch"),
    (exceptions.TooManyJobs, "jobs_full"),
    (exceptions.BetDecided, "bet_decided"),
    (exceptions.NotPossible, "not_possible"),
    (exceptions.NotAllowed, "forbidden"),
)
NAMES: Final = {
    "price": "odds",
    "ticket_price": "ticket_odds",
    "selection": "selection_id",
    "bankroll": "bankroll_id",
    "to_bankroll": "to_bankroll_id",
}
"""What the services call a thing → what bodies call it, where that is another word."""


@contextmanager
def refusals(field: str = "") -> Iterator[None]:
    """Raise an ApiProblem for every Refused; ``field`` is the one that holds the amount, if there is one."""
    try:
        yield
    except exceptions.Refused as refused:
        raise problem_of(refused, field) from refused


def problem_of(refused: exceptions.Refused, field: str = "") -> ApiProblem:
    if (more := more_of(refused)) is not None:
        code, members = more
        return ApiProblem(code, str(refused), errors=moves_in(refused), more=members)
    for kind, code in STATES:
        if isinstance(refused, kind):
            return ApiProblem(code, str(refused), errors=fault_in(refused, code))
    return unfit(named(refused.field) or (field if isinstance(refused, BadAmount) else ""), str(refused))


def named(field: str) -> str:
    """The path into the body of what the services say is at fault."""
    return ".".join(NAMES.get(part, part) for part in field.split("."))


def fault_in(refused: exceptions.Refused, code: str) -> list[dict[str, str]]:
    """Which part of the body a state of things stands against, if the refusal says it."""
    return [{"field": named(refused.field), "code": code, "detail": str(refused)}] if refused.field else []


def moves_in(refused: exceptions.Refused) -> list[dict[str, str]]:
    moves = refused.moves if isinstance(refused, exceptions.PriceMoved) else ()
    return [
        {"field": f"legs.{move.leg}.odds", "code": "price_moved", "detail": move.sentence()} for move in moves
    ]


def more_of(refused: exceptions.Refused) -> tuple[str, dict[str, Any]] | None:
    """The code and the members of a refusal that says what would do."""
    match refused:
        case exceptions.PriceMoved(moves=moves):
            first = moves[0]
            return "price_moved", {**priced(first), "legs": [move_out(move) for move in moves]}
        case exceptions.InsufficientFunds(available=available, currency=currency):
            return "insufficient_funds", {
                "available": f"{available:.2f}",
                "currency": currency,
            }
        case exceptions.LimitReached(kind=kind, left=left, until=until):
            return "limit_reached", {"limit": kind, "left": f"{left:.2f}", "until": until}
        case exceptions.BetChanged(revision=revision):
            return "bet_changed", {"revision": revision}
        case _:
            return None


def priced(move: Move) -> dict[str, Any]:
    return {"price": american(move.price), "decimal": decimal(move.price), "point": plain(move.point)}


def move_out(move: Move) -> dict[str, Any]:
    """A leg whose price moved: what was asked for, and what there is."""
    return {
        "position": move.leg + 1,
        "asked": american(move.asked),
        "asked_decimal": decimal(move.asked),
        "asked_point": plain(move.asked_point),
        **priced(move),
    }
