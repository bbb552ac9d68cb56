"""What a provider says of a match's state, in one shape for all of them. No Django."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import Any

from feeds.payloads import ScoreboardEvent, ScoreEvent, Side

ESPN = "espn"
THE_ODDS_API = "the_odds_api"
INTERRUPTED = frozenset({"STATUS_SUSPENDED", "STATUS_ABANDONED", "STATUS_DELAYED", "STATUS_RAIN_DELAY"})


@dataclass(frozen=True)
class TeamName:
    """A side as the provider names it; ``espn_id`` is '' where the provider gives none."""

    name: str
    espn_id: str = ""


@dataclass(frozen=True)
class Reading:
    """One match as one provider saw it; scores are both set (live, final, broken off) or both None."""

    source: str
    event_id: str
    sport_key: str
    start: dt.datetime
    home: TeamName
    away: TeamName
    status: str
    status_detail: str = ""
    home_score: int | None = None
    away_score: int | None = None
    period_scores: dict[str, list[int]] = field(default_factory=dict)
    period: int | None = None
    clock: str = ""

    @property
    def is_final(self) -> bool:
        return self.status == "final"

    def turned_round(self) -> Reading:
        """The same with home and away exchanged: neutral grounds are listed either way."""
        swapped = dict(self.period_scores)
        swapped["home"], swapped["away"] = swapped.get("away", []), swapped.get("home", [])
        if "shootout" in swapped:
            swapped["shootout"] = swapped["shootout"][::-1]
        return replace(
            self,
            home=self.away,
            away=self.home,
            home_score=self.away_score,
            away_score=self.home_score,
            period_scores=swapped if self.period_scores else {},
        )


def reading_of(event: ScoreboardEvent | ScoreEvent, *, sport_key: str = "") -> Reading | None:
    """The event as a reading, or None when it says nothing of the state.

    ``sport_key`` stands in where ESPN's event does not name its league. A final that lacks a score is None, never 0-0.
    """
    if isinstance(event, ScoreboardEvent):
        return _of_scoreboard(event, sport_key)
    return _of_scores(event)


def _of_scoreboard(event: ScoreboardEvent, sport_key: str) -> Reading | None:
    status = str(event.status)
    home, away = event.home.score, event.away.score
    if status not in ("live", "final", "abandoned") or home is None or away is None:
        home = away = None
        if status == "final":
            return None
    return Reading(
        source=ESPN,
        event_id=event.espn_id,
        sport_key=event.sport_key or sport_key,
        start=event.date,
        home=TeamName(event.home.name, event.home.espn_id),
        away=TeamName(event.away.name, event.away.espn_id),
        status=status,
        status_detail=event.status_name,
        home_score=home,
        away_score=away,
        period_scores=_periods(event.home, event.away) if home is not None else {},
        period=event.period or None if home is not None else None,
        clock=_clock(event) if status in ("live", "abandoned") and home is not None else "",
    )


def _clock(event: ScoreboardEvent) -> str:
    """What the scoreboard shows; of a game that is interrupted the detail says that alone, so the clock goes before."""
    text: Any = event.detail or event.clock
    if event.status_name in INTERRUPTED and ":" in event.clock and event.clock not in text:
        text = f"{event.clock} - {text}"
    return str(text)[:32]


def _periods(home: Side, away: Side) -> dict[str, list[int]]:
    if not home.period_scores and not away.period_scores:
        return {}
    scores = {"home": list(home.period_scores), "away": list(away.period_scores)}
    if home.shootout is not None and away.shootout is not None:
        scores["shootout"] = [home.shootout, away.shootout]
    return scores


def _of_scores(event: ScoreEvent) -> Reading | None:
    if event.home_score is None or event.away_score is None:
        return None
    return Reading(
        source=THE_ODDS_API,
        event_id=event.id,
        sport_key=event.sport_key,
        start=event.commence_time,
        home=TeamName(event.home_team),
        away=TeamName(event.away_team),
        status="final" if event.completed else "live",
        status_detail="completed" if event.completed else "in play",
        home_score=event.home_score,
        away_score=event.away_score,
    )
