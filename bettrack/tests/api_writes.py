"""The writes of the API: who may, and a body that does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

CALLERS = (
    "anonymous", "stranger", "owner", "read key", "write key", "staff", "staff's read key", "staff's admin key",
)  # fmt: skip


def of_callers(*statuses: int) -> dict[str, int]:
    return dict(zip(CALLERS, statuses, strict=True))


WITH_OWN_MONEY = of_callers(401, 422, 201, 403, 201, 422, 403, 403)
"""A stranger's body names what is not his: for him that does not exist."""
OWN_CHANGE = of_callers(401, 404, 200, 403, 200, 404, 403, 403)
OWN_NEW = of_callers(401, 201, 201, 403, 201, 201, 403, 403)
OWN_JOB = of_callers(401, 202, 202, 403, 202, 202, 403, 403)
OWN_COMMIT = of_callers(401, 404, 202, 403, 202, 404, 403, 403)
OWN_SET = of_callers(401, 200, 200, 403, 200, 200, 403, 403)

Body = Callable[[dict[str, Any]], Any]


def bet_to_place(ids: dict[str, Any]) -> dict[str, Any]:
    return {
        "bankroll_id": str(ids["bankrolls"]),
        "bookmaker": "book0",
        "stake": "10.00",
        "legs": [{"selection_id": ids["selections"], "odds": "-110", "own_price": True}],
    }


def deposit(ids: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "deposit", "bankroll_id": str(ids["bankrolls"]), "amount": "50.00"}


def nothing(ids: dict[str, Any]) -> dict[str, Any]:
    return {}


def file_to_read(ids: dict[str, Any]) -> dict[str, Any]:
    return {
        "file_name": "bets.csv",
        "content": "date,book,selection,stake,odds\n2026-11-01,dk,Celtics,25,-110\n",
    }


def limit(ids: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "daily_loss", "currency": "USD", "money": "paper", "amount": "100.00"}


def decided(ids: dict[str, Any]) -> dict[str, Any]:
    return {"reason": "The book did so."}


def bets_to_decide(ids: dict[str, Any]) -> dict[str, Any]:
    return {"bets": [str(ids["waiting"])], "decision": "void", **decided(ids)}


DECISIONS: dict[str, tuple[int, Body]] = {
    "void": (200, decided),
    "cash-out": (200, lambda ids: {"offer": "7.00", **decided(ids)}),
    "settle": (403, lambda ids: {"payout": "19.00", **decided(ids)}),  # of a game to come; staff may
    "undo": (409, decided),  # nothing is decided
    "reprice": (409, lambda ids: {"odds": "120", **decided(ids)}),  # no ticket of several legs
    "deduct": (409, lambda ids: {"deduction_pct": "10.00", **decided(ids)}),  # no outright
}
"""Decision → what an owner gets for it, and its body."""


def own_decision(status: int) -> dict[str, int]:
    return of_callers(401, 404, status, 403, status, 404, 403, 403)


def staff_decision(status: int) -> dict[str, int]:
    return of_callers(401, 403, 403, 403, 403, status, 403, status)


WRITES: dict[tuple[str, str], tuple[dict[str, int], Body]] = {
    ("bet-list", "POST"): (WITH_OWN_MONEY, bet_to_place),
    ("bet-detail", "PATCH"): (OWN_CHANGE, lambda ids: {"note": "A note.", "stake": "20.00"}),
    **{(f"bet-{name}", "POST"): (own_decision(status), body) for name, (status, body) in DECISIONS.items()},
    **{
        (f"review-{name}", "POST"): (staff_decision(200 if name == "settle" else status), body)
        for name, (status, body) in DECISIONS.items()
    },
    ("bankroll-list", "POST"): (OWN_NEW, lambda ids: {"name": "Another", "opening_deposit": "50.00"}),
    ("bankroll-detail", "PATCH"): (OWN_CHANGE, lambda ids: {"name": "Other"}),
    ("bankroll-archive", "POST"): (own_decision(409), nothing),  # bets in it are open
    ("bankroll-restore", "POST"): (OWN_CHANGE, nothing),
    ("bankroll-make-default", "POST"): (OWN_CHANGE, nothing),
    ("operation-list", "POST"): (WITH_OWN_MONEY, deposit),
    ("operation-undo", "POST"): (OWN_CHANGE, nothing),
    ("import-list", "POST"): (OWN_NEW, file_to_read),
    ("import-detail", "PATCH"): (OWN_CHANGE, lambda ids: {"dates": "mdy"}),
    ("import-detail", "DELETE"): (own_decision(204), nothing),
    ("import-commit", "POST"): (OWN_COMMIT, nothing),
    ("export-list", "POST"): (OWN_JOB, lambda ids: {"format": "csv", "query": "status=won"}),
    ("job-cancel", "POST"): (own_decision(409), nothing),  # it is done
    ("job-detail", "DELETE"): (own_decision(204), nothing),
    ("import-undo", "POST"): (own_decision(409), nothing),  # it has not been imported
    ("tag-edit-list", "POST"): (WITH_OWN_MONEY, lambda ids: {"bets": [str(ids["open"])], "add": ["fresh"]}),
    ("tag-edit-undo", "POST"): (OWN_CHANGE, nothing),
    ("filter-list", "POST"): (OWN_NEW, lambda ids: {"name": "Lost", "query": "status=lost"}),
    ("filter-detail", "PATCH"): (OWN_CHANGE, lambda ids: {"name": "Winners"}),
    ("filter-detail", "DELETE"): (own_decision(204), nothing),
    ("filter-restore", "POST"): (OWN_CHANGE, nothing),
    ("limit-set", "POST"): (OWN_SET, limit),
    ("limit-time-out", "POST"): (OWN_SET, lambda ids: {"until": "2027-01-01T00:00:00Z"}),
    ("limit-cancel", "POST"): (OWN_CHANGE, nothing),
    ("bet-quote", "POST"): (of_callers(401, 422, 200, 403, 200, 422, 403, 403), bet_to_place),
    ("webhook-list", "POST"): (
        OWN_NEW,
        lambda ids: {"url": "https://example.org/new", "topics": ["edge.found"]},
    ),
    ("webhook-detail", "DELETE"): (own_decision(204), nothing),
    ("webhook-rotate", "POST"): (OWN_CHANGE, nothing),
    ("webhook-switch-off", "POST"): (OWN_CHANGE, nothing),
    ("webhook-switch-on", "POST"): (OWN_CHANGE, nothing),
    ("webhook-test", "POST"): (OWN_CHANGE, nothing),
    ("webhook-again", "POST"): (own_decision(409), nothing),  # it waits
    ("review-send-back", "POST"): (staff_decision(409), decided),  # it is not under review
    ("review-decide", "POST"): (staff_decision(200), bets_to_decide),
}
