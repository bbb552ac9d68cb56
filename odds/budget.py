"""What the provider may be asked besides the planned polls, so that a month's credits last the month."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.conf import settings

from feeds import espn
from games.models import Sport

DAY: Final = 86_400
MONTH: Final = 30 * DAY
SCORES_COST: Final = 2
"""Credits of a sport's scores with those of the past days."""
SCORES_SHARE: Final = 4
"""A quarter of the month's credits at most goes to scores."""
SCORES_SOONEST: Final = 3 * 3_600
SCORES_LATEST: Final = 2 * DAY
"""The feed's scores reach three days back, so that asking more rarely would lose results."""
OUTRIGHTS_SHARE: Final = 10
"""A tenth of the month's credits at most goes to outrights, whose prices move slowly."""
OUTRIGHTS_SOONEST: Final = DAY


def has_to_buy_scores(sport: Sport) -> bool:
    """True for a sport of matches that ESPN does not cover."""
    return not sport.has_outrights and not espn.covers(sport.key)


def seconds_between_scores(sports: Iterable[Sport]) -> int:
    """The cadence at which the scores of those of the sports that ESPN does not cover keep to their share."""
    bought = sum(map(has_to_buy_scores, sports))
    share: int = settings.ODDS_API_MONTHLY_CREDITS // SCORES_SHARE
    rounds = share // (SCORES_COST * bought) if bought else 0
    return min(max(-(-MONTH // rounds), SCORES_SOONEST), SCORES_LATEST) if rounds else SCORES_LATEST


def seconds_between_outrights(sports: Iterable[Sport]) -> int:
    """The cadence, once a day at most, at which the outrights of the sports keep to their share."""
    each_round = len(settings.ODDS_API_REGIONS) * sum(sport.has_outrights for sport in sports)
    share: int = settings.ODDS_API_MONTHLY_CREDITS // OUTRIGHTS_SHARE
    rounds = share // each_round if each_round else 0
    return max(-(-MONTH // rounds), OUTRIGHTS_SOONEST) if rounds else MONTH


def monthly_scores(sports: Iterable[Sport]) -> int:
    """Credits a month for the scores that have to be bought."""
    listed = list(sports)
    return SCORES_COST * sum(map(has_to_buy_scores, listed)) * MONTH // seconds_between_scores(listed)


def monthly_outrights(sports: Iterable[Sport]) -> int:
    """Credits a month for outrights."""
    listed = list(sports)
    rounds = MONTH // seconds_between_outrights(listed)
    return len(settings.ODDS_API_REGIONS) * sum(sport.has_outrights for sport in listed) * rounds
