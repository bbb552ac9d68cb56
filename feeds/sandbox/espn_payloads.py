"""The world in ESPN's own shapes."""

from __future__ import annotations

import datetime as dt
from typing import Any

from . import props
from .leagues import EASTERN, LeagueModel, Scoring, Team, teams
from .play import Standing
from .schedule import Fate, Fixture
from .world import World

_LOGOS = "https://a.espncdn.com/i/teamlogos"
_BOX_KEYS = (
    ("minutes", "MIN"), ("fieldGoalsMade-fieldGoalsAttempted", "FG"),
    ("threePointFieldGoalsMade-threePointFieldGoalsAttempted", "3PT"),
    ("freeThrowsMade-freeThrowsAttempted", "FT"), ("rebounds", "REB"), ("assists", "AST"), ("points", "PTS"),
)  # fmt: skip
_REGULAR = {"id": "2", "type": 2, "name": "Regular Season", "abbreviation": "reg"}
_ORDINALS = {1: "1st", 2: "2nd", 3: "3rd", 4: "4th"}


def scoreboard(world: World, sport: LeagueModel, day: dt.date, at: dt.datetime) -> dict[str, Any]:
    """`/scoreboard?dates=`: the games of a US day."""
    return {
        "leagues": [_league(sport, at)],
        "season": _season(at),
        "day": {"date": day.isoformat()},
        "events": [_event(world, fixture, at) for fixture in world.day(sport, day)],
    }


def team_list(sport: LeagueModel, at: dt.datetime) -> dict[str, Any]:
    """`/teams`: nested as ESPN nests it."""
    entries = [{"team": _team(sport, team, logos=True)} for team in teams(sport.sport_key)]
    league = _league(sport, at) | {"teams": entries}
    return {"sports": [{"id": "0", "name": sport.group, "slug": sport.espn_path[0], "leagues": [league]}]}


def summary(world: World, fixture: Fixture, at: dt.datetime) -> dict[str, Any]:
    """`/summary?event=`: header and box score; basketball has one unnamed group of players."""
    told = _event(world, fixture, at)
    competition = told["competitions"][0]
    header = {
        "id": told["id"],
        "uid": told["uid"],
        "season": {"year": told["season"]["year"], "current": True, "type": 2},
        "timeValid": True,
        "competitions": [_header_competition(fixture, competition)],
        "league": {key: value for key, value in _league(fixture.model, at).items() if key != "season"},
    }
    sides = [
        {"team": _box_team(fixture.model, side), "homeAway": where}
        for side, where in ((fixture.away, "away"), (fixture.home, "home"))
    ]
    boxscore: dict[str, Any] = {"teams": sides}
    if fixture.fate is Fate.PLAYED and fixture.starts_at <= at:
        blocks = [_player_block(world, fixture, team, at) for team in (fixture.away, fixture.home)]
        if all(blocks):
            boxscore["players"] = blocks
    return {"boxscore": boxscore, "header": header}


def _header_competition(fixture: Fixture, told: dict[str, Any]) -> dict[str, Any]:
    """A summary says less than a scoreboard: period scores as text only, and no clock once it is over."""
    competitors = []
    for side, entry in zip((fixture.home, fixture.away), told["competitors"], strict=True):
        team = _team(fixture.model, side, logos=True)
        competitor = {key: value for key, value in entry.items() if key not in ("type", "team", "linescores")}
        competitor["team"] = {k: v for k, v in team.items() if k not in ("shortDisplayName", "isActive")}
        if "linescores" in entry:
            competitor["linescores"] = [
                {"displayValue": line["displayValue"]} for line in entry["linescores"]
            ]
        competitors.append(competitor)
    state = told["status"]["type"]["state"]
    return {key: told[key] for key in ("id", "uid", "date", "neutralSite")} | {
        "boxscoreAvailable": state != "pre",
        "competitors": competitors,
        "status": told["status"] if state == "in" else {"type": told["status"]["type"]},
    }


