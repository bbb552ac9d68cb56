from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from games.models import Sport
from odds.edge_forms import KINDS, EdgeForm
from odds.edges.page import read_edges
from odds.views import PageRequest


@require_safe
def edges(request: PageRequest) -> HttpResponse:
    """Prices above the fair one, arbitrage, middles and low hold; htmx gets the list, from the same template.

    A wrong filter is named beside its field and the others hold.
    """
    form = EdgeForm(request.GET)
    now = timezone.now()
    form.is_valid()
    context = {
        "form": form,
        "page": read_edges(form.request(), now=now),
        "now": now,
        "kinds": KINDS,
        "sports": Sport.objects.filter(active=True),
    }
    fragment = bool(request.htmx) and request.htmx.target == "edges"
    context["from_form"] = fragment and request.htmx.trigger == "edge-filters"
    response = render(request, "odds/_edges.html" if fragment else "odds/edges.html", context)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response
