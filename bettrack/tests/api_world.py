"""One of everything that the API shows."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.utils import timezone

from accounts.models import User
from games.models import Sport
from games.tests.factories import (
    CommenceTimeFactory,
    GameFactory,
    PlayerFactory,
    PlayerStatFactory,
    ScoreReadingFactory,
    SportFactory,
)
from odds.tests.factories import HeartbeatFactory
from odds.tests.quoting import full_market


def ids_of_world(owner: User) -> dict[str, Any]:
    """Ids by the word that stands before them in a path; bets and money are the owner's."""
    game = coming_game()
    player = PlayerFactory(sport=game.sport, team=game.home_team)
    PlayerStatFactory(game=game, player=player)
    ScoreReadingFactory(game=game)
    CommenceTimeFactory(game=game)
    selection = game.selections.first()
    return {
        "sports": game.sport_id,
        "teams": game.home_team_id,
        "players": player.pk,
        "games": game.pk,
        "bookmakers": "book0",
        "selections": selection.pk if selection else 0,
    }


def coming_game(sport: Sport | None = None, *, in_hours: int = 3, books: int = 3) -> Any:
    """A match to come with prices of several books on its main markets."""
    now = timezone.now()
    game = GameFactory(sport=sport or SportFactory(), commence_time=now + dt.timedelta(hours=in_hours))
    full_market(game, books=books)
    for quote in (
        game.current_odds.select_related("bookmaker").order_by("bookmaker_id").distinct("bookmaker_id")
    ):
        HeartbeatFactory(game=game, bookmaker=quote.bookmaker, seen_at=now, polled_at=now)
    return game
