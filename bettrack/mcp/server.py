"""The server: reads requests from standard input and writes answers to standard output, nothing else."""

from __future__ import annotations

from typing import Any, Final

import anyio
from asgiref.sync import sync_to_async
from mcp.server import Server, ServerRequestContext
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)
from mcp_types import Tool as Told

from bettrack.mcp.calls import Refused
from bettrack.mcp.schemas import input_schema, operation
from bettrack.mcp.tools import BY_NAME, TOOLS, Tool, use
from rest.renderers import dumps

INSTRUCTIONS: Final = """\
BetTrack keeps sports odds and a person's bets. Odds are American and exact, money and odds are texts: copy them, do not \
round. Times are in UTC. Ids come from other tools: games from find_games, selections from get_odds or get_board, bankrolls \
from list_my_bankrolls. Lists have next_cursor; null is the end. Prices are of when they were last seen: say so. Bets \
can be placed with paper money alone; ask the person before each one. A refusal begins with a stable code.

This key may: {scopes}."""


def make_server(key: str, scopes: list[str]) -> Server[Any]:
    """The server for who holds the key; each call looks the key up anew, so that a revoked one ends at once."""

    async def list_tools(ctx: ServerRequestContext[Any], params: PaginatedRequestParams | None) -> Any:
        return await sync_to_async(told_tools)()

    async def call_tool(ctx: ServerRequestContext[Any], params: CallToolRequestParams) -> Any:
        tool = BY_NAME.get(params.name)
        if tool is None:
            raise MCPError(INVALID_PARAMS, f"There is no tool “{params.name[:60]}”.")
        return await sync_to_async(answered)(tool, params.arguments or {}, key)

    return Server(
        "bettrack",
        title="BetTrack",
        version="1",
        instructions=INSTRUCTIONS.format(scopes=", ".join(scopes)),
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def told_tools() -> ListToolsResult:
    return ListToolsResult(tools=[told(tool) for tool in TOOLS])


def told(tool: Tool) -> Told:
    """The tool as it is told to assistants."""
    return Told(
        name=tool.name,
        title=tool.title,
        description=f"{tool.description()}\n\nNeeds the scope {tool.scope}.",
        input_schema=input_schema(operation(tool.operation), tool.extra),
        annotations=ToolAnnotations(
            read_only_hint=not tool.writes,
            destructive_hint=False if tool.writes else None,
            idempotent_hint=True if tool.writes else None,
            open_world_hint=False,
        ),
    )


def answered(tool: Tool, arguments: dict[str, Any], key: str) -> CallToolResult:
    """The answer of the tool, or why there is none."""
    try:
        answer = use(tool, arguments, key=key)
    except Refused as refused:
        text = sentence(refused.problem)
        return CallToolResult(
            content=[TextContent(text=text)], structured_content=refused.problem, is_error=True
        )
    return CallToolResult(content=[TextContent(text=dumps(answer).decode())], structured_content=answer)


def sentence(problem: dict[str, Any]) -> str:
    """The problem in lines that a model can act on: code and detail, what would do, each fault."""
    usual = {"type", "title", "status", "code", "detail", "errors"}
    lines = [f"{problem['code']}: {problem['detail']}"]
    lines += [f"{name}: {value}" for name, value in problem.items() if name not in usual]
    lines += [f"{each['field'] or 'all'}: {each['detail']} ({each['code']})" for each in problem["errors"]]
    return "\n".join(lines)


def serve(key: str, scopes: list[str]) -> None:
    """Serve until standard input ends."""

    async def run() -> None:
        server = make_server(key, scopes)
        async with stdio_server() as (read, write):
            await server.run(read, write, server.create_initialization_options())

    anyio.run(run)
