"""Rows of bankrolls, bets and their ledgers for tests; every default satisfies every constraint.

``funded_bankroll`` and ``place`` go through the services, so that ledger and events are whole.
"""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import factory
from factory.django import DjangoModelFactory

from accounts.sealing import WEBHOOKS, seal
from accounts.tests.factories import UserFactory
from bets.bankrolls import open_bankroll
from bets.due import DueBet
from bets.explanation import explanation
from bets.models import (
    Bankroll,
    Bet,
    BetEvent,
    BetEventKind,
    BetLeg,
    BettingPreferences,
    BetType,
    ChangedBet,
    Grade,
    ImportBatch,
    ImportedLeg,
    ImportState,
    LedgerEntry,
    LedgerKind,
    LimitChange,
    LimitKind,
    Operation,
    OperationKind,
    PublishedRecord,
    ResultCheck,
    RuleFamily,
    SavedFilter,
    SettledBet,
    SettlementRule,
    Slip,
    SlipLeg,
    TagEdit,
    Webhook,
    WebhookDelivery,
)
from bets.placement import place_straight
from bets.tests.job_factories import JobChunkFactory, JobFactory  # noqa: F401 - all factories are found here
from games.models import Game
from games.tests.factories import GameFactory
from odds.models import Bookmaker, CurrentOdds, Selection, Side
from odds.tests.factories import BookmakerFactory, CurrentOddsFactory, SelectionFactory

PLACED = dt.datetime(2026, 11, 19, 18, 0, tzinfo=dt.UTC)
FAR = dt.datetime(2099, 1, 1, tzinfo=dt.UTC)


class BankrollFactory(DjangoModelFactory[Bankroll]):
    class Meta:
        model = Bankroll

    user = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"Bankroll {n}")


class BettingPreferencesFactory(DjangoModelFactory[BettingPreferences]):
    class Meta:
        model = BettingPreferences

    user = factory.SubFactory(UserFactory)


class SlipFactory(DjangoModelFactory[Slip]):
    class Meta:
        model = Slip

    user = factory.SubFactory(UserFactory)


class SlipLegFactory(DjangoModelFactory[SlipLeg]):
    class Meta:
        model = SlipLeg

    slip = factory.SubFactory(SlipFactory)
    selection = factory.SubFactory(SelectionFactory)
    bookmaker = factory.SubFactory(BookmakerFactory)
    price = Decimal(-110)
    clicked_at = PLACED


class BetFactory(DjangoModelFactory[Bet]):
    """A pending bet without legs, events or ledger lines; ``place`` makes a whole one."""

    class Meta:
        model = Bet

    bankroll = factory.SubFactory(BankrollFactory)
    user = factory.SelfAttribute("bankroll.user")
    stake = Decimal("100.00")
    odds = Decimal(-110)
    placed_at = PLACED
    idempotency_key = factory.LazyFunction(lambda: uuid.uuid4().hex)


class BetLegFactory(DjangoModelFactory[BetLeg]):
    class Meta:
        model = BetLeg

    bet = factory.SubFactory(BetFactory)
    selection = factory.SubFactory(SelectionFactory)
    game = factory.SelfAttribute("selection.game")
    bet_type = BetType.MONEYLINE
    odds = factory.SelfAttribute("bet.odds")


class GradeFactory(DjangoModelFactory[Grade]):
    class Meta:
        model = Grade

    id = factory.LazyFunction(uuid.uuid4)
    evidence = factory.LazyFunction(lambda: {"summary": "Lakers 112–104 Celtics, final"})


class BetEventFactory(DjangoModelFactory[BetEvent]):
    class Meta:
        model = BetEvent

    bet = factory.SubFactory(BetFactory)
    kind = BetEventKind.PLACED
    at = PLACED


