"""Nothing is sent to an address that is not public, however it is written or looked up."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from feeds.public_web import (
    Answer,
    BadAddress,
    NoAnswer,
    Pinned,
    checked_url,
    client,
    is_public,
    look_up,
    post,
)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",  # noqa: S104
        "224.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "fec0::1",
        "ff02::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::7f00:1", "64:ff9b::7f00:1", "2002:7f00:1::",
        "2002:808:808::1", "2001:0:7f00:1::1", "2001:db8::1", "not an address", "127.0.0.1%eth0",
    ],
)  # fmt: skip
def test_private_wrapped_and_reserved_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946"])
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ftp://example.org/", "begins with https"),
        ("file:///etc/passwd", "begins with https"),
        ("https://", "begins with https"),
        ("example.org/hook", "begins with https"),
        ("https://ada:secret@example.org/", "name and password"),
        ("https://example.org:22/", "Only the ports"),
        ("http://example.org:6379/", "Only the ports"),
        ("http://127.0.0.1/", "not public"),
        ("http://[::1]/", "not public"),
        ("http://[::ffff:10.0.0.1]/", "not public"),
        ("http://localhost/", "whole name"),
        ("http://redis:8080/", "whole name"),
        ("https://127.1/", "four numbers"),
        ("https://0x7f.1/", "four numbers"),
        ("https://127.0.0.0x1/", "four numbers"),
        ("https://127.0x0.01./", "four numbers"),
        ("https://2130706433/", "four numbers"),
        ("https://0x7F000001/", "four numbers"),
        ("https://0X/", "four numbers"),
        ("https://93.184.216.34./", "four numbers"),
        ("http://exa mple.org/", "not a web address"),
        ("http://0177.0.0.1/", "not a web address"),
        ("https://example.org/" + "x" * 500, "at most 500"),
    ],
)
def test_an_address_of_a_wrong_form_is_refused_with_the_reason(text: str, words: str) -> None:
    with pytest.raises(BadAddress, match=words):
        checked_url(text)


@pytest.mark.parametrize(
    "host", ["93.184.216.34", "3com.com", "127.1.example.org", "0x7f.org", "example.org."]
)
def test_names_with_digits_and_whole_addresses_are_taken(host: str) -> None:
    assert checked_url(f"https://{host}/hook").host == host


def test_a_usual_address_is_kept_without_its_fragment() -> None:
    assert str(checked_url(" https://example.org:8443/hook?a=1#b ")) == "https://example.org:8443/hook?a=1"


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1"])
def test_odd_spellings_of_this_machine_end_at_the_check_of_what_they_resolve_to(host: str) -> None:
    asked: list[httpx.Request] = []

    async def go() -> None:
        async with client(Pinned(inner=noting(asked))) as by:
            await by.post(f"http://{host}/", content=b"")

    with pytest.raises(BadAddress, match="not public"):
        asyncio.run(go())
    assert not asked


def noting(asked: list[httpx.Request]) -> httpx.MockTransport:
    """A network that notes what would be sent to it."""

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, stream=httpx.ByteStream(b"heard"))

    return httpx.MockTransport(answer)


def resolver(*answers: list[str]) -> tuple[Callable[..., object], list[str]]:
    """Look-ups that answer one after the other, and the names asked for."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return answers[min(len(asked), len(answers)) - 1]

    return resolve, asked


def send(transport: httpx.AsyncBaseTransport, url: str, *, deadline: float = 5) -> Answer:
    async def go() -> Answer:
        async with client(transport) as by:
            return await post(by, url, b"{}", {"X-Test": "1"}, deadline=deadline)

    return asyncio.run(go())


def test_the_name_is_looked_up_once_and_the_connection_goes_to_what_was_checked() -> None:
    requests: list[httpx.Request] = []
    resolve, asked = resolver(["93.184.216.34"], ["127.0.0.1"])
    assert send(Pinned(resolve, inner=noting(requests)), "https://hooks.example.org/a?b=c").status == 200  # type: ignore[arg-type]
    assert asked == ["hooks.example.org"]
    [request] = requests
    assert str(request.url) == "https://93.184.216.34/a?b=c"
    assert request.headers["Host"] == "hooks.example.org"
    assert request.extensions["sni_hostname"] == "hooks.example.org"


@pytest.mark.parametrize("answer", [["127.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::ffff:10.0.0.1"]])
def test_a_name_with_any_private_address_is_refused_before_anything_is_sent(answer: list[str]) -> None:
    requests: list[httpx.Request] = []
    resolve, _ = resolver(answer)
    with pytest.raises(BadAddress, match="not public"):
        send(Pinned(resolve, inner=noting(requests)), "https://hooks.example.org/")  # type: ignore[arg-type]
    assert not requests


