"""A record cut into slices: names of dimensions and values, order, and which slices stand out after all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import NormalDist
from typing import Any, Final

from bets.models import BetKind, BetType
from bets.stats.facts import BANDS
from bets.stats.sums import Sums
from odds import markets

DIMENSIONS: Final = {
    "sport": "Sport",
    "league": "League",
    "book": "Book",
    "market": "Market",
    "type": "Bet type",
    "odds": "Odds",
    "tag": "Tag",
    "weekday": "Day placed",
    "live": "Live or before",
    "side": "Favourite or underdog",
}
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SIDES: Final = {"favourite": "Favourite", "underdog": "Underdog", "": "Neither"}
SEVERAL: Final = "*"
ALPHA: Final = 0.05
SORTS: Final = ("name", "bets", "staked", "profit", "yield", "clv")


@dataclass(frozen=True, slots=True)
class Slice:
    """A value of a dimension: its ``place`` in the dimension's own order, its name and its sums."""

    place: Any
    name: str
    sums: Sums
    stands_out: bool = False


@dataclass(frozen=True, slots=True)
class Titles:
    """Names of leagues, of the sports they belong to, and of bookmakers."""

    leagues: Mapping[str, str]
    sports: Mapping[str, str]
    books: Mapping[int, str]


def breakdown(dimension: str, slices: Mapping[str, Mapping[Any, Sums]], titles: Titles) -> list[Slice]:
    """Return the slices of a dimension in its own order; those whose yield luck does not explain are marked."""
    if dimension == "sport":
        by_sport: dict[str, Sums] = defaultdict(Sums)
        for key, sums in slices.get("sport", {}).items():
            by_sport[titles.sports.get(key) or name_of("league", key, titles)].add(sums)
        found = [Slice(name, name, sums) for name, sums in by_sport.items()]
    else:
        found = [
            Slice(place_of(dimension, key), name_of(dimension, key, titles), sums)
            for key, sums in slices.get(dimension, {}).items()
        ]
    found.sort(key=lambda one: (one.place, one.name))
    return marked(found)


def marked(slices: Sequence[Slice]) -> list[Slice]:
    """Mark slices whose yield differs from nothing at 5 % shared out over all of them (Bonferroni)."""
    judged = sum(not one.sums.is_small for one in slices)
    if not judged:
        return list(slices)
    limit = NormalDist().inv_cdf(1 - ALPHA / judged / 2)

    def stands_out(sums: Sums) -> bool:
        error = sums.yield_error
        return not sums.is_small and bool(error) and abs(float(sums.yield_ or 0)) > limit * (error or 0)

    return [Slice(one.place, one.name, one.sums, stands_out(one.sums)) for one in slices]


def ordered(slices: Sequence[Slice], sort: str) -> list[Slice]:
    """Sort by one of ``SORTS``, a minus before it for the largest first; what has no figure comes last."""
    name = sort.removeprefix("-")
    if name not in SORTS:
        return list(slices)
    down = sort.startswith("-")
    if name == "name":
        return sorted(slices, key=lambda one: (one.place, one.name), reverse=down)
    values = {
        "bets": lambda sums: sums.bets,
        "staked": lambda sums: sums.staked,
        "profit": lambda sums: sums.net,
        "yield": lambda sums: sums.yield_,
        "clv": lambda sums: sums.clv,
    }
    with_figure = [one for one in slices if values[name](one.sums) is not None]
    without = [one for one in slices if values[name](one.sums) is None]
    return sorted(with_figure, key=lambda one: values[name](one.sums), reverse=down) + without


def place_of(dimension: str, key: Any) -> Any:
    """Days and odds have an order of their own; names go by the alphabet."""
    return key if dimension in ("weekday", "odds", "live") else ""


def name_of(dimension: str, key: Any, titles: Titles) -> str:
    """Return what people call a value of a dimension."""
    if key == SEVERAL:
        return "Several"
    if key == "" and dimension in ("league", "market", "type"):
        return "Not known"
    if dimension == "league":
        return titles.leagues.get(key, key)
    if dimension == "book":
        return book_name(key, titles)
    if dimension == "market":
        return markets.title(key)
    if dimension == "type":
        return type_name(key)
    if dimension == "odds":
        return band_name(key)
    if dimension == "weekday":
        return WEEKDAYS[key - 1]
    if dimension == "live":
        return "Live" if key else "Before the start"
    return SIDES.get(key, key) if dimension == "side" else str(key)


def book_name(key: str, titles: Titles) -> str:
    """A bookmaker of ours by its number, or one that a file names after a colon."""
    if key.startswith(":"):
        return key[1:] or "No bookmaker"
    return titles.books.get(int(key), key)


def type_name(key: str) -> str:
    """A type of straight bet or a kind of ticket."""
    return str(BetType(key).label if key in BetType.values else BetKind(key).label)


def band_name(band: int) -> str:
    """A band of decimal odds."""
    edges = [f"{Decimal(str(edge)):.2f}" for edge in BANDS]
    if band == 0:
        return f"Below {edges[0]}"
    if band == len(edges):
        return f"{edges[-1]} and above"
    return f"{edges[band - 1]} to {edges[band]}"
