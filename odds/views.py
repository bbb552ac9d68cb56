from __future__ import annotations

import uuid
import zoneinfo

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe
from django_htmx.middleware import HtmxDetails

from accounts.appearance import odds_format_of
from games.models import Game, Sport
from odds.board import AWAY_FIRST, nearest_days, open_outrights, read_board
from odds.chart_data import payload
from odds.conditional import VARY, keep_until, revalidated
from odds.forms import BoardForm, GameForm, MovementForm, problems_of
from odds.game_page import UnknownSelection, UnknownTab, read_game, read_page, read_seen
from odds.models import Selection
from odds.movement import read_movement


class PageRequest(HttpRequest):
    htmx: HtmxDetails


@revalidated
@require_safe
def board(request: PageRequest) -> HttpResponse:
    """The matches of a day with the best prices; htmx gets the part that refreshes, from the same template."""
    form = BoardForm(request.GET)
    if not form.is_valid():
        return unreadable(request, problems_of(form))
    now = timezone.now()
    zone = current_zone()
    sport = find_sport(form.cleaned_data["sport"])
    found = read_board(form.request(sport=sport, today=now.astimezone(zone).date(), zone=zone), now=now)
    context = {"board": found, "now": found.request.at or now, "sport": sport}
    if not found.page.object_list:
        context["day_before"], context["day_after"] = nearest_days(found)
    if request.htmx and request.htmx.target == "board":
        response = render(request, "odds/_board.html", context)
    else:
        response = render(request, "odds/board.html", context | {"outrights": open_outrights(now)})
    patch_vary_headers(response, VARY)
    keep_until(response, found.changes_at(), now=now)
    return response


@revalidated
@require_safe
def game(request: PageRequest, game_id: uuid.UUID) -> HttpResponse:
    """Every book's prices of one group of markets; htmx gets the tables that refresh, from the same template."""
    form = GameForm(request.GET)
    if not form.is_valid():
        return unreadable(request, problems_of(form))
    now = timezone.now()
    found = find_game(game_id)
    try:
        page = read_page(found, now=now, **form.cleaned_data)
    except (UnknownTab, UnknownSelection) as problem:
        return unreadable(request, [str(problem)])
    fragment = bool(request.htmx) and request.htmx.target == "grids"
    context = {
        "page": page,
        "game": found,
        "now": page.at or now,
        "away_first": found.sport_id.startswith(AWAY_FIRST),
    }
    context["is_part"] = fragment
    response = render(request, "odds/_grids.html" if fragment else "odds/game.html", context)
    patch_vary_headers(response, VARY)
    keep_until(response, page.changes_at(now), now=now)
    return response


@require_safe
def movement(request: HttpRequest, game_id: uuid.UUID) -> JsonResponse:
    """The change rows of one selection as the chart draws them: ``?selection=`` and, to be sure, ``market=``."""
    form = MovementForm(request.GET)
    if not form.is_valid():
        return JsonResponse({"errors": problems_of(form)}, status=400)
    wanted = Selection.objects.filter(game=game_id, pk=form.cleaned_data["selection"])
    if form.cleaned_data["market"]:
        wanted = wanted.filter(market=form.cleaned_data["market"])
    selection = wanted.select_related("game").first()
    if selection is None:
        return JsonResponse({"errors": ["selection: this game has no such selection."]}, status=404)
    series = read_movement(game_id, selection=selection.pk, market=selection.market, seen=read_seen(game_id))
    body = payload(
        series,
        odds_format=odds_format_of(request),
        zone=current_zone().key,
        start=selection.game.commence_time,
        now=timezone.now(),
    )
    response = JsonResponse(body, json_dumps_params={"separators": (",", ":")})
    patch_vary_headers(response, ["Cookie"])
    return response


def find_game(game_id: uuid.UUID) -> Game:
    try:
        return read_game(game_id)
    except Game.DoesNotExist:
        raise Http404("There is no such game.") from None


def find_sport(key: str) -> Sport | None:
    """The sport of that key, None for no key; an unknown one is a page that does not exist."""
    if not key:
        return None
    sport = None if "\0" in key else Sport.objects.filter(pk=key).first()
    if sport is None:
        raise Http404(f"There is no sport “{key}”.")
    return sport


def current_zone() -> zoneinfo.ZoneInfo:
    """The zone in which the request's pages tell the time."""
    # not by name: that of Etc/GMT+5 is “-05”, which is no zone
    zone = timezone.get_current_timezone()
    return zone if isinstance(zone, zoneinfo.ZoneInfo) else zoneinfo.ZoneInfo("UTC")


def unreadable(request: HttpRequest, problems: list[str]) -> HttpResponse:
    """A page that says what is wrong with the address."""
    return render(request, "400.html", {"problems": problems}, status=400)
