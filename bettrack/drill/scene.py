"""What the drill does on its instance besides the faults: games announced, bets placed, prices and results awaited."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import connection
from django.utils import timezone

from accounts.models import User
from bets.bankrolls import open_bankroll
from bets.exceptions import GameClosed
from bets.models import Bankroll, Bet
from bets.placement import place_straight
from bettrack.drill import payloads
from bettrack.drill.instance import Instance, value
from bettrack.drill.payloads import Fixture
from bettrack.drill.provider import SPORTS, Provider
from odds.models import Bookmaker, CurrentOdds, Selection

logger = logging.getLogger(__name__)

DEPOSIT = Decimal(1_000_000)
AHEAD = dt.timedelta(hours=1)
GAMES = 4
"""Games of a round; each gets a bet on either side of its three markets."""

TAKEN = """
SELECT count(*) FROM current_odds c
JOIN games g ON g.id = c.game_id JOIN selections s ON s.id = c.selection_id AND s.game_id = c.game_id
JOIN bookmakers b ON b.id = c.bookmaker_id
WHERE g.external_id = ANY(%s) AND s.market = 'h2h' AND s.side = 'home' AND b.key = %s AND c.price = %s
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """A bet as it was asked for, and what it has to come to by arithmetic of the drill's own."""

    key: str
    number: int
    selection: Selection
    point: Decimal | None
    price: Decimal
    stake: Decimal

    @property
    def outcome(self) -> tuple[str, Decimal]:
        """Status and payout: the stake is chosen so that the winnings are whole."""
        home, away = payloads.Fixture(self.number, SPORTS[0], timezone.now()).score
        side, line = self.selection.side, self.point or Decimal(0)
        if side in ("over", "under"):
            margin = (home + away - line) * (1 if side == "over" else -1)
        else:
            margin = (home - away) * (1 if side == "home" else -1) + line
        if margin == 0:
            return "push", self.stake
        if margin < 0:
            return "lost", Decimal(0)
        return "won", self.stake + (self.price if self.price > 0 else Decimal(100))


