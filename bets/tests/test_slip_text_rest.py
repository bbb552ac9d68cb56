"""The bets of a text that are left after one of them was recorded in words."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client
from django.urls import reverse

from bets.models import Bet
from bets.tests.scenes import Scene
from bets.tests.slips import words
from bets.tests.test_slip_entry import PINNACLE, ada, at, enter

__all__ = ["ada", "at"]


@pytest.mark.parametrize("text", ["My horse 5/1 10\nMy dog 3/1 20", PINNACLE.replace("Lakers", "Nobodies")])
def test_the_rest_of_a_text_is_asked_about_after_a_bet_of_it_was_recorded(
    ada: Client, at: Scene, text: str
) -> None:
    shown = enter(ada, text).content.decode()
    rests = [html.unescape(found) for found in re.findall(r'name="rest" value="([^"]*)"', shown)]
    assert len(rests) == 2
    data = {"description": "One", "price": "+500", "stake": "1", "result": "pending", "rest": rests[0]}
    response = ada.post(reverse("bets:slip_record"), {**data, "bankroll": str(at.bankroll.pk)}, follow=True)
    assert Bet.objects.count() == 1
    assert "Bet recorded in words." in words(response)
    assert words(response).count("Record it in words") == 1
    assert 'name="rest" value' not in response.content.decode()
    assert words(ada.get(reverse("bets:slip_enter"))).count("Record it in words") == 1
    last = {**data, "rest": "", "description": "Two", "stake": "2", "bankroll": str(at.bankroll.pk)}
    recorded = ada.post(reverse("bets:slip_record"), last)
    assert recorded.status_code == 302, words(recorded)
    assert recorded.headers["Location"] == reverse("bets:bet", args=[Bet.objects.get(stake=2).pk])
    assert ada.get(reverse("bets:slip_enter")).headers["Location"] == reverse("bets:slip")
