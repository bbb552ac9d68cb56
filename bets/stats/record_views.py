"""Published records: the page that anybody with the link may read, and its publishing by the owner."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe
from redis.exceptions import RedisError

from accounts.access import rules
from accounts.http import SignedInRequest, signed_in
from bets.exceptions import Refused
from bets.models import BankrollKind, Currency, PublishedRecord
from bets.publishing import publish_record, revoke_record
from bets.stats import Record, read_record, read_series, rolls_of, whole
from bets.stats import page as shown
from bets.stats.breakdowns import breakdown
from bets.stats.forms import pot_key

KEPT_SECONDS: Final = 60
"""A published record is worked out once a minute, however many read it; revoking ends it at once."""


class PublishForm(forms.Form):
    title = forms.CharField(
        max_length=60, strip=True, error_messages={"required": "Give the record a title."}
    )
    currency = forms.ChoiceField(choices=Currency)
    kind = forms.ChoiceField(choices=BankrollKind)
    shows_amounts = forms.BooleanField(required=False)


def unindexed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Keep the page out of search engines and its address out of the logs of other sites."""

    @wraps(view)
    def marked(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.headers["X-Robots-Tag"] = "noindex, nofollow, noarchive"
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    return marked


@signed_in
@require_POST
def publish(request: SignedInRequest) -> HttpResponse:
    """Publish the record of one currency and kind of money."""
    form = PublishForm(request.POST)
    if not form.is_valid():
        field, errors = next(iter(form.errors.items()))
        messages.error(request, f"{field.replace('_', ' ').capitalize()}: {errors[0]}")
        return HttpResponseRedirect(reverse("stats:overview"))
    try:
        record = publish_record(by=request.user, now=timezone.now(), **form.cleaned_data)
    except Refused as refused:
        messages.error(request, str(refused))
        return HttpResponseRedirect(reverse("stats:overview"))
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, f"{record.title} is published: whoever has its link can read it.")
    pot = pot_key((form.cleaned_data["currency"], form.cleaned_data["kind"]))
    return HttpResponseRedirect(f"{reverse('stats:overview')}?pot={pot}#publish")


@signed_in
@require_POST
def revoke(request: SignedInRequest, record_id: uuid.UUID) -> HttpResponse:
    """Take a record back; another's is not found."""
    record = PublishedRecord.objects.filter(pk=record_id, user=request.user).first()
    if record is None:
        raise Http404("You have published no such record.")
    revoke_record(record=record, by=request.user, now=timezone.now())
    messages.success(request, f"{record.title} is revoked; its link leads nowhere now.")
    return HttpResponseRedirect(
        f"{reverse('stats:overview')}?pot={pot_key((record.currency, record.kind))}#publish"
    )


@require_safe
@never_cache
@unindexed
def public(request: HttpRequest, token: str) -> HttpResponse:
    """A published record; a link that was revoked, never was, or is of somebody suspended or shut out is not found."""
    record = find(token)
    context = {
        "published": record,
        "page": page_of(record),
        "chart_url": reverse("record_chart", args=[token]),
    }
    return render(request, "stats/record.html", context)


@require_safe
@never_cache
@unindexed
def public_chart(request: HttpRequest, token: str) -> HttpResponse:
    """The record's profit over time as JSON, in units unless its owner shows sums of money."""
    return JsonResponse(page_of(find(token))["chart"])


def find(token: str) -> PublishedRecord:
    record = PublishedRecord.objects.public().select_related("user").filter(token=token).first()
    if record is None or rules.current().against_person(record.user) is not None:
        raise Http404("No record is published here.")
    return record


def page_of(published: PublishedRecord) -> dict[str, Any]:
    """What the page shows, as kept for a minute where Redis answers."""
    key = f"record:{published.pk}"
    kept: dict[str, Any] | None = None
    with contextlib.suppress(RedisError):
        kept = cache.get(key)
    if kept is None:
        kept = worked_out(published)
        with contextlib.suppress(RedisError):
            cache.set(key, kept, KEPT_SECONDS)
    return kept


def worked_out(published: PublishedRecord) -> dict[str, Any]:
    """All bets of the record's money, days in UTC; sums as multiples of the average stake unless shown."""
    rolls = rolls_of(published.user)
    pot = (published.currency, published.kind)
    record = read_record(published.user, whole(rolls, pot, "UTC"), "sport")
    unit = 0 if published.shows_amounts else max(1, average_stake(record))
    amounts = shown.Amounts(published.currency, unit)
    names = shown.titles()
    sums, verified = record.sums, record.totals.verified
    money = [figure for figure in shown.money_figures(record, amounts) if figure.name != "Open"]
    return {
        "figures": [
            money,
            shown.record_figures(record, "decimal", amounts),
            [one for one in shown.closing_figures(record) if one.name != shown.FROM_FILES],
            shown.luck_figures(record, amounts),
        ],
        "bets": sums.bets,
        "span": record.span,
        "is_small": sums.is_small,
        "staking": sums.staking,
        "verified_share": shown.share(record.verified_share),
        "verified_bets": verified.bets,
        "verified_yield": shown.share(verified.yield_, signed=True),
        "verified_interval": shown.between(verified.yield_interval, signed=True),
        "coverage": shown.share(record.fair_clv.coverage),
        "rows": [shown.row_of(one, amounts) for one in breakdown("sport", record.slices, names)],
        "months": shown.months_of(record, amounts),
        "others": any(roll.last_settled_at for roll in rolls if roll.pot != pot),
        "has_band": bool(record.fair_clv.bets),
        "chart": shown.chart_data(read_series(published.user, record.scope), record.scope, unit),
    }


def average_stake(record: Record) -> int:
    return round(record.sums.staked / record.sums.staking) if record.sums.staking else 0
