"""Archives move between installations whole, and months are dropped only where that was asked for."""

from __future__ import annotations

import datetime as dt
import errno
import hashlib
import io
import json
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from games.models import Game, ScoreReading, Team
from games.tests.factories import GameFactory
from odds import tasks
from odds.archive import ArchiveError, export_archive, import_archive
from odds.archive import tables as archive_tables
from odds.archive.exporting import claimed
from odds.models import Bookmaker, OddSnapshot, PriceImport, Selection
from odds.partitions import create_months, existing_partitions
from odds.prices import price_at
from odds.retention import apply_retention, expired_partitions
from odds.tests.factories import BookmakerFactory, PriceImportFactory, SelectionFactory, SnapshotFactory

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
SINCE, UNTIL = dt.datetime(2026, 10, 1, tzinfo=dt.UTC), dt.datetime(2026, 12, 1, tzinfo=dt.UTC)


@pytest.fixture
def prices() -> None:
    """Two games in two months: a moneyline and a prop, moves, a withdrawal, two changes at one instant."""
    create_months([dt.date(2026, 10, 1), dt.date(2026, 11, 1)])
    pinnacle, bovada = BookmakerFactory(key="pinnacle"), BookmakerFactory(key="bovada")
    final = GameFactory(commence_time=NOON - dt.timedelta(days=30), final=True)
    old = SelectionFactory(game=final)
    new = SelectionFactory(market="player_points", participant="Jayson “JT” Tatum, Jr.", side="over")
    for minutes, price in ((0, -110), (5, Decimal("-109.890110")), (5, 120), (9, None)):
        at = NOON - dt.timedelta(days=30, minutes=100 - minutes)
        SnapshotFactory(selection=old, bookmaker=pinnacle, price=price, timestamp=at)
    for minutes, point in ((0, "25.5"), (3, "26.5")):
        at = NOON + dt.timedelta(minutes=minutes, microseconds=7)
        for book in (pinnacle, bovada):
            SnapshotFactory(
                selection=new,
                bookmaker=book,
                point=Decimal(point),
                timestamp=at,
                captured_at=at + dt.timedelta(seconds=2),
            )
    PriceImportFactory(game=final, bookmaker=pinnacle)


def checksum() -> str:
    """Over every price change by its natural keys, in the order of the archive."""
    rows = OddSnapshot.objects.order_by("timestamp", "id").values_list(
        "game__external_id",
        "game__home_team__name",
        "game__status",
        "game__home_score",
        "selection__market",
        "selection__participant",
        "selection__side",
        "bookmaker__key",
        "price",
        "point",
        "timestamp",
        "captured_at",
    )
    marks = PriceImport.objects.values_list("game__external_id", "bookmaker__key", "source", "file_sha256")
    return hashlib.sha256(repr([*rows, *marks]).encode()).hexdigest()


def as_of_reads() -> list[object]:
    """What every book offered for every line at every moment at which anything changed."""
    moments = sorted(
        {at for pair in OddSnapshot.objects.values_list("timestamp", "captured_at") for at in pair}
    )
    return [
        price_at(selection=selection, bookmaker=book, point=point, instant=moment)
        for selection in Selection.objects.order_by("market", "game__external_id")
        for book in Bookmaker.objects.order_by("key")
        for point in (None, Decimal("25.5"), Decimal("26.5"))
        for moment in moments
    ]


def empty_database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("SET LOCAL session_replication_role = replica")  # the archive refuses to be emptied
        cursor.execute("TRUNCATE games, teams, sports, bookmakers CASCADE")
        cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    assert not OddSnapshot.objects.exists()


