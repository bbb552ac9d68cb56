from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bets.grading import LegGrade, LegTerms, Result, Status, grade_leg, grade_ticket, win_factor
from bets.money import round_money
from bets.rules import FULL_GAME, default_rule
from odds.pricing import american_from_decimal

NBA, NFL, NHL, EPL = "basketball_nba", "americanfootball_nfl", "icehockey_nhl", "soccer_epl"
AT_195 = american_from_decimal(Decimal("1.95"))


def final(home: int, away: int, **more: object) -> Result:
    return Result("final", home, away, **more)  # type: ignore[arg-type]


def returned(terms: LegTerms, result: Result, stake: str = "100") -> tuple[Status, str]:
    ticket = grade_ticket(
        kind="straight", stake=Decimal(stake), currency="USD", legs=[grade_leg(terms, result)]
    )
    return ticket.status, str(ticket.payout)


@pytest.mark.parametrize(
    ("side", "odds", "draw_offered", "home", "away", "status", "payout"),
    [
        ("home", "-110", False, 24, 20, "won", "190.91"),
        ("away", "-110", False, 24, 20, "lost", "0.00"),
        ("away", "150", False, 20, 24, "won", "250.00"),
        ("home", "-110", False, 20, 20, "push", "100.00"),
        ("away", "-110", False, 20, 20, "push", "100.00"),
        ("home", "130", True, 1, 1, "lost", "0.00"),
        ("away", "130", True, 1, 1, "lost", "0.00"),
        ("draw", "240", True, 1, 1, "won", "340.00"),
        ("draw", "240", True, 2, 1, "lost", "0.00"),
        ("home", "-100", False, 1, 0, "won", "200.00"),
        ("home", "-10000", False, 1, 0, "won", "101.00"),
        ("home", "999999", False, 1, 0, "won", "1000099.00"),
    ],
)
def test_moneyline(
    side: str, odds: str, draw_offered: bool, home: int, away: int, status: str, payout: str
) -> None:
    terms = LegTerms("h2h", side, Decimal(odds), draw_offered=draw_offered)
    assert returned(terms, final(home, away)) == (status, payout)


def test_a_decimal_quote_pays_what_was_quoted_to_the_cent() -> None:
    terms = LegTerms("h2h", "home", american_from_decimal(Decimal("1.91")))
    assert returned(terms, final(1, 0)) == ("won", "191.00")
    assert returned(terms, final(1, 0), "50.50") == ("won", "96.46")


@given(st.integers(1001, 100_000))
def test_every_decimal_quote_of_three_places_comes_back_exactly(thousandths: int) -> None:
    quote = Decimal(thousandths) / 1000
    assert win_factor(american_from_decimal(quote)) == Fraction(quote)


@given(st.integers(100, 999_999), st.booleans())
def test_american_odds_are_exact_fractions(size: int, favourite: bool) -> None:
    odds = Decimal(-size if favourite else size)
    assert win_factor(odds) == 1 + (Fraction(100, size) if favourite else Fraction(size, 100))


@pytest.mark.parametrize(
    ("side", "point", "odds", "home", "away", "status", "payout"),
    [
        ("away", "-3.5", "-110", 104, 112, "won", "190.91"),
        ("home", "-3", "-110", 24, 20, "won", "190.91"),
        ("home", "-3", "-110", 23, 20, "push", "100.00"),
        ("home", "-3", "-110", 22, 20, "lost", "0.00"),
        ("away", "3", "-110", 23, 20, "push", "100.00"),
        ("home", "0", "-110", 20, 20, "push", "100.00"),
        ("home", "0", "-110", 21, 20, "won", "190.91"),
        ("home", "-3.5", "-105", 20, 24, "lost", "0.00"),  # a home favourite that did not cover
        ("home", "7.5", "-110", 20, 27, "won", "190.91"),
    ],
)
def test_spread(side: str, point: str, odds: str, home: int, away: int, status: str, payout: str) -> None:
    terms = LegTerms("spreads", side, Decimal(odds), Decimal(point), sport=NFL)
    assert returned(terms, final(home, away)) == (status, payout)


@pytest.mark.parametrize(
    ("point", "home", "away", "status", "payout"),
    [
        ("-0.25", 1, 1, "half_lost", "50.00"),
        ("0.25", 1, 1, "half_won", "147.50"),
        ("-0.75", 2, 1, "half_won", "147.50"),
        ("0.75", 1, 2, "half_lost", "50.00"),
        ("-1.25", 2, 1, "half_lost", "50.00"),
        ("-1.75", 3, 1, "half_won", "147.50"),
        ("-0.75", 3, 1, "won", "195.00"),
        ("-0.75", 1, 1, "lost", "0.00"),
    ],
)
def test_quarter_spread_at_195(point: str, home: int, away: int, status: str, payout: str) -> None:
    terms = LegTerms("spreads", "home", AT_195, Decimal(point), sport=EPL)
    assert returned(terms, final(home, away)) == (status, payout)


