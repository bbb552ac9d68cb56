from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import SignedInRequest, back, signed_in
from bets import bankrolls as services
from bets.bankrolls.page import bankrolls_of, ledger_of, ledger_row, with_sums
from bets.exceptions import Refused
from bets.forms import AmountForm, BankrollForm
from bets.models import Bankroll
from bets.money import BadAmount, format_money

PAGE_SIZE = 50


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def bankrolls(request: SignedInRequest) -> HttpResponse:
    """The user's bankrolls, and the form that opens another."""
    form = BankrollForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            opened = services.open_bankroll(
                user=request.user,
                name=data["name"],
                currency=data["currency"],
                kind=data["kind"],
                opening_deposit=data["deposit"],
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"{opened.name} is open.")
            return back(request, reverse("bets:bankrolls"))
    context = {
        "form": form,
        "rows": bankrolls_of(request.user),
        "next": request.POST.get("next") or request.GET.get("next") or "",
    }
    return render(request, "bets/bankroll_list.html", context, status=422 if form.errors else 200)


@signed_in
@require_safe
def bankroll(request: SignedInRequest, bankroll_id: uuid.UUID) -> HttpResponse:
    """One bankroll of the user's: sums, deposit and withdrawal, the ledger 50 lines a page."""
    return bankroll_page(request, owned(request, bankroll_id))


@signed_in
@require_POST
def deposit(request: SignedInRequest, bankroll_id: uuid.UUID) -> HttpResponse:
    """Put money into a bankroll."""
    found = owned(request, bankroll_id)
    form = AmountForm(request.POST, currency=found.currency, what="deposit")
    if form.is_valid():
        try:
            entry = services.deposit(bankroll=found, by=request.user, **form.cleaned_data)
        except (Refused, BadAmount) as refused:
            form.add_error("amount", str(refused))
        else:
            messages.success(request, f"{format_money(entry.amount, found.currency)} deposited.")
            return back(request, reverse("bets:bankroll", args=[found.pk]))
    return bankroll_page(request, found, deposit_form=form)


@signed_in
@require_POST
def withdraw(request: SignedInRequest, bankroll_id: uuid.UUID) -> HttpResponse:
    """Take money out of a bankroll."""
    found = owned(request, bankroll_id)
    form = AmountForm(request.POST, currency=found.currency, what="withdrawal")
    if form.is_valid():
        try:
            entry = services.withdraw(bankroll=found, by=request.user, **form.cleaned_data)
        except (Refused, BadAmount) as refused:
            form.add_error("amount", str(refused))
        else:
            messages.success(request, f"{format_money(-entry.amount, found.currency)} withdrawn.")
            return back(request, reverse("bets:bankroll", args=[found.pk]))
    return bankroll_page(request, found, withdrawal_form=form)


def owned(request: SignedInRequest, bankroll_id: uuid.UUID) -> Bankroll:
    """Return the user's bankroll; another's is not found."""
    try:
        return Bankroll.objects.get(pk=bankroll_id, user=request.user)
    except Bankroll.DoesNotExist:
        raise Http404("You have no such bankroll.") from None


def bankroll_page(
    request: SignedInRequest,
    found: Bankroll,
    *,
    deposit_form: AmountForm | None = None,
    withdrawal_form: AmountForm | None = None,
) -> HttpResponse:
    page = Paginator(ledger_of(found), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "bankroll": found,
        "row": with_sums(Bankroll.objects.filter(pk=found.pk))[0],
        "page": page,
        "lines": [ledger_row(entry, found.currency) for entry in page.object_list],
        "deposit_form": deposit_form or AmountForm(currency=found.currency, what="deposit"),
        "withdrawal_form": withdrawal_form or AmountForm(currency=found.currency, what="withdrawal"),
    }
    refused = deposit_form is not None or withdrawal_form is not None
    return render(request, "bets/bankroll_detail.html", context, status=422 if refused else 200)
