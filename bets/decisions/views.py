from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.http import SignedInRequest, back, signed_in
from bets.decisions.forms import FORMS, DecisionForm
from bets.decisions.options import OPTIONS, options_for
from bets.decisions.rehearsal import Rehearsal, rehearse
from bets.decisions.undoing import last_decision
from bets.exceptions import Refused
from bets.history import BetRow, bet_row, visible_bets

DONE = {
    "settle": "Settled by hand.",
    "cash-out": "Cash-out recorded.",
    "reprice": "Settled at the new price.",
    "deduct": "Deduction recorded.",
    "void": "Voided; the stake is back.",
    "send-back": "Sent back to grading.",
    "undo": "Undone. BetTrack grades the bet by itself again.",
}


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: SignedInRequest, bet_id: uuid.UUID, action: str) -> HttpResponse:
    """A decision about a bet in two steps: enter it and see what it does to the ledger, then confirm it."""
    option = OPTIONS.get(action)
    bet = visible_bets(request.user).filter(pk=bet_id).first()
    if option is None or bet is None:
        raise Http404("You have no such bet.")
    row = bet_row(bet, request.user.odds_format)
    legs = [leg.leg for leg in row.legs]
    home = reverse("bets:bet", args=[bet.pk]) if bet.user_id == request.user.pk else reverse("bets:review")
    decision = last_decision(bet)
    if request.method != "POST" and option not in options_for(
        bet, legs, decision, request.user, timezone.now()
    ):
        messages.error(request, f"{option.label}: that is not open for this bet now.")
        return redirect(home)
    form = FORMS[action](request.POST or None, bet=bet, legs=row.legs, odds_format=request.user.odds_format)
    shown: Rehearsal | None = None
    if request.method == "POST" and form.is_valid() and "change" not in request.POST:
        try:
            if "confirm" in request.POST:
                form.act(request.user)()
                messages.success(request, DONE[action])
                return back(request, home)
            shown = rehearse(form.act(request.user))
        except Refused as refused:
            form.add_error(None, str(refused))
    return page(request, action, row, form, shown, home)


def page(
    request: SignedInRequest, action: str, row: BetRow, form: DecisionForm, shown: Rehearsal | None, home: str
) -> HttpResponse:
    context = {
        "action": action,
        "option": OPTIONS[action],
        "row": row,
        "bet": row.bet,
        "form": form,
        "shown": shown,
        "home": home,
        "next": request.POST.get("next") or request.GET.get("next") or "",
    }
    return render(request, "bets/decision.html", context, status=422 if form.errors else 200)
