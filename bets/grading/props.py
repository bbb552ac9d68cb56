"""Player props: over and under, yes and no, and players who did not take part."""

from __future__ import annotations

from decimal import Decimal

from bets.grading.matches import not_an_outcome, return_on
from bets.grading.statlines import Stats, bare_market, stat_value
from bets.grading.terms import ONE, ZERO, Comparison, LegGrade, LegTerms, Result, Undecidable
from bets.rules import Absence, Rule
from odds.markets import split_period

HALF_POINT = Decimal("0.5")
UNLISTED_IS_ABSENT = ("icehockey_", "baseball_")
"""Sports whose box scores list everybody who took part."""

NOT_PLAYED = "The player did not take part, so the bet is void."


def grade_prop(terms: LegTerms, result: Result, rule: Rule) -> LegGrade:
    """Grade a player prop on his statistics. Raises Undecidable, naming what is missing."""
    stats = result.stats
    if stats is None:
        raise Undecidable(f"The market {terms.market} needs a box score, and none is known.")
    if not stats:
        return grade_unlisted(terms, rule)
    if is_absent(terms, stats, rule):
        return absent(rule.did_not_play, rule, NOT_PLAYED)
    line = line_of(terms)
    market = terms.market
    if split_period(market)[1] and market not in stats:
        raise Undecidable(f"The market {market} cannot be derived from the box score.")
    value = stat_value(terms.sport, market, stats)
    margin = value - line if terms.side in ("over", "yes", "win") else line - value
    status, factor = return_on(margin, terms.odds)
    return LegGrade(status, factor, compared=Comparison(rule, None, margin, value))


def line_of(terms: LegTerms) -> Decimal:
    """Return the line of a prop; yes and no without a point mean at least one."""
    if terms.side not in ("over", "under", "yes", "no", "win"):
        raise not_an_outcome(terms)
    if terms.point is not None:
        return terms.point
    if terms.side in ("yes", "no", "win"):
        return HALF_POINT
    raise Undecidable(f"The market {terms.market} needs a point and the leg has none.")


def grade_unlisted(terms: LegTerms, rule: Rule) -> LegGrade:
    """Grade a prop on a player the box score does not list; in most sports that proves nothing."""
    handling: Absence = rule.not_in_box
    if handling == "review" and terms.sport.startswith(UNLISTED_IS_ABSENT):
        handling = rule.did_not_play
    return absent(handling, rule, "The player is not in the box score, so the bet is void.")


def absent(handling: Absence, rule: Rule, reason: str) -> LegGrade:
    if handling == "review":
        raise Undecidable("player_not_in_box: the box score does not list the player, which proves nothing.")
    if handling == "lose":
        return LegGrade("lost", ZERO, compared=Comparison(rule, None, None, words="did not take part"))
    return LegGrade("void", ONE, reason)


def is_absent(terms: LegTerms, stats: Stats, rule: Rule) -> bool:
    """Tell whether the player did not take part as the rule asks. Raises Undecidable if that is not known."""
    if stats.get("did_not_play"):
        return True
    market = bare_market(terms.market)
    if rule.participation == "must_start":
        return not has_started(market, stats)
    if market in stats:
        return False
    if stats.get("minutes") == 0 or stats.get("time_on_ice_seconds") == 0:
        return True
    if market.startswith("batter_"):
        return not has_batted(stats)
    if market.startswith("pitcher_"):
        return not any(key.startswith(("pitching.", "pitcher_")) for key in stats)
    return False


def has_started(market: str, stats: Stats) -> bool:
    """Tell whether the player was in the starting line-up, of a pitcher as one. Raises Undecidable if it is not known."""
    group = {"batter": "batting", "pitcher": "pitching"}.get(market.partition("_")[0], "")
    for name in (f"{group}.starter", "starter"):
        if name in stats:
            return bool(stats[name])
    if group and not any(key.startswith(f"{group}.") for key in stats):
        return False
    raise Undecidable("The player must have started, and whether he did is not known.")


def has_batted(stats: Stats) -> bool:
    """Tell whether a batter came to the plate. Raises Undecidable for one who may have been hit or sacrificed."""
    if "batting.plate_appearances" in stats:
        return stats["batting.plate_appearances"] > 0
    if not any(key.startswith(("batting.", "batter_")) for key in stats):
        return False
    if (
        "batting.at_bats" not in stats
        or stats["batting.at_bats"] + stats.get("batting.walks", Decimal(0)) > 0
    ):
        return True
    if stats.get("batting.pitches") == 0:
        return False
    raise Undecidable("Whether the player came to the plate is not known: no at-bat and no walk is recorded.")
