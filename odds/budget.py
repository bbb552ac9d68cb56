"""How often the provider may be asked, so that a month's credits last the month."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.conf import settings

from feeds import espn
from games.models import Sport

from .pull import markets_of

MONTH: Final = 30 * 86_400
SHORTEST: Final = 60
SCORES_COST: Final = 2
"""Credits of a sport's scores with those of the past days."""
SCORES_SHARE: Final = 4
"""A quarter of the month's credits at most goes to scores."""
SCORES_SOONEST: Final = 3 * 3_600
SCORES_LATEST: Final = 2 * 86_400
"""The feed's scores reach three days back, so that asking more rarely would lose results."""


def has_to_buy_scores(sport: Sport) -> bool:
    """True for a sport of matches that ESPN does not cover."""
    return not sport.has_outrights and not espn.covers(sport.key)


def seconds_between_scores(sports: Iterable[Sport]) -> int:
    """The cadence at which the scores of those of the sports that ESPN does not cover keep to their share."""
    bought = sum(map(has_to_buy_scores, sports))
    share: int = settings.ODDS_API_MONTHLY_CREDITS // SCORES_SHARE
    rounds = share // (SCORES_COST * bought) if bought else 0
    return min(max(-(-MONTH // rounds), SCORES_SOONEST), SCORES_LATEST) if rounds else SCORES_LATEST


def seconds_between_pulls(sports: Iterable[Sport], near: set[str]) -> int:
    """The cadence at which pulling all sports with games near for a whole month fits the month's credits.

    Outrights are pulled once a day; they, and the scores that have to be bought, are set aside first.
    """
    listed = list(sports)
    regions = len(settings.ODDS_API_REGIONS)
    outrights = 30 * sum(regions for sport in listed if sport.has_outrights)
    bought = SCORES_COST * sum(map(has_to_buy_scores, listed))
    scores = bought * MONTH // seconds_between_scores(listed)
    each_round = sum(regions * len(markets_of(sport)) for sport in listed if sport.key in near)
    budget: int = settings.ODDS_API_MONTHLY_CREDITS - outrights - scores
    rounds = budget // each_round if each_round else 0
    return max(-(-MONTH // rounds), SHORTEST) if rounds > 0 else MONTH