@pytest.mark.parametrize(
    ("side", "point", "total", "status", "payout"),
    [
        ("over", "2.25", 2, "half_lost", "50.00"),
        ("over", "2.75", 3, "half_won", "147.50"),
        ("under", "2.25", 2, "half_won", "147.50"),
        ("under", "2.75", 3, "half_lost", "50.00"),
        ("over", "2.5", 3, "won", "195.00"),
        ("over", "2.5", 2, "lost", "0.00"),
        ("over", "3", 3, "push", "100.00"),
        ("under", "3", 3, "push", "100.00"),
        ("under", "3", 4, "lost", "0.00"),
        ("under", "3", 2, "won", "195.00"),
    ],
)
def test_total_at_195(side: str, point: str, total: int, status: str, payout: str) -> None:
    terms = LegTerms("totals", side, AT_195, Decimal(point), sport=EPL)
    assert returned(terms, final(total, 0)) == (status, payout)
    assert returned(terms, final(0, total)) == (status, payout)


@pytest.mark.parametrize("status", ["scheduled", "live", "postponed"])
def test_a_game_without_result_leaves_the_leg_pending(status: str) -> None:
    grade = grade_leg(LegTerms("h2h", "home", Decimal(-110)), Result(status, 0, 0))
    assert (grade.status, grade.factor) == ("pending", None)


def test_a_cancelled_game_returns_the_stake_whatever_the_market() -> None:
    for market in ("h2h", "spreads", "player_points"):
        terms = LegTerms(market, "home", Decimal(-110), Decimal(-3))
        assert returned(terms, Result("cancelled"), "33.33") == ("void", "33.33")


@pytest.mark.parametrize(
    ("terms", "result", "reason"),
    [
        (LegTerms("h2h", "home", Decimal(-110)), Result("abandoned", 1, 0), "abandoned"),
        (LegTerms("player_points", "over", Decimal(-110), Decimal(3)), final(1, 0), "player_points"),
        (LegTerms("h2h_h1", "home", Decimal(-110)), final(1, 0), "1st half"),
        (LegTerms("h2h", "over", Decimal(-110)), final(1, 0), "over"),
        (LegTerms("h2h", "home", Decimal(-110), participant="LeBron"), final(1, 0), "LeBron"),
        (LegTerms("spreads", "draw", Decimal(-110), Decimal(1)), final(1, 0), "draw"),
        (LegTerms("spreads", "home", Decimal(-110)), final(1, 0), "point"),
        (LegTerms("totals", "over", Decimal(-110)), final(1, 0), "point"),
        (LegTerms("h2h", "home", Decimal(-110)), Result("final"), "missing"),
        (LegTerms("h2h", "home", Decimal(-110)), final(1, 0, conflict="ESPN says 1–0"), "ESPN"),
        (LegTerms("outrights", "win", Decimal(900)), Result("final", is_match=False), "Outrights"),
    ],
)
def test_what_cannot_be_graded_goes_to_review_with_its_reason(
    terms: LegTerms, result: Result, reason: str
) -> None:
    grade = grade_leg(terms, result)
    assert (grade.status, grade.factor) == ("needs_review", None)
    assert reason in grade.reason


@pytest.mark.parametrize(
    ("sport", "draw_offered", "result", "status"),
    [
        # soccer: level after 90 minutes, won in extra time
        (EPL, True, final(3, 2, home_periods=(1, 1, 1), away_periods=(2, 0, 0)), "lost"),
        (EPL, True, final(2, 1, home_periods=(1, 1), away_periods=(0, 1)), "won"),
        (EPL, True, final(2, 1, detail="STATUS_FULL_TIME"), "won"),
        (EPL, True, final(2, 1, detail="STATUS_FINAL_AET"), "needs_review"),
        (EPL, True, final(2, 2, detail="STATUS_FINAL_PEN"), "needs_review"),
        (EPL, True, final(3, 2, home_periods=(1, 1), away_periods=(2, 0)), "needs_review"),
        # hockey: two-way counts overtime, three-way does not
        (NHL, False, final(4, 3, home_periods=(1, 1, 1, 1), away_periods=(1, 1, 1, 0)), "won"),
        (NHL, True, final(4, 3, home_periods=(1, 1, 1, 1), away_periods=(1, 1, 1, 0)), "lost"),
        (NHL, True, final(4, 3, home_periods=(2, 1, 1), away_periods=(1, 1, 1)), "won"),
        (NHL, True, final(5, 3), "won"),  # sudden death cannot end by two
        (NHL, True, final(4, 3), "needs_review"),
        (NFL, True, final(27, 20), "needs_review"),
        (NFL, True, final(20, 20), "lost"),
        ("mma_mixed_martial_arts", True, final(1, 0), "won"),
    ],
)
def test_the_score_that_counts_is_the_rules(
    sport: str, draw_offered: bool, result: Result, status: str
) -> None:
    terms = LegTerms("h2h", "home", Decimal(120), draw_offered=draw_offered, sport=sport)
    assert grade_leg(terms, result).status == status


