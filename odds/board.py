"""The board: the matches of one day with the best prices, read in a constant number of statements."""

from __future__ import annotations

import datetime as dt
import uuid
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from typing import Any, Final

from django.core.paginator import Page, Paginator
from django.db.models import Case, Count, IntegerField, Max, Q, Value, When
from django.urls import reverse

from games.days import day_bounds
from games.models import Game, GameQuerySet, GameStatus, Sport, Team
from odds import as_of, pricing
from odds.best_prices import CHANGE_SHOWN_FOR, GamePrices, Quote, best_on_main_lines
from odds.models import Heartbeat
from odds.sparklines import Sparkline, favourite, read_sparklines
from odds.wording import next_minute

PAGE_SIZE: Final = 50
FUTURES_SHOWN: Final = 12
LONGEST_EVENT: Final = dt.timedelta(days=60)
STATUSES: Final = {
    "all": None,
    "live": GameStatus.LIVE,
    "upcoming": GameStatus.SCHEDULED,
    "final": GameStatus.FINAL,
}
GROUPINGS: Final = ("sport", "time")
STEPS: Final = (
    ("1 day earlier", -dt.timedelta(days=1)),
    ("1 h earlier", -dt.timedelta(hours=1)),
    ("1 h later", dt.timedelta(hours=1)),
    ("1 day later", dt.timedelta(days=1)),
)
LOWEST_HOLD: Final = Fraction(-1, 10)
"""Below it the prices are of different moments, not an arbitrage, and no hold is shown."""
AWAY_FIRST: Final = ("americanfootball_", "basketball_", "baseball_", "icehockey_", "lacrosse_")


@dataclass(frozen=True, slots=True)
class BoardRequest:
    """Which part of the board is wanted; ``zone`` says where the day begins, ``at`` which past is shown."""

    day: dt.date
    zone: zoneinfo.ZoneInfo
    sport: Sport | None = None
    status: str = "all"
    group: str = "sport"
    page: int = 1
    at: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class SideRow:
    """One line of a game: a team (or the draw) with its prices and score."""

    side: str
    team: Team | None
    name: str
    score: int | None
    behind: bool
    moneyline: Quote | None
    spread: Quote | None
    total: Quote | None

    @property
    def quotes(self) -> list[Quote]:
        return [quote for quote in (self.moneyline, self.spread, self.total) if quote is not None]

    @property
    def moneyline_name(self) -> str:
        return f"{self.name}, moneyline"

    @property
    def spread_name(self) -> str:
        return f"{self.name}, spread"


@dataclass(frozen=True, slots=True)
class BoardRow:
    game: Game
    sides: list[SideRow]
    hold: Fraction | None
    books: int
    bettable: bool
    sparkline: Sparkline | None = None


@dataclass(frozen=True, slots=True)
class BoardGroup:
    """Games under one heading; ``sport`` is None where they are not grouped."""

    sport: Sport | None
    rows: list[BoardRow]


@dataclass(frozen=True, slots=True)
class SportCount:
    sport: Sport
    games: int


@dataclass(frozen=True)
class Board:
    request: BoardRequest
    now: dt.datetime
    sports: list[SportCount]
    statuses: dict[str, int]
    page: Page[Game]
    groups: list[BoardGroup] = field(default_factory=list)
    books: int = 0
    seen_at: dt.datetime | None = None

    @cached_property
    def today(self) -> dt.date:
        return self.now.astimezone(self.request.zone).date()

    def changes_at(self) -> list[dt.datetime]:
        """The instants at which the board reads otherwise though nothing is written: starts, marks, midnight."""
        rows = [row for group in self.groups for row in group.rows]
        starts = [next_minute(row.game.commence_time, self.now) for row in rows if row.bettable]
        quotes = [
            quote for row in rows for side in row.sides for quote in side.quotes if quote.change(self.now)
        ]
        marks = [quote.changed_at + CHANGE_SHOWN_FOR for quote in quotes]
        return [*starts, *marks, day_bounds(self.today, self.request.zone)[1]]

    @cached_property
    def stream(self) -> str:
        """Address at which changes of its unfinished games are told; empty where there are none."""
        games = [str(row.game.pk) for group in self.groups for row in group.rows if not row.game.completed]
        return f"{reverse('api:stream-list')}?game={','.join(sorted(games))}" if games else ""

    @cached_property
    def all_games(self) -> int:
        return sum(count.games for count in self.sports)

    @cached_property
    def idle_sports(self) -> list[Sport]:
        """Sports in season without a game that day."""
        return [count.sport for count in self.sports if not count.games and count.sport != self.request.sport]

    @cached_property
    def steps(self) -> list[tuple[str, dt.datetime]]:
        """From a past board to others a little earlier and later, the present left out."""
        if self.request.at is None:
            return []
        beside = [(name, self.request.at + step) for name, step in STEPS]
        return [(name, instant) for name, instant in beside if instant < self.now]

    @cached_property
    def days(self) -> list[dt.date]:
        """The day strip: yesterday to four days ahead, or the days around a day farther away."""
        day, today = self.request.day, self.today
        first = today if -1 <= (day - today).days <= 4 else day
        return [first + dt.timedelta(days=offset) for offset in range(-1, 5)]


