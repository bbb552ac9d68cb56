"""Asks a server over connections that stay open: ``python -m bettrack.benchmarks.api_load HOST PORT``.

A program of its own that imports nothing of BetTrack, so that it takes little of the processors it measures. Each line
of standard input is a phase in JSON, each line of standard output what came of it.
"""

from __future__ import annotations

import gzip
import json
import resource
import socket
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Final

KEY: Final = b"{idempotency-key}"
LOOKED_AT: Final = 10
"""Of so many answers one is looked into: does it have the rows that it should have?"""
TIMEOUT: Final = 60.0


@dataclass(slots=True)
class Asked:
    """A request as it is sent, the status it must be answered with, and how often ``mark`` stands in the answer."""

    head: bytes
    status: int
    mark: bytes
    count: int

    @classmethod
    def of(cls, told: dict[str, Any], shared: str) -> Asked:
        body = told.get("body", "").encode()
        lines = [f"{told['method']} {told['path']} HTTP/1.1", shared]
        if body:
            lines += [
                "Content-Type: application/json",
                f"Content-Length: {len(body)}",
                f"Idempotency-Key: {KEY.decode()}",
            ]
        head = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        return cls(head, told["status"], told["mark"].encode(), told["count"])

    def bytes(self) -> bytes:
        return self.head.replace(KEY, str(uuid.uuid4()).encode()) if KEY in self.head else self.head


@dataclass(slots=True)
class Caller:
    """One connection and what it sends in turn."""

    place: tuple[str, int]
    requests: list[Asked]
    seconds: list[float] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    ended: float = 0.0

    def run(self, begin: threading.Barrier, span: float) -> None:
        with socket.create_connection(self.place, timeout=TIMEOUT) as link:
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            begin.wait()
            end = time.perf_counter() + span
            number = 0
            while time.perf_counter() < end:
                asked = self.requests[number % len(self.requests)]
                start = time.perf_counter()
                status, is_packed, body = exchange(link, asked.bytes())
                self.seconds.append(time.perf_counter() - start)
                self.look(asked, status, is_packed, body, thorough=number % LOOKED_AT == 0)
                number += 1
            self.ended = time.perf_counter()

    def look(self, asked: Asked, status: int, is_packed: bool, body: bytes, *, thorough: bool) -> None:
        """Note an answer that is not what it should be."""
        if status != asked.status:
            words = (gzip.decompress(body) if is_packed else body)[:300].decode(errors="replace")
            self.faults.append(f"{asked.head.split(b' HTTP')[0].decode()}: status {status}, {words}")
        elif thorough:
            found = (gzip.decompress(body) if is_packed else body).count(asked.mark)
            if found != asked.count:
                self.faults.append(
                    f"{asked.head.split(b' HTTP')[0].decode()}: {found} times {asked.mark.decode()}, not {asked.count}"
                )


def exchange(link: socket.socket, request: bytes) -> tuple[int, bool, bytes]:
    """Send a request and return the status, whether the body is gzipped, and the body."""
    link.sendall(request)
    received = link.recv(65536)
    while (split := received.find(b"\r\n\r\n")) < 0:
        more = link.recv(65536)
        if not more:
            raise ConnectionError("The server closed the connection.")
        received += more
    head = received[:split].lower()
    at = head.find(b"\r\ncontent-length:")
    if at < 0:
        raise ConnectionError("The answer does not say how long it is.")
    length = int(head[at + 17 :].split(b"\r\n", 1)[0])
    body = bytearray(received[split + 4 :])
    while len(body) < length:
        more = link.recv(262144)
        if not more:
            raise ConnectionError("The server closed the connection.")
        body += more
    return int(head[9:12]), b"\r\ncontent-encoding: gzip" in head, bytes(body)


def run(place: tuple[str, int], phase: dict[str, Any]) -> dict[str, Any]:
    """Keep every connection busy for the phase's seconds; return milliseconds, rates and faults."""
    callers = []
    for connection in phase["connections"]:
        shared = f"Host: {place[0]}:{place[1]}\r\nAuthorization: Bearer {connection['key']}"
        if phase["gzip"]:
            shared += "\r\nAccept-Encoding: gzip"
        callers.append(Caller(place, [Asked.of(each, shared) for each in connection["requests"]]))
    begin = threading.Barrier(len(callers) + 1)
    threads = [
        threading.Thread(target=caller.run, args=(begin, phase["seconds"]), daemon=True) for caller in callers
    ]
    for thread in threads:
        thread.start()
    begin.wait(TIMEOUT)
    start, worked = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.join()
    taken = sorted(seconds * 1000 for caller in callers for seconds in caller.seconds)
    lost = sum(caller.ended == 0.0 for caller in callers)
    faults = [fault for caller in callers for fault in caller.faults]
    return {
        "answers": len(taken),
        "seconds": max(caller.ended for caller in callers) - start,
        "p50": percentile(taken, 50),
        "p99": percentile(taken, 99),
        "own_seconds": time.process_time() - worked,
        "peak_kb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        "faults": len(faults) + lost,
        "first_fault": faults[0] if faults else "a connection was lost" if lost else "",
    }


def percentile(ordered: list[float], part: int) -> float:
    """The nearest rank of ordered numbers; 0 without any."""
    return ordered[max(0, -(-len(ordered) * part // 100) - 1)] if ordered else 0.0


def main() -> None:
    place = (sys.argv[1], int(sys.argv[2]))
    for line in sys.stdin:
        sys.stdout.write(json.dumps(run(place, json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
