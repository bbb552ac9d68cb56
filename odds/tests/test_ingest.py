from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feeds.payloads import Book, Market, OddsEvent, Outcome, Rejected
from games.models import Game
from odds.ingest import IngestCounts, ingest_odds
from odds.models import Bookmaker, CurrentOdds, Heartbeat, OddSnapshot, Selection

pytestmark = pytest.mark.django_db

T0 = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
HOME, AWAY = "Boston Celtics", "Los Angeles Lakers"
TABLES = (
    "games",
    "bookmakers",
    "selections",
    "odd_snapshots",
    "current_odds",
    "heartbeats",
    "commence_times",
)


def minute(count: int) -> dt.datetime:
    return T0 + dt.timedelta(minutes=count)


def outcome(name: str, price: int | str, point: str | None = None, description: str = "") -> Outcome:
    return Outcome(name, Decimal(price), None if point is None else Decimal(point), description)


def moneyline(home: int = -150, away: int = 130, *, at: dt.datetime | None = None) -> Market:
    return Market("h2h", at, (outcome(HOME, home), outcome(AWAY, away)))


def spread(
    point: str = "-3.5", home: int = -110, away: int = -110, *, at: dt.datetime | None = None
) -> Market:
    opposite = str(-Decimal(point))
    return Market("spreads", at, (outcome(HOME, home, point), outcome(AWAY, away, opposite)))


def points(*lines: tuple[str, int], at: dt.datetime | None = None) -> Market:
    return Market(
        "player_points", at, tuple(outcome("Over", price, point, "Jayson Tatum") for point, price in lines)
    )


def book(*markets: Market, key: str = "draftkings") -> Book:
    return Book(key, key.title(), None, markets)


def event(*books: Book, external_id: str = "e1") -> OddsEvent:
    return OddsEvent(external_id, "basketball_nba", "NBA", minute(600), HOME, AWAY, books)


def ingest(
    *books: Book, at: int, markets: Iterable[str] | None = ("h2h", "spreads", "totals")
) -> IngestCounts:
    return ingest_odds(events=[event(*books)], captured_at=minute(at), polled_markets=markets)


def archive() -> list[tuple[str, str, int | None, str | None]]:
    """Market, side, price and point of every change in order."""
    rows = OddSnapshot.objects.order_by("captured_at", "selection__market", "selection__side", "point")
    return [
        (
            row.selection.market,
            row.selection.side,
            None if row.price is None else int(row.price),
            None if row.point is None else str(row.point),
        )
        for row in rows.select_related("selection")
    ]


def checksums() -> list[tuple[str, int, str]]:
    sums = []
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(
                f"SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} t"  # noqa: S608
            )
            sums.append((table, *cursor.fetchone()))
    return sums


def test_first_response_fills_every_table() -> None:
    counts = ingest(book(moneyline(at=T0), spread(at=T0)), at=1)
    assert (counts.events, counts.games_new, counts.quotes, counts.snapshots) == (1, 1, 4, 4)
    assert Game.objects.filter(home_team__name=HOME, away_team__name=AWAY).count() == 1
    assert Bookmaker.objects.get().title == "Draftkings"
    assert Selection.objects.count() == CurrentOdds.objects.count() == 4
    offer = CurrentOdds.objects.get(selection__market="spreads", selection__side="away")
    assert (offer.price, offer.point, offer.previous_price) == (Decimal(-110), Decimal("3.5"), None)
    assert (offer.timestamp, offer.changed_at) == (T0, minute(1))
    beat = Heartbeat.objects.get()
    assert (beat.scope, beat.seen_at, beat.polled_at, beat.missed) == ("featured", minute(1), minute(1), 0)


def test_the_same_response_twice_changes_nothing() -> None:
    ingest(book(moneyline(), spread()), at=1)
    before = checksums()
    counts = ingest(book(moneyline(), spread()), at=1)
    assert checksums() == before
    assert (counts.snapshots, counts.stale) == (0, 4)


