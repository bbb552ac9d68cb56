"""The reason of a grade is stored once, shared by all legs that it fits, and kept for good."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction

from bets.models import BetEventKind, Grade
from bets.regrading import regrade_due
from bets.settlement import settle_due
from bets.tests.factories import FAR, PLACED, GradeFactory, ended, offered, place
from games.models import Game
from games.tests.factories import GameFactory, SportFactory, TeamFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def game() -> Game:
    sport = SportFactory()
    return GameFactory(
        sport=sport,
        home_team=TeamFactory(sport=sport, name="Celtics"),
        away_team=TeamFactory(sport=sport, name="Lakers"),
        commence_time=FAR,
    )


def test_bets_on_the_same_line_share_one_grade(game: Game) -> None:
    line = offered(game, "spreads", "away", point="-3.5")
    bets = [place(line) for _ in range(3)]
    other = place(offered(game, "spreads", "home", point="3.5"))
    ended(game, 104, 112)
    settle_due()
    shared = {bet.legs.get().grade_id for bet in bets}
    assert len(shared) == 1
    assert other.legs.get().grade_id not in shared
    assert Grade.objects.count() == 2


def test_a_grade_that_was_replaced_stays_on_record(game: Game) -> None:
    bet = place(offered(game, "spreads", "away", point="-3.5"))
    ended(game, 104, 112)
    settle_due()
    first = bet.legs.get().grade
    ended(game, 109, 112, updated_at=PLACED + dt.timedelta(days=1))
    assert regrade_due() == {"lost": 1}
    assert first is not None
    assert bet.legs.get().grade_id != first.pk
    assert Grade.objects.get(pk=first.pk).evidence == first.evidence
    before = bet.events.get(kind=BetEventKind.REGRADED).data["before"]
    assert before["legs"][0]["evidence"] == first.evidence


def test_grades_can_neither_be_changed_nor_deleted() -> None:
    grade = GradeFactory()
    for change in (
        lambda: Grade.objects.filter(pk=grade.pk).update(evidence={}),
        lambda: Grade.objects.filter(pk=grade.pk).delete(),
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()
    assert Grade.objects.get() == grade


@pytest.mark.parametrize("column", ["status", "payout", "settled_at", "revision"])
def test_no_index_of_the_bets_holds_what_settling_writes(column: str) -> None:
    """So that PostgreSQL writes a settled bet beside its old row (HOT) and touches no index."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = 'bets'")
        indexes = [row[0] for row in cursor.fetchall()]
    assert len(indexes) > 3
    assert not [index for index in indexes if column in index]
