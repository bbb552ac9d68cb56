"""Each constraint and trigger of the bets tables is broken once, by its name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction

from bets.clock import EARLIEST
from bets.models import (
    Bankroll,
    BankrollKind,
    Bet,
    BetEvent,
    BetEventKind,
    BetLeg,
    BetStatus,
    LedgerEntry,
    LedgerKind,
    SlipLeg,
)
from bets.tests.factories import (
    PLACED,
    BankrollFactory,
    BetEventFactory,
    BetFactory,
    BetLegFactory,
    LedgerEntryFactory,
    SettlementRuleFactory,
    SlipLegFactory,
)
from bets.tests.import_breaks import IMPORTS
from bets.tests.job_breaks import JOBS
from bets.tests.keeping_breaks import KEPT
from bets.tests.money_breaks import MONEY
from bets.tests.preference_breaks import PREFERENCES
from bets.tests.record_breaks import RECORDS
from bets.tests.slip_breaks import SLIPS
from bets.tests.webhook_breaks import WEBHOOKS
from odds.tests.factories import SelectionFactory

pytestmark = pytest.mark.django_db


def bet(**fields: Any) -> None:
    BetFactory(**fields)


def leg(**fields: Any) -> None:
    BetLegFactory(**fields)


def line(**fields: Any) -> None:
    LedgerEntryFactory(**fields)


def change(row: models.Model, **fields: Any) -> None:
    type(row)._default_manager.filter(pk=row.pk).update(**fields)


def second_line(**fields: Any) -> None:
    first = LedgerEntryFactory()
    values = {"bankroll": first.bankroll, "seq": 2, "balance_before": first.balance_after}
    LedgerEntryFactory(**(values | fields))


def same_twice(factory: Any, **fields: Any) -> None:
    for _ in range(2):
        factory(**fields)


SETTLED = {"status": BetStatus.WON, "settled_at": PLACED, "payout": Decimal(190)}

BREAKS: dict[str, list[Callable[[], object]]] = {
    "bankroll_of_user_target": [],
    "bet_in_bankroll_target": [],
    "bet_is_of_its_bankrolls_owner": [
        lambda: bet(user=BankrollFactory().user),
        lambda: change(BetFactory().bankroll, user=BankrollFactory().user),
    ],
    "ledger_line_is_of_its_bets_bankroll": [
        lambda: line(kind=LedgerKind.PAYOUT, bet=BetFactory()),
        lambda: line(kind=LedgerKind.STAKE, bet=BetFactory(), amount=-1),
    ],
    "bet_is_placed_once": [
        lambda: same_twice(BetFactory, bankroll=BankrollFactory(), idempotency_key="k"),
    ],
    "one_rule_per_scope_and_version": [lambda: same_twice(SettlementRuleFactory)],
    "rule_family_is_known": [lambda: SettlementRuleFactory(family="lottery")],
    "rule_versions_count_from_one": [lambda: SettlementRuleFactory(version=0)],
    "rule_names_its_source": [lambda: SettlementRuleFactory(source="")],
    "stake_is_above_zero": [lambda: bet(stake=0), lambda: bet(stake=-1)],
    "bet_odds_are_american": [lambda: bet(odds=Decimal("99.99")), lambda: bet(odds=-50)],
    "bet_kind_is_known": [lambda: bet(kind="lottery")],
    "bet_status_is_known": [lambda: bet(status="lucky", settled_at=PLACED, payout=0)],
    "settled_exactly_when_paid_and_dated": [
        lambda: bet(payout=1),
        lambda: bet(settled_at=PLACED),
        lambda: bet(status=BetStatus.WON),
        lambda: bet(status=BetStatus.WON, payout=1),
        lambda: bet(status=BetStatus.WON, settled_at=PLACED),
        lambda: bet(status=BetStatus.NEEDS_REVIEW, review_reason="x", payout=1, settled_at=PLACED),
    ],
    "payout_is_not_negative": [lambda: bet(**(SETTLED | {"payout": Decimal("-0.01")}))],
    "bet_is_not_placed_before_1990": [lambda: bet(placed_at=EARLIEST - dt.timedelta(seconds=1))],
    "bet_is_settled_after_it_is_placed": [
        lambda: bet(**(SETTLED | {"settled_at": PLACED - dt.timedelta(seconds=1)}))
    ],
    "review_has_a_reason": [
        lambda: bet(status=BetStatus.NEEDS_REVIEW),
        lambda: bet(review_reason="because"),
    ],
    "boost_is_not_negative": [lambda: bet(boost_pct=-1), lambda: bet(boost_cap=0)],
    "stake_is_that_of_every_combination": [
        lambda: bet(kind="trixie", unit_stake=10, combinations=4, stake=30),
        lambda: bet(kind="trixie", combinations=4),
        lambda: bet(is_lay=True),
        lambda: bet(is_lay=True, unit_stake=10, is_bonus=True),
        lambda: bet(is_lay=True, unit_stake=10, kind="parlay"),
    ],
    "unit_stake_is_above_zero": [lambda: bet(is_lay=True, unit_stake=0)],
    "only_systems_and_each_way_have_combinations": [
        lambda: bet(kind="parlay", unit_stake=50, combinations=2),
        lambda: bet(unit_stake=50, combinations=2),
    ],
    "round_robin_has_sizes": [lambda: bet(kind="round_robin"), lambda: bet(kind="parlay", sizes=[2])],
    "teaser_has_points": [
        lambda: bet(kind="teaser"),
        lambda: bet(kind="teaser", teaser_points=0),
        lambda: bet(teaser_points=6),
    ],
    "commission_is_a_percentage": [lambda: bet(commission_pct=-1), lambda: bet(commission_pct=100)],
    "each_way_has_places_and_fraction": [
        lambda: bet(each_way_places=5),
        lambda: bet(each_way_fraction="1/4"),
        lambda: bet(each_way_places=0, each_way_fraction="1/4", unit_stake=50, combinations=2),
        lambda: bet(each_way_places=5, each_way_fraction="0/1", unit_stake=50, combinations=2),
    ],
    "insurance_is_above_zero": [lambda: bet(insured_up_to=0), lambda: bet(insured_up_to=5, is_bonus=True)],
    "deduction_is_at_most_ninety_per_cent": [lambda: leg(deduction_pct=-1), lambda: leg(deduction_pct=91)],
    "part_cashed_out_is_less_than_the_stake": [
        lambda: bet(cashed_stake=-1, cashed_out=1),
        lambda: bet(cashed_stake=100, cashed_out=50),
        lambda: bet(cashed_stake=40),
        lambda: bet(cashed_out=40),
    ],
    "what_was_cashed_out_is_in_the_payout": [
        lambda: bet(**(SETTLED | {"payout": 10, "cashed_stake": 40, "cashed_out": 30})),
    ],
    "idempotency_key_is_not_empty": [lambda: bet(idempotency_key="")],
    "one_leg_per_position": [lambda: same_twice(BetLegFactory, bet=BetFactory(), position=1)],
    "leg_odds_are_american": [lambda: leg(odds=Decimal("-99.5"))],
    "closing_odds_are_american": [lambda: leg(closing_odds=5, closing_seen_at=PLACED)],
    "closing_odds_are_dated": [lambda: leg(closing_odds=-110), lambda: leg(closing_seen_at=PLACED)],
    "fair_close_is_a_chance_and_names_its_source": [
        lambda: leg(closing_fair=Decimal("0.5")),
        lambda: leg(closing_fair=Decimal("0.5"), closing_fair_from="none"),
        lambda: leg(closing_fair_from="sharp"),
        lambda: leg(closing_fair_from="rumour"),
        lambda: leg(closing_fair=0, closing_fair_from="own"),
        lambda: leg(closing_fair=1, closing_fair_from="consensus"),
    ],
    **RECORDS,
    **PREFERENCES,
    **IMPORTS,
    **KEPT,
    **SLIPS,
    **JOBS,
    **WEBHOOKS,
    **MONEY,
    "leg_bet_type_is_known": [lambda: leg(bet_type="coin")],
    "leg_status_is_known": [lambda: leg(status="lucky", return_factor="1/1")],
    "leg_is_graded_exactly_when_it_has_a_factor": [
        lambda: leg(return_factor="1/1"),
        lambda: leg(status=BetStatus.LOST),
        lambda: leg(status=BetStatus.NEEDS_REVIEW, return_factor="1/1"),
    ],
    "return_factor_is_a_fraction": [],
    "leg_selection_is_of_its_game": [lambda: leg(game=SelectionFactory().game)],
    "one_event_of_a_kind_per_revision": [lambda: same_twice(BetEventFactory, bet=BetFactory())],
    "bet_event_kind_is_known": [lambda: BetEventFactory(kind="rumour")],
    "ledger_seq_is_unique": [lambda: same_twice(LedgerEntryFactory, bankroll=BankrollFactory())],
    "ledger_chain_target": [],
    "bet_is_paid_once_per_revision": [
        lambda: second_line(bet=twice_paid(), kind=LedgerKind.PAYOUT),
    ],
    "ledger_line_adds_up": [lambda: line(balance_after=101)],
    "ledger_line_follows_the_one_before": [
        lambda: line(balance_before=5),
        lambda: line(seq=0, previous_seq=None),
        lambda: second_line(seq=3, previous_seq=1),
        lambda: second_line(previous_seq=None),
    ],
    "ledger_line_starts_from_the_balance_before": [
        lambda: second_line(balance_before=Decimal("100.01")),
        lambda: second_line(seq=3, previous_seq=2),
    ],
    "ledger_amount_is_not_zero": [lambda: line(kind=LedgerKind.ADJUSTMENT, amount=0)],
    "ledger_kind_is_known": [lambda: unknown_kind()],
    "ledger_amount_has_the_sign_of_its_kind": [
        lambda: line(amount=-1),
        lambda: line(kind=LedgerKind.BONUS, amount=-1),
        lambda: line(kind=LedgerKind.WITHDRAWAL),
        lambda: line(kind=LedgerKind.STAKE, bet=BetFactory()),
        lambda: line(kind=LedgerKind.PAYOUT, bet=BetFactory(), amount=-1),
    ],
    "bet_money_names_its_bet": [
        lambda: line(kind=LedgerKind.PAYOUT),
        lambda: line(kind=LedgerKind.STAKE, amount=-1),
        lambda: line(kind=LedgerKind.REVERSAL),
    ],
}
# a check that comes before it in the alphabet refuses the row first; a stray text is refused by SQL below
NOT_ALONE = {
    "ledger_chain_target",
    "bankroll_of_user_target",
    "bet_in_bankroll_target",
    "return_factor_is_a_fraction",
    "operation_kind_is_known",
    "limit_kind_is_known",
}


def twice_paid() -> Bet:
    paid = BetFactory()
    LedgerEntryFactory(bankroll=paid.bankroll, bet=paid, kind=LedgerKind.PAYOUT)
    return paid


def unknown_kind() -> None:
    """The rules on signs and bets list the kinds too, so they are lifted to let this one speak."""
    with connection.cursor() as cursor:
        for name in ("bet_money_names_its_bet", "ledger_amount_has_the_sign_of_its_kind"):
            cursor.execute(f"ALTER TABLE ledger_entries DROP CONSTRAINT {name}")
    line(kind="gift")


def named() -> set[str]:
    found = {c.name for model in apps.get_app_config("bets").get_models() for c in model._meta.constraints}
    return found | {
        "leg_selection_is_of_its_game",
        "ledger_line_starts_from_the_balance_before",
        "bet_is_of_its_bankrolls_owner",
        "ledger_line_is_of_its_bets_bankroll",
        "operation_is_of_its_bankrolls_owner",
        "transfer_stays_with_its_owner",
    }


def test_every_constraint_has_a_row_that_breaks_it() -> None:
    assert set(BREAKS) == named()
    assert {name for name, breaks in BREAKS.items() if not breaks} == NOT_ALONE


def check_at_once(act: Callable[[], object]) -> None:
    """Act and check deferred keys, as the end of the transaction would."""
    act()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def raised_by(act: Callable[[], object]) -> str:
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        check_at_once(act)
    diag = getattr(refusal.value.__cause__, "diag", None)
    return str(diag.constraint_name if diag and diag.constraint_name else refusal.value)


@pytest.mark.parametrize(
    ("name", "act"),
    [
        pytest.param(name, act, id=f"{name}-{n}")
        for name, acts in BREAKS.items()
        for n, act in enumerate(acts)
    ],
)
def test_the_database_refuses_what_breaks_a_constraint(name: str, act: Callable[[], object]) -> None:
    assert raised_by(act) == name


@pytest.mark.parametrize("text", ["1", "1/0", "x/2", "0.5", ""])
def test_a_return_factor_is_a_fraction(text: str) -> None:
    won = BetLegFactory(status=BetStatus.WON, return_factor="21/11")

    def write() -> None:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE bet_legs SET return_factor = %s WHERE id = %s", [text, won.pk])

    assert raised_by(write) == "return_factor_is_a_fraction"


def test_the_chain_has_a_key_to_refer_to() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT confupdtype, condeferrable FROM pg_constraint WHERE conname = %s",
            ["ledger_line_starts_from_the_balance_before"],
        )
        assert cursor.fetchall() == [("a", False)]
        cursor.execute("SELECT contype FROM pg_constraint WHERE conname = 'ledger_chain_target'")
        assert cursor.fetchall() == [("u",)]


@pytest.mark.parametrize("factory", [BetEventFactory, LedgerEntryFactory])
def test_history_is_append_only(factory: Any) -> None:
    row = factory()
    model = type(row)
    assert "append-only" in raised_by(
        lambda: model.objects.filter(pk=row.pk).update(at=PLACED + dt.timedelta(1))
    )
    assert "append-only" in raised_by(lambda: model.objects.filter(pk=row.pk).delete())
    assert model.objects.get(pk=row.pk).at == PLACED


def test_a_bet_may_be_edited_more_than_once_a_revision() -> None:
    same_twice(BetEventFactory, bet=BetFactory(), kind=BetEventKind.EDITED)
    assert BetEvent.objects.count() == 2


def test_a_bankroll_with_money_or_bets_cannot_be_deleted() -> None:
    for row in (LedgerEntryFactory(), BetFactory()):
        with pytest.raises(models.ProtectedError):
            row.bankroll.delete()


def test_a_leg_goes_with_its_selection_and_game_in_the_database_too() -> None:
    doomed = BetLegFactory()
    SlipLegFactory(selection=doomed.selection)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM games WHERE id = %s", [doomed.game_id])
    assert not BetLeg.objects.exists()
    assert not SlipLeg.objects.exists()
    assert Bet.objects.count() == 1


def test_kinds_and_odds_at_their_limits_are_accepted() -> None:
    for odds in (100, -100, Decimal("-109.890110"), 999_999):
        BetFactory(odds=odds)
    BankrollFactory(kind=BankrollKind.REAL)
    assert Bankroll.objects.count() == 5
    assert LedgerEntry.objects.count() == 0
