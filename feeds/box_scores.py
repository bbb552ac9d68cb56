"""ESPN box scores as flat statistics per player.

Names are ESPN's keys in snake case. Basketball and hockey keys stand alone (`points`, `shots_total`); football and baseball
keys carry their group, because the same key means different things in two groups: `passing.interceptions` are thrown,
`interceptions.interceptions` caught, `pitching.hits` allowed. Derived: `pitching.outs` (6.1 innings are 19 outs), times
on ice in seconds, and `starter` (1 or 0) of who played, where ESPN says it.
"""

from __future__ import annotations

import logging
import re
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from .payloads import Rejected, Summary
from .payloads.rejection import Refusal
from .payloads.text import clean

logger = logging.getLogger(__name__)

_COMBO = re.compile(r"^(-?\d+(?:\.\d+)?)[-/](-?\d+(?:\.\d+)?)$")
_CLOCK = re.compile(r"^(\d{1,3}):([0-5]\d)$")
_NO_VALUE = frozenset({"", "-", "--", "---"})
_OUTS = "fullInnings.partInnings"
_GROUPS_WITHOUT_PREFIX = frozenset({"", "forwards", "defenses", "skaters", "goalies"})

# for groups whose keys and values do not pair up (quarterback rating left out): label to key, per group
_KEYS_BY_LABEL: dict[str, dict[str, str]] = {
    "passing": {
        "C/ATT": "completions/passingAttempts",
        "YDS": "passingYards",
        "AVG": "yardsPerPassAttempt",
        "TD": "passingTouchdowns",
        "INT": "interceptions",
        "SACKS": "sacks-sackYardsLost",
        "QBR": "adjQBR",
        "RTG": "QBRating",
    },
    "rushing": {
        "CAR": "rushingAttempts",
        "YDS": "rushingYards",
        "AVG": "yardsPerRushAttempt",
        "TD": "rushingTouchdowns",
        "LONG": "longRushing",
    },
    "receiving": {
        "REC": "receptions",
        "YDS": "receivingYards",
        "AVG": "yardsPerReception",
        "TD": "receivingTouchdowns",
        "LONG": "longReception",
        "TGTS": "receivingTargets",
    },
    "batting": {"H-AB": "hits-atBats", "AB": "atBats", "R": "runs", "H": "hits", "RBI": "RBIs", "HR": "homeRuns",
                "BB": "walks", "K": "strikeouts"},
    "pitching": {"IP": _OUTS, "H": "hits", "R": "runs", "ER": "earnedRuns", "BB": "walks", "K": "strikeouts",
                 "HR": "homeRuns"},
    "": {"MIN": "minutes", "PTS": "points", "REB": "rebounds", "AST": "assists", "STL": "steals", "BLK": "blocks",
         "TO": "turnovers", "FG": "fieldGoalsMade-fieldGoalsAttempted", "PF": "fouls",
         "3PT": "threePointFieldGoalsMade-threePointFieldGoalsAttempted",
         "FT": "freeThrowsMade-freeThrowsAttempted", "OREB": "offensiveRebounds", "DREB": "defensiveRebounds"},
}  # fmt: skip


class PlayerLine(msgspec.Struct, frozen=True):
    """One player's statistics of a game. `did_not_play` is ESPN's word; absence from the box proves nothing."""

    espn_id: str
    name: str
    team_espn_id: str
    did_not_play: bool
    stats: dict[str, Decimal]


class BoxScore(msgspec.Struct, frozen=True):
    """All lines of a game, one per player, and what could not be read."""

    lines: tuple[PlayerLine, ...]
    rejected: tuple[Rejected, ...]


def box_score(summary: Summary) -> BoxScore:
    """Every player's line; a player of several groups (passing and rushing) gets one line with both."""
    found: dict[tuple[str, str], PlayerLine] = {}
    rejected: list[Rejected] = []
    for side, block in enumerate(summary.players):
        team = _text(block.get("team"), "id")
        for number, group in enumerate(_dicts(block.get("statistics"))):
            path = f"players[{side}].statistics[{number}]"
            name = str(group.get("name") or group.get("type") or "")
            for athlete in _dicts(group.get("athletes")):
                try:
                    line = _line(athlete, group, name, team)
                except Refusal as error:
                    rejected.append(Rejected(f"{path}({name})", str(error)))
                    logger.warning("rejected %s(%s): %s", path, name, error)
                    continue
                before = found.get((team, line.espn_id))
                found[team, line.espn_id] = line if before is None else _merged(before, line)
    return BoxScore(tuple(found.values()), tuple(rejected))


