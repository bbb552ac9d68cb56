"""Props end to end on recorded box scores: ESPN's summary, stored statistics, a placed bet, its grade.

Each row holds the number as a person reads it off the box score; one bet is on more than half a point less, one
on less than half a point more, so that both win on that number only.
"""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bets.grading.statlines import BASKETBALL, DOUBLES, FOOTBALL, HOCKEY, OTHERS
from bets.models import Bet, BetStatus
from bets.settlement import settle_due
from bets.tests.factories import FAR, SettlementRuleFactory, funded_bankroll, place
from bets.verification import verify
from feeds.box_scores import box_score
from feeds.payloads import Summary
from feeds.recordings import Recording, Replay
from games.models import Game, PlayerStat
from games.services import apply_results, record_box_score
from games.tests.factories import GameFactory, SportFactory, TeamFactory
from odds.markets import bet_type
from odds.models import Bookmaker
from odds.tests.factories import BookmakerFactory, CurrentOddsFactory, SelectionFactory

pytestmark = pytest.mark.django_db

NOW = FAR + dt.timedelta(hours=3)
FILES = {
    "nba": "summary/nba_401585135.json",
    "nfl": "summary/nfl_401547505.json",
    "nhl": "summary/nhl_401559489.json.gz",
    "mlb": "summary/mlb_401581100.json.gz",
}


class Row(NamedTuple):
    """What a player did by the box score."""

    league: str
    market: str
    player: str
    value: str


ROWS = [
    Row("nba", "player_points", "Jaylen Brown", "40"),
    Row("nba", "player_rebounds", "Jalen Smith", "9"),
    Row("nba", "player_assists", "T.J. McConnell", "7"),
    Row("nba", "player_threes", "Bennedict Mathurin", "5"),
    Row("nba", "player_blocks", "Kristaps Porzingis", "3"),
    Row("nba", "player_steals", "T.J. McConnell", "2"),
    Row("nba", "player_turnovers", "Jaylen Brown", "5"),
    Row("nba", "player_blocks_steals", "Buddy Hield", "2"),
    Row("nba", "player_points_rebounds_assists", "Jrue Holiday", "33"),
    Row("nba", "player_points_rebounds", "Payton Pritchard", "21"),
    Row("nba", "player_points_assists", "Tyrese Haliburton", "13"),
    Row("nba", "player_rebounds_assists", "Kristaps Porzingis", "12"),
    Row("nba", "player_field_goals", "Jaylen Brown", "17"),
    Row("nba", "player_frees_made", "Kristaps Porzingis", "6"),
    Row("nba", "player_frees_attempts", "Kristaps Porzingis", "7"),
    Row("nba", "player_double_double", "Kristaps Porzingis", "0"),
    Row("nba", "player_triple_double", "Jaylen Brown", "0"),
    Row("nfl", "player_pass_tds", "Dak Prescott", "4"),
    Row("nfl", "player_pass_yds", "Dak Prescott", "304"),
    Row("nfl", "player_pass_completions", "Dak Prescott", "25"),
    Row("nfl", "player_pass_attempts", "Dak Prescott", "31"),
    Row("nfl", "player_pass_interceptions", "Dak Prescott", "1"),
    Row("nfl", "player_rush_yds", "Tony Pollard", "53"),
    Row("nfl", "player_rush_tds", "Royce Freeman", "1"),
    Row("nfl", "player_rush_attempts", "Darrell Henderson", "12"),
    Row("nfl", "player_rush_longest", "Tony Pollard", "13"),
    Row("nfl", "player_receptions", "CeeDee Lamb", "12"),
    Row("nfl", "player_reception_yds", "CeeDee Lamb", "158"),
    Row("nfl", "player_reception_tds", "CeeDee Lamb", "2"),
    Row("nfl", "player_reception_longest", "CeeDee Lamb", "26"),
    Row("nfl", "player_rush_reception_yds", "CeeDee Lamb", "170"),
    Row("nfl", "player_rush_reception_tds", "CeeDee Lamb", "2"),
    Row("nfl", "player_pass_rush_yds", "Dak Prescott", "323"),
    Row("nfl", "player_pass_rush_reception_yds", "Dak Prescott", "323"),
    Row("nfl", "player_pass_rush_reception_tds", "Dak Prescott", "4"),
    Row("nfl", "player_anytime_td", "CeeDee Lamb", "2"),
    Row("nfl", "player_tds_over", "DaRon Bland", "1"),
    Row("nfl", "player_sacks", "Micah Parsons", "1"),
    Row("nfl", "player_solo_tackles", "DaRon Bland", "6"),
    Row("nfl", "player_tackles_assists", "DaRon Bland", "7"),
    Row("nfl", "player_assists", "Ernest Jones", "3"),
    Row("nfl", "player_defensive_interceptions", "Jordan Fuller", "1"),
    Row("nfl", "player_field_goals", "Brandon Aubrey", "2"),
    Row("nfl", "player_pats", "Brandon Aubrey", "5"),
    Row("nfl", "player_kicking_points", "Brandon Aubrey", "11"),
    Row("nhl", "player_points", "Hendrix Lapierre", "3"),
    Row("nhl", "player_goals", "Hendrix Lapierre", "1"),
    Row("nhl", "player_assists", "Hendrix Lapierre", "2"),
    Row("nhl", "player_goal_scorer_anytime", "Ivan Provorov", "1"),
    Row("nhl", "player_blocked_shots", "John Carlson", "4"),
    Row("nhl", "player_shots_on_goal", "Adam Fantilli", "4"),
    Row("nhl", "player_total_saves", "Charlie Lindgren", "33"),
    Row("mlb", "batter_hits", "Corbin Carroll", "2"),
    Row("mlb", "batter_home_runs", "Gabriel Moreno", "1"),
    Row("mlb", "batter_rbis", "Ketel Marte", "2"),
    Row("mlb", "batter_runs_scored", "Gabriel Moreno", "1"),
    Row("mlb", "batter_walks", "Gabriel Moreno", "1"),
    Row("mlb", "batter_strikeouts", "Marcus Semien", "2"),
    Row("mlb", "batter_hits_runs_rbis", "Gabriel Moreno", "3"),
    Row("mlb", "pitcher_strikeouts", "Merrill Kelly", "9"),
    Row("mlb", "pitcher_hits_allowed", "Jordan Montgomery", "9"),
    Row("mlb", "pitcher_walks", "Jordan Montgomery", "1"),
    Row("mlb", "pitcher_earned_runs", "Jordan Montgomery", "4"),
    Row("mlb", "pitcher_outs", "Andrew Saalfrank", "4"),
]  # fmt: skip
"""One for each market that a box score gives."""

