"""Deleting an account takes everything of its owner's and nothing of others."""

from __future__ import annotations

import datetime as dt
import importlib
import uuid
from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialToken
from allauth.usersessions.models import UserSession
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.core.mail import EmailMessage
from django.db import IntegrityError, connection, models, transaction
from django.test import Client
from django.urls import reverse
from factory.django import DjangoModelFactory

from accounts import personal
from accounts.deletion import FORMER, Count, delete_account, what_goes, what_stays
from accounts.exceptions import LastAdministrator
from accounts.models import AccountEvent, AccountEventKind, User
from accounts.tests.factories import PASSWORD, UserFactory
from bets.models import Bankroll, Bet, BetEvent, BetLeg, Grade, LedgerEntry, SettledBet
from bets.tests.factories import FAR, BetEventFactory, funded_bankroll, offered, place
from games.models import ScoreReading
from games.tests.factories import GameFactory, ScoreReadingFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)
Answer = tuple[type[models.Model], str]


def names() -> set[Answer]:
    """Fields which merely name a person in rows that stay."""
    return {(one.model, one.field) for one in personal.kept()}


def paths_to_a_person() -> set[Answer]:
    """Every (model, field) that leads to a user, at once or through another such model."""
    known: set[type[models.Model]] = {User}
    found: set[Answer] = set()
    while True:
        fresh = {
            (model, field.name)
            for model in apps.get_models(include_auto_created=True)
            if not model._meta.proxy  # pghistory's views of its tables have no rows of their own
            for field in model._meta.get_fields()
            if isinstance(field, models.ForeignKey) and field.related_model in known
        } - found
        if not fresh:
            return found
        found |= fresh
        known |= {model for model, field in fresh if (model, field) not in names()}


def test_every_model_that_leads_to_a_person_has_an_answer() -> None:
    owned = {one.model for one in personal.owned()}
    open_questions = sorted(
        f"{model._meta.label}.{field}"
        for model, field in paths_to_a_person()
        if model not in owned and (model, field) not in names()
    )
    assert not open_questions, (
        "say in a belongings.py whether these go with an account (owns) or stay (keeps)"
    )


def leave(user: User) -> None:
    """Delete an account whose rows were committed before, as far as the triggers can tell."""
    connection.check_constraints()
    delete_account(user=user, now=NOW)


def log_entry(user: User, about: models.Model | None = None) -> LogEntry:
    about = about or user
    return LogEntry.objects.create(
        user=user,
        content_type=ContentType.objects.get_for_model(about),
        object_id=str(about.pk),
        object_repr=str(about),
        action_flag=CHANGE,
        change_message="renamed ada",
    )


def address(user: User) -> EmailAddress:
    return EmailAddress.objects.create(user=user, email=f"{uuid.uuid4().hex}@example.com")


def account_elsewhere(user: User) -> SocialAccount:
    return SocialAccount.objects.create(user=user, provider="github", uid=uuid.uuid4().hex)


BY_HAND: dict[str, Callable[[User], object]] = {
    "account.EmailAddress": address,
    "account.EmailConfirmation": lambda user: EmailConfirmation.create(address(user)),
    "mfa.Authenticator": lambda user: Authenticator.objects.create(user=user, type="totp", data={}),
    "usersessions.UserSession": lambda user: UserSession.objects.create(
        user=user, ip="127.0.0.1", session_key=uuid.uuid4().hex, user_agent="x"
    ),
    "socialaccount.SocialAccount": account_elsewhere,
    "socialaccount.SocialToken": lambda user: SocialToken.objects.create(
        account=account_elsewhere(user), token="x"
    ),
    "admin.LogEntry": log_entry,
    "bets.Operation": lambda user: funded_bankroll(user=user),
    "accounts.User_groups": lambda user: user.groups.add(Group.objects.get_or_create(name="staff")[0]),
    "accounts.User_user_permissions": lambda user: user.user_permissions.add(Permission.objects.all()[0]),
}
BY_BANKROLL = {"user": "bankroll__user", "bet__user": "bet__bankroll__user"}


