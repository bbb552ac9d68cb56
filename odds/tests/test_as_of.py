from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from feeds.payloads import Book, Market, OddsEvent, Outcome
from games.models import Game
from games.tests.factories import GameFactory
from odds.as_of import OFFERS, offers_at, parameters, read_timeline
from odds.best_prices import best_on_main_lines
from odds.forms import read_instant
from odds.ingest import ingest_odds
from odds.models import CurrentOdds, Heartbeat, OddSnapshot, Selection
from odds.replay import InTimeOrder, replay_odds
from odds.tests.factories import NOON, HeartbeatFactory, PriceImportFactory
from odds.tests.quoting import book, move, selection

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
MLB = "odds_api_timeseries/dev/mlb_snapshots_2026-07-18_19_full.jsonl.gz"
Line = tuple[int, str, Decimal | None, Decimal]


def seen(game: Game, *keys: str) -> None:
    for key in keys or ("draftkings",):
        HeartbeatFactory(game=game, bookmaker=book(key))


def lines(games: Sequence[Game], at: dt.datetime, keys: Sequence[str]) -> set[Line]:
    return {
        (offer.selection_id, offer.book_key, offer.point, offer.price)
        for offer in offers_at([game.pk for game in games], keys, at)
    }


def current(**of: Game) -> set[Line]:
    return set(
        CurrentOdds.objects.filter(**of).values_list("selection_id", "bookmaker__key", "point", "price")
    )


@pytest.fixture
def game() -> Game:
    made: Game = GameFactory(commence_time=NOON + 6 * HOUR)
    return made


@pytest.fixture
def home(game: Game) -> Selection:
    seen(game)
    return selection(game, "h2h", "home")


def prices(game: Game, at: dt.datetime, market: str = "h2h") -> list[tuple[Decimal, Decimal | None]]:
    return [(offer.price, offer.point) for offer in offers_at([game.pk], [market], at)]


def test_the_last_change_known_by_then_is_what_was_offered(game: Game, home: Selection) -> None:
    for hours, price in ((0, -110), (2, -120), (4, -130)):
        move(home, price, NOON + hours * HOUR)
    assert prices(game, NOON - HOUR) == []
    assert prices(game, NOON) == [(Decimal(-110), None)]
    assert prices(game, NOON + 3 * HOUR) == [(Decimal(-120), None)]
    assert prices(game, NOON + 9 * HOUR) == [(Decimal(-130), None)]


def test_what_was_received_later_was_not_known(game: Game, home: Selection) -> None:
    move(home, -110, NOON)
    move(home, -150, NOON + HOUR)
    OddSnapshot.objects.bulk_create([
        OddSnapshot(
            game=game, selection=home, bookmaker=book("draftkings"), price=Decimal(200),
            timestamp=NOON + 2 * HOUR, captured_at=NOON + 5 * HOUR,
        )
    ])  # fmt: skip
    assert prices(game, NOON + 3 * HOUR) == [(Decimal(-150), None)]
    assert prices(game, NOON + 5 * HOUR) == [(Decimal(200), None)]


def test_a_withdrawn_line_is_not_offered_until_it_comes_back(game: Game, home: Selection) -> None:
    for hours, price in ((0, -110), (1, None), (2, -105)):
        move(home, price, NOON + hours * HOUR)
    assert prices(game, NOON + 1.5 * HOUR) == []
    assert prices(game, NOON + 2 * HOUR) == [(Decimal(-105), None)]


def test_of_changes_at_one_instant_the_later_written_counts(game: Game, home: Selection) -> None:
    move(home, -110, NOON)
    move(home, -115, NOON)
    assert prices(game, NOON) == [(Decimal(-115), None)]


def test_a_moved_point_replaces_the_old_one_where_a_book_has_one_line(game: Game, home: Selection) -> None:
    spread = selection(game, "spreads", "home")
    move(spread, -110, NOON, point="-2.5")
    move(spread, -112, NOON + HOUR, point="-3")
    assert prices(game, NOON + 2 * HOUR, "spreads") == [(Decimal(-112), Decimal(-3))]


def test_each_point_is_a_line_of_its_own_where_a_book_has_many(game: Game) -> None:
    over = selection(game, "player_points", "over", "Ann Able")
    HeartbeatFactory(game=game, bookmaker=book("draftkings"), scope="player_points")
    move(over, -110, NOON, point="20.5")
    move(over, 130, NOON, point="24.5")
    move(over, None, NOON + HOUR, point="20.5")
    assert prices(game, NOON, "player_points") == [
        (Decimal(-110), Decimal("20.5")),
        (Decimal(130), Decimal("24.5")),
    ]
    assert prices(game, NOON + HOUR, "player_points") == [(Decimal(130), Decimal("24.5"))]


def test_a_line_that_has_stood_for_months_is_found(game: Game, home: Selection) -> None:
    move(home, -110, NOON - dt.timedelta(days=300))
    assert prices(game, NOON) == [(Decimal(-110), None)]


def test_an_import_without_heartbeats_is_found_too(game: Game) -> None:
    move(selection(game, "h2h", "home"), -110, NOON)
    assert not Heartbeat.objects.exists()
    assert prices(game, NOON) == [(Decimal(-110), None)]


