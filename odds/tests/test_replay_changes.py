"""A replayed day against the change rows that an independent collector derived from the same responses.

Both record one row for each price or point that differs from the poll before, and one when a quote vanishes.
They differ in what a silence means. The collector writes ``_gone`` at the first poll without a quote, whatever the
reason, and the quote's return as a change. Here a quote that vanishes while its book still quotes the game is
withdrawn at once, which is the same; but a book, or a game, that is absent as a whole may be a hiccup: nothing
is written until the third poll without the book, nor when it returns with the price it had. So of the
collector's rows exactly those of such silences and returns have no counterpart here, and what is written here
beyond them are the withdrawals at the third poll, or at the book's return without the quote, and what had changed in
between. A price of seven digits, which cannot be odds, is refused here and recorded there; the same line's next row of
the collector's is then no change for us. Of a few events the collector kept nothing at all; they are left out. The first poll of a replay
fills an empty archive, so the comparison begins with the second.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from odds.models import OddSnapshot
from odds.replay import InTimeOrder, replay_odds

pytestmark = pytest.mark.django_db

REFUSED_FROM = 1_000_000
FOLDER = Path("odds_api_timeseries/dev")
Row = tuple[str, str, str, str, str, Decimal | None, Decimal | None]
"""Instant, event, book, market, outcome, price (None when gone), point."""
Pair = tuple[str, str]


def polls(path: Path, day: str) -> list[bytes]:
    with gzip.open(path) as stream:
        return [line for line in stream if line.startswith(b'{"snapshot_time":"' + day.encode())]


def collected(path: Path, day: str = "") -> Iterator[Row]:
    with gzip.open(path, "rt", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["snapshot_time"].startswith(day):
                gone = row["state"].endswith("_gone")
                yield (
                    row["snapshot_time"],
                    row["event_id"],
                    row["bookmaker"],
                    row["market"],
                    row["outcome"],
                    None if gone else Decimal(row["price"]),
                    None if gone or not row["point"] else Decimal(row["point"]),
                )


def written() -> Iterator[Row]:
    rows = OddSnapshot.objects.select_related("selection", "bookmaker", "game__home_team", "game__away_team")
    for row in rows:
        game, selection = row.game, row.selection
        assert game.home_team is not None
        assert game.away_team is not None
        names = {"home": game.home_team.name, "away": game.away_team.name}
        yield (
            row.captured_at.astimezone(dt.UTC).isoformat().replace("+00:00", "Z"),
            game.external_id,
            row.bookmaker.key,
            selection.market,
            names.get(selection.side, selection.side.title()),
            row.price,
            None if row.price is None else row.point,
        )


def presence(lines: list[bytes]) -> dict[str, set[Pair]]:
    """By instant, the (event, book) pairs that the response holds."""
    return {
        (poll := json.loads(line))["snapshot_time"]: {
            (event["id"], book["key"]) for event in poll["response"] for book in event["bookmakers"]
        }
        for line in lines
    }


def after_refusals(rows: list[Row]) -> set[Row]:
    """The rows that follow one whose price was refused: the line came back to what it had been for us all along."""
    refused: dict[tuple[str, str, str, str], bool] = {}
    found = set()
    for row in sorted(rows, key=lambda row: row[0]):
        line = row[1:5]
        if refused.get(line):
            found.add(row)
        refused[line] = is_refused(row)
    return found


def is_refused(row: Row) -> bool:
    return row[5] is not None and abs(row[5]) >= REFUSED_FROM


RECORDINGS = {
    "mlb": "mlb_snapshots_2026-07-18_19_full.jsonl.gz",
    "nfl": "nfl_snapshots_2025wk14_full.jsonl.gz",
    "wnba": "wnba_snapshots_2026-07-28_31_full.jsonl.gz",
    "worldcup": "worldcup_snapshots_2026-06-27_28_full.jsonl.gz",
}
QUICK = [
    ("wnba", "2026-07-28", 3_200, (6, 6)),
    ("mlb", "2026-07-18", 10_000, (283, 230)),
]
OTHERS = [
    ("wnba", "2026-07-29", 4_700, (138, 108)),
    ("wnba", "2026-07-30", 4_300, (74, 58)),
    ("wnba", "2026-07-31", 2_800, (68, 54)),
    ("mlb", "2026-07-19", 19_900, (518, 380)),
    ("worldcup", "2026-06-27", 6_500, (152, 87)),
    ("worldcup", "2026-06-28", 3_000, (173, 33)),
    ("nfl", "2025-12-02", 1_600, (409, 168)),
    ("nfl", "2025-12-03", 1_400, (84, 84)),
    ("nfl", "2025-12-04", 1_300, (0, 0)),
    ("nfl", "2025-12-05", 1_100, (8, 0)),
    ("nfl", "2025-12-06", 1_200, (6, 6)),
    ("nfl", "2025-12-07", 7_600, (711, 202)),
    ("nfl", "2025-12-08", 400, (0, 0)),
]
"""Every day of which responses and the collector's rows are recorded alike, with rows that are equal at least, and rows
that differ. Left out are two of the NFL: on 30 November the collector had polls of which no response is recorded, and
on 1 December it began with the second poll of each new game.
"""


@pytest.mark.parametrize(
    ("league", "day", "enough", "differing"),
    [*QUICK, *(pytest.param(*one, marks=pytest.mark.slow) for one in OTHERS)],
)
def test_the_changes_of_a_replayed_day_are_those_of_the_collector(
    shared_data: Path,
    tmp_path: Path,
    league: str,
    day: str,
    enough: int,
    differing: tuple[int, int],
) -> None:
    lines = polls(shared_data / FOLDER / RECORDINGS[league], day)
    path = tmp_path / "day.jsonl"
    path.write_bytes(b"".join(lines))
    replay_odds(InTimeOrder([path]))
    present = presence(lines)
    instants = sorted(present)
    of_collector = list(collected(shared_data / FOLDER / f"{league}_changes.csv.gz", day))
    events = {row[1] for row in collected(shared_data / FOLDER / f"{league}_changes.csv.gz")}
    ours = Counter(row for row in written() if row[0] != instants[0] and row[1] in events)
    theirs = Counter(row for row in of_collector if instants[0] < row[0] <= instants[-1])
    returned = after_refusals(of_collector)
    for row in theirs - ours:
        at, pair = instants.index(row[0]), (row[1], row[2])
        absent = [pair not in present[instant] for instant in instants[max(0, at - 2) : at]]
        if row[5] is None:
            assert pair not in present[row[0]], f"gone for the collector while its book is there: {row}"
        else:
            assert any(absent) or is_refused(row) or row in returned, f"not written: {row}"
    for row in ours - theirs:
        at, pair = instants.index(row[0]), (row[1], row[2])
        here = [pair in present[instant] for instant in instants[max(0, at - 2) : at + 1]]
        assert row[5] is None, f"not seen by the collector: {row}"
        assert not any(here) or (here[-1] and not all(here)), f"withdrawn: {row}"
    assert (ours & theirs).total() > enough
    assert ((theirs - ours).total(), (ours - theirs).total()) == differing
