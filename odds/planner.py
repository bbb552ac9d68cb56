"""The polling plan of this installation: its sports and games, its key and what is left of its credits."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.core.cache import cache
from django.db.models import Max

from feeds.http import Secret
from feeds.models import ApiCall, Provider, Quota
from feeds.the_odds_api import SANDBOX_KEY, cost_of
from games.models import Game, Sport

from .budget import MONTH, monthly_outrights, monthly_scores
from .planning import LEVELS, MONTH_DAYS, League, Plan, Pull, allowance, make_plan
from .pull import LONGEST_GAME, has_games_near, markets_of

HORIZON: Final = dt.timedelta(days=7)
GRACE: Final = dt.timedelta(minutes=10)
"""A planned poll that no worker made in this time is not made up for."""
PERIOD: Final = dt.timedelta(days=MONTH_DAYS)
OVERDUE: Final = dt.timedelta(days=7)
"""Where the provider's counter has not fallen after a month, the credits left are made to last this much longer."""
PLAN_KEPT: Final = 300
PULLED_KEPT: Final = 7 * 86_400


@dataclass(frozen=True)
class KeyState:
    """The credits of the configured key. ``left`` are neither used nor reserved; the sandbox has no limit."""

    limit: int
    used: int
    left: int
    period_start: dt.datetime
    period_end: dt.datetime
    is_known: bool
    blocked: str = ""


@dataclass(frozen=True)
class LeagueCost:
    """A sport's line of the forecast; ``monthly`` extends the planned week to thirty days."""

    title: str
    games: int
    pulls: int
    credits: int
    effort: str

    @property
    def monthly(self) -> int:
        return self.credits * MONTH_DAYS // HORIZON.days


@dataclass(frozen=True)
class Forecast:
    """What the plan of the coming week comes to, and where thirty days like it would end."""

    key: KeyState
    plan: Plan
    leagues: list[LeagueCost]
    outrights: int
    scores: int
    titles: dict[str, str]
    until: dt.datetime

    @property
    def monthly(self) -> int:
        return sum(league.monthly for league in self.leagues) + self.outrights + self.scores

    @property
    def upcoming(self) -> list[tuple[Pull, str]]:
        return [(pull, self.titles[pull.league]) for pull in self.plan.pulls]


def read_key(*, now: dt.datetime, credits_a_month: int | None = None) -> KeyState:
    """What the configured key has left; ``credits_a_month`` asks instead what a fresh key of that size would have.

    No header tells when the credits come back: a month after the counter was first seen to fall is assumed.
    """
    if credits_a_month is not None:
        return KeyState(credits_a_month, 0, credits_a_month, now, now + PERIOD, is_known=False)
    key = SANDBOX_KEY if settings.DEMO else settings.ODDS_API_KEY
    limit: int = settings.ODDS_API_MONTHLY_CREDITS
    quota = Quota.objects.current(
        provider=Provider.THE_ODDS_API, key_fingerprint=Secret(key).fingerprint()
    ).first()
    if quota is None:
        return KeyState(limit, 0, limit, now, now + PERIOD, is_known=False)
    if quota.limit is not None:
        limit = quota.limit
    end = quota.period_start + PERIOD
    return KeyState(
        limit,
        quota.used,
        max(0, limit - quota.used - quota.reserved),
        quota.period_start,
        end if end > now else now + OVERDUE,
        is_known=True,
        blocked=quota.get_block_display() if quota.block else "",
    )


def read_leagues(sports: Sequence[Sport], *, now: dt.datetime, regions: int | None = None) -> list[League]:
    """The sports of matches with the starts of their open games of the coming week. One statement."""
    count = len(settings.ODDS_API_REGIONS) if regions is None else regions
    matches = {sport.key: sport for sport in sports if not sport.has_outrights}
    starts: dict[str, list[dt.datetime]] = {key: [] for key in matches}
    games = (
        Game.objects.open()
        .matches()
        .filter(sport__in=matches)
        .starting_within(now - LONGEST_GAME, now + HORIZON + dt.timedelta(days=2))
        .order_by("commence_time")
    )
    for key, start in games.values_list("sport_id", "commence_time"):
        starts[key].append(start)
    return [
        League(key, cost_of(markets=len(markets_of(sport)), regions=count), tuple(starts[key]))
        for key, sport in matches.items()
    ]


