"""A grade in words and in data: what was compared with what, by which rule. Pure: no Django.

The result is JSON-serialisable and is stored once for all legs that it fits (``bets.grades``)::

    {"version": 1,
     "summary": "Lakers 112–104 Celtics, final; −3.5 covers by 4.5; 100.00 at −110 pays 190.91",
     "steps": [{"parts": [{"text": "Final score"}, {"figure": "Lakers 112"}, ...],
                "note": "ESPN event 401810432, status STATUS_FINAL",
                "read_at": "2026-11-18T03:41:00+00:00", "note_after": "The Odds API agrees"}, ...],
     "data": {"rule": ..., "score": ..., "margin": ..., "factor": ..., "readings": [...]}}

A step's ``parts`` are running text and figures, in order. ``read_at`` (UTC) is None except for a score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bets.grading import Comparison, LegGrade, LegTerms, Result, TicketGrade, win_factor
from bets.money import MINUS, format_money, minor_unit, plain_money
from bets.rules import MONEYLINE, TEAM_TOTAL, TOTAL, Rule
from odds.markets import split_period, title

VERSION = 1
WINNER = MONEYLINE | {"draw_no_bet"}
Step = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one source said of the game: ``label`` is its title, ``read_at`` an ISO 8601 time in UTC."""

    id: int
    source: str
    label: str
    event_id: str
    status: str
    detail: str
    home: int | None
    away: int | None
    read_at: str


def signed(number: Decimal | int, *, plus: bool = True) -> str:
    """Write a point or margin with a true minus: ``−3.5``, ``+4.5``, ``0``."""
    exact = Decimal(number)
    text = f"{abs(exact):f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"{MINUS}{text}" if exact < 0 else f"+{text}" if plus and exact > 0 else text


def american(odds: Decimal) -> str:
    """Write American odds as the field does: ``−110``, ``+130``, ``−109.89``."""
    return signed(odds.quantize(Decimal("0.01")))


def explain_leg(
    terms: LegTerms, result: Result, grade: LegGrade, readings: Sequence[Reading] = ()
) -> dict[str, Any]:
    """Return the evidence of a leg's grade; ``add_ticket`` adds the money of a straight bet."""
    steps: list[Step] = []
    if result.home is not None and result.away is not None and result.status == "final":
        steps.append(score_step(terms, result, readings))
    elif readings or result.status != "final":
        steps.append(step([text(f"The game is {result.status}")], *source_note(result, readings)))
    if grade.compared is not None:
        if grade.window is not None:
            steps.append(step([text(grade.window["words"])], "The score at that time counts."))
        steps.append(arithmetic_step(terms, result, grade, grade.compared))
    elif grade.reason:
        steps.append(step([text(grade.reason)], verdict(grade, terms)))
    return {
        "version": VERSION,
        "summary": summary(terms, result, grade),
        "steps": steps,
        "data": data_of(terms, result, grade, readings),
    }


def add_ticket(
    evidence: dict[str, Any],
    terms: LegTerms,
    ticket: TicketGrade,
    *,
    stake: Decimal,
    currency: str,
    note: str,
) -> None:
    """Add the money of a settled straight bet to its leg's evidence; ``note`` names the ledger line."""
    if ticket.payout is None:
        return
    payout = format_money(ticket.payout, currency)
    factor = factor_words(terms, ticket)
    rounded = f"Rounded once, half up, to {format_money(minor_unit(currency), currency)}."
    parts = [text(f"{format_money(stake, currency)} × {factor} ="), figure(payout)]
    evidence["steps"].append(step(parts, f"{rounded} {note}".strip()))
    at = f"{plain_money(stake, currency)} at {american(terms.odds)}"
    evidence["summary"] += f"; {at} pays {plain_money(ticket.payout, currency)}"
    evidence["data"] |= {
        "stake": str(stake),
        "currency": currency,
        "payout": str(ticket.payout),
        "profit": str(ticket.profit),
    }


def add_cash_out(evidence: dict[str, Any], stake: Decimal, paid: Decimal, currency: str) -> None:
    """Add what was paid early for a part of the stake, which the grade does not touch."""
    if not stake:
        return
    parts = [
        text(f"Cashed out early: {format_money(stake, currency)} of the stake for"),
        figure(format_money(paid, currency)),
    ]
    evidence["steps"].append(step(parts, "Paid when it was cashed out; the grade is of the rest."))
    evidence["data"] |= {"cashed_stake": str(stake), "cashed_out": str(paid)}