def export(folder: Path, file_format: str = "csv") -> dict[str, object]:
    return export_archive(folder=folder, since=SINCE, until=UNTIL, file_format=file_format)


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_an_archive_comes_back_identical_in_an_empty_database(
    prices: None, tmp_path: Path, file_format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("odds.archive.exporting.BATCH", 3)
    monkeypatch.setattr("odds.archive.tables.BATCH", 3)
    before, reads = checksum(), as_of_reads()
    assert any(reads)
    export(tmp_path / "out", file_format)
    empty_database()
    counts = import_archive(folder=tmp_path / "out", now=NOON)
    assert (counts.games_new, counts.prices_new) == (2, 8)
    assert checksum() == before
    assert as_of_reads() == reads
    assert ScoreReading.objects.get().source == "file"


def test_importing_again_writes_nothing(prices: None, tmp_path: Path) -> None:
    export(tmp_path / "out")
    before = checksum()
    for _ in range(2):
        counts = import_archive(folder=tmp_path / "out", now=NOON)
        assert (counts.prices, counts.prices_new, counts.games_new) == (8, 0, 0)
    assert checksum() == before
    assert Team.objects.count() == 4


def test_the_exported_files_are_the_same_each_time(prices: None, tmp_path: Path) -> None:
    assert export(tmp_path / "one") == export(tmp_path / "two")


def test_a_span_is_split_by_month_and_half_open(prices: None, tmp_path: Path) -> None:
    manifest = json.loads(json.dumps(export(tmp_path / "out")))
    rows = {file["name"]: file["rows"] for file in manifest["files"]}
    assert rows == {
        "bookmakers.csv": 2,
        "games.csv": 2,
        "imports.csv": 1,
        "prices-2026-10.csv": 4,
        "prices-2026-11.csv": 4,
    }
    first = OddSnapshot.objects.order_by("timestamp").first()
    assert first is not None
    none = export_archive(folder=tmp_path / "none", since=SINCE, until=first.timestamp, file_format="csv")
    assert [file["name"] for file in none["files"] if file["kind"] == "prices"] == []


def test_a_changed_file_is_refused_before_anything_is_written(prices: None, tmp_path: Path) -> None:
    export(tmp_path / "out")
    empty_database()
    path = tmp_path / "out" / "prices-2026-11.csv"
    path.write_text(path.read_text().replace("26.5", "27.5"))
    with pytest.raises(ArchiveError, match=r"prices-2026-11\.csv: does not match its checksum"):
        import_archive(folder=tmp_path / "out", now=NOON)
    assert not Game.objects.exists()


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_an_interrupted_export_is_no_archive_and_is_begun_anew_by_the_same_command(
    prices: None, tmp_path: Path, file_format: str
) -> None:
    whole = export(tmp_path / "whole", file_format)
    folder = tmp_path / "out"

    def break_off(name: str, rows: int) -> None:
        if name.startswith("prices-2026-10"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_archive(folder=folder, since=SINCE, until=UNTIL, file_format=file_format, on_file=break_off)
    assert (folder / f"prices-2026-10.{file_format}").exists()
    with pytest.raises(ArchiveError, match="its export was not finished; run “archive export” again"):
        import_archive(folder=folder, now=NOON)
    (folder / "prices-2020-01.csv").write_text("left by an export of another span")
    assert export(folder, file_format) == whole
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        path.name for path in (tmp_path / "whole").iterdir()
    )
    assert import_archive(folder=folder, now=NOON).prices_new == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("manifest.json", "it holds a finished archive"),
        ("letters.txt", r"letters\.txt is no file of an archive"),
        ("games.csv", "no export of ours was interrupted in it"),
    ],
)
def test_a_folder_with_anything_else_in_it_is_left_alone(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / name).write_text("mine")
    with pytest.raises(ArchiveError, match=said):
        export(tmp_path)
    assert (tmp_path / name).read_text() == "mine"


def test_two_exports_do_not_write_to_one_folder(prices: None, tmp_path: Path) -> None:
    with claimed(tmp_path / "out"), pytest.raises(ArchiveError, match="another export is writing to it"):
        export(tmp_path / "out")


