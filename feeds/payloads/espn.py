"""ESPN's site API: teams, scoreboards and summaries. Unofficial, so what is not recognised is refused, never read as zero."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from feeds.exceptions import BadPayload

from .leagues import sport_key_of
from .rejection import Parsed, Refusal
from .text import clean, decode, required_instant


class GameStatus(StrEnum):
    """Where a game stands; the values are those of the games' own status."""

    SCHEDULED = "scheduled"
    LIVE = "live"
    FINAL = "final"
    POSTPONED = "postponed"
    CANCELLED = "cancelled"
    ABANDONED = "abandoned"


FINAL_NAMES = frozenset(
    {"STATUS_FINAL", "STATUS_FULL_TIME", "STATUS_FINAL_PEN", "STATUS_FINAL_AET", "STATUS_FINAL_OVERTIME"}
)
PERIODS = range(1, 100)
"""A period beyond is a slip of the source; the game is kept without it."""
_CALLED_OFF = {
    "STATUS_POSTPONED": GameStatus.POSTPONED,
    "STATUS_CANCELED": GameStatus.CANCELLED,
    "STATUS_CANCELLED": GameStatus.CANCELLED,
    "STATUS_ABANDONED": GameStatus.ABANDONED,
}


class EspnTeam(msgspec.Struct, frozen=True):
    """A team as ESPN lists it; `color` is six hex digits or ''."""

    espn_id: str
    name: str
    abbreviation: str
    logo: str = ""
    color: str = ""


class Side(msgspec.Struct, frozen=True):
    """One side of a game. Scores are None unless the game is live or final, or was abandoned in a period that had begun;
    `shootout` counts penalties.
    """

    espn_id: str
    name: str
    abbreviation: str
    score: int | None
    period_scores: tuple[int, ...]
    winner: bool | None
    shootout: int | None = None


class ScoreboardEvent(msgspec.Struct, frozen=True):
    """One game: `status` is final only when ESPN says completed and names a final status.

    `sport_key` is the odds feed's, or '' for a league we have no pair for.
    """

    espn_id: str
    date: datetime
    name: str
    home: Side
    away: Side
    status: GameStatus
    status_name: str
    detail: str
    period: int
    clock: str
    neutral_site: bool = False
    sport_key: str = ""

    @property
    def is_final(self) -> bool:
        """True when the scores are a result."""
        return self.status is GameStatus.FINAL

    def regulation_scores(self, periods: int) -> tuple[int, int] | None:
        """(home, away) after that many regulation periods, or None when the period scores do not tell."""
        if min(len(self.home.period_scores), len(self.away.period_scores)) < periods:
            if self.is_final and self.status_name == "STATUS_FULL_TIME":
                return _pair(self.home.score, self.away.score)
            return None
        return sum(self.home.period_scores[:periods]), sum(self.away.period_scores[:periods])


class Summary(msgspec.Struct, frozen=True):
    """A game with its raw box-score groups, which `feeds.box_scores.player_lines` reads."""

    event: ScoreboardEvent
    players: tuple[dict[str, Any], ...]


class _Logo(msgspec.Struct):
    href: str = ""


class _Team(msgspec.Struct):
    id: str | int
    displayName: str | None = None
    name: str | None = None
    abbreviation: str | None = None
    logo: str | _Logo | None = None
    logos: list[_Logo] = []
    color: str | None = None


class _Line(msgspec.Struct):
    value: float | None = None
    displayValue: str | None = None
    period: int | None = None


class _Competitor(msgspec.Struct):
    homeAway: str
    team: _Team
    score: str | int | float | dict[str, Any] | None = None
    winner: bool | None = None
    linescores: list[_Line] = []
    shootoutScore: int | None = None


class _StatusType(msgspec.Struct):
    name: str
    state: str = ""
    completed: bool = False
    detail: str | None = None
    shortDetail: str | None = None


class _Status(msgspec.Struct):
    type: _StatusType
    displayClock: str | None = None
    period: int | None = None


class _Competition(msgspec.Struct):
    competitors: list[_Competitor]
    status: _Status | None = None
    date: str | None = None
    neutralSite: bool = False


class _Event(msgspec.Struct):
    id: str
    competitions: list[_Competition] = []
    date: str | None = None
    name: str | None = None
    status: _Status | None = None
    uid: str | None = None


class _League(msgspec.Struct):
    slug: str | None = None


class _Scoreboard(msgspec.Struct):
    events: list[msgspec.Raw]
    leagues: list[_League] = []


class _BoxScore(msgspec.Struct):
    players: list[dict[str, Any]] = []


class _Summary(msgspec.Struct):
    header: _Event
    boxscore: _BoxScore | None = None


_PARTS = (Refusal, BadPayload)


def parse_scoreboard(body: bytes) -> Parsed[ScoreboardEvent]:
    """`/scoreboard`; each event on its own. Raises BadPayload when it is not a scoreboard."""
    parsed: Parsed[ScoreboardEvent] = Parsed()
    seen: set[str] = set()
    board = decode(body, _Scoreboard)
    slug = board.leagues[0].slug or "" if len(board.leagues) == 1 else ""
    for index, raw in enumerate(board.events):
        try:
            event = _scoreboard_event(decode(raw, _Event), slug)
            if event.espn_id in seen:
                raise Refusal(f"event id {event.espn_id} appears twice")
            seen.add(event.espn_id)
            parsed.events.append(event)
        except _PARTS as error:
            parsed.reject(f"events[{index}]", str(error))
    return parsed