def name_rule(evidence: dict[str, Any], rule: Rule) -> None:
    """Name the stored rule that was used, and its source, in the words and the data of a grade."""
    evidence["data"]["house_rule"] = {"name": rule.name, "source": rule.source}
    last = evidence["steps"][-1]
    last["note"] = f"{last['note']} House rule: {rule.name}; {rule.source}.".strip()


def name_draw_rule(evidence: dict[str, Any], terms: LegTerms) -> None:
    """Say of a drawn moneyline at no bookmaker how it was told whether the draw was an outcome."""
    drawn = evidence["data"]["margin"] == "0" and base_of(terms) in MONEYLINE and terms.side != "draw"
    if not drawn or terms.sport.startswith("soccer_") or base_of(terms) == "h2h_3_way":
        return
    most = "more than half" if terms.draw_offered else "half at most"
    words = f"The bet names no bookmaker: when it was placed, {most} of the books that quoted the winner priced the draw."
    evidence["data"]["draw_by"] = "most_books"
    evidence["steps"][-1]["note"] = f"{evidence['steps'][-1]['note']} {words}".strip()


def factor_words(terms: LegTerms, ticket: TicketGrade) -> str:
    """Write the factor with its arithmetic: ``(1 + 100 ÷ 110)``, ``1.91``, ``½``."""
    odds = terms.odds
    size = signed(abs(odds), plus=False)
    win = f"1 + 100 ÷ {size}" if odds < 0 else f"1 + {size} ÷ 100"
    quoted = win_factor(odds)
    if odds != odds.to_integral_value() and 1000 % quoted.denominator == 0:
        win = signed(Decimal(quoted.numerator) / quoted.denominator, plus=False)
    words = {
        "won": f"({win})" if "÷" in win else win,
        "half_won": f"(½ + ½ × ({win}))" if "÷" in win else f"(½ + ½ × {win})",
        "push": "1",
        "void": "1",
        "half_lost": "½",
        "lost": "0",
    }
    return words.get(ticket.status, str(ticket.factor))


def text(words: str) -> dict[str, str]:
    return {"text": words}


def figure(words: str) -> dict[str, str]:
    return {"figure": words}


def step(
    parts: list[dict[str, str]], note: str = "", read_at: str | None = None, note_after: str = ""
) -> Step:
    return {"parts": parts, "note": note, "read_at": read_at, "note_after": note_after}


def backed_first(terms: LegTerms, result: Result) -> tuple[tuple[str, int | None], tuple[str, int | None]]:
    """Return both (name, score) pairs of the final result, the backed team's first, else home's."""
    home, away = (result.home_name, result.home), (result.away_name, result.away)
    return (away, home) if terms.side == "away" else (home, away)


def score_step(terms: LegTerms, result: Result, readings: Sequence[Reading]) -> Step:
    first, second = backed_first(terms, result)
    parts = [text("Final score"), figure(f"{first[0]} {first[1]}"), figure(f"{second[0]} {second[1]}")]
    return step(parts, *source_note(result, readings))


def source_note(result: Result, readings: Sequence[Reading]) -> tuple[str, str | None, str]:
    """Name the reading that says what the result says, when it was read, and who agrees or does not."""
    saying = [r for r in readings if says(r, result)]
    if not saying:
        return "Entered with the game; no source recorded.", None, ""
    first, *others = saying
    event = f" event {first.event_id}" if first.event_id else ""
    note = f"{first.label}{event}, status {first.detail or first.status}"
    agree = " and ".join(dict.fromkeys(r.label for r in others if r.source != first.source))
    disagree = [
        f"{r.label} says {r.home}–{r.away}" for r in readings if r not in saying and r.status == "final"
    ]
    after = [f"{agree} {'agree' if ' and ' in agree else 'agrees'}"] if agree else []
    return note, first.read_at, "; ".join(after + disagree)


def says(reading: Reading, result: Result) -> bool:
    """Tell whether a reading has the result's status and, if final, its score."""
    if reading.status != result.status:
        return False
    return result.status != "final" or (reading.home, reading.away) == (result.home, result.away)


