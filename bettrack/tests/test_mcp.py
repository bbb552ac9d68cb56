"""``manage.py mcp`` as an assistant sees it: a process that is spoken to over its standard input and output."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote as quoted

import anyio
import pytest
from django.conf import settings
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test import override_settings
from django.utils import timezone
from jsonschema import Draft202012Validator
from mcp import Client, StdioServerParameters
from mcp.shared.exceptions import MCPError
from mcp_types import CallToolResult, TextContent

from accounts.api.keys import revoke_key
from accounts.models import ApiKey
from accounts.tests.factories import ApiKeyFactory, text_of
from bets.models import Bankroll, BankrollKind, Bet, LedgerEntry
from bets.tests.factories import funded_bankroll, offered
from bettrack.mcp.calls import Refused
from bettrack.mcp.schemas import operation
from bettrack.mcp.server import sentence
from bettrack.mcp.server import told as told_tool
from bettrack.mcp.tools import BY_NAME, TOOLS, Tool, use
from bettrack.tests.api_world import coming_game
from odds.models import CurrentOdds
from odds.tests.quoting import move

pytestmark = pytest.mark.django_db(transaction=True)
ALL_SCOPES = ["odds:read", "bets:read", "bets:write"]
SECONDS = 90.0


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    cache.clear()


@pytest.fixture
def line() -> CurrentOdds:
    return offered(coming_game(books=2), point="-3.5")


@pytest.fixture
def paper() -> Bankroll:
    return funded_bankroll("1000", kind=BankrollKind.PAPER)


def key_of(bankroll: Bankroll, scopes: list[str] = ALL_SCOPES) -> ApiKey:
    key: ApiKey = ApiKeyFactory(user=bankroll.user, scopes=scopes)
    return key


def environment(key: str) -> dict[str, str]:
    """The environment of a process that uses the database of this test."""
    given = connection.settings_dict
    secret = f":{quoted(given['PASSWORD'], safe='')}" if given["PASSWORD"] else ""
    place = f"{given['USER']}{secret}@:{given['PORT']}/{given['NAME']}?host={quoted(given['HOST'], safe='')}"
    return {
        **os.environ,
        "DATABASE_URL": f"postgres://{place}",
        "REDIS_URL": settings.REDIS_URL,
        "SECRET_KEY": "of a test",
        "BETTRACK_TESTING": "1",
        "BETTRACK_NO_BOOTSTRAP": "1",
        "DJANGO_SETTINGS_MODULE": "bettrack.settings",
        "BETTRACK_API_KEY": key,
    }


def command() -> list[str]:
    return [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "mcp"]


def converse(key: str, talk: Callable[[Client], Awaitable[None]]) -> None:
    """Start the server and talk to it with the SDK's client."""
    program, *arguments = command()
    server = StdioServerParameters(command=program, args=arguments, env=environment(key))

    async def run() -> None:
        with anyio.fail_after(SECONDS):
            async with Client(server) as client:
                await talk(client)

    anyio.run(run)


