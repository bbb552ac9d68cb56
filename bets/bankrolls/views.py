from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import SignedInRequest, back, signed_in
from bets import bankrolls as services
from bets.bankrolls.files import TYPES, as_csv, as_json
from bets.bankrolls.forms import AdjustmentForm, AmountForm, BankrollForm, EditForm, LedgerForm, TransferForm
from bets.bankrolls.page import days_of, origin_of, totals_of, with_sums
from bets.bankrolls.statement import Span, lines_of, statement_of
from bets.exceptions import Refused
from bets.models import Bankroll, Bet, Operation
from bets.money import BadAmount, format_money
from rest.keyset import page

PAGE_SIZE = 50
PRINTED = 2000


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def bankrolls(request: SignedInRequest) -> HttpResponse:
    """The user's bankrolls, and the form that opens another."""
    form = BankrollForm(request.POST or None, user=request.user)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            opened = services.open_bankroll(user=request.user, opening_deposit=data.pop("deposit"), **data)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, f"{opened.name} is open.")
            return back(request, reverse("bets:bankrolls"))
    rows = with_sums(Bankroll.objects.filter(user=request.user))
    context = {
        "form": form,
        "rows": [row for row in rows if not row.is_archived],
        "archived": [row for row in rows if row.is_archived],
        "next": request.POST.get("next") or request.GET.get("next") or "",
    }
    return render(request, "bets/bankroll_list.html", context, status=422 if form.errors else 200)


@signed_in
@require_safe
def bankroll(request: SignedInRequest, bankroll_id: uuid.UUID) -> HttpResponse:
    """One bankroll of the user's: sums, what can be done with its money, the ledger 50 lines a page."""
    return bankroll_page(request, owned(request, bankroll_id))


def forms_of(found: Bankroll, data: Any = None, action: str = "") -> dict[str, AmountForm]:
    """The forms by which money is moved, by action; the one that was sent with its data."""
    made: dict[str, Callable[..., AmountForm]] = {
        "deposit": lambda data: AmountForm(data, currency=found.currency, what="deposit"),
        "withdraw": lambda data: AmountForm(data, currency=found.currency, what="withdrawal"),
        "transfer": lambda data: TransferForm(data, bankroll=found),
        "bonus": lambda data: AmountForm(data, currency=found.currency, what="bonus"),
        "adjust": lambda data: AdjustmentForm(data, currency=found.currency, what="adjustment"),
    }
    return {name: make(data if name == action else None) for name, make in made.items()}


SERVICES: dict[str, Callable[..., Operation]] = {
    "deposit": services.deposit,
    "withdraw": services.withdraw,
    "bonus": services.credit_bonus,
    "adjust": services.adjust,
}
DONE = {
    "deposit": "deposited",
    "withdraw": "withdrawn",
    "bonus": "added as a bonus",
    "adjust": "recorded as an adjustment",
    "transfer": "transferred",
}


@signed_in
@require_POST
def record(request: SignedInRequest, bankroll_id: uuid.UUID, action: str) -> HttpResponse:
    """Deposit, withdraw, add a bonus, adjust or transfer. Sent twice, it is done once."""
    found = owned(request, bankroll_id)
    forms = forms_of(found, request.POST, action)
    form = forms[action]
    if form.is_valid():
        try:
            if action == "transfer":
                done = services.transfer(source=found, by=request.user, **form.cleaned_data)
            else:
                done = SERVICES[action](bankroll=found, by=request.user, **form.cleaned_data)
        except (Refused, BadAmount) as refused:
            form.add_error("amount", str(refused))
        else:
            amount = format_money(abs(done.amount), found.currency)
            messages.success(request, f"{amount} {DONE[action]}. You can undo it in the ledger below.")
            return back(request, reverse("bets:bankroll", args=[found.pk]))
    return bankroll_page(request, found, forms=forms, sent=action)


