"""Markets that a score decides: winner, draw no bet, double chance, both teams, spreads and totals."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache

from bets.grading.terms import (
    HALF,
    ONE,
    ZERO,
    Comparison,
    LegGrade,
    LegTerms,
    Result,
    Status,
    Undecidable,
    win_factor,
)
from bets.rules import MONEYLINE, SPREAD, TEAM_TOTAL, TOTAL, Rule
from odds.markets import split_period

QUARTER = Decimal("0.25")
NOTHING = Decimal(0)
DOUBLE_CHANCE = {
    frozenset({"home", "draw"}): ("home", "draw"),
    frozenset({"draw", "away"}): ("draw", "away"),
    frozenset({"home", "away"}): ("home", "away"),
    frozenset({"1x"}): ("home", "draw"),
    frozenset({"x2"}): ("draw", "away"),
    frozenset({"12"}): ("home", "away"),
}
SIDES = {
    "winner": ("home", "away", "draw"),
    "draw_no_bet": ("home", "away"),
    "btts": ("yes", "no"),
    "spread": ("home", "away"),
    "total": ("over", "under"),
    "team_total": ("over", "under"),
}
EXACT = frozenset({"correct_score", "exact_score", "exact_total", "exact_totals"})


@cache
def kind_of(market: str) -> str:
    """Return how a market is graded on a score. Raises Undecidable for one that has no rule."""
    base = split_period(market)[0]
    groups = ((MONEYLINE, "winner"), (SPREAD, "spread"), (TOTAL, "total"), (TEAM_TOTAL, "team_total"))
    for keys, kind in groups:
        if base in keys:
            return kind
    if base in ("draw_no_bet", "double_chance", "btts"):
        return base
    if base in EXACT:
        return "exact_total" if "total" in base else "exact_score"
    raise Undecidable(f"The market {market} is not graded automatically.")


def grade_on_score(terms: LegTerms, score: tuple[int, int], rule: Rule, result: Result) -> LegGrade:
    """Grade a leg on the (home, away) score that counts. Raises Undecidable."""
    kind = kind_of(terms.market)
    if kind == "double_chance":
        return grade_double_chance(terms, score, rule, result)
    if kind in ("exact_score", "exact_total"):
        return grade_exact(terms, score, rule, kind)
    if terms.side not in SIDES[kind] or (terms.participant and kind != "team_total"):
        raise not_an_outcome(terms)
    if kind in ("winner", "draw_no_bet"):
        return grade_winner(terms, score, rule, kind)
    if kind == "btts":
        return grade_both_teams(terms, score, rule)
    point = terms.point
    if point is None:
        raise Undecidable(f"The market {terms.market} needs a point and the leg has none.")
    home, away = score
    if kind == "spread":
        margin = (home - away if terms.side == "home" else away - home) + point
    else:
        scored = home + away if kind == "total" else team_score(terms, score, result)
        margin = scored - point if terms.side == "over" else point - scored
    status, factor = return_on(margin, terms.odds)
    return LegGrade(status, factor, compared=Comparison(rule, score, margin))


def not_an_outcome(terms: LegTerms) -> Undecidable:
    backed = f"{terms.participant} {terms.side}".strip()
    return Undecidable(f"“{backed}” is not an outcome of the market {terms.market}.")


def team_score(terms: LegTerms, score: tuple[int, int], result: Result) -> int:
    """Return what the team named by a team total scored; it is named as the game names it, or home or away."""
    name = terms.participant
    if name in ("home", result.home_name):
        return score[0]
    if name in ("away", result.away_name):
        return score[1]
    raise Undecidable(f"“{name}” is neither {result.home_name} nor {result.away_name}.")


def grade_winner(terms: LegTerms, score: tuple[int, int], rule: Rule, kind: str) -> LegGrade:
    """Grade a moneyline. A drawn game loses for both teams if the draw had a price, else refunds."""
    lead = score[1] - score[0] if terms.side == "away" else score[0] - score[1]
    compared = Comparison(rule, score, Decimal(lead))
    if lead == 0 if terms.side == "draw" else lead > 0:
        return LegGrade("won", win_factor(terms.odds), compared=compared)
    if lead == 0 and (kind == "draw_no_bet" or not draw_loses(terms, rule)):
        return LegGrade("push", ONE, compared=compared)
    return LegGrade("lost", ZERO, compared=compared)


def draw_loses(terms: LegTerms, rule: Rule) -> bool:
    if rule.draw == "by_price":
        return terms.draw_offered or terms.market.startswith("h2h_3_way")
    return rule.draw == "lose"


def grade_double_chance(terms: LegTerms, score: tuple[int, int], rule: Rule, result: Result) -> LegGrade:
    """Grade a double chance; its outcome is two of home, draw and away, by word or by the teams' names."""
    names = {result.home_name: "home", result.away_name: "away", "Draw": "draw", "Tie": "draw"}
    text = terms.participant or terms.side
    if terms.participant:
        words = frozenset(names.get(part, part.lower()) for part in text.split(" or "))
    else:
        words = frozenset(part for part in text.lower().split("_") if part != "or")
    covered = DOUBLE_CHANCE.get(words)
    if covered is None:
        raise not_an_outcome(terms)
    lead = score[0] - score[1]
    happened = "draw" if lead == 0 else "home" if lead > 0 else "away"
    return yes_or_no(terms, happened in covered, Comparison(rule, score, Decimal(lead), words=happened))


def grade_both_teams(terms: LegTerms, score: tuple[int, int], rule: Rule) -> LegGrade:
    """Grade both teams to score."""
    both = min(score) >= 1
    words = "both teams scored" if both else "not both teams scored"
    return yes_or_no(terms, both is (terms.side == "yes"), Comparison(rule, score, None, words=words))


def grade_exact(terms: LegTerms, score: tuple[int, int], rule: Rule, kind: str) -> LegGrade:
    """Grade an exact outcome: a score written ``2-1`` (home first), or a total as the point."""
    if kind == "exact_total":
        if terms.point is None:
            raise Undecidable(f"The market {terms.market} needs a point and the leg has none.")
        hit = terms.point == sum(score)
    else:
        text = (terms.participant or terms.side).replace("–", "-").replace(":", "-").replace(" ", "")
        parts = text.split("-")
        if len(parts) != 2 or not all(part.isdecimal() for part in parts):
            raise not_an_outcome(terms)
        hit = (int(parts[0]), int(parts[1])) == score
    words = "exactly so" if hit else "not exactly so"
    return yes_or_no(terms, hit is (terms.side != "no"), Comparison(rule, score, None, words=words))


def yes_or_no(terms: LegTerms, wins: bool, compared: Comparison) -> LegGrade:
    if wins:
        return LegGrade("won", win_factor(terms.odds), compared=compared)
    return LegGrade("lost", ZERO, compared=compared)


@lru_cache(maxsize=4096)
def half_win(odds: Decimal) -> Fraction:
    return (ONE + win_factor(odds)) / 2


def return_on(margin: Decimal, odds: Decimal) -> tuple[Status, Fraction]:
    """Return status and factor of a line beaten by ``margin``.

    A quarter line is two bets of half the stake, a quarter below and a quarter above it; they part only
    when the line is beaten or missed by that quarter.
    """
    if margin > NOTHING:
        return ("half_won", half_win(odds)) if margin == QUARTER else ("won", win_factor(odds))
    if margin < NOTHING:
        return ("half_lost", HALF) if margin == -QUARTER else ("lost", ZERO)
    return "push", ONE
