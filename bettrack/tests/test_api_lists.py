"""Lists of the API: a constant number of statements, pages that neither repeat nor skip, shapes, unchanged answers."""

from __future__ import annotations

import datetime as dt
import functools
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import UserFactory
from bets.history.saved import save_filter
from bets.history.tagging import retag
from bets.imports.drafts import keep_draft
from bets.limits import set_limit
from bets.models import Bet, BetStatus, Currency, ImportBatch
from bets.tests.factories import (
    ImportBatchFactory,
    WebhookDeliveryFactory,
    WebhookFactory,
    funded_bankroll,
    offered,
    place,
)
from bettrack.tests.api_callers import READ_SCOPES, signed_in, with_key
from bettrack.tests.api_world import FILE, coming_game, ids_of_world, open_outright
from feeds.tests.factories import ApiCallFactory, QuotaFactory
from games.models import Game
from games.tests.factories import (
    CommenceTimeFactory,
    GameFactory,
    PlacingFactory,
    PlayerFactory,
    PlayerStatFactory,
    ScoreReadingFactory,
    SportFactory,
    TeamFactory,
)
from odds.models import Bookmaker
from odds.tests.factories import BookmakerFactory
from odds.tests.quoting import full_market, move, selection

pytestmark = pytest.mark.django_db

LISTS = {
    "sports/": 6,
    "teams/": 6,
    "players/": 6,
    "games/": 6,
    "games/?expand=sport,home_team,away_team,readings,starts": 8,
    "games/{games}/readings/": 7,
    "games/{games}/starts/": 7,
    "games/{games}/stats/": 7,
    "games/{outright}/placings/": 7,
    "bookmakers/": 6,
    "bookmakers/report/": 9,
    "selections/": 6,
    "odds/": 6,
    "odds/?game={games}&at={past}": 9,
    "odds/board/": 11,
    "odds/best/?game={games}": 6,
    "odds/upcoming/": 8,
    "snapshots/?game={games}": 6,
    "closing-lines/?game={begun}": 9,
    "fair-prices/?game={games}": 7,
    "edges/?kind=value&least=-50&age=1440": 7,
    "futures/": 8,
    "futures/{outright}/runners/": 8,
    "bets/": 9,
    "bets/?expand=evidence,events,ledger": 11,
    "bets/{bets}/events/": 7,
    "bets/{bets}/ledger/": 7,
    "bets/summary/": 6,
    "bets/by-sport/": 6,
    "bankrolls/": 6,
    "bankrolls/{bankrolls}/ledger/": 7,
    "ledger/": 6,
    "tags/": 6,
    "imports/": 6,
    "imports/{draft}/rows/": 12,
    "operations/": 6,
    "tag-edits/": 6,
    "filters/": 6,
    "limits/": 7,
    "webhooks/": 6,
    "webhooks/{webhooks}/deliveries/": 7,
    "bets/?order=-profit": 9,
    "statistics/": 20,
    "review/": 9,
    "quota/": 6,
    "feeds/": 8,
    "calls/": 6,
    "status/": 7,
}
"""Address → most statements, the two for the session and the person among them."""


def more(world: dict[str, Any], owner: User, number: int) -> None:
    """So many more of everything that lists show."""
    game = Game.objects.get(pk=world["games"])
    outright = Game.objects.get(pk=world["outright"])
    roll = funded_bankroll(user=owner)
    for n in range(number):
        other = coming_game(game.sport, in_hours=4 + n)
        SportFactory(key=f"sport_{timezone.now().timestamp()}".replace(".", "_"), title=f"Sport {n}")
        player = PlayerFactory(sport=game.sport, team=TeamFactory(sport=game.sport))
        PlayerStatFactory(game=game, player=player)
        ScoreReadingFactory(game=game, read_at=timezone.now() + dt.timedelta(minutes=n))
        ScoreReadingFactory(game=other)
        CommenceTimeFactory(game=game)
        CommenceTimeFactory(game=other)
        PlacingFactory(game=outright)
        BookmakerFactory(key=f"more{Bookmaker.objects.count()}")
        open_outright()
        home = selection(game, "h2h", "home")
        move(home, -120 - n, timezone.now() - dt.timedelta(minutes=90 - n), at="book1")
        begun = Game.objects.get(pk=world["begun"])
        move(selection(begun, "spreads", "home", f"x{n}"), -110, begun.commence_time - dt.timedelta(hours=3))
        bet = place(offered(other, "totals", "over", point=f"{180 + n}.5"), roll, tags=[f"tag{n}"])
        waits = place(offered(other, "totals", "under", point=f"{180 + n}.5"), roll)
        Bet.objects.filter(pk=waits.pk).update(status=BetStatus.NEEDS_REVIEW, review_reason="Doubtful.")
        assert bet.pk
        ImportBatchFactory(user=owner, checksum=f"{Bet.objects.count():064x}")
        funded_bankroll(user=owner)
        retag(bets=Bet.objects.filter(pk=bet.pk), by=owner, add=["more"])
        save_filter(by=owner, name=f"Filter {bet.pk}", query="status=won")
        money: dict[str, Any] = {"currency": Currency.values[n + number], "money": "real"}
        set_limit(user=owner, kind="stake", amount=Decimal(100), **money)
        set_limit(user=owner, kind="stake", amount=None, **money)
        QuotaFactory()
        ApiCallFactory()
        WebhookFactory(user=owner)
        WebhookDeliveryFactory(webhook_id=world["webhooks"])


