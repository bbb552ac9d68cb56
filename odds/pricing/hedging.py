"""Stakes on opposite sides: arbitrage and low hold, hedges, lays, free bets and middles.

Odds are decimal, net of commission where there is any; stakes and profits are exact amounts of one currency.
Where ``step`` is given stakes are rounded to its multiples, as books take them, and profits are those of the
rounded stakes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from odds.pricing.exact import Number, exact_amount, exact_odds, exact_share


def after_commission(odds: Number, commission: Number) -> Fraction:
    """Decimal odds of a back bet whose winnings pay a commission (0.02 for 2 %): 1 + (o − 1)(1 − c)."""
    return 1 + (exact_odds(odds) - 1) * (1 - exact_share(commission, "commission"))


def lay_as_back(lay: Number, commission: Number = 0) -> Fraction:
    """Decimal odds at which a lay bets against its selection, per unit of liability: 1 + (1 − c)/(lay − 1)."""
    return 1 + (1 - exact_share(commission, "commission")) / (exact_odds(lay, "lay odds") - 1)


@dataclass(frozen=True, slots=True)
class Split:
    """Stakes on every outcome of one event, in the order of their decimal odds."""

    odds: tuple[Fraction, ...]
    stakes: tuple[Fraction, ...]

    @property
    def outlay(self) -> Fraction:
        """What is staked in all."""
        return sum(self.stakes, Fraction(0))

    @property
    def profits(self) -> tuple[Fraction, ...]:
        """What remains of each outcome's return after the outlay."""
        pairs = zip(self.odds, self.stakes, strict=True)
        return tuple(odds * stake - self.outlay for odds, stake in pairs)

    @property
    def guaranteed(self) -> Fraction:
        """The smallest profit, whatever happens; below 0 a cost."""
        return min(self.profits)


def arbitrage_margin(odds: Sequence[Number]) -> Fraction:
    """Profit per unit of outlay split over all outcomes, 1/S − 1 with S = Σ1/o: 2.10 and 2.05 → 0.037349.

    Above 0 it is an arbitrage, below 0 what a low-hold pair costs. The odds must cover every outcome, at equal
    or complementary points. Raises ValueError for fewer than two and for odds not above 1.
    """
    return 1 / _inverse_sum(_all_odds(odds)) - 1


def split_stakes(
    odds: Sequence[Number],
    outlay: Number,
    *,
    limits: Sequence[Number | None] | None = None,
    step: Number | None = None,
) -> Split:
    """Split an outlay so that every outcome returns the same: stakeᵢ = outlay/(oᵢ·S), S = Σ1/o.

    1,000 on 2.10 and 2.05 → 493.98 and 506.02 with 37.35 guaranteed. ``limits`` are the largest stakes the books
    take, None for no limit: the whole outlay shrinks to the tightest. Raises as ``arbitrage_margin``, for an
    outlay, limit or step not above 0, and where a stake would round to nothing.
    """
    quotes = _all_odds(odds)
    inverse = _inverse_sum(quotes)
    total = exact_amount(outlay, "outlay")
    most: list[Fraction | None] = [None] * len(quotes)
    if limits is not None:
        if len(limits) != len(quotes):
            raise ValueError(f"{len(quotes)} odds need as many limits, not {len(limits)}")
        most = [None if limit is None else exact_amount(limit, "limit") for limit in limits]
        reachable = [
            limit * quote * inverse for limit, quote in zip(most, quotes, strict=True) if limit is not None
        ]
        total = min([total, *reachable])
    stakes = [total / (quote * inverse) for quote in quotes]
    if step is not None:
        stakes = [_to_step(stake, step, limit) for stake, limit in zip(stakes, most, strict=True)]
    return Split(tuple(quotes), tuple(stakes))


@dataclass(frozen=True, slots=True)
class Hedge:
    """Stakes on the other outcomes of a bet already placed, and the profit of it all in each case."""

    stakes: tuple[Fraction, ...]
    profits: tuple[Fraction, ...]
    """First if the bet placed wins, then if each of the others does."""

    @property
    def guaranteed(self) -> Fraction:
        """The smallest profit, whatever happens."""
        return min(self.profits)


