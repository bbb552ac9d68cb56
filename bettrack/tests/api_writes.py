"""The writes of the API: who may, and a body that does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

CALLERS = (
    "anonymous", "stranger", "owner", "read key", "write key", "staff", "staff's read key", "staff's admin key",
)  # fmt: skip


def of_callers(*statuses: int) -> dict[str, int]:
    return dict(zip(CALLERS, statuses, strict=True))


WITH_OWN_MONEY = of_callers(401, 400, 201, 403, 201, 400, 403, 403)
"""A stranger's body names what is not his: for him that does not exist."""
OWN_CHANGE = of_callers(401, 404, 200, 403, 200, 404, 403, 403)

Body = Callable[[dict[str, Any]], Any]


def bet_to_place(ids: dict[str, Any]) -> dict[str, Any]:
    return {
        "bankroll_id": str(ids["bankrolls"]),
        "bookmaker": "book0",
        "stake": "10.00",
        "legs": [{"selection_id": ids["selections"], "odds": "-110", "own_price": True}],
    }


WRITES: dict[tuple[str, str], tuple[dict[str, int], Body]] = {
    ("bet-list", "POST"): (WITH_OWN_MONEY, bet_to_place),
}
