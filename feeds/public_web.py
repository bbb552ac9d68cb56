"""POSTs to addresses that people enter: to the public internet and nowhere else.

The name is looked up once, every address it has must be public, and the connection goes to the one that was checked,
with the name kept in the Host header and in TLS, so that a second look-up cannot answer otherwise. Redirects are not followed,
a proxy of the environment is not used, connections are not shared, and time and answer are short.
"""

from __future__ import annotations

import asyncio
import ipaddress
import re
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

import httpx

PORTS: Final = frozenset({80, 443, 8080, 8443})
DEADLINE: Final = 10.0
"""Seconds for everything: look-up, connection, request and answer."""
MOST_READ: Final = 4096
LONGEST: Final = 500
NAME: Final = re.compile(r"[A-Za-z0-9_.-]+")
NUMBER: Final = re.compile(r"[0-9]+|0[xX][0-9a-fA-F]*")
"""The last label of what is read as an IPv4 address in one of its odd spellings: 127.1, 0x7f.1, 2130706433."""
UNICAST: Final = ipaddress.ip_network("2000::/3")

Resolver = Callable[[str, int], Awaitable[list[str]]]


class BadAddress(Exception):
    """An address that nothing is sent to; the text says why."""


class NoAnswer(Exception):
    """Nothing came back; the text says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and milliseconds; what the answer says is not kept."""

    status: int
    took_ms: int


def checked_url(text: str) -> httpx.URL:
    """Return the address as it will be used. Raises BadAddress where its form is wrong; looks nothing up."""
    if len(text) > LONGEST:
        raise BadAddress(f"An address has at most {LONGEST} characters.")
    try:
        url = httpx.URL(text.strip())
        host = url.raw_host.decode("ascii")
    except (httpx.InvalidURL, ValueError):
        raise BadAddress("That is not a web address. Enter one such as https://example.org/hook.") from None
    if url.scheme not in ("http", "https") or not host:
        raise BadAddress("Enter an address that begins with https:// or http://.")
    if url.userinfo:
        raise BadAddress("Leave name and password out of the address; the signature says who is sending.")
    if (default_port(url) if url.port is None else url.port) not in PORTS:
        ports = ", ".join(map(str, sorted(PORTS)))
        raise BadAddress(f"Only the ports {ports} are used.")
    literal = address_of(host)
    if literal is None and not NAME.fullmatch(host):
        raise BadAddress("That is not a web address. Enter one such as https://example.org/hook.")
    if literal is not None and not is_public(literal):
        raise BadAddress("That address is not public. Nothing is sent into private networks.")
    if literal is None and NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]):
        raise BadAddress("Write an IP address with four numbers, such as 93.184.216.34, or use a name.")
    if literal is None and "." not in host.rstrip("."):
        raise BadAddress("Enter the whole name of the host, such as hooks.example.org.")
    return url.copy_with(fragment=None)


def default_port(url: httpx.URL) -> int:
    return 443 if url.scheme == "https" else 80


def address_of(host: str) -> str | None:
    """The host if it is an IP address, None if it is a name."""
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return None


def is_public(text: str) -> bool:
    """Tell whether an IP address is one of the public internet's, by itself and not as a wrapping of another."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if not address.is_global or address.is_multicast or address.is_reserved:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        wraps = address.ipv4_mapped or address.sixtofour or address.teredo
        return address in UNICAST and not wraps
    return True


async def look_up(host: str, port: int) -> list[str]:
    """The addresses of a host, the best first. Raises OSError."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return [str(entry[4][0]) for entry in found]


class Pinned(httpx.AsyncBaseTransport):
    """Connects to the address that was checked. ``resolve`` and ``allows`` are replaced by tests alone."""

    def __init__(
        self,
        resolve: Resolver = look_up,
        allows: Callable[[str], bool] = is_public,
        inner: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._resolve = resolve
        self._allows = allows
        self._inner = inner or httpx.AsyncHTTPTransport(
            trust_env=False, retries=0, limits=httpx.Limits(max_keepalive_connections=0)
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.raw_host.decode("ascii").strip("[]")
        try:
            addresses = await self._resolve(host, request.url.port or default_port(request.url))
        except (OSError, UnicodeError):
            raise NoAnswer("the name of the host is not known") from None
        if not addresses:
            raise NoAnswer("the host has no address")
        if not all(map(self._allows, addresses)):
            raise BadAddress("the host's address is not public")
        request.extensions = {**request.extensions, "sni_hostname": host}
        request.url = request.url.copy_with(host=addresses[0])
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


def client(transport: httpx.AsyncBaseTransport | None = None) -> httpx.AsyncClient:
    """A client for ``post``; close it."""
    return httpx.AsyncClient(
        transport=transport or Pinned(),
        timeout=httpx.Timeout(DEADLINE),
        follow_redirects=False,
        trust_env=False,
        headers={"User-Agent": "BetTrack", "Accept": "*/*", "Connection": "close"},
    )


async def post(
    by: httpx.AsyncClient, url: str, body: bytes, headers: Mapping[str, str], *, deadline: float = DEADLINE
) -> Answer:
    """POST the body and return what came back, whatever its status. Raises BadAddress, NoAnswer."""
    address, begun = checked_url(url), time.monotonic()
    try:
        async with (
            asyncio.timeout(deadline),
            by.stream("POST", address, content=body, headers=dict(headers)) as response,
        ):
            read = 0
            async for chunk in response.aiter_raw():
                read += len(chunk)
                if read >= MOST_READ:
                    break
            return Answer(response.status_code, int((time.monotonic() - begun) * 1000))
    except (TimeoutError, httpx.TimeoutException):
        raise NoAnswer(f"no answer within {deadline:g} s") from None
    except httpx.HTTPError as error:
        raise NoAnswer(f"{type(error).__name__}: {error}"[:250]) from None
