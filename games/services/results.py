"""What came of the games: providers' readings become evidence, scores and states."""

from __future__ import annotations

import datetime as dt
import logging
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Min, OuterRef, Q, Subquery

from feeds.payloads import ScoreboardEvent, ScoreEvent
from games.matching import Candidate, Match, match_readings, sports_of
from games.models import Game, GameStatus, ResultSource, ScoreReading
from games.readings import ESPN, Reading, reading_of
from games.team_directory import TeamDirectory

logger = logging.getLogger(__name__)

DECIDED = (GameStatus.FINAL, GameStatus.CANCELLED, GameStatus.ABANDONED)
AROUND = dt.timedelta(hours=36)
STATE_FIELDS = [
    "status",
    "home_score",
    "away_score",
    "period_scores",
    "period",
    "clock",
    "espn_id",
    "updated_at",
]


@dataclass(frozen=True)
class ResultCounts:
    """What a call did: ``events`` came in, ``unmatched`` belong to no game of ours, ``silent`` said nothing."""

    events: int = 0
    silent: int = 0
    matched: int = 0
    unmatched: int = 0
    readings: int = 0
    games: int = 0
    finals: int = 0

    def __add__(self, other: ResultCounts) -> ResultCounts:
        return ResultCounts(*(getattr(self, f) + getattr(other, f) for f in self.__dataclass_fields__))


@transaction.atomic
def apply_results(
    *, readings: Iterable[ScoreboardEvent | ScoreEvent], source: str, now: dt.datetime, sport_key: str = ""
) -> ResultCounts:
    """Take over what ``source`` said of the games in a response received at ``now`` (UTC).

    ``sport_key`` stands in where ESPN's events do not name their league. A reading is stored when it says something
    new and is later than what the same source said before; a repeat only moves the time up to which the source has said
    so, and a response older than that changes nothing. A final score that contradicts the game's, or ceases to, touches
    the game's ``updated_at``, so that settlement looks again. The number of statements does not depend on the number of events. Raises ValueError for a source that is not a feed.
    """
    if source not in (ResultSource.ESPN, ResultSource.THE_ODDS_API):
        raise ValueError(f"{source!r} is not a source of feed results")
    events = list(readings)
    said = [reading for event in events if (reading := reading_of(event, sport_key=sport_key)) is not None]
    if any(reading.source != source for reading in said):
        raise ValueError(f"a reading of another source was given as {source}")
    matches, left = _match(said, source)
    for reading in left:
        logger.debug("no game for %s %s at %s", source, reading.event_id, reading.start)
    written, changed = _apply(matches, source, now) if matches else ([], [])
    return ResultCounts(
        events=len(events),
        silent=len(events) - len(said),
        matched=len(matches),
        unmatched=len(left),
        readings=len(written),
        games=len(changed),
        finals=sum(reading.status == GameStatus.FINAL for reading in written),
    )


def _match(readings: Sequence[Reading], source: str) -> tuple[list[Match], list[Reading]]:
    if not readings:
        return [], []
    ids = [reading.event_id for reading in readings]
    sport_keys = {key for reading in readings for key in sports_of(reading.sport_key)}
    starts = [reading.start for reading in readings]
    told = ScoreReading.objects.filter(game=OuterRef("pk"), source=source).order_by("-read_at", "-id")
    rows = (
        Game.objects.matches()
        .filter(
            Q(espn_id__in=ids)
            | Q(external_id__in=ids)
            | Q(
                sport_id__in=sport_keys,
                commence_time__gte=min(starts) - AROUND,
                commence_time__lte=max(starts) + AROUND,
            )
        )
        .values_list(
            "id",
            "external_id",
            "espn_id",
            "sport_id",
            "sport__time_zone",
            "home_team_id",
            "away_team_id",
            "commence_time",
            "status",
            "seen_at",
            Subquery(told.values("source_event_id")[:1]),
            Min("commence_times__seen_at"),
        )
    )
    candidates = [Candidate(*row) for row in rows]
    directory = TeamDirectory.of_sports({game.sport_key for game in candidates})
    return match_readings(readings, candidates, directory.find)


def _apply(matches: Sequence[Match], source: str, now: dt.datetime) -> tuple[list[ScoreReading], list[Game]]:
    by_game = {match.game_id: match.reading for match in matches}
    twins = {match.game_id for match in matches if match.is_twin}
    games = list(Game.objects.select_for_update().filter(id__in=by_game).order_by("id"))
    history = _History.of_games(by_game)
    written: list[ScoreReading] = []
    repeated: list[int] = []
    changed: list[Game] = []
    for game in games:
        reading = by_game[game.id]
        row = _row(game, reading, now)
        last = history.latest.get((game.id, source))
        if last is not None and now <= (last.confirmed_at or last.read_at):
            continue
        is_news = last is None or not _says_same(last, row)
        if last is None or is_news:
            written.append(row)
        else:
            repeated.append(last.pk)
        if _update(game, reading, history, is_news=is_news, is_twin=game.id in twins) or _disputes(
            game, row, last, history
        ):
            game.updated_at = now
            changed.append(game)
    if written:
        ScoreReading.objects.bulk_create(written)
    if repeated:
        ScoreReading.objects.filter(pk__in=repeated).update(confirmed_at=now)
    if changed:
        Game.objects.bulk_update(changed, STATE_FIELDS)
    return written, changed


