"""Statements as files: CSV that no spreadsheet takes for formulas, and JSON."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import zoneinfo
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Final

from bets.bankrolls.statement import Span, Statement, described, in_chunks, lines_of
from bets.imports.tables import armed
from bets.models import Bankroll, LedgerEntry
from bets.money import minor_digits

COLUMNS: Final = [
    "line",
    "date",
    "kind",
    "description",
    "note",
    "amount",
    "balance",
    "currency",
    "bet",
    "operation",
    "happened",
]
TYPES: Final = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


class Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def as_csv(bankroll: Bankroll, statement: Statement, span: Span) -> Iterator[str]:
    """Yield the statement as CSV in lines: opening balance, every ledger line, closing balance.

    Times are of the reader's zone with its offset, amounts plain numbers, text cells safe to open in a spreadsheet.
    """
    writer = csv.writer(Echo(), lineterminator="\r\n")
    yield str(writer.writerow(COLUMNS))
    yield str(writer.writerow(balance_row("Opening balance", statement.opening, bankroll)))
    for entry in in_chunks(lines_of(bankroll, statement)):
        row = row_of(entry, bankroll, span)
        yield str(writer.writerow([armed(value) if is_text(name) else value for name, value in row]))
    yield str(writer.writerow(balance_row("Closing balance", statement.closing, bankroll)))


def balance_row(name: str, held: Decimal, bankroll: Bankroll) -> list[str]:
    """What stands above and below the lines."""
    values = {"kind": name, "balance": plain(held, bankroll.currency), "currency": bankroll.currency}
    return [values.get(column, "") for column in COLUMNS]


def is_text(name: str) -> bool:
    return name in ("description", "note")


def row_of(entry: LedgerEntry, bankroll: Bankroll, span: Span) -> list[tuple[str, Any]]:
    """A line's cells by column."""
    operation = entry.operation
    happened = None if operation is None else operation.happened_at
    values = [
        entry.seq,
        local(entry.at, span),
        entry.kind,
        described(entry),
        entry.note,
        plain(entry.amount, bankroll.currency),
        plain(entry.balance_after, bankroll.currency),
        bankroll.currency,
        None if entry.bet_id is None else str(entry.bet_id),
        None if entry.operation_id is None else str(entry.operation_id),
        None if happened is None else local(happened, span),
    ]
    return list(zip(COLUMNS, values, strict=True))


def as_json(bankroll: Bankroll, statement: Statement, span: Span) -> Iterator[str]:
    """Yield the statement as one JSON object; amounts are strings, so that no reader rounds them."""
    head = {
        "bankroll": bankroll.name,
        "currency": bankroll.currency,
        "money": bankroll.kind,
        "from": None if span.since is None else span.since.isoformat(),
        "to": None if span.until is None else span.until.isoformat(),
        "time_zone": span.zone,
        "opening_balance": plain(statement.opening, bankroll.currency),
        "closing_balance": plain(statement.closing, bankroll.currency),
        "totals": {
            str(kind): {"lines": lines, "amount": plain(amount, bankroll.currency)}
            for kind, (lines, amount) in statement.by_kind().items()
        },
    }
    text = io.StringIO()
    json.dump(head, text, ensure_ascii=False, indent=1)
    yield text.getvalue().removesuffix("\n}") + ',\n "lines": ['
    for number, entry in enumerate(in_chunks(lines_of(bankroll, statement))):
        row = dict(row_of(entry, bankroll, span))
        yield ("," if number else "") + "\n  " + json.dumps(row, ensure_ascii=False)
    yield "\n ]\n}\n"


def plain(amount: Decimal, currency: str) -> str:
    return f"{amount:.{minor_digits(currency)}f}"


def local(instant: dt.datetime, span: Span) -> str:
    return instant.astimezone(zoneinfo.ZoneInfo(span.zone)).isoformat(timespec="seconds")
