"""Players: who scores what in a drawn basketball game, and the over/under lines books post on it."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterable
from typing import NamedTuple

from .beliefs import side_means
from .books import BookModel, american
from .draws import normal, stream, uniform
from .leagues import PlayerRow, Team, players
from .market import NEAR_WINDOW, Market, Offer, Quote
from .schedule import Fixture

STATS = {"player_points": "points", "player_rebounds": "rebounds", "player_assists": "assists"}
_SHOT_FACTOR = 2.1
_THREES, _FREE_THROWS = 0.30, 0.17


class Line(NamedTuple):
    """What a player has done so far."""

    player: PlayerRow
    starter: bool
    minutes: int
    points: int
    rebounds: int
    assists: int
    field_goals: tuple[int, int]
    threes: tuple[int, int]
    free_throws: tuple[int, int]


def offers(
    market: Market, fixture: Fixture, book: BookModel, keys: Iterable[str], at: dt.datetime
) -> list[Offer]:
    """A book's prop markets before the start; none in play, and none from books without props."""
    if not book.props or at >= fixture.starts_at or market.is_over(fixture, at):
        return []
    window = int(at.timestamp() // (NEAR_WINDOW * 2))
    stamp = dt.datetime.fromtimestamp(int(at.timestamp() // 60 * 60), dt.UTC)
    found = []
    for key in keys:
        quotes = [
            quote
            for team in (fixture.home, fixture.away)
            for player in players(fixture.model.sport_key, team.espn_id)
            for quote in _player_quotes(market, fixture, book, key, team, player, window)
        ]
        if quotes:
            found.append(Offer(key, stamp, tuple(quotes)))
    return found


def _player_quotes(
    market: Market, fixture: Fixture, book: BookModel, key: str, team: Team, player: PlayerRow, window: int
) -> tuple[Quote, ...]:
    words = (market.seed, fixture.event_id, book.key, key, player.name)
    if uniform(*words, "listed") < 0.06:
        return ()
    mean = _mean(market, fixture, STATS[key], team, player)
    if mean < 1.0:
        return ()
    seen = max(0.4, mean * (1 + 0.03 * book.noise * normal(*words, window // 6)))
    point = math.floor(seen) + 0.5
    over = _chance_over(key, seen, point, player)
    hold = book.overround + 0.02
    return (
        Quote("Over", american(over * (1 + hold), book.step), point, player.name),
        Quote("Under", american((1 - over) * (1 + hold), book.step), point, player.name),
    )


def _mean(market: Market, fixture: Fixture, stat: str, team: Team, player: PlayerRow) -> float:
    value: float = getattr(player, stat)
    if stat != "points":
        return value
    belief = market.belief(fixture, fixture.starts_at.timestamp())
    expected = side_means(belief)[0 if team == fixture.home else 1]
    return value * expected / (fixture.model.total / 2)


def _chance_over(key: str, mean: float, point: float, player: PlayerRow) -> float:
    if key == "player_points":
        share = min(0.9, player.points / 114)
        deviation = math.sqrt(mean * _SHOT_FACTOR * (1 - share) + (mean * 0.08) ** 2)
        return 0.5 * math.erfc((point - mean) / (deviation * math.sqrt(2)))
    weight, below = math.exp(-mean), 0.0
    for count in range(int(point) + 1):
        below += weight
        weight *= mean / (count + 1)
    return 1 - below


def box(market: Market, fixture: Fixture, team: Team, at: dt.datetime) -> list[Line]:
    """What the players of a side have done at an instant; scoring adds up to the side's score with the bench."""
    play = market.play(fixture)
    standing = play.standing(at)
    rows = players(fixture.model.sport_key, team.espn_id)
    scored = (play.home if team == fixture.home else play.away)[: standing.done]
    luck = stream(market.seed, "box", fixture.event_id, team.espn_id)
    shares = [row.points / (fixture.model.total / 2) for row in rows]
    tallies = [[0, 0, 0, 0, 0, 0, 0, 0] for _ in rows]  # twos, threes, free throws, misses of each, reb, ast
    segments = fixture.model.periods * fixture.model.segments
    for points in scored:
        while points > 0:
            size = _shot(luck.random(), points)
            points -= size
            scorer = _pick(luck.random(), shares)
            if scorer is not None:
                tallies[scorer][{2: 0, 3: 1, 1: 2}[size]] += 1
        for row, tally in zip(rows, tallies, strict=True):
            tally[6] += luck.random() < row.rebounds / segments
            tally[7] += luck.random() < row.assists / segments
            tally[3] += luck.random() < row.points / 4.4 / segments
            tally[4] += luck.random() < row.points / 6.0 / segments
    minutes = int(36 * standing.elapsed)
    return [_line(row, tally, minutes) for row, tally in zip(rows, tallies, strict=True)]


def _shot(luck: float, left: int) -> int:
    if left == 1 or luck < _FREE_THROWS:
        return 1
    return 3 if left >= 3 and luck > 1 - _THREES else 2


def _pick(luck: float, shares: list[float]) -> int | None:
    for index, share in enumerate(shares):
        luck -= share
        if luck < 0:
            return index
    return None


def _line(row: PlayerRow, tally: list[int], minutes: int) -> Line:
    twos, threes, free, missed, missed_threes, _, rebounds, assists = tally
    made, tried = twos + threes, twos + threes + missed + missed_threes
    return Line(
        player=row,
        starter=True,
        minutes=minutes,
        points=2 * twos + 3 * threes + free,
        rebounds=rebounds,
        assists=assists,
        field_goals=(made, tried),
        threes=(threes, threes + missed_threes),
        free_throws=(free, free),
    )
