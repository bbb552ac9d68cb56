"""Games files of nflverse (``games.csv``). Pure: no Django.

One line a game; times are those of New York, prices American, ``spread_line`` is positive where home is favoured. The
prices are closing ones of a bookmaker whom the file does not name. Before 2006 it gives spreads and totals without
prices, which are counted and left out: a line without its price is no quote.
"""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from .records import BadRow, Book, PastGame, PastPrice, Row

SOURCE: Final = "nflverse"
NEEDED: Final = ("game_id", "gameday", "home_team", "away_team", "spread_line", "total_line")
ZONE: Final = zoneinfo.ZoneInfo("America/New_York")
NOON: Final = dt.time(12)
SPORT: Final = "americanfootball_nfl"
BOOK: Final = Book("nflverse", "nflverse (book not named)", is_named=False)

TEAMS: Final = {
    "ARI": "Arizona Cardinals",
    "ATL": "Atlanta Falcons",
    "BAL": "Baltimore Ravens",
    "BUF": "Buffalo Bills",
    "CAR": "Carolina Panthers",
    "CHI": "Chicago Bears",
    "CIN": "Cincinnati Bengals",
    "CLE": "Cleveland Browns",
    "DAL": "Dallas Cowboys",
    "DEN": "Denver Broncos",
    "DET": "Detroit Lions",
    "GB": "Green Bay Packers",
    "HOU": "Houston Texans",
    "IND": "Indianapolis Colts",
    "JAX": "Jacksonville Jaguars",
    "KC": "Kansas City Chiefs",
    "LA": "Los Angeles Rams",
    "LAC": "Los Angeles Chargers",
    "LAR": "Los Angeles Rams",
    "LV": "Las Vegas Raiders",
    "MIA": "Miami Dolphins",
    "MIN": "Minnesota Vikings",
    "NE": "New England Patriots",
    "NO": "New Orleans Saints",
    "NYG": "New York Giants",
    "NYJ": "New York Jets",
    "OAK": "Oakland Raiders",
    "PHI": "Philadelphia Eagles",
    "PIT": "Pittsburgh Steelers",
    "SD": "San Diego Chargers",
    "SEA": "Seattle Seahawks",
    "SF": "San Francisco 49ers",
    "STL": "St. Louis Rams",
    "TB": "Tampa Bay Buccaneers",
    "TEN": "Tennessee Titans",
    "WAS": "Washington Commanders",
}


def read_row(row: Row) -> PastGame:
    """The game of a line. Raises BadRow."""
    name = row.required("game_id", longest=50)
    home, away = _team(row, "home_team"), _team(row, "away_team")
    if home == away:
        raise BadRow("away_team", "is the home team as well")
    scores = row.score("home_score"), row.score("away_score")
    if (scores[0] is None) != (scores[1] is None):
        raise BadRow("away_score", "one side has a score and the other has none")
    day, time = _day(row), _time(row)
    game = PastGame(
        line=row.line,
        external_id=f"nflverse-{name}",
        sport_key=SPORT,
        home=home,
        away=away,
        start=dt.datetime.combine(day, time or NOON, ZONE).astimezone(dt.UTC),
        is_start_known=time is not None,
        home_score=scores[0],
        away_score=scores[1],
    )
    if game.is_played:  # of a game to come, the file's prices are not the closing ones
        game.prices = list(_prices(row, game))
    return game


def _prices(row: Row, game: PastGame) -> Iterator[PastPrice]:
    spread, total = row.point("spread_line"), row.point("total_line")
    for market, side, column, point in (
        ("h2h", "home", "home_moneyline", None),
        ("h2h", "away", "away_moneyline", None),
        ("spreads", "home", "home_spread_odds", None if spread is None else -spread),
        ("spreads", "away", "away_spread_odds", spread),
        ("totals", "over", "over_odds", total),
        ("totals", "under", "under_odds", total),
    ):
        price = row.american_price(column)
        if price is None:
            game.without_price += point is not None
        elif market != "h2h" and point is None:
            row.fault(column, "a price without its point")
        else:
            yield PastPrice(BOOK, market, side, _plain(point), price, game.start, is_closing=True)


def _plain(point: Decimal | None) -> Decimal | None:
    return None if point is None else point + 0  # no minus zero


def _team(row: Row, column: str) -> str:
    code = row.required(column)
    if code not in TEAMS:
        raise BadRow(column, f"{code[:20]!r} is not a team's code")
    return TEAMS[code]


def _day(row: Row) -> dt.date:
    text = row.required("gameday")
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise BadRow("gameday", f"{text[:40]!r} is not a day such as 2017-09-07") from None


def _time(row: Row) -> dt.time | None:
    text = row.text("gametime")
    if not text:
        return None
    try:
        return dt.time.fromisoformat(text.zfill(5))
    except ValueError:
        raise BadRow("gametime", f"{text[:40]!r} is not a time such as 20:30") from None