def parse_summary(body: bytes) -> Summary:
    """`/summary?event=`. Raises BadPayload, also for a game whose shape or status is not understood."""
    raw = decode(body, _Summary)
    try:
        event = _scoreboard_event(raw.header)
    except Refusal as error:
        raise BadPayload(f"summary: {error}") from error
    return Summary(event, tuple(raw.boxscore.players if raw.boxscore else ()))


def parse_teams(body: bytes) -> Parsed[EspnTeam]:
    """`/teams`: `sports[].leagues[].teams[].team`. Raises BadPayload for another shape."""
    tree = decode(body, dict[str, Any])
    parsed: Parsed[EspnTeam] = Parsed()
    try:
        entries = [t["team"] for s in tree["sports"] for league in s["leagues"] for t in league["teams"]]
    except (KeyError, TypeError) as error:
        raise BadPayload("unexpected shape: not a list of teams") from error
    for index, entry in enumerate(entries):
        try:
            parsed.events.append(_team(msgspec.convert(entry, _Team)))
        except (Refusal, msgspec.ValidationError) as error:
            parsed.reject(f"teams[{index}]", str(error))
    return parsed


def status_of(name: str, state: str, *, completed: bool) -> GameStatus:
    """ESPN's status as ours. Raises Refusal for an ended game whose status is not known to be a result."""
    if name in _CALLED_OFF:
        return _CALLED_OFF[name]
    if completed and name in FINAL_NAMES:
        return GameStatus.FINAL
    if not completed and name not in FINAL_NAMES:
        if state == "pre":
            return GameStatus.SCHEDULED
        if state == "in" or name in {"STATUS_SUSPENDED", "STATUS_DELAYED", "STATUS_RAIN_DELAY"}:
            return GameStatus.LIVE
    raise Refusal(f"status {name} (state {state!r}, completed {completed}) is not a known result")


def _scoreboard_event(raw: _Event, slug: str = "") -> ScoreboardEvent:
    if not raw.competitions:
        raise Refusal("event has no competition of two teams")
    competition = raw.competitions[0]
    status = competition.status or raw.status
    if status is None:
        raise Refusal("status is missing")
    kind = status_of(status.type.name, status.type.state, completed=status.type.completed)
    sides = {c.homeAway: c for c in competition.competitors}
    if len(competition.competitors) != 2 or set(sides) != {"home", "away"}:
        raise Refusal("event is not one home side against one away side")
    begun = kind is GameStatus.ABANDONED and bool(status.period)
    home, away = _side(sides["home"], kind, begun), _side(sides["away"], kind, begun)
    if home.espn_id == away.espn_id:
        raise Refusal(f"{home.name} cannot play itself")
    return ScoreboardEvent(
        espn_id=clean(raw.id, "id", required=True, limit=32),
        date=required_instant(competition.date or raw.date, "date"),
        name=clean(raw.name, "name") or f"{away.name} at {home.name}",
        home=home,
        away=away,
        status=kind,
        status_name=clean(status.type.name, "status", required=True, limit=60),
        detail=clean(status.type.shortDetail or status.type.detail, "status detail", limit=120),
        period=status.period if status.period and status.period in PERIODS else 0,
        clock=clean(status.displayClock, "clock", limit=20),
        neutral_site=competition.neutralSite,
        sport_key=sport_key_of(uid=raw.uid or "", slug=slug),
    )


def _side(raw: _Competitor, status: GameStatus, begun: bool) -> Side:
    team = _team(raw.team)
    if team.espn_id.startswith("-"):
        raise Refusal(f"{team.name or 'a side'} is a placeholder, not a team")
    played = begun or status in (GameStatus.LIVE, GameStatus.FINAL)
    score = _count(raw.score, "score") if played else None
    if status is GameStatus.FINAL and score is None:
        raise Refusal(f"final without a score for {team.name}")
    return Side(
        espn_id=team.espn_id,
        name=team.name,
        abbreviation=team.abbreviation,
        score=score,
        period_scores=_periods(raw.linescores) if played else (),
        winner=raw.winner if status is GameStatus.FINAL else None,
        shootout=raw.shootoutScore if played else None,
    )


def _periods(lines: list[_Line]) -> tuple[int, ...]:
    """Scores in order of period; ESPN's half-filled lines end the list."""
    if all(line.period is not None for line in lines):
        lines = sorted(lines, key=lambda line: line.period or 0)
    scores: list[int] = []
    for line in lines:
        value = _count(line.displayValue if line.displayValue is not None else line.value, "period score")
        if value is None:
            break
        scores.append(value)
    return tuple(scores)


def _count(value: str | float | dict[str, Any] | None, field: str) -> int | None:
    if isinstance(value, dict):
        value = value.get("displayValue", value.get("value"))
    if value is None or value in ("", "-"):
        return None
    text = f"{value:g}" if isinstance(value, float) else str(value).strip()
    if not (text.isascii() and text.isdigit()) or len(text) > 4:
        raise Refusal(f"{field} {value!r} is not a count of points")
    return int(text)


def _team(raw: _Team) -> EspnTeam:
    logo = raw.logo.href if isinstance(raw.logo, _Logo) else raw.logo
    if not logo and raw.logos:
        logo = raw.logos[0].href
    return EspnTeam(
        espn_id=clean(str(raw.id), "team id", required=True, limit=32),
        name=clean(raw.displayName or raw.name, "team name", required=True),
        abbreviation=clean(raw.abbreviation, "team abbreviation", limit=12),
        logo=clean(logo, "team logo", limit=500),
        color=clean(raw.color, "team colour", limit=12),
    )


def _pair(home: int | None, away: int | None) -> tuple[int, int] | None:
    return None if home is None or away is None else (home, away)
