from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import User
from bets.models import Bankroll, BankrollKind, Currency
from bets.money import BadAmount, parse_money
from bets.price_text import BadOdds, parse_odds
from bets.slip import Leg, Slip
from odds.models import Bookmaker, Selection
from odds.pricing import format_odds, profit_per_unit


class SlipAddForm(forms.Form):
    """A price clicked on a board: ``cleaned_data["leg"]`` is the leg."""

    selection = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    bookmaker = forms.CharField(max_length=32)
    price = forms.DecimalField(max_digits=12, decimal_places=6)
    point = forms.DecimalField(max_digits=8, decimal_places=2, required=False)

    def clean_selection(self) -> int:
        selection: int = self.cleaned_data["selection"]
        if not Selection.objects.filter(pk=selection).exists():
            raise ValidationError("This selection is not on the board any more.")
        return selection

    def clean_bookmaker(self) -> str:
        bookmaker: str = self.cleaned_data["bookmaker"]
        if not Bookmaker.objects.filter(key=bookmaker).exists():
            raise ValidationError(f"No bookmaker has the key “{bookmaker}”.")
        return bookmaker

    def clean_price(self) -> Decimal:
        price: Decimal = self.cleaned_data["price"]
        try:
            profit_per_unit(price)
        except ValueError as error:
            raise ValidationError("American odds are at most −100 or at least +100.") from error
        return price

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            data["leg"] = Leg(data["selection"], data["bookmaker"], data["price"], data["point"])
        return data

    def sentence(self) -> str:
        """The first error, with the name of its field."""
        field, errors = next(iter(self.errors.items()))
        return f"{field}: {errors[0]}"


class SlipForm(forms.Form):
    """What is typed into the slip: stake, the price if it is the user's own, the bankroll."""

    key = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    price = forms.CharField(required=False, max_length=24)
    stake = forms.CharField(required=False, max_length=24)
    bankroll = forms.ModelChoiceField(
        queryset=Bankroll.objects.none(),
        required=False,
        empty_label=None,
        error_messages={"invalid_choice": "Choose one of your bankrolls."},
    )

    def __init__(self, *args: Any, user: User | None, slip: Slip, odds_format: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.slip = slip
        self.odds_format = odds_format
        if user is not None:
            field = self.fields["bankroll"]
            assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - tells the type
            field.queryset = Bankroll.objects.filter(user=user)

    def clean_price(self) -> Decimal | None:
        """American odds, or None when the text is still the price shown."""
        text = self.cleaned_data["price"].strip()
        if not text or not self.slip.legs or text == format_odds(self.slip.legs[0].price, self.odds_format):
            return None
        try:
            return parse_odds(text, self.odds_format)
        except BadOdds as error:
            raise ValidationError(str(error)) from error


class BankrollForm(forms.ModelForm):
    """A new bankroll with its first deposit, which may be none."""

    deposit = forms.CharField(
        label="Opening deposit", max_length=24, required=False, help_text="You can add to it at any time."
    )

    class Meta:
        model = Bankroll
        fields = ["name", "currency", "kind"]
        labels = {"kind": "Money"}
        widgets = {"kind": forms.RadioSelect}

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.user = user
        kind = self.fields["kind"]
        assert isinstance(kind, forms.ChoiceField)  # noqa: S101 - tells the type
        kind.choices = [
            (BankrollKind.PAPER.value, "Paper: practice, no money moves"),
            (BankrollKind.REAL.value, "Real: what you hold at bookmakers"),
        ]
        kind.initial = BankrollKind.PAPER

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        text = str(data.get("deposit") or "").strip()
        data["deposit"] = None
        if text:
            try:
                data["deposit"] = parse_money(text, str(data.get("currency") or Currency.USD), what="deposit")
            except BadAmount as error:
                self.add_error("deposit", str(error))
        return data


class AmountForm(forms.Form):
    """An amount to put into or take out of a bankroll, in its currency."""

    amount = forms.CharField(max_length=24)
    note = forms.CharField(max_length=200, required=False)

    def __init__(self, *args: Any, currency: str, what: str, **kwargs: Any) -> None:
        super().__init__(*args, **{"prefix": what} | kwargs)
        self.currency = currency
        self.what = what
        self.fields["amount"].label = f"{what.capitalize()} in {currency}"
        self.fields["amount"].widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}

    def clean_amount(self) -> Decimal:
        try:
            return parse_money(self.cleaned_data["amount"], self.currency, what=self.what)
        except BadAmount as error:
            raise ValidationError(str(error)) from error
