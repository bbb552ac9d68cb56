"""Where marks of the charts on the page of bookmakers stand, in the units of their drawings."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from django import template

from odds.closing_accuracy import Bin
from odds.pricing import MINUS

SIDE = 240
"""Width and height of the calibration's square: from 0 to 1 on both axes."""
SMALLEST, LARGEST = 3, 14

register = template.Library()


@register.filter
def bar_width(share: Fraction | None, widest: Fraction) -> int:
    """The length of a bar in hundredths of the longest; what is not above 0 has none."""
    if share is None or share <= 0 or widest <= 0:
        return 0
    return max(1, round(100 * share / widest))


@register.filter
def across(one: Bin) -> str:
    return f"{Decimal(round(one.mean * SIDE * 10)).scaleb(-1)}"


@register.filter
def up(one: Bin) -> str:
    return f"{Decimal(round((1 - one.rate) * SIDE * 10)).scaleb(-1)}"


@register.filter
def radius(one: Bin, most: int) -> int:
    """Of a mark whose area grows with the number of forecasts."""
    return max(SMALLEST, round(LARGEST * (Decimal(one.forecasts) / most).sqrt()))


@register.filter
def most_forecasts(bins: tuple[Bin, ...]) -> int:
    return max((one.forecasts for one in bins), default=1)


@register.filter
def figures(number: Decimal | Fraction | None) -> str:
    """Three places, as scores are compared by: 0.652."""
    return "" if number is None else f"{Decimal(round(number * 1000)).scaleb(-3):.3f}"


@register.filter
def signed_figures(number: Decimal) -> str:
    """The same with its sign, a true minus among them: +0.004."""
    thousandths = round(number, 3)
    return f"{thousandths:+.3f}".replace("-", MINUS) if thousandths else "0.000"


@register.filter
def title_of(titles: dict[str, str], key: str) -> str:
    return titles.get(key, key)
