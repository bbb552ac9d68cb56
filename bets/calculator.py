"""The settlement calculator: a ticket with its results in, what it pays and why out. Pure: no Django, no database.

A case is a JSON object (``manage.py grade`` reads one a line)::

    {"id": 1, "kind": "straight", "stake": "100", "sport": "americanfootball_nfl",
     "legs": [{"market": "spreads", "side": "home", "point": "-3.5", "odds": "-110", "odds_format": "american",
               "result": {"status": "final", "home": 24, "away": 20}}]}

and its answer ``{"id": 1, "status": "won", "payout": "190.91", "profit": "90.91", "legs": [{"status": "won",
"factor": "21/11", "reason": "…"}]}``, or ``{"id": 1, "error": "…"}`` naming the field that is wrong. For lay markets
the stake is the backer's; of a round robin or system it is that of each combination.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Protocol

from bets.case_fields import BadCase, Fields, once_each
from bets.evidence import summary
from bets.grading import (
    SYSTEMS,
    BadTeaser,
    EachWay,
    LegGrade,
    LegTerms,
    Result,
    TicketGrade,
    grade_leg,
    grade_ticket,
    tease,
    win_factor,
)
from bets.rules import HELP, BadRule, Rule, default_rule, with_parameters

KINDS = ("straight", "parlay", "same_game_parlay", "teaser", "round_robin", *SYSTEMS)
STATUSES = ("scheduled", "live", "final", "postponed", "cancelled", "abandoned")
TICKET_FIELDS = (
    "id", "kind", "stake", "size", "sizes", "teaser_points", "bonus", "boost_pct", "boost_cap",
    "commission_pct", "bookmaker", "sport", "currency", "odds", "odds_format", "rule", "legs",
)  # fmt: skip
LEG_FIELDS = (
    "market", "side", "participant", "point", "odds", "odds_format", "sport", "each_way", "result",
)  # fmt: skip
RESULT_FIELDS = (
    "status", "home", "away", "home_periods", "away_periods", "home_name", "away_name", "detail",
    "draw_offered", "stats", "dead_heat", "winner", "position", "tied_with", "ran", "minutes", "retired",
    "deduction_pct",
)  # fmt: skip
MOST_LEGS, MOST_PERIODS, MOST_STATS = 30, 60, 200


class House(Protocol):
    """The rules of a bookmaker; see ``bets.house_rules``."""

    def rule(self, *, sport: str, market: str, draw_offered: bool) -> Rule: ...
    def ticket_rule(self, *, sport: str) -> Rule: ...


Houses = Callable[[str], House | None]
"""Finds the rules of a bookmaker by its key; None if there is no such bookmaker."""


@dataclass(frozen=True, slots=True)
class Case:
    """A ticket as entered: the legs' terms and results, and the rest of the ticket."""

    kind: str
    stake: Decimal
    currency: str
    legs: tuple[tuple[LegTerms, Result], ...]
    bonus: bool = False
    boost_pct: Decimal = Decimal(0)
    boost_cap: Decimal | None = None
    commission_pct: Decimal = Decimal(0)
    sizes: tuple[int, ...] = ()
    sport: str = ""
    teaser_points: Decimal | None = None
    odds: Decimal | None = None
    parameters: Mapping[str, object] | None = None
    house: House | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a case pays, and each leg in words."""

    ticket: TicketGrade
    terms: tuple[LegTerms, ...]
    reasons: tuple[str, ...]


def read_case(data: object, houses: Houses | None = None) -> Case:
    """Read a case from decoded JSON; ``houses`` looks its bookmaker up. Raises BadCase, naming the field."""
    ticket = Fields(data, "the ticket", TICKET_FIELDS)
    kind = ticket.choice("kind", KINDS)
    sport = ticket.text("sport")
    house = read_house(ticket, houses)
    legs = tuple(read_leg(one, f"legs[{n}]", sport) for n, one in enumerate(ticket.items("legs", MOST_LEGS)))
    if not legs:
        raise BadCase("legs: a ticket has at least one.")
    currency = ticket.text("currency") or "USD"
    sizes = tuple(ticket.whole_numbers("sizes", MOST_LEGS, highest=MOST_LEGS))
    size = ticket.whole("size", 1, MOST_LEGS)
    return Case(
        kind=kind,
        stake=ticket.money("stake", currency),
        currency=currency,
        legs=legs,
        bonus=ticket.flag("bonus"),
        boost_pct=ticket.number("boost_pct", 0, 10_000) or Decimal(0),
        boost_cap=ticket.number("boost_cap", 0, 10**9),
        commission_pct=ticket.number("commission_pct", 0, 100) or Decimal(0),
        sizes=sizes or ((size,) if size is not None else ()),
        sport=sport or legs[0][0].sport,
        teaser_points=ticket.number("teaser_points", 0, 100),
        odds=ticket.odds("odds") if ticket.has("odds") else None,
        parameters=read_parameters(ticket),
        house=house,
    )


def read_house(ticket: Fields, houses: Houses | None) -> House | None:
    """Return the rules of the bookmaker named, None for the usual ones. Raises BadCase for one not known."""
    key = ticket.text("bookmaker")
    if not key or houses is None:
        return None
    house = houses(key)
    if house is None:
        raise BadCase(
            f"bookmaker: {key!r} is not known; give a key such as draftkings, or null for the usual rules."
        )
    return house


def read_parameters(ticket: Fields) -> Mapping[str, object] | None:
    """Read a house rule's parameters and try them once. Raises BadCase."""
    if not ticket.has("rule"):
        return None
    values = ticket.mapping("rule", tuple(HELP), "the rule")
    try:
        with_parameters(default_rule("", "h2h"), values, name="the book's rule")
    except BadRule as why:
        raise BadCase(f"rule: {why}") from None
    return values


