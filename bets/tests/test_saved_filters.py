"""Filters under a name: kept, applied, renamed, deleted and brought back, each by its owner alone."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import UserFactory
from bets.exceptions import NotAllowed, NotPossible
from bets.history.saved import (
    MOST_FILTERS,
    BadFilter,
    delete_filter,
    rename_filter,
    restore_filter,
    save_filter,
)
from bets.models import SavedFilter
from bets.tests.factories import PLACED, BankrollFactory, SavedFilterFactory
from bets.tests.test_slip_page import words

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(client: Client) -> User:
    user: User = UserFactory()
    BankrollFactory(user=user)
    client.force_login(user)
    return user


def test_a_name_is_tidied_and_unique_whatever_its_case(ada: User) -> None:
    kept = save_filter(by=ada, name="  Model   tails ", query="tag=model")
    assert kept.name == "Model tails"
    with pytest.raises(BadFilter, match="already have a filter of that name"):
        save_filter(by=ada, name="MODEL TAILS", query="tag=other")
    save_filter(by=UserFactory(), name="Model tails", query="tag=other")


@pytest.mark.parametrize(("name", "query"), [("", "tag=a"), (" ", "tag=a"), ("x" * 61, "tag=a"), ("x", "")])
def test_what_is_no_filter_is_refused(ada: User, name: str, query: str) -> None:
    with pytest.raises(BadFilter):
        save_filter(by=ada, name=name, query=query)


def test_there_is_an_end_to_them(ada: User) -> None:
    for _ in range(MOST_FILTERS):
        SavedFilterFactory(user=ada)
    with pytest.raises(BadFilter, match="Delete one first"):
        save_filter(by=ada, name="one more", query="tag=a")


def test_a_deleted_filter_comes_back_unless_its_name_is_taken(ada: User) -> None:
    kept = save_filter(by=ada, name="Tails", query="tag=a")
    delete_filter(filter_id=kept.pk, by=ada)
    assert not SavedFilter.objects.owned_by(ada).exists()
    other = save_filter(by=ada, name="tails", query="tag=b")
    with pytest.raises(NotPossible):
        restore_filter(filter_id=kept.pk, by=ada)
    rename_filter(filter_id=other.pk, by=ada, name="Others")
    assert restore_filter(filter_id=kept.pk, by=ada).query == "tag=a"
    assert SavedFilter.objects.owned_by(ada).count() == 2


def test_what_was_deleted_long_ago_is_gone_for_good(ada: User) -> None:
    old = SavedFilterFactory(user=ada, deleted_at=PLACED)
    new = SavedFilterFactory(user=ada)
    delete_filter(filter_id=new.pk, by=ada, now=PLACED + dt.timedelta(hours=25))
    assert set(SavedFilter.objects.values_list("pk", flat=True)) == {new.pk}
    assert old.pk != new.pk


def test_nobody_changes_the_filter_of_another(ada: User) -> None:
    other = SavedFilterFactory(name="Theirs")
    acts: list[Callable[[], object]] = [
        lambda: rename_filter(filter_id=other.pk, by=ada, name="Mine"),
        lambda: delete_filter(filter_id=other.pk, by=ada),
        lambda: restore_filter(filter_id=other.pk, by=ada),
    ]
    for act in acts:
        with pytest.raises(NotAllowed):
            act()
    other.refresh_from_db()
    assert (other.name, other.deleted_at) == ("Theirs", None)


def test_a_filter_is_kept_applied_renamed_deleted_and_brought_back_on_pages(
    client: Client, ada: User
) -> None:
    data = {"name": "Big dogs", "query": "odds_from=250&status=won&sort=stake&page=3", "next": "/bets/?x=1"}
    response = client.post(reverse("bets:filter_save"), data)
    assert response.headers["Location"] == "/bets/?x=1"
    kept = SavedFilter.objects.get()
    assert kept.query == "status=won&odds_from=%2B250"
    text = words(client.get(f"/bets/?{kept.query}"))
    assert "Big dogs" in text
    assert "Odds from +250" in text
    text = words(client.get(reverse("bets:filters")))
    assert "Status Won; Odds from +250" in text
    client.post(reverse("bets:filter_rename", args=[kept.pk]), {"name": "Underdogs"})
    response = client.post(reverse("bets:filter_delete", args=[kept.pk]), follow=True)
    assert "“Underdogs” is deleted. Undo" in words(response)
    response = client.post(reverse("bets:filter_restore", args=[kept.pk]), follow=True)
    assert "“Underdogs” is back." in words(response)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"name": "", "query": "status=won"}, "Give the filter a name."),
        ({"name": "x", "query": "status=lucky"}, "status:"),
        ({"name": "x", "query": "sort=stake"}, "cannot be blank"),
    ],
)
def test_what_cannot_be_kept_is_said(client: Client, ada: User, data: dict[str, str], says: str) -> None:
    assert says in words(client.post(reverse("bets:filter_save"), data, follow=True))
    assert not SavedFilter.objects.exists()


def test_odds_of_a_kept_filter_mean_the_same_in_every_format(client: Client, ada: User) -> None:
    ada.odds_format = "decimal"
    ada.save()
    client.post(reverse("bets:filter_save"), {"name": "x", "query": "odds_from=3.5&odds_to=150"})
    assert SavedFilter.objects.get().query == "odds_from=%2B250&odds_to=%2B14900"


def test_the_filters_of_another_are_not_found(client: Client, ada: User) -> None:
    other = SavedFilterFactory(name="Theirs")
    assert "Theirs" not in words(client.get(reverse("bets:filters")))
    for name in ("filter_rename", "filter_delete", "filter_restore"):
        for key in (other.pk, uuid.uuid4()):
            assert client.post(reverse(f"bets:{name}", args=[key]), {"name": "Mine"}).status_code == 404


def test_without_filters_the_page_says_what_to_do(client: Client, ada: User) -> None:
    assert "No saved filters" in words(client.get(reverse("bets:filters")))
