"""Results files: what they say is kept, what they do not say is not made up, and twice is as good as once."""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import io
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from games.models import Game, GameStatus, ResultSource, ScoreReading, Team
from games.tests.factories import GameFactory, SportFactory, TeamAliasFactory, TeamFactory
from odds.history import HistoryError, ImportCounts, import_file, read_file
from odds.history.football_data import collected_before
from odds.models import Bookmaker, OddSnapshot, PriceImport, Selection
from odds.prices import LineAt, closing_prices
from odds.tests.factories import PriceImportFactory, SelectionFactory, SnapshotFactory

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)
SEASON = """Div,Date,Time,HomeTeam,AwayTeam,FTHG,FTAG,FTR,B365H,B365D,B365A,MaxH,P>2.5,P<2.5,AHh,PAHH,PAHA,\
B365CH,B365CD,B365CA,PC>2.5,PC<2.5,AHCh,PCAHH,PCAHA
E0,16/08/2024,20:00,Man United,Fulham,1,0,H,1.6,4.2,5.25,1.7,1.9,2,-1,2.07,1.86,1.67,4.1,5,1.8,2.1,-0.75,1.83,2.11
E0,17/08/24,,Ipswich,Liverpool,0,2,A,8.5,5.5,1.33,9,,,,,,,,,,,,,
"""
GAMES = """game_id,gameday,gametime,away_team,away_score,home_team,home_score,away_moneyline,home_moneyline,\
spread_line,away_spread_odds,home_spread_odds,total_line,under_odds,over_odds
2017_01_KC_NE,2017-09-07,20:30,KC,42,NE,27,378.0,-441.0,8.0,103.0,-114.0,47.5,-102.0,-108.0
1999_01_OAK_GB,1999-09-12,,OAK,24,GB,28,,,10.0,,,42.0,,
2027_01_KC_NE,2027-09-07,20:30,KC,,NE,,378.0,-441.0,8.0,103.0,-114.0,47.5,-102.0,-108.0
"""


@pytest.fixture(autouse=True)
def leagues() -> None:
    united = TeamFactory(sport=SportFactory(key="soccer_epl", title="EPL"), name="Manchester United")
    TeamAliasFactory(team=united, name="Man United")
    SportFactory(key="americanfootball_nfl", title="NFL")


def load(folder: Path, text: str, name: str = "E0.csv") -> ImportCounts:
    path = folder / name
    path.write_text(text)
    return import_file(read_file(path), now=NOW)


def prices(market: str, side: str, book: str) -> list[tuple[Decimal | None, Decimal | None, dt.datetime]]:
    return list(
        OddSnapshot.objects.filter(selection__market=market, selection__side=side, bookmaker__key=book)
        .exclude(game__home_team__name="Ipswich")
        .values_list("price", "point", "timestamp")
    )


def checksum() -> str:
    """Over every row of what an import writes, ids included."""
    tables = (
        "games",
        "teams",
        "selections",
        "odd_snapshots",
        "bookmakers",
        "score_readings",
        "price_imports",
    )
    total = hashlib.sha256()
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT t::text FROM {table} t ORDER BY 1")  # noqa: S608
            total.update("\n".join(row for (row,) in cursor.fetchall()).encode())
    return total.hexdigest()


def test_a_season_brings_games_results_opening_and_closing_prices(tmp_path: Path) -> None:
    counts = load(tmp_path, SEASON)
    game = Game.objects.get(home_team__name="Manchester United")
    start = dt.datetime(2024, 8, 16, 19, tzinfo=dt.UTC)
    friday = dt.datetime(2024, 8, 16, 14, tzinfo=dt.UTC)
    assert (game.commence_time, game.status, game.home_score, game.away_score) == (start, "final", 1, 0)
    assert ScoreReading.objects.get(game=game).source == ResultSource.FILE
    opening, closing = prices("h2h", "home", "bet365")
    assert opening == (Decimal("-166.666667"), None, friday)
    assert closing == (Decimal("-149.253731"), None, start)
    assert prices("spreads", "away", "pinnacle") == [
        (Decimal("-116.279070"), Decimal("1.00"), friday),
        (Decimal("111.000000"), Decimal("0.75"), start),
    ]
    assert prices("totals", "over", "pinnacle")[0][1] == Decimal("2.50")
    assert counts.snapshots == OddSnapshot.objects.count() == 17
    assert (counts.games_new, counts.results, counts.start_unknown, counts.faults) == (2, 2, 1, [])


def test_the_closing_price_of_an_imported_game_is_the_files(tmp_path: Path) -> None:
    load(tmp_path, SEASON)
    game = Game.objects.get(home_team__name="Manchester United")
    selection = Selection.objects.get(game=game, market="h2h", side="home")
    book = Bookmaker.objects.get(key="bet365")
    line = LineAt(game.pk, selection.pk, book.pk, None, game.commence_time)
    assert closing_prices([line])[line].odds == Decimal("-149.253731")