def statements(client: Client, address: str) -> tuple[int, int]:
    """Status of the answer, and how many statements it took."""
    client.get(address)  # figures of new bets are derived at the first reading
    cache.clear()
    with CaptureQueriesContext(connection) as asked:
        response = client.get(address)
    return response.status_code, len(asked)


@functools.cache
def counted() -> dict[str, tuple[tuple[int, int], tuple[int, int]]]:
    """Address → what a list of few and one of many takes; of one world, which goes with the test that asks first."""
    owner = UserFactory(staff=True)
    world = ids_of_world(owner)
    world["outright"] = open_outright().pk
    world["draft"] = keep_draft(owner, "bets.csv", FILE, "auto").pk
    world["past"] = (timezone.now() - dt.timedelta(minutes=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    client = signed_in(owner)
    paths = {address: f"/api/v1/{address.format(**world)}" for address in LISTS}
    more(world, owner, 2)
    few = {address: statements(client, path) for address, path in paths.items()}
    more(world, owner, 4)
    draft = ImportBatch.objects.get(pk=world["draft"])
    ImportBatch.objects.filter(pk=draft.pk).update(
        content=bytes(draft.content or b"") + FILE.split(b"\n", 1)[1] * 5
    )
    return {address: (few[address], statements(client, path)) for address, path in paths.items()}


@pytest.mark.parametrize("address", LISTS)
def test_a_list_of_many_takes_the_statements_of_a_list_of_few(address: str) -> None:
    few, many = counted()[address]
    assert few == many == (200, few[1])
    assert few[1] <= LISTS[address]


def pages(client: Client, address: str) -> list[dict[str, Any]]:
    """All rows of a list, page by page."""
    rows: list[dict[str, Any]] = []
    following: str | None = address
    while following:
        answer = client.get(following).json()
        rows += answer["results"]
        following = answer["next"]
        assert len(rows) < 1000
    return rows


def pages_back(client: Client, address: str) -> list[dict[str, Any]]:
    """All rows of a list, read from its last page back to its first."""
    answer = client.get(address).json()
    while answer["next"]:
        answer = client.get(answer["next"]).json()
    rows: list[dict[str, Any]] = answer["results"]
    while answer["previous"]:
        answer = client.get(answer["previous"]).json()
        rows = answer["results"] + rows
        assert len(rows) < 1000
    return rows


@pytest.fixture
def client() -> Client:
    cache.clear()
    return Client()


class TestPages:
    def test_walking_the_pages_gives_every_row_once_in_order(self, client: Client) -> None:
        start = timezone.now() + dt.timedelta(hours=1)
        sport = SportFactory()
        games = [
            GameFactory(sport=sport, commence_time=start + dt.timedelta(minutes=n // 3)) for n in range(11)
        ]
        wanted = sorted(games, key=lambda game: (game.commence_time, game.pk))
        for limit in (1, 2, 3, 5, 11, 50):
            found = pages(client, f"/api/v1/games/?limit={limit}&fields=id")
            assert [row["id"] for row in found] == [str(game.pk) for game in wanted]
            back = pages(client, f"/api/v1/games/?limit={limit}&fields=id&order=-start")
            assert [row["id"] for row in back] == [str(game.pk) for game in reversed(wanted)]

    def test_previous_leads_back_the_way_that_was_come(self, client: Client) -> None:
        names = [TeamFactory(name=f"Team {letter}").name for letter in "ABCDEFG"]

        def read(address: str) -> tuple[list[str], Any]:
            answer = client.get(address).json()
            return [row["name"] for row in answer["results"]], answer

        first, answer = read("/api/v1/teams/?limit=3")
        assert answer["previous"] is None
        second, answer = read(answer["next"])
        third, answer = read(answer["next"])
        assert (first + second + third, answer["next"]) == (names, None)
        back, answer = read(answer["previous"])
        assert back == second
        assert read(answer["next"])[0] == third
        back, answer = read(answer["previous"])
        assert (back, answer["previous"]) == (first, None)
        assert read(answer["next"])[0] == second

    @pytest.mark.parametrize("order", ["settled", "stake", "odds", "profit"])
    def test_bets_come_in_order_and_those_without_a_value_last(self, order: str) -> None:
        owner = UserFactory()
        roll = funded_bankroll(user=owner)
        for n, payout in enumerate((None, "150.00", "40.00", None, "90.00")):
            line = offered(GameFactory(commence_time=timezone.now() + dt.timedelta(days=1)), "h2h")
            bet = place(line, roll, stake=Decimal(20 + n))
            if payout:
                won = {
                    "status": "won",
                    "payout": payout,
                    "settled_at": timezone.now() + dt.timedelta(minutes=9 - n),
                }
                Bet.objects.filter(pk=bet.pk).update(**won)
        for sign in ("", "-"):
            rows = pages(signed_in(owner), f"/api/v1/bets/?order={sign}{order}&limit=2")
            assert len({row["id"] for row in rows}) == 5
            assert pages_back(signed_in(owner), f"/api/v1/bets/?order={sign}{order}&limit=2") == rows
            known = {"settled": "settled_at", "odds": "decimal"}.get(order, order)
            found = [row[known] for row in rows if row[known] is not None]
            numbers = found if order == "settled" else [Decimal(value) for value in found]
            assert numbers == sorted(numbers, reverse=sign == "-")
            if order in ("settled", "profit"):
                assert [row[known] is None for row in rows] == [False] * 3 + [True] * 2

    def test_rows_that_come_meanwhile_move_nothing(self, client: Client) -> None:
        names = [TeamFactory(name=f"Team {letter}").name for letter in "BDF"]
        first = client.get("/api/v1/teams/?limit=2").json()
        TeamFactory(name="Team A")
        rest = client.get(first["next"]).json()
        assert [row["name"] for row in first["results"] + rest["results"]] == names

    def test_fifty_a_page_and_two_hundred_at_most(self, client: Client) -> None:
        sport = SportFactory()
        for _ in range(51):
            TeamFactory(sport=sport)
        assert len(client.get("/api/v1/teams/").json()["results"]) == 50
        assert len(client.get("/api/v1/teams/?limit=200").json()["results"]) == 51
        refused = client.get("/api/v1/teams/?limit=201")
        assert refused.status_code == 400
        assert refused.json()["errors"][0]["field"] == "limit"

    @pytest.mark.parametrize("cursor", ["x", "WyJpZCIsN10", "!!!", "W10", "é", "W1tb" * 1250, "bnVsbA"])
    def test_a_cursor_that_is_none_is_refused(self, client: Client, cursor: str) -> None:
        response = client.get(f"/api/v1/teams/?{urlencode({'cursor': cursor})}")
        assert response.status_code == 404
        assert response.json()["errors"][0]["code"] == "bad_cursor"

    def test_a_cursor_of_another_order_is_refused(self, client: Client) -> None:
        for _ in range(2):
            GameFactory()
        following = client.get("/api/v1/games/?limit=1").json()["next"]
        assert client.get(f"{following}&order=-start").status_code == 404
        owner = UserFactory()
        for _ in range(2):
            place(offered(coming_game(), "h2h"), funded_bankroll(user=owner))
        following = signed_in(owner).get("/api/v1/bets/?limit=1&order=stake").json()["next"]
        response = signed_in(owner).get(following.replace("order=stake", "order=odds"))
        assert response.json()["errors"][0]["code"] == "bad_cursor"

    def test_a_list_that_is_computed_has_pages_too(self, client: Client) -> None:
        game = coming_game()
        whole = pages(client, f"/api/v1/fair-prices/?game={game.pk}")
        assert len(whole) == 6
        assert pages(client, f"/api/v1/fair-prices/?game={game.pk}&limit=2") == whole


class TestShapes:
    def test_fields_leaves_out_the_rest_but_the_id(self, client: Client) -> None:
        GameFactory()
        (row,) = client.get("/api/v1/games/?fields=title").json()["results"]
        assert set(row) == {"id", "title"}

    def test_expand_adds_parts_and_only_these(self, client: Client) -> None:
        game = GameFactory()
        plain = client.get(f"/api/v1/games/{game.pk}/").json()
        assert "home_team" not in plain
        row = client.get(f"/api/v1/games/{game.pk}/?expand=home_team&fields=id").json()
        assert set(row) == {"id", "home_team"}
        assert row["home_team"]["name"] == game.home_team.name

    @pytest.mark.parametrize(
        "query", ["fields=nothing", "expand=title", "fields=id,,x", "sprot=nba", "page=2", "today=perhaps"]
    )
    def test_unknown_names_are_refused(self, client: Client, query: str) -> None:
        response = client.get(f"/api/v1/games/?{query}")
        assert response.status_code == 400
        assert response.json()["errors"][0]["code"] in (
            "unknown_name",
            "unknown_parameter",
            "invalid",
            "blank",
        )

    def test_prices_are_strings_in_american_and_decimal(self, client: Client) -> None:
        game = coming_game(books=1)
        row = client.get(f"/api/v1/odds/?game={game.pk}&market=spreads&side=away").json()["results"][0]
        assert (row["price"], row["decimal"], row["point"]) == ("-110", "1.909091", "3.5")

    def test_times_are_in_utc_whatever_the_zone_of_the_person(self) -> None:
        owner = UserFactory(time_zone="Asia/Tokyo")
        game = GameFactory(commence_time=dt.datetime(2026, 11, 20, 0, 30, tzinfo=dt.UTC))
        for who in (signed_in(owner), with_key(owner, READ_SCOPES)):
            row = who.get(f"/api/v1/games/{game.pk}/").json()
            assert row["commence_time"] == "2026-11-20T00:30:00Z"

    @pytest.mark.parametrize("asked", ["games/?starts_from={}", "odds/board/?at={}"])
    def test_a_time_without_its_zone_is_refused(self, client: Client, asked: str) -> None:
        answer = client.get(f"/api/v1/{asked.format('2026-11-20T12:00:00')}")
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
        assert "with its zone" in answer.json()["errors"][0]["detail"]
        assert client.get(f"/api/v1/{asked.format('2026-11-20T12:00:00%2B02:00')}").status_code == 200


class TestUnchanged:
    @pytest.mark.parametrize(
        "path", ["games/", "sports/", "odds/", "odds/board/", "selections/", "edges/", "bets/", "statistics/"]
    )
    def test_what_the_client_holds_is_304_until_it_changes(self, path: str) -> None:
        cache.clear()
        owner = UserFactory()
        ids_of_world(owner)
        program = with_key(owner, READ_SCOPES)
        first = program.get(f"/api/v1/{path}")
        again = program.get(f"/api/v1/{path}", headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304
        assert not again.content
        assert again.headers["ETag"] == first.headers["ETag"]
        other = program.get(f"/api/v1/{path}", headers={"If-None-Match": '"something"'})
        assert other.status_code == 200

    @pytest.mark.django_db(transaction=True)
    def test_an_unchanged_archive_is_not_read_and_a_new_price_is_seen(self) -> None:
        cache.clear()
        game = coming_game(books=1)
        address = f"/api/v1/odds/?game={game.pk}"
        program = Client()
        first = program.get(address)
        with CaptureQueriesContext(connection) as asked:
            again = program.get(address, headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304
        assert not asked.captured_queries
        full_market(GameFactory(sport=game.sport), books=1)
        changed = program.get(address, headers={"If-None-Match": first.headers["ETag"]})
        assert changed.status_code == 200
        assert changed.headers["ETag"] != first.headers["ETag"]

    def test_answers_are_gzipped_on_request(self, client: Client) -> None:
        coming_game()
        response = client.get("/api/v1/odds/", headers={"Accept-Encoding": "gzip"})
        assert response.headers["Content-Encoding"] == "gzip"
        assert response.headers["ETag"].startswith("W/")
