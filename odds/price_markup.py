"""The markup of one price. It is written here, not in a template, because a page holds hundreds of them and
an include each would cost more time than the queries; ``format_html`` escapes every value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.html import format_html
from django.utils.safestring import SafeString

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

    def book(self) -> SafeString:
        """The book's letters behind the price, where no heading names the book."""
        if not self.with_book:
            return SafeString("")
        return format_html(BOOK, title=self.quote.book_title, short=self.quote.book_short)

    def label(self) -> str:
        """The price in full, for who cannot see its column: it begins with what is to be seen."""
        seen = [self.name, self.point, self.price, self.quote.book_short if self.with_book else ""]
        return f"{' '.join(filter(None, seen))}, {self.quote.book_title}"


def none_markup(kinds: str = "") -> SafeString:
    """No book has a price here."""
    return format_html(NONE, kinds=kinds)


def closed_markup(text: PriceText, kinds: str = "") -> SafeString:
    """A price to read, not to click."""
    return format_html(CLOSED, kinds=kinds, point=text.shown_point, price=text.price, book=text.book())


def button_markup(
    text: PriceText, *, kinds: str, add: str, token: str, pressed: bool, element_id: str
) -> SafeString:
    """A price that goes into the slip; ``add`` is the address that takes it, ``token`` the CSRF token."""
    quote = text.quote
    return format_html(
        BUTTON,
        add=add,
        token=token,
        selection=quote.selection_id,
        bookmaker=quote.book_key,
        american=quote.price,
        raw_point="" if quote.point is None else quote.point,
        kinds=kinds,
        id=element_id,
        line=quote.line,
        pressed="true" if pressed else "false",
        label=text.label(),
        point=text.shown_point,
        price=text.price,
        book=text.book(),
    )