def games_of(day: dt.date, zone: zoneinfo.ZoneInfo, now: dt.datetime) -> GameQuerySet:
    """Matches that start on that day; on the present day also those still live from before it."""
    start, end = day_bounds(day, zone)
    live_from = start - as_of.STILL_LIVE_AFTER if start <= now < end else None
    return Game.objects.matches().filter(on_day(start, end, live_from))


def on_day(start: Any, end: Any, live_from: Any | None) -> Q:
    """Games that start on a day, and those live since before it that started from ``live_from`` on."""
    found = Q(commence_time__gte=start, commence_time__lt=end)
    if live_from is not None:
        found |= Q(status=GameStatus.LIVE, commence_time__gte=live_from, commence_time__lt=start)
    return found


def read_board(request: BoardRequest, *, now: dt.datetime, with_sparklines: bool = True) -> Board:
    """Counts, games and prices of the wanted part of the board: six statements, whatever the number of games.

    A past board, with ``at``, is made of snapshots and of what had been announced by then; it takes as
    many, counts all its games as one, and nothing on it can be bet on.
    """
    if request.at is None:
        games = games_of(request.day, request.zone, now)
    else:
        games = as_of.matches_between(*day_bounds(request.day, request.zone), request.at)
    sports, statuses = _counts(games, request.sport)
    wanted = STATUSES[request.status]
    if request.sport is not None:
        games = games.filter(sport=request.sport)
    if wanted is not None:
        games = games.filter(status=wanted)
    games = ordered(games.with_names(), request.group, past=request.at is not None)
    paginator = Paginator(games, PAGE_SIZE)
    paginator.count = statuses[request.status]  # counted already, for the rail
    page = paginator.get_page(request.page)
    shown = list(page.object_list)
    ids = [game.pk for game in shown]
    prices = best_on_main_lines(ids, at=request.at)
    if request.at is None:
        seen = Heartbeat.objects.filter(game__in=ids).aggregate(at=Max("seen_at"))["at"]
    else:
        as_of.set_back(shown, request.at)
        seen = request.at
    drawn = _sparklines(prices, now) if with_sparklines and request.at is None else {}
    rows = [
        board_row(
            game,
            prices.get(game.pk),
            now=request.at or now,
            past=bool(request.at),
            sparkline=drawn.get(game.pk),
        )
        for game in shown
    ]
    return Board(
        request=request,
        now=now,
        sports=sports,
        statuses=statuses if request.at is None else {"all": statuses["all"]},
        page=page,
        groups=_grouped(rows, request.group),
        books=max((row.books for row in rows), default=0),
        seen_at=seen,
    )


def nearest_days(board: Board) -> tuple[dt.date | None, dt.date | None]:
    """The last day before and the first day after the board's with a match of its sport; one statement."""
    request = board.request
    start, end = day_bounds(request.day, request.zone)
    games = Game.objects.matches()
    if request.sport is not None:
        games = games.filter(sport=request.sport)
    before = games.filter(commence_time__lt=start).order_by("-commence_time").values("commence_time")[:1]
    after = games.filter(commence_time__gte=end).order_by("commence_time").values("commence_time")[:1]
    found = {row["commence_time"].astimezone(request.zone).date() for row in before.union(after, all=True)}
    return (
        max((day for day in found if day < request.day), default=None),
        min((day for day in found if day > request.day), default=None),
    )


def open_outrights(now: dt.datetime) -> list[Game]:
    """Futures without a result yet, soonest first; one that began long ago is not offered any more."""
    outrights = Game.objects.outrights().open().filter(commence_time__gte=now - LONGEST_EVENT)
    return list(outrights.with_names().in_start_order()[:FUTURES_SHOWN])


