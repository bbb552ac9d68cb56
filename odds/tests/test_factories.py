from __future__ import annotations

import pytest

from odds.tests.factories import CurrentOddsFactory, HeartbeatFactory, SnapshotFactory


@pytest.mark.django_db
def test_every_factory_makes_a_row_the_database_accepts() -> None:
    snapshot, offer = SnapshotFactory(), CurrentOddsFactory()
    HeartbeatFactory()
    assert snapshot.game == snapshot.selection.game
    assert offer.game == offer.selection.game
