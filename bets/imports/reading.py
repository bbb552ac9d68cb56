"""Which format a file is in, and everything it says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from bets.imports import bet_analytix, betfair, bettrack_json, generic, pikkit
from bets.imports.rows import BadFile, BadRow, Options, ReadBet, Reading, RowError
from bets.imports.tables import Record, Table, table_of, text_of
from bets.imports.values import plain
from bets.models import ImportFormat

TABLES: dict[str, Any] = {
    ImportFormat.PIKKIT: pikkit,
    ImportFormat.BET_ANALYTIX: bet_analytix,
    ImportFormat.BETFAIR: betfair,
}
AUTO = "auto"


class RowReader(Protocol):
    def read(self, group: list[Record]) -> ReadBet: ...


def read_file(content: bytes, format_: str = AUTO, options: Options | None = None) -> Reading:
    """Read a file in a format of ``ImportFormat``, or in the one its header shows.

    Raises BadFile when it cannot be read at all, Unclear (a BadFile) when somebody has to say how.
    """
    text = text_of(content)
    if format_ == ImportFormat.BETTRACK or (format_ == AUTO and text.lstrip()[:1] in "{["):
        return read_json(text)
    table = table_of(text)
    found = format_of(table) if format_ == AUTO else format_
    module = TABLES.get(found, generic)
    if module is not generic and not table.has(*module.HEADER):
        wanted = ", ".join(module.HEADER)
        raise BadFile(f"This is not a file of {ImportFormat(found).label}: its columns are {wanted}.")
    reader: RowReader = module.Reader.of(table, options or Options())
    groups = combined(table.records) if found == ImportFormat.BET_ANALYTIX else ([r] for r in table.records)
    return read_groups(found, reader, groups)


def format_of(table: Table) -> str:
    """Return the first format whose columns the table has, by name; else the generic one."""
    if any(plain(name).startswith("profitloss") for name in table.header) and table.has(*betfair.HEADER):
        return ImportFormat.BETFAIR
    for found in (ImportFormat.PIKKIT, ImportFormat.BET_ANALYTIX):
        if table.has(*TABLES[found].HEADER):
            return found
    return ImportFormat.GENERIC


def combined(records: Iterable[Record]) -> Iterable[list[Record]]:
    """Put the rows without date, type and stake with the row above them."""
    group: list[Record] = []
    for record in records:
        is_below = group and not any(record.get(name) for name in ("Date", "Type", "Stake"))
        if is_below:
            group.append(record)
            continue
        if group:
            yield group
        group = [record]
    if group:
        yield group


def read_groups(found: str, reader: RowReader, groups: Iterable[list[Record]]) -> Reading:
    reading = Reading(found, [], [])
    for group in groups:
        try:
            reading.bets.append(reader.read(group))
        except BadRow as error:
            reading.errors.append(RowError(group[0].line, str(error)))
    return reading


def read_json(text: str) -> Reading:
    bets, bankrolls = bettrack_json.content_of(text)
    reading = Reading(ImportFormat.BETTRACK, [], [], bankrolls)
    for position, value in enumerate(bets, start=1):
        try:
            reading.bets.append(bettrack_json.read(position, value))
        except BadRow as error:
            reading.errors.append(RowError(position, str(error)))
    return reading