def make_row(one: personal.Owned, user: User) -> None:
    """One row of the user's in the model: by hand for the libraries', else by its factory."""
    if (by_hand := BY_HAND.get(one.model._meta.label)) is not None:
        by_hand(user)
        return
    module = importlib.import_module(f"{one.model._meta.app_label}.tests.factories")
    factory = next(
        found
        for found in vars(module).values()
        if isinstance(found, type)
        and issubclass(found, DjangoModelFactory)
        and found._meta.model is one.model
    )
    of_a_bet = one.model is Bet or one.path.startswith("bet__")
    path = BY_BANKROLL[one.path] if of_a_bet else one.path
    factory(**{path: user.pk if path == "user_id" else user})


def rows_of(user: User) -> dict[str, int]:
    return {one.model._meta.label: one.rows(user).count() for one in personal.owned()}


@pytest.fixture
def two_people() -> tuple[User, User]:
    """Ada and Bob, each with a row of every model that can be a person's."""
    people = UserFactory(username="ada"), UserFactory(username="bob")
    for person in people:
        for one in personal.owned():
            if not one.rows(person).exists():  # another row may have brought it along
                make_row(one, person)
    return people


def test_every_row_of_the_owner_goes_and_none_of_another(two_people: tuple[User, User]) -> None:
    ada, bob = two_people
    before = rows_of(bob)
    assert all(rows_of(ada).values())
    assert all(before.values())
    leave(user=ada)
    connection.check_constraints()
    assert not User.objects.filter(username="ada").exists()
    assert not any(rows_of(ada).values())
    assert rows_of(bob) == before
    event = AccountEvent.objects.get(kind=AccountEventKind.DELETED)
    assert (event.user, event.by, event.reason, event.at) == (None, None, "", NOW)


