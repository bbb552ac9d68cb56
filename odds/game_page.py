"""The game page: every book's prices of one group of markets, and the movement of one selection."""

from __future__ import annotations

import datetime as dt
import itertools
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final

from games.models import Game, GameStatus
from odds import markets, pricing
from odds.as_of import Timeline, offers_at, read_timeline, set_back
from odds.best_prices import CHANGE_SHOWN_FOR, Quote, short_code
from odds.board import AWAY_FIRST
from odds.grids import (
    SIDE_ORDER,
    STALE_AFTER,
    Book,
    BookGrid,
    LineGrid,
    Outcome,
    Seen,
    grids_of,
)
from odds.models import CurrentOdds, Heartbeat, Selection
from odds.movement import Change, Movement, Series, moved, newest_changes, read_movement
from odds.prices import actual_start
from odds.steam import Move, Steam, moves_of, steam_of
from odds.tabs import Tab, tabs_of
from odds.wording import next_minute

CHANGES_LISTED: Final = 200
MOVES_LISTED: Final = 30


class UnknownTab(LookupError):
    """The game has no such tab; the text names those it has."""


class UnknownSelection(LookupError):
    """The tab has no such selection."""


@dataclass(frozen=True, slots=True)
class ChartChoice:
    """The selections of one market that can be drawn."""

    market: str
    title: str
    outcomes: list[Outcome]


@dataclass(frozen=True, slots=True)
class BookLine:
    """A book's movement in the table: first seen, latest, and the closing price once the game has begun."""

    series: Series
    closing: Change | None
    moved: Decimal | None


@dataclass(frozen=True, slots=True)
class Facts:
    """The side panel: the book with the best price now, there first and now, and the hold of the market."""

    book: str
    first: Change
    now: Quote
    moved: Decimal | None
    hold: Fraction | None


@dataclass(frozen=True, slots=True)
class Periods:
    """Score by period; ``sides`` holds name, periods and total in the order of the header."""

    numbers: range
    sides: list[tuple[str, list[int | str], int | None]]


@dataclass(frozen=True)
class GamePage:
    game: Game
    tabs: list[Tab]
    tab: Tab | None
    grids: list[BookGrid | LineGrid]
    choices: list[ChartChoice]
    charted: Outcome | None
    movement: Movement | None
    changes: list[tuple[str, Change]]
    lines: list[BookLine]
    moves: list[Move]
    steam: list[Steam]
    facts: Facts | None
    periods: Periods | None
    bettable: bool
    seen: Seen
    changed: list[dt.datetime]
    timeline: Timeline | None
    at: dt.datetime | None = None

    @property
    def seen_at(self) -> dt.datetime | None:
        """When any book was last seen to quote the game."""
        return max(self.seen.values(), default=None)

    @property
    def slider_end(self) -> dt.datetime | None:
        """The latest instant to go back from: the last sighting, or the last change where that is later."""
        if self.timeline is None:
            return None
        return max(filter(None, (self.timeline.last, self.seen_at)))

    def changes_at(self, now: dt.datetime) -> list[dt.datetime]:
        """The instants at which the page reads otherwise though nothing is written: ages, the start, marks."""
        times = [*self.seen.values(), *([self.game.commence_time] if self.bettable else [])]
        marks = [at + CHANGE_SHOWN_FOR for at in self.changed if at + CHANGE_SHOWN_FOR > now]
        return [*(next_minute(at, now) for at in times), *marks]


def read_game(game_id: uuid.UUID) -> Game:
    """The game with its sport and teams. Raises Game.DoesNotExist."""
    return Game.objects.with_names().get(pk=game_id)