def plan_week(sports: Sequence[Sport], *, now: dt.datetime, key: KeyState | None = None) -> Plan:
    """The plan of the coming week within what is left; outrights and scores are set aside first.

    Three statements at most. It begins a little before ``now``, so that what fell due a moment ago is in it.
    """
    state = key or read_key(now=now)
    until = now + HORIZON
    aside = (monthly_outrights(sports) + monthly_scores(sports)) * HORIZON // dt.timedelta(seconds=MONTH)
    share = allowance(left=state.left, now=now, period_end=state.period_end, until=until)
    budget = 0 if state.blocked else max(0, share - aside)
    return make_plan(read_leagues(sports, now=now), budget=budget, since=now - GRACE, until=until)


def forecast(sports: Sequence[Sport], *, now: dt.datetime, credits_a_month: int | None = None) -> Forecast:
    """The plan with its costs by sport; ``credits_a_month`` plans for a fresh key of that size instead."""
    key = read_key(now=now, credits_a_month=credits_a_month)
    plan = plan_week(sports, now=now, key=key)
    titles = {sport.key: sport.title for sport in sports}
    counts = {league.key: len(league.starts) for league in read_leagues(sports, now=now)}
    leagues = []
    for sport_key, level in plan.levels.items():
        pulls = plan.of(sport_key)
        effort = LEVELS[level - 1].words if level else "only the slates with most games" if pulls else ""
        if counts[sport_key]:
            cost = sum(pull.cost for pull in pulls)
            leagues.append(
                LeagueCost(titles[sport_key], counts[sport_key], len(pulls), cost, effort or "not at all")
            )
    leagues.sort(key=lambda league: (-league.credits, league.title))
    return Forecast(
        key, plan, leagues, monthly_outrights(sports), monthly_scores(sports), titles, now + HORIZON
    )


def due_sports(sports: Sequence[Sport], *, now: dt.datetime) -> set[str]:
    """Keys of the sports for which a planned poll has fallen due since they were last polled.

    A sport not polled for a week is due at once when games are near, so that a new installation's board fills. The plan is kept for five minutes, since a tick comes every twenty seconds.
    """
    name = "odds:plan:" + ",".join(sorted(sport.key for sport in sports))
    planned: list[tuple[dt.datetime, str]] | None = cache.get(name)
    if planned is None:
        soon = now + dt.timedelta(seconds=PLAN_KEPT)
        planned = [(pull.at, pull.league) for pull in plan_week(sports, now=now).pulls if pull.at <= soon]
        cache.set(name, planned, PLAN_KEPT)
    due = {key: at for at, key in planned if now - GRACE <= at <= now}
    latest = {sport.key: last_pull(sport.key, now=now) for sport in sports if not sport.has_outrights}
    unseen = [sport for sport in sports if latest.get(sport.key, now) < now - HORIZON]
    first = {sport.key for sport in unseen if has_games_near(sport, now)}
    return first | {key for key, at in due.items() if at > latest[key]}


def note_pull(sport_key: str, *, now: dt.datetime) -> None:
    """Remember that the sport's prices were asked for now."""
    cache.set(f"odds:pulled:{sport_key}", now, PULLED_KEPT)


def last_pull(sport_key: str, *, now: dt.datetime) -> dt.datetime:
    """When the sport's prices were last pulled, by the cache or else the record of calls; else long ago."""
    found: dt.datetime | None = cache.get(f"odds:pulled:{sport_key}")
    if found is None:
        calls = ApiCall.objects.filter(
            provider=Provider.THE_ODDS_API,
            endpoint=f"/v4/sports/{sport_key}/odds",
            status=200,
            at__gte=now - HORIZON,
        )
        found = calls.aggregate(latest=Max("at"))["latest"] or dt.datetime.min.replace(tzinfo=dt.UTC)
        note_pull(sport_key, now=found)
    return found
