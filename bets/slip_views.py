from __future__ import annotations

import uuid
from dataclasses import replace
from decimal import Decimal

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, trigger_client_event

from accounts.appearance import odds_format_of
from accounts.http import PageRequest
from accounts.models import User
from bets import slip as slips
from bets.bankrolls.page import bankrolls_of
from bets.exceptions import PriceGone, PriceMoved, Refused
from bets.forms import SlipAddForm, SlipForm
from bets.history import BetRow, bet_row, bets_of
from bets.models import Bankroll, Bet
from bets.money import BadAmount
from bets.placement import place_straight
from bets.slip import Leg, Slip
from bets.slip_view import SlipLine, SlipView, read_lines, read_slip
from odds.models import Bookmaker, Selection

SUMS = "slip-sums"
CHANGED = "Your slip has changed in another window. Look at it again before you place it."


@require_safe
def show(request: PageRequest) -> HttpResponse:
    """The slip as a page of its own, or as the part of a page that htmx asks for."""
    return answer(request, view_of(request, slips.load(request.session)))


@require_POST
def add(request: PageRequest) -> HttpResponse:
    """Put a clicked price into the slip, in the place of the one before."""
    form = SlipAddForm(request.POST)
    if not form.is_valid():
        if not request.htmx:
            return HttpResponseBadRequest(form.sentence(), content_type="text/plain; charset=utf-8")
        view = view_of(request, slips.load(request.session), problem=form.sentence())
        return answer(request, view, status=422)
    slip = slips.load(request.session).with_only(form.cleaned_data["leg"])
    slips.save(request.session, slip)
    return answer(request, view_of(request, slip))


@require_POST
def remove(request: PageRequest) -> HttpResponse:
    """Take a leg out; the answer offers to put it back."""
    slip = slips.load(request.session)
    leg = slip.leg(request.POST.get("line", ""))
    if leg is None:
        return answer(request, view_of(request, slip))
    gone = read_lines([leg], odds_format=odds_format_of(request), now=timezone.now())
    slip = slip.without(leg.line)
    slips.save(request.session, slip)
    return answer(request, view_of(request, slip, removed=next(iter(gone), None)))


@require_POST
def update(request: PageRequest) -> HttpResponse:
    """Take over what was typed and work out what the stake returns."""
    slip, form = typed(request)
    return answer(request, view_of(request, slip, form=form), sums_only=request.htmx.target == SUMS)


@require_POST
def accept(request: PageRequest) -> HttpResponse:
    """Take the book's new line, as it was shown when the button was pressed."""
    slip = slips.load(request.session)
    leg = slip.leg(request.POST.get("line", ""))
    form = SlipAddForm(request.POST)
    if leg is None or not form.is_valid():
        return answer(request, view_of(request, slip, problem=CHANGED), status=422)
    slip = slip.with_leg(form.cleaned_data["leg"])
    slips.save(request.session, slip)
    return answer(request, view_of(request, slip))


@require_POST
def keep(request: PageRequest) -> HttpResponse:
    """Keep the price that was clicked, as one of the user's own."""
    slip = slips.load(request.session)
    leg = slip.leg(request.POST.get("line", ""))
    if leg is not None:
        slip = slip.with_leg(replace(leg, own=True))
        slips.save(request.session, slip)
    return answer(request, view_of(request, slip))


@require_POST
def place(request: PageRequest) -> HttpResponse:
    """Place the slip's bet. Pressed twice, it places one."""
    slip, form = typed(request)
    if not request.user.is_authenticated:
        return to_sign_in(request)
    key = request.POST.get("key", "")
    earlier = Bet.objects.owned_by(request.user).filter(idempotency_key=key).first() if key else None
    if earlier is not None:
        return placed(request, earlier)
    if key != slip.key or not slip.legs:
        return answer(request, view_of(request, slip, problem=CHANGED), status=422)
    view = view_of(request, slip, form=form)
    if not form.is_valid() or view.sums.stake is None or view.bankroll is None or view.is_blocked:
        missing = "" if view.sums.error or form.errors or view.is_blocked else missing_part(view)
        return answer(request, replace(view, problem=view.problem or missing), status=422)
    try:
        bet = place_line(request.user, slip, view.lines[0], view.bankroll.pk, view.sums.stake)
    except (PriceMoved, PriceGone) as moved:
        view = view_of(request, slip, form=form)
        return answer(request, view if view.is_blocked else replace(view, problem=str(moved)), status=422)
    except (Refused, BadAmount) as refused:
        view = view_of(request, slip, form=form)
        problem = "" if view.sums.is_short or view.is_blocked else str(refused)
        return answer(request, replace(view, problem=problem), status=422)
    return placed(request, bet)


