"""Every kind of ticket: exported, wiped, imported, and the statistics are the same to the cent, in every format."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from accounts.models import User
from accounts.tests.factories import UserFactory
from bets import ledger
from bets.bankrolls.operations import adjust, deposit, transfer, withdraw
from bets.exports import export_bets
from bets.imports.committing import undo_import
from bets.models import Bankroll, Bet, BetKind, ImportedLeg, LedgerEntry, LedgerKind
from bets.stats import as_json, read_record, rolls_of, whole
from bets.stats.page import titles
from bets.tests.factories import BankrollFactory, BetFactory, BetLegFactory
from bets.tests.stats_bets import START, every_kind
from bets.tests.test_imports import ANALYTIX, BETFAIR, PIKKIT, imported
from games.tests.factories import GameFactory
from odds.tests.factories import BookmakerFactory, SelectionFactory

pytestmark = pytest.mark.django_db
SYSTEMS = {
    BetKind.TRIXIE: (3, 4), BetKind.PATENT: (3, 7), BetKind.YANKEE: (4, 11), BetKind.LUCKY_15: (4, 15),
    BetKind.CANADIAN: (5, 26), BetKind.LUCKY_31: (5, 31), BetKind.HEINZ: (6, 57), BetKind.LUCKY_63: (6, 63),
    BetKind.SUPER_HEINZ: (7, 120), BetKind.GOLIATH: (8, 247),
}  # fmt: skip


def ticket(roll: Bankroll, day: int, legs: int, status: str, payout: str | None, **fields: Any) -> Bet:
    placed = START + dt.timedelta(days=day)
    bet: Bet = BetFactory(
        bankroll=roll, placed_at=placed, status=status, payout=None if payout is None else Decimal(payout),
        settled_at=None if payout is None else placed + dt.timedelta(hours=5), **fields,
    )  # fmt: skip
    for position in range(1, legs + 1):
        start = placed + dt.timedelta(hours=1)
        selection = SelectionFactory(game=GameFactory(commence_time=start))
        BetLegFactory(bet=bet, position=position, odds=Decimal(-120), selection=selection,
                      closing_odds=Decimal(-130), closing_seen_at=start)  # fmt: skip
    return bet


def tickets(roll: Bankroll) -> None:
    """A ticket of every kind and with every term that a bet can have."""
    every_kind(roll)
    cents = Decimal
    book = BookmakerFactory(title="Lucky Book")
    for day, (kind, (legs, combinations)) in enumerate(SYSTEMS.items(), start=20):
        ticket(roll, day, legs, "lost", "3.50", kind=kind, stake=cents(combinations), unit_stake=cents(1),
               combinations=combinations, odds=Decimal("4300.5"), bookmaker=book)  # fmt: skip
    ticket(roll, 40, 3, "won", "61.25", kind="round_robin", stake=cents(30), unit_stake=cents(10), combinations=3, sizes=[2], odds=Decimal(260))  # fmt: skip
    ticket(roll, 41, 4, "lost", "10", kind="round_robin", stake=cents(30), unit_stake=cents(3), combinations=10, sizes=[2, 3], odds=Decimal(900))  # fmt: skip
    ticket(roll, 42, 2, "won", "38.18", kind="teaser", stake=cents(20), teaser_points=Decimal("6.5"), odds=Decimal(-110))  # fmt: skip
    ticket(roll, 43, 3, "lost", "0", kind="same_game_parlay", stake=cents(5), odds=Decimal(650))
    ticket(roll, 44, 1, "won", "94.40", stake=cents(50), unit_stake=cents(45), is_lay=True, commission_pct=Decimal(2), odds=Decimal(110))  # fmt: skip
    ticket(roll, 45, 1, "lost", "12.50", stake=cents(20), unit_stake=cents(10), combinations=2, each_way_places=3, each_way_fraction=Fraction(1, 5), odds=Decimal(800))  # fmt: skip
    ticket(roll, 46, 1, "won", "120", stake=cents(50), boost_pct=Decimal(20), boost_cap=cents(25), odds=Decimal(117))  # fmt: skip
    ticket(roll, 47, 1, "lost", "0", stake=cents(50), insured_up_to=cents(50), odds=Decimal(150))
    ticket(roll, 48, 1, "won", "15", stake=cents(100), cashed_stake=cents(90), cashed_out=cents(4), odds=Decimal(10_000))  # fmt: skip
    ticket(roll, 49, 1, "void", "14", stake=cents(20), cashed_stake=cents(10), cashed_out=cents(4), odds=Decimal(-105))  # fmt: skip
    ticket(roll, 50, 1, "lost", "75.45", stake=cents(50), cashed_stake=cents(25), cashed_out=cents("75.45"), odds=Decimal(-105))  # fmt: skip
    ticket(roll, 51, 2, "push", "22", stake=cents(30), cashed_stake=cents(10), cashed_out=cents(2), odds=Decimal(300), kind="parlay")  # fmt: skip
    ticket(roll, 52, 12, "won", "13000010", stake=cents(10), kind="parlay", odds=Decimal(130000000))
    ticket(roll, 53, 1, "won", "15.55", stake=cents(10), odds=Decimal(-154), note="Rule 4: 15p in the £\n=1+1; \"quoted\"", tags=["a|b", "x-y"])  # fmt: skip
    ticket(roll, 54, 1, "pending", None, stake=cents(10), odds=Decimal("-109.890110"))
    ticket(
        roll,
        55,
        2,
        "pending",
        None,
        stake=cents(10),
        cashed_stake=cents(4),
        cashed_out=cents(5),
        kind="parlay",
    )
    ticket(roll, 56, 1, "needs_review", None, stake=cents(10), review_reason="Which game?")


def told(user: User) -> dict[str, Any]:
    """All the person's statistics by currency, without what only the archive can say."""
    rolls = rolls_of(user)
    found: dict[str, Any] = {}
    for pot in sorted({roll.pot for roll in rolls}):
        shape = as_json(read_record(user, whole(rolls, pot, "UTC")), titles())
        clv = shape["clv"]
        counts = [clv["price"]["bets"] + clv["file"]["bets"], clv["price"]["eligible"]]
        found["-".join(pot)] = {
            name: shape[name]
            for name in shape
            if name not in ("verified", "clv", "expected", "wins", "calibration", "breakdowns", "drawdown")
        } | {"closings": counts, "depth": shape["drawdown"]["depth"]}
        found["-".join(pot)] |= {
            dimension: {one["name"]: {k: v for k, v in one.items() if k != "clv"} for one in slices}
            for dimension, slices in shape["breakdowns"].items()
        }
    return found


