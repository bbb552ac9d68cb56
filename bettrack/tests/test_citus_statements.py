"""Across shards every statement over archive and board is one that Citus documents it takes, and says the same."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import UserFactory
from bets import tasks as bet_tasks
from bets.models import Bankroll
from bets.placement.asked import LegAsked
from bets.placement.standing import on_offer
from bets.slip.entry.reading import read_text
from bets.tests.factories import WebhookFactory, offered, place
from bets.webhooks import tasks as webhook_tasks
from bettrack.tests.api_callers import routes, with_key
from bettrack.tests.api_world import ids_of_world
from bettrack.tests.api_writes import bet_to_place
from bettrack.tests.citus_rules import RULES, faults, reach
from bettrack.tests.test_api_permissions import concrete
from feeds.payloads import Book, OddsEvent
from games.models import Game
from odds import sparklines, tasks
from odds.archive import export_archive, import_archive
from odds.as_of import matches_between, offers_at
from odds.best_prices import best_on_main_lines
from odds.closing import closing_coverage
from odds.closing_accuracy import closing_accuracy
from odds.edges.offers import read_lines_of
from odds.first_movers import first_movers
from odds.futures import read_fields
from odds.ingest import ingest_odds
from odds.models import Bookmaker, CurrentOdds, OddSnapshot
from odds.prices import LineAt, closing_prices
from odds.retention import apply_retention
from odds.tests.factories import BookmakerFactory
from odds.tests.quoting import move, quote
from odds.tests.test_ingest import AWAY, HOME, minute, moneyline, points, spread
from odds.tests.test_ingest import book as quotes_of

HOUR = dt.timedelta(hours=1)

REFUSED = [
    ("modifying CTE", "WITH gone AS (DELETE FROM current_odds WHERE game_id = ANY(%s) RETURNING *) INSERT INTO odd_snapshots SELECT * FROM gone"),
    ("modifying CTE", "WITH new AS (INSERT INTO selections (game_id) SELECT unnest(%s::uuid[]) RETURNING id) SELECT id FROM new"),
    ("recursive CTE", "WITH RECURSIVE r AS (SELECT id FROM odd_snapshots UNION ALL SELECT o.id + 1 FROM odd_snapshots o JOIN r ON r.id = o.id) SELECT * FROM r"),
    ("lock", "SELECT price FROM current_odds WHERE game_id = ANY(%s) FOR UPDATE"),
    ("sample", "SELECT price FROM odd_snapshots TABLESAMPLE BERNOULLI (1)"),
    ("grouping sets", "SELECT game_id, bookmaker_id, count(*) FROM odd_snapshots GROUP BY ROLLUP (game_id, bookmaker_id)"),
    ("window", "SELECT lag(price) OVER (PARTITION BY selection_id ORDER BY id) FROM odd_snapshots WHERE game_id = ANY(%s)"),
    ("join", "SELECT 1 FROM odd_snapshots o JOIN current_odds c ON c.selection_id = o.selection_id"),
    ("join", "UPDATE current_odds c SET price = o.price FROM odd_snapshots o WHERE o.selection_id = c.selection_id"),
    ("outer join", "SELECT g.id FROM games g LEFT JOIN current_odds c ON c.game_id = g.id"),
    ("outer join", "SELECT 1 FROM current_odds c RIGHT JOIN unnest(%s::uuid[]) AS w (id) ON w.id = c.game_id"),
    ("outer join", "SELECT 1 FROM current_odds c FULL JOIN heartbeats h ON h.game_id = c.game_id"),
    ("correlated", "SELECT g.id FROM games g WHERE EXISTS (SELECT 1 FROM current_odds c WHERE c.game_id = g.id)"),
    ("correlated", "SELECT c.id FROM current_odds c WHERE price > (SELECT max(o.price) FROM odd_snapshots o WHERE o.selection_id = c.selection_id GROUP BY o.game_id)"),
    ("correlated", "SELECT 1 FROM unnest(%s::uuid[]) AS w (id) CROSS JOIN LATERAL (SELECT price FROM odd_snapshots o WHERE o.game_id = w.id) last"),
    ("correlated part", "SELECT c.id FROM current_odds c CROSS JOIN LATERAL (SELECT o.price FROM odd_snapshots o WHERE o.game_id = c.game_id ORDER BY o.id LIMIT 1) last"),
    ("insert", "INSERT INTO odd_snapshots (game_id, price) VALUES (%s, (SELECT max(price) FROM bets))"),
    ("conflict", "INSERT INTO current_odds (game_id, line) VALUES (%s, 1) ON CONFLICT (line) DO UPDATE SET price = excluded.price"),
    ("conflict", "INSERT INTO current_odds (game_id) VALUES (%s) ON CONFLICT (game_id) DO UPDATE SET updated_at = clock_timestamp()"),
    ("volatile", "UPDATE current_odds SET updated_at = clock_timestamp() WHERE game_id = ANY(%s)"),
    ("move", "UPDATE current_odds SET game_id = %s WHERE id = %s"),
    ("merge", "MERGE INTO current_odds c USING bets b ON b.id = c.game_id WHEN MATCHED THEN DELETE"),
]  # fmt: skip
TAKEN = [
    ("one", "WITH w AS (SELECT 1 FROM odd_snapshots WHERE game_id = %(g)s LIMIT 1) SELECT lag(price) OVER (), (SELECT x.price FROM odd_snapshots x WHERE x.game_id = %(g)s AND x.selection_id = c.selection_id LIMIT 1) FROM current_odds c WHERE c.game_id = %(g)s FOR UPDATE"),
    ("named", "SELECT lag(price) OVER (PARTITION BY game_id, selection_id ORDER BY id) FROM odd_snapshots WHERE game_id = ANY(%s::uuid[])"),
    ("named", "WITH current_odds AS MATERIALIZED (SELECT * FROM current_odds WHERE game_id IN (%s, %s)) SELECT g.id FROM games g LEFT JOIN current_odds c ON c.game_id = g.id"),
    ("every", "SELECT 1 FROM current_odds c JOIN games g ON g.id = c.game_id JOIN odd_snapshots o ON o.game_id = g.id"),
    ("every", "SELECT 1 FROM current_odds c WHERE EXISTS (SELECT FROM odd_snapshots o WHERE o.game_id = c.game_id AND o.price > c.price)"),
    ("every", "SELECT g.id FROM games g WHERE g.id IN (SELECT c.game_id FROM current_odds c)"),
    ("", "SELECT lag(id) OVER () FROM bets b LEFT JOIN games g ON g.id = b.id FOR UPDATE OF b"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "statement"), REFUSED, ids=lambda value: value.replace(" ", "-")[:60])
def test_a_statement_that_citus_refuses_is_found(rule: str, statement: str) -> None:
    assert rule in {fault.rule for fault in faults(statement)}


def test_every_rule_is_shown_to_be_found() -> None:
    assert {rule for rule, _ in REFUSED} == set(RULES)


@pytest.mark.parametrize(("width", "statement"), TAKEN, ids=lambda value: value.replace(" ", "-")[:60])
def test_a_statement_that_citus_takes_is_left_alone(width: str, statement: str) -> None:
    assert faults(statement) == []
    assert reach(statement) == width


@contextmanager
def recorded() -> Iterator[list[str]]:
    """The different statements that are sent meanwhile."""
    sent: dict[str, None] = {}

    def note(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        sent[str(sql)] = None
        return execute(sql, params, many, context)

    found: list[str] = []
    with connection.execute_wrapper(note):
        yield found
    found += [sql for sql in sent if "odd_snapshots" in sql or "current_odds" in sql]


def refused(statements: list[str]) -> list[str]:
    assert statements, "no statement over archive or board was sent"
    return [f"{fault}\n    in {sql}" for sql in statements for fault in faults(sql)]


@pytest.fixture
def sharded(settings: LazySettings) -> None:
    settings.ARCHIVE_IS_SHARDED = True
    cache.clear()
    sparklines._known.clear()


@pytest.fixture
def owner() -> User:
    made: User = UserFactory(staff=True)
    return made


@pytest.mark.django_db
@pytest.mark.usefixtures("sharded")
def test_every_page_asks_what_citus_takes(owner: User) -> None:
    ids = ids_of_world(owner)
    bob = Client()
    bob.force_login(owner)
    at = (timezone.now() - HOUR).strftime("%Y-%m-%dT%H:%MZ")
    game, line = f"/games/{ids['games']}/", f"selection={ids['selections']}"
    pages = [
        "/", f"/?at={at}", game, f"{game}?at={at}", f"{game}movement.json?{line}", f"{game}?{line}", f"/games/{ids['begun']}/",
        "/books/", "/books/closing-lines/", "/edges/", "/edges/?kind=arbitrage", "/futures/", "/polling/", "/bets/", f"/bets/{ids['bets']}/",
        f"/bets/{ids['open']}/", "/bets/slip/", "/stats/", "/bets/attention/", "/bets/review/", "/admin/odds/oddsnapshot/", "/admin/odds/currentodds/",
    ]  # fmt: skip
    with recorded() as statements:
        for page in pages:
            assert bob.get(page).status_code == 200, page
        bob.post("/bets/slip/add/", {"line": f"{ids['selections']}:book0"})
        assert bob.get("/bets/slip/").status_code == 200
        bob.post("/bets/slip/enter/", {"text": f"10 {HOME} ml at book0"})
    assert refused(statements) == []
    assert len(statements) >= 15


@pytest.mark.django_db
@pytest.mark.usefixtures("sharded")
def test_every_read_of_the_api_asks_what_citus_takes(owner: User) -> None:
    ids = ids_of_world(owner)
    program = with_key(owner, ["odds:read", "bets:read", "bets:write", "admin"])
    with recorded() as statements:
        for name, method, path in list(routes()):
            if method == "GET" and "stream" not in path:
                assert program.get(concrete(name, method, path, ids)).status_code < 500, path
        answer = program.post("/api/v1/bets/", bet_to_place(ids), content_type="application/json")
        assert answer.status_code == 201
    assert refused(statements) == []
    assert len(statements) >= 12


@pytest.mark.django_db
@pytest.mark.usefixtures("sharded")
def test_every_job_asks_what_citus_takes(owner: User, tmp_path: Path) -> None:
    ids = ids_of_world(owner)
    WebhookFactory(user=owner, topics=["edge.found", "line.moved"])
    now = timezone.now()
    out, until = tmp_path / "out", now + HOUR
    with recorded() as statements:
        ingest_odds(events=[], captured_at=now, polled_markets=["h2h"], listed_sport=str(ids["sports"]))
        bet_tasks.settle_due()
        bet_tasks.derive_statistics(everything=True)
        webhook_tasks.find()
        tasks.compare_books()
        first_movers(since=now - 30 * 24 * HOUR, until=now)
        read_text(f"10 {HOME} ml at book0", user=owner, odds_format="american", now=now)
        export_archive(folder=out, since=now - 400 * 24 * HOUR, until=until, file_format="csv")
        import_archive(folder=out, now=now)
        tasks.create_partitions()
        apply_retention(now=now, months=1, dry_run=True)
    assert refused(statements) == []
    assert len(statements) >= 10


def response(*blocks: Book, game: str = "e1") -> OddsEvent:
    return OddsEvent(game, "basketball_nba", "NBA", minute(600), HOME, AWAY, blocks)


def history() -> Iterator[list[OddsEvent]]:
    """Two games: prices and points move, a point of a prop and a market go and come back, a book is gone for good."""
    dk, fd = "draftkings", "fanduel"
    yield [
        response(
            quotes_of(moneyline(-150, 130), spread("-3.5"), key=dk), quotes_of(moneyline(-145, 125), key=fd)
        ),
        response(quotes_of(points(("25.5", -110), ("30.5", 200)), key=dk), game="e2"),
    ]
    yield [
        response(
            quotes_of(moneyline(-160, 130), spread("-4.5", -105), key=dk),
            quotes_of(moneyline(-145, 125), key=fd),
        ),
        response(quotes_of(points(("25.5", -115), ("29.5", 180)), key=dk), game="e2"),
    ]
    yield [
        response(quotes_of(moneyline(-160, 130), key=dk)),
        response(quotes_of(points(("30.5", 210)), key=dk), game="e2"),
    ]
    yield [
        response(quotes_of(moneyline(-170, 140), spread("-3.5"), key=dk)),
        response(quotes_of(points(("25.5", -115), ("30.5", 205)), key=dk), game="e2"),
    ]
    yield [response(quotes_of(spread("-2.5", 100), key=dk))]
    yield [response(quotes_of(moneyline(-175, 145), spread("-2.5", 100), key=dk))]


def ingested() -> tuple[list[Any], list[Any], list[Any], list[str]]:
    """What became of the responses, what archive and board hold afterwards, without ids, and what was sent."""
    with recorded() as statements:
        counts = [
            ingest_odds(
                events=events, captured_at=minute(number), polled_markets=["h2h", "spreads", "player_points"]
            )
            for number, events in enumerate(history())
        ]
    names = ("game__external_id", "selection__market", "selection__side", "bookmaker__key", "point", "price")
    times = ("timestamp", "captured_at")
    archive = OddSnapshot.objects.order_by(*times, *names).values_list(*names, *times)
    board = CurrentOdds.objects.order_by(*names).values_list(
        *names, "previous_price", "timestamp", "changed_at"
    )
    return counts, list(archive), list(board), statements


@pytest.mark.django_db
def test_an_ingest_across_shards_writes_what_it_writes_on_one_machine(settings: LazySettings) -> None:
    def rolled_back() -> tuple[list[Any], list[Any], list[Any], list[str]]:
        with transaction.atomic():
            found = ingested()
            transaction.set_rollback(True)
        return found

    *at_once, _ = rolled_back()
    settings.ARCHIVE_IS_SHARDED = True
    *across, statements = rolled_back()
    assert across == at_once
    assert refused(statements) == []
    assert [sql for sql in statements if reach(sql) == "every"] == []
    assert any(row[5] is None for row in at_once[1])


@pytest.mark.django_db
def test_the_statements_of_an_ingest_across_shards_are_as_many_for_many_games(settings: LazySettings) -> None:
    settings.ARCHIVE_IS_SHARDED = True

    def statements(games: int) -> int:
        number = 0

        def count(execute: Callable[..., Any], *given: Any) -> Any:
            nonlocal number
            number += 1
            return execute(*given)

        names = [f"{games}-{each}" for each in range(games)]
        for price, at in ((-150, games), (-160, games + 1)):
            events = [response(quotes_of(moneyline(price)), game=name) for name in names]
            number = 0
            with connection.execute_wrapper(count):
                ingest_odds(events=events, captured_at=minute(at), polled_markets=["h2h"])
        return number

    assert statements(2) == statements(7)


@pytest.mark.django_db
def test_what_is_read_across_shards_is_what_is_read_on_one_machine(
    settings: LazySettings, owner: User
) -> None:
    ids = ids_of_world(owner)
    now = timezone.now()
    game = Game.objects.get(pk=ids["games"])
    line = game.selections.get(market="h2h", side="home")
    prop = quote(game, "player_points over", -115, at="book0", point="25.5", participant="Tatum").selection
    for hours, price, point in ((9, -110, "25.5"), (7, 120, "27.5"), (6, None, "27.5"), (4, 130, "25.5")):
        move(prop, price, now - hours * HOUR, at="book0", point=point)
        move(line, price, now - hours * HOUR, at="book9")
    games, keys = (
        [game.pk, ids["futures"], ids["begun"]],
        ["h2h", "spreads", "totals", "player_points", "outrights"],
    )
    bet = place(offered(game, point="-3.5"), Bankroll.objects.get(pk=ids["bankrolls"]))
    lines = [
        LineAt(
            leg.game_id,
            leg.selection_id,
            Bookmaker.objects.get(key=key).pk,
            leg.point,
            leg.game.commence_time,
        )
        for leg in bet.legs.select_related("game")
        for key in ("book0", "book1")
    ]
    started = Game.objects.get(pk=ids["begun"])
    book = BookmakerFactory(key="book0")
    lines += [
        LineAt(started.pk, each.pk, book.pk, None, started.commence_time) for each in started.selections.all()
    ]

    asked = [
        LegAsked(selection=each, price=Decimal(-110), point=None if each is line else Decimal("25.5"))
        for each in (line, prop)
    ]

    def read() -> list[Any]:
        sparklines._known.clear()
        prices = best_on_main_lines(games)
        return [
            prices,
            [best_on_main_lines(games, at=now - hours * HOUR) for hours in (0, 5, 8)],
            [sorted(offers_at(games, keys, now - hours * HOUR), key=str) for hours in (0, 5, 6, 8, 10)],
            sorted(
                matches_between(now - 30 * HOUR, now + 30 * HOUR, now - HOUR).values_list("pk", flat=True)
            ),
            sparklines.read_sparklines(list(prices[game.pk].quotes.values()), now=now),
            closing_prices(lines),
            read_fields(now=now),
            read_lines_of(games, now=now),
            closing_accuracy(since=now - 90 * 24 * HOUR, until=now),
            closing_coverage(since=now - 90 * 24 * HOUR, until=now),
            on_offer(asked, book),
        ]

    on_one = read()
    settings.ARCHIVE_IS_SHARDED = True
    with recorded() as statements:
        assert read() == on_one
    assert refused(statements) == []
    assert on_one[5]
    assert [number for number, found in enumerate(on_one) if not found] == []
