from __future__ import annotations

import datetime as dt
import gzip
import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from bettrack.benchmarks.feed import Slate
from feeds.payloads import parse_odds

AT = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
SMALL = ("--games=40", "--per-response=20", "--books=2", "--rows=3000", "--rounds=1")
KEYS = [
    "changed_ratio_to_copy",
    "first_load_ratio_to_copy",
    "full_to_empty_ratio",
    "peak_mb",
    "rows_per_s",
    "storage_ratio",
    "unchanged_ratio_to_copy",
]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Two polls of a small slate, ten minutes apart, of which the second has changes."""
    slate, lines = Slate("r", 40, 4, 40), []
    for minutes in (0, 10):
        at = AT + dt.timedelta(minutes=minutes)
        [(_, body)] = slate.responses(at, changed=bool(minutes))
        lines.append(json.dumps({"snapshot_time": at.isoformat(), "response": json.loads(body)}))
    path = tmp_path / "polls.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(lines).encode()))
    return path


def test_responses_have_the_feeds_shape_and_the_wanted_share_of_changes() -> None:
    slate = Slate("a", 50, 12, 20)
    first, again, changed = (
        [parse_odds(body) for _, body in slate.responses(AT, changed=changed)]
        for changed in (False, False, True)
    )
    assert [len(parsed.events) for parsed in first] == [20, 20, 10]
    assert first == again
    assert not any(parsed.rejected for parsed in first)
    outcomes = [
        (before.price, after.price)
        for one, other in zip(first, changed, strict=True)
        for event, later in zip(one.events, other.events, strict=True)
        for book, book_later in zip(event.bookmakers, later.bookmakers, strict=True)
        for market, market_later in zip(book.markets, book_later.markets, strict=True)
        for before, after in zip(market.outcomes, market_later.outcomes, strict=True)
    ]
    assert len(outcomes) == slate.quotes == 50 * 12 * 6
    assert sum(before != after for before, after in outcomes) / len(outcomes) == pytest.approx(0.12, abs=0.02)


@pytest.mark.django_db(transaction=True)
def test_ingest_is_measured_in_a_database_that_is_gone_afterwards(recording: Path) -> None:
    out, err = StringIO(), StringIO()
    call_command("benchmark", "ingest", *SMALL, f"--recording={recording}", "--json", stdout=out, stderr=err)
    found = json.loads(out.getvalue())
    assert sorted(found) == KEYS
    assert all(number > 0 for number in found.values())
    assert found["storage_ratio"] < 1
    assert "filling the archive with 3,000 rows" in err.getvalue()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname = current_database() || '_ingest'")
        assert cursor.fetchone() == (0,)


def test_a_recording_that_is_not_there_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BETTRACK_TEST_DATA", str(tmp_path))
    with pytest.raises(CommandError, match=r"There is no recording .* BETTRACK_TEST_DATA"):
        call_command("benchmark", "ingest")


@pytest.mark.parametrize("wrong", ["--games=14", "--per-response=3", "--books=0", "--rows=0", "--rounds=0"])
def test_sizes_that_make_no_sense_are_refused(wrong: str) -> None:
    with pytest.raises(CommandError, match="at least 15 games"):
        call_command("benchmark", "ingest", wrong)