async def told(client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
    """The answer of a tool, which must be the same as text and as data."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    found: dict[str, Any] = result.structured_content
    assert json.loads(text_in(result)) == found
    return found


async def refused(client: Client, tool: str, **arguments: Any) -> tuple[str, str]:
    """The code of a refusal, and its text."""
    result = await client.call_tool(tool, arguments)
    assert result.is_error
    code: str = result.structured_content["code"]
    assert text_in(result).startswith(f"{code}: ")
    return code, text_in(result)


def text_in(result: CallToolResult) -> str:
    (part,) = result.content
    assert isinstance(part, TextContent)
    return part.text


def wanted(line: CurrentOdds, bankroll: Bankroll, **changed: Any) -> dict[str, Any]:
    return {
        "bankroll_id": str(bankroll.pk),
        "bookmaker": line.bookmaker.key,
        "stake": "10.00",
        "legs": [{"selection_id": line.selection_id, "odds": f"{line.price:.0f}", "point": str(line.point)}],
        "idempotency_key": "first",
    } | changed


def test_an_assistant_finds_a_game_reads_its_odds_and_bets_paper_money_on_it_once(
    line: CurrentOdds, paper: Bankroll
) -> None:
    key, game = key_of(paper), line.game

    async def talk(client: Client) -> None:
        assert client.server_info is not None
        assert client.server_info.name == "bettrack"
        assert "odds:read, bets:read, bets:write" in str(client.instructions)
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        hints = {name: tool.annotations for name, tool in tools.items() if tool.annotations}
        assert len(hints) == len(TOOLS)
        writes = [name for name, hint in hints.items() if not hint.read_only_hint]
        assert writes == ["place_paper_bet"]
        games = await told(client, "find_games", league=game.sport_id, upcoming=True, fields=["title"])
        assert games == {"results": [{"id": str(game.pk), "title": game.title}], "next_cursor": None}
        odds = await told(client, "get_odds", game=[str(game.pk)], market=["spreads"])
        assert line.selection_id in [row["selection_id"] for row in odds["results"]]
        moved = await told(client, "get_line_movement", id=line.selection_id, ticks=0)
        assert moved["selection_id"] == line.selection_id
        assert (await told(client, "find_edges", kind="arbitrage"))["next_cursor"] is None
        assert (await told(client, "get_board"))["next_page"] is None
        rolls = await told(client, "list_my_bankrolls", kind="paper")
        assert [row["id"] for row in rolls["results"]] == [str(paper.pk)]
        bet = await told(client, "place_paper_bet", **wanted(line, paper))
        again = await told(client, "place_paper_bet", **wanted(line, paper))
        assert (bet.pop("idempotency_replayed"), again.pop("idempotency_replayed")) == (False, True)
        assert bet == again
        assert bet["stake"] == "10.00"
        mine = await told(client, "list_my_bets", status=["open", "pending"])
        assert [row["id"] for row in mine["results"]] == [bet["id"]]
        assert (await told(client, "get_my_bet", id=bet["id"], expand=["ledger"]))["ledger"]
        assert (await told(client, "sum_my_bets"))["results"][0]["count"] == 1
        assert (await told(client, "get_my_statistics", by="sport"))["kind"] == "paper"

    converse(text_of(key), talk)
    assert Bet.objects.get().bankroll == paper
    assert LedgerEntry.objects.filter(bankroll=paper).count() == 2


def test_refusals_say_what_is_wrong_and_leave_nothing_behind(line: CurrentOdds, paper: Bankroll) -> None:
    real = funded_bankroll("1000", kind=BankrollKind.REAL, user=paper.user)
    strangers = funded_bankroll("1000", kind=BankrollKind.PAPER)
    key = key_of(paper)

    def revoke() -> None:
        assert revoke_key(key=key, now=timezone.now())
        connections.close_all()

    async def talk(client: Client) -> None:
        place = "place_paper_bet"
        code, text = await refused(client, place, **wanted(line, real))
        assert code == "refused"
        assert "bankroll_id: Only bankrolls of paper money are played with here. (paper_only)" in text
        assert "You have no such bankroll" in (await refused(client, place, **wanted(line, strangers)))[1]
        dearer = [{"selection_id": line.selection_id, "odds": "+500", "point": str(line.point)}]
        code, text = await refused(client, place, **wanted(line, paper, legs=dearer))
        assert code == "price_moved"
        assert "price: -110" in text
        code, text = await refused(client, place, **wanted(line, paper, stake="5000.00"))
        assert code == "insufficient_funds"
        assert "available: 1000.00" in text
        assert "stake:" in (await refused(client, place, **wanted(line, paper, stake=10)))[1]
        keyless = {name: value for name, value in wanted(line, paper).items() if name != "idempotency_key"}
        assert "idempotency_key: This is needed. (required)" in (await refused(client, place, **keyless))[1]
        assert (
            "idempotency_key" in (await refused(client, place, **wanted(line, paper, idempotency_key=" ")))[1]
        )
        assert (await refused(client, "get_game", id="a/../b"))[0] == "not_found"
        assert (await refused(client, "get_game", id="0195f1a0-0000-7000-8000-00000000dead"))[
            0
        ] == "not_found"
        code, text = await refused(client, "find_games", leage="basketball_nba")
        assert "leage: There is no such argument; known are: " in text
        assert "date: " in (await refused(client, "find_games", date="tomorrow"))[1]
        assert "ticks: " in (await refused(client, "get_line_movement", id=line.selection_id, ticks=-1))[1]
        assert "sport: " in (await refused(client, "find_games", sport={"key": "nba"}))[1]
        with pytest.raises(MCPError, match="There is no tool “place_real_bet”"):
            await client.call_tool("place_real_bet", wanted(line, real))
        await anyio.to_thread.run_sync(revoke)
        assert (await refused(client, "find_games"))[0] == "key_revoked"

    converse(text_of(key), talk)
    assert not Bet.objects.exists()


def refusal(tool: str, key: ApiKey, **arguments: Any) -> dict[str, Any]:
    with pytest.raises(Refused) as caught:
        use(BY_NAME[tool], arguments, key=text_of(key))
    return caught.value.problem


def test_a_key_does_what_its_scopes_allow_and_no_more(line: CurrentOdds, paper: Bankroll) -> None:
    only_bets, only_odds = key_of(paper, ["bets:read"]), key_of(paper, ["odds:read"])
    assert use(BY_NAME["list_my_bankrolls"], {}, key=text_of(only_bets))["results"]
    assert use(BY_NAME["find_games"], {}, key=text_of(only_odds))["results"]
    for tool, key, scope in (
        ("find_games", only_bets, "odds:read"),
        ("list_my_bets", only_odds, "bets:read"),
        ("place_paper_bet", only_bets, "bets:write"),
    ):
        given = wanted(line, paper) if tool == "place_paper_bet" else {}
        problem = refusal(tool, key, **given)
        assert problem["code"] == "scope_missing"
        assert sentence(problem) == f"scope_missing: This needs a key with the scope {scope}."
    assert not Bet.objects.exists()


def test_beyond_its_rate_a_key_is_told_when_to_come_back(paper: Bankroll) -> None:
    key = key_of(paper)
    with override_settings(API_RATES={**settings.API_RATES, ("key", "read"): (1, 60)}):
        use(BY_NAME["list_sports"], {}, key=text_of(key))
        problem = refusal("list_sports", key)
    assert problem["code"] == "throttled"
    assert 0 < problem["retry_after_seconds"] <= 60


def test_pages_follow_one_another_by_their_cursors(paper: Bankroll) -> None:
    games = [coming_game(books=1) for _ in range(3)]
    first = use(BY_NAME["find_games"], {"limit": 2}, key=text_of(key_of(paper)))
    more = {"limit": 2, "cursor": first["next_cursor"]}
    second = use(BY_NAME["find_games"], more, key=text_of(key_of(paper)))
    found = [row["id"] for row in first["results"] + second["results"]]
    assert sorted(found) == sorted(str(game.pk) for game in games)
    assert second["next_cursor"] is None


def test_movement_keeps_the_last_states_and_counts_the_others(paper: Bankroll) -> None:
    selection = coming_game(books=1).selections.get(market="h2h", side="home")
    for hours, price in ((9, -120), (8, -125), (7, -130)):
        move(selection, price, timezone.now() - dt.timedelta(hours=hours), at="book7")
    given = {"id": selection.pk, "ticks": 1}
    answer = use(BY_NAME["get_line_movement"], given, key=text_of(key_of(paper)))
    book = next(book for book in answer["books"] if book["bookmaker"] == "book7")
    assert [tick["price"] for tick in book["ticks"]] == ["-130"]
    assert book["ticks_left_out"] == 2
    assert book["first"]["price"] == "-120"


@pytest.mark.parametrize("tool", TOOLS, ids=[tool.name for tool in TOOLS])
def test_a_tool_is_told_as_the_api_describes_it(tool: Tool) -> None:
    asked = operation(tool.operation)
    assert f"Scope: `{tool.scope}`" in asked.description
    schema: dict[str, Any] = told_tool(tool).input_schema
    Draft202012Validator.check_schema(schema)
    assert set(schema["required"]) <= schema["properties"].keys()
    assert tool.writes == (asked.method != "GET")


def test_standard_output_bears_the_protocol_alone_and_the_end_of_input_ends_the_process(
    paper: Bankroll,
) -> None:
    hello = {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "a test", "version": "1"},
    }
    said: list[dict[str, Any]] = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/list"},
        {
            "jsonrpc": "2.0",
            "id": 3,
            "method": "tools/call",
            "params": {"name": "list_sports", "arguments": {}},
        },
    ]
    process = subprocess.Popen(
        command(),
        env=environment(text_of(key_of(paper))),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        lines = []
        for message in said:
            process.stdin.write(json.dumps(message) + "\n")
            process.stdin.flush()
            if "id" in message:
                lines.append(json.loads(process.stdout.readline()))
        process.stdin.close()
        rest = process.stdout.read()
        assert process.wait(30) == 0
    assert [(line["jsonrpc"], line["id"]) for line in lines] == [("2.0", 1), ("2.0", 2), ("2.0", 3)]
    assert rest == ""
    tools = lines[1]["result"]["tools"]
    assert "$ref" not in json.dumps(tools)
    placing = next(tool for tool in tools if tool["name"] == "place_paper_bet")["inputSchema"]
    assert placing["required"] == ["bankroll_id", "legs", "stake", "idempotency_key"]
    assert "results" in lines[2]["result"]["structuredContent"]


def test_without_a_working_key_it_ends_with_a_sentence(
    paper: Bankroll, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    expired = key_of(paper)
    ApiKey.objects.filter(pk=expired.pk).update(expires_at=timezone.now() - dt.timedelta(hours=1))
    for key, words in (
        (" ", "BETTRACK_API_KEY is not set: make a key"),
        ("bt_wrong", "^BETTRACK_API_KEY: There is no such API key.$"),
        (text_of(expired), "^BETTRACK_API_KEY: This API key has expired.$"),
    ):
        monkeypatch.setenv("BETTRACK_API_KEY", key)
        with pytest.raises(CommandError, match=words):
            call_command("mcp")
    assert capsys.readouterr().out == ""
