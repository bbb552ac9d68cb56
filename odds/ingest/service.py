from __future__ import annotations

import datetime as dt
import logging
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from feeds.payloads import OddsEvent, Rejected
from games.models import Game, GameQuerySet
from games.services import ingest_games, other_sides
from odds.markets import scope, single_line
from odds.models import CurrentOdds
from odds.partitions import ARCHIVE_START, create_months, month_of

from . import rows
from .beats import Poll
from .counts import IngestCounts
from .diff import Changes, Line, Offer, compare
from .quotes import Quote, Quotes, lay_flat

logger = logging.getLogger(__name__)

LEFT_OUT: Final = "event left out: its teams or texts cannot be stored"
OTHER_TEAMS: Final = "event left out: it names other teams than its game has"
WHOLE_EVENT: Final = re.compile(r"events\[\d+\]")
"""Path by which the parser names an event that it refused as a whole, so that its id is unknown."""


def ingest_odds(
    *,
    events: Sequence[OddsEvent],
    captured_at: dt.datetime,
    polled_markets: Iterable[str] | None = None,
    rejected: Sequence[Rejected] = (),
    listed_sport: str = "",
) -> IngestCounts:
    """Bring one response of the odds feed into the archive, in one transaction; return what became of it.

    ``captured_at`` (UTC) is when it was received. ``polled_markets`` are the market keys that were asked
    for; for a recording they are unknown, and every market of the response counts as asked for.
    ``rejected`` are the parts the parser refused, which are counted and never taken for withdrawals.
    ``listed_sport`` is the key of a sport of which the response lists every event: an upcoming game with
    prices that it lacks has been polled without any of its books.

    A price or point that changed, and a line that is gone, is one row each of ``odd_snapshots``; an
    unchanged quote writes nothing. A response that is not newer than the last one of the same game, book
    and scope changes nothing there, so repeated and late responses do no harm. The number of SQL
    statements does not depend on the size of the response.
    """
    quotes = lay_flat(events, captured_at=captured_at, polled_markets=polled_markets, rejected=rejected)
    counts = IngestCounts(responses=1, events=len(events), quotes=len(quotes.rows))
    counts.reject(part.reason for part in (*rejected, *quotes.rejected))
    if not events and not listed_sport:
        return counts
    create_months(_months(quotes.rows, captured_at))
    with transaction.atomic():
        rows.begin({event.sport_key for event in events} | ({listed_sport} - {""}))
        before = Game.objects.filter(external_id__in=[event.id for event in events]).count()
        games = ingest_games(events=events, seen_at=captured_at)
        counts.games_new = len(games) - before
        counts.reject(LEFT_OUT for event in events if event.id not in games)
        _face_their_games(quotes, events, games, counts)
        if listed_sport and not any(WHOLE_EVENT.fullmatch(part.path) for part in rejected):
            missing = _unlisted(listed_sport, events, captured_at)
            games |= {game.external_id: game.id for game in missing.only("external_id")}
        _Ingest(quotes, games, captured_at, counts).run()
    return counts


def _face_their_games(
    quotes: Quotes, events: Sequence[OddsEvent], games: dict[str, UUID], counts: IngestCounts
) -> None:
    """Turn the quotes of events that name home and away the other way round; leave out those of other teams."""
    others = other_sides(events, games)
    turned = {event for event, is_turned in others.items() if is_turned}
    for event in others.keys() - turned:
        del games[event]
        logger.warning("event %s: %s", event, OTHER_TEAMS)
        counts.reject([OTHER_TEAMS])
    if turned:
        quotes.rows = [
            quote.turned_round() if quote.external_id in turned else quote for quote in quotes.rows
        ]


def _unlisted(sport_key: str, events: Sequence[OddsEvent], captured_at: dt.datetime) -> GameQuerySet:
    """Games of the sport that have not begun and have prices, though the response does not list them."""
    upcoming = Game.objects.open().filter(sport=sport_key, commence_time__gt=captured_at)
    priced = CurrentOdds.objects.filter(game=OuterRef("pk"))
    return upcoming.filter(Exists(priced)).exclude(external_id__in=[event.id for event in events])


def _months(quotes: Iterable[Quote], captured_at: dt.datetime) -> set[dt.date]:
    months = {month_of(stamp) for stamp in {quote.timestamp for quote in quotes}}
    return {month for month in months if month >= ARCHIVE_START} | {month_of(captured_at)}


