from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from accounts.appearance import odds_format_of
from bets import slip as slips
from bets.bankroll_page import BankrollRow, bankrolls_of
from bets.slip_view import SlipView, read_slip


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
        return read_slip(
            slips.load(request.session),
            bankrolls=bankrolls(),
            signed_in=request.user.is_authenticated,
            odds_format=odds_format_of(request),
            now=timezone.now(),
        )

    def balance() -> str:
        first = next(iter(bankrolls()), None)
        return first.available if first else ""

    return {"slip": SimpleLazyObject(read), "balance": SimpleLazyObject(balance)}