def read_page(
    game: Game, *, tab: str = "", chart: int | None = None, now: dt.datetime, at: dt.datetime | None = None
) -> GamePage:
    """All of the page in five statements, or with ``at`` that of a past instant in six.

    The past is made of snapshots and of what had been announced by then: ``game`` is set back to it in memory.
    Raises UnknownTab or UnknownSelection.
    """
    outcomes = _outcomes(game)
    tabs = tabs_of({outcome.market for outcome in outcomes.values()})
    chosen = _tab(tabs, tab)
    keys = chosen.markets if chosen else ()
    seen = read_seen(game.pk)
    if at is None:
        quotes, books = _quotes(game, keys, outcomes)
        bettable = game.status == GameStatus.SCHEDULED and game.commence_time > now
        fresh = _fresh(now if bettable else max(seen.values(), default=now))
        grids = grids_of(quotes, outcomes, books, seen, fresh)
    else:
        set_back([game], at)
        quotes, books = _quotes_at(game, keys, outcomes, at)
        bettable = False
        grids = grids_of(quotes, outcomes, books, _changed_at(quotes), dt.datetime.min.replace(tzinfo=dt.UTC))
    choices = _choices(keys, outcomes)
    charted = _charted(chart, choices, quotes)
    movement = (
        read_movement(game.pk, selection=charted.id, market=charted.market, seen=seen) if charted else None
    )
    moves = moves_of(movement, until=game.commence_time) if movement else []
    return GamePage(
        game=game,
        tabs=tabs,
        tab=chosen,
        grids=grids,
        choices=choices,
        charted=charted,
        movement=movement,
        changes=newest_changes(movement, CHANGES_LISTED) if movement else [],
        lines=_lines(movement, game, now),
        moves=moves[::-1][:MOVES_LISTED],
        steam=steam_of(moves),
        facts=_facts(charted, movement, grids, at),
        periods=_periods(game),
        bettable=bettable,
        seen=seen,
        changed=[quote.changed_at for quote in quotes] if at is None else [],
        timeline=read_timeline(
            game.pk, [outcome.id for outcome in outcomes.values() if outcome.market in keys], at
        ),
        at=at,
    )


def read_seen(game_id: uuid.UUID) -> Seen:
    """When each book was last seen to quote each scope of the game."""
    rows = Heartbeat.objects.filter(game=game_id).values_list("bookmaker__key", "scope", "seen_at")
    return {(book, scope): at for book, scope, at in rows}


def _fresh(now: dt.datetime) -> dt.datetime:
    return now - STALE_AFTER


def _outcomes(game: Game) -> dict[int, Outcome]:
    rows = Selection.objects.filter(game=game).values_list("pk", "market", "participant", "side")
    order = SIDE_ORDER[game.sport_id.startswith(AWAY_FIRST)]
    return {
        pk: Outcome(pk, market, participant, side, outcome_name(game, participant, side), order.index(side))
        for pk, market, participant, side in rows
    }


def outcome_name(game: Game, participant: str, side: str) -> str:
    """Who or what is backed: the team of a side, else the participant and the side."""
    team = {"home": game.home_team, "away": game.away_team}.get(side)
    if team is not None:
        return team.name
    if side == "win":
        return participant
    return f"{participant} {side}" if participant else side.capitalize()


def _tab(tabs: Sequence[Tab], key: str) -> Tab | None:
    if not key:
        return tabs[0] if tabs else None
    for tab in tabs:
        if tab.key == key:
            return tab
    known = ", ".join(tab.key for tab in tabs) or "none yet"
    raise UnknownTab(f"tab: this game has no “{key}”; it has {known}.")


def _quotes(
    game: Game, keys: Sequence[str], outcomes: dict[int, Outcome]
) -> tuple[list[Quote], dict[str, Book]]:
    if not keys:
        return [], {}
    rows = CurrentOdds.objects.filter(game=game, selection__market__in=keys, bookmaker__active=True).values_list(
        "selection_id", "selection__market", "selection__side", "point", "price", "previous_price",
        "changed_at", "bookmaker__key", "bookmaker__title", "bookmaker__short",
    )  # fmt: skip
    quotes = []
    books: dict[str, Book] = {}
    for selection, market, side, point, price, previous, changed, key, title, short in rows:
        if selection not in outcomes:
            continue
        book = books.setdefault(key, Book(key, title, short_code(title, short)))
        quotes.append(Quote(selection, market, side, point, price, previous, changed, key, title, book.short))
    quotes.sort(key=lambda quote: (keys.index(quote.market), quote.selection_id))
    return quotes, books


def _quotes_at(
    game: Game, keys: Sequence[str], outcomes: dict[int, Outcome], at: dt.datetime
) -> tuple[list[Quote], dict[str, Book]]:
    quotes = []
    books: dict[str, Book] = {}
    for offer in offers_at([game.pk], keys, at):
        if not offer.book_is_active:
            continue
        key, title = offer.book_key, offer.book_title
        book = books.setdefault(key, Book(key, title, short_code(title, offer.book_short)))
        backed = outcomes[offer.selection_id]
        quotes.append(
            Quote(
                backed.id, backed.market, backed.side, offer.point, offer.price, None, offer.captured_at,
                key, title, book.short,
            )
        )  # fmt: skip
    quotes.sort(key=lambda quote: (keys.index(quote.market), quote.selection_id))
    return quotes, books


