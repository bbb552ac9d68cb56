from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest, signed_in
from bets.history.choices import filter_view
from bets.models import Bankroll, PublishedRecord
from bets.stats import Record, as_json, read_record, read_series, rolls_of
from bets.stats import page as shown
from bets.stats.breakdowns import DIMENSIONS, SORTS, breakdown, ordered
from bets.stats.forms import Asked, Unreadable, asked, days_url, pot_key

HEADINGS = {
    "name": "",
    "bets": "Bets",
    "staked": "Staked",
    "profit": "Profit",
    "yield": "Yield",
    "clv": "CLV, price",
}


@signed_in
@require_safe
def overview(request: SignedInRequest) -> HttpResponse:
    """The person's statistics in one currency with one kind of money; without bankrolls, what to do first."""
    rolls = rolls_of(request.user)
    try:
        wanted = asked(request, rolls, now=timezone.now())
    except Unreadable as problem:
        return render(request, "400.html", {"problems": [str(problem)]}, status=400)
    if wanted is None:
        return render(request, "stats/empty.html")
    record = read_record(request.user, wanted.scope, wanted.by)
    amounts = shown.Amounts(wanted.scope.currency)
    names = shown.titles()
    slices = ordered(breakdown(wanted.by, record.slices, names), wanted.sort)
    context = {
        "record": record,
        "asked": wanted,
        "pot": pot_key((wanted.scope.currency, wanted.scope.kind)),
        "pots": {pot_key(roll.pot): roll.pot for roll in rolls},
        "shown": filter_view(
            wanted.filter,
            Bankroll.objects.owned_by(request.user).order_by("created_at", "id"),
            request.path,
            {"pot": pot_key((wanted.scope.currency, wanted.scope.kind)), "by": wanted.by},
        ),
        "chart_url": f"{reverse('stats:chart')}?{request.GET.urlencode()}",
        "json_url": f"{reverse('stats:json')}?{request.GET.urlencode()}",
        "figures": [
            shown.money_figures(record, amounts),
            shown.record_figures(record, request.user.odds_format, amounts),
            [*shown.closing_figures(record), shown.verified_figure(record)],
            shown.luck_figures(record, amounts),
        ],
        "dimensions": DIMENSIONS,
        "dimension": DIMENSIONS[wanted.by],
        "headings": headings(wanted),
        "rows": [shown.row_of(one, amounts) for one in slices],
        "marks": shown.marks_of(record.bins),
        **calendar_of(wanted, record, amounts, zone_of(request)),
        "unit": wanted.scope.currency,
        "has_band": bool(record.fair_clv.bets),
        **published_of(request, wanted),
    }
    return render(request, "stats/overview.html", context)


@signed_in
@require_safe
@never_cache
def chart(request: SignedInRequest) -> HttpResponse:
    """Profit and expectation as JSON, at 2,000 instants at most."""
    try:
        wanted = asked(request, rolls_of(request.user), now=timezone.now())
    except Unreadable as problem:
        return JsonResponse({"problem": str(problem)}, status=400)
    if wanted is None:
        return JsonResponse({"t": [], "profit": [], "bets": 0})
    return JsonResponse(shown.chart_data(read_series(request.user, wanted.scope), wanted.scope))


@signed_in
@require_safe
@never_cache
def record_json(request: SignedInRequest) -> HttpResponse:
    """The statistics of the page with every break-down, in the shape of ``bets.stats.as_json``."""
    try:
        wanted = asked(request, rolls_of(request.user), now=timezone.now())
    except Unreadable as problem:
        return JsonResponse({"problem": str(problem)}, status=400)
    if wanted is None:
        return JsonResponse({"problem": "You have no bankroll yet."}, status=404)
    found = as_json(read_record(request.user, wanted.scope), shown.titles())
    name = f"bettrack-statistics-{timezone.localdate():%Y-%m-%d}.json"
    return JsonResponse(found, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def published_of(request: SignedInRequest, wanted: Asked) -> dict[str, object]:
    """The person's published record of this money, if there is one, and its whole link."""
    scope = wanted.scope
    mine = PublishedRecord.objects.filter(user=request.user, revoked_at__isnull=True)
    found = mine.filter(currency=scope.currency, kind=scope.kind).first()
    if found is None:
        return {"published": None}
    return {
        "published": found,
        "record_link": request.build_absolute_uri(reverse("record", args=[found.token])),
    }


def zone_of(request: SignedInRequest) -> ZoneInfo:
    return ZoneInfo(request.user.time_zone)


def headings(wanted: Asked) -> list[tuple[str, str, str, str]]:
    """Column, its name, the order that its link asks for, and the order it is in for ``aria-sort``."""
    found = []
    for name in SORTS:
        down = wanted.sort == f"-{name}"
        up = wanted.sort == name
        first, second = ("name", "-name") if name == "name" else (f"-{name}", name)
        found.append(
            (
                name,
                HEADINGS[name] or DIMENSIONS[wanted.by],
                second if wanted.sort == first else first,
                "descending" if down else "ascending" if up else "",
            )
        )
    return found


def calendar_of(wanted: Asked, record: Record, amounts: shown.Amounts, zone: ZoneInfo) -> dict[str, object]:
    """The months with their profit, newest first, and the days of the one asked for, or of the last bet."""
    months = record.series.months(zone)
    month = wanted.month or (months[-1].first if months else None)
    if month is None:
        return {"months": [], "weeks": []}
    before = (month - dt.timedelta(days=1)).replace(day=1)
    after = (month + dt.timedelta(days=32)).replace(day=1)
    return {
        "months": shown.months_of(record, amounts),
        "month": month,
        "month_before": before if months and before >= months[0].first else None,
        "month_after": after if months and after <= months[-1].first else None,
        "weeks": shown.weeks_of(record, month, amounts),
        "days_url": days_url(wanted),
    }
