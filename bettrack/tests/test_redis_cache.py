from __future__ import annotations

from django.core.cache import cache


def test_the_client_of_a_server_is_made_once() -> None:
    backend = cache._cache
    assert backend.get_client("a") is backend.get_client("b", write=True)


def test_the_cache_keeps_what_it_is_given() -> None:
    cache.set("a-key-of-the-test", {"a": 1}, 5)
    assert cache.get("a-key-of-the-test") == {"a": 1}
    cache.delete("a-key-of-the-test")
    assert cache.get("a-key-of-the-test") is None
