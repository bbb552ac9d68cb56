"""What people type to change their bets and the tags of many."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from bets.history.editing import Terms, terms_of
from bets.history.rows import LegRow
from bets.history.tagging import BadTag, clean_tags
from bets.models import Bet
from bets.money import BadAmount, parse_money
from bets.placement.asked import MAX_NOTE
from bets.price_text import BadOdds, parse_odds
from odds.models import Bookmaker
from odds.pricing import format_odds


class WordsForm(forms.Form):
    """A note, and tags parted by commas."""

    note = forms.CharField(
        required=False, max_length=MAX_NOTE, widget=forms.Textarea(attrs={"rows": 3}), strip=True
    )
    tags = forms.CharField(required=False, max_length=1000, help_text="Parted by commas.")

    def clean_tags(self) -> list[str]:
        try:
            return clean_tags(self.cleaned_data["tags"].split(","))
        except BadTag as error:
            raise ValidationError(str(error)) from error


class TagForm(forms.Form):
    """Tags to put on bets or to take off them, parted by commas: the ticked bets or all of a filter."""

    tags = forms.CharField(max_length=1000, error_messages={"required": "Name a tag."})
    action = forms.ChoiceField(choices=[("add", "Add"), ("remove", "Remove")])
    scope = forms.ChoiceField(choices=[("ticked", "The ticked bets"), ("all", "All bets of the filter")])
    query = forms.CharField(required=False, max_length=4000)

    def __init__(self, data: QueryDict) -> None:
        super().__init__(data)
        self.ticked = data.getlist("bet")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        try:
            data["bets"] = [uuid.UUID(text) for text in self.ticked]
        except ValueError:
            raise ValidationError("Choose bets of the list.") from None
        if data.get("scope") == "ticked" and not data["bets"]:
            raise ValidationError("Tick the bets first, or choose all bets of the filter.")
        return data

    def sentence(self) -> str:
        """The first error."""
        return str(next(iter(self.errors.values()))[0])


class TermsForm(forms.Form):
    """Stake, a price for each leg, the ticket's own price where it has one, and the book.

    ``terms()`` are those asked for; a price whose text was left alone stays exactly what it is.
    """

    revision = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    stake = forms.CharField(max_length=24)
    bookmaker = forms.ModelChoiceField(
        Bookmaker.objects.none(), required=False, empty_label="No book", label="Book"
    )
    reason = forms.CharField(
        required=False, max_length=300, label="Why", help_text="If you like: kept in the bet's history."
    )

    def __init__(self, *args: Any, bet: Bet, legs: Sequence[LegRow], odds_format: str, **kwargs: Any) -> None:
        self.bet, self.legs, self.odds_format = bet, legs, odds_format
        self.before = terms_of(bet, [row.leg for row in legs])
        initial = {
            "revision": bet.revision,
            "stake": f"{self.before.stake:f}",
            "bookmaker": bet.bookmaker_id,
            "ticket_price": self.shown(self.before.ticket_price),
        } | {f"price_{row.leg.position}": row.price for row in legs}
        super().__init__(*args, **{"initial": initial} | kwargs)
        book = self.fields["bookmaker"]
        assert isinstance(book, forms.ModelChoiceField)  # noqa: S101 - tells the type
        book.queryset = Bookmaker.objects.order_by("title")
        what = "Stake of each combination" if bet.combinations > 1 else "Stake"
        self.fields["stake"].label = f"{what} in {bet.bankroll.currency}"
        for row in legs:
            label = f"Price of {row.name}" if len(legs) > 1 else "Price"
            self.fields[f"price_{row.leg.position}"] = forms.CharField(max_length=24, label=label)
        if self.before.ticket_price is not None:
            self.fields["ticket_price"] = forms.CharField(max_length=24, label="Price of the ticket")
        order = ["revision", "stake", *(f"price_{row.leg.position}" for row in legs), "ticket_price"]
        self.order_fields([*order, "bookmaker", "reason"])
        for name in ("stake", "reason", *order[2:]):
            if name in self.fields:
                self.fields[name].widget.attrs |= {"autocomplete": "off"}

    def shown(self, price: Decimal | None) -> str:
        return "" if price is None else format_odds(price, self.odds_format)

    def clean_stake(self) -> Decimal:
        try:
            return parse_money(self.cleaned_data["stake"], self.bet.bankroll.currency, what="stake")
        except BadAmount as error:
            raise ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for row, before in zip(self.legs, self.before.prices, strict=True):
            self.read_price(data, f"price_{row.leg.position}", before)
        if self.before.ticket_price is not None:
            self.read_price(data, "ticket_price", self.before.ticket_price)
        return data

    def read_price(self, data: dict[str, Any], name: str, before: Decimal) -> None:
        text = data.get(name)
        if text is None:
            return
        if text == self.shown(before):
            data[name] = before
            return
        try:
            data[name] = parse_odds(text, self.odds_format)
        except BadOdds as error:
            self.add_error(name, str(error))

    def terms(self) -> Terms:
        data = self.cleaned_data
        return replace(
            self.before,
            stake=data["stake"],
            prices=tuple(data[f"price_{row.leg.position}"] for row in self.legs),
            ticket_price=data.get("ticket_price"),
            bookmaker=data["bookmaker"],
        )
