"""From a text to the lines it means: what is certain goes into the slip, the rest is asked about."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from accounts.models import User
from bets.imports.rows import BadRow
from bets.models import BetStatus, BettingPreferences
from bets.slip.entry import pasted, words
from bets.slip.entry.elsewhere import initial_of, status_in
from bets.slip.entry.finding import Found, book_names, find, read_known
from bets.slip.entry.forms import WordsForm
from bets.slip.entry.words import Entry, folded
from odds.models import Bookmaker
from odds.pricing import format_odds

MOST_LINES: Final = 20
LONGEST_TEXT: Final = 20_000


@dataclass(frozen=True, slots=True)
class Read:
    """One bet of the text (``source``): the lines it may mean, and the form to record it in words instead."""

    found: Found
    form: WordsForm
    is_over: bool = False
    source: str = ""

    @property
    def text(self) -> str:
        return self.found.entry.text

    @property
    def parts(self) -> list[tuple[str, str]]:
        """What of the text was understood, as the person can check it."""
        entry = self.found.entry
        said = {
            "price": "" if entry.price is None else format_odds(entry.price, self.form.odds_format),
            "stake": entry.stake,
            "book": entry.book,
        }
        return [(name, text) for name, text in said.items() if text]


def read_text(text: str, *, user: User, odds_format: str, now: dt.datetime) -> list[Read]:
    """Read a pasted slip or typed lines: one bet a line, 20 at most."""
    books = list(Bookmaker.objects.all())
    names = book_names(books)
    cut = text[:LONGEST_TEXT]
    bets: list[tuple[Entry, pasted.PastedBet | None]]
    if pasted.is_pinnacle(cut):
        bets = [(entry_of(bet, names, odds_format), bet) for bet in pasted.read_pinnacle(cut)]
    else:
        lines = pasted.lines_in(cut)[:MOST_LINES]
        bets = [(words.read_entry(line, names, odds_format), None) for line in lines]
    return [*found_for(bets, books, user=user, odds_format=odds_format, now=now)]


def keep_rests(reads: Sequence[Read]) -> None:
    """Let each form to record in words carry the text of the other bets, so that they are asked about after it."""
    for read in reads:
        read.form.initial["rest"] = "\n".join(other.source for other in reads if other is not read)


def entry_of(bet: pasted.PastedBet, names: Mapping[str, str], odds_format: str) -> Entry:
    """Return a pasted bet as a typed one; its event names the other team."""
    entry = words.read_entry(f"{bet.selection} @{bet.price}", names, odds_format)
    event = tuple(word for word in folded(bet.event).split() if word not in words.BETWEEN)
    return replace(
        entry,
        text=f"{bet.event}: {bet.selection} {bet.price}",
        opponent=("", *(word for word in event if word not in entry.names)),
        stake=bet.stake,
        book="pinnacle" if "pinnacle" in names.values() else "",
        unread=(*entry.unread, *(f"“{line}” (not known)" for line in bet.unread)),
    )


def found_for(
    bets: Sequence[tuple[Entry, pasted.PastedBet | None]],
    books: Sequence[Bookmaker],
    *,
    user: User,
    odds_format: str,
    now: dt.datetime,
) -> list[Read]:
    """Look each bet up among the games to come; one that a book says is over is only to be recorded in words."""
    if not bets:
        return []
    known = read_known(now)
    by_key = {book.key: book for book in books}
    default = BettingPreferences.objects.of(user).default_bookmaker
    found = []
    for entry, slip in bets:
        over = slip is not None and is_over(slip)
        meant = (
            Found(entry)
            if over
            else find(entry, known, books=by_key, default_book=default, odds_format=odds_format, now=now)
        )
        initial = initial_of(slip, user.time_zone) if slip else initial_typed(entry, by_key, odds_format)
        form = WordsForm(user=user, odds_format=odds_format, initial=initial)
        found.append(Read(meant, form, over, slip.source if slip else entry.text))
    return found


def is_over(slip: pasted.PastedBet) -> bool:
    """Tell whether the book has settled the bet; a state nobody knows is looked at by the person."""
    try:
        return status_in(slip.state) != BetStatus.PENDING
    except BadRow:
        return True


def initial_typed(entry: Entry, books: Mapping[str, Bookmaker], odds_format: str) -> dict[str, object]:
    return {
        "description": entry.text,
        "price": "" if entry.price is None else format_odds(entry.price, odds_format),
        "stake": entry.stake,
        "book": books[entry.book].title if entry.book in books else "",
        "result": BetStatus.PENDING,
    }
