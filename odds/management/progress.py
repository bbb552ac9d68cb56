"""How long replays report: a bar on a terminal, nothing elsewhere, and a counted summary in both."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from django.core.management.base import OutputWrapper
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from odds.replay import InTimeOrder, ReplayReport

MOST_REASONS = 20


@contextmanager
def progress_over(recordings: InTimeOrder, what: str) -> Iterator[Callable[[], None]]:
    """Yield the function to call after each recording; the bar is drawn only when stderr is a terminal."""
    console = Console(file=sys.stderr)
    if not console.is_terminal:
        yield lambda: None
        return
    columns = (TextColumn(what), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=recordings.total)
        yield lambda: progress.update(task, completed=recordings.done)


def wide(rows: Mapping[str, int]) -> str:
    """Names on the left, numbers flush right."""
    width = max(map(len, rows))
    return "\n".join(f"{name:<{width}}  {number:>12,}" for name, number in rows.items())


def show_rejected(out: OutputWrapper, report: ReplayReport) -> None:
    """What was refused by reason, commonest first, and what kinds of recordings were passed over."""
    for reason, count in report.rejected.most_common(MOST_REASONS):
        out.write(f"  {count:>6,} × {reason}")
    if len(report.rejected) > MOST_REASONS:
        out.write(f"  and {len(report.rejected) - MOST_REASONS} other reasons")
    for kind, count in sorted(report.passed_over.items()):
        out.write(f"passed over: {count:,} recordings of {kind}")
    if report.bad:
        out.write(f"unreadable: {len(report.bad):,} files or lines")
