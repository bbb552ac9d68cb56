"""Changing bets: stake, price and book of one before the start, its note and tags, the tags of many."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from accounts.http import SignedInRequest, back, signed_in
from bets.exceptions import NotAllowed, Refused
from bets.history.editing import edit_terms, edit_words, why_not
from bets.history.filters import BetFilter
from bets.history.forms import TagForm, TermsForm, WordsForm
from bets.history.rows import bet_row, bets_of
from bets.history.tagging import retag, undo_retag
from bets.models import Bet, TagEdit

LAST_EDIT = "tag_edit"


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: SignedInRequest, bet_id: uuid.UUID) -> HttpResponse:
    """Stake, price and book of the user's own bet, while it is pending and no game of it has begun."""
    bet = bets_of(request.user).filter(pk=bet_id).first()
    if bet is None:
        raise Http404("You have no such bet.")
    row = bet_row(bet, request.user.odds_format)
    home = reverse("bets:bet", args=[bet.pk])
    problem = why_not(bet, [leg.leg for leg in row.legs], timezone.now())
    if problem:
        messages.error(request, problem)
        return redirect(home)
    form = TermsForm(request.POST or None, bet=bet, legs=row.legs, odds_format=request.user.odds_format)
    if request.method == "POST" and form.is_valid():
        try:
            edit_terms(
                bet=bet,
                by=request.user,
                terms=form.terms(),
                reason=form.cleaned_data["reason"],
                revision=form.cleaned_data["revision"],
            )
        except Refused as refused:
            form.add_error(None, str(refused))
        else:
            messages.success(request, "Changed. The bet's history says what it was.")
            return redirect(home)
    context = {"form": form, "row": row, "bet": bet}
    return render(request, "bets/bet_edit.html", context, status=422 if form.errors else 200)


@signed_in
@require_POST
def words(request: SignedInRequest, bet_id: uuid.UUID) -> HttpResponse:
    """The note and the tags of the user's own bet."""
    bet = Bet.objects.owned_by(request.user).filter(pk=bet_id).first()
    if bet is None:
        raise Http404("You have no such bet.")
    form = WordsForm(request.POST)
    if not form.is_valid():
        for field, errors in form.errors.items():
            messages.error(request, f"{field.capitalize()}: {errors[0]}")
    else:
        try:
            edit_words(bet=bet, by=request.user, **form.cleaned_data)
            messages.success(request, "Note and tags are kept.")
        except Refused as refused:
            messages.error(request, str(refused))
    return back(request, reverse("bets:bet", args=[bet.pk]))


@signed_in
@require_POST
def tag(request: SignedInRequest) -> HttpResponse:
    """Put tags on the ticked bets, or on all of a filter, or take them off; another's bets are not found."""
    form = TagForm(request.POST)
    home = reverse("bets:history")
    if not form.is_valid():
        messages.error(request, form.sentence())
        return back(request, home)
    data = form.cleaned_data
    mine = Bet.objects.owned_by(request.user)
    bets: QuerySet[Bet] = mine
    if data["scope"] == "ticked":
        bets = mine.filter(pk__in=data["bets"])
        if bets.count() < len(set(data["bets"])):
            raise Http404("You have no such bet.")
    else:
        asked = BetFilter(QueryDict(data["query"]), mine, request=request)
        if not asked.form.is_valid():
            messages.error(request, " ".join(asked.form.sentences()))
            return back(request, home)
        bets = asked.qs
    tags = data["tags"].split(",")
    try:
        made = retag(bets=bets, by=request.user, **{data["action"]: tags})
    except Refused as refused:
        messages.error(request, str(refused))
        return back(request, home)
    if made is None:
        messages.info(request, "None of these bets had to be changed.")
    else:
        request.session[LAST_EDIT] = str(made.pk)
    return back(request, home)


@signed_in
@require_POST
def untag(request: SignedInRequest, edit_id: uuid.UUID) -> HttpResponse:
    """Take a change of tags back."""
    try:
        count = undo_retag(edit_id=edit_id, by=request.user)
        messages.success(request, f"Put back: {count} bet{'' if count == 1 else 's'}.")
    except NotAllowed as error:
        raise Http404(str(error)) from error
    except Refused as refused:
        messages.error(request, str(refused))
    return back(request, reverse("bets:history"))


def last_edit(request: SignedInRequest) -> TagEdit | None:
    """Return the change of tags just made, so that the next page offers to take it back; once."""
    made = request.session.pop(LAST_EDIT, None)
    if made is None:
        return None
    return TagEdit.objects.filter(pk=made, user=request.user, undone_at__isnull=True).first()
