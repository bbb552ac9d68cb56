"""A player's number for a prop market, derived from the box score; what it does not hold is not guessed.

Statistics are named as the feed's markets (``player_points``) or as ``feeds.box_scores`` names them
(``points``, ``passing.passing_yards``); a market's own name comes first.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from bets.grading.terms import Undecidable

Stats = Mapping[str, Decimal]
NOTHING = Decimal(0)

HOCKEY: dict[str, tuple[str, ...]] = {
    "player_points": ("player_goals", "player_assists"),
    "player_goals": ("goals",),
    "player_assists": ("assists",),
    "player_goal_scorer_anytime": ("player_goals",),
}
FOOTBALL: dict[str, tuple[str, ...]] = {
    "player_pass_tds": ("passing.passing_touchdowns",),
    "player_pass_yds": ("passing.passing_yards",),
    "player_pass_completions": ("passing.completions",),
    "player_pass_attempts": ("passing.passing_attempts",),
    "player_pass_interceptions": ("passing.interceptions",),
    "player_rush_yds": ("rushing.rushing_yards",),
    "player_rush_tds": ("rushing.rushing_touchdowns",),
    "player_rush_attempts": ("rushing.rushing_attempts",),
    "player_rush_longest": ("rushing.long_rushing",),
    "player_receptions": ("receiving.receptions",),
    "player_reception_yds": ("receiving.receiving_yards",),
    "player_reception_tds": ("receiving.receiving_touchdowns",),
    "player_reception_longest": ("receiving.long_reception",),
    "player_rush_reception_yds": ("player_rush_yds", "player_reception_yds"),
    "player_rush_reception_tds": ("player_rush_tds", "player_reception_tds"),
    "player_pass_rush_yds": ("player_pass_yds", "player_rush_yds"),
    "player_pass_rush_reception_yds": ("player_pass_yds", "player_rush_yds", "player_reception_yds"),
    "player_pass_rush_reception_tds": ("player_pass_tds", "player_rush_tds", "player_reception_tds"),
    "player_sacks": ("defensive.sacks",),
    "player_solo_tackles": ("defensive.solo_tackles",),
    "player_tackles_assists": ("defensive.total_tackles",),
    "player_defensive_interceptions": ("interceptions.interceptions",),
    "player_field_goals": ("kicking.field_goals_made",),
    "player_pats": ("kicking.extra_points_made",),
    "player_kicking_points": ("kicking.total_kicking_points",),
}
BASKETBALL: dict[str, tuple[str, ...]] = {
    "player_points": ("points",),
    "player_rebounds": ("rebounds",),
    "player_assists": ("assists",),
    "player_threes": ("three_point_field_goals_made",),
    "player_blocks": ("blocks",),
    "player_steals": ("steals",),
    "player_turnovers": ("turnovers",),
    "player_blocks_steals": ("player_blocks", "player_steals"),
    "player_points_rebounds_assists": ("player_points", "player_rebounds", "player_assists"),
    "player_points_rebounds": ("player_points", "player_rebounds"),
    "player_points_assists": ("player_points", "player_assists"),
    "player_rebounds_assists": ("player_rebounds", "player_assists"),
    "player_field_goals": ("field_goals_made",),
    "player_frees_made": ("free_throws_made",),
    "player_frees_attempts": ("free_throws_attempted",),
}
OTHERS: dict[str, tuple[str, ...]] = {
    "player_blocked_shots": ("blocked_shots",),
    "player_shots_on_goal": ("shots_total",),
    "player_total_saves": ("saves",),
    "batter_hits": ("batting.hits",),
    "batter_home_runs": ("batting.home_runs",),
    "batter_rbis": ("batting.rbis",),
    "batter_runs_scored": ("batting.runs",),
    "batter_walks": ("batting.walks",),
    "batter_strikeouts": ("batting.strikeouts",),
    "batter_hits_runs_rbis": ("batter_hits", "batter_runs_scored", "batter_rbis"),
    "pitcher_strikeouts": ("pitching.strikeouts",),
    "pitcher_hits_allowed": ("pitching.hits",),
    "pitcher_walks": ("pitching.walks",),
    "pitcher_earned_runs": ("pitching.earned_runs",),
    "pitcher_outs": ("pitching.outs",),
}
BY_SPORT = (("icehockey_", HOCKEY), ("americanfootball_", FOOTBALL), ("basketball_", BASKETBALL))
SYNONYMS = {"player_goals_scored": "player_goals", "player_tds": "player_anytime_td"}

TOUCHDOWNS = ("player_rush_tds", "player_reception_tds")
RETURNS = ("kickReturns.kick_return_touchdowns", "puntReturns.punt_return_touchdowns")
DEFENCE = ("defensive.defensive_touchdowns", "interceptions.interception_touchdowns")
DOUBLES = {"player_double_double": 2, "player_triple_double": 3}
TEN_OF = ("player_points", "player_rebounds", "player_assists", "player_steals", "player_blocks")


@lru_cache(maxsize=4096)
def bare_market(market: str) -> str:
    """Return the market without its alternate or over-only marking: ``player_points_alternate`` → ``player_points``."""
    bare = market.removesuffix("_alternate").removesuffix("_over")
    return SYNONYMS.get(bare, bare)


def stat_value(sport: str, market: str, stats: Stats) -> Decimal:
    """Return the player's number for a prop market of a sport (feed keys).

    Raises Undecidable, naming what is missing, if the box score does not give it.
    """
    if market in stats:
        return stats[market]
    bare = bare_market(market)
    if bare in stats:
        return stats[bare]
    if bare in DOUBLES:
        tens = sum(1 for name in TEN_OF if stat_value(sport, name, stats) >= 10)
        return Decimal(int(tens >= DOUBLES[bare]))
    if bare == "player_anytime_td" and sport.startswith("americanfootball_"):
        return touchdowns(sport, stats)
    if bare == "player_assists" and sport.startswith("americanfootball_"):
        return value_of("defensive.total_tackles", stats) - value_of("defensive.solo_tackles", stats)
    parts = parts_of(sport, bare)
    if parts is None:
        raise Undecidable(f"The market {market} cannot be derived from the box score.")
    if len(parts) == 1:
        return term(sport, parts[0], stats)
    return sum((term(sport, name, stats) for name in parts), NOTHING)


@lru_cache(maxsize=4096)
def parts_of(sport: str, market: str) -> tuple[str, ...] | None:
    for prefix, table in BY_SPORT:
        if sport.startswith(prefix) and market in table:
            return table[market]
    if not any(sport.startswith(prefix) for prefix, _ in BY_SPORT) and market in BASKETBALL:
        return tuple(name for name in BASKETBALL[market] if name.startswith("player_")) or None
    return OTHERS.get(market)


def term(sport: str, name: str, stats: Stats) -> Decimal:
    if name in stats:
        return stats[name]
    if name.startswith(("player_", "batter_", "pitcher_")):
        return stat_value(sport, name, stats)
    return value_of(name, stats)


def value_of(name: str, stats: Stats) -> Decimal:
    """Return a statistic; a football player listed in other groups has none in one that does not list him."""
    if name in stats:
        return stats[name]
    group, dot, _ = name.partition(".")
    grouped = [key for key in stats if "." in key]
    unlisted = not any(key.startswith(f"{group}.") for key in grouped)
    if dot and grouped and unlisted and group not in ("batting", "pitching"):
        return NOTHING
    raise Undecidable(f"The box score has no {name} for the player.")


def touchdowns(sport: str, stats: Stats) -> Decimal:
    """Return touchdowns scored: rushing, receiving, returns and defence; never those passed."""
    scored = sum((stat_value(sport, name, stats) for name in TOUCHDOWNS), NOTHING)
    returned = sum((stats.get(name, NOTHING) for name in RETURNS), NOTHING)
    return scored + returned + max(stats.get(name, NOTHING) for name in DEFENCE)
