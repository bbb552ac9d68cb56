"""Names of selections, games and prices as pages and tickets write them.

Callers join what a name needs: ``selection.game`` with its sport and both teams.
"""

from __future__ import annotations

from decimal import Decimal

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
