"""What the feed's market keys mean: sides, scope, period, titles. An unknown key is kept, never refused."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

FEATURED_SCOPE: Final = "featured"
FEATURED: Final = frozenset({"h2h", "spreads", "totals", "outrights", "h2h_lay", "outrights_lay"})

PERIODS: Final = {
    "q1": "1st quarter",
    "q2": "2nd quarter",
    "q3": "3rd quarter",
    "q4": "4th quarter",
    "h1": "1st half",
    "h2": "2nd half",
    "p1": "1st period",
    "p2": "2nd period",
    "p3": "3rd period",
    "1st_1_innings": "1st inning",
    "1st_3_innings": "first 3 innings",
    "1st_5_innings": "first 5 innings",
    "1st_7_innings": "first 7 innings",
}
PERIOD: Final = re.compile(rf"(?P<base>.+)_(?P<period>{'|'.join(PERIODS)})")

BASES: Final = {
    "h2h": "Moneyline",
    "h2h_lay": "Moneyline, lay",
    "h2h_3_way": "Moneyline, three-way",
    "draw_no_bet": "Draw no bet",
    "double_chance": "Double chance",
    "btts": "Both teams to score",
    "spreads": "Spread",
    "totals": "Total",
    "team_totals": "Team total",
    "alternate_spreads": "Alternate spread",
    "alternate_totals": "Alternate total",
    "alternate_team_totals": "Alternate team total",
    "outrights": "Winner",
    "outrights_lay": "Winner, lay",
    "to_qualify": "To qualify",
}
WORDS: Final = {
    "tds": "touchdowns",
    "td": "touchdown",
    "yds": "yards",
    "pats": "extra points",
    "rbis": "RBIs",
    "afl": "AFL",
    "rush": "rushing",
    "pass": "passing",
}

SINGLE_LINE_PATTERN: Final = (
    rf"^(h2h|h2h_lay|h2h_3_way|draw_no_bet|btts|spreads|totals|team_totals)(_({'|'.join(PERIODS)}))?$"
)
"""Markets of which a book quotes one point at a time per selection; PostgreSQL reads it too."""
_SINGLE_LINE: Final = re.compile(SINGLE_LINE_PATTERN)

SIDE_NAMES: Final = {"draw": "draw", "over": "over", "under": "under", "yes": "yes", "no": "no"}
SPREAD: Final = re.compile(r"(alternate_)?spreads(_.+)?")
TOTAL: Final = re.compile(r"(alternate_)?totals(_.+)?")
TEAM_TOTAL: Final = re.compile(r"(alternate_)?team_totals(_.+)?")
PROP: Final = re.compile(r"(player|batter|pitcher)_.+")
TWO_SIDED: Final = frozenset({"h2h", "h2h_lay", "h2h_3_way", "draw_no_bet"})


class Outcome(NamedTuple):
    """Who an outcome is about ('' for the sides of a match) and which side of it is backed."""

    participant: str
    side: str


def scope(market: str) -> str:
    """``featured`` for what the bulk endpoint carries, else the key: additional markets are polled one by one."""
    return FEATURED_SCOPE if market in FEATURED else market


@lru_cache(maxsize=4096)
def single_line(market: str) -> bool:
    """True when a book quotes one point at a time per selection, so that a new point replaces the old.

    Alternates, props and unknown markets may quote several points at once.
    """
    return _SINGLE_LINE.search(market) is not None


@lru_cache(maxsize=4096)
def split_period(market: str) -> tuple[str, str]:
    """Base key and period suffix ('' for the whole game): ``spreads_h1`` → (``spreads``, ``h1``)."""
    match = PERIOD.fullmatch(market)
    return (match["base"], match["period"]) if match else (market, "")


@lru_cache(maxsize=65536)
def outcome_of(name: str, description: str, home: str | None, away: str | None) -> Outcome:
    """Participant and side of an outcome as the feed names it.

    ``home`` and ``away`` are the event's teams, both None for an outright. A name that is neither a team
    nor a known side is a participant to win, so nothing is dropped.
    """
    if name == home and not description:
        return Outcome("", "home")
    if name == away and not description:
        return Outcome("", "away")
    side = SIDE_NAMES.get(name.lower()) if home is not None or description else None
    if side is not None:
        return Outcome(description, side)
    return Outcome(f"{description}: {name}" if description else name, "win")


def bet_type(market: str) -> str:
    """The kind of bet this market makes: moneyline, spread, total, team_total, player_prop, outright or other."""
    base, _ = split_period(market)
    if base in TWO_SIDED:
        return "moneyline"
    if base in ("outrights", "outrights_lay"):
        return "outright"
    for pattern, kind in (
        (TEAM_TOTAL, "team_total"),
        (SPREAD, "spread"),
        (TOTAL, "total"),
        (PROP, "player_prop"),
    ):
        if pattern.fullmatch(base):
            return kind
    return "other"


def is_lay(market: str) -> bool:
    """True for prices at which an exchange takes, not gives, bets on the outcome."""
    return split_period(market)[0].endswith("_lay")


def is_signed(market: str) -> bool:
    """True when the market's points are handicaps, which carry a sign."""
    return SPREAD.fullmatch(market) is not None


def prop_type(market: str) -> str:
    """The statistic of a player prop without its subject (``points``); '' for other markets."""
    return market.split("_", 1)[1] if bet_type(market) == "player_prop" else ""


@lru_cache(maxsize=4096)
def title(market: str) -> str:
    """The market for people: ``player_points`` → "Player points", ``spreads_h1`` → "1st half spread"."""
    base, period = split_period(market)
    if base in BASES:
        text = BASES[base]
    else:
        words = base.removesuffix("_alternate").split("_")
        text = " ".join(WORDS.get(word, word) for word in words)
        text = text[:1].upper() + text[1:]
        if base.endswith("_alternate"):
            text += ", alternate"
    if not period:
        return text
    text = f"{PERIODS[period]} {text[:1].lower()}{text[1:]}"
    return text[:1].upper() + text[1:]
