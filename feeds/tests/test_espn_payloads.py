from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

from feeds.box_scores import box_score, outs, snake
from feeds.exceptions import BadPayload
from feeds.payloads import GameStatus, Summary, parse_scoreboard, parse_summary, parse_teams
from feeds.payloads.rejection import Refusal


def status(name: str = "STATUS_FINAL", state: str = "post", *, completed: bool = True) -> dict[str, Any]:
    kind = {"id": "3", "name": name, "state": state, "completed": completed, "shortDetail": "Final"}
    return {"clock": 0.0, "displayClock": "0:00", "period": 4, "type": kind}


def side(where: str, number: str, score: Any, lines: list[int] | None = None, **more: Any) -> dict[str, Any]:
    team = {
        "id": number,
        "abbreviation": where[:3],
        "displayName": f"{where} team",
        "logo": "https://x/1.png",
    }
    entry = {"homeAway": where, "team": team, "score": score, "winner": where == "home"}
    if lines is not None:
        entry["linescores"] = [{"value": float(v), "period": n} for n, v in enumerate(lines, 1)]
    return entry | more


def game(number: int = 1, told: Any = None, sides: Any = None, **more: Any) -> dict[str, Any]:
    sides = sides or [side("away", "2", "104", [20, 30, 30, 24]), side("home", "1", "112", [30, 30, 30, 22])]
    return {
        "id": f"40{number}",
        "uid": f"s:40~l:46~e:40{number}",
        "date": "2026-11-20T00:30Z",
        "name": "Away at Home",
        "competitions": [{"id": "1", "competitors": sides, "status": told or status(), "neutralSite": True}],
    } | more


def board(*games: Any) -> bytes:
    return json.dumps({"leagues": [{"slug": "nba"}], "events": list(games)}).encode()


def test_a_final_is_read_with_period_scores_whatever_the_order_of_sides() -> None:
    [found] = parse_scoreboard(board(game())).events
    assert found.status is GameStatus.FINAL
    assert found.is_final
    assert (found.home.score, found.away.score) == (112, 104)
    assert found.home.period_scores == (30, 30, 30, 22)
    assert found.away.winner is False
    assert found.date == dt.datetime(2026, 11, 20, 0, 30, tzinfo=dt.UTC)
    assert found.sport_key == "basketball_nba"
    assert found.neutral_site


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (status("STATUS_SCHEDULED", "pre", completed=False), GameStatus.SCHEDULED),
        (status("STATUS_DELAYED", "pre", completed=False), GameStatus.SCHEDULED),
        (status("STATUS_IN_PROGRESS", "in", completed=False), GameStatus.LIVE),
        (status("STATUS_HALFTIME", "in", completed=False), GameStatus.LIVE),
        (status("STATUS_RAIN_DELAY", "in", completed=False), GameStatus.LIVE),
        (status("STATUS_SUSPENDED", "post", completed=False), GameStatus.LIVE),
        (status("STATUS_POSTPONED", "post", completed=False), GameStatus.POSTPONED),
        (status("STATUS_CANCELED", "post", completed=False), GameStatus.CANCELLED),
        (status("STATUS_CANCELLED", "post", completed=True), GameStatus.CANCELLED),
        (status("STATUS_ABANDONED", "post", completed=False), GameStatus.ABANDONED),
        (status("STATUS_FULL_TIME"), GameStatus.FINAL),
        (status("STATUS_FINAL_PEN"), GameStatus.FINAL),
        (status("STATUS_FINAL_AET"), GameStatus.FINAL),
    ],
)
def test_statuses_are_ours(told: dict[str, Any], expected: GameStatus) -> None:
    [found] = parse_scoreboard(board(game(told=told))).events
    assert found.status is expected
    assert (found.home.score is None) == (
        expected not in (GameStatus.LIVE, GameStatus.FINAL, GameStatus.ABANDONED)
    )


