"""Whose address a request comes from, for limits and the list of sessions."""

from __future__ import annotations

import ipaddress
from typing import Final

from django.conf import settings
from django.http import HttpRequest

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
UNKNOWN: Final = "0.0.0.0"  # noqa: S104 - an address that nobody has


def client_ip(request: HttpRequest) -> str:
    """Return the visitor's address.

    X-Forwarded-For counts only if the connection comes from one of ``TRUSTED_PROXIES`` (or from a socket file, with
    proxies configured), and of it only the entry that the outermost of ``TRUSTED_PROXY_COUNT`` proxies wrote:
    whatever stands before it is the visitor's own invention.
    """
    peer = _read(request.META.get("REMOTE_ADDR", ""))
    trusted = bool(settings.TRUSTED_PROXIES) and (
        peer is None or any(peer in network for network in settings.TRUSTED_PROXIES)
    )
    hops = request.headers.get("X-Forwarded-For", "").split(",")
    if trusted and any(hop.strip() for hop in hops):
        named = _read(hops[max(len(hops) - settings.TRUSTED_PROXY_COUNT, 0)])
        peer = named or peer
    return str(peer) if peer else UNKNOWN


def _read(text: str) -> Address | None:
    """An address, with or without a port; an IPv4 address that came by IPv6 is itself."""
    text = text.strip()
    host = text[1:].partition("]")[0] if text.startswith("[") else text
    if host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        found = ipaddress.ip_address(
            host.partition("%")[0]
        )  # the zone of a link-local one is of this machine
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found
