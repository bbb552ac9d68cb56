"""Factories for the games models; every default satisfies every constraint."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import factory
from factory.django import DjangoModelFactory

from games.models import (
    CommenceTime,
    Game,
    GameKind,
    GameStatus,
    Placing,
    Player,
    PlayerStat,
    ResultSource,
    ScoreReading,
    Sport,
    Team,
    TeamAlias,
)

FIRST_START = dt.datetime(2026, 11, 20, 0, 30, tzinfo=dt.UTC)


class SportFactory(DjangoModelFactory[Sport]):
    """The NBA by default: asking twice gives the same row."""

    class Meta:
        model = Sport
        django_get_or_create = ("key",)

    key = "basketball_nba"
    title = "NBA"
    group = "Basketball"
    description = "US Basketball"


class TeamFactory(DjangoModelFactory[Team]):
    class Meta:
        model = Team

    sport = factory.SubFactory(SportFactory)
    name = factory.Sequence(lambda n: f"Team {n}")
    abbr = factory.Sequence(lambda n: f"T{n}"[:8])
    color = "#552583"


class TeamAliasFactory(DjangoModelFactory[TeamAlias]):
    class Meta:
        model = TeamAlias

    team = factory.SubFactory(TeamFactory)
    sport = factory.SelfAttribute("team.sport")
    name = factory.Sequence(lambda n: f"Alias {n}")


class PlayerFactory(DjangoModelFactory[Player]):
    class Meta:
        model = Player

    sport = factory.SubFactory(SportFactory)
    team = factory.SubFactory(TeamFactory, sport=factory.SelfAttribute("..sport"))
    name = factory.Sequence(lambda n: f"Player {n}")


class GameFactory(DjangoModelFactory[Game]):
    """A scheduled match; traits ``outright``, ``live``, ``final``, ``postponed`` and ``cancelled`` change that."""

    class Meta:
        model = Game

    class Params:
        outright = factory.Trait(
            kind=GameKind.OUTRIGHT,
            home_team=None,
            away_team=None,
            title=factory.LazyAttribute(lambda game: f"{game.sport.title} Winner"),
        )
        live = factory.Trait(status=GameStatus.LIVE, home_score=55, away_score=50, period=2, clock="Q2 3:10")
        final = factory.Trait(status=GameStatus.FINAL, home_score=112, away_score=104)
        postponed = factory.Trait(status=GameStatus.POSTPONED)
        cancelled = factory.Trait(status=GameStatus.CANCELLED)

    external_id = factory.Sequence(lambda n: f"{n:032x}")
    sport = factory.SubFactory(SportFactory)
    home_team = factory.SubFactory(TeamFactory, sport=factory.SelfAttribute("..sport"))
    away_team = factory.SubFactory(TeamFactory, sport=factory.SelfAttribute("..sport"))
    title = factory.LazyAttribute(lambda game: f"{game.away_team} at {game.home_team}")
    commence_time = FIRST_START


class CommenceTimeFactory(DjangoModelFactory[CommenceTime]):
    class Meta:
        model = CommenceTime

    game = factory.SubFactory(GameFactory)
    commence_time = factory.SelfAttribute("game.commence_time")
    seen_at = factory.Sequence(lambda n: FIRST_START - dt.timedelta(days=2) + dt.timedelta(minutes=n))


class ScoreReadingFactory(DjangoModelFactory[ScoreReading]):
    class Meta:
        model = ScoreReading

    game = factory.SubFactory(GameFactory)
    source = ResultSource.ESPN
    status = GameStatus.FINAL
    status_detail = "STATUS_FINAL"
    home_score = 112
    away_score = 104
    read_at = FIRST_START + dt.timedelta(hours=3)


class PlayerStatFactory(DjangoModelFactory[PlayerStat]):
    class Meta:
        model = PlayerStat

    game = factory.SubFactory(GameFactory)
    player = factory.SubFactory(PlayerFactory, sport=factory.SelfAttribute("..game.sport"))
    stat = "player_points"
    value = Decimal(27)


class PlacingFactory(DjangoModelFactory[Placing]):
    class Meta:
        model = Placing

    game = factory.SubFactory(GameFactory, outright=True)
    participant = factory.Sequence(lambda n: f"Runner {n}")
    position = factory.Sequence(lambda n: n + 1)