def test_a_name_that_is_not_known_has_no_answer() -> None:
    async def resolve(host: str, port: int) -> list[str]:
        raise socket.gaierror("no such name")

    with pytest.raises(NoAnswer, match="not known"):
        send(Pinned(resolve), "https://hooks.example.org/")


@contextmanager
def server(serve: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server of this machine that treats each connection by ``serve``."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def run() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    try:
                        serve(connection)
                    except OSError:
                        continue

        threading.Thread(target=run, daemon=True).start()
        yield listening.getsockname()[1]


def request_of(connection: socket.socket) -> bytes:
    """All of it: closing over unread bytes would reset the connection instead of ending it."""
    read = b""
    while not read.endswith(b"{}") and (more := connection.recv(4096)):
        read += more
    return read


class At(httpx.AsyncBaseTransport):
    """The pinned transport allowed onto this machine, at another port than the address says."""

    def __init__(self, port: int, verify: ssl.SSLContext | bool = True) -> None:
        async def here(host: str, _: int) -> list[str]:
            return ["127.0.0.1"]

        self._port, self._inner = port, httpx.AsyncHTTPTransport(trust_env=False, verify=verify)
        self._pinned = Pinned(here, lambda _: True, inner=self._AtPort(self._inner, port))

    class _AtPort(httpx.AsyncBaseTransport):
        def __init__(self, inner: httpx.AsyncBaseTransport, port: int) -> None:
            self._inner, self._port = inner, port

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            request.url = request.url.copy_with(port=self._port)
            return await self._inner.handle_async_request(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._pinned.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    seen: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        seen.append(request_of(connection))
        connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/\r\nContent-Length: 0\r\n\r\n")

    with server(serve) as port:
        assert send(At(port), "http://hooks.example.org/x").status == 302
    assert len(seen) == 1
    assert b"host: hooks.example.org" in seen[0].lower()


def test_whoever_sends_his_answer_byte_by_byte_is_left_at_the_deadline() -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        for _ in range(100):
            time.sleep(0.05)
            connection.sendall(b"x")

    with server(serve) as port:
        begun = time.monotonic()
        with pytest.raises(NoAnswer, match=r"within 0\.5 s"):
            send(At(port), "http://hooks.example.org/", deadline=0.5)
        assert time.monotonic() - begun < 3


def test_a_long_answer_is_left_unread() -> None:
    sent = 0

    def serve(connection: socket.socket) -> None:
        nonlocal sent
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        for _ in range(1_000):
            sent += connection.send(b"x" * 100_000)

    with server(serve) as port:
        assert send(At(port), "http://hooks.example.org/").status == 200
    assert sent < 50_000_000


def test_tls_asks_for_the_name_and_not_for_the_address() -> None:
    names: list[bytes] = []

    def serve(connection: socket.socket) -> None:
        names.append(connection.recv(4096))

    with server(serve) as port, pytest.raises(NoAnswer):
        send(At(port), "https://hooks.example.org/")
    assert b"hooks.example.org" in names[0]
    assert ssl.HAS_SNI


def certificate(name: str, folder: Path) -> Path:
    """A certificate of that name that signs itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number())
        .not_valid_before(dt.datetime(2020, 1, 1, tzinfo=dt.UTC))
        .not_valid_after(dt.datetime(2099, 1, 1, tzinfo=dt.UTC))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    file = folder / "certificate.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + made.public_bytes(Encoding.PEM))
    return file


@pytest.mark.parametrize("name", ["hooks.example.org", "other.example.org"])
def test_the_certificate_has_to_be_of_the_name_though_the_connection_goes_to_an_address(
    name: str, tmp_path: Path
) -> None:
    file = certificate(name, tmp_path)
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(file)

    def serve(connection: socket.socket) -> None:
        with theirs.wrap_socket(connection, server_side=True) as secured:
            request_of(secured)
            secured.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    with server(serve) as port:
        trusting = At(port, verify=ssl.create_default_context(cafile=str(file)))
        if name == "hooks.example.org":
            assert send(trusting, "https://hooks.example.org/").status == 204
        else:
            with pytest.raises(NoAnswer, match=r"not valid for 'hooks\.example\.org'"):
                send(trusting, "https://hooks.example.org/")


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    theirs.load_cert_chain(certificate("hooks.example.org", tmp_path))

    def serve(connection: socket.socket) -> None:
        theirs.wrap_socket(connection, server_side=True).close()

    with server(serve) as port, pytest.raises(NoAnswer, match="self-signed"):
        send(At(port), "https://hooks.example.org/")


def test_this_machine_is_what_its_name_resolves_to() -> None:
    assert "127.0.0.1" in asyncio.run(look_up("localhost", 80))