def test_a_full_disk_says_what_to_do(prices: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("odds.archive.tables.CsvWriter.write", full)
    with pytest.raises(ArchiveError, match="No space left on device; run the same command again"):
        export(tmp_path / "out")


@pytest.mark.parametrize(
    "manifest", ["", "[]", '{"archive": "other", "version": 1, "format": "csv", "files": []}']
)
def test_a_folder_that_is_no_archive_says_so(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(ArchiveError, match=r"manifest\.json"):
        import_archive(folder=tmp_path, now=NOON)


@pytest.mark.parametrize(
    ("find", "write", "fault"),
    [
        ("-110.000000", "-50", "holds a row that cannot be stored: .*snapshot_price_is_american_odds"),
        ("-110.000000", "evens", 'holds a row that cannot be stored: .*numeric: "evens"'),
        ("T12:03:00", " at noon", "'2026-11-20 at noon.*' is not a time"),
        (
            ",pinnacle,",
            ",nobook,",
            "has a price of game .* at nobook, one of which its other files do not name",
        ),
    ],
)
def test_a_row_that_cannot_be_stored_names_its_file(
    prices: None, tmp_path: Path, find: str, write: str, fault: str
) -> None:
    export(tmp_path / "out")
    empty_database()
    path, manifest = tmp_path / "out" / "prices-2026-11.csv", tmp_path / "out" / "manifest.json"
    digest, text = archive_tables.checksum(path), path.read_text()
    assert find in text
    path.write_text(text.replace(find, write))
    manifest.write_text(manifest.read_text().replace(digest, archive_tables.checksum(path)))
    with pytest.raises(ArchiveError, match=rf"^prices-2026-11\.csv: {fault}"):
        import_archive(folder=tmp_path / "out", now=NOON)


def test_a_manifest_cannot_point_outside_of_its_folder(prices: None, tmp_path: Path) -> None:
    export(tmp_path / "out")
    manifest = tmp_path / "out" / "manifest.json"
    manifest.write_text(manifest.read_text().replace("games.csv", "../games.csv"))
    with pytest.raises(ArchiveError, match="is missing, or is no file of an archive"):
        import_archive(folder=tmp_path / "out", now=NOON)


def test_without_pyarrow_parquet_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr("importlib.import_module", missing)
    with pytest.raises(ArchiveError, match="pip install pyarrow"):
        export(tmp_path / "out", "parquet")


def test_statements_of_an_import_do_not_grow_with_the_rows(prices: None, tmp_path: Path) -> None:
    export(tmp_path / "few")
    selection = Selection.objects.get(market="h2h")
    for minute in range(60):
        SnapshotFactory(
            selection=selection,
            bookmaker=Bookmaker.objects.get(key="bovada"),
            timestamp=NOON - dt.timedelta(days=20, minutes=minute),
        )
    export(tmp_path / "many")
    counts = []
    for name in ("few", "many"):
        with CaptureQueriesContext(connection) as queries:
            import_archive(folder=tmp_path / name, now=NOON)
        counts.append(len([q for q in queries if "SAVEPOINT" not in q["sql"]]))
    assert counts[0] == counts[1]


def test_the_command_exports_and_imports(prices: None, tmp_path: Path) -> None:
    out = io.StringIO()
    folder = str(tmp_path / "out")
    call_command("archive", "export", folder, "--from", "2026-10-01", "--to", "2026-12-01", stdout=out)
    call_command("archive", "import", folder, stdout=out)
    assert "8 price changes in" in out.getvalue()
    assert "8 price changes read, 0 of them new" in out.getvalue()
    with pytest.raises(CommandError, match="is not empty"):
        call_command("archive", "export", folder, "--from", "2026-10-01", "--to", "2026-12-01")


def test_retention_is_off_by_default_and_never_takes_the_current_month(prices: None) -> None:
    assert tasks.drop_expired_partitions() == []
    assert expired_partitions(now=NOON, months=0) == []
    assert expired_partitions(now=NOON, months=1) == []
    december = NOON + dt.timedelta(days=20)
    assert expired_partitions(now=december, months=1) == ["odd_snapshots_2026_10"]


def test_a_month_beyond_retention_is_dropped_whole(prices: None) -> None:
    december = NOON + dt.timedelta(days=20)
    shown = apply_retention(now=december, months=1, dry_run=True)
    assert shown.dropped == ["odd_snapshots_2026_10"]
    assert OddSnapshot.objects.count() == 8
    report = apply_retention(now=december, months=1)
    assert report.dropped == ["odd_snapshots_2026_10"]
    assert OddSnapshot.objects.count() == 4
    assert "odd_snapshots_2026_10" not in existing_partitions()
    assert apply_retention(now=december, months=1).dropped == []


def test_a_month_with_prices_of_open_bets_is_kept(prices: None) -> None:
    Game.objects.filter(snapshots__timestamp__lt=NOON).update(bet_count=1, status="live")
    report = apply_retention(now=NOON + dt.timedelta(days=20), months=1)
    assert report.dropped == []
    assert report.kept == {"odd_snapshots_2026_10": "1 games with open bets have prices in it"}


def test_the_command_shows_before_it_drops(prices: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOON + dt.timedelta(days=20))
    out = io.StringIO()
    call_command("archive", "retention", stdout=out)
    call_command("archive", "retention", "--months", "1", stdout=out)
    assert "Retention is off" in out.getvalue()
    assert "odd_snapshots_2026_10 would be dropped" in out.getvalue()
    assert OddSnapshot.objects.count() == 8
    with pytest.raises(CommandError, match="--months must be between"):
        call_command("archive", "retention", "--months", "-1")