REVIEW = [
    ("nba", "player_first_basket", "Jaylen Brown"),
    ("nba", "player_first_team_basket", "Jaylen Brown"),
    ("nba", "player_method_of_first_basket", "Jaylen Brown"),
    ("nba", "player_fantasy_points", "Jaylen Brown"),
    ("nba", "player_points_q1", "Jaylen Brown"),
    ("nba", "player_rebounds_q1", "Jaylen Brown"),
    ("nba", "player_assists_q1", "Jaylen Brown"),
    ("nfl", "player_pass_longest_completion", "Dak Prescott"),
    ("nfl", "player_pass_yds_q1", "Dak Prescott"),
    ("nfl", "player_1st_td", "CeeDee Lamb"),
    ("nfl", "player_last_td", "CeeDee Lamb"),
    ("nhl", "player_power_play_points", "Hendrix Lapierre"),
    ("nhl", "player_goal_scorer_first", "Hendrix Lapierre"),
    ("nhl", "player_goal_scorer_last", "Hendrix Lapierre"),
    ("mlb", "batter_total_bases", "Corbin Carroll"),
    ("mlb", "batter_singles", "Corbin Carroll"),
    ("mlb", "batter_doubles", "Corbin Carroll"),
    ("mlb", "batter_triples", "Corbin Carroll"),
    ("mlb", "batter_stolen_bases", "Corbin Carroll"),
    ("mlb", "batter_first_home_run", "Gabriel Moreno"),
    ("mlb", "pitcher_record_a_win", "Merrill Kelly"),
]
"""The feed's other prop markets of these leagues: no box score gives them."""


