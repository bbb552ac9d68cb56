from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Collection
from functools import partial, wraps

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import SignedInRequest, signed_in
from bets import review as queue
from bets.decisions.many import MOST, grade_many_again, void_many
from bets.decisions.rehearsal import Total, rehearse_many
from bets.exceptions import Refused
from bets.history import listed
from bets.models import Bet, BetStatus
from bets.voiding import MAX_REASON
from games.models import Game, Sport

ACTIONS = {
    "void": (void_many, "Void all", "voided"),
    "send-back": (grade_many_again, "Send all back to grading", "sent back to grading"),
}


def staff_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Let staff through; for others there is no such page."""

    @wraps(view)
    def guarded(request: SignedInRequest, *args: object, **kwargs: object) -> HttpResponse:
        if not request.user.is_staff:
            raise Http404
        return view(request, *args, **kwargs)

    return guarded


class FilterForm(forms.Form):
    """The queue's filters as they stand in the address."""

    state = forms.ChoiceField(choices=list(queue.STATES.items()), required=False)
    sport = forms.ModelChoiceField(
        queryset=Sport.objects.order_by("title"), required=False, empty_label="All sports"
    )
    reason = forms.ChoiceField(required=False)
    days = forms.ChoiceField(choices=list(queue.AGES.items()), required=False, label="Age")
    game = forms.UUIDField(required=False, widget=forms.HiddenInput)
    after = forms.CharField(required=False, max_length=100, widget=forms.HiddenInput)

    def __init__(self, *args: object, reasons: list[tuple[str, int]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type] # passed on as they came
        choices = [("", "All reasons"), *((reason, f"{reason} ({bets})") for reason, bets in reasons)]
        field = self.fields["reason"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - tells the type
        field.choices = choices
        for name in ("sport", "reason", "days"):
            self.fields[name].widget.attrs["data-submit"] = ""

    def clean_after(self) -> tuple[dt.datetime, uuid.UUID] | None:
        text = self.cleaned_data["after"]
        if not text:
            return None
        try:
            at, key = text.split("~")
            instant = dt.datetime.fromisoformat(at)
            if instant.tzinfo is None:
                raise ValueError("no zone")
            return instant, uuid.UUID(key)
        except ValueError as error:
            raise forms.ValidationError("This is no place in the queue; start from its beginning.") from error

    def filters(self) -> queue.Filters:
        data = self.cleaned_data
        return queue.Filters(
            state=data["state"] or "review",
            sport=data["sport"].pk if data["sport"] else "",
            reason=data["reason"],
            days=int(data["days"]) if data["days"] else None,
            game=data["game"],
            after=data["after"],
        )


@signed_in
@staff_only
@require_safe
def review(request: SignedInRequest) -> HttpResponse:
    """Bets that wait for staff, oldest first, 25 a page, with what can be done about each."""
    now = timezone.now()
    form = FilterForm(request.GET, reasons=queue.reasons())
    if not form.is_valid():
        problems = [f"{name}: {error}" for name, errors in form.errors.items() for error in errors]
        return render(request, "400.html", {"problems": problems}, status=400)
    filters = form.filters()
    rows, after = queue.queue_page(filters, request.user, now)
    context = {
        "form": form,
        "filters": filters,
        "rows": rows,
        "after": after,
        "groups": [] if filters.game else queue.groups(now),
        "sums": queue.stakes(queue.matching(filters, now)),
        "states": [(key, label) for key, label in queue.STATES.items()],
    }
    part = request.htmx and request.htmx.target == "queue"
    response = render(request, "bets/_review_list.html" if part else "bets/review.html", context)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


class ManyForm(forms.Form):
    """One decision about all bets of a game that wait for the same reason."""

    game = forms.ModelChoiceField(queryset=Game.objects.all(), widget=forms.HiddenInput)
    waits_for = forms.CharField(max_length=200, widget=forms.HiddenInput)
    action = forms.ChoiceField(
        choices=[(key, label) for key, (_, label, _) in ACTIONS.items()], label="Decision"
    )
    reason = forms.CharField(
        max_length=MAX_REASON, help_text="Kept in the history of each bet with your name."
    )

    def bets(self) -> list[Bet]:
        """The bets that wait for that reason on that game, the oldest first, as many as go at once."""
        found = Bet.objects.filter(
            status=BetStatus.NEEDS_REVIEW,
            review_reason=self.cleaned_data["waits_for"],
            legs__game=self.cleaned_data["game"],
        ).distinct()
        return list(listed(found).order_by("placed_at", "pk")[:MOST])


@signed_in
@staff_only
@require_http_methods(["GET", "HEAD", "POST"])
def review_many(request: SignedInRequest) -> HttpResponse:
    """One decision about the bets of a game that wait for the same reason: what it moves first, then it."""
    bound = request.method == "POST"
    form = ManyForm(request.POST) if bound else ManyForm(initial=request.GET.dict())
    shown: list[Total] | None = None
    if bound and form.is_valid() and "change" not in request.POST:
        act, _, done = ACTIONS[form.cleaned_data["action"]]
        bets = form.bets()
        seen = request.POST.get("seen", "")
        call = partial(act, bet_ids=ids(bets), by=request.user, reason=form.cleaned_data["reason"])
        try:
            if "confirm" in request.POST and seen == str(len(bets)):
                decided = call()
                messages.success(request, f"{len(decided)} bets {done}.")
                return redirect("bets:review")
            if "confirm" in request.POST:
                form.add_error(
                    None, f"There are {len(bets)} such bets now, not {seen[:6]}. Look at it again."
                )
            shown = rehearse_many(call)
        except Refused as refused:
            form.add_error(None, str(refused))
    context = {
        "form": form,
        "shown": shown,
        "many": sum(total.bets for total in shown or []),
        "back": reverse("bets:review"),
    }
    return render(request, "bets/review_many.html", context, status=422 if form.errors else 200)


def ids(bets: Collection[Bet]) -> list[uuid.UUID]:
    return [bet.pk for bet in bets]


@signed_in
@require_safe
def attention(request: SignedInRequest) -> HttpResponse:
    """The user's bets that need a look: under review, overdue, or on a postponed game."""
    now = timezone.now()
    own = Bet.objects.owned_by(request.user)
    parts = [
        ("Under review", own.filter(status=BetStatus.NEEDS_REVIEW)),
        ("Overdue", queue.overdue(own, now)),
        ("Postponed", queue.postponed(own)),
    ]
    sections = []
    for title, bets in parts:
        found = list(listed(bets).order_by("placed_at", "pk")[: queue.PAGE_SIZE * 4])
        sections.append((title, queue.waiting(found, request.user, now) if found else []))
    context = {"sections": sections, "is_empty": not any(rows for _, rows in sections)}
    return render(request, "bets/attention.html", context)
