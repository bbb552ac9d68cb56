from __future__ import annotations

import datetime as dt
import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from django.db import transaction

from feeds.payloads import OddsEvent, Rejected
from feeds.payloads.collector import collector_paused
from games.models import Game, GameQuerySet
from games.services import Listing, list_games
from odds import moves, shards
from odds.markets import scope
from odds.models import CurrentOdds
from odds.partitions import ARCHIVE_START, create_months, month_of

from . import rows
from .beats import BeatKey, Poll
from .changes import Unsure, apply_changes
from .counts import IngestCounts
from .flat import FlatMarket, Flattener
from .marks import Marker
from .quotes import Block, Response

logger = logging.getLogger(__name__)

LEFT_OUT: Final = "event left out: its teams or texts cannot be stored"
OTHER_TEAMS: Final = "event left out: it names other teams than its game has"
WHOLE_EVENT: Final = re.compile(r"events\[\d+\]")
"""Path by which the parser names an event that it refused as a whole, so that its id is unknown."""


@collector_paused()
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
    response = Response.of(events, captured_at=captured_at, polled_markets=polled_markets, rejected=rejected)
    counts = IngestCounts(responses=1, events=len(events))
    if events or listed_sport:
        create_months(_months(response))
        with transaction.atomic():
            rows.begin({event.sport_key for event in events} | ({listed_sport} - {""}))
            listing = list_games(events=events, seen_at=captured_at)
            counts.games_new = len(listing.new)
            counts.reject(LEFT_OUT for event in events if event.id not in listing.games)
            games = _without_strangers(listing, counts)
            if listed_sport and not any(WHOLE_EVENT.fullmatch(part.path) for part in rejected):
                missing = _unlisted(listed_sport, events, captured_at)
                games |= {game.external_id: game.id for game in missing.only("external_id")}
            _Ingest(response, games, listing, counts).run()
    counts.reject(part.reason for part in (*rejected, *response.rejected))
    return counts


def _without_strangers(listing: Listing, counts: IngestCounts) -> dict[str, UUID]:
    for event in sorted(listing.strangers):
        logger.warning("event %s: %s", event, OTHER_TEAMS)
        counts.reject([OTHER_TEAMS])
    return {event: game for event, game in listing.games.items() if event not in listing.strangers}


def _unlisted(sport_key: str, events: Sequence[OddsEvent], captured_at: dt.datetime) -> GameQuerySet:
    """Games of the sport that have not begun and have prices, though the response does not list them."""
    upcoming = Game.objects.open().filter(sport=sport_key, commence_time__gt=captured_at)
    priced = shards.having(CurrentOdds.objects.all(), upcoming)
    return upcoming.filter(priced).exclude(external_id__in=[event.id for event in events])


def _months(response: Response) -> set[dt.date]:
    months = {month_of(stamp) for stamp in response.stamps()}
    return {month for month in months if month >= ARCHIVE_START} | {month_of(response.captured_at)}


