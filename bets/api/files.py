"""What is said of a file of bets: how it is to be read, and the file itself."""

from __future__ import annotations

from typing import ClassVar, Final
from zoneinfo import available_timezones

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from bets.imports.generic import LABELS
from bets.imports.reading import AUTO
from bets.imports.rows import MAX_BYTES
from bets.imports.values import DATE_ORDERS, ODDS_NOTATIONS
from bets.models import ImportFormat
from rest.bodies import NO_NUL, Body, IdIn, TextIn
from rest.renderers import JsonParser

FILE_FORMATS: Final = [(AUTO, "Found by its columns"), *ImportFormat.choices]


@extend_schema_field(
    {
        "type": "object",
        "properties": {name: {"type": "string", "maxLength": 200, "pattern": NO_NUL} for name in LABELS},
        "additionalProperties": False,
    }
)
class ColumnsIn(serializers.DictField):
    """Names of columns by what they hold."""


class ReadIn(Body):
    """How a file is to be read; what is left out stays, at first as the file suggests."""

    format = serializers.ChoiceField(choices=FILE_FORMATS, required=False)
    dates = serializers.ChoiceField(choices=["", *DATE_ORDERS], required=False, allow_blank=True)
    odds = serializers.ChoiceField(choices=["", *ODDS_NOTATIONS], required=False, allow_blank=True)
    time_zone = TextIn(max_length=64, required=False, help_text="Of times without a zone: Europe/Paris.")
    book = TextIn(max_length=64, required=False, allow_blank=True, help_text="If the file names none.")
    columns = ColumnsIn(
        child=TextIn(max_length=200, allow_blank=True), required=False,
        help_text=f"Name of a column by what it holds: {', '.join(LABELS)}.",
    )  # fmt: skip
    bankroll_id = IdIn(required=False, allow_null=True, help_text="Else the one that the file names.")

    class Meta:
        example: ClassVar = {"dates": "dmy", "odds": "decimal"}

    def validate_time_zone(self, zone: str) -> str:
        if zone not in available_timezones():
            raise serializers.ValidationError("Write a time zone such as Europe/Paris.", code="unknown")
        return zone

    def validate_columns(self, columns: dict[str, str]) -> dict[str, str]:
        if unknown := sorted(columns.keys() - LABELS.keys()):
            raise serializers.ValidationError({unknown[0][:60]: f"Choose from: {', '.join(LABELS)}."})
        return columns


class UploadIn(ReadIn):
    """A file as text."""

    file_name = TextIn(max_length=120)
    content = TextIn(
        trim_whitespace=False, help_text=f"CSV or JSON of at most {MAX_BYTES // 1024 // 1024} MB."
    )

    class Meta:
        example: ClassVar = {
            "file_name": "bets.csv",
            "content": "date,book,selection,stake,odds,result\n2026-11-01,draftkings,Celtics -3.5,25,-110,won\n",
        }

    def validate_content(self, content: str) -> str:
        if len(content.encode()) > MAX_BYTES:
            raise serializers.ValidationError(
                f"The file is larger than {MAX_BYTES // 1024 // 1024} MB; split it."
            )
        return content


class FileParser(JsonParser):
    """Bodies that hold a file, however its text is escaped."""

    most = 2 * MAX_BYTES
