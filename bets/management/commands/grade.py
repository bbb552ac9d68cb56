from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from typing import Any, BinaryIO

from django.core.management.base import BaseCommand

from bets.calculator import Houses, answer_line
from bets.house_rules import stored_or_seeded

LONGEST_LINE = 1_000_000


class Command(BaseCommand):
    help = (
        "Grade tickets: one JSON object a line on standard input, one answer a line on standard output. "
        "A line that cannot be read is answered with its error; the exit status is then 1. A bookmaker's rules "
        "are read from the database if there is one, else from the seeds."
    )
    requires_system_checks: list[Any] = []

    def handle(self, *args: object, **options: object) -> None:
        failed, houses = False, stored_or_seeded()
        for raw in lines_of(sys.stdin.buffer):
            answer = answer_bytes(raw, houses)
            failed = failed or "error" in answer
            try:
                write(answer)
            except BrokenPipeError:
                # nobody reads on; what is still buffered must not fail again when the interpreter ends
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
                sys.exit(1)
        if failed:
            sys.exit(1)


def lines_of(stream: BinaryIO) -> Iterator[bytes]:
    """Yield the lines that hold anything; of one that is too long only its beginning is kept in memory."""
    while raw := stream.readline(LONGEST_LINE + 1):
        rest = raw
        while len(rest) > LONGEST_LINE and not rest.endswith(b"\n"):
            rest = stream.readline(LONGEST_LINE + 1)
        if raw.strip():
            yield raw


def write(answer: dict[str, Any]) -> None:
    text = json.dumps(answer, ensure_ascii=False)
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.buffer.flush()


def answer_bytes(raw: bytes, houses: Houses) -> dict[str, Any]:
    """Answer a line as read: one that is too long or no UTF-8 gets an error too."""
    if len(raw) > LONGEST_LINE:
        return {"id": None, "error": f"The line is longer than {LONGEST_LINE} bytes."}
    try:
        return answer_line(raw.decode("utf-8-sig"), houses)
    except UnicodeDecodeError:
        return {"id": None, "error": "The line is not UTF-8."}
