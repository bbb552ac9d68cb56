"""Markets that a recorded winner decides: futures, places, dead heats, each-way."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from bets.grading.terms import (
    HALF,
    ONE,
    ZERO,
    Comparison,
    LegGrade,
    LegTerms,
    Result,
    Undecidable,
    status_of,
    win_factor,
)
from bets.rules import Rule

WINNER = "the official winner decides"
ALL_IN = "bets are all-in, so a non-runner loses"
EACH_WAY = "half of the stake is on the win and half on a place, by the official finishing position"
TIES = {
    "reduce": "a dead heat pays the odds × places ÷ tied",
    "win": "a dead heat pays in full",
    "refund": "a dead heat returns the stake",
}


def grade_future(terms: LegTerms, result: Result, rule: Rule) -> LegGrade:
    """Grade a leg on a recorded winner. Raises Undecidable while none is recorded.

    A dead heat pays odds × k / n, n runners sharing k places; a non-runner loses (all-in) unless the rule voids.
    """
    if not result.ran:
        if rule.non_runner == "void":
            return LegGrade("void", ONE, "The runner did not take part, so the bet is void.")
        return LegGrade("lost", ZERO, compared=compared(rule, ALL_IN, "did not take part; bets are all-in"))
    if terms.each_way is not None:
        return grade_each_way(terms, result, rule)
    won = result.winner if result.winner is not None else placed_first(result)
    if won is None:
        raise Undecidable("Outrights are graded on the official winner, and none is recorded.")
    if terms.side == "no":
        won = not won
    if not won:
        return LegGrade("lost", ZERO, compared=compared(rule, WINNER, "did not win"))
    heat = result.dead_heat or tie_of(result)
    share, words = dead_heat_share(heat, rule)
    used = WINNER if heat[0] == heat[1] else TIES[rule.dead_heat]
    if share != 1 and rule.dead_heat == "refund":
        return LegGrade("push", ONE, compared=compared(rule, used, words))
    factor = odds_of(terms, result) * share
    if result.deduction_pct:
        words += f", {result.deduction_pct.normalize():f} % deducted from the winnings"
    return LegGrade(status_of(factor), factor, compared=compared(rule, used, words))


def compared(rule: Rule, used: str, words: str) -> Comparison:
    """Return what happened with the words of the rule that decided it: an outright has no part of a game that counts."""
    return Comparison(replace(rule, text=used), None, None, words=words)


def odds_of(terms: LegTerms, result: Result) -> Fraction:
    """Return the decimal odds less the deduction from the winnings for runners withdrawn late."""
    return 1 + (win_factor(terms.odds) - 1) * (1 - Fraction(result.deduction_pct) / 100)


def placed_first(result: Result) -> bool | None:
    return None if result.position is None else result.position == 1


def tie_of(result: Result) -> tuple[int, int]:
    return (1, result.tied_with + 1) if result.position == 1 else (1, 1)


def dead_heat_share(heat: tuple[int, int], rule: Rule) -> tuple[Fraction, str]:
    """Return the part of the odds a tie pays, with its words. Raises Undecidable for an impossible tie."""
    places, tied = heat
    if not 0 < places <= tied:
        raise Undecidable(f"A dead heat of {tied} for {places} places cannot be.")
    if places == tied:
        return ONE, "won"
    words = f"dead heat of {tied} for {places} {'place' if places == 1 else 'places'}"
    return (ONE if rule.dead_heat == "win" else Fraction(places, tied)), words


def grade_each_way(terms: LegTerms, result: Result, rule: Rule) -> LegGrade:
    """Grade an each-way leg per unit of the whole stake: half on the win, half on the place.

    The place pays 1 + (o − 1) × fraction; a dead heat for the last places reduces it.
    """
    if terms.each_way is None or result.position is None:
        raise Undecidable("An each-way bet needs the runner's finishing position, and none is recorded.")
    first, tied, way = result.position, result.tied_with + 1, terms.each_way
    odds = odds_of(terms, result)
    place_odds = 1 + (odds - 1) * way.fraction
    win = part(odds, 1 if first == 1 else 0, tied, rule)
    place = part(place_odds, way.places - first + 1, tied, rule)
    words = f"position {first}" + (f", tied with {result.tied_with}" if result.tied_with else "")
    factor = (win + place) * HALF
    used = f"{EACH_WAY}; {TIES[rule.dead_heat]}" if result.tied_with else EACH_WAY
    return LegGrade(status_of(factor), factor, compared=compared(rule, used, words))


def part(odds: Fraction, places: int, tied: int, rule: Rule) -> Fraction:
    """Return the factor of one part of an each-way bet with ``places`` still open to ``tied`` runners."""
    if places <= 0:
        return ZERO
    if places >= tied or rule.dead_heat == "win":
        return odds
    return ONE if rule.dead_heat == "refund" else odds * Fraction(places, tied)
