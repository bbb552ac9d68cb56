"""Staff shut accounts out; the last administrator stays."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from accounts.administrators import is_last_administrator
from accounts.exceptions import AccountRefused
from accounts.models import AccountEvent, ApiKey, User
from accounts.signals import access_ended
from accounts.suspension import end_suspension, suspend
from accounts.tests.factories import PASSWORD, ApiKeyFactory, UserFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def boss() -> User:
    user: User = UserFactory(username="boss", staff=True)
    return user


def shut_out(user: User, by: User, reason: str = "Spam.") -> AccountEvent:
    return suspend(user=user, reason=reason, by=by, now=NOW)


def test_sessions_and_keys_die_at_once_and_stay_dead(client: Client, boss: User) -> None:
    ada = UserFactory(username="ada")
    client.force_login(ada)
    ApiKeyFactory(user=ada)
    shut_out(ada, boss)
    assert client.get(reverse("accounts:preferences")).status_code == 302
    assert ApiKey.objects.get().revoked_at == NOW
    end_suspension(user=ada, reason="A mistake.", by=boss, now=NOW)
    assert client.get(reverse("accounts:preferences")).status_code == 302
    assert ApiKey.objects.get().revoked_at == NOW


def test_who_is_suspended_is_told_so_neutrally(client: Client, boss: User) -> None:
    shut_out(UserFactory(username="ada"), boss, "Sells tips, ring Bob.")
    answer = client.post(reverse("account_login"), {"login": "ada", "password": PASSWORD}, follow=True)
    page = answer.content.decode()
    assert "This account is closed" in page
    assert "tips" not in page
    assert "_auth_user_id" not in client.session


def test_it_is_on_record_who_did_it_and_why(boss: User) -> None:
    ada = UserFactory()
    shut_out(ada, boss, "  Sells \n tips. ")
    end_suspension(user=ada, reason="Appealed.", by=boss, now=NOW)
    found = AccountEvent.objects.order_by("id").values_list("kind", "user", "by", "reason", "at")
    assert list(found) == [
        ("suspended", ada.pk, boss.pk, "Sells tips.", NOW),
        ("unsuspended", ada.pk, boss.pk, "Appealed.", NOW),
    ]
    ada.refresh_from_db()
    assert (ada.is_active, ada.suspended_at, ada.suspension_reason) == (True, None, "")


def test_others_hear_of_it_within_the_transaction(boss: User) -> None:
    heard: list[User] = []

    def refuse(user: User, **_: object) -> None:
        heard.append(user)
        raise OSError("key store")

    access_ended.connect(refuse)
    ada = UserFactory()
    try:
        with pytest.raises(OSError, match="key store"):
            shut_out(ada, boss)
    finally:
        access_ended.disconnect(refuse)
    assert heard == [ada]
    assert User.objects.get(pk=ada.pk).is_active


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda ada, boss, staff: shut_out(ada, boss, " "), "Give a reason"),
        (lambda ada, boss, staff: shut_out(ada, boss, "x" * 301), "longer than 300"),
        (lambda ada, boss, staff: shut_out(boss, boss), "his own account"),
        (lambda ada, boss, staff: shut_out(boss, ada), "Only staff"),
        (lambda ada, boss, staff: shut_out(boss, staff), "only another administrator"),
        (lambda ada, boss, staff: end_suspension(user=ada, reason="x", by=boss, now=NOW), "not suspended"),
    ],
)
def test_what_is_refused(boss: User, act: Callable[[User, User, User], object], words: str) -> None:
    ada, staff = UserFactory(), UserFactory(is_staff=True)
    with pytest.raises(AccountRefused, match=words):
        act(ada, boss, staff)
    assert not AccountEvent.objects.exists()


def test_nobody_is_suspended_twice(boss: User) -> None:
    ada = UserFactory()
    shut_out(ada, boss)
    with pytest.raises(AccountRefused, match="suspended already"):
        shut_out(ada, boss)


def test_of_two_administrators_one_can_go_and_then_none(boss: User) -> None:
    other = UserFactory(staff=True)
    assert not is_last_administrator(boss)
    shut_out(other, boss)
    assert is_last_administrator(boss)
    with pytest.raises(AccountRefused, match="Only staff"):
        shut_out(boss, other)
    with pytest.raises(IntegrityError, match="last active administrator"), transaction.atomic():
        User.objects.filter(pk=boss.pk).update(is_superuser=False)


class TestAdmin:
    @pytest.fixture
    def desk(self, client: Client, boss: User) -> Client:
        client.force_login(boss)
        return client

    def act(self, desk: Client, action: str, user: User, reason: str) -> str:
        form = {"action": action, "_selected_action": [str(user.pk)], "reason": reason}
        return desk.post(reverse("admin:accounts_user_changelist"), form, follow=True).content.decode()

    def test_suspending_asks_for_a_reason_and_does_it(self, desk: Client) -> None:
        ada = UserFactory(username="ada")
        assert "Give a reason" in self.act(desk, "suspend_users", ada, "")
        assert "Suspended: ada." in self.act(desk, "suspend_users", ada, "Spam.")
        ada.refresh_from_db()
        assert not ada.is_active
        assert "Let in again: ada." in self.act(desk, "end_suspensions", ada, "Sorry.")

    def test_the_last_administrator_keeps_his_rights_in_the_form(self, desk: Client, boss: User) -> None:
        path = reverse("admin:accounts_user_change", args=[boss.pk])
        form = {
            "username": "boss",
            "email": boss.email,
            "time_zone": "UTC",
            "odds_format": "decimal",
            "theme": "dark",
        }
        page = desk.post(path, form | {"is_staff": "on"}, follow=True).content.decode()
        assert "This is the last administrator" in page
        boss.refresh_from_db()
        assert (boss.is_superuser, boss.theme) == (True, "system")
        UserFactory(staff=True)
        desk.post(path, form | {"is_staff": "on"})
        boss.refresh_from_db()
        assert (boss.is_superuser, boss.theme) == (False, "dark")

    def test_staff_cannot_make_themselves_administrators(self, client: Client) -> None:
        staff = UserFactory(username="staff", is_staff=True)
        staff.user_permissions.add(*Permission.objects.filter(codename__in=["change_user", "view_user"]))
        client.force_login(staff)
        form = {"username": "staff", "time_zone": "UTC", "odds_format": "decimal", "theme": "dark"}
        client.post(
            reverse("admin:accounts_user_change", args=[staff.pk]),
            form | {"is_staff": "on", "is_superuser": "on"},
        )
        staff.refresh_from_db()
        assert (staff.is_superuser, staff.theme) == (False, "dark")
        boss = UserFactory(staff=True)
        assert client.post(reverse("admin:accounts_user_change", args=[boss.pk]), form).status_code == 403

    def test_accounts_are_not_deleted_here(self, desk: Client) -> None:
        ada = UserFactory()
        assert desk.post(reverse("admin:accounts_user_delete", args=[ada.pk])).status_code == 403
        assert User.objects.filter(pk=ada.pk).exists()
