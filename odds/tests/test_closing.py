"""Closing lines: what counts as the start, and how much of the archive has one."""

from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.tests.factories import UserFactory
from games.models import Game, ResultSource
from games.tests.factories import GameFactory, ScoreReadingFactory
from odds.closing import closing_coverage
from odds.models import Selection
from odds.partitions import create_months, month_of
from odds.prices import LONGEST_STANDING, LineAt, closing_prices
from odds.tests.factories import NOON, BookmakerFactory, SelectionFactory, SnapshotFactory

pytestmark = pytest.mark.django_db


def after(minutes: int) -> dt.datetime:
    return NOON + dt.timedelta(minutes=minutes)


@pytest.fixture
def game() -> Game:
    made: Game = GameFactory(commence_time=NOON)
    return made


@pytest.fixture
def moneyline(game: Game) -> Selection:
    made: Selection = SelectionFactory(game=game)
    return made


def quote(selection: Selection, key: str, **prices: int | None) -> None:
    """A price per minute after noon, ``m10`` before it and ``p10`` after it."""
    for at, price in prices.items():
        minutes = int(at[1:]) * (-1 if at[0] == "m" else 1)
        SnapshotFactory(
            selection=selection, bookmaker=BookmakerFactory(key=key), price=price, timestamp=after(minutes)
        )


def close(selection: Selection, key: str) -> Decimal | None:
    book = BookmakerFactory(key=key)
    line = LineAt(selection.game_id, selection.pk, book.pk, None, NOON)
    found = closing_prices([line]).get(line)
    return found and found.odds


def reading(game: Game, minutes: int, status: str, detail: str = "", source: str = ResultSource.ESPN) -> None:
    ScoreReadingFactory(
        game=game,
        status=status,
        status_detail=detail,
        source=source,
        read_at=after(minutes),
        home_score=None,
        away_score=None,
    )


def test_a_game_seen_under_way_before_its_announced_start_closes_there(
    game: Game, moneyline: Selection
) -> None:
    quote(moneyline, "pinnacle", m60=-110, m5=-250)
    assert close(moneyline, "pinnacle") == -250
    reading(game, -8, "live", "STATUS_IN_PROGRESS")
    assert close(moneyline, "pinnacle") == -110


def test_a_game_still_delayed_after_its_announced_start_closes_later(
    game: Game, moneyline: Selection
) -> None:
    quote(moneyline, "pinnacle", m60=-110, p20=-130, p50=-400)
    reading(game, 0, "live", "STATUS_RAIN_DELAY")
    reading(game, 30, "live", "STATUS_DELAYED")
    reading(game, 45, "live", "STATUS_IN_PROGRESS")
    assert close(moneyline, "pinnacle") == -130


def test_a_delay_after_play_began_moves_nothing(game: Game, moneyline: Selection) -> None:
    quote(moneyline, "pinnacle", m60=-110, p20=-400)
    reading(game, 1, "live", "STATUS_IN_PROGRESS")
    reading(game, 30, "live", "STATUS_RAIN_DELAY")
    assert close(moneyline, "pinnacle") == -110


def test_when_staff_typed_something_in_is_no_start(game: Game, moneyline: Selection) -> None:
    quote(moneyline, "pinnacle", m60=-110, m5=-250)
    reading(game, -30, "live", source=ResultSource.STAFF)
    assert close(moneyline, "pinnacle") == -250


def test_a_price_nobody_touched_for_months_is_no_closing_price(moneyline: Selection) -> None:
    old = NOON - LONGEST_STANDING - dt.timedelta(minutes=1)
    SnapshotFactory(selection=moneyline, bookmaker=BookmakerFactory(key="bovada"), timestamp=old)
    assert close(moneyline, "bovada") is None
    SnapshotFactory(
        selection=moneyline, bookmaker=BookmakerFactory(key="bovada"), timestamp=NOON - LONGEST_STANDING
    )
    assert close(moneyline, "bovada") == -110


def test_only_the_months_that_can_hold_a_close_are_read(moneyline: Selection) -> None:
    create_months([month_of(NOON + dt.timedelta(days=31 * step)) for step in range(-18, 6)])
    quote(moneyline, "pinnacle", m60=-110)
    with CaptureQueriesContext(connection) as queries:
        assert close(moneyline, "pinnacle") == -110
    statement = queries.captured_queries[-1]["sql"]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {statement}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    read = {word[:21] for word in plan.split() if word.startswith("odd_snapshots_20")}
    assert "odd_snapshots_2026_11" in read
    assert not {name for name in read if name < "odd_snapshots_2026_07" or name > "odd_snapshots_2026_11"}


def test_a_line_withdrawn_before_the_start_has_no_closing_price(game: Game, moneyline: Selection) -> None:
    quote(moneyline, "pinnacle", m60=-110, m5=None, p5=-130)
    quote(moneyline, "bovada", m60=-110, m30=None, m5=-120)
    quote(moneyline, "fanduel", m60=-110, p5=None)
    assert [close(moneyline, key) for key in ("pinnacle", "bovada", "fanduel")] == [None, -120, -110]