def place_line(user: User, slip: Slip, line: SlipLine, bankroll_id: uuid.UUID, stake: Decimal) -> Bet:
    """Place the slip's one line as a straight bet. Raises Refused, BadAmount."""
    leg = line.leg
    return place_straight(
        user=user,
        bankroll=Bankroll.objects.get(pk=bankroll_id, user=user),
        selection=Selection.objects.select_related("game").get(pk=leg.selection),
        bookmaker=Bookmaker.objects.get(key=leg.bookmaker),
        price=leg.price,
        point=leg.point,
        stake=stake,
        idempotency_key=slip.key,
        own_price=line.state == "own",
    )


def placed(request: PageRequest, bet: Bet) -> HttpResponse:
    """Empty the slip and show the bet: in the slip for htmx, else on its page."""
    if slips.load(request.session).key == bet.idempotency_key:
        slips.clear(request.session)
    if not request.htmx:
        messages.success(request, "Bet placed.")
        return redirect("bets:bet", bet.pk)
    row = bet_row(bets_of(bet.user).get(pk=bet.pk), odds_format_of(request))
    view = view_of(request, slips.load(request.session), placed=row)
    return trigger_client_event(answer(request, view), "betPlaced", {"bet": str(bet.pk)})


def to_sign_in(request: PageRequest) -> HttpResponse:
    """Ask who it is; the slip is in the session and waits."""
    url = f"{resolve_url('account_login')}?next={reverse('bets:slip')}"
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def missing_part(view: SlipView) -> str:
    """Say what the slip lacks."""
    return "Open a bankroll first." if view.bankroll is None else "Enter a stake."


def typed(request: PageRequest) -> tuple[Slip, SlipForm]:
    """Take what was typed into the slip of the session, unless it was typed into another slip.

    A price that differs from the one shown makes the leg's price the user's own.
    """
    slip = slips.load(request.session)
    user = request.user if request.user.is_authenticated else None
    form = SlipForm(request.POST, user=user, slip=slip, odds_format=odds_format_of(request))
    form.is_valid()
    if request.POST.get("key") != slip.key or not slip.legs:
        return slip, form
    slip = replace(slip, stake=str(form.cleaned_data.get("stake", slip.stake))[:24])
    bankroll = form.cleaned_data.get("bankroll")
    if bankroll is not None:
        slip = replace(slip, bankroll=str(bankroll.pk))
    price = form.cleaned_data.get("price")
    if price is not None:
        slip = slip.with_leg(with_price(slip.legs[0], price))
    slips.save(request.session, slip)
    return slip, form


def with_price(leg: Leg, price: Decimal) -> Leg:
    return leg if price == leg.price else replace(leg, price=price, own=True)


def view_of(
    request: PageRequest,
    slip: Slip,
    *,
    form: SlipForm | None = None,
    problem: str = "",
    placed: BetRow | None = None,
    removed: SlipLine | None = None,
) -> SlipView:
    """Read what the slip shows, for the person who asks, now."""
    errors = {} if form is None else {name: str(found[0]) for name, found in form.errors.items()}
    return read_slip(
        slip,
        bankrolls=bankrolls_of(request.user) if request.user.is_authenticated else [],
        signed_in=request.user.is_authenticated,
        odds_format=odds_format_of(request),
        now=timezone.now(),
        price_text=form.data.get("price", "") if "price" in errors and form is not None else "",
        price_error=errors.pop("price", ""),
        problem=problem or " ".join(f"{name.capitalize()}: {error}" for name, error in errors.items()),
        placed=placed,
        removed=removed,
    )


def answer(
    request: PageRequest, view: SlipView, *, status: int = 200, sums_only: bool = False
) -> HttpResponse:
    """Render the slip: the part asked for with htmx, else the page; a good POST without htmx redirects."""
    if request.htmx:
        template = "bets/_slip_sums.html" if sums_only else "bets/_slip.html"
        balance = view.bankroll.available if view.bankroll else ""
        return render(request, template, {"slip": view, "balance": balance, "is_part": True}, status=status)
    if request.method == "POST" and status == 200 and view.removed is None:
        return redirect("bets:slip")
    return render(request, "bets/slip.html", {"slip": view}, status=status)
