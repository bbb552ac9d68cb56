from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import HttpResponseClientRedirect

from accounts.appearance import odds_format_of
from accounts.http import SignedInRequest, signed_in
from bets.exceptions import Refused
from bets.slip import contents
from bets.slip.entry.elsewhere import record_in_words
from bets.slip.entry.forms import TextForm, WordsForm
from bets.slip.entry.reading import Read, keep_rests, read_text
from bets.slip.page import Said
from bets.slip.views import answer, view_of

REST = "rest_of_text"
"""Where the session keeps the bets of a text that are left after one of them was recorded in words."""


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def enter(request: SignedInRequest) -> HttpResponse:
    """Read a bet that was typed or pasted: what is certain goes into the slip, the rest is asked about."""
    if request.method != "POST":
        return go_on(request)
    request.session.pop(REST, None)
    form = TextForm(request.POST)
    if not form.is_valid():
        said = Said(problem=str(next(iter(form.errors.values()))[0]), typed=request.POST.get("text", ""))
        return answer(request, view_of(request, said), status=422)
    now = timezone.now()
    reads = read_text(
        form.cleaned_data["text"], user=request.user, odds_format=odds_format_of(request), now=now
    )
    problem = put_in(request, reads)
    open_reads = [read for read in reads if read.found.only is None]
    sure = [read.found.only for read in reads if read.found.only is not None]
    keep_rests(open_reads)
    said = Said(
        problem=problem,
        announce=" ".join(f"In the slip: {choice.label}." for choice in sure) or "Choose what is meant.",
        reads=open_reads,
        typed=form.cleaned_data["text"] if open_reads else "",
        notes=[f"{choice.label}: {choice.note}" for choice in sure if choice.note],
    )
    view = view_of(request, said)
    return answer(request, view, keep=bool(open_reads or problem))


def go_on(request: SignedInRequest) -> HttpResponse:
    """Ask about the bets of a text that are left after one was recorded; nothing goes into the slip by itself."""
    text = request.session.get(REST, "")
    reads = read_text(text, user=request.user, odds_format=odds_format_of(request), now=timezone.now())
    if not reads:
        return redirect("bets:slip")
    keep_rests(reads)
    return answer(request, view_of(request, Said(reads=reads, typed=text)))


def put_in(request: SignedInRequest, reads: Sequence[Read]) -> str:
    """Put the lines that are certain into the slip; return why it could not be done."""
    lines = [read.found.only.line for read in reads if read.found.only is not None]
    try:
        if lines:
            contents.add(user=request.user, lines=lines, now=timezone.now())
    except Refused as refused:
        return str(refused)
    return ""


@require_POST
@signed_in
def record(request: SignedInRequest) -> HttpResponse:
    """Record a bet in words, as an import of one bet that can be undone."""
    form = WordsForm(request.POST, user=request.user, odds_format=odds_format_of(request))
    if form.is_valid():
        now = timezone.now()
        try:
            bet = record_in_words(
                user=request.user, bankroll=form.cleaned_data["bankroll"], bet=form.bet(now), now=now
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "Bet recorded in words. It can be undone under Import.")
            rest = form.cleaned_data["rest"]
            request.session.pop(REST, None)
            if rest:
                request.session[REST] = rest
            url = redirect("bets:slip_enter") if rest else redirect("bets:bet", bet.pk)
            return HttpResponseClientRedirect(url.url) if request.htmx else url
    return render(request, "bets/slip_words.html", {"form": form, "alone": True}, status=422)
