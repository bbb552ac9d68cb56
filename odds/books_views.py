from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from games.models import Sport
from odds.books_page import PERIODS, USUAL_DAYS, read_books
from odds.first_movers import rule_in_words
from odds.views import PageRequest, find_sport, unreadable


@require_safe
def books(request: PageRequest) -> HttpResponse:
    """Bookmakers compared: hold, best prices and freshness now; first moves and closing accuracy of the past days."""
    days, book = request.GET.get("days", str(USUAL_DAYS)), request.GET.get("book", "")
    if days not in PERIODS or "\0" in book:
        return unreadable(request, [f"days: choose one of {', '.join(PERIODS)}."])
    sport = find_sport(request.GET.get("sport", ""))
    now = timezone.now()
    page = read_books(now=now, sport=sport.key if sport else None, days=int(days), book=book)
    context = {
        "page": page,
        "now": now,
        "sport": sport,
        "sports": Sport.objects.filter(active=True, has_outrights=False),
        "periods": PERIODS,
        "days": days,
        "moves_rule": rule_in_words(),
    }
    return render(request, "odds/books.html", context)
