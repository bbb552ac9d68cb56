"""Grading: what a leg and a ticket return, exactly. Pure: no Django, no clock, no database.

A leg's return factor is the money returned per unit staked on it, o being its decimal odds: a win
returns o, a loss 0, a push or void 1, half a win (1 + o) / 2, half a loss 1/2. A ticket returns
stake × factor, rounded once. ``bets.evidence`` puts a grade into words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from bets.money import round_money
from bets.rules import MONEYLINE, SPREAD, TOTAL, Rule, default_rule, game_format
from odds.pricing import american_from_decimal, decimal_odds

Status = Literal["pending", "won", "half_won", "push", "half_lost", "lost", "void", "needs_review"]

ONE, ZERO, HALF = Fraction(1), Fraction(0), Fraction(1, 2)
QUARTER = Decimal("0.25")
EXTRA_TIME_MARKS = ("AET", "PEN", "OVERTIME", "SHOOTOUT", "EXTRA")


@dataclass(frozen=True, slots=True)
class LegTerms:
    """What was agreed: feed keys of sport, market and side; American odds; the point of that side."""

    market: str
    side: str
    odds: Decimal
    point: Decimal | None = None
    participant: str = ""
    draw_offered: bool = False
    sport: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """How a game stands. ``conflict`` is the sentence to show when sources disagree about it."""

    status: str
    home: int | None = None
    away: int | None = None
    home_periods: tuple[int, ...] = ()
    away_periods: tuple[int, ...] = ()
    home_name: str = "Home"
    away_name: str = "Away"
    detail: str = ""
    conflict: str = ""
    is_match: bool = True


@dataclass(frozen=True, slots=True)
class Comparison:
    """The (home, away) score that counts under the rule, and by how much the backed side beats its line."""

    rule: Rule
    score: tuple[int, int]
    margin: Decimal


@dataclass(frozen=True, slots=True)
class LegGrade:
    """A leg's grade. ``factor`` is None while pending or under review.

    ``reason`` says why nothing was compared: pending, void or under review.
    """

    status: Status
    factor: Fraction | None = None
    reason: str = ""
    compared: Comparison | None = None


@dataclass(frozen=True, slots=True)
class TicketGrade:
    """A ticket's grade: payout includes the stake; both amounts are None while open."""

    status: Status
    legs: tuple[LegGrade, ...]
    factor: Fraction | None = None
    payout: Decimal | None = None
    profit: Decimal | None = None
    reason: str = ""


class Undecidable(Exception):
    """The leg cannot be graded from what is known; the text says why."""


@lru_cache(maxsize=4096)
def win_factor(odds: Decimal) -> Fraction:
    """Return the exact decimal odds of American odds: −110 → 21/11.

    A decimal quote of up to three places comes back as quoted: −109.890110 → 191/100.
    """
    exact = decimal_odds(odds)
    if odds == odds.to_integral_value():
        return exact
    quote = Fraction(round(exact * 1000), 1000)
    return quote if quote > 1 and american_from_decimal(quote) == odds else exact


def grade_leg(terms: LegTerms, result: Result, rule: Rule | None = None) -> LegGrade:
    """Grade one leg. What cannot be graded has status ``needs_review`` and a reason; nothing is guessed.

    Postponed and unfinished games leave the leg pending; a cancelled game voids it. ``rule`` defaults
    to what most books do (``bets.rules``).
    """
    if result.status == "cancelled":
        return LegGrade("void", ONE, "A cancelled game voids the bet.")
    if result.status == "abandoned":
        return LegGrade("needs_review", reason="The game was abandoned; whether its score stands is open.")
    if result.status != "final":
        return LegGrade("pending", reason=f"The game is {result.status}.")
    try:
        used = rule or default_rule(terms.sport, terms.market, draw_offered=terms.draw_offered)
        check_gradable(terms, result)
        score = counted_score(used, terms.sport, result)
        return compare(terms, score, used)
    except Undecidable as why:
        return LegGrade("needs_review", reason=str(why))


def check_gradable(terms: LegTerms, result: Result) -> None:
    """Raise Undecidable unless market, side and point are ones with a rule and the result is undisputed."""
    if not result.is_match:
        raise Undecidable("Outrights are not graded automatically.")
    if result.conflict:
        raise Undecidable(result.conflict)
    sides: tuple[str, ...]
    if terms.market in MONEYLINE:
        sides, needs_point = ("home", "away", "draw"), False
    elif terms.market in SPREAD:
        sides, needs_point = ("home", "away"), True
    elif terms.market in TOTAL:
        sides, needs_point = ("over", "under"), True
    else:
        raise Undecidable(f"The market {terms.market} is not graded automatically.")
    if terms.side not in sides or terms.participant:
        backed = f"{terms.participant} {terms.side}".strip()
        raise Undecidable(f"“{backed}” is not an outcome of the market {terms.market}.")
    if needs_point and terms.point is None:
        raise Undecidable(f"The market {terms.market} needs a point and the leg has none.")


