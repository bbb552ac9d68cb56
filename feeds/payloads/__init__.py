"""Typed payloads of the providers: raw JSON bytes in, frozen structs and counted rejections out. No ORM."""

from __future__ import annotations

from .espn import (
    EspnTeam,
    GameStatus,
    ScoreboardEvent,
    Side,
    Summary,
    parse_scoreboard,
    parse_summary,
    parse_teams,
)
from .odds_api import (
    list_event_odds,
    list_odds,
    parse_event_odds,
    parse_events,
    parse_historical,
    parse_odds,
    parse_scores,
    parse_sports,
)
from .odds_events import Book, Historical, Market, OddsEvent, Outcome, ScoreEvent, SportInfo, UnreadMarket
from .odds_tree import read_markets
from .prices import OddsFormat, american_price, detect_format
from .rejection import Parsed, Rejected

__all__ = [
    "Book",
    "EspnTeam",
    "GameStatus",
    "Historical",
    "Market",
    "OddsEvent",
    "OddsFormat",
    "Outcome",
    "Parsed",
    "Rejected",
    "ScoreEvent",
    "ScoreboardEvent",
    "Side",
    "SportInfo",
    "Summary",
    "UnreadMarket",
    "american_price",
    "detect_format",
    "list_event_odds",
    "list_odds",
    "parse_event_odds",
    "parse_events",
    "parse_historical",
    "parse_odds",
    "parse_scoreboard",
    "parse_scores",
    "parse_sports",
    "parse_summary",
    "parse_teams",
    "read_markets",
]
