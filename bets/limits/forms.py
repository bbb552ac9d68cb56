from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError

from bets.models import BankrollKind, Currency, LimitKind
from bets.money import BadAmount, parse_money, plain_money

AMOUNTS: Final = {
    LimitKind.STAKE: ("Stake of a bet", "All that one bet risks; of a lay its liability."),
    LimitKind.DAILY_LOSS: ("Loss of a day", "From midnight to midnight."),
    LimitKind.WEEKLY_LOSS: ("Loss of a week", "From Monday to Sunday."),
}
LENGTHS: Final = {
    "1": "A day",
    "2": "2 days",
    "7": "A week",
    "30": "30 days",
    "90": "90 days",
    "365": "A year",
}


class ScopeForm(forms.Form):
    """Which money a limit is of."""

    currency = forms.ChoiceField(choices=Currency, widget=forms.HiddenInput)
    money = forms.ChoiceField(choices=BankrollKind, widget=forms.HiddenInput)


class LimitsForm(forms.Form):
    """The three limits of a currency of real or paper money; an empty field is no limit."""

    def __init__(
        self, *args: Any, currency: str, money: str, held: dict[str, Decimal | None], **kwargs: Any
    ) -> None:
        super().__init__(*args, **{"prefix": f"{currency}-{money}"} | kwargs)
        self.currency = currency
        for kind, (label, help_text) in AMOUNTS.items():
            amount = held.get(kind)
            self.fields[str(kind)] = forms.CharField(
                label=f"{label} in {currency}",
                help_text=help_text,
                required=False,
                max_length=24,
                initial="" if amount is None else plain_money(amount, currency),
                widget=forms.TextInput(
                    attrs={"inputmode": "decimal", "autocomplete": "off", "placeholder": "no limit"}
                ),
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for kind in AMOUNTS:
            text = str(data.get(kind) or "").strip()
            try:
                data[str(kind)] = parse_money(text, self.currency, what="limit") if text else None
            except BadAmount as error:
                self.add_error(str(kind), str(error))
        return data


class TimeOutForm(forms.Form):
    """How long no bet is placed, from now."""

    days = forms.ChoiceField(label="Place no bet for", choices=list(LENGTHS.items()))

    def clean_days(self) -> dt.timedelta:
        try:
            return dt.timedelta(days=int(self.cleaned_data["days"]))
        except (OverflowError, ValueError) as error:
            raise ValidationError("Choose how long.") from error
