from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import wraps

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBadRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from accounts.appearance import odds_format_of
from accounts.http import PageRequest, SignedInRequest
from accounts.models import User
from bets.bankrolls.page import bankrolls_of
from bets.exceptions import PriceGone, PriceMoved, Refused
from bets.history import bet_row, bets_of
from bets.models import Bet, BettingPreferences, SlipLeg
from bets.slip import contents, waiting
from bets.slip.contents import Clicked, legs_of
from bets.slip.forms import ClickForm, SlipForm
from bets.slip.page import NOTHING_SAID, Said, SlipView, read_slip, read_waiting
from bets.slip.placing import NotReady, place_slip
from bets.slip.typed import UnknownLeg, take_over
from bets.wording import selection_name
from odds.pricing import format_odds

SUMS = "slip-sums"
MOST_CLICKED = 12


def owned(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let signed-in people change their slip; ask others who they are."""

    @wraps(view)
    def guarded(request: PageRequest) -> HttpResponseBase:
        return view(request) if request.user.is_authenticated else to_sign_in(request)

    return guarded


@never_cache
@require_safe
def show(request: PageRequest) -> HttpResponse:
    """The slip as a page of its own, or as the part of a page that htmx asks for."""
    return answer(request, view_of(request))


@require_POST
def add(request: PageRequest) -> HttpResponse:
    """Put clicked prices into the slip: one, or all legs of an edge. A visitor's wait until it is known whose they are."""
    lines, refusal = clicked(request)
    if refusal and not request.htmx:
        return HttpResponseBadRequest(refusal, content_type="text/plain; charset=utf-8")
    if refusal:
        return answer(request, view_of(request, Said(problem=refusal)), status=422)
    if not request.user.is_authenticated:
        for line in lines:
            waiting.keep(request.session, line)
        return answer(request, view_of(request)) if request.htmx else to_sign_in(request)
    try:
        contents.add(user=request.user, lines=lines, stake=usual_stake(request.user), now=timezone.now())
    except Refused as refused:
        return answer(request, view_of(request, Said(problem=str(refused))), status=422)
    return answer(request, view_of(request, Said(announce=added(request, lines))))


def usual_stake(user: User) -> str:
    """Return the stake that the user's bets begin with, as text; empty if none is set."""
    stake = BettingPreferences.objects.of(user).default_stake
    return "" if stake is None else f"{stake.normalize():f}"


def clicked(request: PageRequest) -> tuple[list[Clicked], str]:
    """Return the lines that a form sends, or what is wrong with the first that cannot be."""
    names = ("selection", "bookmaker", "price", "point", "stake", "own", "offer")
    sent = [request.POST.getlist(name) for name in names]
    count = max(1, *map(len, sent))
    if count > MOST_CLICKED:
        return [], f"selection: at most {MOST_CLICKED} lines at once."
    lines = []
    for n in range(count):
        form = ClickForm(
            {name: values[n : n + 1][0] for name, values in zip(names, sent, strict=True) if values[n:]}
        )
        if not form.is_valid():
            return [], form.sentence()
        lines.append(form.cleaned_data["line"])
    return lines, ""


def added(request: PageRequest, lines: Sequence[Clicked]) -> str:
    """Say what went into the slip, for who cannot see it."""
    fmt = odds_format_of(request)
    names = [f"{selection_name(line.selection, line.point)} {format_odds(line.price, fmt)}" for line in lines]
    return f"In the slip: {', '.join(names)}."


@require_POST
@owned
def remove(request: SignedInRequest) -> HttpResponse:
    """Take a leg out, after what was typed has been taken over; the answer offers to put it back."""
    number = request.POST.get("leg", "")
    mine = SlipLeg.objects.filter(slip=request.user.pk)
    if not (number.isascii() and number.isdigit() and len(number) < 19 and mine.filter(pk=number).exists()):
        raise Http404
    legs, form = typed(request)
    count = contents.remove(user=request.user, legs=[int(number)], now=timezone.now())
    return answer(request, view_of(request, said_of(form, legs, Said(removed=count))))


@require_POST
@owned
def clear(request: SignedInRequest) -> HttpResponse:
    """Take all legs out; the answer offers to put them back."""
    count = contents.remove(user=request.user, now=timezone.now())
    return answer(request, view_of(request, Said(removed=count)))


@require_POST
@owned
def undo(request: SignedInRequest) -> HttpResponse:
    """Put back what was taken out last."""
    contents.restore(user=request.user)
    return answer(request, view_of(request, Said(announce="Back in the slip.")))


@require_POST
@owned
def update(request: SignedInRequest) -> HttpResponse:
    """Take over what was typed or pressed and work out what it comes to."""
    legs, form = typed(request)
    view = view_of(request, said_of(form, legs, NOTHING_SAID))
    return answer(request, view, sums_only=request.htmx.target == SUMS)


@require_POST
@owned
def place(request: SignedInRequest) -> HttpResponse:
    """Place the slip's bets. Pressed twice, it places them once."""
    legs, form = typed(request)
    said = said_of(form, legs, NOTHING_SAID)
    try:
        bets = place_slip(
            user=request.user, key=request.POST.get("key", ""), read=lambda: view_of(request, said)
        )
    except NotReady as reason:
        return answer(request, view_of(request, said_of(form, legs, Said(problem=str(reason)))), status=422)
    except (PriceMoved, PriceGone) as moved:
        view = view_of(request, said)
        if not view.is_blocked:
            problem = moved.sentence(odds_format_of(request)) if isinstance(moved, PriceMoved) else str(moved)
            view = view_of(request, said_of(form, legs, Said(problem=problem)))
        return answer(request, view, status=422)
    except Refused as refused:
        view = view_of(request, said)
        problem = "" if view.is_short or view.is_blocked else str(refused)
        return answer(request, view_of(request, said_of(form, legs, Said(problem=problem))), status=422)
    return placed(request, bets)


def placed(request: SignedInRequest, bets: Sequence[Bet]) -> HttpResponse:
    """Show the bets: in the slip for htmx, else on the one's page or in the list."""
    words = "Bet placed." if len(bets) == 1 else f"{len(bets)} bets placed."
    if not request.htmx:
        messages.success(request, words)
        return redirect("bets:bet", bets[0].pk) if len(bets) == 1 else redirect("bets:history")
    rows = bets_of(request.user).filter(pk__in=[bet.pk for bet in bets]).order_by("placed_at", "id")
    fmt = odds_format_of(request)
    view = view_of(request, Said(placed=[bet_row(bet, fmt) for bet in rows], announce=words))
    return trigger_client_event(answer(request, view), "betPlaced", {"bet": str(bets[0].pk)})


def to_sign_in(request: PageRequest) -> HttpResponse:
    """Ask who it is; the prices clicked are in the session and wait."""
    url = f"{resolve_url('account_login')}?next={reverse('bets:slip')}"
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def typed(request: SignedInRequest) -> tuple[list[SlipLeg], SlipForm]:
    """Take what was typed into the slip, unless it was typed into another slip; a leg of another's is not found."""
    form = SlipForm(
        request.POST,
        user=request.user,
        legs=legs_of(request.user),
        odds_format=odds_format_of(request),
    )
    try:
        return take_over(user=request.user, form=form), form
    except UnknownLeg as error:
        raise Http404 from error


def said_of(form: SlipForm, legs: Sequence[SlipLeg], said: Said) -> Said:
    """Add to what is said what was typed wrongly, with its text, so that it can be put right."""
    errors = {name: str(found[0]) for name, found in form.errors.items()}
    beside = {f"{field}-{leg.pk}" for leg in legs for field in ("price", "stake", "point", "book")}
    beside.add("ticket_price")
    elsewhere = [
        f"{name.replace('_', ' ').capitalize()}: {why}" for name, why in errors.items() if name not in beside
    ]
    return replace(
        said,
        problem=" ".join(filter(None, [said.problem, *elsewhere])),
        errors=errors,
        texts={name: form.data.get(name, "") for name in errors},
    )


def view_of(request: PageRequest, said: Said = NOTHING_SAID) -> SlipView:
    """Read what the slip shows, for the person who asks, now."""
    if not request.user.is_authenticated:
        return read_waiting(waiting.names(request.session), said)
    now = timezone.now()
    waiting.bring(request.session, request.user, now=now)
    return read_slip(
        legs_of(request.user),
        user=request.user,
        bankrolls=bankrolls_of(request.user),
        odds_format=odds_format_of(request),
        now=now,
        said=said,
    )


def answer(
    request: PageRequest,
    view: SlipView,
    *,
    status: int = 200,
    sums_only: bool = False,
    keep: bool = False,
) -> HttpResponse:
    """Render the slip: the part asked for with htmx, else the page; a good POST without htmx redirects.

    ``keep`` is for what the page itself has to say.
    """
    if request.htmx:
        template = "bets/_slip_changed.html" if sums_only else "bets/_slip.html"
        balance = view.bankroll.available if view.bankroll else ""
        return render(request, template, {"slip": view, "balance": balance, "is_part": True}, status=status)
    if request.method == "POST" and status == 200 and not (view.said.removed or keep):
        return redirect("bets:slip")
    return render(request, "bets/slip.html", {"slip": view}, status=status)
