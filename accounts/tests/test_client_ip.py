"""The visitor's address, and whose word for it counts."""

from __future__ import annotations

import ipaddress

import pytest
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from accounts.client_ip import UNKNOWN, client_ip

PROXY = "10.0.0.2"


@pytest.mark.parametrize(
    ("proxies", "count", "peer", "forwarded", "found"),
    [
        ([], 1, "203.0.113.5", "198.51.100.1", "203.0.113.5"),  # nobody is trusted
        ([PROXY], 1, PROXY, "203.0.113.5", "203.0.113.5"),
        ([PROXY], 1, PROXY, "198.51.100.1, 203.0.113.5", "203.0.113.5"),  # the first is the visitor's word
        ([PROXY], 1, "203.0.113.9", "198.51.100.1", "203.0.113.9"),  # past the proxy
        ([PROXY], 2, PROXY, "198.51.100.1, 203.0.113.5, 10.0.0.3", "203.0.113.5"),
        ([PROXY], 2, PROXY, "203.0.113.5", "203.0.113.5"),  # fewer than there should be
        ([PROXY], 1, PROXY, "203.0.113.5:4711", "203.0.113.5"),
        ([PROXY], 1, PROXY, "[2001:db8::1]:443", "2001:db8::1"),
        ([PROXY], 1, PROXY, "2001:db8::1", "2001:db8::1"),
        ([PROXY], 1, "::ffff:10.0.0.2", "203.0.113.5", "203.0.113.5"),
        ([PROXY], 1, PROXY, "nonsense", PROXY),
        ([PROXY], 1, PROXY, "", PROXY),
        ([PROXY], 1, "", "203.0.113.5", "203.0.113.5"),  # a socket file
        ([], 1, "", "203.0.113.5", UNKNOWN),
        ([], 1, "fe80::1%eth0", "", "fe80::1"),  # no zone: the database's addresses have none
        ([PROXY], 1, PROXY, "[fe80::1%25eth0]:443", "fe80::1"),
    ],
)
def test_whose_word_counts(
    settings: Settings, proxies: list[str], count: int, peer: str, forwarded: str, found: str
) -> None:
    settings.TRUSTED_PROXIES = [ipaddress.ip_network(one) for one in proxies]
    settings.TRUSTED_PROXY_COUNT = count
    request = RequestFactory().get("/", headers={"x-forwarded-for": forwarded}, REMOTE_ADDR=peer)
    assert client_ip(request) == found
