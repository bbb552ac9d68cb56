from __future__ import annotations

import uuid
from collections import Counter
from dataclasses import dataclass

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest, signed_in
from bets.history.change_views import last_edit
from bets.history.choices import FilterView, filter_view
from bets.history.conditions import statuses_of
from bets.history.filters import BetFilter, query_of
from bets.history.paging import SORTS, STANDARD, BadPlace, page_of
from bets.history.rows import bet_row, listed
from bets.history.ticket import ticket
from bets.history.totals import shown_totals
from bets.models import OPEN_STATUSES, Bankroll, Bet, BetStatus, SavedFilter
from bets.stats import totals_of

STATES = {"": "All", "open": "Open", "settled": "Settled", "needs_review": "Needs review"}


@signed_in
@require_safe
def history(request: SignedInRequest) -> HttpResponse:
    """The user's bets that a filter lets through, 50 a page, with the sums of all of them."""
    user = request.user
    mine = Bet.objects.owned_by(user)
    asked = BetFilter(request.GET, mine, request=request)
    sort = request.GET.get("sort") or STANDARD
    rolls = list(Bankroll.objects.owned_by(user).order_by("created_at", "id"))
    shown = filter_view(asked, rolls, request.path, {} if sort == STANDARD else {"sort": sort})
    saved = list(SavedFilter.objects.owned_by(user))
    context = {"shown": shown, "saved": saved, "edit": last_edit(request)}
    if sort not in SORTS:
        problem = f"sort: choose one of {', '.join(SORTS)}."
        return render(request, "400.html", {"problems": [problem]}, status=400)
    if not shown.is_valid:
        return render(request, "bets/bet_list.html", context, status=400)
    try:
        page = page_of(
            listed(asked.qs),
            sort,
            after=request.GET.get("after", ""),
            before=request.GET.get("before", ""),
        )
    except BadPlace as problem:
        return render(request, "400.html", {"problems": [f"after, before: {problem}"]}, status=400)
    statuses = asked.form.cleaned_data["status"]
    totals = totals_of(user, asked.narrowed(mine, without=["status"]), statuses_of(statuses))
    context |= {
        "page": page,
        "rows": [bet_row(bet, user.odds_format) for bet in page.bets],
        "totals": totals,
        "sums": [shown_totals(pot) for pot in totals.pots],
        "states": states_of(shown, statuses, totals.by_status),
        "heads": heads_of(shown, sort),
        "order_in_words": order_in_words(sort),
        "has_open": any(totals.by_status[status] for status in OPEN_STATUSES),
        "has_bets": bool(totals.by_status) or bool(shown.chips),
    }
    part = request.htmx and request.htmx.target == "bets"
    response = render(request, "bets/_bet_list.html" if part else "bets/bet_list.html", context)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


def states_of(shown: FilterView, chosen: list[str], counts: Counter[str]) -> list[tuple[str, str, int, bool]]:
    """Return label, query, number of bets and whether it is the one shown, of each state that the strip offers."""
    number = {
        "": counts.total(),
        "open": sum(counts[status] for status in OPEN_STATUSES),
        "settled": sum(count for status, count in counts.items() if status not in OPEN_STATUSES),
        "needs_review": counts[BetStatus.NEEDS_REVIEW],
    }
    rest = {name: given for name, given in shown.filter.active.items() if name != "status"}
    rest |= {name: [value] for name, value in shown.kept}
    found = []
    for state, label in STATES.items():
        is_current = chosen == ([state] if state else [])
        if number[state] or is_current or state in ("", "open"):
            query = query_of(({"status": [state]} if state else {}) | rest)
            found.append((label, query, number[state], is_current))
    return found


@dataclass(frozen=True, slots=True)
class Head:
    """A column of the list; ``query`` puts it in order by that column, ``state`` is for ``aria-sort``."""

    label: str
    query: str = ""
    state: str = ""
    number: bool = True


def heads_of(shown: FilterView, sort: str) -> list[Head]:
    """Return the columns after the bet itself; a link sorts by one, largest or newest first, then the other way."""

    def head(label: str, name: str, *, number: bool = True) -> Head:
        down, up = sort == f"-{name}", sort == name
        wanted = name if down else f"-{name}"
        query = query_of(shown.filter.active | ({} if wanted == STANDARD else {"sort": [wanted]}))
        return Head(label, query, "descending" if down else "ascending" if up else "", number)

    return [
        head("Placed", "placed", number=False),
        head("Price", "odds"),
        head("Stake", "stake"),
        Head("Returns"),
        head("Profit", "profit"),
        head("Settled", "settled", number=False),
    ]


def order_in_words(sort: str) -> str:
    order = SORTS[sort].label.lower()
    return f"by {order}, {'largest or newest' if sort.startswith('-') else 'smallest or oldest'} first"


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