def test_nothing_goes_if_anything_fails(
    two_people: tuple[User, User], monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, _ = two_people
    before = rows_of(ada)

    def fail(*_: object, **__: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(User, "delete", fail)
    with pytest.raises(OSError, match="disk"), transaction.atomic():
        leave(user=ada)
    assert rows_of(ada) == before


def test_a_real_bettors_account_goes_and_the_guards_hold_again() -> None:
    game = GameFactory(commence_time=FAR)
    line = offered(game, "h2h")
    mine, theirs = funded_bankroll(), funded_bankroll()
    place(line, mine)
    kept = place(line, theirs)
    game.refresh_from_db()
    assert game.bet_count == 2
    leave(user=mine.user)
    game.refresh_from_db()
    assert game.bet_count == 1
    assert list(Bet.objects.all()) == [kept]
    assert list(Bankroll.objects.all()) == [theirs]
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        LedgerEntry.objects.all().delete()


def test_settled_bets_go_with_their_figures_and_the_reasons_that_name_him() -> None:
    mine = funded_bankroll()
    name = mine.user.username
    bet = place(offered(GameFactory(commence_time=FAR), "h2h"), mine)
    Grade.objects.create(id=uuid.uuid4(), evidence={"summary": f"By {name}.", "by": name})
    Grade.objects.create(id=uuid.uuid4(), evidence={"summary": "112–104"})
    BetLeg.objects.filter(bet=bet).update(grade=Grade.objects.get(evidence__by=name))
    leave(user=mine.user)
    assert not SettledBet.objects.exists()
    assert [grade.evidence["summary"] for grade in Grade.objects.all()] == ["112–104"]


def test_decisions_about_others_stay_decisions_of_a_person() -> None:
    staff, owner = UserFactory(staff=True), UserFactory(staff=True)
    decided = BetEventFactory(bet__bankroll__user=owner, by=staff, kind="settled")
    read = ScoreReadingFactory(by=staff)
    leave(user=staff)
    assert BetEvent.objects.get(pk=decided.pk).by == User.objects.get(username=FORMER, is_active=False)
    assert ScoreReading.objects.get(pk=read.pk).by is None
    assert not Client().login(username=FORMER, password="")


def test_the_staff_log_about_him_forgets_his_name() -> None:
    ada, staff = UserFactory(username="ada"), UserFactory(staff=True)
    log_entry(staff, ada)
    log_entry(staff, funded_bankroll(user=ada, name="Ada's money"))
    leave(user=ada)
    left = LogEntry.objects.filter(user=staff)
    assert {(one.object_repr, one.change_message) for one in left} == {("of a deleted account", "")}
    assert left.count() == 2


def test_sessions_go_whether_they_are_listed_or_not() -> None:
    ada, bob = UserFactory(), UserFactory()
    mine, theirs = Client(), Client()
    mine.force_login(ada)
    theirs.force_login(bob)
    leave(user=ada)
    assert [row.pk for row in Session.objects.all()] == [theirs.session.session_key]


def test_the_last_administrator_cannot_delete_himself() -> None:
    boss = UserFactory(staff=True)
    with pytest.raises(LastAdministrator):
        leave(user=boss)
    assert User.objects.filter(pk=boss.pk).exists()


def test_what_goes_is_counted_in_words() -> None:
    mine = funded_bankroll()
    line = offered(GameFactory(commence_time=FAR), "h2h")
    place(line, mine)
    place(line, mine)
    shown = what_goes(mine.user)
    assert Count(2, "bets") in shown
    assert Count(1, "bankroll") in shown
    assert Count(3, "lines of the ledger") in shown


def test_only_what_is_of_others_is_said_to_stay() -> None:
    mine = funded_bankroll()
    place(offered(GameFactory(commence_time=FAR), "h2h"), mine)
    assert what_stays(mine.user) == []
    BetEventFactory(by=mine.user, kind="settled")
    assert what_stays(mine.user) == [Count(1, "decision about a bet of another person")]


@pytest.fixture
def ada(client: Client) -> User:
    user: User = UserFactory(username="ada", email="ada@example.com")
    client.force_login(user)
    return user


def test_the_page_shows_what_goes_and_offers_the_export_first(client: Client, ada: User) -> None:
    place(offered(GameFactory(commence_time=FAR), "h2h"), funded_bankroll(user=ada))
    page = client.get(reverse("accounts:delete")).content.decode()
    assert "<dt>Bets</dt><dd>1</dd>" not in page
    assert "<dt>Bet</dt><dd>1</dd>" in page
    assert page.index(f"{reverse('bets:export')}?format=json") < page.index("Delete everything")
    assert User.objects.filter(pk=ada.pk).exists()


def test_deletion_asks_for_the_password_and_then_does_it(
    client: Client, ada: User, mailoutbox: list[EmailMessage]
) -> None:
    EmailAddress.objects.create(user=ada, email=ada.email, primary=True, verified=True)
    asked = client.post(reverse("accounts:delete"), {"username": "ada"})
    assert asked.headers["Location"].startswith(reverse("account_reauthenticate"))
    assert User.objects.filter(pk=ada.pk).exists()
    wrong = client.post(asked.headers["Location"], {"password": "not it"})
    assert wrong.status_code == 200
    assert User.objects.filter(pk=ada.pk).exists()
    done = client.post(asked.headers["Location"], {"password": PASSWORD}, follow=True)
    assert "Your account is deleted" in done.content.decode()
    assert not User.objects.filter(pk=ada.pk).exists()
    assert client.get(reverse("accounts:preferences")).status_code == 302
    assert [mail.to for mail in mailoutbox] == [["ada@example.com"]]


def test_a_wrong_name_deletes_nothing(client: Client, ada: User) -> None:
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})
    answer = client.post(reverse("accounts:delete"), {"username": "bob"})
    assert answer.status_code == 422
    assert "nothing was deleted" in answer.content.decode()
    assert User.objects.filter(pk=ada.pk).exists()


@pytest.mark.parametrize("method", ["get", "post"])
def test_a_stranger_deletes_nobody(client: Client, method: str) -> None:
    UserFactory(username="ada")
    answer = getattr(client, method)(reverse("accounts:delete"), {"username": "ada"})
    assert answer.headers["Location"].startswith("/accounts/login/")
    assert User.objects.count() == 1