def test_an_imported_price_beside_polled_ones_is_found_too(game: Game, home: Selection) -> None:
    move(home, -110, NOON)
    move(home, -118, NOON, at="from_a_file")
    assert prices(game, NOON) == [(Decimal(-110), None)]
    PriceImportFactory(bookmaker=book("from_a_file"))
    assert sorted(prices(game, NOON)) == [(Decimal(-118), None), (Decimal(-110), None)]


def test_a_replayed_day_read_as_of_its_end_is_what_is_on_offer(shared_data: Path) -> None:
    replay_odds(islice(InTimeOrder([shared_data / MLB]), 60))
    games = list(Game.objects.all())
    keys = sorted(set(Selection.objects.values_list("market", flat=True)))
    last = OddSnapshot.objects.latest("captured_at").captured_at
    assert len(current()) > 500
    assert lines(games, last, keys) == current()
    assert lines(games, timezone.now(), keys) == current()


PRICE = st.one_of(st.none(), st.sampled_from([-140, -110, 100, 125]))
POLLS = st.lists(
    st.tuples(st.lists(PRICE, min_size=2, max_size=2), st.lists(PRICE, min_size=2, max_size=2)),
    min_size=1,
    max_size=7,
)


def polled(event_id: str, step: int, row: tuple[list[int | None], list[int | None]]) -> OddsEvent:
    books = []
    for key, quoted in zip(("a", "b"), row, strict=True):
        outcomes = [
            Outcome(name, Decimal(price), point, "")
            for name, price, point in zip(
                ("Over", "Under"), quoted, (Decimal(200 + step % 3),) * 2, strict=True
            )
            if price is not None
        ]
        lines = [
            Outcome("Over", Decimal(price), Decimal(20 + n), "Ann Able")
            for n, price in enumerate(quoted)
            if price is not None
        ]
        books.append(
            Book(
                key,
                key,
                None,
                (Market("totals", None, tuple(outcomes)), Market("player_points", None, tuple(lines))),
            )
        )
    return OddsEvent(event_id, "basketball_nba", "NBA", NOON + 99 * HOUR, "Home", "Away", tuple(books))


@settings(max_examples=25, deadline=None)
@given(polls=POLLS)
def test_whatever_is_polled_the_past_is_what_was_on_offer_then(
    polls: list[tuple[list[int | None], list[int | None]]],
) -> None:
    event_id = uuid.uuid4().hex
    offered = []
    for step, row in enumerate(polls):
        ingest_odds(
            events=[polled(event_id, step, row)],
            captured_at=NOON + step * HOUR,
            polled_markets=["totals", "player_points"],
        )
        game = Game.objects.get(external_id=event_id)
        offered.append(current(game=game))
    for step, then in enumerate(offered):
        assert lines([game], NOON + step * HOUR, ["totals", "player_points"]) == then


def test_the_past_is_read_by_the_index_of_lines_alone(game: Game, home: Selection) -> None:
    over = selection(game, "player_points", "over", "Ann Able")
    for hour in range(30):
        move(home, -110 - hour, NOON + hour * HOUR)
        move(over, -110 - hour, NOON + hour * HOUR, point="20.5")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE odd_snapshots")
        cursor.execute("SET LOCAL enable_seqscan = off")  # a table this small would be read whole
        cursor.execute(f"EXPLAIN {OFFERS}", parameters([game.pk], ["h2h", "player_points"], NOON))
        plan = "\n".join(row for (row,) in cursor.fetchall())
    assert "Seq Scan on odd_snapshots" not in plan
    line = "(game_id = pair.game_id) AND (selection_id = pair.selection_id) AND (bookmaker_id = pair.bookmaker_id)"
    assert f"Index Cond: ({line}" in plan


def test_best_prices_of_the_past_take_one_statement(
    game: Game, home: Selection, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number, price in enumerate((-110, 105, -120)):
        seen(game, f"book{number}")
        move(home, price, NOON, at=f"book{number}")
    with django_assert_num_queries(1):
        found = best_on_main_lines([game.pk], at=NOON)
    best = found[game.pk].get("h2h", "home")
    assert best is not None
    assert (best.price, best.book_key, found[game.pk].books) == (Decimal(105), "book1", 3)


def test_the_timeline_names_the_changes_beside_an_instant(game: Game, home: Selection) -> None:
    for hours in (0, 2, 4):
        move(home, -110 - hours, NOON + hours * HOUR)
    found = read_timeline(game.pk, [home.pk], NOON + 3 * HOUR)
    assert found is not None
    assert (found.first, found.last) == (NOON, NOON + 4 * HOUR)
    assert (found.before, found.after) == (NOON + 2 * HOUR, NOON + 4 * HOUR)
    now = read_timeline(game.pk, [home.pk])
    assert now is not None
    assert (now.before, now.after) == (NOON + 4 * HOUR, None)
    assert read_timeline(game.pk, []) is None
    assert read_timeline(GameFactory().pk, [home.pk]) is None


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-20T12:00:00Z", NOON),
        ("2026-11-20T13:00+01:00", NOON),
        ("1795262400", NOON + dt.timedelta(hours=0)),
        ("2026-11-20", dt.datetime(2026, 11, 20, tzinfo=dt.UTC)),
        ("yesterday", None),
        ("2026-13-01T00:00Z", None),
        ("", None),
    ],
)
def test_an_instant_is_read_with_its_zone(text: str, instant: dt.datetime | None) -> None:
    if text.isdigit() and instant is not None:
        text = str(int(instant.timestamp()))
    with timezone.override(dt.UTC):
        assert read_instant(text) == instant
