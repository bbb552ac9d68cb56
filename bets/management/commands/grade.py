from __future__ import annotations

import json
import sys
from typing import Any

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
        for raw in sys.stdin.buffer:
            if not raw.strip():
                continue
            answer = answer_bytes(raw, houses)
            failed = failed or "error" in answer
            text = json.dumps(answer, ensure_ascii=False)
            sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
            sys.stdout.buffer.flush()
        if failed:
            sys.exit(1)


def answer_bytes(raw: bytes, houses: Houses) -> dict[str, Any]:
    """Answer a line as read: one that is too long or no UTF-8 gets an error too."""
    if len(raw) > LONGEST_LINE:
        return {"id": None, "error": f"The line is longer than {LONGEST_LINE} bytes."}
    try:
        return answer_line(raw.decode("utf-8-sig"), houses)
    except UnicodeDecodeError:
        return {"id": None, "error": "The line is not UTF-8."}
