"""What pages send to the slip: a price clicked, and the slip itself with everything typed into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from accounts.models import User
from bets.models import SLIP_KINDS, Bankroll, Moves, SlipLeg
from bets.placement.asked import MAX_LEGS
from bets.price_text import BadOdds, parse_odds
from bets.slip.contents import Clicked
from odds.models import Bookmaker, Selection
from odds.pricing import format_odds, profit_per_unit

TYPED = 24
"""Characters that a field of the slip takes."""
PRICE = forms.DecimalField(max_digits=12, decimal_places=6)
POINT = forms.DecimalField(max_digits=8, decimal_places=2, required=False)


class ClickForm(forms.Form):
    """A price clicked on a page: ``cleaned_data["line"]`` is the line."""

    selection = forms.IntegerField(min_value=1, max_value=2**63 - 1)
    bookmaker = forms.CharField(max_length=32)
    price = forms.DecimalField(max_digits=12, decimal_places=6)
    point = forms.DecimalField(max_digits=8, decimal_places=2, required=False)
    stake = forms.CharField(max_length=TYPED, required=False)
    own = forms.BooleanField(required=False)

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(with_offer(data))

    def clean_selection(self) -> Selection:
        found = (
            Selection.objects.select_related("game__sport", "game__home_team", "game__away_team")
            .filter(pk=self.cleaned_data["selection"])
            .first()
        )
        if found is None:
            raise ValidationError("This selection is not on the board any more.")
        return found

    def clean_bookmaker(self) -> Bookmaker:
        key: str = self.cleaned_data["bookmaker"]
        found = Bookmaker.objects.filter(key=key).first()
        if found is None:
            raise ValidationError(f"No bookmaker has the key “{key}”.")
        return found

    def clean_price(self) -> Decimal:
        price: Decimal = self.cleaned_data["price"]
        return american(price)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            data["line"] = Clicked(**{name: data[name] for name in self.fields})
        return data

    def sentence(self) -> str:
        """The first error, with the name of its field."""
        field, errors = next(iter(self.errors.items()))
        return f"{field}: {errors[0]}"


def american(price: Decimal) -> Decimal:
    """Return a price that is one of American odds. Raises ValidationError."""
    try:
        profit_per_unit(price)
    except ValueError as error:
        raise ValidationError("American odds are at most −100 or at least +100.") from error
    return price


def with_offer(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was sent with its ``offer`` (``book:price:own``), if it has one, taken apart."""
    sent = dict(data)
    if "offer" in sent:
        book, price, own = [*str(sent["offer"]).split(":"), "", "", ""][:3]
        sent |= {"bookmaker": book, "price": price, "own": own}
    return sent


class SlipForm(forms.Form):
    """The slip as typed. Fields of a leg end in its number; one that is not sent is left as it is."""

    key = forms.CharField(required=False, max_length=64)
    kind = forms.ChoiceField(required=False, choices=[(kind.value, kind.label) for kind in SLIP_KINDS])
    moves = forms.ChoiceField(required=False, choices=Moves)
    stake = forms.CharField(required=False, max_length=TYPED)
    ticket_price = forms.CharField(required=False, max_length=TYPED)
    teaser_points = forms.DecimalField(
        required=False, min_value=Decimal("0.01"), max_digits=5, decimal_places=2
    )
    sizes = forms.TypedMultipleChoiceField(
        required=False, coerce=int, choices=[(size, size) for size in range(2, MAX_LEGS + 1)]
    )
    bankroll = forms.ModelChoiceField(
        queryset=Bankroll.objects.none(),
        required=False,
        empty_label=None,
        error_messages={"invalid_choice": "Choose one of your bankrolls."},
    )
    ticket_book = forms.CharField(required=False, max_length=32)
    # buttons: other prices accepted from now on, another kind, a stake to take, the price a book has now, the one clicked
    accept = forms.ChoiceField(required=False, choices=Moves)
    make = forms.ChoiceField(required=False, choices=[(kind.value, kind.label) for kind in SLIP_KINDS])
    fill = forms.RegexField(r"(ticket|\d{1,18}):[0-9.]{1,20}", required=False)
    take = forms.RegexField(r"\d{1,18}:-?[0-9.]{1,16}:-?[0-9.]{0,12}", required=False)
    keep = forms.IntegerField(required=False, min_value=1)

    def __init__(
        self, *args: Any, user: User, legs: Sequence[SlipLeg], odds_format: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.legs, self.odds_format = legs, odds_format
        field = self.fields["bankroll"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - tells the type
        field.queryset = Bankroll.objects.filter(user=user).active()
        for leg in legs:
            self.fields[f"stake-{leg.pk}"] = forms.CharField(required=False, max_length=TYPED)
            self.fields[f"price-{leg.pk}"] = forms.CharField(required=False, max_length=TYPED)
            self.fields[f"book-{leg.pk}"] = forms.CharField(required=False, max_length=32)
            self.fields[f"point-{leg.pk}"] = forms.DecimalField(
                required=False, max_digits=8, decimal_places=2
            )

    def clean_take(self) -> tuple[str, Decimal, Decimal | None] | None:
        """Return the leg's number, the American odds and the point that a button takes."""
        if not self.cleaned_data["take"]:
            return None
        number, price, point = self.cleaned_data["take"].split(":")
        return number, american(PRICE.clean(price)), POINT.clean(point)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for leg in self.legs:
            self.read_price(data, f"price-{leg.pk}", leg.price)
        self.read_price(data, "ticket_price", legs_ticket_price(self.legs))
        return data

    def read_price(self, data: dict[str, Any], name: str, shown: Decimal | None) -> None:
        """Read a price typed, American odds; None when it is still the one shown, or none was sent."""
        text = str(data.get(name) or "").strip()
        data[name] = None
        if not text or (shown is not None and text == format_odds(shown, self.odds_format)):
            return
        try:
            data[name] = parse_odds(text, self.odds_format)
        except BadOdds as error:
            self.add_error(name, str(error))

    def sent(self, name: str) -> Any:
        """Return a field's value if it was sent and can be read, else None."""
        return self.cleaned_data.get(name) if name in self.data and name not in self.errors else None

    def error_of(self, name: str) -> str:
        return str(self.errors[name][0]) if name in self.errors else ""


def legs_ticket_price(legs: Sequence[SlipLeg]) -> Decimal | None:
    return legs[0].slip.ticket_price if legs else None
