from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import User
from bets.models import Bankroll, BankrollKind, Currency
from bets.money import BadAmount, parse_money


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