def test_a_second_import_changes_nothing(tmp_path: Path) -> None:
    load(tmp_path, SEASON)
    load(tmp_path, GAMES, "games.csv")
    before = checksum()
    again = load(tmp_path, SEASON)
    load(tmp_path, GAMES, "games.csv")
    assert checksum() == before
    assert (again.snapshots, again.already, again.games_new) == (0, 17, 0)


def test_market_maxima_are_no_bookmaker(tmp_path: Path) -> None:
    load(tmp_path, SEASON)
    assert set(Bookmaker.objects.values_list("key", flat=True)) == {"bet365", "pinnacle"}


def test_nflverse_prices_close_and_points_without_a_price_are_no_quote(tmp_path: Path) -> None:
    counts = load(tmp_path, GAMES, "games.csv")
    assert prices("spreads", "home", "nflverse")[0][:2] == (-114, -8)
    assert prices("h2h", "away", "nflverse")[0][0] == 378
    book = Bookmaker.objects.get(key="nflverse")
    assert (book.active, book.sharpness) == (False, 0)
    assert (counts.snapshots, counts.without_price, counts.start_unknown) == (6, 4, 1)
    upcoming = Game.objects.get(external_id="nflverse-2027_01_KC_NE")
    assert upcoming.status == GameStatus.SCHEDULED
    assert not upcoming.snapshots.exists()


def test_bad_rows_and_columns_are_named_and_the_good_ones_kept(tmp_path: Path) -> None:
    lines = SEASON.splitlines()
    lines[1] = lines[1].replace(",1.6,", ",0.9,").replace(",4.2,", ",x,").replace(",-1,2.07", ",,2.07")
    lines += [
        lines[2].replace("E0", "X9"),
        lines[2].replace("17/08/24", "2024-31-12"),
        lines[2].replace("Liverpool", "Ipswich"),
        lines[2].replace("0,2", "0,two"),
        lines[2],
    ]
    counts = load(tmp_path, "\n".join(lines))
    assert [str(fault) for fault in counts.faults] == [
        "E0.csv:2: B365D: 'x' is not a number",
        "E0.csv:2: B365H: 0.9 is not decimal odds, which are above 1",
        "E0.csv:2: PAHA: a handicap price without its handicap in AHh",
        "E0.csv:2: PAHH: a handicap price without its handicap in AHh",
        "E0.csv:4: Div: the odds feed has no sport for the division 'X9'",
        "E0.csv:5: Date: '2024-31-12' is not a day such as 16/08/2024 or 16/08/24",
        "E0.csv:6: AwayTeam: is the home team as well",
        "E0.csv:7: FTAG: 'two' is not a score",
        "E0.csv:8: the game of line 3 again",
    ]
    assert (counts.games, counts.snapshots) == (2, 13)


def test_a_game_of_the_feed_gets_the_files_prices_and_no_twin(tmp_path: Path) -> None:
    united = Team.objects.get(name="Manchester United")
    fulham = TeamFactory(sport=united.sport, name="Fulham")
    late = dt.datetime(2024, 8, 16, 19, 4, tzinfo=dt.UTC)
    game = GameFactory(sport=united.sport, home_team=united, away_team=fulham, commence_time=late)
    counts = load(tmp_path, SEASON)
    assert Game.objects.count() == 2
    game.refresh_from_db()
    assert (game.status, game.home_score, game.commence_time) == ("final", 1, late)
    assert prices("h2h", "home", "bet365")[1][2] == late
    assert counts.games_new == 1


def test_a_result_on_record_stays_and_the_difference_is_told(tmp_path: Path) -> None:
    load(tmp_path, SEASON)
    changed = load(tmp_path, SEASON.replace("Fulham,1,0,H", "Fulham,1,1,D"))
    assert [str(fault) for fault in changed.faults] == ["E0.csv:2: another result is on record, which stays"]
    assert Game.objects.get(home_team__name="Manchester United").away_score == 0


def test_what_the_archive_itself_saw_is_not_mixed_with_a_file(tmp_path: Path) -> None:
    united = Team.objects.get(name="Manchester United")
    fulham = TeamFactory(sport=united.sport, name="Fulham")
    start = dt.datetime(2024, 8, 16, 19, tzinfo=dt.UTC)
    game = GameFactory(sport=united.sport, home_team=united, away_team=fulham, commence_time=start)
    seen = SnapshotFactory(
        selection=SelectionFactory(game=game),
        bookmaker__key="pinnacle",
        timestamp=start - dt.timedelta(hours=1),
    )
    counts = load(tmp_path, SEASON)
    assert list(OddSnapshot.objects.filter(bookmaker__key="pinnacle")) == [seen]
    assert counts.recorded == 8
    assert not PriceImport.objects.filter(game=game, bookmaker__key="pinnacle").exists()