@dataclass
class _Ingest:
    """One response inside its transaction."""

    quotes: Quotes
    games: dict[str, UUID]
    captured_at: dt.datetime
    counts: IngestCounts

    def run(self) -> None:
        self.books = rows.bookmaker_ids(self.quotes.titles)
        polled = {scope(market) for market in self.quotes.polled}
        scopes = polled | {scope(quote.market) for quote in self.quotes.rows}
        self.poll = Poll.over(rows.read_beats(list(self.games.values()), scopes), self.captured_at)
        fresh = self._fresh()
        self.present = {
            (self.games[event], self.books[book])
            for event, book in self.quotes.present
            if event in self.games
        }
        self.poll.settle(self.present, polled)
        self.counts.stale = len(self.quotes.rows) - len(fresh)
        if self.poll.beats:
            self._write(self._changes(fresh))

    def _fresh(self) -> list[Quote]:
        """The quotes that are not out of date; their books are seen."""
        verdicts: dict[tuple[str, str, str], bool] = {}
        fresh: list[Quote] = []
        for quote in self.quotes.rows:
            key = (quote.external_id, quote.bookmaker_key, quote.market)
            if key not in verdicts:
                verdicts[key] = self._see(*key)
            if verdicts[key]:
                fresh.append(quote)
        return fresh

    def _see(self, event: str, book: str, market: str) -> bool:
        if event not in self.games:
            return False
        place = (self.games[event], self.books[book], scope(market))
        if self.poll.is_late(*place):
            return False
        self.poll.see(*place)
        return True

    def _changes(self, fresh: list[Quote]) -> Changes:
        touched = sorted({key[0] for key in self.poll.beats})
        ids = rows.read_selections(touched, self.quotes.polled | {quote.market for quote in fresh})
        known = {
            selection: market for of_game in ids.values() for (market, _, _), selection in of_game.items()
        }
        rows.add_selections(
            ((self.games[q.external_id], (q.market, q.participant, q.side)) for q in fresh), ids
        )
        lines = [self._line(quote, ids) for quote in fresh]
        changes = compare(lines, rows.read_offers(touched, known), self._gone(known))
        changes.new = self._after_their_withdrawal(changes.new, known)
        return changes

    def _line(self, quote: Quote, ids: rows.SelectionIds) -> Line:
        game = self.games[quote.external_id]
        return Line(
            game,
            ids[game][quote.market, quote.participant, quote.side],
            self.books[quote.bookmaker_key],
            quote.point,
            quote.price,
            quote.timestamp,
            single_line(quote.market),
        )

    def _gone(self, markets: dict[int, str]) -> Callable[[Offer], bool]:
        """Whether an offer that the response does not quote has been withdrawn.

        At once when the book is in the response and the market was asked for; when the whole book is
        absent, only after some polls. A market of which a part was refused is not judged.
        """
        names = {game: event for event, game in self.games.items()}
        keys = {book: key for key, book in self.books.items()}

        def gone(offer: Offer) -> bool:
            market = markets[offer.selection_id]
            place = (offer.game_id, offer.bookmaker_id, scope(market))
            if market not in self.quotes.polled or place not in self.poll.beats:
                return False
            if (offer.game_id, offer.bookmaker_id) not in self.present:
                return self.poll.has_gone(*place)
            event, book = names[offer.game_id], keys[offer.bookmaker_id]
            return not {(event, book, market), (event, book, "")} & self.quotes.unsure

        return gone

    def _after_their_withdrawal(self, new: list[Line], known: dict[int, str]) -> list[Line]:
        """The lines, none dated before the withdrawal it comes back from."""
        suspects = [line for line in new if line.selection_id in known and self._may_return(line, known)]
        latest = rows.last_changes(suspects)
        if not latest:
            return new
        return [
            line._replace(
                timestamp=latest.get((line.selection_id, line.bookmaker_id, line.point), line.timestamp)
            )
            for line in new
        ]

    def _may_return(self, line: Line, known: dict[int, str]) -> bool:
        beat = self.poll.held.get((line.game_id, line.bookmaker_id, scope(known[line.selection_id])))
        return beat is not None and line.timestamp < beat.polled_at

    def _write(self, changes: Changes) -> None:
        changed = [change.after for change in changes.changed]
        rows.append_snapshots([*changes.new, *changed], changes.withdrawn, captured_at=self.captured_at)
        rows.remove_offers(changes.withdrawn)
        rows.change_offers(changes.changed, captured_at=self.captured_at)
        rows.add_offers(changes.new, captured_at=self.captured_at)
        rows.write_beats(list(self.poll.beats.values()))
        self.counts.unchanged = changes.unchanged
        self.counts.withdrawals = len(changes.withdrawn)
        self.counts.snapshots = len(changes.new) + len(changed) + len(changes.withdrawn)