def test_an_unchanged_poll_writes_no_snapshot_but_a_heartbeat() -> None:
    ingest(book(moneyline()), at=1)
    counts = ingest(book(moneyline(at=minute(2))), at=3)
    assert (counts.snapshots, counts.unchanged) == (0, 2)
    assert OddSnapshot.objects.count() == 2
    assert Heartbeat.objects.get().seen_at == minute(3)


def test_a_changed_price_is_one_row_and_keeps_the_price_before() -> None:
    ingest(book(moneyline(-150, 130, at=T0)), at=1)
    counts = ingest(book(moneyline(-160, 130, at=minute(2))), at=3)
    assert counts.snapshots == 1
    offer = CurrentOdds.objects.get(selection__side="home")
    assert (offer.price, offer.previous_price, offer.timestamp, offer.changed_at) == (
        Decimal(-160),
        Decimal(-150),
        minute(2),
        minute(3),
    )
    assert archive()[-1] == ("h2h", "home", -160, None)


def test_a_moved_point_of_a_main_line_is_one_row_and_replaces_the_offer() -> None:
    ingest(book(spread("-3.5")), at=1)
    counts = ingest(book(spread("-4.5", -105)), at=2)
    assert (counts.snapshots, counts.withdrawals) == (2, 0)
    assert archive()[2:] == [("spreads", "away", -110, "4.50"), ("spreads", "home", -105, "-4.50")]
    offer = CurrentOdds.objects.get(selection__side="home")
    assert (offer.point, offer.price, offer.previous_price) == (Decimal("-4.5"), Decimal(-105), None)


def test_a_vanished_point_of_a_prop_is_a_withdrawal_and_a_new_one_an_arrival() -> None:
    ingest(book(points(("25.5", -110), ("30.5", 200))), at=1, markets=["player_points"])
    counts = ingest(book(points(("25.5", -110), ("29.5", 180))), at=2, markets=["player_points"])
    assert (counts.snapshots, counts.withdrawals, counts.unchanged) == (2, 1, 1)
    assert archive()[2:] == [
        ("player_points", "over", 180, "29.50"),
        ("player_points", "over", None, "30.50"),
    ]
    assert set(CurrentOdds.objects.values_list("point", flat=True)) == {Decimal("25.5"), Decimal("29.5")}


def test_a_market_gone_from_a_book_that_is_there_is_withdrawn_at_once() -> None:
    ingest(book(moneyline(), spread()), at=1)
    counts = ingest(book(moneyline()), at=2)
    assert (counts.withdrawals, counts.snapshots, counts.unchanged) == (2, 2, 2)
    gone = OddSnapshot.objects.filter(price=None)
    assert {(row.timestamp, row.captured_at) for row in gone} == {(minute(2), minute(2))}
    assert set(CurrentOdds.objects.values_list("selection__market", flat=True)) == {"h2h"}


def test_a_market_that_was_not_asked_for_is_not_withdrawn() -> None:
    ingest(book(moneyline(), spread()), at=1)
    assert ingest(book(moneyline()), at=2, markets=["h2h"]).withdrawals == 0
    assert CurrentOdds.objects.count() == 4


def test_a_recording_speaks_of_the_markets_it_holds() -> None:
    ingest(book(moneyline(), spread()), at=1)
    counts = ingest(book(moneyline()), book(spread(), key="fanduel"), at=2, markets=None)
    assert counts.withdrawals == 2
    assert ingest(book(moneyline()), book(moneyline(), key="fanduel"), at=3, markets=None).withdrawals == 0


def test_a_book_absent_for_two_polls_keeps_its_lines_and_loses_them_at_the_third() -> None:
    other = book(moneyline(), key="fanduel")
    ingest(book(moneyline()), other, at=1)
    assert ingest(other, at=2).withdrawals == 0
    assert ingest(other, at=3).withdrawals == 0
    assert Heartbeat.objects.get(bookmaker__key="draftkings").missed == 2
    assert ingest(other, at=4).withdrawals == 2
    assert not CurrentOdds.objects.filter(bookmaker__key="draftkings").exists()
    assert ingest(other, at=5).withdrawals == 0


