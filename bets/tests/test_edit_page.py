"""Editing a bet on its pages: terms before the start, note and tags always, by its owner alone."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bets.models import Bet, BetEvent
from bets.placement import LegAsked, place_ticket
from bets.settlement import settle_due
from bets.tests.factories import FAR, BetFactory, ended, offered, place
from bets.tests.scenes import Scene, person, scene
from bets.tests.test_slip_page import words
from games.models import Game
from games.tests.factories import GameFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def at(client: Client) -> Scene:
    made = scene()
    client.force_login(made.user)
    return made


@pytest.fixture
def bet(at: Scene) -> Bet:
    return place(at.spread_odds, at.bankroll, stake=Decimal(50))


def data(bet: Bet, **typed: Any) -> dict[str, Any]:
    book = bet.bookmaker_id or ""
    return {
        "revision": bet.revision,
        "stake": "50",
        "price_1": "−110",
        "bookmaker": book,
        "reason": "",
    } | typed


def send(client: Client, bet: Bet, **typed: Any) -> Any:
    return client.post(reverse("bets:edit", args=[bet.pk]), data(bet, **typed))


def test_the_bet_offers_its_edit_and_the_form_has_what_it_is(client: Client, bet: Bet) -> None:
    assert "Edit stake or price" in words(client.get(reverse("bets:bet", args=[bet.pk])))
    content = client.get(reverse("bets:edit", args=[bet.pk])).content.decode()
    for value in ('value="50.00"', 'value="−110"', "DraftKings"):
        assert value in content


def test_an_edit_shows_in_history_and_ledger_in_plain_words(client: Client, bet: Bet) -> None:
    assert send(client, bet, stake="$60.50", price_1="+105", reason=" typed wrongly ").status_code == 302
    text = words(client.get(reverse("bets:bet", args=[bet.pk])))
    assert "typed wrongly Stake changed from $50.00 to $60.50 Price changed from −110 to +105" in text
    assert "Stake changed, line 3 balance $39.50 −$10.50" in text
    assert "not seen there: your own price" in text


def test_a_price_left_alone_stays_exactly_what_it_is(client: Client, at: Scene) -> None:
    at.user.odds_format = "decimal"
    at.user.save()
    bet = place(at.spread_odds, at.bankroll, stake=Decimal(50))
    assert send(client, bet, stake="40", price_1="1.91").status_code == 302
    bet.refresh_from_db()
    assert (bet.odds, bet.stake, bet.own_price) == (-110, 40, False)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"stake": "lots"}, "stake"),
        ({"stake": ""}, "required"),
        ({"stake": "500"}, "more than the bankroll holds"),
        ({"price_1": "50x"}, "is no price"),
        ({"price_1": ""}, "required"),
        ({"bookmaker": "9999"}, "Select a valid choice"),
        ({"revision": "7"}, "has changed since you looked at it"),
        ({"revision": ""}, "The form has lost the bet's revision"),
    ],
)
def test_what_cannot_be_is_said(client: Client, bet: Bet, typed: dict[str, str], says: str) -> None:
    response = send(client, bet, **typed)
    assert response.status_code == 422
    assert says in words(response).replace("&#x27;", "'")
    assert not BetEvent.objects.filter(kind="edited").exists()


def test_a_bet_whose_game_has_begun_is_not_edited(client: Client, bet: Bet) -> None:
    Game.objects.update(commence_time=timezone.now() - dt.timedelta(seconds=1))
    assert "Edit stake or price" not in words(client.get(reverse("bets:bet", args=[bet.pk])))
    for call in (client.get, client.post):
        response = call(reverse("bets:edit", args=[bet.pk]), data(bet, stake="1"), follow=True)
        assert "has started, so stake and price stay as they are" in words(response)
    bet.refresh_from_db()
    assert bet.stake == 50


def test_every_leg_of_a_parlay_and_the_price_of_a_same_game_parlay_are_fields(
    client: Client, at: Scene
) -> None:
    lines = [offered(GameFactory(commence_time=FAR), "h2h") for _ in range(2)]
    common: dict[str, Any] = {"user": at.user, "bankroll": at.bankroll, "bookmaker": lines[0].bookmaker}
    legs = [LegAsked(selection=line.selection, price=line.price) for line in lines]
    parlay = place_ticket(kind="parlay", legs=legs, stake=Decimal(5), idempotency_key="a", **common)
    assert send(client, parlay, stake="5", price_2="+200").status_code == 302
    parlay.refresh_from_db()
    assert [leg.odds for leg in parlay.legs.order_by("position")] == [-110, 200]
    same = lines[0].selection.game
    total = offered(same, "totals", "over", point="200.5", bookmaker=lines[0].bookmaker)
    legs = [legs[0], LegAsked(selection=total.selection, price=total.price, point=total.point)]
    sgp = place_ticket(
        kind="same_game_parlay", legs=legs, stake=Decimal(5), idempotency_key="b",
        ticket_price=Decimal(240), **common,
    )  # fmt: skip
    assert send(client, sgp, stake="5", price_2="−110", ticket_price="+260").status_code == 302
    sgp.refresh_from_db()
    assert sgp.odds == 260


def test_note_and_tags_are_kept_at_any_time(client: Client, bet: Bet) -> None:
    ended(bet.legs.get().game, 104, 112)
    settle_due()
    url = reverse("bets:words", args=[bet.pk])
    response = client.post(url, {"note": "Lucky <b>day</b>", "tags": "model,  fun ,"}, follow=True)
    text = response.content.decode()
    assert "Lucky &lt;b&gt;day" in text
    assert 'href="/bets/?tag=model"' in text
    assert "Tags added: model, fun" in text
    text = words(client.post(url, {"note": "", "tags": "fun"}, follow=True))
    assert "Tags removed: model" in text
    assert "Note deleted; it was" in text


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"note": "x" * 2001, "tags": ""}, "Note:"),
        ({"note": "", "tags": "x" * 41}, "Tags: A tag has at most"),
    ],
)
def test_words_that_cannot_be_kept_are_refused(
    client: Client, bet: Bet, typed: dict[str, str], says: str
) -> None:
    assert says in words(client.post(reverse("bets:words", args=[bet.pk]), typed, follow=True))
    bet.refresh_from_db()
    assert (bet.note, bet.tags) == ("", [])


def test_the_bet_of_another_is_not_found_by_strangers_nor_staff(client: Client, bet: Bet) -> None:
    boss, _ = person("boss")
    boss.is_staff = boss.is_superuser = True
    boss.save()
    eve, _ = person("eve")
    for somebody in (eve, boss):
        client.force_login(somebody)
        for name in ("edit", "words"):
            for key in (bet.pk, uuid.uuid4()):
                url = reverse(f"bets:{name}", args=[key])
                assert client.post(url, data(bet, stake="1", note="mine", tags="x")).status_code == 404
        assert client.get(reverse("bets:edit", args=[bet.pk])).status_code == 404
    bet.refresh_from_db()
    assert (bet.stake, bet.note, bet.tags) == (50, "", [])


def test_an_export_is_of_the_filter_and_of_the_owners_bets_alone(client: Client, at: Scene, bet: Bet) -> None:
    place(at.moneyline_odds, at.bankroll, stake=Decimal(7), tags=["model"])
    BetFactory(tags=["model"], note="not yours")
    found = client.get(reverse("bets:export"), {"format": "csv", "tag": "model"}).content.decode()
    assert len(found.strip().splitlines()) == 2
    assert "not yours" not in found
    assert len(client.get(reverse("bets:export"), {"format": "json"}).json()["bets"]) == 2
    narrowed = client.get(reverse("bets:export"), {"format": "json", "tag": "model"}).json()
    assert (len(narrowed["bets"]), narrowed["bankrolls"]) == (1, [])
    assert client.get(reverse("bets:export"), {"status": "lucky"}).status_code == 400
