"""The tools: each is one operation of the API under a name that says what it is for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from accounts.api.authentication import owner_of
from accounts.api.idempotency import KEY
from bets.api.bets import BetViewSet
from bets.models import Bankroll, BankrollKind
from bettrack.mcp.calls import Call, Refused, ask, path_with
from bettrack.mcp.schemas import Operation, operation
from rest.problems import ApiProblem, body_of, invalid, unfit

TICKS: Final = 10
MOST_TICKS: Final = 200

Finish = Callable[[dict[str, Any], Mapping[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Tool:
    """``operation`` is the id in the API's description; ``extra`` are arguments that the API does not have."""

    name: str
    title: str
    operation: str
    scope: str
    hint: str = ""
    extra: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    finish: Finish | None = None
    view: Callable[..., Any] | None = None

    @property
    def writes(self) -> bool:
        return self.view is not None

    def description(self) -> str:
        """What the tool does, for who chooses among tools."""
        if self.writes:
            return self.hint
        text = operation(self.operation).description.partition("\n\nScope:")[0].strip()
        return f"{text} {self.hint}".strip()


class PaperBets(BetViewSet):
    """Placing of bets, with paper money alone."""

    def body(self) -> dict[str, Any]:
        told: dict[str, Any] = super().body()
        mine = Bankroll.objects.owned_by(owner_of(self.request)).filter(pk=told["bankroll_id"])
        if mine.exclude(kind=BankrollKind.PAPER).exists():
            raise unfit("bankroll_id", "Only bankrolls of paper money are played with here.", "paper_only")
        return told


