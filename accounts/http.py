"""What views may rely on once a decorator has let the request through."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.http import HttpResponseClientRefresh
from django_htmx.middleware import HtmxDetails

from accounts.models import User


class PageRequest(HttpRequest):
    """A request that has passed the htmx middleware."""

    htmx: HtmxDetails


class SignedInRequest(PageRequest):
    """A request behind ``login_required``."""

    user: User


def back(request: HttpRequest, fallback: str) -> HttpResponse:
    """Return to the page named by ``next`` if it is one of ours, else to ``fallback`` (a path)."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(
        target, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return HttpResponseRedirect(target if ours else fallback)


def refreshed() -> HttpResponse:
    """Tell htmx to load the whole page again."""
    return HttpResponseClientRefresh()