class _History:
    """The readings on record that decide what a new one may do."""

    def __init__(self) -> None:
        self.latest: dict[tuple[uuid.UUID, str], ScoreReading] = {}
        self.final_source: dict[uuid.UUID, str] = {}

    @classmethod
    def of_games(cls, game_ids: Iterable[uuid.UUID]) -> _History:
        history = cls()
        rows = ScoreReading.objects.filter(game_id__in=list(game_ids))
        for row in rows.order_by("game_id", "source", "-read_at", "-id").distinct("game_id", "source"):
            history.latest[row.game_id, row.source] = row
        firsts = rows.filter(status=GameStatus.FINAL).order_by("game_id", "read_at", "id").distinct("game_id")
        history.final_source = dict(firsts.values_list("game_id", "source"))
        return history


def _row(game: Game, reading: Reading, now: dt.datetime) -> ScoreReading:
    return ScoreReading(
        game=game,
        source=reading.source,
        source_event_id=reading.event_id,
        status=reading.status,
        status_detail=reading.status_detail,
        home_score=reading.home_score,
        away_score=reading.away_score,
        period_scores=reading.period_scores,
        read_at=now,
    )


def _says_same(one: ScoreReading, other: ScoreReading) -> bool:
    fields = ("source_event_id", "status", "status_detail", "home_score", "away_score", "period_scores")
    return all(getattr(one, field) == getattr(other, field) for field in fields)


def _disputes(game: Game, row: ScoreReading, last: ScoreReading | None, history: _History) -> bool:
    """Tell whether the source begins or ceases to contradict the game's final score, which staff has not set."""
    staff = history.latest.get((game.id, ResultSource.STAFF))
    if game.status != GameStatus.FINAL or (staff is not None and staff.status == GameStatus.FINAL):
        return False
    return _contradicts(game, row) != (last is not None and _contradicts(game, last))


def _contradicts(game: Game, row: ScoreReading) -> bool:
    scores = (row.home_score, row.away_score)
    return row.status == GameStatus.FINAL and scores != (game.home_score, game.away_score)


def _update(game: Game, reading: Reading, history: _History, *, is_news: bool, is_twin: bool) -> bool:
    """Take the reading over where it may be; return whether the game changed. A twin has no ESPN id of its own."""
    before = [getattr(game, field) for field in STATE_FIELDS]
    if reading.source == ESPN and game.espn_id is None and not is_twin:
        game.espn_id = reading.event_id[:16]
    if _may_set_state(game, reading, history, is_news=is_news):
        set_state(game, reading)
    elif _confirms(game, reading) and not game.period_scores:
        game.period_scores = reading.period_scores
    return before != [getattr(game, field) for field in STATE_FIELDS]


def _may_set_state(game: Game, reading: Reading, history: _History, *, is_news: bool) -> bool:
    """Staff's decision stands; a result is corrected only by the source it came from; ESPN leads in all else."""
    staff = history.latest.get((game.id, ResultSource.STAFF))
    if staff is not None and (staff.status in DECIDED or not is_news):
        return False
    if game.status == GameStatus.FINAL:
        return reading.is_final and history.final_source.get(game.id) in (None, reading.source)
    if reading.source == ESPN:
        return True
    if reading.is_final:
        return game.status not in (GameStatus.CANCELLED, GameStatus.ABANDONED)
    has_espn = (game.id, ESPN) in history.latest
    return game.status in (GameStatus.SCHEDULED, GameStatus.LIVE) and not has_espn


def _confirms(game: Game, reading: Reading) -> bool:
    same_score = (game.home_score, game.away_score) == (reading.home_score, reading.away_score)
    return game.status == GameStatus.FINAL and reading.is_final and same_score


def set_state(game: Game, reading: Reading) -> None:
    """Copy status, scores, periods and clock onto the game, unsaved; a repeated result does not wipe its periods.

    A game that is abandoned keeps the score it had if the source gives none.
    """
    if reading.status == GameStatus.ABANDONED and reading.home_score is None:
        game.status = reading.status
        return
    if reading.period_scores or not _confirms(game, reading):
        game.period_scores = reading.period_scores
    game.status = reading.status
    game.home_score = reading.home_score
    game.away_score = reading.away_score
    if reading.status != GameStatus.ABANDONED or reading.clock:
        game.period = reading.period
        game.clock = reading.clock