def test_baseball_of_eight_and_a_half_innings_is_regulation() -> None:
    result = final(3, 2, home_periods=(0, 0, 3, 0, 0, 0, 0, 0), away_periods=(2, 0, 0, 0, 0, 0, 0, 0, 0))
    terms = LegTerms("h2h_3_way", "home", Decimal(120), sport="baseball_mlb")
    assert grade_leg(terms, result).status == "won"


def test_soccer_spreads_and_totals_leave_extra_time_out() -> None:
    result = final(3, 1, home_periods=(1, 0, 2), away_periods=(1, 0, 0))
    assert (
        grade_leg(LegTerms("totals", "over", Decimal(-110), Decimal("2.5"), sport=EPL), result).status
        == "lost"
    )
    assert (
        grade_leg(LegTerms("spreads", "home", Decimal(-110), Decimal("-0.5"), sport=EPL), result).status
        == "lost"
    )


def test_a_rule_of_the_callers_own_is_used() -> None:
    result = final(3, 2, home_periods=(1, 1, 1), away_periods=(2, 0, 0))
    terms = LegTerms("h2h", "home", Decimal(120), draw_offered=True, sport=EPL)
    assert not default_rule(EPL, "h2h", draw_offered=True).overtime
    assert grade_leg(terms, result, FULL_GAME).status == "won"


@pytest.mark.parametrize("count", [0, 2])
def test_a_straight_ticket_has_one_leg(count: int) -> None:
    legs = [LegGrade("won", Fraction(2))] * count
    grade = grade_ticket(kind="straight", stake=Decimal(10), currency="USD", legs=legs)
    assert grade.status == "needs_review"


SCORES = st.integers(0, 200)
LINES = st.integers(-400, 400).map(lambda quarters: Decimal(quarters) / 4)
STAKES = st.integers(1, 10**8).map(lambda cents: Decimal(cents) / 100)
ODDS = st.one_of(st.integers(100, 100_000).map(Decimal), st.integers(-100_000, -100).map(Decimal))
MIRROR = {
    "won": "lost",
    "lost": "won",
    "push": "push",
    "half_won": "half_lost",
    "half_lost": "half_won",
}
HALVES = (Decimal("0.25"), Decimal("-0.25"))


@given(SCORES, SCORES, LINES, ODDS)
def test_the_other_side_of_a_spread_has_the_mirrored_grade(
    home: int, away: int, line: Decimal, odds: Decimal
) -> None:
    one = grade_leg(LegTerms("spreads", "home", odds, line), final(home, away))
    other = grade_leg(LegTerms("spreads", "away", odds, -line), final(home, away))
    swapped = grade_leg(LegTerms("spreads", "away", odds, line), final(away, home))
    assert other.status == MIRROR[one.status]
    assert swapped.status == one.status


@given(SCORES, SCORES, LINES, ODDS)
def test_over_and_under_mirror_each_other(home: int, away: int, line: Decimal, odds: Decimal) -> None:
    over = grade_leg(LegTerms("totals", "over", odds, abs(line)), final(home, away))
    under = grade_leg(LegTerms("totals", "under", odds, abs(line)), final(home, away))
    assert under.status == MIRROR[over.status]


@given(SCORES, SCORES, LINES, ODDS)
def test_a_factor_lies_between_nothing_and_the_odds(
    home: int, away: int, line: Decimal, odds: Decimal
) -> None:
    grade = grade_leg(LegTerms("spreads", "home", odds, line), final(home, away))
    assert grade.factor is not None
    assert 0 <= grade.factor <= win_factor(odds)
    profit = grade.factor - 1
    sign = {"won": 1, "half_won": 1, "push": 0, "half_lost": -1, "lost": -1}[grade.status]
    assert (profit > 0) - (profit < 0) == sign


@given(SCORES, SCORES, LINES, ODDS)
def test_a_quarter_line_returns_the_mean_of_its_two_halves(
    home: int, away: int, line: Decimal, odds: Decimal
) -> None:
    assume(line * 2 % 1 != 0)
    whole, *halves = (
        grade_leg(LegTerms("spreads", "home", odds, line + part), final(home, away)).factor
        for part in (Decimal(0), *HALVES)
    )
    assert whole == sum(half for half in halves if half is not None) / 2


@given(STAKES, ODDS)
def test_a_refund_returns_exactly_the_stake(stake: Decimal, odds: Decimal) -> None:
    for result in (Result("cancelled"), final(7, 7)):
        grade = grade_leg(LegTerms("h2h", "home", odds), result)
        ticket = grade_ticket(kind="straight", stake=stake, currency="USD", legs=[grade])
        assert (ticket.payout, ticket.profit) == (stake, 0)


@given(STAKES, ODDS)
def test_a_payout_is_stake_times_factor_rounded_once(stake: Decimal, odds: Decimal) -> None:
    grade = grade_leg(LegTerms("h2h", "home", odds), final(1, 0))
    ticket = grade_ticket(kind="straight", stake=stake, currency="USD", legs=[grade])
    assert ticket.payout == round_money(Fraction(stake) * win_factor(odds), "USD")
    assert ticket.profit == ticket.payout - stake