def test_a_postponed_nil_nil_is_no_result() -> None:
    sides = [side("home", "1", "0", []), side("away", "2", "0", [])]
    told = status("STATUS_POSTPONED", completed=False)
    [found] = parse_scoreboard(board(game(told=told, sides=sides))).events
    assert (found.home.score, found.away.score, found.home.winner) == (None, None, None)


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        (game(told=status("STATUS_FINAL", completed=False)), "not a known result"),
        (game(told=status("STATUS_FORFEIT")), "STATUS_FORFEIT"),
        (game(told=status("STATUS_SCHEDULED", "post", completed=False)), "not a known result"),
        (game(sides=[side("home", "-1", "1"), side("away", "2", "0")]), "placeholder"),
        (game(sides=[side("home", "1", "1"), side("away", "1", "0")]), "cannot play itself"),
        (game(sides=[side("home", "1", "1")]), "not one home side"),
        (game(sides=[side("home", "1", None), side("away", "2", "0")]), "final without a score"),
        (game(sides=[side("home", "1", "9-1"), side("away", "2", "0")]), "not a count"),
        (game(competitions=[]), "no competition"),
        (game(competitions=[{"competitors": []}]), "status is missing"),
        (game(date="tomorrow", number=4), "not a time"),
        ({"id": 3}, "unexpected shape"),
    ],
)
def test_what_is_not_understood_is_refused_and_the_rest_kept(spoilt: dict[str, Any], reason: str) -> None:
    parsed = parse_scoreboard(board(spoilt, game(9)))
    assert [e.espn_id for e in parsed.events] == ["409"]
    [rejected] = parsed.rejected
    assert reason in rejected.reason


@pytest.mark.parametrize(("told", "period"), [(4, 4), (0, 0), (-1, 0), (99_999, 0), (None, 0)])
def test_a_final_is_kept_whatever_its_period(told: int | None, period: int) -> None:
    [found] = parse_scoreboard(board(game(told=status() | {"period": told}))).events
    assert (found.is_final, found.period) == (True, period)


def test_regulation_scores_leave_overtime_out() -> None:
    sides = [side("home", "1", "112", [30, 30, 30, 10, 12]), side("away", "2", "104", [20, 30, 30, 20, 4])]
    [found] = parse_scoreboard(board(game(sides=sides))).events
    assert found.regulation_scores(4) == (100, 100)
    assert found.regulation_scores(6) is None


def test_full_time_without_period_scores_is_ninety_minutes() -> None:
    sides = [side("home", "1", "2"), side("away", "2", "1")]
    [found] = parse_scoreboard(board(game(told=status("STATUS_FULL_TIME"), sides=sides))).events
    assert found.regulation_scores(2) == (2, 1)
    [found] = parse_scoreboard(board(game(told=status("STATUS_FINAL_AET"), sides=sides))).events
    assert found.regulation_scores(2) is None


def test_period_scores_follow_their_numbers_not_their_order() -> None:
    home = side("home", "1", "5", [1, 4])
    home["linescores"].reverse()
    [found] = parse_scoreboard(board(game(sides=[home, side("away", "2", "0", [0, 0])]))).events
    assert found.home.period_scores == (1, 4)


def test_a_standings_page_is_no_scoreboard() -> None:
    with pytest.raises(BadPayload):
        parse_scoreboard(b'{"children":[]}')


def test_teams_are_read_from_their_nest() -> None:
    entry = {
        "team": {"id": "13", "displayName": "Los Angeles Lakers", "abbreviation": "LAL", "color": "552583"}
    }
    entry["team"]["logos"] = [{"href": "https://x/lal.png"}]  # type: ignore[assignment]
    tree = {"sports": [{"leagues": [{"teams": [entry, {"team": {"id": "1"}}]}]}]}
    parsed = parse_teams(json.dumps(tree).encode())
    [team] = parsed.events
    assert (team.espn_id, team.name, team.logo) == ("13", "Los Angeles Lakers", "https://x/lal.png")
    assert len(parsed.rejected) == 1
    with pytest.raises(BadPayload):
        parse_teams(b'{"nfl":[]}')


def athlete(stats: list[str], number: str = "7", **more: Any) -> dict[str, Any]:
    return {"athlete": {"id": number, "displayName": f"Player {number}"}, "stats": stats} | more


def lines_of(*groups: dict[str, Any]) -> dict[str, dict[str, Decimal]]:
    header = game()
    raw = {"header": header, "boxscore": {"players": [{"team": {"id": "1"}, "statistics": list(groups)}]}}
    summary = parse_summary(json.dumps(raw).encode())
    assert isinstance(summary, Summary)
    found = box_score(summary)
    return {line.name: line.stats for line in found.lines} | (
        {"rejected": {r.reason: Decimal(0) for r in found.rejected}} if found.rejected else {}
    )


