"""Django's Redis cache over the embedded Valkey, which it starts at the first use."""

from __future__ import annotations

from typing import Any

from django.core.cache.backends import redis as django_redis
from django.core.cache.backends.base import InvalidCacheBackendError

from bettrack import redis_cache
from bettrack.embedded.client import ensure
from bettrack.embedded.layout import Layout, for_home


class RedisCacheClient(redis_cache.RedisCacheClient):
    """Looks after the server before each command."""

    embedded: Layout

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        ensure(self.embedded, "redis")
        return super().get_client(key, write=write)


class RedisCache(django_redis.RedisCache):
    """Takes its home from `EMBEDDED_HOME`, as `Layout.cache_settings` writes it."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        home = params.get("EMBEDDED_HOME")
        if not home:
            raise InvalidCacheBackendError(
                "The embedded cache needs EMBEDDED_HOME: use Layout.cache_settings()."
            )
        self._class = type("EmbeddedRedisCacheClient", (RedisCacheClient,), {"embedded": for_home(home)})
