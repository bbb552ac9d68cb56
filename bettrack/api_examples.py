"""An example of every parameter in the description of the API: by its name, else by what it may be."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from games.api import GAME_ID

BY_NAME: Final[Mapping[str, Any]] = {
    "bookmaker": "draftkings",
    "book": "draftkings",
    "cursor": "WyJpZCIsN10",
    "days": 30,
    "fair": "consensus",
    "group": "Basketball",
    "key": "9f86d081884c",
    "league": "basketball_nba",
    "least": 5,
    "limit": 50,
    "market": "spreads",
    "odds_from": "-150",
    "odds_to": "+150",
    "outlay": "100.00",
    "participant": "Celtics",
    "person": "ada",
    "q": "soft line",
    "reason": "The sources disagree on the score.",
    "reference": "consensus",
    "region": "us",
    "search": "Celtics",
    "selection": 4711,
    "sport": "basketball_nba",
    "stat": "player_points",
    "tag": "model-a",
    "top": 3,
    "zone": "America/New_York",
}
BY_FORMAT: Final[Mapping[str, str]] = {
    "date": "2026-11-20",
    "date-time": "2026-11-20T18:22:00Z",
    "uuid": GAME_ID,
}
OF_BETS: Final[Mapping[str, Any]] = {**BY_NAME, "sport": "Basketball"}
"""The filter of bets knows sports by their groups."""
TYPES: Final = {"string": str, "integer": int}


def give_examples(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Put an example into the schema of every parameter of a query.

    There, and not beside it, where the page that tries operations out would fill it in: all filters at once find nothing.
    """
    for methods in result["paths"].values():
        for operation in methods.values():
            names = OF_BETS if operation["tags"] == ["bets"] else BY_NAME
            for parameter in operation.get("parameters", ()):
                if parameter["in"] == "query":
                    schema = parameter["schema"]
                    schema["examples"] = [example_of(names.get(parameter["name"]), schema)]
                    schema.pop("example", None)
    return result


def example_of(known: Any, schema: Mapping[str, Any]) -> Any:
    """A value that a parameter of that schema takes: the ``known`` one of its name where it may be that."""
    if "items" in schema:
        return [example_of(known, schema["items"])]
    kind = schema.get("type", "string")
    for given in (
        schema.get("enum", [None])[0],
        schema.get("example"),
        BY_FORMAT.get(schema.get("format", "")),
    ):
        if given is not None:
            return given
    if isinstance(known, TYPES.get(kind, ())) and fits(known, schema.get("pattern", "")):
        return known
    return {"boolean": True, "integer": schema.get("default", schema.get("minimum", 1))}.get(kind, GAME_ID)


def fits(known: object, pattern: str) -> bool:
    return not isinstance(known, str) or re.search(pattern, known) is not None