def test_a_withdrawal_ends_every_point_of_a_market_of_one_line_and_one_point_of_a_market_of_many(
    game: Game,
) -> None:
    pinnacle = BookmakerFactory(key="pinnacle")
    for market in ("spreads", "alternate_spreads"):
        line = SelectionFactory(game=game, market=market)
        for minutes, point, price in ((-60, "-3.5", -110), (-40, "-4.5", -105), (-20, "-4.5", None)):
            SnapshotFactory(
                selection=line,
                bookmaker=pinnacle,
                price=price,
                point=Decimal(point),
                timestamp=after(minutes),
            )
        wanted = [LineAt(game.pk, line.pk, pinnacle.pk, Decimal(point), NOON) for point in ("-3.5", "-4.5")]
        found = closing_prices(wanted)
        assert [found[each].odds if each in found else None for each in wanted] == [
            -110 if market == "alternate_spreads" else None,
            None,
        ]


@given(
    st.lists(
        st.tuples(
            st.integers(-90, 20),
            st.sampled_from([None, -110, -120, 130]),
            st.sampled_from(["-3.5", "-4.5"]),
            st.integers(0, 10),
        ),
        min_size=1,
        max_size=8,
        unique_by=lambda change: change[0],
    )
)
@settings(max_examples=25)
def test_coverage_counts_a_line_exactly_where_there_is_a_closing_price(
    changes: list[tuple[int, int | None, str, int]],
) -> None:
    """Whether a line stood at the start is one thing, however it is asked for."""
    with transaction.atomic():
        game = GameFactory(commence_time=NOON, status="live")
        line, pinnacle = SelectionFactory(game=game, market="spreads"), BookmakerFactory(key="pinnacle")
        for minutes, price, point, late in changes:
            SnapshotFactory(
                selection=line,
                bookmaker=pinnacle,
                price=price,
                point=Decimal(point),
                timestamp=after(minutes),
                captured_at=after(minutes + late),
            )
        found = closing_prices(
            [LineAt(game.pk, line.pk, pinnacle.pk, Decimal(point), NOON) for point in ("-3.5", "-4.5")]
        )
        (sport,) = closing_coverage(since=after(-600), until=after(1))
        assert sum(book.closed for book in sport.books) == bool(found)
        transaction.set_rollback(True)


def test_coverage_tells_standing_lines_from_withdrawn_and_unseen_ones(game: Game) -> None:
    Game.objects.update(status="live")
    home, away = SelectionFactory(game=game), SelectionFactory(game=game, side="away")
    quote(home, "pinnacle", m300=-110, m10=-120, p5=-500)
    quote(away, "pinnacle", m10=105)
    quote(home, "bovada", m10=-115, m5=None)
    quote(away, "late", p1=105)
    GameFactory(sport=game.sport, commence_time=after(-60), status="live")
    (sport,) = closing_coverage(since=after(-600), until=after(1))
    assert (sport.games, [book.key for book in sport.books]) == (2, ["pinnacle", "bovada"])
    pinnacle, bovada = sport.books
    assert (pinnacle.lines, pinnacle.closed, pinnacle.fresh, pinnacle.games_closed) == (2, 2, 2, 1)
    assert pinnacle.median_age == dt.timedelta(minutes=10)
    assert sport.share(pinnacle) == 50
    assert (bovada.lines, bovada.closed, bovada.withdrawn, bovada.median_age) == (1, 0, 1, None)
    assert sport.share(bovada) == 0


def test_a_game_that_never_began_is_not_counted(moneyline: Selection) -> None:
    quote(moneyline, "pinnacle", m10=-110)
    Game.objects.update(status="postponed")
    assert closing_coverage(since=after(-600), until=after(600)) == []


def test_the_command_prints_a_line_per_book(moneyline: Selection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: after(60))
    Game.objects.update(status="live")
    quote(moneyline, "pinnacle", m10=-110)
    out = io.StringIO()
    call_command("closing_lines", "--days", "3", stdout=out)
    assert "NBA: 1 games" in out.getvalue()
    assert "100.0 % of games" in out.getvalue()
    with pytest.raises(CommandError, match="--days must be between"):
        call_command("closing_lines", "--days", "0")


def test_the_page_shows_the_table_and_names_a_bad_span(
    client: Client, moneyline: Selection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: after(60))
    Game.objects.update(status="live")
    quote(moneyline, "pinnacle", m10=-110)
    client.force_login(UserFactory())
    page = client.get(reverse("odds:closing_lines"))
    assert "Pinnacle" in page.text
    assert "100.0&nbsp;%" in page.text
    refused = client.get(reverse("odds:closing_lines"), {"days": "31"})
    assert refused.status_code == 400
    assert "days: choose one of" in refused.text
