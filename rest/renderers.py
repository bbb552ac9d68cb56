"""JSON in and out: Decimals as strings, times in ISO 8601."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any, Final

import msgspec
from django.conf import settings
from django.utils.functional import Promise
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer


def _plain(value: Any) -> Any:
    if isinstance(value, Promise):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _named_once(members: list[tuple[str, Any]]) -> None:
    """Refuse an object of which one reader would take the first value of a name and another the last."""
    names: set[str] = set()
    for name, _ in members:
        if name in names:
            raise ParseError(f"The body names “{name[:60]}” twice in one object.")
        names.add(name)


ENCODER: Final = msgspec.json.Encoder(enc_hook=_plain, decimal_format="string")


def dumps(data: Any) -> bytes:
    """The data as JSON, compact."""
    return ENCODER.encode(data)


class JsonRenderer(BaseRenderer):
    media_type = "application/json"
    format = "json"
    charset = None
    render_style = "binary"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else dumps(data)


class JsonParser(BaseParser):
    """One JSON value in UTF-8, of limited size, that names nothing twice. Raises ParseError, RequestDataTooBig."""

    media_type = "application/json"
    most: int | None = None
    """Bytes of a body; the setting's without it."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        from django.core.exceptions import RequestDataTooBig

        most = self.most or settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read(most + 1)
        if len(body) > most:
            raise RequestDataTooBig
        try:
            read = msgspec.json.decode(body)
            json.loads(body, object_pairs_hook=_named_once)
            return read
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ParseError(f"The body is not JSON: {error}.") from None


class CsvRenderer(JsonRenderer):
    """For files of comma-separated values, which a view writes itself; problems are JSON here too."""

    media_type = "text/csv"
    format = "csv"
