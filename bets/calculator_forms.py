"""The forms of the settlement calculator's page, and the case they make."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms import BoundField

from bets.calculator import STATUSES
from bets.case_fields import FORMATS, BadCase
from odds.markets import PERIODS, title
from odds.models import Bookmaker

KINDS = [
    ("straight", "Straight"),
    ("parlay", "Parlay"),
    ("same_game_parlay", "Same-game parlay"),
    ("teaser", "Teaser"),
    ("round_robin", "Round robin"),
    ("trixie", "Trixie"),
    ("patent", "Patent"),
    ("yankee", "Yankee"),
    ("lucky15", "Lucky 15"),
    ("canadian", "Canadian"),
    ("lucky31", "Lucky 31"),
    ("heinz", "Heinz"),
    ("lucky63", "Lucky 63"),
    ("super_heinz", "Super Heinz"),
    ("goliath", "Goliath"),
]
SPORTS = [
    ("americanfootball_nfl", "NFL"),
    ("basketball_nba", "NBA"),
    ("basketball_ncaab", "NCAA basketball"),
    ("icehockey_nhl", "NHL"),
    ("baseball_mlb", "MLB"),
    ("soccer_epl", "Soccer"),
    ("tennis_atp", "Tennis"),
    ("mma_mixed_martial_arts", "MMA"),
    ("golf_pga", "Golf"),
]
WHOLE_GAME = [
    "h2h", "spreads", "totals", "team_totals", "h2h_3_way", "draw_no_bet", "double_chance", "btts",
    "correct_score", "outrights", "h2h_lay",
]  # fmt: skip
PROPS = [
    "player_points", "player_rebounds", "player_assists", "player_threes",
    "player_points_rebounds_assists", "player_double_double", "player_pass_yds", "player_pass_tds",
    "player_rush_yds", "player_receptions", "player_reception_yds", "player_anytime_td", "player_goals",
    "player_shots_on_goal", "player_total_saves", "batter_hits", "batter_home_runs",
    "pitcher_strikeouts", "pitcher_outs",
]  # fmt: skip
PARTS = [f"{base}_{period}" for period in PERIODS for base in ("h2h", "spreads", "totals")]
MARKETS = [
    ("Whole game", [(key, title(key)) for key in WHOLE_GAME]),
    ("Player", [(key, title(key)) for key in PROPS]),
    ("Part of a game", [(key, title(key)) for key in PARTS]),
]
SIDES = [
    ("home", "Home"),
    ("away", "Away"),
    ("draw", "Draw"),
    ("over", "Over"),
    ("under", "Under"),
    ("yes", "Yes"),
    ("no", "No"),
    ("win", "To win"),
    ("home_draw", "Home or draw"),
    ("home_away", "Home or away"),
    ("draw_away", "Draw or away"),
]
MOST_LEGS = 12
EXTRAS = ("boost_pct", "boost_cap", "commission_pct", "currency", "rule", "bonus")
MAIN = ("market", "side", "point", "odds", "status", "home", "away")
RARE = {
    "Player or team": ("participant", "value", "stats"),
    "Runner, each way, dead heat": (
        "winner", "position", "tied_with", "dead_heat", "each_way_places", "each_way_fraction", "ran",
        "deduction_pct",
    ),
    "Periods, names, draw, another sport": (
        "home_periods", "away_periods", "home_name", "away_name", "sport", "detail", "minutes", "draw_offered",
        "retired",
    ),
}  # fmt: skip
"""Fields of a leg that few need, by the title under which they are folded away."""
WRITTEN = ("odds_format", "size", "currency", "rule")
AS_ENTERED = (
    "status", "home", "away", "home_name", "away_name", "detail", "position", "tied_with", "minutes",
    "deduction_pct",
)  # fmt: skip
WORDS = {"true": True, "false": False, "null": None}
WHOLE = re.compile(r"-?[0-9]{1,6}")


def with_rules() -> list[tuple[str, str]]:
    """Return the usual rules and every bookmaker that has some of its own."""
    books = Bookmaker.objects.filter(settlement_rules__isnull=False).distinct().order_by("title")
    return [("", "The usual rules"), *books.values_list("key", "title")]


class TicketForm(forms.Form):
    """The ticket: everything that is not of one leg."""

    kind = forms.ChoiceField(choices=KINDS, label="Kind of bet")
    sport = forms.ChoiceField(choices=SPORTS)
    stake = forms.CharField(max_length=20, help_text="Of each combination, for a round robin or system.")
    bookmaker = forms.ChoiceField(required=False, label="House rules")
    odds_format = forms.ChoiceField(choices=[(one, one.capitalize()) for one in FORMATS], label="Odds as")
    size = forms.CharField(
        max_length=40, required=False, label="Legs per combination", help_text="Of a round robin: 2, or 2, 3."
    )
    teaser_points = forms.CharField(max_length=6, required=False)
    odds = forms.CharField(
        max_length=20, required=False, label="Price of the ticket", help_text="Same-game parlays and teasers."
    )
    boost_pct = forms.CharField(max_length=8, required=False, label="Profit boost, %")
    boost_cap = forms.CharField(max_length=20, required=False, label="Boost adds at most")
    commission_pct = forms.CharField(
        max_length=8, required=False, label="Commission, %", help_text="Of the profit, as exchanges take it."
    )
    currency = forms.CharField(max_length=3, required=False, help_text="A code such as EUR; empty is USD.")
    rule = forms.CharField(
        max_length=500,
        required=False,
        label="Parameters of a house rule",
        help_text="Such as teaser_push=refund, dead_heat=win; over the house rules above.",
    )
    bonus = forms.BooleanField(required=False, label="Bonus bet: the stake is not returned")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["bookmaker"].choices = with_rules()  # type: ignore[attr-defined] # a ChoiceField

    @property
    def main(self) -> list[BoundField]:
        return [field for field in self if field.name not in EXTRAS]

    @property
    def extras(self) -> Section:
        return section(self, "Bonus, boost, commission, currency, rule", EXTRAS)


class LegForm(forms.Form):
    """One leg with its result."""

    market = forms.ChoiceField(choices=MARKETS)
    side = forms.ChoiceField(choices=SIDES)
    point = forms.CharField(max_length=10, required=False)
    odds = forms.CharField(max_length=20)
    sport = forms.ChoiceField(
        choices=[("", "As the ticket’s"), *SPORTS], required=False, label="Sport of this leg"
    )
    participant = forms.CharField(max_length=80, required=False, label="Player, runner or team")
    status = forms.ChoiceField(choices=[(one, one.capitalize()) for one in STATUSES], label="Game is")
    home = forms.CharField(max_length=4, required=False, label="Home score")
    away = forms.CharField(max_length=4, required=False, label="Away score")
    home_periods = forms.CharField(max_length=120, required=False, label="Home by period")
    away_periods = forms.CharField(max_length=120, required=False, label="Away by period")
    home_name = forms.CharField(max_length=80, required=False)
    away_name = forms.CharField(max_length=80, required=False)
    detail = forms.CharField(
        max_length=80, required=False, label="What the source said", help_text="Such as STATUS_FORFEIT."
    )
    minutes = forms.CharField(
        max_length=7, required=False, label="Minutes played", help_text="Of a game broken off."
    )
    retired = forms.BooleanField(required=False, label="It ended by a retirement")
    value = forms.CharField(max_length=10, required=False, label="Player’s number")
    stats = forms.CharField(
        max_length=300,
        required=False,
        label="Rest of the box score",
        help_text="Such as minutes=31, rebounds=9.",
    )
    each_way_places = forms.CharField(
        max_length=3, required=False, label="Each way: places", help_text="Half of the stake is on the place."
    )
    each_way_fraction = forms.CharField(
        max_length=7, required=False, label="Each way: part of the odds", help_text="Such as 1/4."
    )
    position = forms.CharField(max_length=5, required=False, label="Finishing position")
    tied_with = forms.CharField(max_length=5, required=False, label="Tied with", help_text="How many others.")
    ran = forms.ChoiceField(
        choices=[("", "Took part"), ("false", "Did not take part")], required=False, label="Runner"
    )
    deduction_pct = forms.CharField(
        max_length=6, required=False, label="Deduction, %", help_text="Rule 4, off the winnings."
    )
    winner = forms.ChoiceField(
        choices=[("", "Not said"), ("true", "Yes"), ("false", "No")], required=False, label="Runner won"
    )
    dead_heat = forms.CharField(
        max_length=7, required=False, label="Dead heat", help_text="Places / tied, such as 1/2."
    )
    draw_offered = forms.BooleanField(required=False, label="The draw had a price")

    @property
    def main(self) -> list[BoundField]:
        return [self[name] for name in MAIN]

    @property
    def sections(self) -> list[Section]:
        return [section(self, title, names) for title, names in RARE.items()]


@dataclass(frozen=True, slots=True)
class Section:
    """Rarely used fields of a form, folded away until one of them says something."""

    title: str
    fields: list[BoundField]
    is_open: bool


def section(form: forms.Form, title: str, names: Sequence[str]) -> Section:
    fields = [form[name] for name in names]
    return Section(title, fields, any(field.value() or field.errors for field in fields))


def case_of(ticket: dict[str, Any], legs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the calculator's case of the forms' cleaned data; what was left empty is left out. Raises BadCase."""
    case = {name: value for name, value in ticket.items() if value != "" and name not in WRITTEN}
    if ticket["size"]:
        case["sizes"] = ticket["size"].replace(",", " ").split()
    if ticket["currency"]:
        case["currency"] = ticket["currency"].upper()
    if ticket["rule"]:
        case["rule"] = named_values(ticket["rule"], "rule")
    style = {"odds_format": ticket["odds_format"]}
    return case | style | {"legs": [leg_of(leg, style, n) for n, leg in enumerate(legs)]}