@dataclass
class _Ingest:
    """One response inside its transaction. Games go by their numbers: places in ``game_ids``."""

    response: Response
    games: dict[str, UUID]
    listing: Listing
    counts: IngestCounts
    fresh: list[tuple[BeatKey, Block]] = field(default_factory=list)
    confirmed: set[BeatKey] = field(default_factory=set)

    def run(self) -> None:
        self.game_ids = list(self.games.values())
        self.numbers = {event: number for number, event in enumerate(self.games)}
        self.books = rows.bookmaker_ids(self.response.titles)
        self.marker = Marker(self.response.polled)
        self.flattener, self.aside = Flattener(self.response), Flattener(self.response)
        polled = {scope(market) for market in self.response.polled}
        scopes = polled | {block.scope for block in self.response.blocks}
        self.poll = Poll.over(rows.read_beats(self.game_ids, scopes, self.response.captured_at))
        for block in self.response.blocks:
            self._take(block)
        self._settle(polled)
        self._write()

    def _take(self, block: Block) -> None:
        """Note that the book was seen; keep the block if it is not what it was."""
        key = self._key(block)
        if key is None or self.poll.is_late(key):
            place = key or BeatKey(-1, self.books[block.book.key], block.scope)
            size = sum(len(market.quotes) for market in self.aside.lay_flat(place, self.response.read(block)))
            self.counts.quotes += size
            self.counts.stale += size
            return
        turned = block.event.id in self.listing.turned
        mark = self.marker.mark(block.event, block.scope, block.markets, block.unread, turned=turned)
        if self.poll.see(key, mark):
            self.fresh.append((key, self.response.read(block)))
        else:
            self.confirmed.add(key)
            size = block.size
            self.counts.quotes += size
            self.counts.unchanged += size

    def _key(self, block: Block) -> BeatKey | None:
        number = self.numbers.get(block.event.id)
        return None if number is None else BeatKey(number, self.books[block.book.key], block.scope)

    def _settle(self, polled: set[str]) -> None:
        """Account for the books already known of which there is no block: present without one, or missed."""
        present = {
            (self.numbers[event], self.books[book]): (event, book)
            for event, book in self.response.present
            if event in self.numbers
        }
        repeated = {self.numbers[event] for event in self.response.repeated if event in self.numbers}
        taken = {*self.poll.seen, *self.confirmed}
        for key, beat in self.poll.held.items():
            if beat.scope not in polled or key in taken or beat.is_as_new:
                continue
            place = present.get((beat.game, beat.bookmaker_id))
            if place is not None:
                self.poll.see(key, self._mark_of_nothing(*place, beat.scope))
            elif beat.game not in repeated:
                self.poll.miss(beat)

    def _mark_of_nothing(self, event: str, book: str, scope_name: str) -> int | None:
        """The mark of a book that quotes nothing within the scope; None if it may have been refused."""
        if (event, book, "") in self.response.unsure:
            return None
        turned = event in self.listing.turned
        return self.marker.mark(self.response.events[event], scope_name, turned=turned)

    def _write(self) -> None:
        """Quotes of games nobody quoted before go straight to their tables, the others are compared first."""
        captured_at = self.response.captured_at
        laid = [market for key, block in self.fresh for market in self._lay_flat(key, block)]
        self.counts.quotes += sum(len(market.quotes) for market in laid)
        new = {self.numbers[event] for event in self.listing.new if event in self.numbers}
        staged = [market for market in laid if market.beat.game not in new]
        gone = self.poll.gone()
        touched = ({key.game for key in self.poll.seen} | self.poll.games_of(gone)) - new
        if touched:
            rows.prepare_staging()
        ids = self._selections()
        rows.stage(self.game_ids, self.poll.held.keys(), staged, ids)
        rows.offer(self.game_ids, (market for market in laid if market.beat.game in new), ids, captured_at)
        rows.confirm_beats(self.poll.same, captured_at=captured_at)
        rows.miss_beats(self.poll.missed, gone, captured_at=captured_at)
        seen = rows.write_beats(self.game_ids, self.poll.seen, captured_at=captured_at)
        if new:
            self.counts.snapshots = rows.archive(self.game_ids[number] for number in sorted(new))
        if touched:
            self._compare(staged, touched, [*seen, *gone])
        if self.counts.snapshots:
            moves.tell((self.game_ids[number] for number in new | touched), captured_at)

    def _compare(self, staged: Sequence[FlatMarket], touched: set[int], beats: Sequence[int]) -> None:
        polled = self.response.polled
        applied = apply_changes(
            games=[self.game_ids[number] for number in sorted(touched)],
            beats=beats,
            markets=polled | {market.key for market in staged},
            polled=polled,
            unsure=self._unsure(),
            captured_at=self.response.captured_at,
        )
        self.counts.unchanged += sum(len(market.quotes) for market in staged) - applied.changed
        self.counts.withdrawals = applied.gone
        self.counts.snapshots += applied.changed + applied.gone

    def _lay_flat(self, key: BeatKey, block: Block) -> list[FlatMarket]:
        laid = list(self.flattener.lay_flat(key, block, turned=block.event.id in self.listing.turned))
        if self.response.is_unsure(block):
            self.poll.seen[key] = None
        return laid

    def _selections(self) -> list[int]:
        """Ids of what is quoted, by places counted from one; selections that did not exist do then."""
        wanted = self.flattener.wanted
        if not wanted:
            return [0]
        ids = rows.read_selections(self.game_ids, {key[0] for key in wanted}, {key[1] for key in wanted})
        ids |= rows.add_selections(self.game_ids, [key for key in wanted if key not in ids])
        return [0, *(ids[key] for key in wanted)]

    def _unsure(self) -> list[Unsure]:
        return [
            (self.games[event], self.books[book], market)
            for event, book, market in self.response.unsure
            if event in self.games and (event, book) in self.response.present
        ]
