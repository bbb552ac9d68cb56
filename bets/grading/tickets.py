"""Grading a ticket from its legs: straight, parlay, same-game parlay, teaser, round robin and other systems."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from itertools import combinations
from math import comb, prod

from bets.grading.exchange import net_of_commission
from bets.grading.teasers import BadTeaser, is_table_price, payout_factor
from bets.grading.terms import ONE, ZERO, LegGrade, Status, TicketGrade, status_of
from bets.money import round_money
from bets.rules import FULL_GAME, Rule

SYSTEMS: dict[str, tuple[int, tuple[int, ...]]] = {
    "trixie": (3, (2, 3)),
    "patent": (3, (1, 2, 3)),
    "yankee": (4, (2, 3, 4)),
    "lucky15": (4, (1, 2, 3, 4)),
    "canadian": (5, (2, 3, 4, 5)),
    "lucky31": (5, (1, 2, 3, 4, 5)),
    "heinz": (6, (2, 3, 4, 5, 6)),
    "lucky63": (6, (1, 2, 3, 4, 5, 6)),
    "super_heinz": (7, (2, 3, 4, 5, 6, 7)),
    "goliath": (8, (2, 3, 4, 5, 6, 7, 8)),
}
"""Full-cover bets: how many legs, and the sizes of their combinations."""

MOST_LEGS = 30
MOST_SHOWN = 40


class Malformed(Exception):
    """A ticket that is not what its kind says; the text says why."""


class Reprice(Exception):
    """A ticket whose price the book must set anew; the text says why."""


class Open(Exception):
    """A ticket whose return is not known yet."""

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def grade_ticket(
    *,
    kind: str,
    stake: Decimal,
    currency: str,
    legs: Sequence[LegGrade],
    is_bonus: bool = False,
    boost_pct: Decimal = Decimal(0),
    boost_cap: Decimal | None = None,
    sizes: Sequence[int] = (),
    sport: str = "",
    teaser_points: Decimal | None = None,
    ticket_odds: Fraction | None = None,
    commission_pct: Decimal = Decimal(0),
    rule: Rule = FULL_GAME,
    at_risk: Fraction | None = None,
) -> TicketGrade:
    """Grade a ticket from its legs: payout = stake × factor, rounded once, half up, to the minor unit.

    ``kind`` is straight, parlay, same_game_parlay, teaser, round_robin or one of SYSTEMS. ``stake`` is what is at
    risk; of a round robin or system it is the stake of each combination, and ``sizes`` are the combinations'.
    ``ticket_odds`` (decimal) is the price of the whole ticket where it is not the product of the legs'; ``sport`` and
    ``teaser_points`` find a teaser's payout. A bonus stake is not returned. ``boost_pct`` raises the profit, by
    ``boost_cap`` at most; ``commission_pct`` is taken off it. ``at_risk`` is the exact amount
    at risk where it is not the stake: a lay's liability. What cannot be graded goes to review with a reason.
    """
    graded = tuple(legs)
    count, working = 1, tuple[str, ...]()
    try:
        if kind == "straight":
            factor = straight(graded)
        else:
            factor, count, working = combined(kind, graded, sizes, sport, teaser_points, ticket_odds, rule)
    except (Malformed, BadTeaser) as why:
        return TicketGrade("needs_review", graded, reason=str(why), is_malformed=True)
    except Reprice as why:
        return TicketGrade("needs_review", graded, reason=str(why))
    except Open as open_:
        return TicketGrade(open_.status, graded, reason=str(open_))
    per_bet = factor if count == 1 else factor / count
    status = graded[0].status if kind == "straight" else ticket_status(graded, per_bet)
    each = Fraction(stake) if at_risk is None else at_risk
    at_stake, returned = each if count == 1 else each * count, each * factor
    if is_bonus or boost_pct or commission_pct:
        returned = after_extras(returned, at_stake, is_bonus, boost_pct, boost_cap, commission_pct)
    payout = round_money(returned, currency)
    staked = round_money(at_stake, currency)
    profit = payout if is_bonus else payout - staked
    reason = graded[0].reason if kind == "straight" else ""
    if is_bonus and per_bet == 1:
        reason = f"{reason} The bonus is given back as a bonus, not as cash.".strip()
    return TicketGrade(status, graded, per_bet, payout, profit, reason, staked, working)


def combined(
    kind: str,
    legs: Sequence[LegGrade],
    sizes: Sequence[int],
    sport: str,
    teaser_points: Decimal | None,
    ticket_odds: Fraction | None,
    rule: Rule,
) -> tuple[Fraction, int, tuple[str, ...]]:
    """Return the factor of a ticket of several legs, how many combinations it is of, and theirs in words.

    Raises Malformed, BadTeaser, Reprice or Open where it has none.
    """
    if kind == "parlay":
        return parlay(legs, rule), 1, ()
    if kind == "same_game_parlay":
        return same_game(legs, ticket_odds, rule), 1, ()
    if kind == "teaser":
        return teaser(legs, sport, teaser_points, ticket_odds, rule), 1, ()
    return system(legs, kind, sizes, rule)


def after_extras(
    returned: Fraction,
    staked: Fraction,
    is_bonus: bool,
    boost_pct: Decimal,
    boost_cap: Decimal | None,
    commission_pct: Decimal,
) -> Fraction:
    """Return what is paid after boost, commission and bonus: they touch the profit, if there is one."""
    profit = returned - staked
    if profit > 0:
        extra = profit * Fraction(boost_pct) / 100
        if boost_cap is not None:
            extra = min(extra, Fraction(boost_cap))
        profit = net_of_commission([profit + extra], commission_pct)
    if is_bonus:
        return max(profit, ZERO)
    return staked + profit


def ticket_status(legs: Sequence[LegGrade], factor: Fraction) -> Status:
    """Return the status of a ticket of several legs: void if all are void, else by the sign of its profit."""
    return "void" if all(leg.status == "void" for leg in legs) else status_of(factor)


def straight(legs: Sequence[LegGrade]) -> Fraction:
    if len(legs) != 1:
        raise Malformed(f"A straight bet has one leg; this one has {len(legs)}.")
    leg = legs[0]
    if leg.factor is None:
        raise Open(leg.status, leg.reason)
    return leg.factor


def need_legs(legs: Sequence[LegGrade], what: str) -> None:
    if not 2 <= len(legs) <= MOST_LEGS:
        raise Malformed(f"A {what} has 2 to {MOST_LEGS} legs; this one has {len(legs)}.")


def wait(legs: Sequence[LegGrade]) -> None:
    """Raise Open if a leg has no grade yet: a review comes before waiting."""
    for status in ("needs_review", "pending"):
        for leg in legs:
            if leg.factor is None and leg.status == status:
                raise Open(leg.status, leg.reason)


def is_push(leg: LegGrade) -> bool:
    return leg.status in ("push", "void")


def parlay(legs: Sequence[LegGrade], rule: Rule) -> Fraction:
    """Multiply the legs: a push or void drops out, half legs multiply, one loss settles all at once."""
    need_legs(legs, "parlay")
    if any(leg.factor == 0 for leg in legs):
        return ZERO
    wait(legs)
    if rule.parlay_push != "drop" and any(is_push(leg) for leg in legs):
        return ONE if rule.parlay_push == "refund" else ZERO
    return prod((leg.factor for leg in legs if leg.factor is not None), start=ONE)


def same_game(legs: Sequence[LegGrade], odds: Fraction | None, rule: Rule) -> Fraction:
    """Pay the ticket's own price if every leg wins; a void or pushed leg follows the book's rule."""
    need_legs(legs, "same-game parlay")
    if any(leg.factor == 0 for leg in legs):
        return ZERO
    wait(legs)
    void, push = (any(leg.status == name for leg in legs) for name in ("void", "push"))
    if void and all(is_push(leg) for leg in legs):
        return ONE
    if (void and rule.same_game_void == "void") or (push and rule.same_game_push == "void"):
        return ONE
    if void or push or any(leg.status != "won" for leg in legs):
        raise Reprice("A leg of the same-game parlay did not simply win or lose; enter the book's new price.")
    if odds is None:
        raise Malformed(
            "A same-game parlay needs the price of the whole ticket: it is not the product of its legs."
        )
    return odds


def teaser(
    legs: Sequence[LegGrade], sport: str, points: Decimal | None, odds: Fraction | None, rule: Rule
) -> Fraction:
    """Pay by the table: a loss beats all, a push counts one leg less; fewer than two left refund the stake.

    A ticket at another price than the table's is paid it; what a push makes of that price only the book can say.
    """
    need_legs(legs, "teaser")
    if odds is None:
        payout_factor(sport, points or ZERO_POINTS, len(legs))
    if any(leg.factor == 0 for leg in legs):
        return ZERO
    wait(legs)
    if any(leg.status in ("half_won", "half_lost") for leg in legs):
        raise Reprice("A teaser of quarter lines has no payout table.")
    pushed = [leg for leg in legs if is_push(leg)]
    if any(leg.status == "push" for leg in pushed) and rule.teaser_push != "drop":
        return ONE if rule.teaser_push == "refund" else ZERO
    left = len(legs) - len(pushed)
    if left < 2:
        return ONE
    if odds is not None and not pushed:
        return odds
    if odds is not None and not is_table_price(odds, sport, points or ZERO_POINTS, len(legs)):
        raise Reprice(
            "A leg of the teaser was void or pushed, and the ticket has a price of its own; enter the book's new price."
        )
    return payout_factor(sport, points or ZERO_POINTS, left)


ZERO_POINTS = Decimal(0)


def system(
    legs: Sequence[LegGrade], kind: str, sizes: Sequence[int], rule: Rule
) -> tuple[Fraction, int, tuple[str, ...]]:
    """Return the sum of all combinations' factors, how many there are, and each one's in words."""
    wanted = sizes_of(kind, len(legs), sizes)
    count = sum(comb(len(legs), size) for size in wanted)
    alive = sum(1 for leg in legs if leg.factor != 0)
    if alive < min(wanted):
        return ZERO, count, ()
    wait(legs)
    factors = [leg.factor or ZERO for leg in legs]
    if rule.parlay_push != "drop" and any(is_push(leg) for leg in legs):
        return each_combination(legs, wanted, rule), count, ()
    total = sum((symmetric_sum(factors, size) for size in wanted), ZERO)
    return total, count, shown(factors, wanted) if count <= MOST_SHOWN else ()


def sizes_of(kind: str, legs: int, sizes: Sequence[int]) -> tuple[int, ...]:
    """Return the sizes of a system's combinations. Raises Malformed unless they suit its legs."""
    if kind in SYSTEMS:
        needed, wanted = SYSTEMS[kind]
        if legs != needed:
            raise Malformed(f"A {kind} has {needed} legs; this one has {legs}.")
        return wanted
    if kind != "round_robin":
        raise Malformed(f"Tickets of the kind {kind} are not graded automatically.")
    if not sizes:
        raise Malformed("A round robin needs the size of its combinations.")
    if legs > MOST_LEGS or any(not 1 <= size <= legs for size in sizes) or len(set(sizes)) != len(sizes):
        raise Malformed(f"Combinations of {', '.join(map(str, sizes))} cannot be made of {legs} legs.")
    return tuple(sizes)


