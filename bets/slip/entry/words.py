"""Reading a bet that somebody typed: ``Lakers -3.5 -110 50 dk``. Pure: no database.

A signed number from 100 on is American odds, a smaller one a handicap; a number after over or under is a total;
a fraction, an ``@`` or ``EV`` is a price; a plain number is the stake. What fits nowhere is named, never guessed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from bets.price_text import BadOdds, parse_odds

LONGEST: Final = 200
MONEY: Final = re.compile(r"[$€£](\d[\d,]*(\.\d{1,2})?)|(\d[\d,]*(\.\d{1,2})?)[$€£]")
UNITS: Final = re.compile(r"\d{1,3}(\.\d{1,2})?(u|%|units?)")
SIGNED: Final = re.compile(r"[+-]\d{1,6}(\.\d{1,6})?")
PLAIN: Final = re.compile(r"\d{1,9}(\.\d{1,2})?")
TOTAL: Final = re.compile(r"(over|under|o|u)(\d{1,4}(\.\d{1,2})?)")
FRACTION: Final = re.compile(r"\d{1,5}/\d{1,5}")
PERIODS: Final = {
    "1h": "h1",
    "2h": "h2",
    "1q": "q1",
    "2q": "q2",
    "3q": "q3",
    "4q": "q4",
    "1p": "p1",
    "2p": "p2",
    "3p": "p3",
    "f5": "1st_5_innings",
}
MARKETS: Final = {
    "ml": "h2h",
    "moneyline": "h2h",
    "win": "h2h",
    "spread": "spreads",
    "handicap": "spreads",
    "total": "totals",
    "tt": "team_totals",
}
SIDES: Final = {"over": "over", "o": "over", "under": "under", "u": "under", "draw": "draw", "tie": "draw"}
NOISE: Final = frozenset({"to", "the", "bet", "on", "stake", "for", "pts"})
BETWEEN: Final = frozenset({"v", "vs", "vs.", "at", "versus"})
PICK: Final = "pk"
FILLED: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Entry:
    """A typed bet in parts: ``names`` are the words left for teams or a player, ``unread`` what fits nowhere and why.

    ``price`` is American odds, ``stake`` text as a stake field takes it, ``book`` a bookmaker's key.
    """

    text: str
    names: tuple[str, ...] = ()
    opponent: tuple[str, ...] = ()
    price: Decimal | None = None
    point: Decimal | None = None
    side: str = ""
    market: str = ""
    period: str = ""
    stake: str = ""
    book: str = ""
    unread: tuple[str, ...] = ()


def folded(text: str) -> str:
    """Return text in lower case without accents, with plain hyphens for minus signs."""
    plain = text.replace("\N{MINUS SIGN}", "-").replace("\N{EN DASH}", "-")
    apart = unicodedata.normalize("NFKD", plain)
    return "".join(one for one in apart if not unicodedata.combining(one)).casefold()


def read_entry(text: str, books: Mapping[str, str], odds_format: str) -> Entry:
    """Read one line. ``books`` are the folded names of bookmakers and their keys."""
    shown = FILLED.sub(" ", text.strip())[:LONGEST]
    tokens = folded(shown).replace("@", " @").split()
    entry = Entry(shown)
    entry, tokens = take_book(entry, tokens, books)
    numbers: list[str] = []
    place = 0
    while place < len(tokens):
        following = tokens[place + 1] if place + 1 < len(tokens) else ""
        entry, used = take(entry, tokens[place], following, numbers, odds_format)
        place += used
    return with_numbers(entry, numbers, odds_format)


def take_book(entry: Entry, tokens: Sequence[str], books: Mapping[str, str]) -> tuple[Entry, list[str]]:
    """Take out the longest run of words that names a bookmaker, but never the first word."""
    for length in (3, 2, 1):
        for start in range(len(tokens) - length, 0, -1):
            key = books.get(" ".join(tokens[start : start + length]))
            if key:
                return replace(entry, book=key), [*tokens[:start], *tokens[start + length :]]
    return entry, list(tokens)


def take(entry: Entry, token: str, following: str, numbers: list[str], odds_format: str) -> tuple[Entry, int]:
    """Take one token, or two that belong together, into the entry; return how many."""
    total = TOTAL.fullmatch(token)
    if token in ("over", "under", "o", "u") and PLAIN.fullmatch(following):
        return total_of(entry, token, following), 2
    if total:
        return total_of(entry, total[1], total[2]), 1
    if token in ("@", "@ev") or token.startswith("@"):
        return quoted(entry, token, following, odds_format)
    if token in ("ev", "even", "evens") or FRACTION.fullmatch(token):
        return priced(entry, token, odds_format), 1
    if MONEY.fullmatch(token) or UNITS.fullmatch(token):
        return staked(entry, token), 1
    if following in ("u", "unit", "units", "%") and PLAIN.fullmatch(token):
        return staked(entry, f"{token}{following}"), 2
    if SIGNED.fullmatch(token):
        return signed(entry, token, odds_format), 1
    if PLAIN.fullmatch(token):
        numbers.append(token)
        return entry, 1
    return worded(entry, token), 1


def total_of(entry: Entry, side: str, number: str) -> Entry:
    if entry.side or entry.point is not None:
        return unread(entry, f"{side} {number}", "a second line")
    return replace(entry, side=SIDES[side], point=Decimal(number), market=entry.market or "totals")


def quoted(entry: Entry, token: str, following: str, odds_format: str) -> tuple[Entry, int]:
    """Take what follows an ``@``: a price, else the opponent."""
    bare = token.removeprefix("@")
    text, used = (bare, 1) if bare else (following, 2)
    try:
        parse_odds(text, odds_format)
    except BadOdds:
        marked = replace(entry, opponent=entry.opponent or ("",))
        return (worded(marked, bare) if bare else marked), 1
    return priced(entry, text, odds_format), used


def priced(entry: Entry, text: str, odds_format: str) -> Entry:
    if entry.price is not None:
        return unread(entry, text, "a second price")
    try:
        return replace(entry, price=parse_odds("even" if text == "ev" else text, odds_format))
    except BadOdds as why:
        return unread(entry, text, str(why))


def staked(entry: Entry, token: str) -> Entry:
    if entry.stake:
        return unread(entry, token, "a second stake")
    sign = re.sub(r"[^$€£]", "", token)
    amount = re.sub(r"[$€£,]", "", token).replace("units", "u").replace("unit", "u")
    return replace(entry, stake=f"{sign}{amount}")


def signed(entry: Entry, token: str, odds_format: str) -> Entry:
    """Take a signed number: odds from 100 on, else a handicap."""
    number = Decimal(token)
    if abs(number) >= 100:
        return priced(entry, token, odds_format)
    if entry.point is not None:
        return unread(entry, token, "a second line")
    return replace(entry, point=number, market=entry.market or "spreads")


def worded(entry: Entry, token: str) -> Entry:
    """Take a word: a market, a period, a side, what stands between teams, else part of a name."""
    if token in MARKETS:
        return replace(entry, market=MARKETS[token])
    if token in PERIODS:
        return replace(entry, period=PERIODS[token])
    if token == PICK and entry.point is None:
        return replace(entry, point=Decimal(0), market=entry.market or "spreads")
    if token in ("draw", "tie", "over", "under") and not entry.side:
        return replace(entry, side=SIDES[token])
    if token in BETWEEN:
        return replace(entry, opponent=entry.opponent or ("",))
    if token in NOISE:
        return entry
    bare = token.strip(".,;:()[]")
    if not bare:
        return entry
    if entry.opponent:
        return replace(entry, opponent=(*entry.opponent, bare))
    return replace(entry, names=(*entry.names, bare))


def unread(entry: Entry, text: str, why: str) -> Entry:
    return replace(entry, unread=(*entry.unread, f"“{text}” ({why.rstrip('.')})"))


def with_numbers(entry: Entry, numbers: Sequence[str], odds_format: str) -> Entry:
    """Give the plain numbers their place: one is the stake; of two without another price a decimal one is the price."""
    left = list(numbers)
    if entry.price is None and len(left) == 2 and not entry.stake:
        decimals = [one for one in left if "." in one and Decimal(one) > 1]
        if len(decimals) == 1:
            left.remove(decimals[0])
            entry = priced(entry, decimals[0], "decimal")
    if entry.price is None and entry.stake and len(left) == 1 and "." in left[0]:
        return priced(entry, left[0], "decimal")
    if len(left) == 1 and not entry.stake:
        doubtful = entry.price is None and ("." in left[0] or Decimal(left[0]) >= 100)
        if doubtful:
            return unread(entry, left[0], f"a price or a stake? Write @{left[0]} or ${left[0]}")
        return staked(entry, left[0])
    for one in left:
        entry = unread(entry, one, f"a price or a stake? Write @{one} or ${one}")
    return entry


def opponent_of(entry: Entry) -> tuple[str, ...]:
    """The words of the other side; a mark alone is none."""
    return tuple(word for word in entry.opponent if word)
