"""Published records: private until published, whole, never flattering, gone once revoked."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone

from accounts.access.models import AccessKind, AccessSubject
from accounts.access.service import add_rule, remove_rule
from accounts.models import User
from accounts.tests.factories import UserFactory
from bets.exceptions import NotAllowed
from bets.models import Bankroll, PublishedRecord
from bets.publishing import publish_record, revoke_record
from bets.tests.factories import BankrollFactory, PublishedRecordFactory
from bets.tests.stats_bets import START, every_kind, settled

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    cache.clear()


@pytest.fixture
def roll() -> Bankroll:
    made: Bankroll = BankrollFactory(user=UserFactory(username="secretname"), name="Secret bankroll")
    return made


@pytest.fixture
def record(roll: Bankroll) -> PublishedRecord:
    return publish_record(by=roll.user, currency="USD", kind="paper", title="My year", now=timezone.now())


def read(record: PublishedRecord, status: int = 200) -> str:
    response = Client().get(f"/record/{record.token}/")
    assert response.status_code == status
    return response.content.decode()


def test_anybody_with_the_link_reads_it_and_nobody_without(roll: Bankroll, record: PublishedRecord) -> None:
    every_kind(roll)
    assert "My year" in read(record)
    for token in (record.token[:-1], record.token + "A", record.token.swapcase(), str(record.pk), "x"):
        assert Client().get(f"/record/{token}/").status_code == 404
        assert Client().get(f"/record/{token}/chart.json").status_code == 404


def test_the_link_cannot_be_guessed_and_is_another_each_time(roll: Bankroll, record: PublishedRecord) -> None:
    assert len(record.token) >= 43
    revoke_record(record=record, by=roll.user, now=timezone.now())
    again = publish_record(by=roll.user, currency="USD", kind="paper", title="Again", now=timezone.now())
    assert again.token != record.token
    read(again)
    read(record, 404)


def test_a_revoked_record_is_gone_at_once_although_it_was_just_read(
    roll: Bankroll, record: PublishedRecord
) -> None:
    settled(roll)
    read(record)
    owner = Client()
    owner.force_login(roll.user)
    assert owner.post(f"/stats/revoke/{record.pk}/").status_code == 302
    read(record, 404)
    assert Client().get(f"/record/{record.token}/chart.json").status_code == 404
    assert owner.post(f"/stats/revoke/{record.pk}/").status_code == 302


def test_a_suspended_owners_record_is_not_found(roll: Bankroll, record: PublishedRecord) -> None:
    User.objects.filter(pk=roll.user_id).update(is_active=False)
    read(record, 404)


def test_search_engines_and_other_sites_learn_nothing_of_it(record: PublishedRecord) -> None:
    response = Client().get(f"/record/{record.token}/")
    assert "noindex" in response.headers["X-Robots-Tag"]
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert "no-store" in response.headers["Cache-Control"]
    assert '<meta name="robots" content="noindex' in response.content.decode()


def test_it_names_neither_owner_nor_bankroll_nor_notes_nor_sums(
    roll: Bankroll, record: PublishedRecord
) -> None:
    settled(roll, stake="1234.56", note="my secret note", tags=["secrettag"])
    text = read(record)
    for private in ("secretname", "Secret bankroll", "secret note", "secrettag", "1,234", "$", str(roll.pk)):
        assert private not in text, private
    assert "1.0 u" in text
    assert max(Client().get(f"/record/{record.token}/chart.json").json()["profit"]) < 10


def test_sums_are_shown_if_the_owner_says_so(roll: Bankroll) -> None:
    settled(roll, stake="1234.56")
    shown = publish_record(
        by=roll.user, currency="USD", kind="paper", title="Open", shows_amounts=True, now=timezone.now()
    )
    assert "$1,234.56" in read(shown)


def test_it_is_of_all_bets_of_its_money_and_says_what_it_is_not_of(
    roll: Bankroll, record: PublishedRecord
) -> None:
    settled(roll, at=START)
    settled(BankrollFactory(user=roll.user), "lost", at=START + dt.timedelta(days=1))
    settled(BankrollFactory(user=roll.user, kind="real"), "lost")
    text = read(record)
    assert "2 settled bets in USD" in text
    assert "paper bets: no money was staked" in text
    assert "which are not in it" in text


def test_verified_share_and_coverage_stand_beside_the_results(
    roll: Bankroll, record: PublishedRecord
) -> None:
    settled(roll, "lost", close="-120", fair="0.5")
    settled(roll, "won", seen=False, own_price=True, at=START + dt.timedelta(days=1))
    text = read(record)
    trust = text.split("How far to trust it")[1].split("</section>")[0]
    assert trust.count("50.0%") == 2
    assert "−100.0%" in trust
    assert "are too few to judge by" in text


def test_a_stranger_can_neither_publish_nor_revoke(roll: Bankroll, record: PublishedRecord) -> None:
    stranger = Client()
    for path in ("/stats/publish/", f"/stats/revoke/{record.pk}/"):
        assert stranger.post(path).headers["Location"].startswith("/accounts/login/")
    stranger.force_login(UserFactory())
    assert stranger.post(f"/stats/revoke/{record.pk}/").status_code == 404
    stranger.post("/stats/publish/", {"title": "Theirs", "currency": "USD", "kind": "paper"})
    assert PublishedRecord.objects.get().revoked_at is None
    with pytest.raises(NotAllowed):
        revoke_record(record=record, by=UserFactory(), now=timezone.now())
    with pytest.raises(NotAllowed):
        publish_record(by=UserFactory(), currency="USD", kind="paper", title="x", now=timezone.now())


def test_the_owner_publishes_from_the_page_and_finds_the_link_there(roll: Bankroll) -> None:
    settled(roll)
    owner = Client()
    owner.force_login(roll.user)
    terms = {"title": " Ours ", "currency": "USD", "kind": "paper"}
    assert owner.post("/stats/publish/", terms).status_code == 302
    made = PublishedRecord.objects.get()
    assert made.title == "Ours"
    assert f"/record/{made.token}/" in owner.get("/stats/").content.decode()
    owner.post("/stats/publish/", terms)
    assert PublishedRecord.objects.count() == 1
    assert "published already" in owner.get("/stats/").content.decode()


@pytest.mark.parametrize(
    "terms", [{"title": ""}, {"title": "x" * 61}, {"currency": "XXX"}, {"kind": "gold"}, {"title": "a\0b"}]
)
def test_what_cannot_be_published_is_refused_by_name(roll: Bankroll, terms: dict[str, str]) -> None:
    owner = Client()
    owner.force_login(roll.user)
    wanted = {"title": "Ours", "currency": "USD", "kind": "paper"} | terms
    response = owner.post("/stats/publish/", wanted, follow=True)
    assert f"{next(iter(terms)).capitalize()}:" in response.content.decode()
    assert not PublishedRecord.objects.exists()


def test_the_same_bets_are_published_once(roll: Bankroll, record: PublishedRecord) -> None:
    with pytest.raises(ValidationError, match="already"):
        publish_record(by=roll.user, currency="USD", kind="paper", title="Twice", now=timezone.now())


def test_a_record_goes_with_its_owner() -> None:
    made = PublishedRecordFactory()
    made.user.delete()
    assert not PublishedRecord.objects.exists()


@pytest.mark.parametrize(
    ("kind", "named"), [(AccessKind.BLOCK, "secretname"), (AccessKind.ALLOW, "somebody-else")]
)
def test_it_is_hidden_while_its_owner_is_shut_out(
    record: PublishedRecord, kind: AccessKind, named: str
) -> None:
    UserFactory(username="somebody-else")
    read(record)
    rule = add_rule(
        kind=kind, subject=AccessSubject.USER, value=named, reason="Why.", now=timezone.now(), by=None
    )
    read(record, 404)
    assert Client().get(f"/record/{record.token}/chart.json").status_code == 404
    remove_rule(rule=rule, now=timezone.now(), by=None)
    assert "My year" in read(record)