def arithmetic_step(terms: LegTerms, result: Result, grade: LegGrade, compared: Comparison) -> Step:
    margin = compared.margin
    if compared.score is None or (margin is None and not compared.words):
        return worded_step(terms, grade, compared)
    home, away = compared.score
    own, other = (away, home) if terms.side == "away" else (home, away)
    point, base = terms.point or Decimal(0), base_of(terms)
    size = signed(abs(point), plus=False)
    if margin is None or compared.words:
        words = f"{home}–{away}"
    elif base in TOTAL | TEAM_TOTAL:
        over = terms.side == "over"
        scored = margin + point if over else point - margin
        total = f"{home} + {away}" if base in TOTAL else signed(scored, plus=False)
        bracketed = f"({total})" if base in TOTAL else total
        words = f"{total} {MINUS} {size}" if over else f"{size} {MINUS} {bracketed}"
    elif base in WINNER:
        words = f"{own} {MINUS} {other}"
    else:
        words = f"{own} {MINUS} {other} {MINUS if point < 0 else '+'} {size}"
    counted = "" if compared.score == (result.home, result.away) else f"Score that counts: {own}–{other}. "
    note = f"{counted}Rule: {compared.rule.text}."
    if margin is None or compared.words:
        ends = "so the leg wins" if grade.factor else "so the leg loses"
        return step([figure(words), text(f"{compared.words}, {ends}")], note)
    parts = [text(f"{words} ="), figure(signed(margin)), text(verdict(grade, terms))]
    return step(parts, note)


def base_of(terms: LegTerms) -> str:
    """Return the market without its period, a lay as what it lays: ``totals_h1`` → ``totals``."""
    return split_period(terms.market)[0].removesuffix("_lay")


def worded_step(terms: LegTerms, grade: LegGrade, compared: Comparison) -> Step:
    """Explain a grade that no score makes: a player's number against his line, or what happened in words."""
    note = f"Rule: {compared.rule.text}."
    if compared.value is None or compared.margin is None:
        ending = "so the leg wins" if (grade.factor or 0) > 1 else "so the leg loses"
        ending = "so the stake is returned" if grade.factor == 1 else ending
        return step([text(f"{terms.participant or terms.side}: {compared.words},"), text(ending)], note)
    value, line = signed(compared.value, plus=False), signed(prop_line(terms), plus=False)
    above = terms.side in ("over", "yes", "win")
    words = f"{value} {MINUS} {line}" if above else f"{line} {MINUS} {value}"
    who = f"{terms.participant}, {title(terms.market)}: " if terms.participant else f"{title(terms.market)}: "
    parts = [text(f"{who}{words} ="), figure(signed(compared.margin)), text(verdict(grade, terms))]
    return step(parts, note)


def prop_line(terms: LegTerms) -> Decimal:
    """Return the line of a prop; yes and no without a point mean at least one."""
    return Decimal("0.5") if terms.point is None else terms.point


def verdict(grade: LegGrade, terms: LegTerms) -> str:
    """Say what the grade means for the leg."""
    if "_lay" in terms.market and grade.compared is not None:
        lays = {"won": "the selection lost, so the lay wins", "lost": "the selection won, so the lay loses"}
        return lays.get(grade.status, "the stakes are returned")
    if base_of(terms) in WINNER and grade.compared is not None and grade.compared.margin == 0:
        ends = {
            "won": "a draw, so the leg wins",
            "lost": "a draw, which had a price of its own, so the leg loses",
            "push": "a draw, which had no price, so the stake is returned",
        }
        return ends[grade.status]
    if terms.side == "draw" and grade.status == "lost":
        return "no draw, so the leg loses"
    words = {
        "won": "above zero, so the leg wins",
        "half_won": "half the stake is on the line and half beats it: half a win",
        "push": "on the line, so the stake is returned",
        "half_lost": "half the stake is on the line and half misses it: half a loss",
        "lost": "below zero, so the leg loses",
        "void": "The stake is returned.",
        "needs_review": "A person has to look at it.",
        "pending": "The leg waits.",
    }
    return words[grade.status]