def _event(world: World, fixture: Fixture, at: dt.datetime) -> dict[str, Any]:
    sport = fixture.model
    uid = f"s:{sport.number}0~l:{sport.espn_number}~e:{fixture.espn_id}"
    date = fixture.commence_time(at).strftime("%Y-%m-%dT%H:%MZ")
    off = fixture.called_off_at is not None and at >= fixture.called_off_at
    standing = None if off or at < fixture.starts_at else world.standing(fixture, at)
    status = _called_off(fixture) if off else _status(world, fixture, standing)
    competitors = [
        _competitor(fixture, side, standing, at_home=at_home)
        for side, at_home in ((fixture.home, True), (fixture.away, False))
    ]
    competition = {
        "id": fixture.espn_id,
        "uid": f"{uid}~c:{fixture.espn_id}",
        "date": date,
        "timeValid": True,
        "neutralSite": False,
        "competitors": competitors,
        "status": status,
        "format": {"regulation": {"periods": sport.periods}},
        "startDate": date,
    }
    return {
        "id": fixture.espn_id,
        "uid": uid,
        "date": date,
        "name": f"{fixture.away.name} at {fixture.home.name}",
        "shortName": f"{fixture.away.abbreviation} @ {fixture.home.abbreviation}",
        "season": _season(at) | {"slug": "regular-season"},
        "competitions": [competition],
        "status": status,
    }


def _competitor(fixture: Fixture, side: Team, standing: Standing | None, *, at_home: bool) -> dict[str, Any]:
    sport = fixture.model
    score, other = 0, 0
    lines: tuple[int, ...] = ()
    if standing is not None:
        score, other = (standing.home, standing.away) if at_home else (standing.away, standing.home)
        lines = standing.home_periods if at_home else standing.away_periods
    entry: dict[str, Any] = {
        "id": side.espn_id,
        "uid": f"s:{sport.number}0~l:{sport.espn_number}~t:{side.espn_id}",
        "type": "team",
        "order": 0 if at_home else 1,
        "homeAway": "home" if at_home else "away",
        "team": _team(sport, side),
        "score": str(score),
    }
    if standing is not None and standing.final:
        entry["winner"] = score > other
    if lines:
        entry["linescores"] = [
            {"value": float(value), "displayValue": str(value), "period": period}
            for period, value in enumerate(lines, 1)
        ]
    return entry


def _status(world: World, fixture: Fixture, standing: Standing | None) -> dict[str, Any]:
    sport = fixture.model
    if standing is None:
        local = fixture.scheduled.astimezone(EASTERN)
        told = local.strftime("%a, %B %-d at %-I:%M %p EST")
        return _shape(0.0, "0:00", 0, "1", "STATUS_SCHEDULED", "pre", "Scheduled", told)
    clock, shown = _clock(sport, standing)
    if standing.final and sport.has_draw:
        return _shape(clock, shown, sport.periods, "28", "STATUS_FULL_TIME", "post", "Full Time", "FT")
    if standing.final:
        extra = "/SO" if world.play(fixture).shootout else "/OT" if standing.overtime else ""
        return _shape(0.0, "0:00", standing.period, "3", "STATUS_FINAL", "post", "Final", f"Final{extra}")
    if standing.in_break:
        if standing.period * 2 == sport.periods or sport.has_draw:
            return _shape(0.0, "0:00", standing.period, "23", "STATUS_HALFTIME", "in", "Halftime", "Halftime")
        ended = f"End of {_ORDINALS.get(standing.period, 'OT')}"
        return _shape(0.0, "0:00", standing.period, "22", "STATUS_END_PERIOD", "in", "End of Period", ended)
    if sport.has_draw:
        half = "FIRST" if standing.period == 1 else "SECOND"
        name, number = f"STATUS_{half}_HALF", "25" if half == "FIRST" else "26"
        return _shape(clock, shown, standing.period, number, name, "in", f"{half.title()} Half", shown)
    period = "OT" if standing.overtime else _ORDINALS[standing.period]
    return _shape(
        clock, shown, standing.period, "2", "STATUS_IN_PROGRESS", "in", "In Progress", f"{shown} - {period}"
    )


