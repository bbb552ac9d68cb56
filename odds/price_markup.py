"""The markup of one price. It is written here, not in a template, because a page holds hundreds of them and
an include each would cost more time than the queries; every text that is not ours is escaped.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from html import escape
from typing import Final

from django.utils.safestring import SafeString

from odds import markets, pricing
from odds.best_prices import Quote

NONE: Final = '<span class="price none {kinds}" aria-hidden="true">\N{EN DASH}</span>'
CLOSED: Final = (
    '<span class="price closed {kinds}"><span class="point">{point}</span>'
    ' <span class="odds">{price}</span> {book}</span>'
)
BOOK: Final = '<abbr class="book" title="{title}">{short}</abbr>'
BUTTON: Final = (
    '<form class="price-form" method="post" action="{add}" hx-post="{add}" hx-target="#slip">'
    '<input type="hidden" name="csrfmiddlewaretoken" value="{token}">'
    '<input type="hidden" name="selection" value="{selection}">'
    '<input type="hidden" name="bookmaker" value="{bookmaker}">'
    '<input type="hidden" name="price" value="{american}">'
    '<input type="hidden" name="point" value="{raw_point}">'
    '<button type="submit" class="price {kinds}" id="{id}" data-line="{line}" aria-pressed="{pressed}"'
    ' aria-label="{label}"><span class="point">{point}</span> <span class="odds">{price}</span> {book}'
    "</button></form>"
)


@dataclass(frozen=True, slots=True)
class PriceText:
    """What a price says: the quote, its odds in the reader's format, its point, and of whom it speaks."""

    quote: Quote
    price: str
    point: str
    name: str
    with_point: bool = True
    with_book: bool = False

    @property
    def shown_point(self) -> str:
        return self.point if self.with_point else ""

    def book(self) -> str:
        """The markup of the book's letters behind the price, where no heading names the book."""
        if not self.with_book:
            return ""
        return BOOK.format(title=escape(self.quote.book_title), short=escape(self.quote.book_short))

    def label(self) -> str:
        """The price in full, for who cannot see its column: it begins with what is to be seen."""
        seen = [self.name, self.point, self.price, self.quote.book_short if self.with_book else ""]
        return f"{' '.join(filter(None, seen))}, {self.quote.book_title}"


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom prices are written: odds format, the instant, where a click goes, what is in the slip."""

    odds_format: str
    now: dt.datetime
    add: str
    token: str
    pressed: frozenset[str]


def point_text(quote: Quote) -> str:
    """The line as a button shows it: a handicap with its sign, a total with O or U before it."""
    if quote.point is None:
        return ""
    if quote.side in ("over", "under"):
        return f"{quote.side[0].upper()} {pricing.format_point(quote.point, signed=False)}"
    return pricing.format_point(quote.point, signed=markets.is_signed(quote.market))


def price_markup(
    reader: Reader,
    quote: Quote,
    name: str,
    bettable: bool,
    *,
    with_point: bool = True,
    with_book: bool = False,
    kinds: str = "",
    suffix: str = "",
) -> SafeString:
    """A price to click into the slip; only to read where the bet can no longer be placed.

    ``kinds`` are class names; a price without any is the only one of its selection on the page. ``suffix`` tells
    apart the places of a price that is on the page more than once.
    """
    price = pricing.format_odds(quote.price, reader.odds_format)
    text = PriceText(quote, price, point_text(quote), name, with_point, with_book)
    if not bettable or not reader.add:
        return closed_markup(text, kinds)
    where = f"-{quote.book_key}{'' if quote.point is None else quote.point}" if kinds else ""
    return button_markup(
        text,
        kinds=f"{kinds} {quote.change(reader.now)}".strip(),
        add=reader.add,
        token=reader.token,
        pressed=quote.line in reader.pressed,
        element_id=f"p{quote.selection_id}{where}{suffix}",
    )


def none_markup(kinds: str = "") -> SafeString:
    """No book has a price here. ``kinds`` are class names."""
    return SafeString(NONE.format(kinds=kinds))


def closed_markup(text: PriceText, kinds: str = "") -> SafeString:
    """A price to read, not to click."""
    return SafeString(CLOSED.format(kinds=kinds, point=text.shown_point, price=text.price, book=text.book()))


def button_markup(
    text: PriceText, *, kinds: str, add: str, token: str, pressed: bool, element_id: str
) -> SafeString:
    """A price that goes into the slip; ``add`` is the address that takes it, ``token`` the CSRF token."""
    quote = text.quote
    return SafeString(
        BUTTON.format(
            add=add,
            token=token,
            selection=quote.selection_id,
            bookmaker=escape(quote.book_key),
            american=quote.price,
            raw_point="" if quote.point is None else quote.point,
            kinds=kinds,
            id=escape(element_id),
            line=escape(quote.line),
            pressed="true" if pressed else "false",
            label=escape(text.label()),
            point=text.shown_point,
            price=text.price,
            book=text.book(),
        )
    )