def summary(terms: LegTerms, result: Result, grade: LegGrade) -> str:
    """Say it all in a line: ``Lakers 112–104 Celtics, final; −3.5 covers by 4.5``."""
    first, second = backed_first(terms, result)
    head = f"{first[0]} v {second[0]}, {result.status}"
    if result.status == "final" and first[1] is not None:
        head = f"{first[0]} {first[1]}–{second[1]} {second[0]}, final"
    if not result.is_match:
        head = f"{result.home_name}, {result.status}"
    if grade.compared is None:
        reason = "the stake is returned" if grade.status == "void" else grade.reason
        return f"{head}; {reason}".removesuffix(".")
    return f"{head}; {line_words(terms, result, grade, grade.compared)}"


def line_words(terms: LegTerms, result: Result, grade: LegGrade, compared: Comparison) -> str:
    """Name the line and how it fared: ``−3.5 covers by 4.5``, ``over 220.5 misses by 4.5``."""
    margin = compared.margin
    if compared.words and compared.score is not None:
        return f"{terms.participant or terms.side} {'wins' if grade.factor else 'loses'}"
    if compared.score is None or margin is None:
        return worded_line(terms, grade, compared)
    by = signed(abs(margin), plus=False)
    if base_of(terms) in WINNER:
        backed = {"home": result.home_name, "away": result.away_name}.get(terms.side, "the draw")
        words = {"won": "wins", "lost": "loses", "push": "draws and is refunded"}
        outcome = words[grade.status]
        if "_lay" in terms.market and grade.status != "push":
            outcome = words["lost" if grade.status == "won" else "won"]
            backed = f"laid at {american(terms.odds)}, {backed}"
        scale = f" by {by}" if margin and terms.side != "draw" else ""
        counted = "" if compared.score == (result.home, result.away) else " in regulation"
        return f"{backed} {outcome}{scale}{counted}"
    over_under = line_side(terms)
    line = f"{over_under} {signed(terms.point or 0, plus=not over_under)}".strip()
    if margin == 0:
        return f"{line} is a push"
    half = "half " if grade.status in ("half_won", "half_lost") else ""
    return f"{line} {half}{'covers' if margin > 0 else 'misses'} by {by}"


def line_side(terms: LegTerms) -> str:
    """Name the side of a total, with the team of a team's: ``over``, ``Arsenal over``; '' for a spread."""
    base = base_of(terms)
    return f"{terms.participant} {terms.side}".strip() if base in TOTAL | TEAM_TOTAL else ""


def worded_line(terms: LegTerms, grade: LegGrade, compared: Comparison) -> str:
    """Name a prop or future and how it fared: ``LeBron James over 24.5 covers by 6.5 (31)``."""
    who = f"{terms.participant} {terms.side}".strip() if terms.side != "win" else terms.participant
    if compared.value is None or compared.margin is None:
        return f"{who}: {compared.words}"
    line = signed(prop_line(terms), plus=False)
    by = signed(abs(compared.margin), plus=False)
    fared = f"{'covers' if compared.margin > 0 else 'misses'} by {by}" if compared.margin else "is a push"
    return f"{who} {line} {fared} ({signed(compared.value, plus=False)})"


def data_of(terms: LegTerms, result: Result, grade: LegGrade, readings: Sequence[Reading]) -> dict[str, Any]:
    compared = grade.compared
    extra: dict[str, Any] = {} if grade.window is None else {"window": dict(grade.window)}
    if result.status == "abandoned" and result.minutes is not None:
        extra["minutes_played"] = str(round(result.minutes, 2))
    return extra | {
        "status": grade.status,
        "factor": None if grade.factor is None else f"{grade.factor.numerator}/{grade.factor.denominator}",
        "reason": grade.reason,
        "rule": compared.rule.name if compared else None,
        "rule_source": compared.rule.source if compared else "",
        "margin": None if compared is None or compared.margin is None else str(compared.margin),
        "value": None if compared is None or compared.value is None else str(compared.value),
        "market": terms.market,
        "side": terms.side,
        "odds": str(terms.odds),
        "point": None if terms.point is None else str(terms.point),
        "draw_offered": terms.draw_offered,
        "game": {
            "status": result.status,
            "home": result.home,
            "away": result.away,
            "home_periods": list(result.home_periods),
            "away_periods": list(result.away_periods),
            "counted": list(compared.score) if compared and compared.score else None,
        },
        "readings": [
            {
                "id": r.id,
                "source": r.source,
                "event_id": r.event_id,
                "status": r.status,
                "detail": r.detail,
                "home": r.home,
                "away": r.away,
                "read_at": r.read_at,
            }
            for r in readings
        ],
    }
