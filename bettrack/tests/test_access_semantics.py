"""What rules of access mean: lists, domains, networks, ends, and the command that keeps them."""

from __future__ import annotations

import datetime as dt
from io import StringIO
from unittest.mock import patch

import pytest
from allauth.account.models import EmailAddress
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.access import rules
from accounts.access.models import AccessKind, AccessSubject
from accounts.access.service import remove_rule
from accounts.exceptions import LastAdministrator
from accounts.models import AccessRule, User
from bettrack.tests import test_access_doors as doors
from bettrack.tests.test_access_doors import HERE, RULES, Visit, page, rule_of, sign_in
from games.tests.factories import GameFactory

pytestmark = pytest.mark.django_db
visit = doors.visit


def test_an_address_that_nobody_confirmed_is_on_no_list(visit: Visit) -> None:
    rule_of(AccessKind.ALLOW, AccessSubject.DOMAIN, "example.com")
    EmailAddress.objects.update(verified=False)
    assert page(visit)


def test_an_unconfirmed_address_is_blocked_all_the_same(visit: Visit) -> None:
    EmailAddress.objects.create(user=visit.ada, email="ada@spam.example", verified=False)
    rule_of(AccessKind.BLOCK, AccessSubject.DOMAIN, "spam.example")
    assert page(visit)


def test_a_domain_has_those_below_it_and_no_others(visit: Visit) -> None:
    rule = rule_of(AccessKind.BLOCK, AccessSubject.DOMAIN, "ample.com")
    assert not page(visit)
    remove_rule(rule=rule, now=timezone.now(), by=None)
    User.objects.filter(pk=visit.ada.pk).update(email="ada@mail.example.com")
    EmailAddress.objects.all().delete()
    rule_of(AccessKind.BLOCK, AccessSubject.DOMAIN, "example.com")
    assert page(visit)


@pytest.mark.parametrize("at", ["ada@bücher.de", "ada@Mail.BÜCHER.de", "ada@xn--bcher-kva.de"])
@pytest.mark.parametrize("named", ["bücher.de", "xn--bcher-kva.de"])
def test_a_domain_is_the_same_in_both_spellings(visit: Visit, named: str, at: str) -> None:
    User.objects.filter(pk=visit.ada.pk).update(email="")
    EmailAddress.objects.update(email=at)
    rule_of(AccessKind.ALLOW, AccessSubject.DOMAIN, named)
    assert not page(visit)
    assert rules.current().against_newcomer(at) is None
    blocked = rule_of(AccessKind.BLOCK, AccessSubject.DOMAIN, named)
    assert page(visit)
    visit.client.logout()
    assert sign_in(visit)
    assert rules.current().against_newcomer(at) == blocked.pk


@pytest.mark.parametrize("at", ["ada@bücher.de", "Ada@xn--bcher-kva.de"])
@pytest.mark.parametrize("named", ["ada@Bücher.de", "ada@xn--bcher-kva.de"])
def test_so_is_an_address(visit: Visit, named: str, at: str) -> None:
    EmailAddress.objects.update(email=at)
    rule_of(AccessKind.ALLOW, AccessSubject.EMAIL, named)
    assert not page(visit)
    EmailAddress.objects.update(verified=False)
    rules.changed()
    assert page(visit)
    AccessRule.objects.all().delete()
    User.objects.filter(pk=visit.ada.pk).update(email="")
    rule_of(AccessKind.BLOCK, AccessSubject.EMAIL, named)
    assert page(visit)
    assert rules.current().against_newcomer(at) is not None
    assert rules.current().against_newcomer(f"other.{at}") is None


def test_the_last_administrator_of_a_domain_with_an_umlaut_stays(visit: Visit) -> None:
    User.objects.filter(username="boss").update(email="boss@bücher.de")
    with pytest.raises(LastAdministrator):
        rule_of(AccessKind.BLOCK, AccessSubject.DOMAIN, "bücher.de")
    assert not AccessRule.objects.exists()


@pytest.mark.parametrize(
    ("network", "address", "out"),
    [
        ("2001:db8::/32", "2001:db8:0:1::7", True),
        ("2001:db8::/32", "2001:db9::7", False),
        ("198.51.100.0/24", "::ffff:198.51.100.9", True),
        ("198.51.100.0/24", "198.51.101.9", False),
        ("::ffff:198.51.100.0/120", "198.51.100.9", True),
        ("::ffff:198.51.100.9", "::ffff:198.51.100.9", True),
        ("127.0.0.0/8", "127.0.0.1", False),
    ],
)
def test_networks_of_both_kinds_and_this_machine(network: str, address: str, out: bool, visit: Visit) -> None:
    rule_of(AccessKind.BLOCK, AccessSubject.NETWORK, network)
    answer = Client(REMOTE_ADDR=address).get("/books/")
    assert visit.refused(answer) is out


