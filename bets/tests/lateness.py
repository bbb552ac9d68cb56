"""Games that were announced and did not begin or end as they were to, with bets placed on them."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

from bets.models import Bet
from bets.placement import place_straight
from bets.tests.factories import (
    SettlementRuleFactory,
    funded_bankroll,
)
from feeds.payloads import GameStatus as Status
from games.models import Game
from games.services import ingest_games
from games.tests.factories import CommenceTimeFactory, GameFactory, SportFactory, TeamFactory
from games.tests.readings import espn, from_espn
from games.tests.test_fixtures import Event
from odds.models import Bookmaker, Selection

START = dt.datetime(2026, 7, 17, 23, 11, tzinfo=dt.UTC)  # a Friday
PLACED = START - dt.timedelta(hours=9)


def after(hours: float, minutes: float = 0) -> dt.datetime:
    return START + dt.timedelta(hours=hours, minutes=minutes)


def announced_game(sport_key: str, start: dt.datetime = START, zone: str = "America/New_York") -> Game:
    sport = SportFactory(key=sport_key, title=sport_key, time_zone=zone)
    game: Game = GameFactory(
        sport=sport,
        home_team=TeamFactory(sport=sport),
        away_team=TeamFactory(sport=sport),
        commence_time=start,
        seen_at=PLACED - dt.timedelta(days=1),
    )
    CommenceTimeFactory(game=game, commence_time=start, seen_at=PLACED - dt.timedelta(days=1))
    return game


def moved(game: Game, start: dt.datetime, seen_at: dt.datetime) -> None:
    """The odds feed announces another start under the same id."""
    assert game.home_team is not None
    assert game.away_team is not None
    ingest_games(
        events=[
            Event(
                id=game.external_id,
                sport_key=game.sport_id,
                commence_time=start,
                home_team=game.home_team.name,
                away_team=game.away_team.name,
            )
        ],
        seen_at=seen_at,
    )


def bet_on(
    game: Game,
    book: Bookmaker | None,
    market: str = "h2h",
    side: str = "away",
    point: str | None = None,
    placed_at: dt.datetime = PLACED,
) -> Bet:
    """A bet of 100 at a price of the user's own, placed at an instant of the past."""
    bankroll = funded_bankroll("1000")
    selection, _ = Selection.objects.get_or_create(game=game, market=market, participant="", side=side)
    return place_straight(
        user=bankroll.user,
        bankroll=bankroll,
        selection=selection,
        bookmaker=book,
        price=Decimal(-110),
        point=None if point is None else Decimal(point),
        stake=Decimal(100),
        idempotency_key=uuid.uuid4().hex,
        own_price=True,
        now=placed_at,
    )


def graded(bet: Bet) -> tuple[str, str]:
    bet.refresh_from_db()
    return bet.status, bet.legs.get().status


def window(bet: Bet) -> dict[str, Any]:
    found: dict[str, Any] = bet.legs.get().evidence["data"]["window"]
    return found


def hours_rule(book: Bookmaker | None, **parameters: object) -> None:
    SettlementRuleFactory(bookmaker=book, parameters=parameters, source="Pinnacle betting rules")


def unfinished(game: Game) -> None:
    """Broken off in the third quarter, and so for more than thirty hours."""
    periods = {"home": (20, 30, 12), "away": (25, 20, 9)}
    event = espn(game, Status.LIVE, (62, 54))
    sides = [
        type(side)(
            **{**{f: getattr(side, f) for f in side.__struct_fields__}, "period_scores": periods[name]}
        )
        for name, side in (("home", event.home), ("away", event.away))
    ]
    said = espn(game, Status.LIVE, (62, 54), home=sides[0], away=sides[1])
    from_espn(said, now=after(2))
    from_espn(said, now=after(30, 5))
