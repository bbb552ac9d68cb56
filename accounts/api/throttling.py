"""How often: a steady rate with a burst per key, person or address, counted in Redis for all processes together.

The generic cell rate algorithm keeps one number, the time at which the caller has used up nothing, moved on by
period ÷ limit at each request; the whole step is one script, so that no two processes count past each other, and
Redis' own clock is used. Where Redis does not answer, reads go on and writes are refused with 503.
"""

from __future__ import annotations

import ipaddress
import logging
import math
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.core.cache import cache
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.client_ip import client_ip
from accounts.models import ApiKey
from rest.problems import ApiProblem

logger = logging.getLogger(__name__)

STEP: Final = """
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local limit, period = tonumber(ARGV[1]), tonumber(ARGV[2])
local cost = period / limit
local used = tonumber(redis.call('GET', KEYS[1]) or now)
if used < now then used = now end
local after = used + cost
if after > now + period then
  return {0, math.floor((now + period - used) / cost), math.ceil(after - now - period)}
end
redis.call('SET', KEYS[1], string.format('%.3f', after), 'PX', math.ceil(after - now) + 1000)
return {1, math.floor((now + period - after) / cost), math.ceil(after - now)}
"""
"""Returns: let through or not, requests left at once, milliseconds until (more | all) are left again."""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in so many seconds."""

    limit: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Count:
    """``wait`` are the seconds until the next request, or until all are left again."""

    allowed: bool
    left: int
    wait: float


class RedisGone(Exception):
    """Nothing could be counted."""


def count(caller: str, rate: Rate) -> Count:
    """Count a request of the caller. Raises RedisGone."""
    try:
        client = cache._cache.get_client(None, write=True)  # type: ignore[attr-defined] # of Django's Redis cache
        allowed, left, wait = client.eval(
            STEP,
            1,
            f"{settings.CACHES['default']['KEY_PREFIX']}:rate:{caller}",
            rate.limit,
            rate.seconds * 1000,
        )
    except Exception as error:  # whatever keeps Redis, or an embedded one, from answering
        raise RedisGone(str(error)) from error
    return Count(bool(allowed), max(0, left), wait / 1000)


class Throttle(BaseThrottle):
    """The rate of a key, of a signed-in person or of an address, apart for reads and writes."""

    def allow_request(self, request: Request, view: Any) -> bool:
        kind = "read" if request.method in SAFE_METHODS else "write"
        who, name = caller_of(request)
        rate = Rate(*settings.API_RATES[name, kind])
        try:
            found = count(f"{kind}:{who}", rate)
        except RedisGone as problem:
            logger.warning("requests are not counted: %s", problem)
            if kind == "read":
                return True
            raise ApiProblem("throttles_unavailable", headers={"Retry-After": "5"}) from None
        policy = f"{name}-{kind}"
        headers = {
            "RateLimit-Policy": f'"{policy}";q={rate.limit};w={rate.seconds}',
            "RateLimit": f'"{policy}";r={found.left};t={math.ceil(found.wait)}',
        }
        request.answer_headers = headers  # type: ignore[attr-defined] # read by the view
        if not found.allowed:
            raise ApiProblem(
                "throttled",
                f"At most {rate.limit} requests of this kind in {rate.seconds} s.",
                headers={"Retry-After": str(max(1, math.ceil(found.wait)))},
            )
        return True


def caller_of(request: Request) -> tuple[str, str]:
    """Who is counted, and the name of the rate."""
    if isinstance(request.auth, ApiKey):
        return f"key:{request.auth.pk}", "key"
    if request.user.is_authenticated:
        return f"user:{request.user.pk}", "user"
    return f"address:{network_of(client_ip(request._request))}", "anonymous"


def network_of(address: str) -> str:
    """An IPv4 address by itself; of IPv6 the /64 that one household has."""
    found = ipaddress.ip_address(address)
    if isinstance(found, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
