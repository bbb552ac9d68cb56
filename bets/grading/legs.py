"""Grading one leg: dispatch by market, and games that did not end as games do."""

from __future__ import annotations

from bets.grading.futures import grade_future
from bets.grading.matches import grade_on_score
from bets.grading.props import grade_prop
from bets.grading.scores import counted_score, is_official, is_short, part_is_complete, score_at_break
from bets.grading.terms import ONE, LegGrade, LegTerms, Result, Undecidable, win_factor
from bets.rules import Rule, default_rule, family_of
from odds.markets import split_period

ABANDONED = "The game was abandoned; whether its score stands is open."


def grade_leg(terms: LegTerms, result: Result, rule: Rule | None = None) -> LegGrade:
    """Grade one leg. What cannot be graded has status ``needs_review`` and a reason; nothing is guessed.

    Postponed and unfinished games leave the leg pending; a cancelled game voids it. ``rule`` defaults
    to what most books do (``bets.rules``). The factor of a lay is returned per unit of its liability.
    """
    if result.status == "cancelled":
        return LegGrade("void", ONE, "A cancelled game voids the bet.")
    if result.status not in ("final", "abandoned"):
        return LegGrade("pending", reason=f"The game is {result.status}.")
    try:
        used = rule or default_rule(terms.sport, terms.market, draw_offered=terms.draw_offered)
        if result.conflict:
            raise Undecidable(result.conflict)
        if "_lay" in terms.market:
            return lay(terms, result, used)
        return grade_ended(terms, result, used)
    except Undecidable as why:
        return LegGrade("needs_review", reason=str(why))


def lay(terms: LegTerms, result: Result, rule: Rule) -> LegGrade:
    """Grade a lay: it wins what the back loses. Per unit of the liability o − 1 it returns (o − back) / (o − 1)."""
    backed = LegTerms(
        terms.market.replace("_lay", ""),
        terms.side,
        terms.odds,
        terms.point,
        terms.participant,
        terms.draw_offered,
        terms.sport,
    )
    back = grade_ended(backed, result, rule)
    if back.factor is None:
        return back
    odds = win_factor(terms.odds)
    mirrored = {"won": "lost", "lost": "won", "half_won": "half_lost", "half_lost": "half_won"}
    status = mirrored.get(back.status, back.status)
    return LegGrade(status, (odds - back.factor) / (odds - 1), back.reason, back.compared)  # type: ignore[arg-type]


def grade_ended(terms: LegTerms, result: Result, rule: Rule) -> LegGrade:
    """Grade a leg whose game ended or broke off. Raises Undecidable."""
    family = family_of(terms.market)
    if family == "outright" or not result.is_match:
        return grade_future(terms, result, rule)
    if result.status == "abandoned" or is_short(rule, result):
        return grade_unfinished(terms, result, rule)
    if result.retired:
        return grade_retired(terms, result, rule)
    if family == "player_prop":
        return grade_prop(terms, result, rule)
    if result.home is None and result.winner is not None and family == "moneyline":
        return grade_future(terms, result, rule)
    return grade_on_score(terms, counted_score(terms.sport, terms.market, rule, result), rule, result)


def grade_unfinished(terms: LegTerms, result: Result, rule: Rule) -> LegGrade:
    """Grade a leg on a game that broke off: finished parts stand, then the official score, then what is decided."""
    if part_is_complete(terms.sport, terms.market, rule, result):
        score = counted_score(terms.sport, terms.market, rule, result)
        return grade_on_score(terms, score, rule, result)
    if rule.suspended == "review":
        raise Undecidable(ABANDONED)
    period = rule.official_minutes or rule.official_innings
    in_part = counts_whole_game(terms, rule)
    if rule.suspended != "void" and period and in_part and is_official(rule, result):
        if family_of(terms.market) == "player_prop":
            return grade_prop(terms, result, rule)
        return grade_on_score(terms, score_at_break(rule, result), rule, result)
    decided = already_decided(terms, result, rule) if rule.decided_stands and in_part else None
    if decided is not None:
        return decided
    return LegGrade("void", ONE, "The game broke off before it counts, so the bet is void.")


def counts_whole_game(terms: LegTerms, rule: Rule) -> bool:
    """Tell whether the market is on the game as a whole and not on a half, quarter or inning."""
    return not split_period(terms.market)[1]


def already_decided(terms: LegTerms, result: Result, rule: Rule) -> LegGrade | None:
    """Grade an over or under whose line was passed before the game broke off; more play could not undo it."""
    family = family_of(terms.market)
    if terms.side not in ("over", "under") or terms.point is None:
        return None
    if family == "player_prop":
        if not result.stats:
            return None
        grade = grade_prop(terms, result, rule)
    elif family in ("total", "team_total") and result.home is not None and result.away is not None:
        grade = grade_on_score(terms, (result.home, result.away), rule, result)
    else:
        return None
    passed = "won" if terms.side == "over" else "lost"
    return grade if grade.status == passed else None


def grade_retired(terms: LegTerms, result: Result, rule: Rule) -> LegGrade:
    """Grade a leg on a match that ended by a retirement: what was not decided is void."""
    sets = sum(1 for pair in zip(result.home_periods, result.away_periods, strict=False) if max(pair) >= 6)
    if not result.home_periods:
        sets = (result.home or 0) + (result.away or 0)
    stands = rule.retirement == "first_serve" or (rule.retirement == "first_set" and sets > 0)
    if stands and family_of(terms.market) == "moneyline":
        if result.winner is not None:
            return grade_future(terms, result, rule)
        return grade_on_score(terms, counted_score(terms.sport, terms.market, rule, result), rule, result)
    decided = already_decided(terms, result, rule) if stands and rule.decided_stands else None
    if decided is not None:
        return decided
    words = {
        "any_voids": "A retirement voids the bet.",
        "first_set": "The match ended by a retirement before a set was complete, so the bet is void.",
    }
    undecided = "The match ended by a retirement before this was decided, so the bet is void."
    return LegGrade("void", ONE, undecided if stands else words[rule.retirement])
