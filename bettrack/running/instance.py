"""One `up` per data directory: the lock, the record of where it runs, and the address it listens on."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import ipaddress
import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

WILDCARDS = {"0.0.0.0", "::", ""}  # noqa: S104 - to be told apart from one address


class StartError(Exception):
    """`up` cannot start; the message says why and what to do."""


@dataclass(frozen=True)
class Address:
    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def url(self) -> str:
        """Where this machine reaches it."""
        host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)  # noqa: S104
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    def allowed_hosts(self) -> list[str]:
        """The names under which browsers may ask for it."""
        names = ["127.0.0.1", "localhost", "[::1]"]
        if self.host in WILDCARDS:
            names += [socket.gethostname(), *_own_addresses()]
        elif not self.is_loopback:
            names.append(f"[{self.host}]" if ":" in self.host else self.host)
        return list(dict.fromkeys(names))


def free_address(host: str, port: int) -> Address:
    """The address to listen on, found free (port 0: any free one).

    Raises StartError when it is taken or cannot be used.
    """
    if not 0 <= port <= 65535:
        raise StartError(f"--port {port} is not a port: choose one from 1 to 65535.")
    try:
        family, _, _, _, place = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (socket.gaierror, UnicodeError) as error:
        raise StartError(f"--host {host} is not an address of this machine ({error}).") from error
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(place)
            probe.listen(1)
        except OSError as error:
            raise StartError(
                f"BetTrack cannot listen on {host} port {port} ({error.strerror}): choose another with --port, for "
                f"example --port {port + 1}."
            ) from error
        return Address(host, probe.getsockname()[1])


@dataclass
class Record:
    """What a running `up` tells about itself in `up.json`."""

    path: Path
    pid: int
    started_at: float
    url: str = ""
    phase: str = "starting"
    demo_history: str = ""

    def save(self) -> None:
        content = {name: value for name, value in asdict(self).items() if name != "path"}
        draft = self.path.with_suffix(".draft")
        draft.write_text(json.dumps(content))
        draft.replace(self.path)


@contextlib.contextmanager
def only_one(home: Path) -> Iterator[Record]:
    """Be the only `up` of this home while the context lasts; the kernel ends it with the process.

    Raises StartError, saying where the other one runs.
    """
    path = home / "up.json"
    descriptor = os.open(home / "up.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StartError(_already_running(home, path)) from None
        record = Record(path, os.getpid(), time.time())
        record.save()
        try:
            yield record
        finally:
            path.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def family_of(home: Path) -> str:
    """The mark that the processes of this home's `up` carry."""
    return hashlib.sha256(os.fsencode(home)).hexdigest()[:16]


def _already_running(home: Path, path: Path) -> str:
    known: dict[str, object] = {}
    deadline = time.monotonic() + 2.0
    # the other one may have taken the lock this very moment
    while not known.get("url") and time.monotonic() < deadline:
        with contextlib.suppress(OSError, ValueError):
            known = json.loads(path.read_text())
        time.sleep(0.05)
    where = f"at {known['url']}/" if known.get("url") else f"on {home}"
    verb = "is starting" if known.get("phase") == "starting" else "is running already"
    return (
        f"BetTrack {verb} {where} (process {known.get('pid', 'unknown')}, data in {home}). Stop that one first, or "
        "set BETTRACK_HOME to run a second one on other data."
    )


def _own_addresses() -> list[str]:
    """This machine's address on the way out; nothing is sent."""
    found = []
    for family, target in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((target, 9))
            address = probe.getsockname()[0]
            found.append(f"[{address}]" if ":" in address else address)
    return found
