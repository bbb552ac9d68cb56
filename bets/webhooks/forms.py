from __future__ import annotations

from decimal import Decimal

from django import forms

from bets.models import WebhookTopic
from feeds.public_web import BadAddress, checked_url


class NewWebhookForm(forms.Form):
    """An address, what it is told, and how small an edge may be (per cent)."""

    url = forms.CharField(
        max_length=500,
        label="Address",
        help_text="A public address of your program, such as https://example.org/hook.",
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
    )
    topics = forms.MultipleChoiceField(
        choices=WebhookTopic.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=[WebhookTopic.BET_SETTLED, WebhookTopic.BET_REGRADED],
        label="What it is told",
        error_messages={"required": "Choose one event at least."},
    )
    least_edge = forms.DecimalField(
        min_value=Decimal("0.5"),
        max_value=Decimal(50),
        max_digits=4,
        decimal_places=2,
        initial=Decimal(2),
        label="Smallest edge, %",
        help_text="Smaller edges are not told. 0.5 to 50.",
    )

    def clean_url(self) -> str:
        try:
            return str(checked_url(self.cleaned_data["url"]))
        except BadAddress as error:
            raise forms.ValidationError(str(error)) from None
