"""What a tool is told, taken from the API's description, so that the two cannot differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from bettrack.api_pages import api_description

SHORTER: Final = {
    "fields": "Only these fields of each row; fewer make a shorter answer.",
    "expand": "Also these parts of each row.",
    "cursor": "next_cursor of the page before.",
    "page": "next_page of the page before.",
}


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the API: where it is, and its parameters by name as the description has them."""

    method: str
    path: str
    parameters: Mapping[str, Mapping[str, Any]]
    body: Mapping[str, Any] | None
    description: str


@lru_cache(maxsize=64)
def operation(name: str) -> Operation:
    """The operation of that id. Raises KeyError."""
    for path, methods in api_description()["paths"].items():
        for method, found in methods.items():
            if found["operationId"] == name:
                return _read(path, method, found)
    raise KeyError(name)


def _read(path: str, method: str, found: Mapping[str, Any]) -> Operation:
    given = [each for each in found.get("parameters", []) if each["in"] in ("path", "query")]
    content = found.get("requestBody", {}).get("content", {}).get("application/json")
    return Operation(
        method=method.upper(),
        path=path,
        parameters={each["name"]: {**each, "schema": whole(each["schema"])} for each in given},
        body=whole(content["schema"]) if content else None,
        description=found["description"],
    )


def whole(schema: Any) -> Any:
    """The schema with what it refers to put in."""
    if isinstance(schema, list):
        return [whole(each) for each in schema]
    if not isinstance(schema, Mapping):
        return schema
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return whole(api_description()["components"]["schemas"][name])
    return {name: whole(each) for name, each in schema.items()}


def input_schema(asked: Operation, extra: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The JSON Schema of a tool's arguments; ``extra`` are those that the API does not have."""
    properties: dict[str, Any] = {}
    required = []
    for name, each in asked.parameters.items():
        text = SHORTER.get(name, str(each.get("description", "")).strip())
        properties[name] = {**each["schema"], **({"description": text} if text else {})}
        if each.get("required"):
            required.append(name)
    if asked.body is not None:
        properties |= asked.body["properties"]
        required += asked.body["required"]
    for name, each in extra.items():
        properties[name] = {word: value for word, value in each.items() if word != "required"}
        if each.get("required"):
            required.append(name)
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }
