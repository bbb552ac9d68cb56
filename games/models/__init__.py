from __future__ import annotations

from games.models.events import (
    CommenceTime,
    Game,
    GameKind,
    GameQuerySet,
    GameStatus,
)
from games.models.participants import (
    Player,
    Sport,
    Team,
    TeamAlias,
)
from games.models.results import (
    Placing,
    PlayerStat,
    ResultSource,
    ScoreReading,
)

__all__ = [
    "CommenceTime",
    "Game",
    "GameKind",
    "GameQuerySet",
    "GameStatus",
    "Placing",
    "Player",
    "PlayerStat",
    "ResultSource",
    "ScoreReading",
    "Sport",
    "Team",
    "TeamAlias",
]
