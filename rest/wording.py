"""What is wrong with a field, in our words instead of the framework's: told here once for every field of the API."""

from __future__ import annotations

from typing import Final

from rest_framework import serializers

LENGTHS: Final = {
    "min_length": "At least {min_length} must be given.",
    "max_length": "At most {max_length} can be given.",
}
NUMBERS: Final = {
    "min_value": "The least is {min_value}.",
    "max_value": "The most is {max_value}.",
    "max_string_length": "This number is too long.",
}
LISTS: Final = {"not_a_list": "Write a list: […].", "empty": "The list may not be empty."}
WORDS: Final[dict[type[serializers.Field], dict[str, str]]] = {
    serializers.Field: {"required": "This is missing.", "null": "This cannot be null."},
    serializers.BooleanField: {"invalid": "Write true or false."},
    serializers.CharField: {
        "invalid": "Write text.",
        "blank": "This may not be blank.",
        "min_length": "At least {min_length} characters are needed.",
        "max_length": "At most {max_length} characters can be kept.",
    },
    serializers.RegexField: {"invalid": "This is not of the form that is described."},
    serializers.URLField: {"invalid": "Write a web address, such as https://example.org/."},
    serializers.UUIDField: {"invalid": "Write an id, such as 0195f1a0-0000-7000-8000-000000000001."},
    serializers.IntegerField: {"invalid": "Write a whole number.", **NUMBERS},
    serializers.DecimalField: {
        "invalid": "Write a number.",
        "max_digits": "At most {max_digits} digits can be kept.",
        "max_decimal_places": "At most {max_decimal_places} decimal places can be kept.",
        "max_whole_digits": "At most {max_whole_digits} digits can stand before the point.",
        **NUMBERS,
    },
    serializers.DateTimeField: {
        "invalid": "Write a time with its zone, such as 2026-11-20T18:22:00Z.",
        "date": "Write a time with its zone, such as 2026-11-20T18:22:00Z.",
        "make_aware": "There is no such time in the zone {timezone}.",
        "overflow": "That time is out of range.",
    },
    serializers.DateField: {
        "invalid": "Write a day, such as 2026-11-20.",
        "datetime": "Write a day, such as 2026-11-20.",
    },
    serializers.ChoiceField: {"invalid_choice": "“{input!s:.60}” is not one of the choices."},
    serializers.MultipleChoiceField: {
        "invalid_choice": "“{input!s:.60}” is not one of the choices.",
        **LISTS,
    },
    serializers.ListField: {**LISTS, **LENGTHS},
    serializers.ListSerializer: {**LISTS, **LENGTHS},
    serializers.DictField: {"not_a_dict": "Write an object: {{…}}.", "empty": "The object may not be empty."},
    serializers.Serializer: {"invalid": "Write an object: {{…}}."},
}
"""Class of fields → code → sentence. A class of our own may say it better still."""


def speak_plainly() -> None:
    """Give the framework's fields these words; each field looks its words up when it is made."""
    for kind, words in WORDS.items():
        kind.default_error_messages = {**vars(kind).get("default_error_messages", {}), **words}
