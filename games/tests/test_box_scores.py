"""Who did what in a game."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from games.models import Player, PlayerStat
from games.services import BoxScoreCounts, record_box_score
from games.tests.factories import GameFactory, TeamFactory

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 21, 4, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Line:
    espn_id: str = "1966"
    name: str = "LeBron James"
    team_espn_id: str = "13"
    did_not_play: bool = False
    stats: Mapping[str, Decimal] = field(default_factory=lambda: {"points": Decimal(27)})


def values() -> dict[str, Decimal]:
    return dict(PlayerStat.objects.values_list("stat", "value"))


def test_player_appears_with_the_team_and_the_numbers() -> None:
    game = GameFactory(home_team__espn_id="13")
    counts = record_box_score(game=game, stats=[Line()], now=NOW)
    player = Player.objects.get()
    assert (player.name, player.team, player.sport) == ("LeBron James", game.home_team, game.sport)
    assert values() == {"points": 27}
    assert counts == BoxScoreCounts(created=1, updated=0, unchanged=0)


def test_corrected_number_is_set_and_touches_the_game() -> None:
    game = GameFactory()
    record_box_score(game=game, stats=[Line()], now=NOW)
    later = NOW + dt.timedelta(hours=1)
    counts = record_box_score(game=game, stats=[Line(stats={"points": Decimal(29)})], now=later)
    assert counts == BoxScoreCounts(created=0, updated=1, unchanged=0)
    assert values() == {"points": 29}
    game.refresh_from_db()
    assert game.updated_at == later


def test_same_box_score_twice_writes_nothing() -> None:
    game = GameFactory()
    record_box_score(game=game, stats=[Line()], now=NOW)
    with CaptureQueriesContext(connection) as queries:
        counts = record_box_score(game=game, stats=[Line()], now=NOW)
    assert counts == BoxScoreCounts(created=0, updated=0, unchanged=1)
    assert not [q["sql"] for q in queries if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]


def test_traded_player_moves_to_the_new_team() -> None:
    lakers, heat = TeamFactory(espn_id="13"), TeamFactory(espn_id="14")
    game = GameFactory(home_team=lakers, away_team=heat)
    record_box_score(game=game, stats=[Line()], now=NOW)
    record_box_score(game=GameFactory(), stats=[Line(team_espn_id="14")], now=NOW)
    assert Player.objects.get().team == heat


def test_who_did_not_play_is_said() -> None:
    game = GameFactory()
    record_box_score(game=game, stats=[Line(did_not_play=True, stats={})], now=NOW)
    assert values() == {"did_not_play": 1}
    record_box_score(game=game, stats=[Line()], now=NOW)
    assert values() == {"did_not_play": 0, "points": 27}


def test_statements_do_not_grow_with_the_players() -> None:
    def statements(count: int) -> int:
        game = GameFactory()
        lines = [Line(espn_id=f"{game.external_id[-4:]}{n}", name=f"Player {n}") for n in range(count)]
        with CaptureQueriesContext(connection) as queries:
            record_box_score(game=game, stats=lines, now=NOW)
        return len(queries)

    assert statements(30) == statements(1)


def test_numbers_are_kept_to_the_thousandth_and_absurd_ones_left_out() -> None:
    stats = {"points": Decimal(27), "share": Decimal("0.33333"), "slip": Decimal("1E9")}
    game = GameFactory()
    record_box_score(game=game, stats=[Line(stats=stats)], now=NOW)
    assert values() == {"points": 27, "share": Decimal("0.333")}
    assert record_box_score(game=game, stats=[Line(stats=stats)], now=NOW).unchanged == 2