def test_what_a_visitor_says_of_his_address_does_not_count(visit: Visit) -> None:
    rule_of(AccessKind.BLOCK, AccessSubject.NETWORK, HERE)
    assert visit.refused(visit.client.get("/books/", headers={"X-Forwarded-For": "192.0.2.1"}))


def test_a_rule_ends_by_itself(visit: Visit) -> None:
    rule = rule_of(
        AccessKind.BLOCK, AccessSubject.USER, "ada", expires_at=timezone.now() + dt.timedelta(hours=1)
    )
    assert page(visit)
    with patch("accounts.access.rules.timezone.now", lambda: rule.expires_at):
        assert not page(visit)


def test_a_list_whose_last_rule_has_ended_stays_a_list(visit: Visit) -> None:
    rule = rule_of(
        AccessKind.ALLOW, AccessSubject.USER, "ada", expires_at=timezone.now() + dt.timedelta(hours=1)
    )
    assert not page(visit)
    with patch("accounts.access.rules.timezone.now", lambda: rule.expires_at):
        assert page(visit)


def test_removing_a_rule_opens_at_once(visit: Visit) -> None:
    rule = rule_of(*RULES["domain"])
    assert page(visit)
    remove_rule(rule=rule, now=timezone.now(), by=None)
    assert not page(visit)


def test_who_is_shut_out_can_still_sign_out(visit: Visit) -> None:
    visit.client.force_login(visit.ada)
    rule_of(*RULES["user"])
    assert visit.client.post("/accounts/logout/").status_code == 302
    assert "_auth_user_id" not in visit.client.session


def test_what_watches_the_server_is_let_in(visit: Visit) -> None:
    rule_of(*RULES["network"])
    assert visit.client.get("/healthz").status_code == 200


def test_an_open_stream_ends(visit: Visit) -> None:
    answer = visit.client.get(
        "/api/v1/stream/",
        {"game": GameFactory().pk, "seconds": 20},
        headers={"Authorization": f"Bearer {visit.key()}", "Accept": "text/event-stream"},
    )
    parts = iter(answer)
    first = next(parts)
    assert first.startswith(b"retry")
    rule_of(*RULES["user"])
    rest = b"".join(parts)
    answer.close()
    assert b"event: end" in rest
    assert b'"code":"access_refused"' in rest.replace(b" ", b"")


def test_the_command_lists_adds_and_removes(visit: Visit) -> None:
    out = StringIO()
    call_command("access", "list", stdout=out)
    call_command(
        "access", "add", "block", "network", HERE, "--reason", "Scraping.", "--days", "3", stdout=out
    )
    assert visit.refused(visit.client.get("/books/"))
    rule = AccessRule.objects.get()
    call_command("access", "list", stdout=out)
    call_command("access", "remove", str(rule.pk), stdout=out)
    assert not visit.refused(visit.client.get("/books/"))
    lines = out.getvalue().splitlines()
    assert lines[0].startswith("No rules")
    assert f"{HERE}/32, until " in lines[2]
    assert "refused 1  Scraping." in lines[2]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("block", "network", "0.0.0.0/0"), "half the Internet"),
        (("block", "network", "nowhere"), "is not an address or network"),
        (("block", "network", "198.51.100.7/24"), "is not an address or network"),
        (("block", "user", "nobody"), "no account"),
        (("block", "email", "ada"), "no email address"),
        (("block", "domain", "local host"), "no domain"),
        (("block", "user", "boss"), "last administrator"),
        (("block", "domain", "elsewhere.example"), "last administrator"),
        (("block", "email", "boss@elsewhere.example"), "last administrator"),
    ],
)
def test_what_the_command_refuses(words: tuple[str, ...], says: str, visit: Visit) -> None:
    with pytest.raises(CommandError, match=says):
        call_command("access", "add", *words, "--reason", "Spam.")
    assert not AccessRule.objects.exists()


def test_who_is_signed_in_and_shut_out_can_sign_out(visit: Visit) -> None:
    visit.client.force_login(visit.ada)
    rule_of(AccessKind.BLOCK, AccessSubject.USER, "ada")
    refused = visit.client.get("/books/")
    assert refused.status_code == 403
    assert 'href="/accounts/logout/"' in refused.content.decode()
    asked = visit.client.get("/accounts/logout/")
    assert asked.status_code == 200
    visit.client.post("/accounts/logout/")
    assert "_auth_user_id" not in visit.client.session
    assert visit.client.get("/books/").status_code == 200


def test_an_address_that_is_shut_out_is_offered_no_sign_out_that_would_be_refused(visit: Visit) -> None:
    visit.client.force_login(visit.ada)
    rule_of(AccessKind.BLOCK, AccessSubject.NETWORK, f"{HERE}/32")
    refused = visit.client.get("/books/")
    assert refused.status_code == 403
    assert "/accounts/logout/" not in refused.content.decode()