def _called_off(fixture: Fixture) -> dict[str, Any]:
    if fixture.fate is Fate.POSTPONED:
        return _shape(0.0, "0:00", 0, "6", "STATUS_POSTPONED", "post", "Postponed", "Postponed")
    return _shape(0.0, "0:00", 0, "5", "STATUS_CANCELED", "post", "Canceled", "Canceled")


def _shape(
    clock: float, shown: str, period: int, number: str, name: str, state: str, description: str, detail: str
) -> dict[str, Any]:
    return {
        "clock": clock,
        "displayClock": shown,
        "period": period,
        "type": {
            "id": number,
            "name": name,
            "state": state,
            "completed": name in {"STATUS_FINAL", "STATUS_FULL_TIME"},
            "description": description,
            "detail": detail,
            "shortDetail": detail,
        },
    }


def _clock(sport: LeagueModel, standing: Standing) -> tuple[float, str]:
    left = round(standing.clock_left)
    if sport.counts_up:
        played = standing.period * sport.period_clock - left
        return float(played), f"{max(1, -(-played // 60))}'"
    return float(left), f"{left // 60}:{left % 60:02d}"


def _player_block(world: World, fixture: Fixture, team: Team, at: dt.datetime) -> dict[str, Any]:
    lines = props.box(world.market, fixture, team, at)
    if not lines or fixture.model.scoring is not Scoring.STREAM:
        return {}
    athletes = [
        {
            "active": True,
            "athlete": {
                "id": line.player.espn_id,
                "displayName": line.player.name,
                "shortName": line.player.name,
            },
            "starter": line.starter,
            "didNotPlay": False,
            "reason": "COACH'S DECISION",
            "ejected": False,
            "stats": _stats(line),
        }
        for line in lines
    ]
    labels = [label for _, label in _BOX_KEYS]
    group = {"names": labels, "keys": [key for key, _ in _BOX_KEYS], "labels": labels, "athletes": athletes}
    return {"team": _box_team(fixture.model, team), "statistics": [group]}


def _stats(line: props.Line) -> list[str]:
    parts = (line.field_goals, line.threes, line.free_throws)
    shots = [f"{made}-{tried}" for made, tried in parts]
    return [str(line.minutes), *shots, str(line.rebounds), str(line.assists), str(line.points)]


def _team(sport: LeagueModel, team: Team, *, logos: bool = False) -> dict[str, Any]:
    slug = sport.espn_path[1]
    soccer = sport.has_draw
    picture = f"{_LOGOS}/{'soccer' if soccer else slug}/500/{team.espn_id if soccer else team.abbreviation.lower()}.png"
    entry: dict[str, Any] = {
        "id": team.espn_id,
        "uid": f"s:{sport.number}0~l:{sport.espn_number}~t:{team.espn_id}",
        "abbreviation": team.abbreviation,
        "displayName": team.name,
        "shortDisplayName": team.name.rsplit(" ", 1)[-1],
        "name": team.name.rsplit(" ", 1)[-1],
        "location": team.name.rsplit(" ", 1)[0],
        "isActive": True,
    }
    if logos:
        return entry | {"logos": [{"href": picture, "width": 500, "height": 500, "rel": ["full", "default"]}]}
    return entry | {"logo": picture}


def _box_team(sport: LeagueModel, team: Team) -> dict[str, Any]:
    return {key: value for key, value in _team(sport, team).items() if key != "isActive"}


def _league(sport: LeagueModel, at: dt.datetime) -> dict[str, Any]:
    slug = sport.espn_path[1]
    return {
        "id": str(sport.espn_number),
        "uid": f"s:{sport.number}0~l:{sport.espn_number}",
        "name": sport.description,
        "abbreviation": sport.title,
        "slug": slug,
        "season": {"year": _season(at)["year"], "type": _REGULAR},
    }


def _season(at: dt.datetime) -> dict[str, Any]:
    return {"type": 2, "year": at.year + (at.month >= 7)}
