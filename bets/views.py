from __future__ import annotations

import uuid

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest, signed_in
from bets.history import PAGE_SIZE, STATES, bet_row, bets_of, counts_of, ticket, totals_of

LABELS = {"all": "All", "open": "Open", "settled": "Settled", "review": "Needs review"}


@signed_in
@require_safe
def history(request: SignedInRequest) -> HttpResponse:
    """The user's bets, 50 a page, with the sums of all of them; htmx gets the part that refreshes."""
    state = request.GET.get("status") or "all"
    if state not in STATES:
        problem = f"status: choose one of {', '.join(STATES)}."
        return render(request, "400.html", {"problems": [problem]}, status=400)
    counts = counts_of(request.user)
    paginator = Paginator(bets_of(request.user, state), PAGE_SIZE)
    paginator.count = counts[state]
    page = paginator.get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [bet_row(bet, request.user.odds_format) for bet in page.object_list],
        "totals": totals_of(request.user),
        "state": state,
        "states": [(key, LABELS[key], counts[key]) for key in STATES],
        "counts": counts,
    }
    part = request.htmx and request.htmx.target == "bets"
    response = render(request, "bets/_bet_list.html" if part else "bets/bet_list.html", context)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


@signed_in
@require_safe
def bet(request: SignedInRequest, bet_id: uuid.UUID) -> HttpResponse:
    """One bet of the user's, as a ticket with the reasons of its grade; another's is not found."""
    found = ticket(request.user, bet_id, request.user.odds_format, timezone.now())
    if found is None:
        raise Http404("You have no such bet.")
    part = request.htmx and request.htmx.target == "bet"
    template = "bets/_bet.html" if part else "bets/bet_detail.html"
    response = render(request, template, {"ticket": found, "row": found.row, "bet": found.row.bet})
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response