KEPT = {
    "json": None,
    "csv": ("sport", "league", "book", "type", "odds", "tag", "weekday", "live"),
    "bet-analytix": ("sport", "league", "book", "type", "odds", "weekday", "live"),
}


def comparable(found: dict[str, Any], format_: str) -> dict[str, Any]:
    kept = KEPT[format_]
    if kept is None:
        return found
    dropped = {"market", "side", "tag", "live", "type", "sport", "league"} - set(kept)
    return {
        pot: {name: value for name, value in one.items() if name not in dropped} for pot, one in found.items()
    }


@pytest.mark.parametrize("format_", ["json", "csv", "bet-analytix"])
def test_every_kind_of_ticket_comes_back_with_the_same_statistics(format_: str) -> None:
    owner, other = UserFactory(time_zone="UTC"), UserFactory(time_zone="UTC")
    roll = BankrollFactory(user=owner, name="Main", kind="real", may_go_negative=True)
    tickets(roll)
    for text in (PIKKIT, ANALYTIX, BETFAIR):
        imported(owner, text)
    text = export_bets(owner, format_)
    done = imported(other, text)
    reasons = [e.reason for e in done.plan.reading.errors] + [
        s.reason for s in done.plan.steps if s.fate != "add"
    ]
    assert not reasons
    mine, theirs = (comparable(told(user), format_) for user in (owner, other))
    assert theirs.keys() == mine.keys()
    for pot, figures in mine.items():
        assert theirs[pot].keys() == figures.keys()
        for name, figure in figures.items():
            assert theirs[pot][name] == figure, f"{pot}: {name}"
    assert imported(other, text).plan.counts["add"] == 0
    if format_ == "json":
        again, first = (json.loads(text)["bets"] for text in (export_bets(other, "json"), text))
        assert [kept(one) for one in again] == [kept(one) for one in first]


