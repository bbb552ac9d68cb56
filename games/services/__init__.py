"""Every write of the games that touches more than one row."""

from __future__ import annotations

from games.services.box_scores import BoxScoreCounts, PlayerLine, record_box_score
from games.services.fixtures import Fixture, Listing, ingest_games, list_games
from games.services.naming import keep_former_name
from games.services.past import PastFixture, PastGames, record_past_games
from games.services.placings import Finish, set_placings
from games.services.results import ResultCounts, apply_results
from games.services.staff import cancel, postpone, set_result

__all__ = [
    "BoxScoreCounts",
    "Finish",
    "Fixture",
    "Listing",
    "PastFixture",
    "PastGames",
    "PlayerLine",
    "ResultCounts",
    "apply_results",
    "cancel",
    "ingest_games",
    "keep_former_name",
    "list_games",
    "postpone",
    "record_box_score",
    "record_past_games",
    "set_placings",
    "set_result",
]
