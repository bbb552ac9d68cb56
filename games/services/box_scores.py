"""Box scores: players and what each of them did in a game."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from django.db import transaction

from games.models import Game, Player, PlayerStat
from games.team_directory import TeamDirectory

DID_NOT_PLAY = "did_not_play"
THOUSANDTH, LARGEST = Decimal("0.001"), Decimal(10**6)
"""What ``PlayerStat.value`` holds; a number beyond is left out."""


class PlayerLine(Protocol):
    """One player's numbers as ``feeds.box_scores`` reads them; who did not play has none."""

    @property
    def espn_id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def team_espn_id(self) -> str: ...
    @property
    def did_not_play(self) -> bool: ...
    @property
    def stats(self) -> Mapping[str, Decimal]: ...


@dataclass(frozen=True)
class BoxScoreCounts:
    """Rows of a box score by what happened to them."""

    created: int
    updated: int
    unchanged: int


@transaction.atomic
def record_box_score(*, game: Game, stats: Iterable[PlayerLine], now: dt.datetime) -> BoxScoreCounts:
    """Store a match's box score: players appear or move team, statistics are set; the same twice writes nothing.

    That a player did not play is kept as the statistic ``did_not_play``, which is 1.
    A player's team is that of the box score recorded last. The number of statements does not depend on the number of
    players. A changed statistic touches the game's ``updated_at``, so that settlement looks again.
    """
    Game.objects.select_for_update().get(pk=game.pk)
    lines = {line.espn_id: line for line in stats if 0 < len(line.espn_id) <= 16 and line.name}
    players = _players(game, lines)
    old = {
        (row.player_id, row.stat): row
        for row in PlayerStat.objects.filter(game=game).only("player", "stat", "value")
    }
    new: list[PlayerStat] = []
    changed: list[PlayerStat] = []
    unchanged = 0
    for espn_id, line in sorted(lines.items()):
        values = {
            stat: value.quantize(THOUSANDTH)
            for stat, value in line.stats.items()
            if len(stat) <= 64 and abs(value) < LARGEST
        }
        if line.did_not_play or (players[espn_id], DID_NOT_PLAY) in old:
            values[DID_NOT_PLAY] = Decimal(line.did_not_play)
        for stat, value in sorted(values.items()):
            row = old.get((players[espn_id], stat))
            if row is None:
                new.append(PlayerStat(game=game, player_id=players[espn_id], stat=stat, value=value))
            elif row.value != value:
                row.value = value
                changed.append(row)
            else:
                unchanged += 1
    if new:
        PlayerStat.objects.bulk_create(new)
    if changed:
        PlayerStat.objects.bulk_update(changed, ["value"])
    if new or changed:
        Game.objects.filter(pk=game.pk).update(updated_at=now)
    return BoxScoreCounts(len(new), len(changed), unchanged)


def _players(game: Game, lines: Mapping[str, PlayerLine]) -> dict[str, uuid.UUID]:
    """Player ids by ESPN id, after adding the unknown and moving those who changed team or name."""
    known = Player.objects.filter(sport_id=game.sport_id, espn_id__in=lines)
    known_ids = set(known.values_list("espn_id", flat=True))
    directory = TeamDirectory.of_sports([game.sport_id])
    missing = [
        Player(
            sport_id=game.sport_id,
            espn_id=espn_id,
            name=line.name[:120],
            team_id=directory.find(game.sport_id, "", line.team_espn_id),
        )
        for espn_id, line in sorted(lines.items())
        if espn_id not in known_ids
    ]
    if missing:
        Player.objects.bulk_create(missing, ignore_conflicts=True)
    ids: dict[str, uuid.UUID] = {}
    moved: list[Player] = []
    for player in known.all().order_by("id"):
        line = lines[str(player.espn_id)]
        team_id = directory.find(game.sport_id, "", line.team_espn_id) or player.team_id
        ids[str(player.espn_id)] = player.id
        if (player.name, player.team_id) != (line.name[:120], team_id):
            player.name, player.team_id = line.name[:120], team_id
            moved.append(player)
    if moved:
        Player.objects.bulk_update(moved, ["name", "team"])
    return ids
