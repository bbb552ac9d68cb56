"""What beat runs: pulls that are due, and the partitions of the coming months.

Every pull fetches outside of any transaction and then makes one service call. One failing sport does not
stop the others; a refused key or spent credits stop the tick. Claims in the cache keep two workers from
pulling the same thing at once, and hold what is not due yet.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from feeds import espn, the_odds_api
from feeds.exceptions import BadKey, FeedError, OutOfCredits
from games.models import Sport
from games.services import ResultCounts

from . import partitions
from .books_page import keep_history
from .budget import has_to_buy_scores, seconds_between_outrights, seconds_between_scores
from .claims import LEASE, claimed
from .ingest import IngestCounts
from .planner import due_sports, note_pull
from .planning import SHORTEST
from .pull import (
    PROPS,
    days_without_result,
    games_without_box_score,
    in_season,
    pull_box_score,
    pull_fixtures,
    pull_props,
    pull_scoreboard,
    pull_scores,
    pull_sport,
    wanting_results,
)
from .retention import apply_retention

logger = logging.getLogger(__name__)

AFTER_FAILURE = 60
DEMO_EVERY = 15
DEMO_PROPS_EVERY = 120
DEMO_OUTRIGHTS_EVERY = 300
FIXTURES_EVERY = 1_800
IN_SEASON_EVERY = 600
RECENT = dt.timedelta(days=2)
RECENT_EVERY = {True: 10, False: 60}
OLD_EVERY = 1_800
BOX_SCORES_A_TICK = 6
BOX_SCORE_EVERY = 900


@shared_task(name="odds.tasks.pull_due_odds")
def pull_due_odds() -> str:
    """Pull the prices that are due; return a sentence for the log."""
    total = IngestCounts()
    with the_odds_api.Client.from_settings() as client:
        try:
            sports = _in_season(client)
            now = timezone.now()
            due = set() if settings.DEMO else due_sports(sports, now=now)
            for sport in sports:
                for name, every, pull in _odds_jobs(sport, sports, due):
                    with _due(f"{name}:{sport.key}", every) as is_due:
                        if is_due:
                            total += pull(client, sport)
        except FeedError as error:
            logger.error("pulling odds stops: %s", error)
    sentence = total.sentence()
    if total.responses:
        logger.info("pulled %s", sentence)
    return sentence


@shared_task(name="odds.tasks.pull_due_results")
def pull_due_results() -> str:
    """Pull the results that are due; return a sentence for the log."""
    total = ResultCounts()
    with espn.Client.from_settings() as scoreboards, the_odds_api.Client.from_settings() as scores:
        sports = list(wanting_results())
        scores_every = seconds_between_scores(sports)
        for sport in sports:
            try:
                total += _results_of(scoreboards, scores, sport, scores_every)
            except FeedError as error:
                logger.error("pulling scores of %s stops: %s", sport.key, error)
        _box_scores(scoreboards)
    sentence = f"{total.readings:,} readings, {total.games:,} games changed, {total.finals:,} finals"
    if total.readings:
        logger.info("results: %s", sentence)
    return sentence


@shared_task(name="odds.tasks.create_partitions")
def create_partitions() -> list[str]:
    """Create the archive's months ahead that are missing; return their names."""
    return partitions.create_months(partitions.months_ahead(timezone.now()))


@shared_task(name="odds.tasks.drop_expired_partitions")
def drop_expired_partitions() -> list[str]:
    """Drop the months beyond ARCHIVE_RETENTION_MONTHS, which keeps everything at 0; return their names."""
    return apply_retention(now=timezone.now(), months=settings.ARCHIVE_RETENTION_MONTHS).dropped


@shared_task(name="odds.tasks.compare_books")
def compare_books() -> int:
    """Work out what the page of bookmakers says of the past, so that no visitor waits for it; return the books."""
    return len(keep_history(now=timezone.now()).accuracy)


Job = tuple[str, int, Callable[[the_odds_api.Client, Sport], IngestCounts]]


def _odds_jobs(sport: Sport, sports: Iterable[Sport], due: set[str]) -> Iterator[Job]:
    """The jobs of a sport with their seconds; against a real key prices are pulled when the planner says so."""
    if settings.DEMO:
        yield "odds", DEMO_OUTRIGHTS_EVERY if sport.has_outrights else DEMO_EVERY, pull_sport
        if sport.key in PROPS:
            yield "props", DEMO_PROPS_EVERY, pull_props
        return
    if sport.has_outrights:
        yield "odds", seconds_between_outrights(sports), pull_sport
        return
    yield "fixtures", FIXTURES_EVERY, pull_fixtures
    if sport.key in due:
        yield "odds", int(SHORTEST.total_seconds()), _pull_planned


def _pull_planned(client: the_odds_api.Client, sport: Sport) -> IngestCounts:
    asked = timezone.now()
    counts = pull_sport(client, sport)
    note_pull(sport.key, now=asked)
    return counts


def _in_season(client: the_odds_api.Client) -> list[Sport]:
    """Our active sports that the feed offers now; its free list is asked for every ten minutes."""
    offered = cache.get("odds:in-season")
    if offered is None:
        offered = in_season(client)
        cache.set("odds:in-season", offered, IN_SEASON_EVERY)
    return list(Sport.objects.filter(active=True, key__in=offered))


def _results_of(
    scoreboards: espn.Client, scores: the_odds_api.Client, sport: Sport, scores_every: int
) -> ResultCounts:
    now = timezone.now()
    days = days_without_result(sport, now)
    total = ResultCounts()
    if not days:
        return total
    if has_to_buy_scores(sport):
        with _due(f"scores:{sport.key}", scores_every) as is_due:
            if is_due:
                total += pull_scores(scores, sport.key)
        return total
    for day in days:
        every = RECENT_EVERY[settings.DEMO] if day >= espn.us_day(now - RECENT) else OLD_EVERY
        with _due(f"scoreboard:{sport.key}:{day}", every) as is_due:
            if is_due:
                total += pull_scoreboard(scoreboards, sport.key, day)
    return total


def _box_scores(client: espn.Client) -> None:
    """Fetch a few box scores that are missing; one that ESPN does not have yet is tried again later."""
    for game in games_without_box_score(timezone.now(), most=BOX_SCORES_A_TICK):
        with _due(f"box-score:{game.pk}", BOX_SCORE_EVERY) as is_due:
            if is_due:
                pull_box_score(client, game)


@contextmanager
def _due(name: str, every: int) -> Iterator[bool]:
    """Tell whether the job is due and nobody else is at it; it is due again ``every`` seconds from its start.

    A failure of the job is logged here, and it is tried again soon; a refusal of the whole key is passed on.
    """
    every, pause = (max(1, round(seconds / settings.PACE)) for seconds in (every, min(every, AFTER_FAILURE)))
    hold = f"odds:hold:{name}"
    if cache.get(hold):
        yield False
        return
    with claimed(cache, f"odds:run:{name}", lease=LEASE / settings.PACE) as is_mine:
        if not is_mine:
            yield False
            return
        try:
            cache.set(hold, True, every)
            yield True
        except (BadKey, OutOfCredits):
            raise
        except FeedError as error:
            cache.set(hold, True, pause)
            logger.warning("%s failed: %s", name, error)
        except Exception:
            cache.set(hold, True, pause)
            logger.exception("%s failed", name)
