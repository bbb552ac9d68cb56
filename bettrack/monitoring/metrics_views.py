"""Who may read the metrics: addresses of METRICS_ALLOWED, and who has METRICS_TOKEN."""

from __future__ import annotations

import hmac
import ipaddress

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from accounts.client_ip import client_ip

from .metrics import exposition


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format; 403 to everybody else."""
    if not may_read(request):
        text = "Metrics are for the addresses of METRICS_ALLOWED and for who sends METRICS_TOKEN as a bearer token.\n"
        return HttpResponse(text, status=403, content_type="text/plain")
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)


def may_read(request: HttpRequest) -> bool:
    method, _, sent = request.headers.get("Authorization", "").partition(" ")
    token: str = settings.METRICS_TOKEN
    if token and method.lower() == "bearer" and hmac.compare_digest(sent.strip().encode(), token.encode()):
        return True
    address = ipaddress.ip_address(client_ip(request))
    return any(address in network for network in settings.METRICS_ALLOWED)
