"""Bets, bankrolls and ledger lines as the API writes them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, Final

from rest_framework import serializers

from bets.models import (
    Bankroll,
    BetEvent,
    BetKind,
    BetStatus,
    ImportedLeg,
    LedgerEntry,
)
from games.api import GAME_ID
from odds.api.rows import Sides, american, decimal, described, priced
from rest.fields import AmountField, NumberField, OddsField, PointField, UtcField, plain
from rest.shaping import Row

BET_ID: Final = "0195f1a0-0000-7000-8000-0000000000c1"
ROLL_ID: Final = "0195f1a0-0000-7000-8000-0000000000d1"


class LegOutRow(Row):
    """One selection of a bet; of an imported bet what its file says."""

    position = serializers.IntegerField()
    game_id = serializers.UUIDField(allow_null=True)
    game_title = serializers.CharField()
    sport_key = serializers.CharField(allow_null=True)
    sport_name = serializers.CharField(allow_blank=True)
    commence_time = UtcField(allow_null=True)
    game_status = serializers.CharField(allow_null=True)
    selection_id = serializers.IntegerField(allow_null=True)
    market_type = serializers.CharField(allow_blank=True)
    bet_type = serializers.CharField()
    side = serializers.CharField(allow_null=True)
    team = serializers.CharField(allow_null=True)
    player = serializers.CharField(allow_null=True)
    prop_type = serializers.CharField(allow_null=True)
    participant = serializers.CharField(allow_null=True)
    point = PointField(allow_null=True)
    odds = OddsField(allow_null=True, help_text="American odds at placement.")
    decimal = NumberField(allow_null=True)
    status = serializers.CharField(allow_blank=True)
    price_seen_at = UtcField(allow_null=True, help_text="When the archive saw that price at that book.")
    closing_odds = OddsField(allow_null=True)
    closing_decimal = NumberField(allow_null=True)
    closing_point = PointField(allow_null=True)
    closing_seen_at = UtcField(allow_null=True)
    closing_fair = NumberField(allow_null=True, decimal_places=9, help_text="Fair chance at the close.")
    imported = serializers.BooleanField()
    evidence = serializers.DictField(
        help_text="With `expand=evidence`: why the leg was graded so.", required=False
    )


class EventOutRow(Row):
    """What happened to a bet."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    at = UtcField()
    revision = serializers.IntegerField()
    by = serializers.CharField(allow_null=True, help_text="Username; null: BetTrack itself.")
    reason = serializers.CharField(allow_blank=True)

    class Meta:
        example: ClassVar = {
            "id": 12, "kind": "placed", "at": "2026-11-20T18:22:00Z", "revision": 0, "by": "ada", "reason": "",
        }  # fmt: skip


class LedgerRow(Row):
    """A movement of money; the balance after is the balance before and the amount."""

    id = serializers.IntegerField()
    bankroll_id = serializers.UUIDField()
    seq = serializers.IntegerField(help_text="Number of the line in its bankroll.")
    kind = serializers.CharField()
    amount = AmountField(help_text="Signed: a stake is negative.")
    balance_after = AmountField()
    bet_id = serializers.UUIDField(allow_null=True)
    revision = serializers.IntegerField()
    note = serializers.CharField(allow_blank=True)
    at = UtcField()

    class Meta:
        example: ClassVar = {
            "id": 34, "bankroll_id": ROLL_ID, "seq": 2, "kind": "stake", "amount": "-25.00",
            "balance_after": "975.00", "bet_id": BET_ID, "revision": 0, "note": "", "at": "2026-11-20T18:22:00Z",
        }  # fmt: skip