def test_basketball_is_indexed_by_key_and_combinations_split() -> None:
    keys = ["points", "fieldGoalsMade-fieldGoalsAttempted", "plusMinus", "minutes"]
    found = lines_of({"keys": keys, "athletes": [athlete(["11", "4-5", "-9", "32"])]})
    assert found["Player 7"] == {
        "points": Decimal(11),
        "field_goals_made": Decimal(4),
        "field_goals_attempted": Decimal(5),
        "plus_minus": Decimal(-9),
        "minutes": Decimal(32),
    }


def test_a_passer_without_rating_is_read_by_labels() -> None:
    group = {
        "name": "passing",
        "keys": ["completions/passingAttempts", "passingYards", "yardsPerPassAttempt", "passingTouchdowns",
                 "interceptions", "sacks-sackYardsLost", "adjQBR", "QBRating"],
        "labels": ["C/ATT", "YDS", "AVG", "TD", "INT", "SACKS", "RTG"],
        "athletes": [athlete(["13/22", "162", "7.4", "1", "2", "1-9", "78.2"])],
    }  # fmt: skip
    caught = {
        "name": "interceptions",
        "keys": ["interceptions", "interceptionYards"],
        "athletes": [athlete(["1", "-3"])],
    }
    stats = lines_of(group, caught)["Player 7"]
    assert stats["passing.qb_rating"] == Decimal("78.2")
    assert stats["passing.sack_yards_lost"] == 9
    assert stats["passing.interceptions"] == 2
    assert stats["interceptions.interceptions"] == 1
    assert stats["interceptions.interception_yards"] == -3
    assert "passing.adj_qbr" not in stats


def test_six_and_a_third_innings_are_nineteen_outs() -> None:
    group = {
        "type": "pitching",
        "keys": ["fullInnings.partInnings", "hits"],
        "athletes": [athlete(["6.1", "3"])],
    }
    assert lines_of(group)["Player 7"] == {"pitching.outs": Decimal(19), "pitching.hits": Decimal(3)}
    assert outs("7") == 21
    with pytest.raises(Refusal):
        outs("6.3")


def test_shootout_goals_are_not_shots_on_goal() -> None:
    group = {
        "name": "forwards",
        "keys": ["shotsTotal", "shootoutGoals", "timeOnIce", "faceoffPercent"],
        "labels": ["S", "SOG", "TOI", "FO%"],
        "athletes": [athlete(["4", "1", "16:26", "--"])],
    }
    assert lines_of(group)["Player 7"] == {
        "shots_total": Decimal(4),
        "shootout_goals": Decimal(1),
        "time_on_ice_seconds": Decimal(986),
    }


def test_a_row_that_does_not_fit_its_keys_is_refused() -> None:
    group = {
        "name": "batting",
        "keys": ["runs", "hits"],
        "athletes": [athlete(["1"]), athlete(["1", "2"], "8")],
    }
    found = lines_of(group)
    assert found["Player 8"] == {"batting.runs": Decimal(1), "batting.hits": Decimal(2)}
    assert "1 values for 2 keys" in next(iter(found["rejected"]))


def test_a_player_who_did_not_play_is_marked() -> None:
    header = game()
    group = {"keys": ["minutes"], "athletes": [athlete([], didNotPlay=True), athlete(["0"], "8")]}
    raw = {"header": header, "boxscore": {"players": [{"team": {"id": "1"}, "statistics": [group]}]}}
    found = box_score(parse_summary(json.dumps(raw).encode()))
    assert [line.did_not_play for line in found.lines] == [True, True]


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("threePointFieldGoalsMade", "three_point_field_goals_made"),
        ("RBIs", "rbis"),
        ("QBHits", "qb_hits"),
        ("ERA", "era"),
        ("ytdGoals", "ytd_goals"),
    ],
)
def test_keys_become_snake_case(key: str, name: str) -> None:
    assert snake(key) == name


def test_a_summary_of_an_unknown_status_is_bad() -> None:
    with pytest.raises(BadPayload, match="STATUS_FORFEIT"):
        parse_summary(json.dumps({"header": game(told=status("STATUS_FORFEIT"))}).encode())