def test_a_book_that_comes_back_in_time_starts_anew() -> None:
    other = book(moneyline(), key="fanduel")
    ingest(book(moneyline()), other, at=1)
    ingest(other, at=2)
    ingest(other, at=3)
    assert ingest(book(moneyline()), other, at=4).snapshots == 0
    ingest(other, at=5)
    ingest(other, at=6)
    assert CurrentOdds.objects.count() == 4


def test_a_repeated_response_does_not_count_as_another_miss() -> None:
    other = book(moneyline(), key="fanduel")
    ingest(book(moneyline()), other, at=1)
    for _ in range(4):
        ingest(other, at=2)
    assert Heartbeat.objects.get(bookmaker__key="draftkings").missed == 1


def test_a_late_response_changes_nothing() -> None:
    ingest(book(moneyline(-150)), at=5)
    before = checksums()
    counts = ingest(book(moneyline(-140)), at=4)
    assert counts.stale == 2
    assert checksums() == before


def test_a_late_response_does_not_bring_back_a_book_the_newer_one_lacked() -> None:
    ingest(book(moneyline(), key="fanduel"), at=5)
    ingest(book(moneyline()), book(moneyline(), key="fanduel"), at=4)
    assert not CurrentOdds.objects.filter(bookmaker__key="draftkings").exists()


def test_props_are_polled_apart_from_the_main_lines() -> None:
    ingest(book(points(("25.5", -110))), at=5, markets=["player_points"])
    assert ingest(book(moneyline()), at=4).snapshots == 2
    assert set(Heartbeat.objects.values_list("scope", flat=True)) == {"featured", "player_points"}
    ingest(book(moneyline()), at=6)
    assert CurrentOdds.objects.filter(selection__market="player_points").exists()


def test_a_change_is_never_dated_before_the_one_it_follows() -> None:
    ingest(book(moneyline(-150, at=minute(4))), at=5)
    ingest(book(moneyline(-160, at=minute(3))), at=6)
    stamps = (
        OddSnapshot.objects.filter(selection__side="home").order_by("id").values_list("timestamp", flat=True)
    )
    assert list(stamps) == [minute(4), minute(4)]


def test_a_line_that_returns_is_never_dated_before_its_withdrawal() -> None:
    ingest(book(moneyline(), spread(at=minute(1))), at=2)
    ingest(book(moneyline()), at=3)
    ingest(book(moneyline(), spread(at=minute(1))), at=4)
    rows = OddSnapshot.objects.filter(selection__market="spreads", selection__side="home").order_by("id")
    assert [(row.price and int(row.price), row.timestamp) for row in rows] == [
        (-110, minute(1)),
        (None, minute(3)),
        (-110, minute(3)),
    ]


def test_a_timestamp_is_never_after_receipt() -> None:
    ingest(book(moneyline(at=minute(60))), at=1)
    assert set(OddSnapshot.objects.values_list("timestamp", flat=True)) == {minute(1)}


def test_a_refused_price_is_counted_and_not_taken_for_a_withdrawal() -> None:
    ingest(book(moneyline()), at=1)
    half = Market("h2h", None, (outcome(HOME, -150),))
    refused = Rejected(
        "events[0](e1).bookmakers[0](draftkings).markets[0](h2h).outcomes[1]", "cannot be odds"
    )
    counts = ingest_odds(
        events=[event(book(half))], captured_at=minute(2), polled_markets=["h2h"], rejected=[refused]
    )
    assert (counts.withdrawals, counts.rejected) == (0, {"cannot be odds": 1})
    assert CurrentOdds.objects.count() == 2


