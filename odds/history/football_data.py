"""Season files of football-data.co.uk. Pure: no Django.

``Div,Date,Time,HomeTeam,AwayTeam,FTHG,FTAG`` and columns of prices: a book's prefix and an outcome (``B365H``,
``PSD``, ``B365>2.5``, ``PAHA``), with a C in between for closing prices (``PSCH``, ``AHCh``). Times are British. The
site says that it collects the other prices on Friday afternoons for weekend games and on Tuesday afternoons for those
in midweek; they are dated three o'clock of that day. Max and Avg columns are of no bookmaker and are left out.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import zoneinfo
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Final

from .records import BadRow, Book, PastGame, PastPrice, Row

SOURCE: Final = "football_data"
NEEDED: Final = ("Div", "Date", "HomeTeam", "AwayTeam")
ZONE: Final = zoneinfo.ZoneInfo("Europe/London")
COLLECTED: Final = dt.time(15)
TUESDAY, FRIDAY = 1, 4
NOON: Final = dt.time(12)
DATES: Final = ("%d/%m/%Y", "%d/%m/%y", "%Y-%m-%d")

LEAGUES: Final = {
    "E0": "soccer_epl",
    "E1": "soccer_efl_champ",
    "E2": "soccer_england_league1",
    "E3": "soccer_england_league2",
    "SC0": "soccer_spl",
    "D1": "soccer_germany_bundesliga",
    "D2": "soccer_germany_bundesliga2",
    "I1": "soccer_italy_serie_a",
    "I2": "soccer_italy_serie_b",
    "SP1": "soccer_spain_la_liga",
    "SP2": "soccer_spain_segunda_division",
    "F1": "soccer_france_ligue_one",
    "F2": "soccer_france_ligue_two",
    "N1": "soccer_netherlands_eredivisie",
    "B1": "soccer_belgium_first_div",
    "P1": "soccer_portugal_primeira_liga",
    "T1": "soccer_turkey_super_league",
    "G1": "soccer_greece_super_league",
}
"""Divisions that the odds feed has too."""

BOOKS: Final = {
    "B365": Book("bet365", "bet365"),
    "BF": Book("betfair_sb_uk", "Betfair Sportsbook"),
    "BFD": Book("betfred", "Betfred"),
    "BFE": Book("betfair_ex_uk", "Betfair Exchange (UK)", is_exchange=True),
    "BMGM": Book("betmgm_uk", "BetMGM (UK)"),
    "BS": Book("blue_square", "Blue Square"),
    "BV": Book("betvictor", "BetVictor"),
    "BW": Book("bwin", "bwin"),
    "CL": Book("coral", "Coral"),
    "GB": Book("gamebookers", "Gamebookers"),
    "IW": Book("interwetten", "Interwetten"),
    "LB": Book("ladbrokes_uk", "Ladbrokes"),
    "P": Book("pinnacle", "Pinnacle"),
    "PS": Book("pinnacle", "Pinnacle"),
    "SB": Book("sportingbet", "Sportingbet"),
    "SJ": Book("stan_james", "Stan James"),
    "SO": Book("sporting_odds", "Sporting Odds"),
    "SY": Book("stanleybet", "Stanleybet"),
    "VC": Book("betvictor", "BetVictor"),
    "WH": Book("williamhill", "William Hill"),
    "1XB": Book("onexbet", "1xBet"),
}
THREE_WAY: Final = {"H": "home", "D": "draw", "A": "away"}
GOALS: Final = {">2.5": "over", "<2.5": "under"}
HANDICAP: Final = {"AHH": "home", "AHA": "away"}
TWO_AND_A_HALF: Final = Decimal("2.5")


def read_row(row: Row) -> PastGame:
    """The game of a line. Raises BadRow."""
    division = row.required("Div")
    if division not in LEAGUES:
        raise BadRow("Div", f"the odds feed has no sport for the division {division[:20]!r}")
    day = _day(row.required("Date"))
    home, away = row.required("HomeTeam"), row.required("AwayTeam")
    if home == away:
        raise BadRow("AwayTeam", "is the home team as well")
    scores = row.score("FTHG"), row.score("FTAG")
    if (scores[0] is None) != (scores[1] is None):
        raise BadRow("FTAG", "one side has a score and the other has none")
    time = _time(row)
    local = dt.datetime.combine(day, time or NOON, ZONE)
    game = PastGame(
        line=row.line,
        external_id=_external_id(division, day, home, away),
        sport_key=LEAGUES[division],
        home=home,
        away=away,
        start=local.astimezone(dt.UTC),
        is_start_known=time is not None,
        home_score=scores[0],
        away_score=scores[1],
    )
    columns = frozenset(row.cells)
    for is_closing in (False, True):
        seen_at = game.start if is_closing else collected_before(game.start)
        game.prices.extend(_prices(row, _layout(columns, is_closing), seen_at, is_closing))
    return game


def collected_before(start: dt.datetime) -> dt.datetime:
    """The latest Tuesday or Friday, three in the British afternoon, before the start (UTC)."""
    day = start.astimezone(ZONE).date()
    while True:
        at = dt.datetime.combine(day, COLLECTED, ZONE).astimezone(dt.UTC)
        if day.weekday() in (TUESDAY, FRIDAY) and at < start:
            return at
        day -= dt.timedelta(days=1)


def _prices(
    row: Row, layout: Sequence[tuple[Book, str, str, str, str]], seen_at: dt.datetime, is_closing: bool
) -> Iterator[PastPrice]:
    taken: set[tuple[str, str, str]] = set()
    for book, market, side, column, size in layout:
        price = row.decimal_price(column)
        place = (book.key, market, side)
        if price is None or place in taken:
            continue
        point = TWO_AND_A_HALF if market == "totals" else None
        if market == "spreads":
            handicap = row.point(size)
            if handicap is None:
                row.fault(column, f"a handicap price without its handicap in {size}")
                continue
            point = handicap if side == "home" else -handicap
        taken.add(place)
        yield PastPrice(book, market, side, point, price, seen_at, is_closing)


@lru_cache(maxsize=64)
def _layout(columns: frozenset[str], is_closing: bool) -> tuple[tuple[Book, str, str, str, str], ...]:
    """Book, market, side, column, and column of the handicap, for every price that the columns hold."""
    mark = "C" if is_closing else ""
    found: list[tuple[Book, str, str, str, str]] = []
    for prefix, book in BOOKS.items():
        own = f"{prefix}AH{mark}" if mark else f"{prefix}AH"
        size = own if own in columns else f"AH{mark}h"
        for market, sides in (("h2h", THREE_WAY), ("totals", GOALS), ("spreads", HANDICAP)):
            for ending, side in sides.items():
                column = f"{prefix}{mark}{ending}"
                if column in columns:
                    found.append((book, market, side, column, size))
    return tuple(found)


def _day(text: str) -> dt.date:
    for layout in DATES:
        try:
            return dt.datetime.strptime(text, layout).replace(tzinfo=dt.UTC).date()
        except ValueError:
            continue
    raise BadRow("Date", f"{text[:40]!r} is not a day such as 16/08/2024 or 16/08/24")


def _time(row: Row) -> dt.time | None:
    text = row.text("Time")
    if not text:
        return None
    try:
        return dt.time.fromisoformat(text.zfill(5))
    except ValueError:
        raise BadRow("Time", f"{text[:40]!r} is not a time such as 15:00") from None


def _external_id(division: str, day: dt.date, home: str, away: str) -> str:
    name = f"{division}|{day.isoformat()}|{home}|{away}"
    return f"football-data-{hashlib.sha256(name.encode()).hexdigest()[:32]}"
