"""Forms of bankrolls: opening and editing one, moving money, choosing a period of the ledger."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.models import User
from bets.bankrolls.operations import check_time
from bets.exceptions import BadOperation
from bets.models import Bankroll, BankrollKind, BettingPreferences, Currency, LedgerKind
from bets.money import BadAmount, parse_money
from odds.models import Bookmaker

KINDS = [
    (BankrollKind.PAPER.value, "Paper: practice, no money moves"),
    (BankrollKind.REAL.value, "Real: what you hold at bookmakers"),
]


class BankrollForm(forms.ModelForm):
    """A new bankroll with its first deposit, which may be none."""

    deposit = forms.CharField(
        label="Opening deposit", max_length=24, required=False, help_text="You can add to it at any time."
    )

    class Meta:
        model = Bankroll
        fields = ["name", "currency", "kind", "bookmaker", "may_go_negative"]
        labels = {
            "kind": "Money",
            "bookmaker": "Only for bets at",
            "may_go_negative": "May go below zero",
        }
        help_texts = {
            "bookmaker": "",
            "may_go_negative": "A stake or a withdrawal beyond the balance is refused otherwise.",
        }
        widgets = {"kind": forms.RadioSelect}

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.user = user
        kind, book = self.fields["kind"], self.fields["bookmaker"]
        assert isinstance(kind, forms.ChoiceField)  # noqa: S101 - tells the type
        assert isinstance(book, forms.ModelChoiceField)  # noqa: S101 - tells the type
        kind.choices = KINDS
        if self.instance._state.adding:
            kind.initial = BankrollKind.PAPER
            self.initial["currency"] = BettingPreferences.objects.of(user).currency
        book.queryset = Bookmaker.objects.order_by("title")
        book.empty_label = "Any bookmaker"

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


class EditForm(BankrollForm):
    """What an open bankroll is called and allowed; its money stays what it is once it has been used."""

    deposit = None  # type: ignore[assignment] # Django's way to leave out an inherited field

    def __init__(self, *args: Any, is_used: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_used:
            for name in ("currency", "kind"):
                self.fields[name].disabled = True
            self.fields["currency"].help_text = "Currency and kind of money stay: the bankroll has been used."


class AmountForm(forms.Form):
    """An amount to put into or take out of a bankroll, in its currency, and when that was."""

    key = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    amount = forms.CharField(max_length=24)
    note = forms.CharField(max_length=200, required=False)
    happened_at = forms.DateTimeField(
        label="When",
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text="Empty: now.",
    )

    def __init__(self, *args: Any, currency: str, what: str, **kwargs: Any) -> None:
        super().__init__(*args, **{"prefix": what} | kwargs)
        self.currency = currency
        self.what = what
        self.fields["key"].initial = uuid.uuid4().hex
        self.fields["amount"].label = f"{what.capitalize()} in {currency}"
        self.fields["amount"].widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}

    def clean_key(self) -> str | None:
        return self.cleaned_data["key"] or None

    def clean_amount(self) -> Decimal:
        return self.money("amount", self.currency, self.what)

    def clean_happened_at(self) -> dt.datetime | None:
        when: dt.datetime | None = self.cleaned_data["happened_at"]
        if when is not None:
            try:
                check_time(when, timezone.now())
            except BadOperation as error:
                raise ValidationError(str(error)) from error
        return when

    def money(self, field: str, currency: str, what: str) -> Decimal:
        try:
            return parse_money(self.cleaned_data[field], currency, what=what)
        except BadAmount as error:
            raise ValidationError(str(error)) from error


class AdjustmentForm(AmountForm):
    """A correction of the balance, either way, with its reason: ``cleaned_data["amount"]`` is signed."""

    direction = forms.ChoiceField(
        label="What is off",
        choices=[("more", "There is more than the ledger says"), ("less", "There is less")],
        widget=forms.RadioSelect,
        initial="more",
    )
    note = forms.CharField(label="Reason", max_length=200)
    field_order = ["key", "direction", "amount", "note", "happened_at"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "amount" in data and data.get("direction") == "less":
            data["amount"] = -data["amount"]
        data["reason"] = data.pop("note", "")
        data.pop("direction", None)
        return data


class BankrollChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({obj.currency})"


class TransferForm(AmountForm):
    """An amount for another bankroll of the person's; where its currency is another one, also what arrives."""

    target = BankrollChoice(label="To", queryset=Bankroll.objects.none(), empty_label="Choose a bankroll")
    arrives = forms.CharField(
        label="Arrives",
        max_length=24,
        required=False,
        help_text="Only if the other bankroll has another currency: the amount in that one.",
    )
    field_order = ["key", "target", "amount", "arrives", "note", "happened_at"]

    def __init__(self, *args: Any, bankroll: Bankroll, **kwargs: Any) -> None:
        super().__init__(*args, currency=bankroll.currency, what="transfer", **kwargs)
        self.bankroll = bankroll
        target = self.fields["target"]
        assert isinstance(target, forms.ModelChoiceField)  # noqa: S101 - tells the type
        others = Bankroll.objects.filter(user=bankroll.user_id, kind=bankroll.kind).active()
        target.queryset = others.exclude(pk=bankroll.pk).default_first()
        self.fields["arrives"].widget.attrs |= {"inputmode": "decimal", "autocomplete": "off"}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        target, text = data.get("target"), str(data.get("arrives") or "").strip()
        data["arrives"] = None
        if target is None or not text:
            if target is not None and target.currency != self.currency:
                self.add_error("arrives", f"Enter what arrives in {target.currency}.")
            return data
        try:
            data["arrives"] = parse_money(text, target.currency, what="amount that arrives")
        except BadAmount as error:
            self.add_error("arrives", str(error))
        return data


class LedgerForm(forms.Form):
    """Which lines of a ledger to show: a period of days in the reader's zone, a kind."""

    since = forms.DateField(label="From", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    until = forms.DateField(label="To", required=False, widget=forms.DateInput(attrs={"type": "date"}))
    kind = forms.ChoiceField(label="Kind", required=False, choices=[("", "All kinds"), *LedgerKind.choices])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        since, until = data.get("since"), data.get("until")
        if since and until and since > until:
            self.add_error("until", "The last day is before the first.")
        for name in ("since", "until"):
            if data.get(name) and not 1970 <= data[name].year <= 2200:
                self.add_error(name, "Choose a day between 1970 and 2200.")
        return data
