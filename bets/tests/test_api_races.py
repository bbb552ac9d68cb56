"""Bets that programs send at once: the same one, one's last money, one under a limit, one against settlement."""

from __future__ import annotations

import json
import threading
import uuid
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client

from accounts.tests.factories import ApiKeyFactory, text_of
from bets import ledger
from bets.limits import set_limit
from bets.models import Bankroll, Bet, LedgerEntry
from bets.tests.factories import FAR, funded_bankroll, offered
from bets.verification import verify
from games.tests.factories import GameFactory

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 6


@pytest.fixture
def bankroll() -> Bankroll:
    cache.clear()
    return funded_bankroll("1000")


def at_once(bankroll: Bankroll, path: str, body: dict[str, Any], keys: list[str]) -> list[Any]:
    """Send the same body at once, each with its Idempotency-Key."""
    program = text_of(ApiKeyFactory(user=bankroll.user, scopes=["bets:write"]))
    start = threading.Barrier(len(keys))
    answers: list[Any] = []

    def send(key: str) -> None:
        client = Client(headers={"Authorization": f"Bearer {program}", "Idempotency-Key": key})
        try:
            start.wait(timeout=20)
            answers.append(client.post(path, json.dumps(body), content_type="application/json"))
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=(key,)) for key in keys]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(answers) == len(keys)
    return answers


def straight(bankroll: Bankroll, stake: str) -> dict[str, Any]:
    line = offered(GameFactory(commence_time=FAR), "h2h")
    return {
        "bankroll_id": str(bankroll.pk),
        "bookmaker": line.bookmaker.key,
        "stake": stake,
        "legs": [{"selection_id": line.selection_id, "odds": "-110"}],
    }


def codes(answers: list[Any]) -> Counter[Any]:
    return Counter(answer.json().get("code", answer.status_code) for answer in answers)


def different(number: int = AT_ONCE) -> list[str]:
    return [uuid.uuid4().hex for _ in range(number)]


def test_the_same_bet_at_once_is_one_bet_and_one_answer(bankroll: Bankroll) -> None:
    answers = at_once(bankroll, "/api/v1/bets/", straight(bankroll, "100.00"), ["same"] * AT_ONCE)
    assert codes(answers) == {201: AT_ONCE}
    assert len({answer.content for answer in answers}) == 1
    assert Bet.objects.count() == 1
    assert ledger.balance(bankroll) == Decimal(900)


def test_the_last_money_is_staked_once(bankroll: Bankroll) -> None:
    answers = at_once(bankroll, "/api/v1/bets/", straight(bankroll, "300.00"), different())
    assert codes(answers) == {201: 3, "insufficient_funds": AT_ONCE - 3}
    assert ledger.balance(bankroll) == Decimal(100)
    with transaction.atomic():
        assert verify()[1] == []


def test_a_limit_holds_whoever_is_first(bankroll: Bankroll) -> None:
    set_limit(
        user=bankroll.user,
        kind="daily_loss",
        currency=bankroll.currency,
        money=bankroll.kind,
        amount=Decimal(250),
    )
    answers = at_once(bankroll, "/api/v1/bets/", straight(bankroll, "100.00"), different())
    assert codes(answers) == {201: 2, "limit_reached": AT_ONCE - 2}


def test_a_bet_is_cashed_out_by_one_of_many(bankroll: Bankroll) -> None:
    [placed] = at_once(bankroll, "/api/v1/bets/", straight(bankroll, "100.00"), different(1))
    path = f"/api/v1/bets/{placed.json()['id']}/cash-out/"
    answers = at_once(bankroll, path, {"offer": "80.00", "reason": "half-time"}, different())
    assert codes(answers) == {200: 1, "bet_decided": AT_ONCE - 1}
    assert ledger.balance(bankroll) == Decimal(980)


def test_money_is_withdrawn_while_it_is_there(bankroll: Bankroll) -> None:
    body = {"kind": "withdrawal", "bankroll_id": str(bankroll.pk), "amount": "400.00"}
    answers = at_once(bankroll, "/api/v1/operations/", body, different())
    assert codes(answers) == {201: 2, "insufficient_funds": AT_ONCE - 2}
    assert LedgerEntry.objects.filter(bankroll=bankroll, kind="withdrawal").count() == 2