class LedgerEntryFactory(DjangoModelFactory[LedgerEntry]):
    """The first line of a bankroll."""

    class Meta:
        model = LedgerEntry

    bankroll = factory.SubFactory(BankrollFactory)
    seq = 1
    previous_seq = factory.LazyAttribute(lambda line: line.seq - 1 or None)
    kind = LedgerKind.DEPOSIT
    amount = Decimal("100.00")
    balance_before = Decimal(0)
    balance_after = factory.LazyAttribute(lambda line: line.balance_before + line.amount)
    at = PLACED


class OperationFactory(DjangoModelFactory[Operation]):
    """A deposit without its ledger line; the services of ``bets.bankrolls`` make whole ones."""

    class Meta:
        model = Operation

    bankroll = factory.SubFactory(BankrollFactory)
    user = factory.SelfAttribute("bankroll.user")
    by = factory.SelfAttribute("user")
    key = factory.LazyFunction(lambda: uuid.uuid4().hex)
    kind = OperationKind.DEPOSIT
    amount = Decimal("100.00")
    happened_at = PLACED
    recorded_at = PLACED


class LimitChangeFactory(DjangoModelFactory[LimitChange]):
    """A limit of 50 on the stake of bets with real dollars, in force since ``PLACED``."""

    class Meta:
        model = LimitChange

    user = factory.SubFactory(UserFactory)
    kind = LimitKind.STAKE
    currency = "USD"
    money = "real"
    amount = Decimal("50.00")
    time_zone = "America/New_York"
    loosens = False
    decided_at = PLACED
    effective_at = factory.SelfAttribute("decided_at")


class ImportBatchFactory(DjangoModelFactory[ImportBatch]):
    class Meta:
        model = ImportBatch

    user = factory.SubFactory(UserFactory)
    format = "pikkit"
    file_name = "transactions.csv"
    checksum = "0" * 64
    state = ImportState.COMMITTED
    created_at = PLACED


class ImportedLegFactory(DjangoModelFactory[ImportedLeg]):
    class Meta:
        model = ImportedLeg

    bet = factory.SubFactory(BetFactory)
    description = "Stephen Curry Over 26.5 Points"


class ResultCheckFactory(DjangoModelFactory[ResultCheck]):
    class Meta:
        model = ResultCheck

    game = factory.SubFactory(GameFactory)
    version = PLACED


class SettlementRuleFactory(DjangoModelFactory[SettlementRule]):
    """A rule of every book and sport for moneylines."""

    class Meta:
        model = SettlementRule

    family = RuleFamily.MONEYLINE
    source = "House rules"


class SettledBetFactory(DjangoModelFactory[SettledBet]):
    """Figures as if derived from a won bet of 100 at −110."""

    class Meta:
        model = SettledBet

    bet = factory.SubFactory(BetFactory)
    bankroll = factory.SelfAttribute("bet.bankroll")
    status = "won"
    kind = "straight"
    placed_at = PLACED
    settled_at = PLACED
    is_live = False
    is_verified = False
    is_bonus = False
    staked = 10_000
    net = 9_091
    band = 2
    odds_micro = 1_909_091


class ChangedBetFactory(DjangoModelFactory[ChangedBet]):
    class Meta:
        model = ChangedBet

    bet_id = factory.LazyFunction(uuid.uuid4)
    user_id = factory.LazyFunction(uuid.uuid4)


class PublishedRecordFactory(DjangoModelFactory[PublishedRecord]):
    class Meta:
        model = PublishedRecord

    user = factory.SubFactory(UserFactory)
    title = "A record"
    currency = "USD"
    kind = "paper"
    created_at = PLACED


class SavedFilterFactory(DjangoModelFactory[SavedFilter]):
    class Meta:
        model = SavedFilter

    user = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"Filter {n}")
    query = "status=won"
    created_at = PLACED


class TagEditFactory(DjangoModelFactory[TagEdit]):
    class Meta:
        model = TagEdit

    user = factory.SubFactory(UserFactory)
    added = factory.LazyFunction(lambda: ["model"])
    bet_ids = factory.LazyFunction(lambda: [uuid.uuid4()])
    at = PLACED


