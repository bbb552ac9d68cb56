"""What a person enters to decide about a bet. ``act`` gives the one service call that does it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import User
from bets.decisions.cashing import ONLY_WHOLE, can_be_split, cash_out, cash_out_part
from bets.decisions.settling import OUTCOMES, reprice, settle_by_hand
from bets.decisions.undoing import undo_decision
from bets.deductions import deduct
from bets.history import LegRow
from bets.models import Bet, BetType
from bets.money import BadAmount, format_money, parse_money
from bets.price_text import BadOdds, parse_odds
from bets.voiding import MAX_REASON, grade_again, void_bet

Act = Callable[[], Bet]


class DecisionForm(forms.Form):
    """Why, and the revision of the bet that the person has seen."""

    service: Callable[..., Bet]
    revision = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    reason = forms.CharField(
        max_length=MAX_REASON,
        help_text="Kept in the bet's history with your name, such as “paid short, see mail”.",
    )
    field_order = ("revision",)

    def __init__(self, *args: Any, bet: Bet, legs: list[LegRow], odds_format: str, **kwargs: Any) -> None:
        super().__init__(*args, **{"initial": {"revision": bet.revision}} | kwargs)
        self.bet = bet
        self.legs = legs
        self.odds_format = odds_format
        self.currency = bet.bankroll.currency
        self.rest = bet.stake - bet.cashed_stake
        self.fields["reason"].widget.attrs |= {"autocomplete": "off"}

    def money(self, name: str, what: str, *, may_be_zero: bool = False) -> Decimal | None:
        """Read an amount; None when nothing was entered. Raises ValidationError."""
        text = str(self.cleaned_data.get(name) or "").strip()
        if not text:
            return None
        if may_be_zero and text.strip("0.,$€£¥ ") == "":
            return Decimal(0)
        try:
            return parse_money(text, self.currency, what=what)
        except BadAmount as error:
            raise ValidationError(str(error)) from error

    def terms(self) -> dict[str, Any]:
        """What the service needs beside bet, person, reason and revision."""
        return {}

    def act(self, by: User) -> Act:
        """Return the service call that makes the decision."""
        data = self.cleaned_data
        common = {"bet": self.bet, "by": by, "reason": data["reason"], "revision": data["revision"]}
        return partial(type(self).service, **common, **self.terms())


def amount_field(label: str, **kwargs: Any) -> forms.CharField:
    widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
    return forms.CharField(label=label, max_length=24, widget=widget, **kwargs)


class SettleForm(DecisionForm):
    """How each leg ended, and what the book paid if that is not what follows from it."""

    service = staticmethod(settle_by_hand)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        straight = len(self.legs) == 1
        choices = [("", "Choose" if straight else "As graded, or not known")]
        choices += [(status.value, status.label) for status in OUTCOMES]
        for row in self.legs:
            label = "How it ended" if straight else f"Leg {row.leg.position}: {row.name}"
            self.fields[f"leg_{row.leg.position}"] = forms.ChoiceField(
                label=label, choices=choices, required=False
            )
        rest = (
            f" for the {format_money(self.rest, self.currency)} that rode on" if self.bet.cashed_stake else ""
        )
        self.fields["payout"] = amount_field(
            f"What the book paid{rest}, stake included, in {self.currency}",
            required=False,
            help_text="Leave it empty if the book paid what follows from the price.",
        )
        self.order_fields(["revision", *(f"leg_{row.leg.position}" for row in self.legs), "payout", "reason"])

    def clean_payout(self) -> Decimal | None:
        return self.money("payout", "payout", may_be_zero=True)

    def terms(self) -> dict[str, Any]:
        outcomes = {
            row.leg.position: self.cleaned_data[f"leg_{row.leg.position}"]
            for row in self.legs
            if self.cleaned_data[f"leg_{row.leg.position}"]
        }
        return {"outcomes": outcomes, "payout": self.cleaned_data["payout"]}


class CashOutForm(DecisionForm):
    """What the book paid, for all that rides or for a part of the stake."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["offer"] = amount_field(f"What the book paid, in {self.currency}")
        if can_be_split(self.bet):
            self.fields["part"] = amount_field(
                "Part of the stake",
                required=False,
                help_text=f"Empty: all of the {format_money(self.rest, self.currency)} that is riding.",
            )
        self.order_fields(["revision", "offer", "part", "reason"])

    def clean_offer(self) -> Decimal | None:
        return self.money("offer", "offer")

    def clean_part(self) -> Decimal | None:
        return self.money("part", "part of the stake")

    def clean(self) -> dict[str, Any]:
        """Refuse a part where only the whole can be cashed out, rather than cash out the whole at its offer."""
        if "part" not in self.fields and str(self.data.get("part", "")).strip():
            raise ValidationError(ONLY_WHOLE)
        return self.cleaned_data

    def act(self, by: User) -> Act:
        data = self.cleaned_data
        common = {"bet": self.bet, "by": by, "reason": data["reason"], "revision": data["revision"]}
        if data.get("part") is None:
            return partial(cash_out, offer=data["offer"], **common)
        return partial(cash_out_part, stake=data["part"], offer=data["offer"], **common)


class RepriceForm(DecisionForm):
    """The price of the whole ticket as its book set it anew."""

    service = staticmethod(reprice)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["price"] = forms.CharField(
            label="The book's new price for the whole ticket",
            max_length=24,
            widget=forms.TextInput(attrs={"autocomplete": "off"}),
        )
        self.order_fields(["revision", "price", "reason"])

    def clean_price(self) -> Decimal:
        try:
            return parse_odds(self.cleaned_data["price"].strip(), self.odds_format)
        except BadOdds as error:
            raise ValidationError(str(error)) from error

    def terms(self) -> dict[str, Any]:
        return {"price": self.cleaned_data["price"]}


class DeductForm(DecisionForm):
    """What is taken off the winnings of an outright, in per cent."""

    service = staticmethod(deduct)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        outrights = [row for row in self.legs if row.leg.bet_type == BetType.OUTRIGHT]
        choices = [(row.leg.position, row.name) for row in outrights]
        widget = forms.HiddenInput if len(choices) == 1 else forms.Select
        self.fields["position"] = forms.TypedChoiceField(
            label="Runner",
            choices=choices,
            coerce=int,
            initial=choices[0][0] if choices else None,
            widget=widget,
        )
        self.fields["pct"] = forms.DecimalField(
            label="Deducted from the winnings, in %",
            min_value=0,
            max_value=90,
            decimal_places=2,
            initial=outrights[0].leg.deduction_pct if outrights else None,
            widget=forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}),
            help_text="From 0 to 90. 25 takes a quarter of the profit, not of the stake.",
        )
        self.order_fields(["revision", "position", "pct", "reason"])

    def terms(self) -> dict[str, Any]:
        return {"position": self.cleaned_data["position"], "pct": self.cleaned_data["pct"]}


class VoidForm(DecisionForm):
    service = staticmethod(void_bet)


class SendBackForm(DecisionForm):
    service = staticmethod(grade_again)


class UndoForm(DecisionForm):
    service = staticmethod(undo_decision)


FORMS: dict[str, type[DecisionForm]] = {
    "settle": SettleForm,
    "cash-out": CashOutForm,
    "reprice": RepriceForm,
    "deduct": DeductForm,
    "void": VoidForm,
    "send-back": SendBackForm,
    "undo": UndoForm,
}
