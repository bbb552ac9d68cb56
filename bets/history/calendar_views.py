from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.http import SignedInRequest, signed_in
from bets.history.choices import filter_view
from bets.models import Bankroll
from bets.stats import page as shown
from bets.stats import read_record, rolls_of
from bets.stats.forms import Unreadable, asked, days_url, pot_key


@signed_in
@require_safe
def calendar(request: SignedInRequest) -> HttpResponse:
    """Profit by day, midnight to midnight in the user's zone, of the bets that a filter lets through."""
    rolls = rolls_of(request.user)
    now = timezone.now()
    try:
        wanted = asked(request, rolls, now=now)
    except Unreadable as problem:
        return render(request, "400.html", {"problems": [str(problem)]}, status=400)
    if wanted is None:
        return render(request, "stats/empty.html")
    scope, zone = wanted.scope, ZoneInfo(request.user.time_zone)
    pot = pot_key((scope.currency, scope.kind))
    record = read_record(request.user, scope, "weekday")
    amounts = shown.Amounts(scope.currency)
    months = record.series.months(zone)
    today = now.astimezone(zone).date()
    month = wanted.month or (months[-1].first if months else today.replace(day=1))
    nets = {one.first: one for one in months}
    context = {
        "asked": wanted,
        "pot": pot,
        "pots": {pot_key(roll.pot): roll.pot for roll in rolls},
        "shown": filter_view(
            wanted.filter,
            Bankroll.objects.owned_by(request.user).order_by("created_at", "id"),
            request.path,
            {"pot": pot},
        ),
        "month": month,
        "month_before": (month - dt.timedelta(days=1)).replace(day=1),
        "month_after": (month + dt.timedelta(days=32)).replace(day=1),
        "today": today,
        "months": shown.months_of(record, amounts),
        "weeks": shown.weeks_of(record, month, amounts),
        "sum": amounts.text(nets[month].net, signed=True) if month in nets and nets[month].bets else "",
        "sign": shown.sign_of(nets[month].net) if month in nets else "",
        "bets": nets[month].bets if month in nets else 0,
        "days_url": days_url(wanted),
    }
    return render(request, "bets/calendar.html", context)
