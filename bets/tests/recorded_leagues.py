"""What the recorded seasons say, read with plain Python: closing quotes, results, and what each quote returns.

Nothing here uses the models, the importer or the grader, so that sums made from it are independent of them.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

CENT, HALF, QUARTER = Decimal("0.01"), Decimal("0.5"), Decimal("0.25")
MARKETS = ("h2h", "spreads", "totals")
SPORTS = {
    "mlb": "baseball_mlb",
    "nfl": "americanfootball_nfl",
    "wnba": "basketball_wnba",
    "worldcup": "soccer_fifa_world_cup",
    "nhl": "icehockey_nhl",
}
HISTORY = "nhl_event_odds_totals_*.jsonl.gz"


@dataclass(frozen=True)
class Quote:
    """A book's last price before the start, as the recording has it; ``stake`` differs from quote to quote.

    Prices from 1 to 100 are decimal odds, the others American.
    """

    event_id: str
    seen_at: str
    bookmaker: str
    market: str
    side: str
    price: Decimal
    point: Decimal | None
    stake: Decimal

    @property
    def key(self) -> str:
        text = f"{self.event_id} {self.bookmaker} {self.market} {self.side}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Outcome:
    """A row of results_by_event_id; the score is that of 90 minutes in soccer."""

    event_id: str
    start: str
    home_team: str
    away_team: str
    status: str
    home: int
    away: int
    extra: dict[str, str]


def timeseries(folder: Path, name: str) -> Path:
    return folder / "odds_api_timeseries" / "dev" / name


def in_sample(event_id: str, one_in: int) -> bool:
    """Tell whether an event is among every so many, by its id alone and so the same in every run."""
    return int(hashlib.sha256(event_id.encode()).hexdigest(), 16) % one_in == 0


def recorded(folder: Path, league: str, one_in: int) -> Iterator[tuple[bytes, dict[str, Any], str]]:
    """Yield each recording of the sampled events as it stands in its file, its event, and its tag and time.

    The tag is ``close`` for the last one before the start, ``inplay_last`` for one after it.
    """
    if league == "nhl":
        yield from recorded_history(folder, one_in)
        return
    with gzip.open(timeseries(folder, f"{league}_milestones.jsonl.gz")) as file:
        for line in file:
            read = json.loads(line)
            if in_sample(read["event"]["id"], one_in):
                yield line, read["event"], f"{read['tag']} {read['snapshot_time']}"


def recorded_history(folder: Path, one_in: int) -> Iterator[tuple[bytes, dict[str, Any], str]]:
    """Yield one response of the feed's history for each game, a quarter of an hour before it began."""
    for path in sorted((folder / "odds_api" / "historical" / "dev").glob(HISTORY)):
        with gzip.open(path) as file:
            for line in file:
                read = json.loads(line)["response"]
                event = read["data"]
                if in_sample(event["id"], one_in):
                    in_time = read["timestamp"] < event["commence_time"]
                    yield line, event, f"{'close' if in_time else 'inplay_last'} {read['timestamp']}"


def results(folder: Path, league: str) -> list[Outcome]:
    with timeseries(folder, f"results_by_event_id_{league}.csv").open(encoding="utf-8", newline="") as file:
        return [
            Outcome(
                row["event_id"],
                row["commence_time"],
                row["home_team"],
                row["away_team"],
                row["status"],
                int(row["home_score"] or 0),
                int(row["away_score"] or 0),
                dict(part.split("=", 1) for part in row["extra"].split(";") if "=" in part),
            )
            for row in csv.DictReader(file)
        ]


def closing_quotes(event: dict[str, Any], seen_at: str) -> Iterator[Quote]:
    """Yield every moneyline, spread and total of a recorded event."""
    names = {event["home_team"]: "home", event["away_team"]: "away"}
    for book in event["bookmakers"]:
        for market in book["markets"]:
            if market["key"] not in MARKETS:
                continue
            for number, offer in enumerate(market["outcomes"]):
                point = offer.get("point")
                odd = int(hashlib.sha256(f"{event['id']}{book['key']}{number}".encode()).hexdigest()[:4], 16)
                yield Quote(
                    event["id"],
                    seen_at,
                    book["key"],
                    market["key"],
                    names.get(offer["name"], offer["name"].lower()),
                    Decimal(str(offer["price"])),
                    None if point is None else Decimal(str(point)),
                    Decimal(1000 + odd % 20_000) / 100,
                )


def gain_per_unit(price: Decimal) -> Decimal:
    """Return what a unit wins at the price, decimal or American."""
    if 1 < price < 100:
        return price - 1
    return price / 100 if price > 0 else 100 / -price


COMMISSION = {
    "betfair_ex_au": Decimal("0.05"),
    "betfair_ex_eu": Decimal("0.05"),
    "betfair_ex_uk": Decimal("0.05"),
    "betopenly": Decimal("0.01"),
    "matchbook": Decimal("0.02"),
    "prophetx": Decimal("0.01"),
}
"""The exchanges' shares of a bet's profit, as the seeded bookmakers have them."""


def expected(quote: Quote, home: int, away: int, *, three_way: bool) -> tuple[str, Decimal]:
    """Return what the quote came to, by plain decimals: half the stake on each line of a quarter line.

    An exchange keeps its share of what is won.
    """
    kept = 1 - COMMISSION.get(quote.bookmaker, Decimal(0))
    gain = quote.stake * gain_per_unit(quote.price) * kept
    ahead = {"home": home - away, "away": away - home, "over": home + away, "under": -home - away, "draw": 0}
    margin = Decimal(ahead[quote.side])
    if quote.market == "h2h":
        won = home == away if quote.side == "draw" else margin > 0
        drawn = home == away and not won
        if drawn and not three_way:
            return "push", quote.stake
        return ("won", cents(quote.stake + gain)) if won else ("lost", Decimal(0))
    line = quote.point or Decimal(0)
    margin += {"over": -line, "under": line}.get(quote.side, line)
    parts = [margin] if margin % HALF == 0 else [margin - QUARTER, margin + QUARTER]
    back = sum(
        (quote.stake + gain if m > 0 else quote.stake if m == 0 else Decimal(0) for m in parts), Decimal(0)
    )
    names = {"W": "won", "L": "lost", "P": "push", "WP": "half_won", "PW": "half_won", "LP": "half_lost"}
    letters = "".join("W" if m > 0 else "P" if m == 0 else "L" for m in parts)
    return names.get(letters, names[letters[0]]), cents(back / len(parts))


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)