def hedge(
    stake: Number, odds: Number, against: Sequence[Number], *, bonus: bool = False, step: Number | None = None
) -> Hedge:
    """Bets on all other outcomes that make a placed bet pay the same whatever happens: hⱼ = return/qⱼ.

    ``against`` are the other outcomes' decimal odds. ``bonus`` is for a free bet, whose stake is neither paid nor
    returned. Raises ValueError without other outcomes, for odds not above 1 and a stake or step not above 0.
    """
    placed, quoted = exact_amount(stake, "stake"), exact_odds(odds)
    others = [exact_odds(other, "odds against") for other in against]
    if not others:
        raise ValueError("a hedge needs the odds of every other outcome")
    returned = placed * (quoted - 1) if bonus else placed * quoted
    stakes = [returned / other for other in others]
    if step is not None:
        stakes = [_to_step(one, step) for one in stakes]
    paid = sum(stakes, Fraction(0)) + (0 if bonus else placed)
    won = [other * one - paid for other, one in zip(others, stakes, strict=True)]
    return Hedge(tuple(stakes), (returned - paid, *won))


@dataclass(frozen=True, slots=True)
class Lay:
    """A lay against a bet placed: the backer's stake, what it can lose, and the profit of both in each case."""

    stake: Fraction
    liability: Fraction
    profit_if_won: Fraction
    profit_if_lost: Fraction

    @property
    def guaranteed(self) -> Fraction:
        """The smaller profit, whatever happens."""
        return min(self.profit_if_won, self.profit_if_lost)


def lay_off(
    stake: Number,
    odds: Number,
    lay: Number,
    *,
    commission: Number = 0,
    bonus: bool = False,
    step: Number | None = None,
) -> Lay:
    """Lay on an exchange that makes a placed bet pay the same either way: s·o/(lay − c), or s(o − 1)/(lay − c) for
    a ``bonus`` bet whose stake is not returned.

    100 at 3.0 laid at 2.8 with 2 % commission → 107.91 for 5.76 both ways; a bonus bet of 50 at 5.0 laid at 5.2 →
    38.61 for 37.84. Commission is paid on the lay's winnings. Raises ValueError for odds not above 1, a commission
    outside 0 to 1 and a stake or step not above 0.
    """
    placed, quoted, laid = exact_amount(stake, "stake"), exact_odds(odds), exact_odds(lay, "lay odds")
    kept = 1 - exact_share(commission, "commission")
    returned = placed * (quoted - 1) if bonus else placed * quoted
    size = returned / (laid - 1 + kept)
    if step is not None:
        size = _to_step(size, step)
    liability = size * (laid - 1)
    paid = Fraction(0) if bonus else placed
    return Lay(size, liability, returned - paid - liability, size * kept - paid)


def free_bet_conversion(odds: Number, against: Sequence[Number]) -> Fraction:
    """Share of a free bet that hedging turns into cash, (o − 1)(1 − Σ1/q): 5.0 laid at 5.2 with 2 % → 0.756757.

    ``against`` are the decimal odds of every other outcome, a lay through ``lay_as_back``. Raises as ``hedge``.
    """
    return hedge(1, odds, against, bonus=True).guaranteed


def _all_odds(odds: Sequence[Number]) -> list[Fraction]:
    if len(odds) < 2:
        raise ValueError("stakes are split over the odds of at least two outcomes")
    return [exact_odds(quote) for quote in odds]


def _inverse_sum(odds: Sequence[Fraction]) -> Fraction:
    return sum((1 / quote for quote in odds), Fraction(0))


def _to_step(stake: Fraction, step: Number, limit: Fraction | None = None) -> Fraction:
    """Round to the nearest multiple of the step, halves up, down where the limit is nearer."""
    size = exact_amount(step, "step")
    units = (stake / size + Fraction(1, 2)).__floor__()
    if limit is not None:
        units = min(units, (limit / size).__floor__())
    if not units:
        raise ValueError(f"one of the stakes rounds to nothing in steps of {step}: stake more")
    return units * size
