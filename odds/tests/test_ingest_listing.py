"""What a response means for games it names differently, or does not name at all."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from feeds.payloads import OddsEvent, Rejected
from games.models import Game, TeamAlias
from odds.ingest import IngestCounts, ingest_odds
from odds.ingest.service import OTHER_TEAMS
from odds.models import CurrentOdds, OddSnapshot, Selection
from odds.tests.test_ingest import AWAY, HOME, book, checksums, event, minute, moneyline, outcome, spread

pytestmark = pytest.mark.django_db

NBA = "basketball_nba"


def listing(*events: OddsEvent, at: int, rejected: tuple[Rejected, ...] = ()) -> IngestCounts:
    """A response with every event of the NBA."""
    return ingest_odds(
        events=events,
        captured_at=minute(at),
        polled_markets=("h2h", "spreads"),
        rejected=rejected,
        listed_sport=NBA,
    )


def between(home: str, away: str) -> OddsEvent:
    return OddsEvent("e1", NBA, "NBA", minute(600), home, away, (book(moneyline(), spread()),))


def prices() -> dict[tuple[str, str], tuple[Decimal, Decimal | None]]:
    rows = CurrentOdds.objects.select_related("selection")
    return {(row.selection.market, row.selection.side): (row.price, row.point) for row in rows}


def test_an_exchange_of_home_and_away_leaves_every_price_with_its_team() -> None:
    listing(event(book(moneyline(), spread())), at=1)
    before = prices()
    counts = listing(between(AWAY, HOME), at=2)
    assert (counts.unchanged, counts.snapshots) == (4, 0)
    assert prices() == before
    assert before["h2h", "home"] == (Decimal(-150), None)
    assert before["spreads", "home"] == (Decimal(-110), Decimal("-3.5"))
    assert Game.objects.filter(home_team__name=HOME, away_team__name=AWAY).exists()


def test_a_team_under_an_alias_is_no_other_team() -> None:
    listing(event(book(moneyline(), spread())), at=1)
    game = Game.objects.get()
    assert game.home_team is not None
    TeamAlias.objects.create(sport_id=NBA, team=game.home_team, name="Celtics")
    market = moneyline()
    renamed = (outcome("Celtics", -150), market.outcomes[1])
    listed = OddsEvent(
        "e1", NBA, "NBA", minute(600), "Celtics", AWAY, (book(type(market)("h2h", None, renamed)),)
    )
    counts = ingest_odds(events=[listed], captured_at=minute(2), polled_markets=("h2h",))
    assert (counts.unchanged, counts.snapshots, sum(counts.rejected.values())) == (2, 0, 0)


def test_prices_of_other_teams_under_the_same_event_id_are_left_out() -> None:
    listing(event(book(moneyline(), spread())), at=1)
    before = checksums()[1:6]
    counts = listing(between(HOME, "Toronto Raptors"), at=2)
    assert counts.rejected == {OTHER_TEAMS: 1}
    assert checksums()[1:6] == before
    assert not Selection.objects.filter(participant=AWAY).exists()


def test_a_game_that_is_listed_no_more_loses_its_prices_at_the_third_poll() -> None:
    both = event(book(moneyline())), event(book(moneyline()), external_id="e2")
    listing(*both, at=1)
    for poll in (2, 3):
        listing(both[0], at=poll)
        assert CurrentOdds.objects.filter(game__external_id="e2").count() == 2
    counts = listing(both[0], at=4)
    assert counts.withdrawals == 2
    assert not CurrentOdds.objects.filter(game__external_id="e2").exists()
    gone = OddSnapshot.objects.filter(game__external_id="e2", price=None)
    assert [row.timestamp for row in gone] == [minute(4)] * 2
    assert listing(both[0], at=5).withdrawals == 0


def test_an_empty_list_of_a_sport_counts_as_a_poll_without_its_games() -> None:
    listing(event(book(moneyline())), at=1)
    assert [listing(at=poll).withdrawals for poll in (2, 3, 4)] == [0, 0, 2]


def test_a_game_that_has_begun_keeps_its_last_prices() -> None:
    listing(event(book(moneyline())), at=1)
    for poll in (601, 602, 603, 604):
        listing(at=poll)
    assert CurrentOdds.objects.count() == 2


def test_other_sports_games_are_not_missed() -> None:
    listing(event(book(moneyline())), at=1)
    for poll in (2, 3, 4, 5):
        ingest_odds(
            events=[], captured_at=minute(poll), polled_markets=("h2h",), listed_sport="icehockey_nhl"
        )
    assert CurrentOdds.objects.count() == 2


def test_nothing_is_missed_while_an_event_of_the_list_could_not_be_read() -> None:
    listing(event(book(moneyline())), at=1)
    for poll in (2, 3, 4, 5):
        listing(at=poll, rejected=(Rejected("events[0]", "id is missing"),))
    assert CurrentOdds.objects.count() == 2


def test_the_number_of_statements_does_not_depend_on_the_games_that_are_missing() -> None:
    statements = []
    for size in (2, 20):
        CurrentOdds.objects.all().delete()
        many = [event(book(moneyline()), external_id=f"{size}-{number}") for number in range(size)]
        listing(*many, at=size)
        with CaptureQueriesContext(connection) as queries:
            listing(many[0], at=size + 1)
        statements.append(len(queries))
    assert statements[0] == statements[1]