def test_imported_prices_are_marked_with_their_file(tmp_path: Path) -> None:
    load(tmp_path, SEASON)
    mark = PriceImport.objects.filter(bookmaker__key="pinnacle").get()
    assert (mark.source, mark.file_name, mark.imported_at) == ("football_data", "E0.csv", NOW)
    assert mark.file_sha256 == hashlib.sha256(SEASON.encode()).hexdigest()


@pytest.mark.parametrize(
    ("body", "reading"),
    [
        (b"\xef\xbb\xbf" + SEASON.encode(), "a mark at its start"),
        (SEASON.replace("Fulham", "Fülham").encode("cp1252"), "Windows' encoding"),
        (gzip.compress(SEASON.encode(), mtime=0), "gzip"),
        (SEASON.replace("\n", "\r\n").encode() + b",,,,\r\n\r\n", "empty lines"),
    ],
)
def test_old_encodings_are_read(tmp_path: Path, body: bytes, reading: str) -> None:
    path = tmp_path / "E0.csv"
    path.write_bytes(body)
    counts = import_file(read_file(path), now=NOW)
    assert (counts.games, counts.faults) == (2, []), reading


@pytest.mark.parametrize(
    "body", [b"", b"a,b\n1,2\n", b"\x1f\x8bxx", gzip.compress(SEASON.encode(), mtime=0)[:60]]
)
def test_a_file_of_no_known_format_says_so(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "E0.csv"
    path.write_bytes(body)
    with pytest.raises(HistoryError, match=r"E0\.csv"):
        read_file(path)


def test_prices_besides_the_closing_ones_are_dated_by_the_days_they_are_collected() -> None:
    saturday = dt.datetime(2024, 8, 17, 14, tzinfo=dt.UTC)
    assert collected_before(saturday) == dt.datetime(2024, 8, 16, 14, tzinfo=dt.UTC)
    assert collected_before(saturday + dt.timedelta(days=4)) == dt.datetime(2024, 8, 20, 14, tzinfo=dt.UTC)
    tuesday_noon = dt.datetime(2024, 8, 20, 11, tzinfo=dt.UTC)
    assert collected_before(tuesday_noon) == dt.datetime(2024, 8, 16, 14, tzinfo=dt.UTC)


def test_statements_do_not_grow_with_the_rows(tmp_path: Path) -> None:
    load(tmp_path, SEASON)  # partitions of the months
    header, first, _ = SEASON.splitlines()

    def statements(count: int, name: str) -> int:
        lines = [first.replace("Man United", f"{name} {number}") for number in range(count)]
        with CaptureQueriesContext(connection) as queries:
            load(tmp_path, "\n".join([header, *lines]))
        return len(queries)

    assert statements(2, "Town") == statements(60, "City")


def test_the_command_reports_and_fails_when_nothing_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "E0.csv"
    path.write_text(SEASON)
    out = io.StringIO()
    call_command("import_history", str(path), stdout=out, stderr=io.StringIO())
    assert "snapshots written" in out.getvalue()
    assert "Ipswich" in out.getvalue()
    with pytest.raises(CommandError, match="No file could be read"):
        call_command("import_history", str(tmp_path / "none.csv"), stderr=io.StringIO())


def test_an_import_names_a_known_source() -> None:
    with pytest.raises(IntegrityError, match="import_source_is_known"):
        PriceImportFactory(source="hearsay")


ONE_OF_EACH = ("soccer/footballdata_E0_*.csv", "nfl/games_2017_*.csv")
ALL = ("soccer/footballdata_E*.csv", "nfl/games_*.csv")


@pytest.mark.parametrize(
    "patterns", [ONE_OF_EACH, pytest.param(ALL, marks=pytest.mark.slow)], ids=["one of each", "all"]
)
def test_real_seasons_are_read_whole(shared_data: Path, patterns: tuple[str, ...]) -> None:
    folder = shared_data / "results_odds"
    for key in ("soccer_efl_champ", "soccer_england_league1", "soccer_england_league2"):
        SportFactory(key=key, title=key)
    paths = [path for pattern in patterns for path in sorted(folder.glob(pattern))]
    assert len(paths) >= len(patterns)
    total = ImportCounts()
    for path in paths:
        total += import_file(read_file(path), now=NOW)
    assert total.games == total.results == total.rows == Game.objects.final().count()
    assert total.snapshots == OddSnapshot.objects.count()
    assert {fault.reason for fault in total.faults} <= {"0 is not decimal odds, which are above 1"}
    assert len(total.faults) < 10
    before = checksum()
    for path in paths:
        assert import_file(read_file(path), now=NOW).snapshots == 0
    assert checksum() == before
