"""Bets as JSON that loses nothing: what ``bets.imports`` brings back as it was."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet

from bets.exports.reading import Leg, Progress, book_of, exported, legs_of, money, text
from bets.models import Bankroll, Bet


def as_json(
    bets: QuerySet[Bet], rolls: QuerySet[Bankroll], progress: Progress | None = None
) -> Iterator[str]:
    """An object with ``bets``, and the bankrolls with the movements of money that belong to no bet; piece by piece."""
    yield '{\n "format": "bettrack",\n "version": 1,\n "odds_format": "american",\n "bets": '
    yield from listed(bet_object(bet) for bet in exported(bets, progress))
    yield ',\n "bankrolls": '
    yield from listed(bankroll_object(bankroll) for bankroll in rolls)
    yield "\n}\n"


def listed(objects: Iterator[dict[str, Any]]) -> Iterator[str]:
    """A list of objects within an object, indented by one."""
    before = "[\n  "
    for one in objects:
        yield before + json.dumps(one, ensure_ascii=False, indent=1).replace("\n", "\n  ")
        before = ",\n  "
    yield "[]" if before.startswith("[") else "\n ]"


def bet_object(bet: Bet) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": str(bet.pk),
        "placed_at": text(bet.placed_at),
        "settled_at": text(bet.settled_at),
        "status": bet.status,
        "kind": bet.kind,
        "bookmaker": book_of(bet),
        "bankroll": bet.bankroll.name,
        "currency": bet.bankroll.currency,
        "stake": money(bet.stake),
        "payout": money(bet.payout),
        "odds": text(bet.odds),
        "is_bonus": bet.is_bonus,
        "combinations": bet.combinations,
        "sizes": bet.sizes,
        "note": bet.note,
        "tags": bet.tags,
    }
    found |= {
        name: text(getattr(bet, name))
        for name in (
            "unit_stake",
            "teaser_points",
            "commission_pct",
            "boost_pct",
            "boost_cap",
            "insured_up_to",
        )
        if getattr(bet, name)
    }
    found |= {name: text(getattr(bet, name)) for name in ("cashed_stake", "cashed_out") if getattr(bet, name)}
    found |= {name: True for name in ("is_lay", "own_price") if getattr(bet, name)}
    if bet.each_way_places is not None:
        found |= {"each_way_places": bet.each_way_places, "each_way_fraction": str(bet.each_way_fraction)}
    legs = [{name: text(getattr(leg, name)) for name in Leg.__dataclass_fields__} for leg in legs_of(bet)]
    return found | {"legs": legs}


def bankroll_object(bankroll: Bankroll) -> dict[str, Any]:
    """A bankroll and its lines that are no bet's. An import moves this money only in a bankroll that it makes anew."""
    lines = bankroll.ledger.filter(bet=None).order_by("seq")
    return {
        "name": bankroll.name,
        "currency": bankroll.currency,
        "kind": bankroll.kind,
        "movements": [
            {"at": text(line.at), "kind": line.kind, "amount": money(line.amount), "note": line.note}
            for line in lines
        ],
    }