class BetOutRow(Row):
    """A bet. Of a straight one the flat fields say what it is on; of others see `legs`."""

    id = serializers.UUIDField()
    bankroll_id = serializers.UUIDField()
    bankroll = serializers.CharField()
    currency = serializers.CharField()
    money = serializers.CharField(help_text="real or paper.")
    bookmaker = serializers.CharField(allow_null=True)
    book_name = serializers.CharField(allow_blank=True, help_text="The book in an imported file's words.")
    kind = serializers.ChoiceField(choices=BetKind.choices)
    status = serializers.ChoiceField(choices=BetStatus.choices)
    stake = AmountField(help_text="All that it risks.")
    unit_stake = AmountField(allow_null=True, help_text="Of each combination, or a backer's stake of a lay.")
    combinations = serializers.IntegerField()
    odds = OddsField(help_text="American odds of the whole ticket at placement.")
    decimal = NumberField()
    payout = AmountField(allow_null=True)
    profit = AmountField(allow_null=True)
    placed_at = UtcField()
    settled_at = UtcField(allow_null=True)
    game_id = serializers.UUIDField(allow_null=True)
    selection_id = serializers.IntegerField(allow_null=True)
    market_type = serializers.CharField(allow_null=True, allow_blank=True)
    bet_type = serializers.CharField(allow_null=True)
    side = serializers.CharField(allow_null=True)
    team = serializers.CharField(allow_null=True)
    player = serializers.CharField(allow_null=True)
    prop_type = serializers.CharField(allow_null=True)
    point = PointField(allow_null=True)
    is_lay = serializers.BooleanField()
    is_bonus = serializers.BooleanField()
    own_price = serializers.BooleanField(help_text="The person's price, not one on the board.")
    price_verified = serializers.BooleanField(help_text="The archive saw every leg's price at that book.")
    teaser_points = PointField(allow_null=True)
    commission_pct = NumberField(allow_null=True)
    boost_pct = NumberField()
    boost_cap = AmountField(allow_null=True)
    insured_up_to = AmountField(allow_null=True)
    each_way_places = serializers.IntegerField(allow_null=True)
    cashed_stake = AmountField(help_text="The part of the stake that was cashed out while the rest rides on.")
    cashed_out = AmountField(help_text="What was paid for that part; `payout` of a settled bet includes it.")
    revision = serializers.IntegerField(help_text="How often it has been graded.")
    review_reason = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)
    tags = serializers.ListField(child=serializers.CharField())
    legs = LegOutRow(many=True)
    events = EventOutRow(many=True)
    ledger = LedgerRow(many=True)

    class Meta:
        expandable = ("events", "ledger", "evidence")
        expands_in: ClassVar = {"evidence": "legs"}
        example: ClassVar = {
            "id": BET_ID, "bankroll_id": ROLL_ID, "bankroll": "Main", "currency": "USD", "money": "real",
            "bookmaker": "draftkings", "book_name": "", "kind": "straight", "status": "won", "stake": "25.00",
            "unit_stake": None, "combinations": 1, "odds": "-110", "decimal": "1.909091", "payout": "47.73",
            "profit": "22.73", "placed_at": "2026-11-20T18:22:00Z", "settled_at": "2026-11-21T03:02:30Z",
            "game_id": GAME_ID, "selection_id": 4711, "market_type": "spreads", "bet_type": "spread",
            "side": "home", "team": "Boston Celtics", "player": None, "prop_type": None, "point": "-3.5",
            "is_lay": False, "is_bonus": False, "own_price": False, "price_verified": True, "tags": ["nba"],
            "note": "", "legs": [],
        }  # fmt: skip


def bet_out(bet: Any, legs: list[dict[str, Any]]) -> dict[str, Any]:
    """A bet by its columns (see ``reading.BET``) and its legs as they are written."""
    only = legs[0] if len(legs) == 1 else {}
    gain = None if bet.payout is None else bet.payout if bet.is_bonus else bet.payout - bet.stake
    return {
        "id": bet.id,
        "bankroll_id": bet.bankroll_id,
        "bankroll": bet.bankroll__name,
        "currency": bet.bankroll__currency,
        "money": bet.bankroll__kind,
        "bookmaker": bet.bookmaker__key,
        "book_name": bet.book_name,
        "kind": bet.kind,
        "status": bet.status,
        "stake": money(bet.stake),
        "unit_stake": money(bet.unit_stake),
        "combinations": bet.combinations,
        "odds": american(bet.odds),
        "decimal": decimal(bet.odds),
        "payout": money(bet.payout),
        "profit": money(gain),
        "placed_at": bet.placed_at,
        "settled_at": bet.settled_at,
        **{name: only.get(name) for name in FLAT},
        "is_lay": bet.is_lay,
        "is_bonus": bet.is_bonus,
        "own_price": bet.own_price,
        "price_verified": bool(legs) and all(leg["price_seen_at"] is not None for leg in legs),
        "teaser_points": plain(bet.teaser_points),
        "commission_pct": plain(bet.commission_pct),
        "boost_pct": plain(bet.boost_pct),
        "boost_cap": money(bet.boost_cap),
        "insured_up_to": money(bet.insured_up_to),
        "each_way_places": bet.each_way_places,
        "cashed_stake": money(bet.cashed_stake),
        "cashed_out": money(bet.cashed_out),
        "revision": bet.revision,
        "review_reason": bet.review_reason,
        "note": bet.note,
        "tags": bet.tags,
        "legs": legs,
    }


