"""The public status page, its incidents and its feeds."""

from __future__ import annotations

import re
import uuid
from typing import Final

from django.contrib.syndication.views import Feed
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed, SyndicationFeed
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from feeds.models import Incident
from feeds.monitoring.page import IncidentRow, rows_of, status_page

A_PAGE = 30
ON_PAGE = 10
NOT_IN_XML: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


@require_safe
@cache_control(private=True, no_cache=True)
def overview(request: HttpRequest) -> HttpResponse:
    """Everything watched now, ninety days of it, and what happened."""
    page = status_page()
    return render(request, "status/overview.html", {"page": page, "newest": page.incidents[:ON_PAGE]})


@require_safe
@cache_control(private=True, no_cache=True)
def incidents(request: HttpRequest) -> HttpResponse:
    """All incidents there ever were, the newest first."""
    page = Paginator(Incident.objects.newest_first(), A_PAGE).get_page(request.GET.get("page"))
    rows = rows_of(Incident.objects.filter(pk__in=[one.pk for one in page]).newest_first())
    return render(request, "status/incidents.html", {"page": page, "incidents": rows})


@require_safe
@cache_control(private=True, no_cache=True)
def incident(request: HttpRequest, incident_id: uuid.UUID) -> HttpResponse:
    """One incident with its notes."""
    rows = rows_of(Incident.objects.filter(pk=incident_id))
    if not rows:
        raise Http404
    return render(request, "status/incident.html", {"incident": rows[0]})


class IncidentFeed(Feed):
    """Incidents as RSS."""

    feed_type: type[SyndicationFeed] = Rss201rev2Feed
    title = "BetTrack status"
    description = "What was down, since when, and what its keepers say of it."

    def link(self) -> str:
        return reverse("status:overview")

    def items(self) -> list[IncidentRow]:
        return status_page().incidents

    def item_title(self, item: IncidentRow) -> str:
        return f"{item.monitor}: {'resolved' if item.resolved_at else 'down'}"

    def item_description(self, item: IncidentRow) -> str:
        parts = [f"Down since {item.started_at:%Y-%m-%d %H:%M} UTC: {item.reason}."]
        if item.resolved_at:
            parts.append(f"Resolved {item.resolved_at:%Y-%m-%d %H:%M} UTC.")
        parts += [f"{note.at:%Y-%m-%d %H:%M} UTC: {note.text}" for note in item.notes]
        return NOT_IN_XML.sub(" ", "\n".join(parts))

    def item_link(self, item: IncidentRow) -> str:
        return reverse("status:incident", args=[item.id])

    def item_guid(self, item: IncidentRow) -> str:
        return f"{item.id}:{'resolved' if item.resolved_at else 'down'}"

    item_guid_is_permalink = False

    def item_pubdate(self, item: IncidentRow) -> object:
        return item.resolved_at or item.started_at

    def item_updateddate(self, item: IncidentRow) -> object:
        return max([item.resolved_at or item.started_at, *(note.at for note in item.notes)])


class AtomIncidentFeed(IncidentFeed):
    """The same as Atom."""

    feed_type = Atom1Feed
    subtitle = IncidentFeed.description