def read_leg(data: object, where: str, sport: str) -> tuple[LegTerms, Result]:
    leg = Fields(data, where, LEG_FIELDS)
    result = Fields(leg.value("result"), f"{where}.result", RESULT_FIELDS)
    way = None
    if leg.has("each_way"):
        parts = Fields(leg.value("each_way"), f"{where}.each_way", ("fraction", "places"))
        way = EachWay(parts.fraction("fraction"), parts.required_whole("places", 1, 100))
    terms = LegTerms(
        market=leg.required_text("market"),
        side=leg.required_text("side"),
        odds=leg.odds("odds"),
        point=leg.number("point", -100_000, 100_000, places=2),
        participant=leg.text("participant"),
        draw_offered=result.flag("draw_offered"),
        sport=leg.text("sport") or sport,
        each_way=way,
    )
    if terms.point is not None and terms.point % Decimal("0.25"):
        raise BadCase(f"{where}.point: {terms.point} is no multiple of 0.25.")
    return terms, read_result(result, terms)


def read_result(result: Fields, terms: LegTerms) -> Result:
    home, away = result.whole("home", 0, 9999), result.whole("away", 0, 9999)
    if (home is None) != (away is None):
        raise BadCase(f"{result.where}: give both home and away or neither.")
    stats = None
    if result.has("stats"):
        stats = result.numbers("stats", MOST_STATS)
    is_match = not terms.market.startswith("outrights")
    periods = [tuple(result.whole_numbers(f"{side}_periods", MOST_PERIODS)) for side in ("home", "away")]
    if bool(periods[0]) != bool(periods[1]):
        raise BadCase(f"{result.where}: give both home_periods and away_periods or neither.")
    return Result(
        status=result.choice("status", STATUSES),
        home=home,
        away=away,
        home_periods=periods[0],
        away_periods=periods[1],
        home_name=result.text("home_name") or ("Home" if is_match else "Outright"),
        away_name=result.text("away_name") or "Away",
        detail=result.text("detail"),
        is_match=is_match,
        stats=stats,
        winner=result.flag("winner") if result.has("winner") else None,
        dead_heat=read_dead_heat(result),
        position=result.whole("position", 1, 10_000),
        tied_with=result.whole("tied_with", 0, 10_000) or 0,
        ran=result.flag("ran") if result.has("ran") else True,
        minutes=result.number("minutes", 0, 1000),
        retired=result.flag("retired"),
        deduction_pct=result.number("deduction_pct", 0, 100) or Decimal(0),
    )


def read_dead_heat(result: Fields) -> tuple[int, int] | None:
    values = result.whole_numbers("dead_heat", 2, lowest=1)
    if not values:
        return None
    if len(values) != 2 or values[0] > values[1]:
        raise BadCase(f"{result.where}.dead_heat: give [places open, runners tied], such as [1, 2].")
    return values[0], values[1]