FLAT: Final = (
    "game_id", "selection_id", "market_type", "bet_type", "side", "team", "player", "prop_type", "point",
)  # fmt: skip


def leg_out(leg: Any, *, evidence: bool = False) -> dict[str, Any]:
    """A leg by its columns (see ``reading.LEG``)."""
    sides = Sides(leg.game__home_team__name, leg.game__away_team__name)
    row = {
        "position": leg.position,
        "game_id": leg.game_id,
        "game_title": leg.game__title,
        "sport_key": leg.game__sport_id,
        "sport_name": leg.game__sport__title,
        "commence_time": leg.game__commence_time,
        "game_status": leg.game__status,
        "selection_id": leg.selection_id,
        **described(leg.selection__market, leg.selection__participant, leg.selection__side, sides),
        "bet_type": leg.bet_type,
        "point": plain(leg.point),
        "odds": american(leg.odds),
        "decimal": decimal(leg.odds),
        "status": leg.status,
        "price_seen_at": leg.price_seen_at,
        "closing_odds": american(leg.closing_odds),
        "closing_decimal": decimal(leg.closing_odds),
        "closing_point": plain(leg.closing_point),
        "closing_seen_at": leg.closing_seen_at,
        "closing_fair": plain(leg.closing_fair),
        "imported": False,
    }
    return {**row, "evidence": leg.grade__evidence or {}} if evidence else row


def imported_out(leg: ImportedLeg) -> dict[str, Any]:
    nothing = ("game_id", "sport_key", "game_status", "selection_id", "side", "team", "player", "prop_type")
    return {
        **dict.fromkeys(nothing),
        "position": leg.position,
        "game_title": leg.event,
        "sport_name": leg.league or leg.sport,
        "commence_time": leg.starts_at,
        "market_type": leg.market,
        "bet_type": leg.bet_type,
        "participant": leg.description,
        "point": plain(leg.point),
        "odds": priced(leg.odds)["price"],
        "decimal": priced(leg.odds)["decimal"],
        "status": leg.status,
        "price_seen_at": None,
        "closing_odds": american(leg.closing_odds),
        "closing_decimal": decimal(leg.closing_odds),
        "closing_point": plain(leg.closing_point),
        "closing_seen_at": None,
        "closing_fair": None,
        "imported": True,
    }


def event_out(event: BetEvent) -> dict[str, Any]:
    return {
        "id": event.pk,
        "kind": event.kind,
        "at": event.at,
        "revision": event.revision,
        "by": event.by.username if event.by else None,
        "reason": event.reason,
    }


def ledger_out(line: LedgerEntry) -> dict[str, Any]:
    return {
        "id": line.pk,
        "bankroll_id": line.bankroll_id,
        "seq": line.seq,
        "kind": line.kind,
        "amount": money(line.amount),
        "balance_after": money(line.balance_after),
        "bet_id": line.bet_id,
        "revision": line.revision,
        "note": line.note,
        "at": line.at,
    }


class BankrollRow(Row):
    """A pot of money of one currency."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    currency = serializers.CharField()
    kind = serializers.CharField(help_text="real or paper.")
    bookmaker = serializers.CharField(allow_null=True)
    balance = AmountField(help_text="What the last ledger line left.")
    is_default = serializers.BooleanField()
    may_go_negative = serializers.BooleanField()
    archived_at = UtcField(allow_null=True)
    created_at = UtcField()

    class Meta:
        example: ClassVar = {
            "id": ROLL_ID, "name": "Main", "currency": "USD", "kind": "real", "bookmaker": None,
            "balance": "975.00", "is_default": True, "may_go_negative": False, "archived_at": None,
            "created_at": "2026-09-01T12:00:00Z",
        }  # fmt: skip


def bankroll_out(roll: Bankroll) -> dict[str, Any]:
    """A bankroll of ``with_balance``."""
    return {
        "id": roll.pk,
        "name": roll.name,
        "currency": roll.currency,
        "kind": roll.kind,
        "bookmaker": roll.bookmaker.key if roll.bookmaker else None,
        "balance": money(roll.balance),  # type: ignore[attr-defined] # annotated
        "is_default": roll.is_default,
        "may_go_negative": roll.may_go_negative,
        "archived_at": roll.archived_at,
        "created_at": roll.created_at,
    }


def money(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"
