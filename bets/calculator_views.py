"""The public page of the settlement calculator: a ticket and its results in, the payout with its working out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from bets.calculator import Answer, Case, calculate, read_case
from bets.calculator_forms import MOST_LEGS, LegForm, TicketForm, case_of
from bets.case_fields import BadCase
from bets.evidence import explain_leg
from bets.house_rules import stored
from bets.models import BetStatus
from bets.money import format_money

EXAMPLE = {"kind": "straight", "sport": "americanfootball_nfl", "stake": "100", "odds_format": "american"}
EXAMPLE_LEG = {
    "market": "spreads", "side": "home", "point": "-3.5", "odds": "-110", "status": "final",
    "home": "24", "away": "20",
}  # fmt: skip
SAID_BY_THE_PAGE = "Entered with the game; no source recorded."
PILLS = {"won": "won", "half_won": "won", "lost": "lost", "half_lost": "lost", "pending": "pending"}


@dataclass(frozen=True, slots=True)
class LegShown:
    """A graded leg as the page shows it."""

    number: int
    label: str
    pill: str
    reason: str
    factor: str
    steps: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Shown:
    """A graded ticket as the page shows it; amounts are None while it is open."""

    label: str
    pill: str
    payout: str
    profit: str
    staked: str
    arithmetic: str
    reason: str
    working: tuple[str, ...]
    legs: list[LegShown]


@require_safe
def calculator(request: HttpRequest) -> HttpResponse:
    """The form, and with it filled in the grade; its address can be kept and shared."""
    entered, change = request.GET, request.GET.get("change", "")
    count = wanted_legs(entered.get("legs", "1"), change)
    if "kind" not in entered:
        forms = TicketForm(initial=EXAMPLE), [LegForm(prefix="leg1", initial=EXAMPLE_LEG)]
        return page(request, *forms)
    if change:
        ticket = TicketForm(initial=entered.dict())
        legs = [
            LegForm(prefix=f"leg{n}", initial=initial_leg(entered.dict(), n)) for n in range(1, count + 1)
        ]
        return page(request, ticket, legs)
    ticket = TicketForm(entered)
    legs = [LegForm(entered, prefix=f"leg{n}") for n in range(1, count + 1)]
    if not all([ticket.is_valid(), *[leg.is_valid() for leg in legs]]):
        return page(request, ticket, legs, status=400)
    try:
        case = read_case(case_of(ticket.cleaned_data, [leg.cleaned_data for leg in legs]), stored)
        shown = show(case, calculate(case))
    except BadCase as why:
        return page(request, ticket, legs, problem=sentence(str(why)), status=400)
    return page(request, ticket, legs, shown=shown)


def page(
    request: HttpRequest,
    ticket: TicketForm,
    legs: list[LegForm],
    *,
    shown: Shown | None = None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    context = {
        "ticket": ticket,
        "legs": legs,
        "shown": shown,
        "problem": problem,
        "can_add": len(legs) < MOST_LEGS,
        "faulty": bool(ticket.errors or any(leg.errors for leg in legs)),
    }
    return render(request, "bets/calculator.html", context, status=status)


def wanted_legs(text: str, change: str) -> int:
    """Return how many legs to show; what is no number counts as one."""
    count = int(text) if text.isascii() and text.isdecimal() and len(text) < 4 else 1
    count += {"add": 1, "remove": -1}.get(change, 0)
    return max(1, min(count, MOST_LEGS))


def initial_leg(entered: dict[str, Any], number: int) -> dict[str, Any]:
    prefix = f"leg{number}-"
    found = {key.removeprefix(prefix): value for key, value in entered.items() if key.startswith(prefix)}
    return found or {"market": "spreads", "side": "home", "odds": "", "status": "final"}


def sentence(problem: str) -> str:
    """Put a field's place into words: ``legs[0].result.home: …`` → ``Leg 1, home: …``."""
    words = re.sub(r"legs\[(\d+)\]\.", lambda match: f"Leg {int(match[1]) + 1}, ", problem)
    words = (
        words.replace("result.", "")
        .replace("result: ", "")
        .replace("each_way.", "each way: ")
        .replace("_", " ")
    )
    return words[:1].upper() + words[1:]


def show(case: Case, answer: Answer) -> Shown:
    ticket = answer.ticket
    legs = []
    for number, (terms, grade, reason) in enumerate(
        zip(answer.terms, ticket.legs, answer.reasons, strict=True), start=1
    ):
        steps = explain_leg(terms, case.legs[number - 1][1], grade)["steps"]
        for step in steps:
            step["note"] = "" if step["note"] == SAID_BY_THE_PAGE else step["note"]
        factor = "" if grade.factor is None else str(grade.factor)
        pill = PILLS.get(grade.status, "push")
        legs.append(LegShown(number, BetStatus(grade.status).label, pill, reason, factor, steps))
    amounts = ticket.payout, ticket.profit, ticket.staked
    payout, profit, staked = ("" if one is None else format_money(one, case.currency) for one in amounts)
    arithmetic = f"{staked} × {ticket.factor} = {payout}" if plain(case, answer) else ""
    return Shown(
        label=BetStatus(ticket.status).label,
        pill=PILLS.get(ticket.status, "push"),
        payout=payout,
        profit=profit,
        staked=staked,
        arithmetic=arithmetic,
        reason=ticket.reason,
        working=ticket.working,
        legs=legs,
    )


def plain(case: Case, answer: Answer) -> bool:
    """Tell whether the payout is stake × factor and nothing else."""
    return answer.ticket.payout is not None and not (case.bonus or case.boost_pct or case.commission_pct)
