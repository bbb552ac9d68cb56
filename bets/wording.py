"""Names of selections, games and prices as pages and tickets write them.

Callers join what a name needs: ``selection.game`` with its sport and both teams.
"""

from __future__ import annotations

from decimal import Decimal
from functools import partial

from bets.models import Bet
from bets.money import format_money
from games.models import Game, GameKind
from odds import markets
from odds.board import AWAY_FIRST
from odds.models import Selection, Side
from odds.pricing import format_point


def point_name(selection: Selection, point: Decimal | None) -> str:
    """Write a point as its market does: −3.5 for a spread, 221.5 for a total, nothing for a moneyline."""
    return format_point(point, signed=markets.is_signed(selection.market))


def backed(selection: Selection) -> str:
    """Return who or what is backed, without point: Los Angeles Lakers, Over, LeBron James over."""
    game = selection.game
    if selection.side == Side.HOME and game.home_team:
        side = game.home_team.name
    elif selection.side == Side.AWAY and game.away_team:
        side = game.away_team.name
    else:
        side = "" if selection.side == Side.WIN else selection.get_side_display()
    if not selection.participant:
        return side or selection.get_side_display()
    return f"{selection.participant} {side.lower()}".strip()


def selection_name(selection: Selection, point: Decimal | None) -> str:
    """Return the headline of a leg: Los Angeles Lakers −3.5, Over 221.5, Draw."""
    return f"{backed(selection)} {point_name(selection, point)}".strip()


def game_name(game: Game) -> str:
    """Return away at home, as US leagues have it; elsewhere home v away; an outright its title."""
    if game.kind == GameKind.OUTRIGHT or not (game.home_team and game.away_team):
        return game.title
    if game.sport_id.startswith(AWAY_FIRST):
        return f"{game.away_team.name} at {game.home_team.name}"
    return f"{game.home_team.name} v {game.away_team.name}"


def agreed_in_words(bet: Bet) -> str:
    """Say what was agreed beside legs, stake and price: combinations, points, places, boost, insurance."""
    money = partial(format_money, currency=bet.bankroll.currency)
    words = []
    if bet.combinations > 1 and bet.unit_stake is not None and bet.each_way_places is None:
        words.append(f"{bet.combinations} combinations of {money(bet.unit_stake)}")
    if bet.is_lay and bet.unit_stake is not None:
        words.append(f"lay of {money(bet.unit_stake)}, the stake is its liability")
    if bet.teaser_points is not None:
        words.append(f"lines moved by {bet.teaser_points.normalize():f} points")
    if bet.each_way_places is not None and bet.each_way_fraction is not None:
        words.append(f"each way, {bet.each_way_places} places at {bet.each_way_fraction} of the odds")
    if bet.is_bonus:
        words.append("bonus bet, the stake is not returned")
    if bet.boost_pct:
        words.append(f"profit raised by {bet.boost_pct.normalize():f} %")
    if bet.commission_pct:
        words.append(
            f"commission of {bet.commission_pct.normalize():f} % of this bet’s own profit, not of the net of its market"
        )
    if bet.insured_up_to is not None:
        words.append(f"a loss is credited as a bonus up to {money(bet.insured_up_to)}")
    return "; ".join(words)
