from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from accounts.appearance import odds_format_of
from bets import review
from bets.bankrolls.page import BankrollRow, bankrolls_of
from bets.slip import waiting
from bets.slip.contents import legs_of
from bets.slip.page import SlipView, read_slip, read_waiting


def needs_a_look(request: HttpRequest) -> dict[str, object]:
    """``to_look_at`` for every page: the user's bets that need a look, and for staff the length of the queue."""

    def read() -> dict[str, int]:
        if not request.user.is_authenticated:
            return {"own": 0, "queue": 0}
        own, queue = review.counts(request.user, timezone.now())
        return {"own": own, "queue": queue}

    return {"to_look_at": SimpleLazyObject(read)} if hasattr(request, "user") else {}


def slip(request: HttpRequest) -> dict[str, object]:
    """``slip`` and ``balance`` for every page; neither is read until a template asks for it."""
    if not hasattr(request, "user"):
        return {}
    cached: list[list[BankrollRow]] = []

    def bankrolls() -> list[BankrollRow]:
        if not cached:
            cached.append(bankrolls_of(request.user) if request.user.is_authenticated else [])
        return cached[0]

    def read() -> SlipView:
        if not request.user.is_authenticated:
            return read_waiting(waiting.names(request.session))
        waiting.bring(request.session, request.user, now=timezone.now())
        return read_slip(
            legs_of(request.user),
            user=request.user,
            bankrolls=bankrolls(),
            odds_format=odds_format_of(request),
            now=timezone.now(),
        )

    def balance() -> str:
        first = next(iter(bankrolls()), None)
        return first.available if first else ""

    return {"slip": SimpleLazyObject(read), "balance": SimpleLazyObject(balance)}
