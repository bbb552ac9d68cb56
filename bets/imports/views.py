"""Pages to import bets from a file, to undo that, and to take every bet away as a file."""

from __future__ import annotations

import uuid
from collections import Counter
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.http import SignedInRequest, signed_in
from accounts.models import User
from bets.exceptions import Refused
from bets.exports import ENDINGS, FORMATS, export_bets
from bets.history.filters import BetFilter
from bets.imports.committing import commit_import, undo_import
from bets.imports.drafts import keep_draft, read_draft
from bets.imports.forms import ReadForm, UploadForm
from bets.imports.planning import PLACED_HERE, Plan, plan_for
from bets.imports.progress import note_progress, read_progress
from bets.imports.reading import AUTO
from bets.imports.rows import MAX_BYTES, BadFile, Unclear
from bets.imports.tables import table_of, text_of
from bets.models import Bet, ImportBatch, ImportFormat, ImportState
from bets.money import format_money
from bets.stats import money
from odds.pricing import format_odds

SHOWN = 100
OTHER_FIELDS = 64 * 1024
"""What a form of the page may send besides its file."""
CHUNK, MAX_DRAINED = 64 * 1024, 200 * 1024 * 1024
FATES = {"add": "New", "settle": "Settles a pending bet", "known": "You have it", "refuse": "Refused"}


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def imports(request: SignedInRequest) -> HttpResponse:
    """Choose a file; what was imported before, each with its undoing."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        content = form.cleaned_data["file"].read()
        wanted = form.cleaned_data["format"]
        try:
            text_of(content)
            draft = keep_draft(request.user, form.cleaned_data["file"].name or "file", content, wanted)
        except Refused as error:
            form.add_error("file", str(error))
        else:
            return redirect("bets:import", batch_id=draft.pk)
    return import_list(request, form, 422 if form.errors else 200)


@csrf_exempt
def imports_in_bounds(request: HttpRequest) -> HttpResponseBase:
    """The page above, unless what is sent is larger than any file may be: that is thrown away unread.

    Checking the token of a form reads all of it, so that the size comes first; the token is checked all the same.
    """
    if request.method == "POST" and too_large(request):
        return signed_in(refuse_large)(request)
    return csrf_protect(imports)(request)


def too_large(request: HttpRequest) -> bool:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return not length.isdigit() or int(length) > MAX_BYTES + OTHER_FIELDS


def refuse_large(request: SignedInRequest) -> HttpResponse:
    """Take in what a browser sends, up to a limit, so that it reads the answer; keep nothing of it."""
    left = MAX_DRAINED
    while left > 0 and (chunk := request.read(CHUNK)):
        left -= len(chunk)
    form = UploadForm()
    context = {"too_large": f"The file is larger than {MAX_BYTES // 1024 // 1024} MB; split it."}
    return import_list(request, form, 413, **context)


def import_list(request: SignedInRequest, form: UploadForm, status: int, **more: object) -> HttpResponse:
    batches = ImportBatch.objects.owned_by(request.user).exclude(state=ImportState.DRAFT).defer("content")
    context = {"form": form, "batches": batches[:50], "formats": FORMATS.items(), **more}
    return render(request, "bets/import_list.html", context, status=status)


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: SignedInRequest, batch_id: uuid.UUID) -> HttpResponse:
    """What importing a draft would do; POST changes how the file is read."""
    draft = owned(request, batch_id)
    if draft.state != ImportState.DRAFT:
        return redirect("bets:imports")
    header = header_of(draft)
    if request.method == "POST":
        form = ReadForm(request.POST, user=request.user, header=header)
        if form.is_valid():
            draft.options = form.stored()
            draft.save(update_fields=["options"])
            return redirect("bets:import", batch_id=draft.pk)
    else:
        form = ReadForm(initial=initial_of(draft.options), user=request.user, header=header)
    context: dict[str, Any] = {"draft": draft, "form": form}
    try:
        reading, bankroll = read_draft(draft, request.user)
        plan = plan_for(reading, user=request.user, now=timezone.now(), bankroll=bankroll)
    except Refused as error:
        context["problem"] = str(error)
        context["is_question"] = isinstance(error, Unclear)
    else:
        context |= shown(plan, request.user)
    return render(request, "bets/import_preview.html", context, status=422 if form.errors else 200)


@signed_in
@require_POST
def commit(request: SignedInRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Import a draft."""
    draft = owned(request, batch_id)
    try:
        if draft.state != ImportState.DRAFT:
            raise BadFile("This file has been imported or discarded already.")
        reading, bankroll = read_draft(draft, request.user)
        done = commit_import(
            reading=reading,
            user=request.user,
            file_name=draft.file_name,
            content=bytes(draft.content or b""),
            bankroll=bankroll,
            draft=draft,
            progress=lambda written, of: note_progress(draft.pk, written, of),
        )
    except Refused as error:
        messages.error(request, str(error))
        return redirect("bets:import", batch_id=draft.pk)
    counts = done.plan.counts
    messages.success(
        request,
        f"{bets_of(counts['add'])} added, {counts['settle']:,} settled, {counts['known']:,} known already, "
        f"{counts['refuse']:,} refused.",
    )
    return redirect("bets:imports")


def bets_of(count: int) -> str:
    return f"{count:,} bet{'' if count == 1 else 's'}"