class Scene:
    """The story of one drill: one bettor, one provider, one instance."""

    def __init__(self, instance: Instance, provider: Provider, *, patience: float = 60.0) -> None:
        self.instance, self.provider, self.patience = instance, provider, patience
        self.asked: list[Asked] = []
        self.user = User.objects.create(username="drill")
        self.bankroll: Bankroll = open_bankroll(user=self.user, name="Drill", opening_deposit=DEPOSIT)

    def await_step(self) -> float:
        """Wait until every sport's prices of the step are on the board, and safe on the disk; seconds it took."""
        first = [
            next(fixture for fixture in self.provider.fixtures if fixture.sport == sport).event_id
            for sport in SPORTS
        ]
        wanted = [first, payloads.BOOKS[0][0], payloads.beacon(self.provider.step)]

        def taken() -> bool:
            return bool(value(TAKEN, *wanted) == len(SPORTS))

        took = self.instance.until(f"the prices of step {self.provider.step}", taken, seconds=self.patience)
        written = value("SELECT pg_current_wal_insert_lsn()::text")
        # an ingest does not wait for the disk, so what a kill would still take away is not counted as there
        flushed = "SELECT pg_current_wal_flush_lsn() >= %s::pg_lsn"
        return took + self.instance.until("the log's way to the disk", lambda: bool(value(flushed, written)))

    def announce(self, games: int = GAMES) -> list[Fixture]:
        """Have new games listed, and wait until they are on the board."""
        fresh = self.provider.schedule(games, timezone.now().replace(microsecond=0) + AHEAD)
        self.provider.advance()
        self.await_step()
        return fresh

    def place(self, games: Sequence[Fixture]) -> None:
        """Place a bet on each side of each market of the games, at the price on the board."""
        numbers = {fixture.event_id: fixture.number for fixture in games}
        book = payloads.BOOKS[0][0]
        offers = CurrentOdds.objects.filter(game__external_id__in=numbers, bookmaker__key=book)
        for offer in offers.select_related("selection", "game", "bookmaker").order_by("id"):
            number = numbers[offer.game.external_id]
            stake = Decimal(100) if offer.price > 0 else -offer.price
            asked = Asked(
                f"drill-{len(self.asked)}", number, offer.selection, offer.point, offer.price, stake
            )
            self.asked.append(asked)
            self.send(asked)

    def send(self, asked: Asked) -> Bet:
        """Place a bet under its key: the first time, and again after whatever went wrong."""
        return place_straight(
            user=self.user,
            bankroll=self.bankroll,
            selection=asked.selection,
            bookmaker=Bookmaker.objects.get(key=payloads.BOOKS[0][0]),
            price=asked.price,
            point=asked.point,
            stake=asked.stake,
            idempotency_key=asked.key,
            accept="any",
        )

    def begin(self, games: Sequence[Fixture]) -> list[Fixture]:
        """Have the games begin within two seconds, and wait until the database's clock has passed that."""
        kickoff = timezone.now().replace(microsecond=0) + dt.timedelta(seconds=2)
        moved = self.provider.move(games, kickoff)
        self.provider.advance()
        self.await_step()
        begun = "SELECT statement_timestamp() > %s"
        self.instance.until("the kick-off", lambda: bool(value(begun, kickoff)))
        return moved

    def refuses(self, game: Fixture) -> bool:
        """Whether a bet on a game that has begun by the database's clock is refused."""
        offer = (
            CurrentOdds.objects.filter(game__external_id=game.event_id).select_related("selection").first()
        )
        if offer is None:
            return False
        with contextlib.suppress(GameClosed):
            self.send(Asked("drill-late", game.number, offer.selection, offer.point, offer.price, Decimal(1)))
            return False
        return True

    def await_settled(self) -> float:
        """Wait until no bet is pending whose game's result the provider has told; seconds it took."""
        over = [self.provider.fixtures[number].event_id for number in self.provider.finished]
        pending = (
            "SELECT count(*) FROM bets b JOIN bet_legs l ON l.bet_id = b.id JOIN games g ON g.id = l.game_id "
            "WHERE g.external_id = ANY(%s) AND (b.status = 'pending' OR l.status = 'pending')"
        )
        return self.instance.until(
            "the settlement of all bets", lambda: value(pending, over) == 0, seconds=1.5 * self.patience
        )

    @contextlib.contextmanager
    def settlement_stopped(self, table: str) -> Iterator[list[Fixture]]:
        """Bets on games that end, and their batch standing before it writes to the table."""
        games = self.begin_round()
        with self.instance.held_up(table):
            self.provider.finish(games)
            self.instance.until("a batch of settlement", lambda: self.instance.stands_before(table))
            yield games

    @contextlib.contextmanager
    def ingest_stopped(self) -> Iterator[None]:
        """An answer with new games and other prices, and its ingest standing before it writes the archive."""
        self.provider.schedule(2, timezone.now().replace(microsecond=0) + AHEAD)
        with self.instance.held_up("odd_snapshots"):
            self.provider.advance()
            self.instance.until("an ingest", lambda: self.instance.stands_before("odd_snapshots"))
            yield

    def begin_round(self) -> list[Fixture]:
        """Games with bets on them that have begun."""
        games = self.announce()
        self.place(games)
        return self.begin(games)

    def monitor(self, key: str, status: str) -> float:
        """Wait until a monitor has the status; seconds it took."""
        told = "SELECT status FROM monitors WHERE key = %s"
        return self.instance.until(
            f"monitor {key} {status}", lambda: bool(value(told, key) == status), seconds=120
        )

    def trying(self, what: Callable[[], object]) -> bool:
        """Whether it went through; a database that is away is no."""
        try:
            what()
        except Exception:
            logger.exception("it did not go through")
            connection.close()
            return False
        return True
