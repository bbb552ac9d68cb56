"""How rules of access are kept: at once in every process, at little cost, and never so that nobody can come in."""

from __future__ import annotations

import datetime as dt
from threading import Barrier, Thread
from typing import Any
from unittest.mock import patch

import pytest
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.access import gate, rules
from accounts.access.models import AccessKind, AccessSubject
from accounts.access.service import add_rule, remove_rule
from accounts.exceptions import AccountRefused, LastAdministrator
from accounts.models import AccessRule, AuditEvent, User
from accounts.tests.factories import NOON, AccessRuleFactory, UserFactory

HERE = "198.51.100.7"
BLOCK, ALLOW = AccessKind.BLOCK, AccessKind.ALLOW


def rule_of(kind: AccessKind, subject: AccessSubject, value: str, **how: Any) -> AccessRule:
    return add_rule(**{
        "kind": kind, "subject": subject, "value": value, "reason": "Spam.", "now": NOON, "by": None, **how
    })  # fmt: skip


@pytest.fixture
def boss(db: None) -> User:
    made: User = UserFactory(staff=True, username="boss", email="boss@example.com")
    return made


class TestNobodyShutsHimselfOut:
    @pytest.mark.parametrize(
        ("kind", "subject", "value"),
        [
            (BLOCK, AccessSubject.USER, "boss"),
            (BLOCK, AccessSubject.EMAIL, "boss@example.com"),
            (BLOCK, AccessSubject.DOMAIN, "example.com"),
            (BLOCK, AccessSubject.NETWORK, HERE),
            (BLOCK, AccessSubject.NETWORK, "198.0.0.0/8"),
            (ALLOW, AccessSubject.NETWORK, "203.0.113.0/24"),
        ],
    )
    def test_neither_by_himself_nor_by_his_domain_nor_by_his_address(
        self, boss: User, kind: AccessKind, subject: AccessSubject, value: str
    ) -> None:
        UserFactory(staff=True, email="other@elsewhere.example")
        with pytest.raises(AccountRefused, match="shut you out yourself"):
            rule_of(kind, subject, value, by=boss, address=HERE)
        assert not AccessRule.objects.exists()

    def test_nor_by_taking_his_own_network_off_the_list(self, boss: User) -> None:
        mine = rule_of(ALLOW, AccessSubject.NETWORK, "198.51.100.0/24", by=boss, address=HERE)
        rule_of(ALLOW, AccessSubject.NETWORK, "203.0.113.0/24", by=boss, address=HERE)
        with pytest.raises(AccountRefused, match="you are at"):
            remove_rule(rule=mine, now=NOON, by=boss, address=HERE)
        assert AccessRule.objects.count() == 2

    def test_nor_later_by_a_rule_that_ends(self, boss: User) -> None:
        ending = {"expires_at": NOON + dt.timedelta(hours=1)}
        for by in (boss, None):
            with pytest.raises(AccountRefused, match=r"At 2026-11-20 13:00 UTC .*without an end first"):
                rule_of(ALLOW, AccessSubject.NETWORK, "198.51.100.0/24", by=by, address=HERE, **ending)
        lasting = rule_of(ALLOW, AccessSubject.NETWORK, "198.51.100.0/24", by=boss, address=HERE)
        guests = rule_of(ALLOW, AccessSubject.NETWORK, "203.0.113.0/24", by=boss, address=HERE, **ending)
        rule_of(ALLOW, AccessSubject.NETWORK, "198.51.100.0/28", by=boss, address=HERE, **ending)
        with pytest.raises(AccountRefused, match="everybody would be shut out"):
            remove_rule(rule=lasting, now=NOON, by=boss, address=HERE)
        remove_rule(rule=guests, now=NOON, by=boss, address=HERE)
        assert AccessRule.objects.count() == 2

    def test_nor_where_others_stay_on_the_list_when_his_own_rule_ends(self, boss: User) -> None:
        staff = UserFactory(is_staff=True, username="staff", email="")
        ending = {"expires_at": NOON + dt.timedelta(hours=1)}
        rule_of(ALLOW, AccessSubject.NETWORK, "203.0.113.0/24")
        with pytest.raises(AccountRefused, match="yourself at 2026-11-20 13:00 UTC: you are at"):
            rule_of(ALLOW, AccessSubject.NETWORK, HERE, by=boss, address=HERE, **ending)
        with pytest.raises(AccountRefused, match="shut you out yourself at 2026-11-20 13:00 UTC"):
            rule_of(ALLOW, AccessSubject.USER, "staff", by=staff, **ending)

    def test_what_was_to_happen_anyway_refuses_no_other_change(self, boss: User) -> None:
        AccessRuleFactory(
            kind=ALLOW, subject=AccessSubject.NETWORK, user=None, network="198.51.100.0/24",
            expires_at=NOON + dt.timedelta(hours=1),
        )  # fmt: skip
        rule_of(BLOCK, AccessSubject.DOMAIN, "spam.example", by=boss, address=HERE)
        assert AccessRule.objects.count() == 2

    def test_nor_does_staff_shut_out_an_administrator(self, boss: User) -> None:
        UserFactory(staff=True, email="")
        staff = UserFactory(is_staff=True, email="")
        with pytest.raises(AccountRefused, match="only another administrator"):
            rule_of(BLOCK, AccessSubject.USER, "boss", by=staff)

    @pytest.mark.parametrize("how", [{"subject": "user"}, {"subject": "domain", "text": "example.com"}])
    def test_the_database_refuses_to_shut_out_the_last_administrator(
        self, boss: User, how: dict[str, str]
    ) -> None:
        how_ = {**how, "user": boss if how["subject"] == "user" else None}
        with pytest.raises(IntegrityError, match="last active administrator"), transaction.atomic():
            AccessRuleFactory(**how_)
        UserFactory(staff=True, email="other@elsewhere.example")
        AccessRuleFactory(**how_)

    @pytest.mark.parametrize(
        "change", [{"is_active": False}, {"is_superuser": False}, {"email": "x@spam.example"}]
    )
    def test_nor_to_lose_the_last_who_is_not_shut_out(self, boss: User, change: dict[str, Any]) -> None:
        other = UserFactory(staff=True, email="other@elsewhere.example")
        AccessRuleFactory(domain=True, text="spam.example")
        AccessRuleFactory(user=other)
        with pytest.raises(IntegrityError, match="last active administrator"), transaction.atomic():
            User.objects.filter(pk=boss.pk).update(**change)
        with pytest.raises(IntegrityError, match="last active administrator"), transaction.atomic():
            User.objects.filter(pk=boss.pk).delete()

    def test_a_rule_is_not_edited(self, boss: User) -> None:
        rule = AccessRuleFactory(domain=True)
        with pytest.raises(IntegrityError, match="not edited"), transaction.atomic():
            AccessRule.objects.filter(pk=rule.pk).update(kind="allow")


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def both(self, act: Any) -> list[str]:
        """Let two administrators act on each other at once; return what was refused."""
        people = [UserFactory(staff=True, email=""), UserFactory(staff=True, email="")]
        ready, refused = Barrier(2), []

        def run(me: User, other: User, number: int) -> None:
            ready.wait()
            try:
                act(me, other, number)
            except (AccountRefused, IntegrityError) as error:
                refused.append(type(error).__name__)
            finally:
                connection.close()

        threads = [Thread(target=run, args=(people[n], people[1 - n], n)) for n in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return refused

    def who_may_enter(self) -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT an_administrator_may_enter()")
            return int(cursor.fetchone()[0])

    def test_two_who_shut_each_other_out(self) -> None:
        refused = self.both(lambda me, other, _: rule_of(BLOCK, AccessSubject.USER, other.username, by=me))
        assert len(refused) == 1
        assert AccessRule.objects.count() == 1
        assert self.who_may_enter()

    def test_one_who_shuts_out_and_one_who_demotes(self) -> None:
        """Demoting goes past the services, by a plain UPDATE."""

        def act(me: User, other: User, number: int) -> None:
            if number:
                rule_of(BLOCK, AccessSubject.USER, other.username, by=me)
            else:
                User.objects.filter(pk=other.pk).update(is_superuser=False)

        assert len(self.both(act)) == 1
        assert self.who_may_enter()

    def test_without_the_guard_both_would_go(self) -> None:
        """What the race is about: each sees the other still there."""
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE users DISABLE TRIGGER USER")
            cursor.execute("ALTER TABLE access_rules DISABLE TRIGGER USER")
        try:
            self.both(lambda me, other, _: User.objects.filter(pk=other.pk).update(is_superuser=False))
            assert not self.who_may_enter()
        finally:
            with connection.cursor() as cursor:
                cursor.execute("ALTER TABLE users ENABLE TRIGGER USER")
                cursor.execute("ALTER TABLE access_rules ENABLE TRIGGER USER")


def statements(client: Client, path: str = "/account/") -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        client.get(path)
    return [query["sql"] for query in queries]


@pytest.fixture
def redis(monkeypatch: pytest.MonkeyPatch, settings: Any, request: Any) -> None:
    """The word in the real Redis, under a name of the test's own."""
    import accounts.access.rules as fresh

    source = vars(fresh)["__loader__"].get_source(fresh.__name__)
    real: dict[str, Any] = {"__name__": fresh.__name__}
    exec(compile(source, fresh.__file__, "exec"), real)  # noqa: S102 - the module's own text, unpatched
    key = f"access-{request.node.name}"
    real["KEY"] = key
    for name in ("known_word", "publish", "replace_word"):
        monkeypatch.setattr(rules, name, real[name])
    monkeypatch.setattr(rules._held, "rules", None)
    cache.delete(key)


class TestCost:
    @pytest.mark.django_db(transaction=True)
    def test_nothing_is_asked_of_the_database_while_the_rules_stay(self, client: Client, redis: None) -> None:
        client.force_login(UserFactory())
        AccessRuleFactory(domain=True)
        first, second, third = (statements(client) for _ in range(3))
        assert len([text for text in first if "access_rules" in text]) == 1
        assert not [text for text in second + third if "access_rules" in text]
        assert len(first) == len(second) + 1

    @pytest.mark.django_db(transaction=True)
    def test_a_change_is_seen_at_once_and_what_is_rolled_back_never(
        self, client: Client, redis: None
    ) -> None:
        ada = UserFactory(username="ada")
        client.force_login(ada)
        assert client.get("/account/").status_code == 200
        with transaction.atomic():
            rule_of(BLOCK, AccessSubject.USER, "ada")
            assert rules.current().against_person(ada) is not None
            transaction.set_rollback(True)
        assert client.get("/account/").status_code == 200
        held = rules._held.rules
        rule = rule_of(BLOCK, AccessSubject.USER, "ada")
        rules._held.rules = held  # as another process, which knows of nothing
        assert client.get("/account/").status_code == 403
        held = rules._held.rules
        remove_rule(rule=rule, now=NOON, by=None)
        rules._held.rules = held
        assert client.get("/account/").status_code == 200

    @pytest.mark.django_db(transaction=True)
    def test_without_redis_each_request_reads_the_rules(self, client: Client, redis: None) -> None:
        client.force_login(UserFactory(username="ada"))
        with patch.object(type(cache._connections[cache._alias]), "get", side_effect=OSError("gone")):
            assert [len([t for t in statements(client) if "access_rules" in t]) for _ in range(2)] == [1, 1]
            rule_of(BLOCK, AccessSubject.USER, "ada")
            assert client.get("/account/").status_code == 403

    def test_attempts_are_counted_and_logged_once_a_minute_without_names(
        self, boss: User, caplog: pytest.LogCaptureFixture
    ) -> None:
        rule = rule_of(BLOCK, AccessSubject.NETWORK, HERE)
        gate._said.clear()
        before = gate.refusals([rule.pk], today=dt.datetime.now(dt.UTC).date()).get(rule.pk, 0)
        visitor = Client(REMOTE_ADDR=HERE)
        for _ in range(5):
            visitor.get("/books/?q=ada%40example.com")
        after = gate.refusals([rule.pk], today=dt.datetime.now(dt.UTC).date())[rule.pk]
        assert after - before == 5
        said = [record.getMessage() for record in caplog.records if record.name == "accounts.access.gate"]
        assert said == [f"refused at the door “address” by rule {rule.pk}"]


class TestTheAdmin:
    def add(self, client: Client, **how: str) -> Any:
        given = {"kind": "block", "subject": "domain", "value": "spam.example", "reason": "Spam.", **how}
        given |= {"expires_at_0": "", "expires_at_1": ""}
        return client.post(reverse("admin:accounts_accessrule_add"), given, follow=True, REMOTE_ADDR=HERE)

    def test_a_rule_is_added_and_removed_and_both_are_in_the_trail(self, client: Client, boss: User) -> None:
        client.force_login(boss)
        assert self.add(client).status_code == 200
        rule = AccessRule.objects.get()
        assert (rule.text, rule.by) == ("spam.example", boss)
        page = client.get(reverse("admin:accounts_accessrule_changelist"))
        assert "spam.example" in page.content.decode()
        client.post(reverse("admin:accounts_accessrule_delete", args=[rule.pk]), {"post": "yes"})
        assert not AccessRule.objects.exists()
        found = AuditEvent.objects.filter(kind="access_rules").order_by("id").values_list("action", flat=True)
        assert list(found) == ["insert", "delete"]

    @pytest.mark.parametrize(
        ("how", "says"),
        [
            ({"value": "example.com"}, "shut you out yourself"),
            ({"subject": "network", "value": "198.51.100.0/24"}, "shut you out yourself"),
            ({"subject": "user", "value": "nobody"}, "There is no account"),
            ({"value": "no domain"}, "is no domain"),
        ],
    )
    def test_what_cannot_be_is_told(self, client: Client, boss: User, how: dict[str, str], says: str) -> None:
        UserFactory(staff=True, email="other@elsewhere.example")
        client.force_login(boss)
        assert says in self.add(client, **how).content.decode()
        assert not AccessRule.objects.exists()

    def test_the_last_administrator_is_told(self, boss: User) -> None:
        with pytest.raises(LastAdministrator):
            rule_of(BLOCK, AccessSubject.USER, "boss")

    def test_staff_without_the_permission_sees_no_rules(self, client: Client) -> None:
        client.force_login(UserFactory(is_staff=True))
        assert client.get(reverse("admin:accounts_accessrule_changelist")).status_code == 403
        assert client.get(reverse("admin:accounts_accessrule_add")).status_code == 403

    test_staff_without_the_permission_sees_no_rules = pytest.mark.django_db(
        test_staff_without_the_permission_sees_no_rules
    )