def symmetric_sum(factors: Sequence[Fraction], size: int) -> Fraction:
    """Return the sum, over every choice of ``size`` factors, of their product."""
    sums = [ONE] + [ZERO] * size
    for factor in factors:
        for taken in range(size, 0, -1):
            sums[taken] += sums[taken - 1] * factor
    return sums[size]


def each_combination(legs: Sequence[LegGrade], sizes: Sequence[int], rule: Rule) -> Fraction:
    """Return the sum of all combinations where a push refunds or loses each it is in."""
    total = ZERO
    for size in sizes:
        for chosen in combinations(legs, size):
            if any(leg.factor == 0 for leg in chosen):
                continue
            if any(is_push(leg) for leg in chosen):
                total += ONE if rule.parlay_push == "refund" else ZERO
            else:
                total += prod((leg.factor or ZERO for leg in chosen), start=ONE)
    return total


def shown(factors: Sequence[Fraction], sizes: Sequence[int]) -> tuple[str, ...]:
    """Name every combination with its factor: ``1 × 2 = 361/100``."""
    return tuple(
        f"{' × '.join(str(number + 1) for number in chosen)} = {prod((factors[n] for n in chosen), start=ONE)}"
        for size in sizes
        for chosen in combinations(range(len(factors)), size)
    )
