"""Live pulls: fetch outside of any transaction, then one service call. The clock is read when the answer is in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from feeds import espn, the_odds_api
from feeds.box_scores import box_score
from feeds.exceptions import NotFound
from games.models import Game, GameStatus, ResultSource, ScoreReading, Sport
from games.services import ResultCounts, apply_results, ingest_games, record_box_score

from .ingest import IngestCounts, ingest_odds
from .models import Selection

Clock = Callable[[], dt.datetime]

OUTRIGHTS = ("outrights",)
PROPS = {
    "basketball_nba": ("player_points", "player_rebounds", "player_assists"),
    "basketball_wnba": ("player_points", "player_rebounds", "player_assists"),
}
"""Player markets that are pulled game by game, by sport."""
HORIZON = dt.timedelta(hours=36)
LONGEST_GAME = dt.timedelta(hours=12)
RESULTS_WANTED = dt.timedelta(days=30)
FILED_ELSEWHERE = dt.timedelta(days=2)
BOX_SCORES_WANTED = dt.timedelta(days=4)
PLAYER_MARKET = r"^(player|batter|pitcher)_"
UNDECIDED = (GameStatus.SCHEDULED, GameStatus.LIVE, GameStatus.POSTPONED)


def in_season(client: the_odds_api.Client) -> list[str]:
    """Keys of the sports the feed offers now, which is free to ask. Raises FeedError."""
    return [sport.key for sport in client.sports().events if sport.active]


def markets_of(sport: Sport) -> Sequence[str]:
    """What the bulk endpoint is asked for."""
    return OUTRIGHTS if sport.has_outrights else the_odds_api.FEATURED


def pull_sport(client: the_odds_api.Client, sport: Sport, *, clock: Clock = timezone.now) -> IngestCounts:
    """Fetch and ingest the featured markets of a sport, or its outright. Raises FeedError."""
    markets = markets_of(sport)
    parsed = client.list_odds(sport.key, regions=settings.ODDS_API_REGIONS, markets=markets)
    return ingest_odds(
        events=parsed.events,
        captured_at=clock(),
        polled_markets=markets,
        rejected=parsed.rejected,
        listed_sport=sport.key,
    )


def pull_fixtures(client: the_odds_api.Client, sport: Sport, *, clock: Clock = timezone.now) -> IngestCounts:
    """Fetch the games of a sport without prices, which is free. Raises FeedError."""
    parsed = client.events(sport.key)
    known = Game.objects.filter(external_id__in=[event.id for event in parsed.events]).count()
    games = ingest_games(events=parsed.events, seen_at=clock())
    return IngestCounts(responses=1, events=len(parsed.events), games_new=len(games) - known)


def pull_props(client: the_odds_api.Client, sport: Sport, *, clock: Clock = timezone.now) -> IngestCounts:
    """Fetch and ingest the player markets of a sport's games that start within the day. Raises FeedError.

    A game the feed no longer knows is passed over.
    """
    counts = IngestCounts()
    now = clock()
    games = (
        Game.objects.open().matches().filter(sport=sport, status__in=[GameStatus.SCHEDULED, GameStatus.LIVE])
    )
    near = games.starting_within(now - LONGEST_GAME, now + dt.timedelta(hours=24)).in_start_order()
    for external_id in near.values_list("external_id", flat=True):
        markets = PROPS[sport.key]
        try:
            parsed = client.list_event_odds(
                sport.key, external_id, markets=markets, regions=settings.ODDS_API_REGIONS
            )
        except NotFound:
            continue
        counts += ingest_odds(
            events=parsed.events, captured_at=clock(), polled_markets=markets, rejected=parsed.rejected
        )
    return counts


def has_games_near(sport: Sport, now: dt.datetime) -> bool:
    """True when a game of the sport may be in play or starts within a day and a half."""
    return Game.objects.open().filter(sport=sport).starting_within(now - LONGEST_GAME, now + HORIZON).exists()


def wanting_results() -> QuerySet[Sport]:
    """Sports in season, and those put aside while somebody still has a bet on one of their games."""
    backed = Game.objects.open().filter(sport=OuterRef("pk"), bet_count__gt=0)
    return Sport.objects.filter(Q(active=True) | Exists(backed), has_outrights=False)


def days_without_result(sport: Sport, now: dt.datetime) -> list[dt.date]:
    """US days on which games of the sport have started whose result is still wanted, oldest first.

    After an outage these are the days to ask for; a postponed game is asked for by its announced start. Of a game that
    still lacks its result after two days the neighbouring days are asked for too: ESPN may file it under another.
    """
    starts = (
        Game.objects.open()
        .matches()
        .filter(Q(status__in=UNDECIDED), sport=sport, commence_time__lte=now)
        .filter(commence_time__gte=now - RESULTS_WANTED)
        .values_list("commence_time", flat=True)
    )
    days = {espn.us_day(start) for start in starts}
    old = {day for day in days if day < espn.us_day(now - FILED_ELSEWHERE)}
    beside = {day + dt.timedelta(days=step) for day in old for step in (-1, 1)}
    return sorted(day for day in days | beside if day <= espn.us_day(now))


def pull_scoreboard(
    client: espn.Client, sport_key: str, day: dt.date, *, clock: Clock = timezone.now
) -> ResultCounts:
    """Fetch and apply ESPN's scoreboard of a US day. Raises FeedError."""
    parsed = client.scoreboard(sport_key, day)
    return apply_results(readings=parsed.events, source=ResultSource.ESPN, now=clock(), sport_key=sport_key)


def pull_scores(
    client: the_odds_api.Client, sport_key: str, *, days_from: int = 3, clock: Clock = timezone.now
) -> ResultCounts:
    """Fetch and apply the odds feed's scores, for sports that ESPN does not cover. Raises FeedError."""
    parsed = client.scores(sport_key, days_from=days_from)
    return apply_results(readings=parsed.events, source=ResultSource.THE_ODDS_API, now=clock())


def games_without_box_score(now: dt.datetime, *, most: int) -> list[Game]:
    """The games of the last days whose players had prices and whose box score is missing, latest first."""
    props = Selection.objects.filter(game=OuterRef("pk"), market__regex=PLAYER_MARKET)
    known = Q(espn_id__isnull=False) | Exists(told_by_espn(OuterRef("pk")))
    wanted = (
        Game.objects.final()
        .filter(known, Exists(props), player_stats__isnull=True)
        .starting_within(now - BOX_SCORES_WANTED, now)
        .order_by("-commence_time", "id")
    )
    return [game for game in wanted[: 4 * most] if espn.covers(game.sport_id)][:most]


def told_by_espn(game: Any) -> QuerySet[ScoreReading]:
    """ESPN's readings of a game, latest first: a game listed twice has ESPN's id on one of its rows only."""
    return ScoreReading.objects.filter(game=game, source=ResultSource.ESPN).order_by("-read_at", "-id")


def pull_box_score(client: espn.Client, game: Game, *, clock: Clock = timezone.now) -> int:
    """Fetch and store the box score of a final game; return the number of statistics. Raises FeedError."""
    event_id = game.espn_id or told_by_espn(game).values_list("source_event_id", flat=True)[0]
    summary = client.summary(game.sport_id, event_id)
    return record_box_score(game=game, stats=box_score(summary).lines, now=clock()).created