def played(shared_data: Path, league: str) -> tuple[Game, Summary]:
    """The recorded game as it was before it began, and what ESPN said of it afterwards."""
    (recording,) = Replay([shared_data / "espn" / FILES[league]])
    assert isinstance(recording, Recording)
    summary = recording.content
    assert isinstance(summary, Summary)
    event = summary.event
    sport = SportFactory.create(key=event.sport_key)
    home, away = (
        TeamFactory.create(sport=sport, name=side.name, espn_id=side.espn_id)
        for side in (event.home, event.away)
    )
    game: Game = GameFactory.create(
        sport=sport, home_team=home, away_team=away, commence_time=FAR, espn_id=event.espn_id
    )
    return game, summary


def over(
    game: Game, market: str, player: str, point: str, bookmaker: Bookmaker | None = None, side: str = "over"
) -> Bet:
    selection = SelectionFactory.create(game=game, market=market, side=side, participant=player)
    extra = {} if bookmaker is None else {"bookmaker": bookmaker}
    line = CurrentOddsFactory.create(selection=selection, price=Decimal(100), point=Decimal(point), **extra)
    return place(line, funded_bankroll())


def end(game: Game, summary: Summary) -> None:
    """Record result and box score."""
    apply_results(readings=[summary.event], source="espn", now=NOW, sport_key=game.sport_id)
    record_box_score(game=game, stats=box_score(summary).lines, now=NOW)
    game.refresh_from_db()
    assert game.status == "final"


@pytest.mark.parametrize("league", FILES)
def test_every_market_of_a_box_score_is_graded_on_its_number(shared_data: Path, league: str) -> None:
    game, summary = played(shared_data, league)
    rows = [row for row in ROWS if row.league == league]
    half = Decimal("0.5")
    bets = {
        (row, side): over(game, row.market, row.player, str(Decimal(row.value) + step), side=side)
        for row in rows
        for side, step in (("over", -half), ("under", half))
    }
    end(game, summary)
    assert settle_due(now=NOW) == {"won": len(bets)}
    for (row, _), bet in bets.items():
        bet.refresh_from_db()
        data = bet.legs.get().evidence["data"]
        assert (row, bet.payout, Decimal(data["value"])) == (row, 200, Decimal(row.value))
    assert verify()[1] == []


@pytest.mark.parametrize("league", FILES)
def test_what_a_box_score_does_not_give_goes_to_review_with_the_reason(
    shared_data: Path, league: str
) -> None:
    game, summary = played(shared_data, league)
    bets = [over(game, market, player, "0.5") for of, market, player in REVIEW if of == league]
    end(game, summary)
    assert settle_due(now=NOW) == {"needs_review": len(bets)}
    for bet in bets:
        bet.refresh_from_db()
        assert bet.payout is None
        assert bet.review_reason == (
            f"The market {bet.legs.get().selection.market} cannot be derived from the box score."
        )


def test_every_market_that_is_derived_has_its_row() -> None:
    tables = {"nba": BASKETBALL, "nfl": FOOTBALL, "nhl": HOCKEY}
    wanted = {(league, market) for league, table in tables.items() for market in table}
    wanted |= {("nba", market) for market in DOUBLES}
    wanted |= {("nhl" if market.startswith("player_") else "mlb", market) for market in OTHERS}
    assert wanted <= {(row.league, row.market) for row in ROWS}


@pytest.mark.parametrize(
    ("league", "market", "player", "status", "words"),
    [
        ("nba", "player_points", "Lamar Stevens", "void", "did not take part"),
        ("nba", "player_points_q1", "Lamar Stevens", "void", "did not take part"),
        ("nba", "player_points", "Somebody Else", "needs_review", "player_not_in_box"),
        ("nfl", "player_rush_yds", "Somebody Else", "needs_review", "player_not_in_box"),
        ("nhl", "player_goals", "Somebody Else", "void", "not in the box score"),
        ("mlb", "batter_hits", "Somebody Else", "void", "not in the box score"),
        ("mlb", "batter_hits", "Merrill Kelly", "void", "did not take part"),
        ("mlb", "pitcher_outs", "Corbin Carroll", "void", "did not take part"),
        ("mlb", "batter_hits", "Pavin Smith", "void", "did not take part"),
        ("nhl", "player_goals", "Jon Carlson", "needs_review", "John Carlson, who may be the same"),
        ("mlb", "batter_hits", "Gabe Moreno", "needs_review", "Gabriel Moreno, who may be the same"),
    ],
)
def test_who_did_not_play_by_the_default_rule(
    shared_data: Path, league: str, market: str, player: str, status: str, words: str
) -> None:
    game, summary = played(shared_data, league)
    bet = over(game, market, player, "0.5")
    end(game, summary)
    assert settle_due(now=NOW) == {status: 1}
    bet.refresh_from_db()
    told = bet.review_reason or json.dumps(bet.legs.get().evidence)
    assert words in told
    assert (bet.payout == 100) is (status == "void")
    assert verify()[1] == []


