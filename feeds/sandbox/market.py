"""How prices move: the market's belief walks from opening to start, each book follows late, with habits of its own.

A book looks at a market again when a window of its own ends; between two looks its price stands still. So a quote is a
function of (game, book, market, window), which makes history as cheap as the present.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from .beliefs import Belief, Chances, Outlook
from .books import BookModel, american
from .draws import normal, stream, uniform
from .leagues import Scoring
from .play import Play, wall_minutes
from .schedule import Fate, Fixture, Schedule

NEAR = dt.timedelta(hours=4)
NEAR_WINDOW, FAR_WINDOW = 480.0, 2700.0
LIVE_WINDOW = 300.0
LIVE_LAG = 45.0
ABSENT, SUSPENDED = 0.012, 0.05
UPDATE_CYCLE = 60
_STEPS = 48


class Quote(NamedTuple):
    """One outcome's price in whole American odds."""

    name: str
    price: int
    point: float | None = None
    description: str = ""


@dataclass(frozen=True)
class Offer:
    """A book's market at an instant."""

    key: str
    last_update: dt.datetime
    quotes: tuple[Quote, ...]


@dataclass(frozen=True)
class View:
    """What one book believes about one game at one look, and the standing it knows of."""

    outlook: Outlook
    overround: float
    elapsed: float
    overtime: bool


