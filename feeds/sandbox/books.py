"""The bookmakers of the sandbox: real keys, made-up habits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class BookModel:
    """A book's habits: hold on two-way markets, lag behind the market (s), noise (share of a league's), price steps."""

    key: str
    title: str
    regions: tuple[str, ...]
    overround: float
    lag: float
    noise: float
    step: int
    live: bool = True
    props: bool = True


BOOKS = (
    BookModel(key="draftkings", title="DraftKings", regions=("us",), overround=0.045, lag=40, noise=1.0, step=1),
    BookModel(key="fanduel", title="FanDuel", regions=("us",), overround=0.046, lag=30, noise=1.0, step=2),
    BookModel(key="betmgm", title="BetMGM", regions=("us",), overround=0.048, lag=90, noise=1.3, step=5),
    BookModel(key="williamhill_us", title="Caesars", regions=("us",), overround=0.047, lag=120, noise=1.2, step=2),
    BookModel(key="betrivers", title="BetRivers", regions=("us",), overround=0.050, lag=150, noise=1.4, step=1),
    BookModel(
        key="bovada", title="Bovada", regions=("us",), overround=0.045, lag=100, noise=1.2, step=5, props=False
    ),
    BookModel(
        key="betonlineag", title="BetOnline.ag", regions=("us", "eu"), overround=0.040, lag=25, noise=0.8, step=1
    ),
    BookModel(
        key="lowvig", title="LowVig.ag", regions=("us",), overround=0.025, lag=25, noise=0.8, step=1, live=False,
        props=False,
    ),
    BookModel(
        key="pinnacle", title="Pinnacle", regions=("eu",), overround=0.026, lag=5, noise=0.5, step=1, props=False
    ),
)  # fmt: skip
BY_KEY = {book.key: book for book in BOOKS}
REGIONS = frozenset({"us", "us2", "us_dfs", "us_ex", "uk", "eu", "fr", "se", "au"})


def american(chance: float, step: int) -> int:
    """Whole American odds of an implied chance (hold included), on the book's grid of steps."""
    chance = min(0.9975, max(0.0025, chance))
    value = -100 * chance / (1 - chance) if chance >= 0.5 else 100 * (1 - chance) / chance
    size = abs(value)
    grid = (
        step
        if size < 200
        else max(step, 5)
        if size < 500
        else 10
        if size < 1000
        else 50
        if size < 5000
        else 500
    )
    return int(max(100, round(size / grid) * grid)) * (
        -1 if value < 0 and round(size / grid) * grid > 100 else 1
    )
