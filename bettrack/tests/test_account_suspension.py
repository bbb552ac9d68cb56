"""What a suspended account had opened to others is shut with it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from accounts.suspension import end_suspension, suspend
from accounts.tests.factories import ApiKeyFactory, UserFactory, text_of
from bets.tests.factories import PublishedRecordFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)


def test_a_published_record_is_hidden_and_comes_back(client: Client) -> None:
    boss, record = UserFactory(staff=True), PublishedRecordFactory()
    link = reverse("record", args=[record.token])
    assert client.get(link).status_code == 200
    suspend(user=record.user, reason="Sells tips.", by=boss, now=NOW)
    assert client.get(link).status_code == 404
    end_suspension(user=record.user, reason="He does not.", by=boss, now=NOW)
    assert client.get(link).status_code == 200


def test_an_api_key_opens_nothing_any_more(client: Client) -> None:
    boss, key = UserFactory(staff=True), ApiKeyFactory()
    asked = {"authorization": f"Bearer {text_of(key)}"}
    assert client.get("/api/v1/games/", headers=asked).status_code == 200
    suspend(user=key.user, reason="Sells tips.", by=boss, now=NOW)
    assert client.get("/api/v1/games/", headers=asked).status_code == 401
