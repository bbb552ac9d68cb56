"""Results by hand."""

from __future__ import annotations

from typing import Any

import pytest

from accounts.tests.factories import UserFactory
from feeds.payloads import GameStatus as Status
from games.exceptions import ResultRefused
from games.models import Game, GameStatus, ScoreReading
from games.services import cancel, postpone, set_result
from games.tests.factories import GameFactory
from games.tests.readings import HOUR, LATER, MINUTE, START, espn, from_espn, state

pytestmark = pytest.mark.django_db


def test_staff_result_stands_above_the_feeds_which_are_recorded_beside_it() -> None:
    game, staff = GameFactory(commence_time=START), UserFactory(staff=True)
    from_espn(espn(game))
    set_result(game=game, status="final", home_score=113, away_score=104, by=staff, now=LATER + MINUTE)
    from_espn(espn(game, score=(111, 104)), now=LATER + 2 * MINUTE)
    assert state(game) == ("final", 113, 104)
    assert game.score_readings.count() == 3
    assert game.score_readings.get(source="staff").by == staff
    assert not Game.objects.with_conflicting_results().exists()


def test_cancelled_by_staff_stays_cancelled() -> None:
    game = GameFactory(commence_time=START)
    cancel(game=game, by=UserFactory(staff=True), now=START)
    from_espn(espn(game))
    assert state(game) == ("cancelled", None, None)


def test_postponed_by_staff_yields_to_news_but_not_to_a_repetition() -> None:
    game = GameFactory(commence_time=START)
    from_espn(espn(game, Status.SCHEDULED), now=START - HOUR)
    postpone(game=game, by=UserFactory(staff=True), now=START)
    from_espn(espn(game, Status.SCHEDULED), now=START + MINUTE)
    assert state(game)[0] == "postponed"
    from_espn(espn(game, Status.LIVE, (2, 0)), now=START + HOUR)
    assert state(game) == ("live", 2, 0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"status": "delayed"}, "not a game status"),
        ({"status": "final"}, "needs its score"),
        ({"status": "final", "home_score": 3}, "both scores or neither"),
        ({"status": "final", "home_score": 3, "away_score": -1}, "between 0 and"),
        ({"status": "postponed", "home_score": 0, "away_score": 0}, "has no score"),
    ],
)
def test_staff_result_that_contradicts_itself_is_refused(values: dict[str, Any], message: str) -> None:
    game = GameFactory(commence_time=START)
    with pytest.raises(ResultRefused, match=message):
        set_result(game=game, by=UserFactory(staff=True), now=LATER, **values)
    assert state(game) == ("scheduled", None, None)
    assert not ScoreReading.objects.exists()


def test_outright_has_placings_instead_of_a_score() -> None:
    game = GameFactory(outright=True)
    with pytest.raises(ResultRefused, match="placings"):
        set_result(
            game=game, status="final", home_score=1, away_score=0, by=UserFactory(staff=True), now=LATER
        )
    set_result(game=game, status="final", by=UserFactory(staff=True), now=LATER)
    assert state(game) == (GameStatus.FINAL, None, None)