def calculate(case: Case) -> Answer:
    """Grade a case. Raises BadCase for a ticket that is not what its kind says."""
    legs = case.legs
    if case.kind == "teaser":
        legs = tuple((teased(terms, case), result) for terms, result in legs)
    rules = [rule_for(terms, case) for terms, _ in legs]
    grades = [grade_leg(terms, result, rule) for (terms, result), rule in zip(legs, rules, strict=True)]
    ticket = grade_ticket(
        kind=case.kind,
        stake=case.stake,
        currency=case.currency,
        legs=grades,
        is_bonus=case.bonus,
        boost_pct=case.boost_pct,
        boost_cap=case.boost_cap,
        sizes=case.sizes,
        sport=case.sport,
        teaser_points=case.teaser_points,
        ticket_odds=None if case.odds is None else win_factor(case.odds),
        commission_pct=case.commission_pct,
        rule=ticket_rule(case, rules[0]),
        at_risk=liability(case),
    )
    check_shape(case, ticket)
    reasons = tuple(in_words(terms, result, g) for (terms, result), g in zip(legs, grades, strict=True))
    return Answer(ticket, tuple(terms for terms, _ in legs), reasons)


def check_shape(case: Case, ticket: TicketGrade) -> None:
    """Raise BadCase for a ticket which no result could ever grade."""
    if ticket.is_malformed:
        raise BadCase(ticket.reason)
    if len(case.legs) > 1 and any("_lay" in terms.market or terms.each_way for terms, _ in case.legs):
        raise BadCase("legs: lay and each-way bets are straight bets.")


def liability(case: Case) -> Fraction | None:
    """Return what a lay puts at risk for the backer's stake: (o − 1) × stake; None for other bets."""
    terms = case.legs[0][0]
    if "_lay" not in terms.market:
        return None
    return Fraction(case.stake) * (win_factor(terms.odds) - 1)


def teased(terms: LegTerms, case: Case) -> LegTerms:
    if case.teaser_points is None:
        raise BadCase("teaser_points: a teaser needs them.")
    try:
        return tease(terms, case.teaser_points)
    except BadTeaser as why:
        raise BadCase(str(why)) from None


def rule_for(terms: LegTerms, case: Case) -> Rule:
    """Return the rule of a leg: the book's, the usual one without a book, with the case's own parameters over it."""
    if case.house is not None:
        rule = case.house.rule(sport=terms.sport, market=terms.market, draw_offered=terms.draw_offered)
    else:
        rule = default_rule(terms.sport, terms.market, draw_offered=terms.draw_offered)
    return with_case(rule, case, terms.sport)


def ticket_rule(case: Case, first: Rule) -> Rule:
    """Return the rule by which the legs combine."""
    if case.house is None or len(case.legs) == 1:
        return first
    sports = {terms.sport for terms, _ in case.legs}
    return with_case(case.house.ticket_rule(sport=sports.pop() if len(sports) == 1 else ""), case, "")


def with_case(rule: Rule, case: Case, sport: str) -> Rule:
    if case.parameters is None:
        return rule
    return with_parameters(rule, case.parameters, name="the book's rule", sport=sport)


def in_words(terms: LegTerms, result: Result, grade: LegGrade) -> str:
    """Say in a sentence what happened to the leg: ``Home 24–20 Away, final; −3.5 covers by 0.5``."""
    return summary(terms, result, grade)


def as_json(answer: Answer) -> dict[str, Any]:
    """Return the answer as the contract has it."""
    ticket = answer.ticket
    found: dict[str, Any] = {
        "status": ticket.status,
        "payout": None if ticket.payout is None else str(ticket.payout),
        "profit": None if ticket.profit is None else str(ticket.profit),
        "legs": [
            {"status": grade.status, "factor": as_text(grade.factor), "reason": reason}
            for grade, reason in zip(ticket.legs, answer.reasons, strict=True)
        ],
    }
    if ticket.reason and ticket.payout is None:
        found["reason"] = ticket.reason
    return found


def as_text(factor: Fraction | None) -> str | None:
    return None if factor is None else f"{factor.numerator}/{factor.denominator}"


def answer_line(line: str, houses: Houses | None = None) -> dict[str, Any]:
    """Answer one line of JSON, ``houses`` as for ``read_case``; a bad one gives ``{"id": …, "error": …}`` and never an exception."""
    key: Any = None
    try:
        # Infinity and NaN become texts, which no field takes for a number
        data = json.loads(line, parse_float=Decimal, parse_constant=str, object_pairs_hook=once_each)
        if isinstance(data, dict):
            key = data.get("id")
            key = str(key) if isinstance(key, Decimal) else key
        return {"id": key, **as_json(calculate(read_case(data, houses)))}
    except BadCase as why:
        return {"id": key, "error": str(why)}
    except RecursionError:
        return {"id": key, "error": "The line is nested too deeply."}
    except json.JSONDecodeError as why:
        return {"id": key, "error": f"The line is no JSON: {why.msg} at character {why.pos + 1}."}
    except ValueError as why:
        return {"id": key, "error": str(why)}


__all__ = ["Answer", "BadCase", "Case", "answer_line", "calculate", "read_case"]