@signed_in
@require_POST
def undo(request: SignedInRequest, bankroll_id: uuid.UUID, operation_id: uuid.UUID) -> HttpResponse:
    """Take an operation back by counter-entries."""
    found = owned(request, bankroll_id)
    operation = Operation.objects.filter(pk=operation_id, user=request.user).first()
    if operation is None:
        raise Http404("You have no such operation.")
    try:
        services.undo(operation=operation, by=request.user)
    except (Refused, BadAmount) as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"{operation.get_kind_display()} undone by a line of its own.")
    return back(request, reverse("bets:bankroll", args=[found.pk]))


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SignedInRequest, bankroll_id: uuid.UUID) -> HttpResponse:
    """Name, bookmaker, money and overdraft of a bankroll."""
    found = owned(request, bankroll_id)
    is_used = found.ledger.exists() or Bet.objects.filter(bankroll=found).exists()
    form = EditForm(request.POST or None, instance=found, user=request.user, is_used=is_used)
    if request.method == "POST" and form.is_valid():
        try:
            services.edit_bankroll(
                bankroll=owned(request, bankroll_id),
                by=request.user,
                **{name: form.cleaned_data[name] for name in form.Meta.fields},
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(request, "Saved.")
            return redirect("bets:bankroll", found.pk)
    name = Bankroll.objects.values_list("name", flat=True).get(pk=found.pk)
    context = {"bankroll": found, "name": name, "form": form}
    return render(request, "bets/bankroll_edit.html", context, status=422 if form.errors else 200)


KEEPING: dict[str, tuple[Callable[..., Bankroll], str]] = {
    "archive": (services.archive_bankroll, "is archived. Its bets, ledger and statistics stay."),
    "restore": (services.restore_bankroll, "is in use again."),
    "default": (services.make_default, "is what new slips begin with."),
}


@signed_in
@require_POST
def keep(request: SignedInRequest, bankroll_id: uuid.UUID, action: str) -> HttpResponse:
    """Archive a bankroll, restore it, or make it the default."""
    found = owned(request, bankroll_id)
    act, words = KEEPING[action]
    try:
        act(bankroll=found, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"{found.name} {words}")
    return back(request, reverse("bets:bankroll", args=[found.pk]))


@signed_in
@require_safe
def statement(request: SignedInRequest, bankroll_id: uuid.UUID) -> HttpResponseBase:
    """A statement to print, or as a file: ``format`` is csv or json."""
    found = owned(request, bankroll_id)
    form = LedgerForm(request.GET)
    span = span_of(form)
    read = statement_of(found, span)
    format_ = request.GET.get("format", "")
    if format_ in TYPES and form.is_valid():
        write = {"csv": as_csv, "json": as_json}[format_]
        response = StreamingHttpResponse(write(found, read, span), content_type=TYPES[format_])
        response["Content-Disposition"] = f'attachment; filename="statement.{format_}"'
        return response
    entries = list(lines_of(found, read)[:PRINTED])
    context = {
        "bankroll": found,
        "form": form,
        "span": span,
        "opening": format_money(read.opening, found.currency),
        "closing": format_money(read.closing, found.currency),
        "totals": totals_of(read, found.currency),
        "days": days_of(entries, found.currency),
        "lines": read.lines,
        "is_cut": read.lines > len(entries),
        "now": timezone.now(),
    }
    return render(request, "bets/bankroll_statement.html", context, status=422 if form.errors else 200)


def owned(request: SignedInRequest, bankroll_id: uuid.UUID) -> Bankroll:
    """Return the user's bankroll; another's is not found."""
    try:
        return Bankroll.objects.get(pk=bankroll_id, user=request.user)
    except Bankroll.DoesNotExist:
        raise Http404("You have no such bankroll.") from None


def span_of(form: LedgerForm) -> Span:
    """The period asked for; all of it where what was asked for is none."""
    zone = timezone.get_current_timezone_name()
    if not form.is_valid():
        return Span(zone=zone)
    return Span(form.cleaned_data["since"], form.cleaned_data["until"], zone)


def whole_number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def bankroll_page(
    request: SignedInRequest,
    found: Bankroll,
    *,
    forms: dict[str, AmountForm] | None = None,
    sent: str = "",
) -> HttpResponse:
    filters = LedgerForm(request.GET)
    span = span_of(filters)
    read = statement_of(found, span)
    row = with_sums(Bankroll.objects.filter(pk=found.pk))[0]
    kind = filters.cleaned_data["kind"] if filters.is_valid() else ""
    lines = lines_of(found, read, kind=kind).order_by("-seq")
    before = whole_number(request.GET.get("before", ""))
    shown = page(lines, PAGE_SIZE, after=None if before is None else [before])
    context = {
        "bankroll": found,
        "row": row,
        "origin": origin_of(row, read if span.is_whole else statement_of(found, Span())),
        "filters": filters,
        "is_filtered": not span.is_whole or bool(kind),
        "opening": format_money(read.opening, found.currency),
        "closing": format_money(read.closing, found.currency),
        "totals": totals_of(read, found.currency),
        "count": sum(total.lines for total in read.totals if kind in ("", total.kind)),
        "days": days_of(shown.rows, found.currency),
        "older": shown.rows[-1].seq if shown.has_after else None,
        "is_later_page": before is not None,
        "forms": forms or forms_of(found),
        "sent": sent,
        "next": request.POST.get("next") or request.GET.get("next") or "",
    }
    return render(request, "bets/bankroll_detail.html", context, status=422 if sent else 200)