class Market:
    """Beliefs, plays and quotes of one seed."""

    def __init__(self, schedule: Schedule) -> None:
        self.schedule = schedule
        self.seed = schedule.seed
        self.speed = schedule.speed
        self.walk = lru_cache(maxsize=1536)(self._walk)
        self.play = lru_cache(maxsize=1536)(self._play)
        self._quotes = lru_cache(maxsize=16384)(self._quotes_of)

    def _walk(self, fixture: Fixture) -> tuple[tuple[float, ...], tuple[Belief, ...]]:
        """Times (unix) at which the market's belief changes, more of them near the start, and the beliefs."""
        model = fixture.model
        home, away = (self._strength(fixture, team) for team in (fixture.home.espn_id, fixture.away.espn_id))
        luck = stream(self.seed, "walk", fixture.event_id)
        margin = model.home_edge + home[0] - away[0]
        total = model.total + home[1] + away[1]
        start, length = fixture.starts_at.timestamp(), (fixture.starts_at - fixture.listed_at).total_seconds()
        times = sorted(start - length * luck.random() ** 2.4 for _ in range(_STEPS))
        size = model.drift / _STEPS**0.5
        beliefs = [Belief(margin, total)]
        for _ in times:
            margin += luck.gauss(0, size)
            total += luck.gauss(0, size * 1.2)
            beliefs.append(Belief(margin, total))
        return tuple(times), tuple(beliefs)

    def _strength(self, fixture: Fixture, team: str) -> tuple[float, float]:
        model, words = fixture.model, (self.seed, fixture.model.sport_key, team)
        return normal(*words, "margin") * model.margin_spread / 2**0.5, normal(
            *words, "total"
        ) * model.total_spread

    def belief(self, fixture: Fixture, moment: float) -> Belief:
        """The market's belief at a unix time; after the start it stays what it was."""
        times, beliefs = self.walk(fixture)
        return beliefs[bisect_right(times, moment)]

    def _play(self, fixture: Fixture) -> Play:
        closing = self.belief(fixture, fixture.starts_at.timestamp())
        return Play(fixture, closing, seed=self.seed, speed=self.speed)

    def is_over(self, fixture: Fixture, at: dt.datetime) -> bool:
        """True once the game has ended or is called off."""
        if fixture.called_off_at is not None:
            return at >= fixture.called_off_at
        played = (at - fixture.starts_at).total_seconds() * self.speed / 60
        shortest, longest = wall_minutes(fixture.model)
        if played < shortest or played >= longest:
            return played >= longest
        return at >= self.play(fixture).ends_at

    def offers(
        self, fixture: Fixture, book: BookModel, markets: tuple[str, ...], at: dt.datetime
    ) -> list[Offer]:
        """What a book offers on a game at an instant, in the order asked."""
        if at < self._opens(fixture, book) or self.is_over(fixture, at):
            return []
        live = at >= fixture.starts_at
        if live and not book.live:
            return []
        offers = []
        for market in markets:
            window, length, offset = self._window(fixture, book, market, at, live)
            quotes = self._quotes(fixture, book, market, live, window, length, offset)
            if quotes:
                offers.append(Offer(market, self._updated(fixture, book, at), quotes))
        return offers

    def _opens(self, fixture: Fixture, book: BookModel) -> dt.datetime:
        wait = (fixture.scheduled - fixture.listed_at) * 0.05
        return fixture.listed_at + wait * uniform(self.seed, fixture.event_id, book.key, "opens")

    def _window(
        self, fixture: Fixture, book: BookModel, market: str, at: dt.datetime, live: bool
    ) -> tuple[int, float, float]:
        if live:
            length = max(2.0, LIVE_WINDOW / self.speed)
        else:
            length = NEAR_WINDOW if fixture.scheduled - at < NEAR else FAR_WINDOW
        offset = uniform(self.seed, fixture.event_id, book.key, market, "window") * length
        return int((at.timestamp() - offset) // length), length, offset

    def _updated(self, fixture: Fixture, book: BookModel, at: dt.datetime) -> dt.datetime:
        """The book was last read within the last minute: the feed says so even when nothing changed."""
        phase = int(uniform(self.seed, fixture.event_id, book.key, "cycle") * UPDATE_CYCLE)
        stamp = int(at.timestamp())
        return dt.datetime.fromtimestamp(stamp - (stamp - phase) % UPDATE_CYCLE, dt.UTC)

    def _quotes_of(
        self,
        fixture: Fixture,
        book: BookModel,
        market: str,
        live: bool,
        window: int,
        length: float,
        offset: float,
    ) -> tuple[Quote, ...]:
        look = window * length + offset
        words = (self.seed, fixture.event_id, book.key, market, window, int(length))
        if uniform(*words, "absent") < (SUSPENDED if live else ABSENT):
            return ()
        view = self._view(fixture, book, look, live)
        if view is None or (view.overtime and market != "h2h") or (view.elapsed > 0.97 and market != "h2h"):
            return ()
        build = {"h2h": _h2h, "spreads": _spreads, "totals": _totals}[market]
        return build(fixture, view, book.step)

    def _view(self, fixture: Fixture, book: BookModel, look: float, live: bool) -> View | None:
        model = fixture.model
        size = model.noise * book.noise
        # a book's opinion outlives a look: it turns over every two hours or so
        mood = int(look // 7200)
        words = (self.seed, fixture.event_id, book.key, mood)
        belief = self.belief(fixture, look - book.lag)
        belief = Belief(
            belief.margin + size * normal(*words, "margin"),
            belief.total + size * 1.3 * normal(*words, "total"),
        )
        if not live:
            return View(Outlook(model, belief, 0, 0, 0.0), book.overround, 0.0, False)
        lag = LIVE_LAG * book.noise / self.speed
        seen = dt.datetime.fromtimestamp(max(look - lag, fixture.starts_at.timestamp()), dt.UTC)
        standing = self.play(fixture).standing(seen)
        if standing.final or (
            standing.elapsed >= 1.0 and model.scoring is not Scoring.GOALS and not standing.overtime
        ):
            return None
        elapsed = 0.94 if standing.overtime else min(standing.elapsed, 0.995)
        outlook = Outlook(model, belief, standing.home, standing.away, elapsed)
        return View(outlook, book.overround * 1.25, standing.elapsed, standing.overtime)


def _price(chance: float, overround: float, step: int) -> int:
    return american(chance * (1 + overround), step)


def _two_way(chances: Chances) -> tuple[float, float]:
    whole = chances.first + chances.second
    return chances.first / whole, chances.second / whole


def _extreme(chance: float) -> bool:
    return not 0.012 < chance < 0.988


def _h2h(fixture: Fixture, view: View, step: int) -> tuple[Quote, ...]:
    chances = view.outlook.winner()
    hold = view.overround
    if fixture.model.has_draw:
        if max(chances) > 0.985:
            return ()
        sides = (
            (fixture.home.name, chances.first),
            (fixture.away.name, chances.second),
            ("Draw", chances.push),
        )
        return tuple(Quote(name, _price(chance, hold * 1.4, step)) for name, chance in sides)
    first, second = _two_way(chances)
    if _extreme(first):
        return ()
    return (
        Quote(fixture.home.name, _price(first, hold, step)),
        Quote(fixture.away.name, _price(second, hold, step)),
    )


def _half(value: float) -> float:
    return round(value * 2) / 2


def _spreads(fixture: Fixture, view: View, step: int) -> tuple[Quote, ...]:
    outlook = view.outlook
    if fixture.model.scoring is Scoring.GOALS and not fixture.model.has_draw:
        point = -1.5 if outlook.margin > 0 else 1.5
    else:
        point = _half(-outlook.margin) or (-0.5 if outlook.margin > 0 else 0.5)
    first, second = _two_way(outlook.spread(point))
    if _extreme(first):
        return ()
    return (
        Quote(fixture.home.name, _price(first, view.overround, step), point),
        Quote(fixture.away.name, _price(second, view.overround, step), -point),
    )


def _totals(fixture: Fixture, view: View, step: int) -> tuple[Quote, ...]:
    outlook = view.outlook
    point = _half(outlook.total)
    if fixture.model.has_draw:
        point = int(outlook.total) + 0.5
    elif fixture.model.scoring is Scoring.GOALS:
        point = _half(outlook.total - 0.1)
    point = max(point, outlook.home + outlook.away + 0.5)
    first, second = _two_way(outlook.totals(point))
    if _extreme(first):
        return ()
    return (
        Quote("Over", _price(first, view.overround, step), point),
        Quote("Under", _price(second, view.overround, step), point),
    )


def is_played(fixture: Fixture) -> bool:
    """True for a game that was not called off."""
    return fixture.fate is Fate.PLAYED
