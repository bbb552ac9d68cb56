"""Which markets of a game stand together on its page. Knows market keys only; an unknown key gets a place too."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from odds import markets

MAIN: Final = ("h2h", "spreads", "totals", "outrights")
PROPS_FIRST: Final = (
    "player_points", "player_rebounds", "player_assists", "player_threes", "player_points_rebounds_assists",
    "player_pass_yds", "player_pass_tds", "player_rush_yds", "player_reception_yds", "player_receptions",
    "player_anytime_td", "player_goals", "player_shots_on_goal", "player_goal_scorer_anytime",
    "player_total_saves", "batter_hits", "batter_home_runs", "batter_total_bases", "pitcher_strikeouts",
)  # fmt: skip
"""Props people look for first; the others follow by name."""
PERIOD_ORDER: Final = {period: index for index, period in enumerate(markets.PERIODS)}


@dataclass(frozen=True, slots=True)
class Tab:
    """A group of markets; ``key`` is its name in the address."""

    key: str
    label: str
    markets: tuple[str, ...]


def tab_of(market: str) -> tuple[int, str, str]:
    """Rank, key and label of the tab a market belongs to."""
    if market in MAIN:
        return 0, "main", "Winner" if market == "outrights" else "Main lines"
    if markets.is_lay(market):
        return 900, "lay", "Lay prices"
    if markets.bet_type(market) == "player_prop":
        base = market.removesuffix("_alternate")
        rank = PROPS_FIRST.index(base) if base in PROPS_FIRST else len(PROPS_FIRST)
        return 200 + rank, base, markets.title(base)
    _, period = markets.split_period(market)
    if period:
        name = markets.PERIODS[period]
        return 300 + PERIOD_ORDER[period], period, name[:1].upper() + name[1:]
    if market.startswith("alternate_"):
        return 400, "alternates", "Alternates"
    return 500, "other", "Other markets"


def tabs_of(keys: Iterable[str]) -> list[Tab]:
    """The tabs of a game that has these markets, main lines first; markets in a fixed order within each."""
    grouped: dict[tuple[int, str, str], list[str]] = {}
    for market in keys:
        grouped.setdefault(tab_of(market), []).append(market)
    return [
        Tab(key, label, tuple(sorted(members, key=_market_order)))
        for (_, key, label), members in sorted(grouped.items())
    ]


def _market_order(market: str) -> tuple[int, str]:
    base, _ = markets.split_period(market)
    return (MAIN.index(base) if base in MAIN else len(MAIN), market)
