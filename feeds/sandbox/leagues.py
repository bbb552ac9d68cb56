"""What the sandbox plays: five leagues, their clubs and the pace of their games."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from feeds.payloads.leagues import BY_SPORT_KEY

EASTERN = ZoneInfo("America/New_York")
_HERE = Path(__file__).resolve().parent


class Scoring(Enum):
    """How points come: a steady stream, drives worth 7 or 3, or single goals."""

    STREAM = "stream"
    DRIVES = "drives"
    GOALS = "goals"


@dataclass(frozen=True)
class Team:
    """A club: facts of the feeds, and its place in the list (for deterministic draws)."""

    sport_key: str
    espn_id: str
    name: str
    abbreviation: str


@dataclass(frozen=True)
class PlayerRow:
    """A player and what he does in an average game."""

    espn_id: str
    name: str
    points: float
    rebounds: float
    assists: float


@dataclass(frozen=True, kw_only=True)
class LeagueModel:
    """A league's format and the size of its numbers. Wall times are minutes at speed 1."""

    number: int
    sport_key: str
    title: str
    group: str
    description: str
    scoring: Scoring
    periods: int
    period_clock: int
    counts_up: bool
    period_wall: float
    breaks: tuple[float, ...]
    segments: int
    overtime_clock: int
    overtime_wall: float
    overtime_segments: int
    home_edge: float
    margin_spread: float
    total: float
    total_spread: float
    drift: float
    noise: float
    first_evening_minute: int

    @property
    def espn_path(self) -> tuple[str, str]:
        """ESPN's sport and league slugs."""
        league = BY_SPORT_KEY[self.sport_key]
        return league.sport, league.slug

    @property
    def espn_number(self) -> int:
        """ESPN's number of the league, as in a uid."""
        return BY_SPORT_KEY[self.sport_key].number

    @property
    def has_draw(self) -> bool:
        """True where a draw is a result to bet on."""
        return self.overtime_segments == 0


NBA = LeagueModel(
    number=1, sport_key="basketball_nba", title="NBA", group="Basketball", description="US Basketball",
    scoring=Scoring.STREAM, periods=4, period_clock=720, counts_up=False, period_wall=31, breaks=(3, 15, 3),
    segments=24, overtime_clock=300, overtime_wall=13, overtime_segments=10,
    home_edge=2.2, margin_spread=4.6, total=228.0, total_spread=5.0, drift=1.6, noise=0.30, first_evening_minute=0,
)  # fmt: skip
NFL = LeagueModel(
    number=2, sport_key="americanfootball_nfl", title="NFL", group="American Football", description="US Football",
    scoring=Scoring.DRIVES, periods=4, period_clock=900, counts_up=False, period_wall=40, breaks=(3, 14, 3),
    segments=6, overtime_clock=600, overtime_wall=20, overtime_segments=4,
    home_edge=1.6, margin_spread=3.8, total=45.0, total_spread=2.6, drift=0.9, noise=0.16, first_evening_minute=5,
)  # fmt: skip
NHL = LeagueModel(
    number=3, sport_key="icehockey_nhl", title="NHL", group="Ice Hockey", description="US Ice Hockey",
    scoring=Scoring.GOALS, periods=3, period_clock=1200, counts_up=False, period_wall=38, breaks=(18, 18),
    segments=40, overtime_clock=300, overtime_wall=10, overtime_segments=10,
    home_edge=0.22, margin_spread=0.42, total=6.1, total_spread=0.25, drift=0.10, noise=0.025,
    first_evening_minute=10,
)  # fmt: skip
EPL = LeagueModel(
    number=4, sport_key="soccer_epl", title="EPL", group="Soccer", description="English Premier League",
    scoring=Scoring.GOALS, periods=2, period_clock=2700, counts_up=True, period_wall=47, breaks=(15,),
    segments=45, overtime_clock=0, overtime_wall=0, overtime_segments=0,
    home_edge=0.28, margin_spread=0.62, total=2.8, total_spread=0.18, drift=0.08, noise=0.020,
    first_evening_minute=0,
)  # fmt: skip
WNBA = LeagueModel(
    number=5, sport_key="basketball_wnba", title="WNBA", group="Basketball", description="US Basketball",
    scoring=Scoring.STREAM, periods=4, period_clock=600, counts_up=False, period_wall=26, breaks=(3, 13, 3),
    segments=20, overtime_clock=300, overtime_wall=13, overtime_segments=10,
    home_edge=2.0, margin_spread=4.4, total=164.0, total_spread=4.0, drift=1.4, noise=0.28,
    first_evening_minute=15,
)  # fmt: skip
LEAGUES = {model.sport_key: model for model in (NBA, NFL, NHL, EPL, WNBA)}


@cache
def teams(sport_key: str) -> tuple[Team, ...]:
    """The clubs of a league."""
    with (_HERE / "teams.csv").open(encoding="utf-8", newline="") as rows:
        return tuple(Team(**row) for row in csv.DictReader(rows) if row["sport_key"] == sport_key)


@cache
def players(sport_key: str, team_espn_id: str) -> tuple[PlayerRow, ...]:
    """The best-known players of a club; empty where the sandbox keeps none."""
    with (_HERE / "players.csv").open(encoding="utf-8", newline="") as rows:
        return tuple(
            PlayerRow(
                f"99{number:05d}",
                row["name"],
                float(row["points"]),
                float(row["rebounds"]),
                float(row["assists"]),
            )
            for number, row in enumerate(csv.DictReader(rows), 1)
            if (row["sport_key"], row["team_espn_id"]) == (sport_key, team_espn_id)
        )
