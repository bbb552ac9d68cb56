"""What prices mean and what follows from them: pure arithmetic on exact numbers, without Django and without floats.

``formats`` odds in every notation · ``fair`` hold and fair probabilities · ``consensus`` several books together ·
``value`` expected value, boosts, parlays · ``staking`` Kelly stakes · ``hedging`` and ``middles`` stakes on
opposite sides.

A *price* is American odds as ``Decimal``, as stored; *odds* are decimal odds, exact. Probabilities, shares and
amounts come out as ``Fraction``: exact where the formula is rational, else a root found in decimal arithmetic.
"""

from __future__ import annotations

from odds.pricing.consensus import Average, BookFair, Consensus, consensus_fair, consensus_line
from odds.pricing.fair import (
    Fair,
    Fallback,
    Method,
    NoFairPrice,
    booksum,
    devig,
    devig_implied,
    hold,
    worst_case,
)
from odds.pricing.formats import (
    AMERICAN,
    DECIMAL,
    FORMATS,
    FRACTIONAL,
    HONG_KONG,
    IMPLIED,
    INDONESIAN,
    MALAY,
    MINUS,
    NO_PRICE,
    american_from_decimal,
    decimal_odds,
    format_odds,
    format_point,
    fractional_odds,
    implied,
    price_from_quote,
    profit_per_unit,
    quote,
)
from odds.pricing.hedging import (
    Hedge,
    Lay,
    Split,
    after_commission,
    arbitrage_margin,
    free_bet_conversion,
    hedge,
    lay_as_back,
    lay_off,
    split_stakes,
)
from odds.pricing.middles import Middle, middle
from odds.pricing.staking import (
    FULL,
    QUARTER,
    Scenario,
    kelly,
    kelly_exclusive,
    kelly_independent,
    kelly_joint,
)
from odds.pricing.value import Proposition, boosted_odds, expected_value, parlay_odds

__all__ = [
    "AMERICAN",
    "DECIMAL",
    "FORMATS",
    "FRACTIONAL",
    "FULL",
    "HONG_KONG",
    "IMPLIED",
    "INDONESIAN",
    "MALAY",
    "MINUS",
    "NO_PRICE",
    "QUARTER",
    "Average",
    "BookFair",
    "Consensus",
    "Fair",
    "Fallback",
    "Hedge",
    "Lay",
    "Method",
    "Middle",
    "NoFairPrice",
    "Proposition",
    "Scenario",
    "Split",
    "after_commission",
    "american_from_decimal",
    "arbitrage_margin",
    "booksum",
    "boosted_odds",
    "consensus_fair",
    "consensus_line",
    "decimal_odds",
    "devig",
    "devig_implied",
    "expected_value",
    "format_odds",
    "format_point",
    "fractional_odds",
    "free_bet_conversion",
    "hedge",
    "hold",
    "implied",
    "kelly",
    "kelly_exclusive",
    "kelly_independent",
    "kelly_joint",
    "lay_as_back",
    "lay_off",
    "middle",
    "parlay_odds",
    "price_from_quote",
    "profit_per_unit",
    "quote",
    "split_stakes",
    "worst_case",
]