def leg_of(leg: dict[str, Any], style: dict[str, str], number: int) -> dict[str, Any]:
    where = f"legs[{number}].result"
    terms = {key: leg[key] for key in ("market", "side", "point", "odds", "participant", "sport") if leg[key]}
    way = {key: leg[f"each_way_{key}"] for key in ("fraction", "places") if leg[f"each_way_{key}"]}
    if way:
        terms["each_way"] = way
    return terms | style | {"result": result_of(leg, where)}


def result_of(leg: dict[str, Any], where: str) -> dict[str, Any]:
    """Return the result of a leg's cleaned data; ``where`` is its place, for messages. Raises BadCase."""
    result: dict[str, Any] = {key: leg[key] for key in AS_ENTERED if leg[key]}
    for name in ("home_periods", "away_periods"):
        if leg[name]:
            result[name] = leg[name].replace(",", " ").split()
    if leg["value"] or leg["stats"]:
        own = {leg["market"]: leg["value"]} if leg["value"] else {}
        result["stats"] = named_values(leg["stats"], f"{where}.stats") | own
    if leg["ran"]:
        result["ran"] = False
    if leg["winner"]:
        result["winner"] = leg["winner"] == "true"
    if leg["dead_heat"]:
        places, slash, tied = leg["dead_heat"].partition("/")
        if not slash:
            raise BadCase(f"{where}.dead_heat: write places / tied, such as 1/2.")
        result["dead_heat"] = [places, tied]
    return result | {"draw_offered": leg["draw_offered"], "retired": leg["retired"]}


def named_values(text: str, where: str) -> dict[str, Any]:
    """Read ``name=value, name=value``; true, false, null and whole numbers are such. Raises BadCase."""
    found: dict[str, Any] = {}
    for one in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = (part.strip() for part in one.partition("="))
        if not equals or not name or not value:
            raise BadCase(f"{where}: write name=value, with commas between.")
        if name in found:
            raise BadCase(f"{where}: {name} is given twice.")
        found[name] = WORDS[value] if value in WORDS else int(value) if WHOLE.fullmatch(value) else value
    return found
