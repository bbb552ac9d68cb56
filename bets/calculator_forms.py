"""The forms of the settlement calculator's page, and the case they make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

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
    ("lucky31", "Lucky 31"),
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
    size = forms.CharField(max_length=2, required=False, label="Legs per combination")
    teaser_points = forms.CharField(max_length=6, required=False)
    odds = forms.CharField(
        max_length=20, required=False, label="Price of the ticket", help_text="Same-game parlays and teasers."
    )
    boost_pct = forms.CharField(max_length=8, required=False, label="Profit boost, %")
    bonus = forms.BooleanField(required=False, label="Bonus bet: the stake is not returned")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["bookmaker"].choices = with_rules()  # type: ignore[attr-defined] # a ChoiceField


class LegForm(forms.Form):
    """One leg with its result."""

    market = forms.ChoiceField(choices=MARKETS)
    side = forms.ChoiceField(choices=SIDES)
    point = forms.CharField(max_length=10, required=False)
    odds = forms.CharField(max_length=20)
    participant = forms.CharField(max_length=80, required=False, label="Player, runner or team")
    status = forms.ChoiceField(choices=[(one, one.capitalize()) for one in STATUSES], label="Game is")
    home = forms.CharField(max_length=4, required=False, label="Home score")
    away = forms.CharField(max_length=4, required=False, label="Away score")
    home_periods = forms.CharField(max_length=120, required=False, label="Home by period")
    away_periods = forms.CharField(max_length=120, required=False, label="Away by period")
    value = forms.CharField(max_length=10, required=False, label="Player’s number")
    winner = forms.ChoiceField(
        choices=[("", "Not said"), ("true", "Yes"), ("false", "No")], required=False, label="Runner won"
    )
    dead_heat = forms.CharField(
        max_length=7, required=False, label="Dead heat", help_text="Places / tied, such as 1/2."
    )
    draw_offered = forms.BooleanField(required=False, label="The draw had a price")


def case_of(ticket: dict[str, Any], legs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the calculator's case of the forms' cleaned data; what was left empty is left out. Raises BadCase."""
    case = {name: value for name, value in ticket.items() if value != "" and name != "odds_format"}
    style = {"odds_format": ticket["odds_format"]}
    return case | style | {"legs": [leg_of(leg, style, n) for n, leg in enumerate(legs)]}


def leg_of(leg: dict[str, Any], style: dict[str, str], number: int) -> dict[str, Any]:
    where = f"legs[{number}].result"
    terms = {key: leg[key] for key in ("market", "side", "point", "odds", "participant") if leg[key]}
    result: dict[str, Any] = {key: leg[key] for key in ("status", "home", "away") if leg[key]}
    for name in ("home_periods", "away_periods"):
        if leg[name]:
            result[name] = leg[name].replace(",", " ").split()
    if leg["value"]:
        result["stats"] = {leg["market"]: leg["value"]}
    if leg["winner"]:
        result["winner"] = leg["winner"] == "true"
    if leg["dead_heat"]:
        places, slash, tied = leg["dead_heat"].partition("/")
        if not slash:
            raise BadCase(f"{where}.dead_heat: write places / tied, such as 1/2.")
        result["dead_heat"] = [places, tied]
    return terms | style | {"result": result | {"draw_offered": leg["draw_offered"]}}
