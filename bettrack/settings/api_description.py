"""How the description of the API is made of its code (drf-spectacular); nothing of it depends on the site."""

from __future__ import annotations

from bettrack.version import VERSION

SPECTACULAR_SETTINGS = {
    "TITLE": "BetTrack",
    "DESCRIPTION": (
        "Games, odds and bets for programs. Money and odds are strings, so that no digit is lost; times are in "
        "UTC; lists come in pages of 50, at most 200. Errors are problem details (RFC 9457) with a stable `code`: "
        "/api/problems/ says what each means."
    ),
    "VERSION": "1",
    "EXTENSIONS_INFO": {"x-bettrack-version": VERSION},
    "OAS_VERSION": "3.1.1",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_SPLIT_PATCH": False,
    "COMPONENT_NO_READ_ONLY_REQUIRED": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "rest.schema.describe",
        "bettrack.api_examples.give_examples",
    ],
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "GameStatus": "games.models.GameStatus",
        "GameKind": "games.models.GameKind",
        "ResultSource": "games.models.ResultSource",
        "Side": "odds.models.Side",
        "EdgeKind": "odds.edges.page.EdgeKind",
        "BetStatus": "bets.models.BetStatus",
        "BetKind": "bets.models.BetKind",
        "BankrollKind": "bets.models.BankrollKind",
        "LimitKind": "bets.models.LimitKind",
        "AmountLimit": "bets.api.limits.KINDS",
        "OperationKind": "bets.models.OperationKind",
        "DoableOperation": "bets.api.operations.KINDS",
        "ImportState": "bets.models.ImportState",
        "ImportFormat": "bets.models.ImportFormat",
        "UploadFormat": "bets.api.files.FILE_FORMATS",
        "Provider": "feeds.models.Provider",
        "QuotaBlock": "feeds.models.Block",
        "MonitorStatus": "feeds.monitoring.api.STATUSES",
        "WebhookTopic": "bets.models.WebhookTopic",
        "DeliveryState": "bets.models.DeliveryState",
        "JobKind": "bets.models.JobKind",
        "JobState": "bets.models.JobState",
    },
}
