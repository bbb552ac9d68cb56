from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError

from bets.models import BettingPreferences, Currency
from bets.money import BadAmount, parse_money
from odds.models import Bookmaker

NONE: Final = ("", "none")


class BettingPreferencesForm(forms.ModelForm):
    """What new bets begin with. ``unit`` takes an amount (``25``) or a share of the bankroll (``1.5 %``)."""

    default_stake = forms.CharField(label="Default stake", max_length=24, required=False)
    unit = forms.CharField(
        max_length=24,
        required=False,
        help_text="An amount such as 25, or a share of the bankroll's balance such as 1.5 %.",
    )

    class Meta:
        model = BettingPreferences
        fields = ["currency", "default_bookmaker", "default_stake"]
        labels = {"currency": "Currency", "default_bookmaker": "Default bookmaker"}
        help_texts = {"currency": "Of the amounts below, and of new bankrolls."}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        book = self.fields["default_bookmaker"]
        assert isinstance(book, forms.ModelChoiceField)  # noqa: S101 - tells the type
        book.queryset = Bookmaker.objects.filter(active=True)
        book.empty_label = "None: the one of the price"
        for name in ("default_stake", "unit"):
            self.fields[name].widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}
        self.initial["default_stake"] = _plain(self.instance.default_stake)
        self.initial["unit"] = (
            f"{_plain(self.instance.unit_pct)} %"
            if self.instance.unit_pct
            else _plain(self.instance.unit_amount)
        )

    def clean_default_stake(self) -> Decimal | None:
        return self._amount(self.cleaned_data["default_stake"], "default stake")

    def clean_unit(self) -> str:
        text = str(self.cleaned_data["unit"]).strip()
        self.instance.unit_amount = self.instance.unit_pct = None
        if text.endswith("%"):
            self.instance.unit_pct = _percentage(text[:-1].strip())
        else:
            self.instance.unit_amount = self._amount(text, "unit")
        return text

    def _amount(self, text: str, what: str) -> Decimal | None:
        if text.strip().lower() in NONE:
            return None
        try:
            return parse_money(text, str(self.cleaned_data.get("currency") or Currency.USD), what=what)
        except BadAmount as error:
            raise ValidationError(str(error)) from error


def _percentage(text: str) -> Decimal:
    try:
        share = Decimal(text.replace(",", "."))
    except InvalidOperation as error:
        raise ValidationError("unit: write a share such as 1.5 %.") from error
    if not (share.is_finite() and 0 < share <= 100) or share != share.quantize(Decimal("0.01")):
        raise ValidationError("unit: a share is above 0 % and at most 100 %, with at most two decimals.")
    return share


def _plain(amount: Decimal | None) -> str:
    return (
        ""
        if amount is None
        else f"{amount:f}".rstrip("0").rstrip(".")
        if "." in f"{amount:f}"
        else f"{amount:f}"
    )