def kept(bet: dict[str, Any]) -> dict[str, Any]:
    """A bet as the JSON has it, without its number and what says that it was imported."""
    return {name: value for name, value in bet.items() if name not in ("id", "own_price")} | {
        "status": "pending" if bet["status"] == "needs_review" else bet["status"]
    }


def test_the_json_brings_back_kinds_of_bankrolls_and_the_money_outside_bets() -> None:
    owner, other = UserFactory(time_zone="UTC"), UserFactory(time_zone="UTC")
    real = BankrollFactory(user=owner, name="Real", kind="real")
    second = BankrollFactory(user=owner, name="Second", kind="real")
    paper = BankrollFactory(user=owner, name="Paper", kind="paper", currency="EUR")
    deposit(bankroll=real, amount=Decimal(500), by=owner, note="=first", happened_at=START)
    withdraw(bankroll=real, amount=Decimal(20), by=owner)
    transfer(source=real, target=second, amount=Decimal(30), by=owner)
    adjust(bankroll=real, amount=Decimal("-0.05"), by=owner, reason="A fee")
    for roll in (real, second, paper):
        bet = ticket(roll, 30, 1, "lost", "0", stake=Decimal("10.00"))
        tails = ledger.lock_bankrolls([roll.pk])
        if roll is paper:
            continue
        ledger.append(
            ledger.plan(tails, [ledger.Movement(roll.pk, LedgerKind.STAKE, -bet.stake, bet.pk)]), at=START
        )
    done = imported(other, export_bets(owner, "json"))
    rolls = {roll.name: roll for roll in Bankroll.objects.with_balance().filter(user=other)}
    assert {name: (r.kind, r.currency, r.balance) for name, r in rolls.items()} == {
        "Real": ("real", "USD", Decimal("439.95")),
        "Second": ("real", "USD", Decimal("20.00")),
        "Paper": ("paper", "EUR", Decimal("-10.00")),
    }
    assert told(other)["USD-real"] == told(owner)["USD-real"]
    again = imported(other, export_bets(owner, "json"))
    assert (again.plan.counts["add"], again.plan.restored) == (0, [])
    undo_import(batch=done.batch, by=other)
    assert {r.balance for r in Bankroll.objects.with_balance().filter(user=other)} == {Decimal(0)}
    assert not Bet.objects.owned_by(other).exists()
    lines = LedgerEntry.objects.filter(bankroll__user=other)
    assert sum((line.amount for line in lines), Decimal(0)) == 0


def test_selections_of_files_come_back_word_for_word() -> None:
    owner, other = UserFactory(time_zone="UTC"), UserFactory(time_zone="UTC")
    imported(owner, PIKKIT)
    imported(other, export_bets(owner, "json"))

    def legs(user: User) -> list[Any]:
        names = ("description", "sport", "league", "odds", "status", "closing_odds", "position")
        return list(
            ImportedLeg.objects.filter(bet__user=user)
            .order_by("bet__placed_at", "position")
            .values_list(*names)
        )

    assert legs(other) == legs(owner)
    assert len(legs(owner)) == 6


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_pieces_of_json_are_json_as_it_is_usually_indented(count: int) -> None:
    bankroll = BankrollFactory()
    BetFactory.create_batch(count, bankroll=bankroll, note="two\nlines\u2028")
    text = export_bets(bankroll.user, "json")
    assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=1) + "\n"
    assert len(json.loads(text)["bets"]) == count