def last_ticks(answer: dict[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The movement with the last states of each book alone, and how many were left out. Raises ApiProblem."""
    wanted = arguments.get("ticks", TICKS)
    if isinstance(wanted, bool) or not isinstance(wanted, int) or not 0 <= wanted <= MOST_TICKS:
        raise invalid("ticks", f"Write a whole number from 0 to {MOST_TICKS}.")
    for book in answer.get("books", ()):
        left_out = max(0, len(book["ticks"]) - wanted)
        book["ticks"] = book["ticks"][left_out:]
        book["ticks_left_out"] = left_out
    return answer


TOOLS: Final = (
    Tool("list_sports", "Sports", "sports_list", "odds:read", "Other tools take the `key`."),
    Tool("list_bookmakers", "Bookmakers", "bookmakers_list", "odds:read", "Other tools take the `key`."),
    Tool("find_teams", "Find teams", "teams_list", "odds:read", "`search` takes part of a name."),
    Tool(
        "find_games", "Find games", "games_list", "odds:read",
        "By sport, day, team, status; times are in UTC, days those of `zone`.",
    ),
    Tool("get_game", "A game and its score", "games_retrieve", "odds:read"),
    Tool("get_board", "Board of a day", "odds_board_retrieve", "odds:read"),
    Tool(
        "get_odds", "Odds", "odds_list", "odds:read",
        "Name a `game` and `market` (h2h, spreads, totals) to keep it short. Prices are American odds.",
    ),
    Tool("get_best_odds", "Best odds", "odds_best_list", "odds:read"),
    Tool(
        "get_line_movement", "Line movement", "selections_movement_retrieve", "odds:read",
        "`id` is a selection_id of the odds. `first`, `last` and `closing` are always there.",
        extra={"ticks": {
            "type": "integer", "minimum": 0, "maximum": MOST_TICKS, "default": TICKS,
            "description": "How many of the last states of each book.",
        }},
        finish=last_ticks,
    ),
    Tool("get_closing_lines", "Closing lines", "closing_lines_list", "odds:read"),
    Tool("get_fair_prices", "Fair prices", "fair_prices_list", "odds:read"),
    Tool("find_edges", "Find edges", "edges_list", "odds:read", "`edge` 0.03 is +3 %."),
    Tool("list_my_bankrolls", "My bankrolls", "bankrolls_list", "bets:read"),
    Tool("list_my_bets", "My bets", "bets_list", "bets:read"),
    Tool("get_my_bet", "One of my bets", "bets_retrieve", "bets:read"),
    Tool("sum_my_bets", "My bets by status", "bets_summary_list", "bets:read"),
    Tool(
        "get_my_statistics", "My statistics", "statistics_retrieve", "bets:read",
        "`by` and `fields` make it much shorter. Below 30 bets there is no verdict.",
    ),
    Tool(
        "place_paper_bet", "Place a paper bet", "bets_create", "bets:write",
        "Place a bet with paper money, never with real: straight, parlay, same-game parlay, teaser, round robin or "
        "system. The price must be the book's, or worse than it; a refusal says why and what would do. Make up a new "
        "`idempotency_key` for each bet that is wanted, and send the same one again when an answer was lost.",
        extra={"idempotency_key": {
            "type": "string", "pattern": f"^{KEY.pattern}$", "required": True,
            "description": "Such as a UUID: the same key and bet are placed once, however often they are sent.",
        }},
        view=PaperBets.as_view({"post": "create"}),
    ),
)  # fmt: skip
BY_NAME: Final = {tool.name: tool for tool in TOOLS}


def use(tool: Tool, arguments: Mapping[str, Any], *, key: str) -> dict[str, Any]:
    """Return the answer of the tool to these arguments. Raises Refused."""
    asked = operation(tool.operation)
    try:
        check_names(tool, asked, arguments)
        call = call_of(tool, asked, arguments)
        answer = ask(call, key=key)
        return tool.finish(answer, arguments) if tool.finish else answer
    except ApiProblem as problem:
        raise Refused(body_of(problem)) from None


def check_names(tool: Tool, asked: Operation, arguments: Mapping[str, Any]) -> None:
    """Refuse names that the tool does not know, and want of those it needs. Raises ApiProblem."""
    known = [*asked.parameters, *(asked.body or {}).get("properties", ()), *tool.extra]
    faults = [
        fault(name, "unknown_argument", f"There is no such argument; known are: {', '.join(known)}.")
        for name in sorted(set(arguments) - set(known))
    ]
    needed = [name for name, each in {**asked.parameters, **tool.extra}.items() if each.get("required")]
    faults += [fault(name, "required", "This is needed.") for name in needed if name not in arguments]
    if faults:
        raise ApiProblem("invalid", errors=faults)


def fault(name: str, code: str, text: str) -> dict[str, str]:
    return {"field": name[:60], "code": code, "detail": text}


def call_of(tool: Tool, asked: Operation, arguments: Mapping[str, Any]) -> Call:
    """The call of the API that the arguments ask for. Raises ApiProblem, Refused."""
    ids = {name: arguments[name] for name, each in asked.parameters.items() if each["in"] == "path"}
    make = partial(Call, asked.method, path_with(asked.path, ids))
    if not tool.writes:
        return make(query=query_of(asked, arguments))
    key = arguments["idempotency_key"]
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise invalid("idempotency_key", "Send 1 to 200 printable ASCII characters without spaces.")
    body = {name: value for name, value in arguments.items() if name not in tool.extra}
    return make(body=body, headers={"Idempotency-Key": key}, view=tool.view)


def query_of(asked: Operation, arguments: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The query: of several values a parameter each, or one with commas, as the description says."""
    query = []
    for name, value in arguments.items():
        each = asked.parameters.get(name)
        if each is None or each["in"] != "query" or value is None:
            continue
        words = [word_of(name, one) for one in (value if isinstance(value, list) else [value])]
        if each.get("explode", True):
            query += [(name, word) for word in words]
        else:
            query.append((name, ",".join(words)))
    return query


def word_of(name: str, value: Any) -> str:
    """A value as a query writes it. Raises ApiProblem."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        raise invalid(name, "Write a text, a number, true or false, or a list of these.")
    return str(value)