def test_a_refused_market_leaves_the_books_other_markets_alone() -> None:
    ingest(book(moneyline(), spread()), at=1)
    refused = Rejected("events[0](e1).bookmakers[0](draftkings).markets[1]", "not an object")
    counts = ingest_odds(
        events=[event(book(moneyline()))],
        captured_at=minute(2),
        polled_markets=["h2h", "spreads"],
        rejected=[refused],
    )
    assert counts.withdrawals == 0


@pytest.mark.parametrize(
    ("market", "reason"),
    [
        (Market("m" * 65, None, (outcome(HOME, 100),)), "market key is longer than 64 characters"),
        (Market("spreads", None, (outcome(HOME, 100, "1.125"),)), "point has more than two decimals"),
        (
            Market("spreads", None, (outcome(HOME, 100, "1"), outcome(HOME, 110, "2"))),
            "a second price for the same selection",
        ),
        (
            Market("mystery", None, (outcome("r" * 161, 100),)),
            "participant is longer than 160 characters",
        ),
    ],
)
def test_what_fits_no_column_is_rejected_with_its_reason(market: Market, reason: str) -> None:
    counts = ingest(book(moneyline(), market), at=1)
    assert counts.rejected == {reason: 1}
    assert CurrentOdds.objects.filter(selection__market="h2h").count() == 2


def test_an_unknown_market_is_stored() -> None:
    mystery = Market("to_be_decided", None, (outcome("Something", 250), outcome("Draw", 300)))
    ingest(book(mystery), at=1, markets=None)
    stored = Selection.objects.filter(market="to_be_decided").values_list("participant", "side")
    assert set(stored) == {("Something", "win"), ("", "draw")}


def test_an_event_without_books_is_a_game_and_a_missed_poll() -> None:
    assert ingest(at=1).games_new == 1
    ingest(book(moneyline()), at=2)
    ingest(at=3)
    assert Heartbeat.objects.get().missed == 1


def test_an_outright_is_stored_runner_by_runner() -> None:
    winner = OddsEvent(
        "o1",
        "golf_us_open_winner",
        "US Open",
        minute(600),
        None,
        None,
        (book(Market("outrights", None, (outcome("Scheffler", 400), outcome("Draw Smith", 9000)))),),
    )
    ingest_odds(events=[winner], captured_at=minute(1))
    assert set(Selection.objects.values_list("participant", "side")) == {
        ("Scheffler", "win"),
        ("Draw Smith", "win"),
    }


def many(count: int, price: int = -110) -> list[OddsEvent]:
    books = [book(moneyline(price), spread("-3.5", price), key=f"book{n}") for n in range(4)]
    return [event(*books, external_id=f"{count}-{n}") for n in range(count)]


def test_the_number_of_statements_does_not_depend_on_the_size_of_the_response() -> None:
    statements = []
    for size, at in ((2, 1), (60, 2)):
        with CaptureQueriesContext(connection) as first:
            ingest_odds(events=many(size), captured_at=minute(at))
        with CaptureQueriesContext(connection) as unchanged:
            ingest_odds(events=many(size), captured_at=minute(at + 10))
        with CaptureQueriesContext(connection) as changed:
            ingest_odds(events=many(size, -112), captured_at=minute(at + 20))
        statements.append((len(unchanged), len(changed)))
        assert len(first) <= 40
    assert statements[0] == statements[1]
    assert statements[1][0] <= 9


@pytest.mark.skipif(settings.DATABASE_POOLED, reason="looked for in each session: bettrack/tests/pooling.py")
@pytest.mark.django_db(transaction=True)
def test_commit_waits_for_the_disk_again_after_the_ingest() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")
        ingest(book(moneyline()), at=1)
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",)


def test_rows_of_old_recordings_find_their_month() -> None:
    old = dt.datetime(2021, 3, 5, tzinfo=dt.UTC)
    ingest_odds(events=[event(book(moneyline()))], captured_at=old)
    with connection.cursor() as cursor:
        cursor.execute("SELECT DISTINCT tableoid::regclass::text FROM odd_snapshots")
        assert cursor.fetchall() == [("odd_snapshots_2021_03",)]