def board_row(
    game: Game,
    prices: GamePrices | None,
    *,
    now: dt.datetime,
    past: bool = False,
    sparkline: Sparkline | None = None,
) -> BoardRow:
    """A game as the board shows it. US sports name the visitor first, the others the host."""
    quotes = prices or GamePrices(quotes={}, books=0)
    order = sides_in_order(game.sport_id, has_draw=quotes.get("h2h", "draw") is not None)
    sides = [_side(game, side, quotes, first=order[0]) for side in order]
    moneylines = [quotes.get("h2h", side) for side in order]
    all_prices = [quote.price for quote in moneylines if quote is not None]
    return BoardRow(
        game=game,
        sides=sides,
        hold=hold_of(all_prices) if len(all_prices) == len(order) else None,
        books=quotes.books,
        bettable=not past and game.status == GameStatus.SCHEDULED and game.commence_time > now,
        sparkline=sparkline,
    )


def sides_in_order(sport: str, *, has_draw: bool) -> list[str]:
    """The lines of a game of the sport."""
    order = ["away", "home"] if sport.startswith(AWAY_FIRST) else ["home", "away"]
    if has_draw or sport.startswith("soccer_"):
        order.insert(1, "draw")
    return order


def hold_of(prices: Sequence[Decimal]) -> Fraction | None:
    """The hold of the best prices of all sides; None where they are of different moments."""
    hold = pricing.hold(prices)
    return hold if hold >= LOWEST_HOLD else None


def _sparklines(prices: dict[uuid.UUID, GamePrices], now: dt.datetime) -> dict[uuid.UUID, Sparkline]:
    chosen = {game: quote for game, each in prices.items() if (quote := favourite(each)) is not None}
    drawn = read_sparklines(chosen.values(), now=now)
    return {game: drawn[quote.selection_id] for game, quote in chosen.items() if quote.selection_id in drawn}


def _side(game: Game, side: str, quotes: GamePrices, *, first: str) -> SideRow:
    if side == "draw":
        return SideRow("draw", None, "Draw", None, False, quotes.get("h2h", "draw"), None, None)
    home = side == "home"
    team = game.home_team if home else game.away_team
    score, other = (game.home_score, game.away_score) if home else (game.away_score, game.home_score)
    return SideRow(
        side=side,
        team=team,
        name=team.name if team else game.title,
        score=score,
        behind=score is not None and other is not None and score < other,
        moneyline=quotes.get("h2h", side),
        spread=quotes.get("spreads", side),
        total=quotes.get("totals", "over" if side == first else "under"),
    )


def _counts(games: GameQuerySet, sport: Sport | None) -> tuple[list[SportCount], dict[str, int]]:
    counted = games.order_by().values_list("sport_id", "status").annotate(games=Count("pk"))
    by_sport: dict[str, int] = {}
    statuses = dict.fromkeys(STATUSES, 0)
    for sport_id, status, number in counted:
        by_sport[sport_id] = by_sport.get(sport_id, 0) + number
        if sport is None or sport.key == sport_id:
            statuses["all"] += number
            for name, wanted in STATUSES.items():
                if wanted == status:
                    statuses[name] += number
    listed = Sport.objects.filter(Q(pk__in=by_sport) | Q(active=True, has_outrights=False))
    sports = [SportCount(each, by_sport.get(each.key, 0)) for each in listed.order_by("title", "key")]
    sports.sort(key=lambda count: not count.games)
    return sports, statuses


def ordered(games: GameQuerySet, group: str, *, past: bool) -> GameQuerySet:
    """In the order of the board's page."""
    if past:  # by the starts of then; what has become of a game since is no order
        by_time = ("started", "id")
        return (
            games.order_by(*by_time)
            if group == "time"
            else games.order_by("sport__title", "sport_id", *by_time)
        )
    if group == "time":
        return games.in_start_order()
    rank = Case(
        When(status=GameStatus.LIVE, then=Value(0)),
        When(status=GameStatus.SCHEDULED, then=Value(1)),
        When(status=GameStatus.FINAL, then=Value(3)),
        default=Value(2),
        output_field=IntegerField(),
    )
    return games.alias(rank=rank).order_by("sport__title", "sport_id", "rank", "commence_time", "id")


def _grouped(rows: Sequence[BoardRow], group: str) -> list[BoardGroup]:
    if group == "time":
        return [BoardGroup(None, list(rows))] if rows else []
    groups: list[BoardGroup] = []
    for row in rows:
        if not groups or groups[-1].sport != row.game.sport:
            groups.append(BoardGroup(row.game.sport, []))
        groups[-1].rows.append(row)
    return groups