def counted_score(rule: Rule, sport: str, result: Result) -> tuple[int, int]:
    """Return the (home, away) score that counts under the rule. Raises Undecidable when it is unknown."""
    if result.home is None or result.away is None:
        raise Undecidable("The game is final but its score is missing.")
    final = result.home, result.away
    form = game_format(sport)
    if rule.overtime or form is None:
        return final
    if result.home_periods and result.away_periods:
        return regulation_score(form.regulation, result, final)
    marked = any(mark in result.detail.upper() for mark in EXTRA_TIME_MARKS)
    lead = abs(final[0] - final[1])
    if not marked and (form.extra_time_is_rare or lead == 0 or (form.sudden_death and lead > 1)):
        return final
    raise Undecidable("Only regulation time counts, and the score by period is missing.")


def regulation_score(periods: int, result: Result, final: tuple[int, int]) -> tuple[int, int]:
    """Add up the regulation periods; a game without further periods must add up to its final score."""
    home, away = sum(result.home_periods[:periods]), sum(result.away_periods[:periods])
    extra = max(len(result.home_periods), len(result.away_periods)) > periods
    if not extra and (home, away) != final:
        raise Undecidable(
            f"The periods add up to {home}–{away} but the final score is {final[0]}–{final[1]}."
        )
    return home, away


def compare(terms: LegTerms, score: tuple[int, int], rule: Rule) -> LegGrade:
    """Grade the leg on the score that counts."""
    home, away = score
    if terms.market in MONEYLINE:
        return compare_winner(terms, score, rule)
    if terms.market in TOTAL:
        line = terms.point or Decimal(0)
        margin = home + away - line if terms.side == "over" else line - home - away
    else:
        lead = home - away if terms.side == "home" else away - home
        margin = lead + (terms.point or Decimal(0))
    status, factor = return_on(margin, terms)
    return LegGrade(status, factor, compared=Comparison(rule, score, margin))


def compare_winner(terms: LegTerms, score: tuple[int, int], rule: Rule) -> LegGrade:
    """Grade a moneyline. A drawn game loses for both teams if the draw had a price, else refunds."""
    lead = score[0] - score[1] if terms.side != "away" else score[1] - score[0]
    compared = Comparison(rule, score, Decimal(lead))
    if lead == 0 if terms.side == "draw" else lead > 0:
        return LegGrade("won", win_factor(terms.odds), compared=compared)
    if lead == 0 and not (terms.draw_offered or terms.market == "h2h_3_way"):
        return LegGrade("push", ONE, compared=compared)
    return LegGrade("lost", ZERO, compared=compared)


def return_on(margin: Decimal, terms: LegTerms) -> tuple[Status, Fraction]:
    """Return status and factor of a line beaten by ``margin``.

    A quarter line is two bets of half the stake, a quarter below and a quarter above it; they part only
    when the line is beaten or missed by that quarter.
    """
    if margin == QUARTER:
        return "half_won", (ONE + win_factor(terms.odds)) / 2
    if margin == -QUARTER:
        return "half_lost", HALF
    if margin > 0:
        return "won", win_factor(terms.odds)
    return ("push", ONE) if margin == 0 else ("lost", ZERO)


def grade_ticket(
    *,
    kind: str,
    stake: Decimal,
    currency: str,
    legs: Sequence[LegGrade],
    is_bonus: bool = False,
    boost_pct: Decimal = Decimal(0),
) -> TicketGrade:
    """Grade a ticket from its legs: payout = stake × factor, rounded once, half up, to the minor unit.

    Straight tickets with the stake paid in cash are graded; others need a review, and say so.
    """
    graded = tuple(legs)
    if kind != "straight" or is_bonus or boost_pct:
        what = "Bonus bets" if is_bonus else "Boosted bets" if boost_pct else "Tickets of several legs"
        return TicketGrade("needs_review", graded, reason=f"{what} are not graded automatically.")
    if len(graded) != 1:
        return TicketGrade(
            "needs_review", graded, reason=f"A straight bet has one leg; this one has {len(graded)}."
        )
    leg = graded[0]
    if leg.factor is None:
        return TicketGrade(leg.status, graded, reason=leg.reason)
    payout = round_money(Fraction(stake) * leg.factor, currency)
    return TicketGrade(leg.status, graded, leg.factor, payout, payout - stake, leg.reason)
