"""Whose slip it is: visitors, other people, other sites."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import PASSWORD
from bets.models import Bet, SlipLeg
from bets.tests.scenes import Scene, person, scene
from bets.tests.slips import HTMX, add, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def at() -> Scene:
    return scene()


@pytest.fixture
def ada(at: Scene, client: Client) -> Client:
    client.force_login(at.user)
    return client


def test_a_visitors_prices_wait_until_they_have_signed_in(client: Client, at: Scene) -> None:
    shown = client.post(reverse("bets:slip_add"), at.clicked(), **HTMX)
    assert "Los Angeles Lakers +130, DraftKings Sign in to bet on it." in words(shown)
    response = client.get("/accounts/login/?next=/bets/slip/")
    response = client.post(
        "/accounts/login/", {"login": "ada", "password": PASSWORD, "next": "/bets/slip/"}, follow=True
    )
    assert response.redirect_chain[-1][0] == "/bets/slip/"
    assert "Los Angeles Lakers +130" in words(response)
    assert SlipLeg.objects.get().slip_id == at.user.pk
    assert "Sign in to bet" not in words(client.get(reverse("bets:slip")))


def test_without_script_a_visitor_is_asked_to_sign_in_at_once(client: Client, at: Scene) -> None:
    response = client.post(reverse("bets:slip_add"), at.clicked())
    assert response.headers["Location"] == "/accounts/login/?next=/bets/slip/"


def test_the_slip_outlives_signing_out(client: Client, at: Scene) -> None:
    client.force_login(at.user)
    add(client, at)
    client.logout()
    assert "Lakers" not in words(client.get(reverse("bets:slip")))
    client.force_login(at.user)
    assert "Los Angeles Lakers +130" in words(client.get(reverse("bets:slip")))


@pytest.mark.parametrize("name", ["place", "update", "remove", "clear", "undo"])
def test_a_stranger_changes_no_slip(client: Client, at: Scene, name: str) -> None:
    url = reverse(f"bets:slip_{name}")
    assert client.post(url, {"key": "k"}, **HTMX).headers["HX-Redirect"] == (
        "/accounts/login/?next=/bets/slip/"
    )
    assert client.post(url, {"key": "k"}).headers["Location"] == "/accounts/login/?next=/bets/slip/"
    assert not Bet.objects.exists()


def hers_leg(user: User) -> int:
    return SlipLeg.objects.get(slip=user.pk).pk


def test_the_legs_of_another_are_not_found(ada: Client, at: Scene, client: Client) -> None:
    add(ada, at)
    leg = SlipLeg.objects.get(slip=at.user.pk)
    eve, _ = person("eve", "1000")
    hers = Client()
    hers.force_login(eve)
    key = add(hers, at)
    assert hers.post(reverse("bets:slip_remove"), {"leg": leg.pk}, **HTMX).status_code == 404
    for button in ({"take": f"{leg.pk}:120:"}, {"keep": str(leg.pk)}, {"fill": f"{leg.pk}:5"}):
        for name in ("update", "place", "remove"):
            sent = {"key": key, "leg": str(hers_leg(eve)), **button}
            assert hers.post(reverse(f"bets:slip_{name}"), sent, **HTMX).status_code == 404
    hers.post(reverse("bets:slip_update"), {"key": key, f"stake-{leg.pk}": "77"}, **HTMX)
    hers.post(reverse("bets:slip_clear"), **HTMX)
    leg.refresh_from_db()
    assert (leg.price, leg.stake, leg.own, leg.removed_at) == (130, "", False, None)


@pytest.mark.parametrize("taken", ["5:", "1.2.3:", "-150:1.2.3", "9999999999999999:", "150:999999999999"])
def test_a_price_to_take_that_is_none_changes_nothing(ada: Client, at: Scene, taken: str) -> None:
    key = add(ada, at)
    leg = SlipLeg.objects.get()
    for name in ("update", "place"):
        response = ada.post(reverse(f"bets:slip_{name}"), {"key": key, "take": f"{leg.pk}:{taken}"}, **HTMX)
        assert "Take: " in words(response)
    leg.refresh_from_db()
    assert (leg.price, leg.point, leg.own) == (130, None, False)
    assert not Bet.objects.exists()


@pytest.mark.parametrize("number", ["", "x", "-1", "0", "9" * 30, "٣"])
def test_a_leg_that_is_none_is_not_found(ada: Client, at: Scene, number: str) -> None:
    assert ada.post(reverse("bets:slip_remove"), {"leg": number}, **HTMX).status_code == 404


def test_another_site_cannot_post_to_the_slip(at: Scene) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(reverse("bets:slip_add"), at.clicked()).status_code == 403