def _changed_at(quotes: Sequence[Quote]) -> Seen:
    """When each book's lines last changed, in the place of when it was seen, of which no history is kept."""
    changed: Seen = {}
    for quote in quotes:
        place = (quote.book_key, markets.scope(quote.market))
        changed[place] = max(changed.get(place, quote.changed_at), quote.changed_at)
    return changed


def _choices(keys: Sequence[str], outcomes: dict[int, Outcome]) -> list[ChartChoice]:
    members = sorted(
        (outcome for outcome in outcomes.values() if outcome.market in keys),
        key=lambda outcome: (keys.index(outcome.market), outcome.participant, outcome.rank),
    )
    return [
        ChartChoice(market, markets.title(market), list(group))
        for market, group in itertools.groupby(members, key=lambda outcome: outcome.market)
    ]


def _charted(chart: int | None, choices: list[ChartChoice], quotes: Sequence[Quote]) -> Outcome | None:
    every = [outcome for choice in choices for outcome in choice.outcomes]
    if chart is not None:
        for outcome in every:
            if outcome.id == chart:
                return outcome
        raise UnknownSelection(f"chart: there is no selection {chart} among the markets of this tab.")
    if not every:
        return None
    first = [quote for quote in quotes if quote.market == every[0].market]
    if not first:
        return every[0]
    favourite = min(first, key=lambda quote: (quote.price, quote.selection_id)).selection_id
    return next(outcome for outcome in every if outcome.id == favourite)


def _lines(movement: Movement | None, game: Game, now: dt.datetime) -> list[BookLine]:
    if movement is None or not movement.series:
        return []
    start = actual_start(game) if game.commence_time <= now else None
    lines = []
    for series in movement.series:
        closing = series.known_at(start) if start is not None else None
        lines.append(BookLine(series, closing, moved(series.first, closing or series.last)))
    return lines


def _facts(
    charted: Outcome | None,
    movement: Movement | None,
    grids: Sequence[BookGrid | LineGrid],
    at: dt.datetime | None,
) -> Facts | None:
    if charted is None or movement is None:
        return None
    best: dict[int, Quote] = {}
    for grid in grids:
        if isinstance(grid, BookGrid):
            cells = (cell for row in grid.rows for cell in row.cells if cell and cell.best)
            best |= {cell.quote.selection_id: cell.quote for cell in cells}
        else:
            for line in (line for group in grid.groups for line in group.rows):
                if line.best.quote.point == movement.point:
                    best[line.outcome.id] = line.best.quote
    now = best.get(charted.id)
    if now is None:
        return None
    series = next((each for each in movement.series if each.book_key == now.book_key), None)
    first = series.first if series else Change(now.changed_at, now.price, now.point)
    last = (series.known_at(at) if at else series.last) if series else None
    return Facts(
        now.book_title, first, now, moved(first, last) if last else None, _hold(charted, best, grids)
    )


def _hold(charted: Outcome, best: dict[int, Quote], grids: Sequence[BookGrid | LineGrid]) -> Fraction | None:
    for grid in grids:
        if isinstance(grid, BookGrid):
            sides = [outcome for outcome in grid.outcomes if outcome.market == charted.market]
            quotes = [best[outcome.id] for outcome in sides if outcome.id in best]
            lines = {abs(quote.point) if quote.point is not None else None for quote in quotes}
            if charted in sides and len(quotes) == len(sides) > 1 and len(lines) == 1:
                return pricing.hold(quote.price for quote in quotes)
    return None


def _periods(game: Game) -> Periods | None:
    scores = game.period_scores
    if not isinstance(scores, dict) or not scores.get("home"):
        return None
    home, away = list(scores.get("home", [])), list(scores.get("away", []))
    length = max(len(home), len(away))
    sides = [
        (game.away_team.abbr or game.away_team.name if game.away_team else "", away, game.away_score),
        (game.home_team.abbr or game.home_team.name if game.home_team else "", home, game.home_score),
    ]
    if not game.sport_id.startswith(AWAY_FIRST):
        sides.reverse()
    padded = [(name, scored + [""] * (length - len(scored)), total) for name, scored, total in sides]
    return Periods(range(1, length + 1), padded)