def test_a_book_that_asks_for_a_start_voids_a_substitutes_prop(shared_data: Path) -> None:
    game, summary = played(shared_data, "mlb")
    betmgm = BookmakerFactory.create(key="betmgm")
    SettlementRuleFactory.create(
        bookmaker=betmgm, sport=game.sport, family="player_prop", parameters={"participation": "must_start"}
    )
    asked = {
        ("batter_strikeouts", "Robbie Grossman"): BetStatus.VOID,
        ("batter_strikeouts", "Marcus Semien"): BetStatus.WON,
        ("pitcher_outs", "Andrew Saalfrank"): BetStatus.VOID,
        ("pitcher_outs", "Merrill Kelly"): BetStatus.WON,
    }
    bets = {key: over(game, *key, "0.5", bookmaker=betmgm) for key in asked}
    elsewhere = over(game, "batter_strikeouts", "Evan Carter", "0.5")
    end(game, summary)
    settle_due(now=NOW)
    for key, bet in bets.items():
        bet.refresh_from_db()
        assert (key, bet.status) == (key, asked[key])
    elsewhere.refresh_from_db()
    assert elsewhere.status == BetStatus.WON
    assert verify()[1] == []


@pytest.mark.parametrize(
    ("market", "player", "values", "side", "status"),
    [
        ("player_double_double", "Kristaps Porzingis", {"rebounds": 10}, "yes", "won"),
        ("player_double_double", "Kristaps Porzingis", {"rebounds": 9}, "yes", "lost"),
        ("player_double_double", "Kristaps Porzingis", {"rebounds": 9}, "no", "won"),
        ("player_triple_double", "Kristaps Porzingis", {"rebounds": 10, "blocks": 10}, "yes", "won"),
        ("player_triple_double", "Kristaps Porzingis", {"rebounds": 10, "turnovers": 12}, "yes", "lost"),
    ],
)
def test_doubles_count_points_rebounds_assists_steals_and_blocks(
    shared_data: Path, market: str, player: str, values: dict[str, int], side: str, status: str
) -> None:
    game, summary = played(shared_data, "nba")
    selection = SelectionFactory.create(game=game, market=market, side=side, participant=player)
    bet = place(CurrentOddsFactory.create(selection=selection, price=Decimal(100)), funded_bankroll())
    end(game, summary)
    for stat, value in values.items():
        PlayerStat.objects.filter(game=game, player__name=player, stat=stat).update(value=value)
    assert settle_due(now=NOW) == {status: 1}
    bet.refresh_from_db()
    assert bet.status == status
    assert verify()[1] == []


def markets_in(tree: Any) -> set[str]:
    if isinstance(tree, dict):
        own = {tree["key"]} if "outcomes" in tree and "key" in tree else set()
        return own.union(*(markets_in(value) for value in tree.values()))
    return set().union(*(markets_in(value) for value in tree)) if isinstance(tree, list) else set()


def test_of_the_recorded_prop_markets_only_shots_in_soccer_are_left_to_people(shared_data: Path) -> None:
    folder = shared_data / "odds_api" / "event_odds_props"
    quoted = {
        market
        for path in sorted(folder.glob("*.json"))
        for market in markets_in(json.loads(path.read_text()))
        if bet_type(market) == "player_prop"
    }
    assert quoted == {
        "player_points", "player_rebounds", "player_assists", "player_points_rebounds_assists",
        "player_threes", "player_shots",
    }  # fmt: skip
    graded = {row.market for row in ROWS}
    assert quoted - graded == {"player_shots"}
