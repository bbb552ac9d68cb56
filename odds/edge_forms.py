"""What the address of the edges page may ask, checked and turned into a request."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from django import forms
from django.http import QueryDict

from odds import pricing
from odds.edges.finding import CONSENSUS
from odds.edges.page import EdgeKind, EdgeRequest

KINDS: Final = {
    EdgeKind.VALUE: "Above fair price",
    EdgeKind.ARBITRAGE: "Arbitrage",
    EdgeKind.MIDDLE: "Middles",
    EdgeKind.LOW_HOLD: "Low hold",
}
METHODS: Final = {
    pricing.Method.MULTIPLICATIVE: "Multiplicative",
    pricing.Method.ADDITIVE: "Additive",
    pricing.Method.POWER: "Power",
    pricing.Method.ODDS_RATIO: "Odds ratio",
    pricing.Method.SHIN: "Shin",
    pricing.Method.GOTO: "Goto",
}
FAMILIES: Final = {
    "": "All markets",
    "moneyline": "Moneylines",
    "spread": "Spreads",
    "total": "Totals",
    "team_total": "Team totals",
    "player_prop": "Player props",
}
DAYS: Final = {"1": "24 hours", "3": "3 days", "7": "7 days", "30": "30 days"}
AGES: Final = {
    "1": "1 minute",
    "5": "5 minutes",
    "10": "10 minutes",
    "60": "1 hour",
    "360": "6 hours",
    "1440": "1 day",
}
STEPS: Final = {"0.01": "cents", "1": "whole units", "5": "fives", "10": "tens"}
DEFAULTS: Final = {"days": "3", "age": "10", "step": "0.01", "outlay": "100"}


def number_input() -> forms.TextInput:
    """A field for a number that the server reads, so that what is wrong with it is said beside it."""
    return forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off", "maxlength": 20})


class EdgeForm(forms.Form):
    """All fields are optional; a wrong one has its sentence beside it."""

    kind = forms.ChoiceField(required=False, choices=KINDS)
    sport = forms.CharField(required=False, max_length=64)
    market = forms.ChoiceField(required=False, choices=FAMILIES, label="Markets")
    fair = forms.CharField(required=False, max_length=32, label="Fair price")
    method = forms.ChoiceField(required=False, choices=METHODS, label="Margin taken out by")
    least = forms.DecimalField(
        required=False,
        min_value=-100,
        max_value=100,
        decimal_places=2,
        label="Smallest edge, %",
        widget=number_input(),
    )
    days = forms.ChoiceField(required=False, choices=DAYS, label="Starting within")
    age = forms.ChoiceField(required=False, choices=AGES, label="Prices no older than")
    outlay = forms.DecimalField(
        required=False,
        min_value=Decimal("0.01"),
        max_value=10**9,
        decimal_places=2,
        label="Total stake",
        widget=number_input(),
    )
    step = forms.ChoiceField(required=False, choices=STEPS, label="Stakes in")
    live = forms.BooleanField(required=False, label="Games in play too")
    phantoms = forms.BooleanField(required=False, label="Show what looks too good")

    def __init__(self, data: QueryDict) -> None:
        complete = data.copy()
        for name, usual in DEFAULTS.items():
            if not complete.get(name):
                complete[name] = usual
        super().__init__(complete, auto_id="edge-%s")
        self.books = frozenset(filter(None, data.getlist("book")))
        self.fields["least"].error_messages["invalid"] = "Write a percentage such as 1.5."
        self.fields["outlay"].error_messages["invalid"] = "Write an amount such as 100."

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if len(self.books) > 100 or any(len(book) > 32 or "\0" in book for book in self.books):
            raise forms.ValidationError("Choose bookmakers from the list.")
        return cleaned

    @property
    def has_more(self) -> bool:
        """Tell whether a filter is set, or wrong, that is not in sight at once."""
        plain = any(self.data.get(name) for name in ("fair", "method", "least", "live", "phantoms"))
        return plain or self.data["age"] != DEFAULTS["age"] or bool(self.books) or not self.is_valid()

    def request(self) -> EdgeRequest:
        """The wish of the form; a field that is wrong is as if it were not filled in."""
        asked = {name: value for name, value in self.cleaned_data.items() if value not in (None, "")}
        least = asked.get("least")
        return EdgeRequest(
            kind=EdgeKind(asked.get("kind", EdgeKind.VALUE)),
            sport=asked.get("sport"),
            family=asked.get("market", ""),
            books=frozenset() if self.non_field_errors() else self.books,
            reference=asked.get("fair", CONSENSUS),
            method=pricing.Method(asked.get("method", pricing.Method.MULTIPLICATIVE)),
            least=None if least is None else Fraction(least) / 100,
            max_age=dt.timedelta(minutes=int(asked.get("age", DEFAULTS["age"]))),
            ahead=dt.timedelta(days=int(asked.get("days", DEFAULTS["days"]))),
            live=asked.get("live", False),
            phantoms=asked.get("phantoms", False),
            outlay=asked.get("outlay", Decimal(DEFAULTS["outlay"])),
            step=Decimal(asked.get("step", DEFAULTS["step"])),
        )
