from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import User
from bets.models import Bankroll, BetStatus
from bets.money import BadAmount, parse_money
from bets.price_text import BadOdds, parse_odds
from bets.slip.entry.elsewhere import RESULTS, InWords

PICK_RESULT = [("", "Choose"), *((status.value, status.label) for status in RESULTS)]


class TextForm(forms.Form):
    """A bet typed, or the text of a slip."""

    text = forms.CharField(
        label="Type or paste a bet",
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false", "autocomplete": "off"}),
        error_messages={"required": "Type a bet, such as Lakers −3.5 −110 50 dk."},
    )


class WordsForm(forms.Form):
    """A bet in words; ``cleaned_data["bet"]`` is an InWords without its time where none was given."""

    description = forms.CharField(label="Bet", max_length=500)
    event = forms.CharField(label="Game", max_length=200, required=False)
    price = forms.CharField(label="Price", max_length=24)
    stake = forms.CharField(label="Stake", max_length=24)
    book = forms.CharField(label="Book", max_length=64, required=False)
    result = forms.ChoiceField(label="Result", choices=PICK_RESULT)
    payout = forms.CharField(label="Paid", max_length=24, required=False)
    placed_at = forms.DateTimeField(label="Placed", required=False)
    settled_at = forms.DateTimeField(required=False, widget=forms.HiddenInput)
    number = forms.CharField(max_length=64, required=False, widget=forms.HiddenInput)
    rest = forms.CharField(max_length=20_000, required=False, widget=forms.HiddenInput)
    bankroll = forms.ModelChoiceField(label="From", queryset=Bankroll.objects.none(), empty_label=None)

    def __init__(self, *args: Any, user: User, odds_format: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.auto_id = False  # there may be several such forms on a page
        self.odds_format = odds_format
        field = self.fields["bankroll"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - tells the type
        field.queryset = Bankroll.objects.filter(user=user, archived_at__isnull=True)

    def clean_price(self) -> Decimal:
        try:
            return parse_odds(self.cleaned_data["price"], self.odds_format)
        except BadOdds as error:
            raise ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        bankroll = data.get("bankroll")
        if bankroll is None:
            return data
        for name in ("stake", "payout"):
            text = str(data.get(name) or "").strip()
            data[name] = None
            if name in self.errors or (not text and name == "payout"):
                continue
            try:
                data[name] = (
                    Decimal(0)
                    if is_nothing(text) and name == "payout"
                    else parse_money(text, bankroll.currency, what=name)
                )
            except BadAmount as error:
                self.add_error(name, str(error))
        return data

    def bet(self, now: dt.datetime) -> InWords:
        """Return the bet of a valid form; without a time it was placed now."""
        data = self.cleaned_data
        return InWords(
            description=data["description"],
            odds=data["price"],
            stake=data["stake"],
            placed_at=data["placed_at"] or now,
            status=data["result"],
            event=data["event"],
            book=data["book"],
            payout=data["payout"] if data["result"] != BetStatus.PENDING else None,
            settled_at=data["settled_at"],
            source_id=data["number"],
        )


def is_nothing(text: str) -> bool:
    return text.strip("$€£ ").replace(".", "").strip("0") == ""
