"""Tags of many bets at once: as one statement, as events, and taken back without touching what was changed since."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from bets.exceptions import NotAllowed, NotPossible
from bets.history.editing import edit_words
from bets.history.tagging import BadTag, retag, undo_retag
from bets.models import Bankroll, Bet, BetEvent, TagEdit
from bets.stats import read_record, rolls_of, whole
from bets.tests.factories import BankrollFactory, BetFactory
from bets.tests.stats_bets import settled
from bets.tests.test_slip_page import words

pytestmark = pytest.mark.django_db


@pytest.fixture
def roll() -> Bankroll:
    made: Bankroll = BankrollFactory()
    return made


def tags(bet: Bet) -> list[str]:
    bet.refresh_from_db()
    return bet.tags


def everything(roll: Bankroll) -> list[Bet]:
    return [BetFactory(bankroll=roll, tags=given) for given in (["a", "b"], ["b"], [], ["c", "a"])]


def test_tags_are_added_where_they_are_missing_and_noted(roll: Bankroll) -> None:
    bets = everything(roll)
    edit = retag(bets=Bet.objects.all(), by=roll.user, add=[" a ", "z", "a"])
    assert [tags(bet) for bet in bets] == [["a", "b", "z"], ["b", "a", "z"], ["a", "z"], ["c", "a", "z"]]
    assert edit is not None
    assert set(edit.bet_ids) == {bet.pk for bet in bets}
    event = BetEvent.objects.get(bet=bets[1])
    assert (event.kind, event.by) == ("edited", roll.user)
    assert event.data["tags"] == {"from": ["b"], "to": ["b", "a", "z"]}


def test_tags_are_removed_and_bets_without_them_left_alone(roll: Bankroll) -> None:
    bets = everything(roll)
    edit = retag(bets=Bet.objects.all(), by=roll.user, remove=["a"])
    assert [tags(bet) for bet in bets] == [["b"], ["b"], [], ["c"]]
    assert edit is not None
    assert set(edit.bet_ids) == {bets[0].pk, bets[3].pk}
    assert BetEvent.objects.count() == 2
    assert retag(bets=Bet.objects.all(), by=roll.user, remove=["a"]) is None


def test_undoing_puts_tags_back_and_keeps_what_was_changed_since(roll: Bankroll) -> None:
    bets = everything(roll)
    edit = retag(bets=Bet.objects.all(), by=roll.user, add=["z"], remove=["a"])
    assert edit is not None
    edit_words(bet=bets[0], by=roll.user, note="", tags=["b", "z", "later"])
    edit_words(bet=bets[1], by=roll.user, note="", tags=["b"])
    assert undo_retag(edit_id=edit.pk, by=roll.user) == 3
    assert [tags(bet) for bet in bets] == [["a", "b", "later"], ["b"], [], ["c", "a"]]
    with pytest.raises(NotPossible):
        undo_retag(edit_id=edit.pk, by=roll.user)


def test_only_the_persons_own_bets_are_tagged(roll: Bankroll) -> None:
    other = BetFactory()
    assert retag(bets=Bet.objects.all(), by=roll.user, add=["mine"]) is None
    assert tags(other) == []
    edit = retag(bets=Bet.objects.all(), by=other.user, add=["mine"])
    assert edit is not None
    with pytest.raises(NotAllowed):
        undo_retag(edit_id=edit.pk, by=roll.user)


def test_a_bet_keeps_at_most_twenty_tags_and_then_nothing_is_changed(roll: Bankroll) -> None:
    full, other = BetFactory(bankroll=roll, tags=[str(n) for n in range(20)]), BetFactory(bankroll=roll)
    with pytest.raises(BadTag, match=r"1 of these bets would have more than 20 tags\. Nothing was changed"):
        retag(bets=Bet.objects.all(), by=roll.user, add=["x"])
    assert tags(other) == []
    assert len(tags(full)) == 20
    assert not TagEdit.objects.exists()


@pytest.mark.parametrize("given", [[], [" "], ["x" * 41], ["a\0"], ["a,b"]])
def test_what_is_no_tag_is_refused(roll: Bankroll, given: list[str]) -> None:
    with pytest.raises(BadTag):
        retag(bets=Bet.objects.all(), by=roll.user, add=given)


def test_a_tag_is_not_added_and_removed_at_once(roll: Bankroll) -> None:
    with pytest.raises(BadTag):
        retag(bets=Bet.objects.all(), by=roll.user, add=["a"], remove=["a"])


def test_the_number_of_statements_does_not_grow_with_the_bets(roll: Bankroll) -> None:
    def statements(name: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            edit = retag(bets=Bet.objects.all(), by=roll.user, add=[name])
            assert edit is not None
            undo_retag(edit_id=edit.pk, by=roll.user)
        return len(queries)

    BetFactory(bankroll=roll)
    few = statements("one")
    for _ in range(30):
        BetFactory(bankroll=roll)
    assert statements("many") == few <= 12


def test_statistics_follow_the_tags(roll: Bankroll) -> None:
    settled(roll)
    retag(bets=Bet.objects.all(), by=roll.user, add=["model"])
    scope = whole(rolls_of(roll.user), (roll.currency, roll.kind), "UTC")
    assert set(read_record(roll.user, scope).slices["tag"]) == {"model"}


class TestPage:
    @pytest.fixture(autouse=True)
    def signed_in(self, client: Client, roll: Bankroll) -> None:
        client.force_login(roll.user)

    def send(self, client: Client, **data: object) -> str:
        given = {"action": "add", "scope": "ticked", "tags": "model, fun", "query": ""} | data
        response = client.post(reverse("bets:tag"), given, follow=True)
        assert response.status_code == 200
        return words(response)

    def test_ticked_bets_are_tagged_with_undo(self, client: Client, roll: Bankroll) -> None:
        one, other = BetFactory(bankroll=roll), BetFactory(bankroll=roll)
        text = self.send(client, bet=[str(one.pk)])
        assert "Added model, fun to 1 bet. Undo" in text
        assert (tags(one), tags(other)) == (["model", "fun"], [])
        assert "Added model" not in words(client.get(reverse("bets:history")))
        response = client.post(reverse("bets:tag_undo", args=[TagEdit.objects.get().pk]), follow=True)
        assert "Put back: 1 bet." in words(response)
        assert tags(one) == []

    def test_all_bets_of_the_filter_are_tagged_whatever_the_page_shows(
        self, client: Client, roll: Bankroll
    ) -> None:
        for number in range(53):
            BetFactory(bankroll=roll, note="lucky" if number else "")
        assert "Added lucky to 52 bets." in self.send(client, scope="all", query="q=lucky", tags="lucky")
        assert "Removed lucky from 52 bets." in self.send(client, scope="all", action="remove", tags="lucky")

    @pytest.mark.parametrize(
        ("data", "says"),
        [
            ({"tags": ""}, "Name a tag."),
            ({}, "Tick the bets first, or choose all bets of the filter."),
            ({"bet": ["x"]}, "Choose bets of the list."),
            ({"scope": "all", "query": "odds_from=x"}, "odds_from:"),
            ({"scope": "all", "tags": "x" * 41}, "A tag has at most 40 letters."),
            ({"scope": "all"}, "None of these bets had to be changed."),
        ],
    )
    def test_what_cannot_be_done_is_said(self, client: Client, data: dict[str, object], says: str) -> None:
        assert says in self.send(client, **data)

    def test_the_bets_of_another_are_not_found(self, client: Client, roll: Bankroll) -> None:
        mine, other = BetFactory(bankroll=roll), BetFactory()
        data = {"action": "add", "scope": "ticked", "tags": "x", "bet": [str(mine.pk), str(other.pk)]}
        assert client.post(reverse("bets:tag"), data).status_code == 404
        assert (tags(mine), tags(other)) == ([], [])

    def test_the_edit_of_another_is_not_found(self, client: Client) -> None:
        other: User = BetFactory().user
        edit = retag(bets=Bet.objects.all(), by=other, add=["x"])
        assert edit is not None
        for key in (edit.pk, uuid.uuid4()):
            assert client.post(reverse("bets:tag_undo", args=[key])).status_code == 404
        assert Bet.objects.get().tags == ["x"]
