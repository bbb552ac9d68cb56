"""What the page tests play on: a game in two hours with prices, and a person with a bankroll."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import UserFactory
from bets.bankrolls import open_bankroll
from bets.models import Bankroll
from games.models import Game
from games.tests.factories import GameFactory, SportFactory, TeamFactory
from odds.models import Bookmaker, CurrentOdds, Selection
from odds.tests.factories import BookmakerFactory, CurrentOddsFactory, HeartbeatFactory, SelectionFactory


@dataclass
class Scene:
    user: User
    bankroll: Bankroll
    game: Game
    book: Bookmaker
    moneyline: Selection
    spread: Selection
    moneyline_odds: CurrentOdds
    spread_odds: CurrentOdds

    def clicked(self, odds: CurrentOdds | None = None) -> dict[str, str]:
        """What the button of a price sends."""
        odds = odds or self.moneyline_odds
        return {
            "selection": str(odds.selection_id),
            "bookmaker": self.book.key,
            "price": str(odds.price),
            "point": "" if odds.point is None else str(odds.point),
        }


def person(name: str = "ada", deposit: str = "100") -> tuple[User, Bankroll]:
    """A user with a bankroll in dollars that holds ``deposit``."""
    user = UserFactory.create(username=name)
    return user, open_bankroll(user=user, name="Main", opening_deposit=Decimal(deposit))


def upcoming_game(home: str = "Boston Celtics", away: str = "Los Angeles Lakers") -> Game:
    """A game in two hours: Lakers at Celtics."""
    nba = SportFactory.create()
    game: Game = GameFactory.create(
        sport=nba,
        home_team=TeamFactory.create(sport=nba, name=home, abbr=home[:3].upper(), color="#007a33"),
        away_team=TeamFactory.create(
            sport=nba, name=away, abbr="LAL" if away.endswith("Lakers") else away[:3].upper()
        ),
        commence_time=timezone.now() + dt.timedelta(hours=2),
    )
    return game


def scene() -> Scene:
    """DraftKings quotes the Lakers at +130 to win and at −110 with 3.5 points."""
    user, bankroll = person()
    game = upcoming_game()
    book = BookmakerFactory.create(key="draftkings", title="DraftKings", short="DK")
    now = timezone.now()
    HeartbeatFactory.create(game=game, bookmaker=book, seen_at=now)
    moneyline = SelectionFactory.create(game=game, market="h2h", side="away")
    spread = SelectionFactory.create(game=game, market="spreads", side="away")
    return Scene(
        user=user,
        bankroll=bankroll,
        game=game,
        book=book,
        moneyline=moneyline,
        spread=spread,
        moneyline_odds=CurrentOddsFactory.create(
            selection=moneyline, bookmaker=book, price=Decimal(130), timestamp=now
        ),
        spread_odds=CurrentOddsFactory.create(
            selection=spread, bookmaker=book, price=Decimal(-110), point=Decimal("3.5"), timestamp=now
        ),
    )