def _line(athlete: dict[str, Any], group: dict[str, Any], name: str, team: str) -> PlayerLine:
    person = athlete.get("athlete")
    espn_id = clean(_text(person, "id"), "athlete id", required=True, limit=32)
    player = clean(_text(person, "displayName"), "athlete name", required=True)
    stats: dict[str, Decimal] = {}
    for key, value in _pairs(group, [str(value) for value in athlete.get("stats") or []], name, player):
        stats |= _values(key, value)
    if stats and isinstance(athlete.get("starter"), bool):
        stats["starter"] = Decimal(athlete["starter"])
    prefix = "" if name in _GROUPS_WITHOUT_PREFIX else f"{name}."
    minutes = stats.get("minutes")
    absent = bool(athlete.get("didNotPlay")) or (minutes is not None and minutes == 0)
    return PlayerLine(espn_id, player, team, absent, {prefix + key: value for key, value in stats.items()})


def _pairs(group: dict[str, Any], stats: list[str], name: str, player: str) -> list[tuple[str, str]]:
    """Keys with values; where ESPN left a value out, the labels say which."""
    keys = [str(key) for key in group.get("keys") or []]
    if not stats or len(keys) == len(stats):
        return list(zip(keys, stats, strict=False))
    labels = [str(label) for label in group.get("labels") or group.get("names") or []]
    known = _KEYS_BY_LABEL.get(name, {})
    if len(labels) == len(stats) and known:
        return [(known[label], value) for label, value in zip(labels, stats, strict=True) if label in known]
    raise Refusal(f"{player}: {len(stats)} values for {len(keys)} keys and {len(labels)} labels")


def _values(key: str, value: str) -> dict[str, Decimal]:
    """One cell as named numbers; a cell without a number gives none."""
    value = value.strip()
    if value in _NO_VALUE:
        return {}
    if key == _OUTS:
        return {"outs": Decimal(outs(value))}
    clock = _CLOCK.match(value)
    if clock:
        return (
            {f"{snake(key)}_seconds": Decimal(int(clock[1]) * 60 + int(clock[2]))}
            if key != "minutes"
            else {"minutes": (Decimal(int(clock[1])) + Decimal(int(clock[2])) / 60).quantize(Decimal("0.01"))}
        )
    parts = re.split(r"[-/]", key)
    combo = _COMBO.match(value)
    if len(parts) == 2 and combo:
        return {snake(parts[0]): Decimal(combo[1]), snake(parts[1]): Decimal(combo[2])}
    if len(parts) != 1:
        return {}
    try:
        number = Decimal(value.removeprefix("+"))
    except InvalidOperation:
        return {}
    return {snake(key): number} if number.is_finite() else {}


def outs(innings: str) -> int:
    """Outs of innings pitched: `6.1` is six innings and one out, 19. Raises Refusal for anything else."""
    match = re.fullmatch(r"(\d{1,3})(?:\.([012]))?", innings)
    if match is None:
        raise Refusal(f"{innings!r} is not a count of innings")
    return 3 * int(match[1]) + int(match[2] or 0)


def snake(key: str) -> str:
    """ESPN's key in snake case: `threePointFieldGoalsMade` is `three_point_field_goals_made`, `RBIs` is `rbis`."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", key.replace("RBIs", "rbis"))
    return re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", spaced).lower().replace(".", "_")


def _merged(first: PlayerLine, second: PlayerLine) -> PlayerLine:
    return PlayerLine(
        first.espn_id,
        first.name,
        first.team_espn_id,
        first.did_not_play and second.did_not_play,
        first.stats | second.stats,
    )


def _text(holder: Any, field: str) -> str:
    value = holder.get(field) if isinstance(holder, dict) else None
    return "" if value is None else str(value)


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []
