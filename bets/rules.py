"""House rules of settlement as data: what counts, what voids, what refunds. Pure: no Django, no database.

``default_rule`` gives what most books share; ``with_parameters`` lays a book's own rule over it. The parameters
and the books they differ between are those of the published rules of BetMGM, DraftKings, FanDuel, Pinnacle,
Bookmaker.eu, ESPN BET and others; a stored row names its source.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any, Literal, get_args, get_type_hints

from odds.markets import bet_type, split_period

MONEYLINE = frozenset({"h2h", "h2h_3_way"})
SPREAD = frozenset({"spreads", "alternate_spreads"})
TOTAL = frozenset({"totals", "alternate_totals"})
TEAM_TOTAL = frozenset({"team_totals", "alternate_team_totals"})
TWO_OF_THREE = frozenset({"draw_no_bet", "double_chance", "btts"})
THREE_WAY = frozenset({"h2h_3_way", "double_chance"})

Family = Literal["moneyline", "spread", "total", "team_total", "player_prop", "outright", "other", "ticket"]
FAMILIES: tuple[str, ...] = get_args(Family)
"""What a rule can be for. ``ticket`` holds how legs combine; the others are kinds of market."""

Draw = Literal["by_price", "refund", "lose"]
Suspended = Literal["review", "void", "official_score", "last_full_period"]
NotStarted = Literal["hours", "same_day", "same_week"]
Retirement = Literal["any_voids", "first_set", "first_serve"]
Absence = Literal["void", "lose", "review"]
Participation = Literal["any_time", "must_start", "plate_appearance", "first_pitch", "snap"]
DeadHeat = Literal["reduce", "win", "refund"]
NonRunner = Literal["lose", "void"]
PushInTicket = Literal["drop", "refund", "lose"]
VoidInSameGame = Literal["reprice", "void"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One house rule. Hours count from the scheduled start; ``None`` means that the book sets no limit.

    ``name`` identifies the rule in evidence and ``text`` says in words what part of the game counts.
    """

    name: str
    text: str
    source: str = ""
    overtime: bool = True
    draw: Draw = "by_price"
    official_minutes: int | None = None
    official_innings: int | None = None
    decided_stands: bool = True
    suspended: Suspended = "review"
    not_started: NotStarted = "hours"
    not_started_hours: int | None = 48
    not_finished_hours: int | None = 48
    overdue_hours: int | None = 24
    retirement: Retirement = "first_set"
    participation: Participation = "any_time"
    did_not_play: Absence = "void"
    not_in_box: Absence = "review"
    dead_heat: DeadHeat = "reduce"
    non_runner: NonRunner = "lose"
    parlay_push: PushInTicket = "drop"
    teaser_push: PushInTicket = "drop"
    same_game_void: VoidInSameGame = "reprice"
    same_game_push: VoidInSameGame = "reprice"
    correction_hours: int = 72


HELP: dict[str, str] = {
    "overtime": "Whether overtime (extra time, extra innings, shoot-out) counts.",
    "draw": "A drawn game: by_price loses if the draw had a price and refunds if not; refund; lose.",
    "official_minutes": "Minutes that must be played for an unfinished game to count.",
    "official_innings": "Innings that must be played (half an inning less with the home side ahead).",
    "decided_stands": "A line already decided when a game breaks off stands (over 5.5 with 6 scored).",
    "suspended": "A game broken off for good: official_score counts it once official, else void.",
    "not_started": "How the limit for a postponed game is counted: hours, same_day, same_week (Thu to Wed).",
    "not_started_hours": "Hours after the scheduled start within which a postponed game must begin.",
    "not_finished_hours": "Hours after the scheduled start within which a game must have ended.",
    "overdue_hours": "Hours after the start without a result from any source until a person is asked to look.",
    "retirement": "Tennis: any retirement voids; or bets stand after one set, or after the first serve.",
    "participation": "What a player must have done for a prop to count.",
    "did_not_play": "A prop on a player who did not take part.",
    "not_in_box": "A prop on a player the box score does not list.",
    "dead_heat": "A tie for a place: reduce pays odds × places ÷ tied; win pays in full; refund.",
    "non_runner": "A future on somebody who did not take part: lose is all-in.",
    "parlay_push": "A push or void in a parlay: the leg drops, the ticket is refunded, or it loses.",
    "teaser_push": "A push in a teaser: the next lower payout, the ticket refunded, or lost.",
    "same_game_void": "A void leg of a same-game parlay: reprice goes to review for the new price.",
    "same_game_push": "A push in a same-game parlay.",
    "correction_hours": "Hours after the start within which a corrected score changes the grade.",
}
"""Every parameter a stored rule may set, with its help; the rest of ``Rule`` says which rule it is."""


class BadRule(ValueError):
    """A stored parameter that no rule has, or a value it cannot take; the text names it."""


@cache
def _kinds() -> dict[str, Any]:
    hints = get_type_hints(Rule)
    return {field.name: hints[field.name] for field in fields(Rule) if field.name in HELP}


def choices(parameter: str) -> tuple[str, ...]:
    """Return the values a parameter of words can take, () for numbers and yes/no."""
    kind = _kinds()[parameter]
    return tuple(value for value in get_args(kind) if isinstance(value, str))


def checked(parameter: str, value: object) -> Any:
    """Return the value if the parameter can take it. Raises BadRule, naming both."""
    if parameter not in HELP:
        raise BadRule(f"{parameter} is no parameter of a rule; there are {', '.join(HELP)}.")
    kind, words = _kinds()[parameter], choices(parameter)
    if words:
        if value in words:
            return value
        raise BadRule(f"{parameter} cannot be {value!r}: choose {', '.join(words)}.")
    if kind is bool:
        if isinstance(value, bool):
            return value
        raise BadRule(f"{parameter} cannot be {value!r}: true or false.")
    optional = type(None) in get_args(kind)
    if (value is None and optional) or (type(value) is int and 0 <= value <= 10_000):
        return value
    limits = "a whole number from 0 to 10000" + (" or null" if optional else "")
    raise BadRule(f"{parameter} cannot be {value!r}: {limits}.")


def with_parameters(
    rule: Rule, parameters: Mapping[str, object], *, name: str, source: str = "", sport: str = ""
) -> Rule:
    """Return ``rule`` with a book's own parameters, named for the row they come from. Raises BadRule.

    The words follow when the part of the game that counts changes; ``sport`` is the feed's key.
    """
    values = {key: checked(key, value) for key, value in parameters.items()}
    overtime = values.get("overtime", rule.overtime)
    text = rule.text if overtime == rule.overtime else scope_text(sport, overtime=overtime)
    return replace(rule, **values, name=name, source=source, text=text)


@dataclass(frozen=True, slots=True)
class GameFormat:
    """How a sport divides a game: regulation periods, and how many of them are the first half."""

    regulation: int
    half: int | None = None
    extra_time_is_rare: bool = False
    sudden_death: bool = False


FORMATS: tuple[tuple[str, GameFormat], ...] = (
    ("soccer_", GameFormat(2, 1, extra_time_is_rare=True)),
    ("icehockey_", GameFormat(3, sudden_death=True)),
    ("basketball_ncaab", GameFormat(2, 1)),
    ("basketball_", GameFormat(4, 2)),
    ("americanfootball_", GameFormat(4, 2)),
    ("baseball_", GameFormat(9)),
    ("rugbyleague_", GameFormat(2, 1)),
    ("rugbyunion_", GameFormat(2, 1)),
    ("handball_", GameFormat(2, 1)),
    ("aussierules_", GameFormat(4, 2)),
    ("lacrosse_", GameFormat(4, 2)),
)
"""By sport key prefix, the most specific first; sports not named have no overtime to leave out."""


@cache
def game_format(sport: str) -> GameFormat | None:
    """Return how games of a sport (feed key) are divided, None if it has no periods we know."""
    return next((one for prefix, one in FORMATS if sport.startswith(prefix)), None)


@cache
def scope_text(sport: str, *, overtime: bool) -> str:
    """Say what part of a game of the sport counts."""
    form = game_format(sport)
    if overtime or form is None:
        return "full game, overtime included"
    if sport.startswith("soccer_"):
        return "90 minutes and injury time; extra time and penalties do not count"
    return f"regulation time of {form.regulation} periods; overtime does not count"


FULL_GAME = Rule("full_game", scope_text("", overtime=True))


@cache
def family_of(market: str) -> Family:
    """Return the family of a market key: ``totals_q4`` → total, ``player_points`` → player_prop."""
    base, _ = split_period(market)
    if base in TWO_OF_THREE:
        return "moneyline" if base != "btts" else "other"
    kind = bet_type(market)
    return kind if kind in FAMILIES else "other"  # type: ignore[return-value]


OFFICIAL_MINUTES = (
    ("americanfootball_nfl", 55),
    ("americanfootball_ncaaf", 55),
    ("basketball_nba", 43),
    ("basketball_", 35),
    ("icehockey_nhl", 55),
    ("icehockey_", 60),
)
"""Minutes after which a game that broke off counts (BetMGM, Sports Interaction, SBK)."""


@cache
def default_rule(sport: str, market: str, *, draw_offered: bool = False) -> Rule:
    """Return the rule for a market of a sport (feed keys) when no book has one of its own.

    Overtime counts, except in soccer and wherever the draw has a price of its own; there regulation time
    decides (BetMGM and Pinnacle house rules).
    """
    family, base = family_of(market), split_period(market)[0]
    three_way = base in THREE_WAY or (base in MONEYLINE and draw_offered)
    soccer = sport.startswith("soccer_")
    excluded = family not in ("player_prop", "outright") and game_format(sport) is not None
    rule = FULL_GAME
    if excluded and (soccer or three_way):
        rule = Rule("ninety_minutes" if soccer else "regulation", scope_text(sport, overtime=False))
        rule = replace(rule, overtime=False)
    minutes = next((count for prefix, count in OFFICIAL_MINUTES if sport.startswith(prefix)), None)
    rule = replace(rule, official_minutes=minutes, suspended="official_score" if minutes else "review")
    if sport.startswith("baseball_"):
        innings = 5 if family == "moneyline" else 9
        rule = replace(rule, official_innings=innings, suspended="official_score")
    if sport.startswith("americanfootball_"):
        rule = replace(rule, not_started="same_week")
    if family == "outright":
        rule = replace(rule, overdue_hours=30 * 24)
    elif sport.startswith("cricket_"):
        rule = replace(rule, overdue_hours=7 * 24)
    if family == "player_prop":
        rule = replace(rule, participation=_participation(sport, market))
    return rule


def _participation(sport: str, market: str) -> Participation:
    """What most books ask of a player before a prop counts (DraftKings, FanDuel)."""
    if market.startswith("batter_"):
        return "plate_appearance"
    if market.startswith("pitcher_"):
        return "first_pitch"
    return "snap" if sport.startswith("americanfootball_") else "any_time"