class WebhookFactory(DjangoModelFactory[Webhook]):
    class Meta:
        model = Webhook

    user = factory.SubFactory(UserFactory)
    url = factory.Sequence(lambda n: f"https://example.org/hooks/{n}")
    topics = factory.LazyFunction(lambda: ["bet.settled", "bet.regraded"])
    secret = factory.LazyFunction(lambda: seal("whsec_test", WEBHOOKS))
    created_at = PLACED


class WebhookDeliveryFactory(DjangoModelFactory[WebhookDelivery]):
    class Meta:
        model = WebhookDelivery

    webhook = factory.SubFactory(WebhookFactory)
    topic = "bet.settled"
    key = factory.Sequence(lambda n: f"bet.settled:{n}")
    data = factory.LazyFunction(dict)
    created_at = PLACED
    due_at = PLACED


def funded_bankroll(amount: str = "1000", **fields: Any) -> Bankroll:
    """Open a bankroll with an opening deposit."""
    user = fields.pop("user", None) or UserFactory()
    return open_bankroll(
        user=user,
        name=fields.pop("name", f"Bankroll {uuid.uuid4().hex[:8]}"),
        opening_deposit=Decimal(amount),
        now=PLACED,
        **fields,
    )


def offered(
    game: Game,
    market: str = "spreads",
    side: str = Side.HOME,
    *,
    price: str = "-110",
    point: str | None = None,
    bookmaker: Bookmaker | None = None,
) -> CurrentOdds:
    """Put a line on the board."""
    selection, _ = Selection.objects.get_or_create(game=game, market=market, participant="", side=side)
    return CurrentOddsFactory(
        selection=selection,
        bookmaker=bookmaker or BookmakerFactory(key="draftkings"),
        price=Decimal(price),
        point=None if point is None else Decimal(point),
    )


def explained(bet: Bet) -> dict[str, Any]:
    """Return the evidence of a straight bet as its page shows it."""
    return explanation(bet, bet.legs.get(), bet.ledger.order_by("seq"))


def place(line: CurrentOdds, bankroll: Bankroll | None = None, **fields: Any) -> Bet:
    """Place a straight bet of 100 on a line of the board, at its price, through the service."""
    bankroll = bankroll or funded_bankroll()
    terms: dict[str, Any] = {
        "user": bankroll.user,
        "bankroll": bankroll,
        "selection": line.selection,
        "bookmaker": line.bookmaker,
        "price": line.price,
        "point": line.point,
        "stake": Decimal(100),
        "idempotency_key": uuid.uuid4().hex,
    }
    return place_straight(**(terms | fields))


def ended(game: Game, home: int | None, away: int | None, status: str = "final", **fields: Any) -> Game:
    """End a game that bets were placed on: its start moves into the past."""
    values = {"status": status, "home_score": home, "away_score": away, "commence_time": PLACED, **fields}
    Game.objects.filter(pk=game.pk).update(**values)
    game.refresh_from_db()
    return game


def due_bet(*, stake: Decimal, **terms: Any) -> DueBet:
    """A straight bet in dollars at even odds as grading loads it, without legs; nothing is stored."""
    usual: dict[str, Any] = {
        "currency": "USD", "kind": "straight", "is_bonus": False, "boost_pct": Decimal(0), "revision": 0,
        "bookmaker_id": None, "status": "pending", "payout": None, "boost_cap": None, "unit_stake": None,
        "sizes": [], "teaser_points": None, "is_lay": False, "commission_pct": Decimal(0),
        "odds": Decimal(100), "insured_up_to": None, "review_reason": "",
        "cashed_stake": Decimal(0), "cashed_out": Decimal(0),
    }  # fmt: skip
    return DueBet(id=uuid.uuid4(), bankroll_id=uuid.uuid4(), stake=stake, **(usual | terms))
