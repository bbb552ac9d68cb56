"""What a batch of bets is graded on: the results of its games, what sources said, and house rules."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from bets import due, grades, windows
from bets.due import DueBet, DueLeg, retired_side
from bets.evidence import Reading, explain_leg, name_draw_rule, name_rule
from bets.grading import LegGrade, Result, grade_leg
from bets.grading.names import line_in
from bets.grading.terms import Undecidable
from bets.grading.windows import Schedule, grade_late
from bets.placings import Field, fields_of
from bets.rulebook import Rulebook, rulebook
from bets.rules import FULL_GAME, Rule, family_of


@dataclass(frozen=True, slots=True)
class Lines:
    """The results of a batch. Bets on the same line of a game share its grade and the words for it.

    Shared are the terms' objects (see ``due.load``), so that they serve as keys by identity.
    """

    results: Mapping[uuid.UUID, Result]
    readings: Mapping[uuid.UUID, Sequence[Reading]]
    rules: Rulebook
    now: dt.datetime
    schedules: Mapping[int, Schedule]
    boxes: Mapping[uuid.UUID, Mapping[str, Sequence[Mapping[str, Decimal]]]] = field(default_factory=dict)
    runners: Mapping[uuid.UUID, Field] = field(default_factory=dict)
    grades: dict[tuple[object, ...], LegGrade] = field(default_factory=dict)
    words: dict[tuple[object, ...], dict[str, Any]] = field(default_factory=dict)
    keys: dict[int, uuid.UUID] = field(default_factory=dict)
    contents: dict[uuid.UUID, str] = field(default_factory=dict)

    def rule(self, bet: DueBet, leg: DueLeg) -> Rule:
        """Return the house rule for a leg of the bet; equal rules are the same object."""
        terms = leg.terms
        return self.rules.rule(
            bookmaker_id=bet.bookmaker_id,
            sport=terms.sport,
            market=terms.market,
            draw_offered=terms.draw_offered,
        )

    def result(self, leg: DueLeg) -> Result:
        """Return how the leg's game ended, with the numbers of the player it is on."""
        result, box = self.results[leg.game.id], self.boxes.get(leg.game.id)
        runners = self.runners.get(leg.game.id)
        if runners is not None:
            result = runners.result(result, leg.terms)
        if result.retired and leg.terms.side in ("home", "away"):
            winner = retired_side(self.readings.get(leg.game.id, ())) != leg.terms.side
            result = replace(result, winner=winner)
        if leg.deduction_pct:
            result = replace(result, deduction_pct=leg.deduction_pct)
        if box is None or family_of(leg.terms.market) != "player_prop":
            return result
        try:
            return replace(result, stats=line_in(box, leg.terms.participant))
        except Undecidable as why:
            return replace(result, conflict=result.conflict or str(why))

    def ticket_rule(self, bet: DueBet) -> Rule:
        """Return the house rule by which the legs of the bet combine."""
        if len(bet.legs) == 1:
            return FULL_GAME
        sports = {leg.terms.sport for leg in bet.legs}
        sport = sports.pop() if len(sports) == 1 else ""
        return self.rules.ticket_rule(bookmaker_id=bet.bookmaker_id, sport=sport)

    def grade(self, bet: DueBet, leg: DueLeg) -> LegGrade:
        if leg.problem:
            return LegGrade("needs_review", reason=leg.problem)
        rule = self.rule(bet, leg)
        key = self.key(bet, leg, rule)
        found = self.grades.get(key)
        if found is None:
            found = self.grades[key] = self.grade_afresh(leg, rule)
        return found

    def key(self, bet: DueBet, leg: DueLeg, rule: Rule) -> tuple[object, ...]:
        """Legs on the same line, by the same rule, at a book or at none, with the same announced start share a grade."""
        schedule = self.schedules.get(leg.id)
        return id(leg.terms), id(rule), bet.bookmaker_id is None, schedule and schedule.announced

    def grade_afresh(self, leg: DueLeg, rule: Rule) -> LegGrade:
        result, schedule = self.result(leg), self.schedules.get(leg.id)
        late = schedule and grade_late(leg.terms, result, rule, schedule, self.now)
        return late or grade_leg(leg.terms, result, rule)

    def explain(self, bet: DueBet, leg: DueLeg, grade: LegGrade) -> dict[str, Any]:
        """Return the evidence of the leg's grade; it is shared: do not change it."""
        rule = self.rule(bet, leg)
        key = self.key(bet, leg, rule)
        found = self.words.get(key) if self.grades.get(key) is grade else None
        if found is None:
            result, read = self.result(leg), self.readings.get(leg.game.id, ())
            found = explain_leg(leg.terms, result, grade, read)
            if bet.bookmaker_id is None:
                name_draw_rule(found, leg.terms)
            if rule.source:
                name_rule(found, rule)
            if self.grades.get(key) is grade:
                self.words[key] = found
        return found

    def evidence_key(self, bet: DueBet, leg: DueLeg, grade: LegGrade) -> uuid.UUID:
        """Return the key of the leg's evidence, which is kept in ``contents`` to be stored."""
        evidence = self.explain(bet, leg, grade)
        key = self.keys.get(id(evidence))
        if key is None:
            key, content = grades.content_of(evidence)
            self.contents[key] = content
            if self.words.get(self.key(bet, leg, self.rule(bet, leg))) is evidence:
                self.keys[id(evidence)] = key
        return key


def lines_of(bets: Sequence[DueBet], now: dt.datetime, rules: Rulebook | None = None) -> Lines:
    """Read what the sources say of the bets' games, their box scores, and the house rules unless given.

    The windows of the rules are judged as of ``now``.
    """
    games = {leg.game.id: leg.game for bet in bets for leg in bet.legs}
    readings = due.latest_readings(games)
    results = {game.id: due.result_of(game, readings.get(game.id, [])) for game in games.values()}
    with_players = {
        leg.game.id for bet in bets for leg in bet.legs if family_of(leg.terms.market) == "player_prop"
    }
    runners = fields_of(game.id for game in games.values() if game.kind == "outright")
    schedules = windows.schedules_of([bet.id for bet in bets], games)
    return Lines(
        results, readings, rules or rulebook(), now, schedules, due.box_scores(with_players), runners
    )