@signed_in
@require_safe
@never_cache
def progress(request: SignedInRequest, batch_id: uuid.UUID) -> JsonResponse:
    """How many bets of the person's running import are written; 0 of 0 before the first."""
    owned(request, batch_id)
    return JsonResponse(read_progress(batch_id))


@signed_in
@require_POST
def undo(request: SignedInRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Take an import back."""
    batch = owned(request, batch_id)
    try:
        undone = undo_import(batch=batch, by=request.user)
    except Refused as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{undone.file_name}: {bets_of(undone.added)} withdrawn.")
    return redirect("bets:imports")


@signed_in
@require_POST
def discard(request: SignedInRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Forget a draft."""
    ImportBatch.objects.owned_by(request.user).filter(pk=batch_id, state=ImportState.DRAFT).delete()
    return redirect("bets:imports")


@signed_in
@require_safe
def export(request: SignedInRequest) -> HttpResponse:
    """The bets of the person that the filter of the address lets through as a file; without one, all."""
    wanted = request.GET.get("format", "json")
    if wanted not in FORMATS:
        problem = f"format: choose one of {', '.join(FORMATS)}."
        return render(request, "400.html", {"problems": [problem]}, status=400)
    asked = BetFilter(request.GET, Bet.objects.owned_by(request.user), request=request)
    if not asked.form.is_valid():
        return render(request, "400.html", {"problems": asked.form.sentences()}, status=400)
    ending = ENDINGS[wanted]
    kind = "application/json" if ending == "json" else "text/csv; charset=utf-8"
    name = f"bettrack-{timezone.localdate():%Y-%m-%d}-{wanted}.{ending}"
    return HttpResponse(
        export_bets(request.user, wanted, asked.qs if asked.active else None),
        content_type=kind,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-store",
        },
    )


def owned(request: SignedInRequest, batch_id: uuid.UUID) -> ImportBatch:
    """Return the user's import; another's is not found."""
    found = ImportBatch.objects.owned_by(request.user).filter(pk=batch_id).first()
    if found is None:
        raise Http404("You have no such import.")
    return found


def header_of(draft: ImportBatch) -> list[str]:
    """Return the columns to map: none of a file whose format has columns of its own."""
    content = bytes(draft.content or b"")
    try:
        text = text_of(content)
        if text.lstrip()[:1] in "{[" or draft.options.get("format") not in (AUTO, ImportFormat.GENERIC, None):
            return []
        table = table_of(text)
    except BadFile:
        return []
    return [name for name in table.header if name]


def initial_of(stored: dict[str, Any]) -> dict[str, Any]:
    columns = {f"column_{name}": column for name, column in stored.get("columns", {}).items()}
    return stored | columns


def shown(plan: Plan, user: User) -> dict[str, Any]:
    """Return a plan for the page: counts, refused and doubtful rows with reasons, the first of the others."""
    refused = [(error.line, "", error.reason) for error in plan.reading.errors]
    refused += [(s.bet.line, words_of(s.bet), s.reason) for s in plan.steps if s.fate == "refuse"]
    doubtful = [
        (s.bet.line, words_of(s.bet), doubt)
        for s in plan.steps
        if s.fate in ("add", "settle")
        for doubt in s.bet.doubts
    ]
    rows = [row_of(step, user) for step in plan.steps if step.fate != "refuse"]
    counts = plan.counts
    parts = [f"import {bets_of(counts['add'])}"] if counts["add"] else []
    parts += [f"settle {counts['settle']:,}"] if counts["settle"] else []
    what = " and ".join(parts)
    return {
        "plan": plan,
        "do": what[:1].upper() + what[1:],
        "counts": counts,
        "format_label": ImportFormat(plan.reading.format).label,
        "refused": sorted(refused)[:SHOWN],
        "doubtful": doubtful[:SHOWN],
        "doubts": len(doubtful),
        "rows": rows[:SHOWN],
        "more": max(len(rows) - SHOWN, 0),
        "staked": staked_by(plan),
        "movements": sum(len(movements) for _, movements in plan.restored),
        "bankrolls": sorted({str(s.bankroll) for s in plan.steps if s.bankroll is not None}),
    }


def staked_by(plan: Plan) -> str:
    """What the new bets staked, by currency; bonus stakes are no money."""
    sums: Counter[str] = Counter()
    for step in plan.steps:
        if step.fate == "add" and step.bankroll is not None and not step.bet.is_bonus:
            sums[step.bankroll.currency] += int(100 * step.bet.stake)
    return " and ".join(format_money(money(cents), currency) for currency, cents in sorted(sums.items()))


def words_of(bet: Any) -> str:
    return " + ".join(leg.description for leg in bet.legs)[:120]


def row_of(step: Any, user: User) -> dict[str, Any]:
    bet = step.bet
    currency = step.bankroll.currency if step.bankroll else bet.currency or "USD"
    return {
        "line": bet.line,
        "what": words_of(bet) or "Not described",
        "book": step.book.title if step.book else bet.book,
        "placed_at": bet.placed_at,
        "price": format_odds(bet.odds, user.odds_format),
        "stake": format_money(bet.stake, currency),
        "status": bet.status.replace("_", " "),
        "payout": "" if bet.payout is None else format_money(bet.payout, currency),
        "fate": FATES[step.fate],
        "why": step.reason if step.reason == PLACED_HERE else "",
    }
