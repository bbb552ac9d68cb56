"""A typed client, made of the API's description by a generator, used against a real server: the description cannot lie."""

from __future__ import annotations

import importlib
import sys
import uuid
from collections.abc import Iterator
from decimal import Decimal
from types import ModuleType
from typing import Any

import pytest
from django.core.cache import cache
from openapi_python_client import generate
from openapi_python_client.config import Config, ConfigFile, MetaType
from pytest_django.live_server_helper import LiveServer

from accounts.tests.factories import ApiKeyFactory, text_of
from bets.models import Bankroll, BetStatus
from bets.settlement import settle_due
from bets.tests.factories import ended, funded_bankroll
from bettrack.api_pages import written_schema
from bettrack.tests.api_world import coming_game
from odds.models import CurrentOdds

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "bettrack_client"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of the client's package, generated into a folder of its own without a warning."""
    folder = tmp_path_factory.mktemp("client")
    source = folder / "api.json"
    source.write_bytes(written_schema("json")[0])
    config = Config.from_sources(
        ConfigFile(post_hooks=[]), MetaType.NONE, source, "utf-8", True, folder / NAME
    )
    said = generate(config=config)
    assert not said, [f"{each.header}: {each.detail}" for each in said]
    sys.path.insert(0, str(folder))
    yield NAME
    sys.path.remove(str(folder))
    for name in [name for name in sys.modules if name.partition(".")[0] == NAME]:
        del sys.modules[name]


class Program:
    """Calls operations of the generated client by their names, and returns what it made of the answers."""

    def __init__(self, package: str, url: str, token: str) -> None:
        self.package = package
        self.client = self.module("client").AuthenticatedClient(
            base_url=url, token=token, raise_on_unexpected_status=True
        )

    def module(self, name: str) -> ModuleType:
        return importlib.import_module(f"{self.package}.{name}")

    def model(self, name: str) -> Any:
        return getattr(self.module("models"), name)

    def ask(self, operation: str, *args: Any, **named: Any) -> Any:
        return self.module(f"api.{operation}").sync(*args, client=self.client, **named)


@pytest.fixture
def bankroll() -> Bankroll:
    cache.clear()
    return funded_bankroll("1000")


@pytest.fixture
def program(package: str, live_server: LiveServer, bankroll: Bankroll) -> Iterator[Program]:
    key = ApiKeyFactory(user=bankroll.user, scopes=["odds:read", "bets:read", "bets:write"])
    made = Program(package, live_server.url, text_of(key))
    with made.client:
        yield made


def ticket(program: Program, bankroll: Bankroll, line: CurrentOdds, **changed: Any) -> Any:
    leg = {"selection_id": line.selection_id, "odds": f"{line.price:.0f}"}
    told = {
        "bankroll_id": str(bankroll.pk),
        "bookmaker": line.bookmaker.key,
        "stake": "25.00",
        "legs": [leg],
        **changed,
    }
    return program.model("PlaceRequest").from_dict(told)


def test_a_program_reads_the_board_places_a_bet_and_follows_it(program: Program, bankroll: Bankroll) -> None:
    game = coming_game()
    line = game.current_odds.select_related("bookmaker").get(
        selection__market="h2h", selection__side="home", bookmaker__key="book0"
    )
    board = program.ask("odds.odds_board_retrieve", day=game.commence_time.date(), zone="UTC")
    assert isinstance(board, program.model("BoardPage"))
    (shown,) = board.results
    assert (shown.id, shown.commence_time) == (game.pk, game.commence_time)
    assert any(price.selection_id == line.selection_id for price in shown.prices)

    wanted, key = ticket(program, bankroll, line), uuid.uuid4().hex
    quoted = program.ask("bets.bets_quote_create", body=wanted)
    placed = program.ask("bets.bets_create", body=wanted, idempotency_key=key)
    assert isinstance(placed, program.model("BetOut"))
    assert (quoted.possible, quoted.odds, quoted.stake) == (True, placed.odds, placed.stake)
    assert program.ask("bets.bets_create", body=wanted, idempotency_key=key).id == placed.id
    listed = program.ask("bets.bets_list", status=[program.model("BetsListStatusItem").PENDING])
    assert [bet.id for bet in listed.results] == [placed.id]
    assert (listed.next_, listed.previous) == (None, None)
    assert placed.legs[0].game_id == game.pk

    ended(game, 110, 100)
    assert settle_due() == {"won": 1}
    won = program.ask(
        "bets.bets_retrieve", placed.id, expand=[program.model("BetsRetrieveExpandItem").EVIDENCE]
    )
    assert (won.status.value, won.profit) == (BetStatus.WON, placed_profit(won))
    assert won.legs[0].evidence.to_dict()
    kinds = [event.kind for event in program.ask("bets.bets_events_list", placed.id).results]
    assert kinds == ["placed", "settled"]
    lines = program.ask("bets.bets_ledger_list", placed.id).results
    assert [line.kind for line in lines] == ["stake", "payout"]
    (sums,) = program.ask("bets.bets_summary_list").results
    assert (sums.status.value, sums.count, sums.stake) == ("won", 1, "25.00")
    figures = program.ask("bets.statistics_retrieve")
    assert (figures.bets, figures.profit) == (1, won.profit)


def placed_profit(bet: Any) -> str:
    return f"{Decimal(bet.payout) - Decimal(bet.stake):.2f}"


def test_a_refusal_is_a_problem_that_the_program_can_read(program: Program, bankroll: Bankroll) -> None:
    line = coming_game().current_odds.select_related("bookmaker").filter(selection__market="h2h").first()
    problem_of = program.model("Problem")
    poor = program.ask("bets.bets_create", body=ticket(program, bankroll, line, stake="5000.00"))
    assert isinstance(poor, problem_of)
    assert (poor.status, poor.code, poor.available, poor.currency) == (
        409, "insufficient_funds", "1000.00", "USD",
    )  # fmt: skip
    moved = program.ask("bets.bets_create", body=ticket(program, bankroll, line, legs=[
        {"selection_id": line.selection_id, "odds": "150"},
    ]))  # fmt: skip
    assert (moved.code, moved.price) == ("price_moved", f"{line.price:.0f}")
    unknown = program.ask("bets.bets_create", body=ticket(program, bankroll, line, bookmaker="nobody"))
    assert [(fault.field, fault.code) for fault in unknown.errors] == [("bookmaker", "unknown")]
    shapeless = program.ask("bets.bets_create", body=ticket(program, bankroll, line, stake="much"))
    assert (shapeless.status, shapeless.errors[0].field) == (400, "stake")
    nothing = program.ask("games.games_retrieve", uuid.uuid4())
    assert (nothing.status, nothing.code) == (404, "not_found")


def test_a_key_that_lacks_the_scope_is_told_so(
    package: str, live_server: LiveServer, bankroll: Bankroll
) -> None:
    reader = Program(
        package, live_server.url, text_of(ApiKeyFactory(user=bankroll.user, scopes=["odds:read"]))
    )
    with reader.client:
        assert reader.ask("bets.bets_list").code == "scope_missing"
        assert reader.ask("games.sports_list").results == []
