"""The trail can only grow, holds no secrets and forgets addresses in time."""

from __future__ import annotations

import json
import re
from typing import Any

import pgtrigger
import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import IntegrityError, connection, transaction
from pghistory.models import Context

from accounts.audit import context
from accounts.audit.libraries import LIBRARIES, notes_of, statement
from accounts.audit.retention import forget_old_addresses
from accounts.audit.tracking import Note
from accounts.deletion import delete_account
from accounts.models import ApiKey, AuditEvent, User
from accounts.tests.factories import NOON, ApiKeyFactory, AuditEventFactory, UserFactory
from bettrack.environment import Environment
from games.tests.factories import TeamFactory

pytestmark = pytest.mark.django_db


def last(**about: Any) -> AuditEvent:
    found = AuditEvent.objects.filter(**about).select_related("context").order_by("-id").first()
    assert found is not None, f"nothing noted of {about}"
    return found


def origin_of(event: AuditEvent) -> dict[str, Any]:
    return dict(event.context.metadata)


def run(text: str, *params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(text, params)


class TestAppendOnly:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE audit_events SET at = now()",
            "UPDATE audit_events SET after = '{}'",
            "UPDATE audit_events SET after = NULL",
            "DELETE FROM audit_events",
            "UPDATE pghistory_context SET metadata = '{}'",
            "DELETE FROM pghistory_context",
        ],
    )
    def test_the_trail_refuses_it(self, statement: str) -> None:
        with context.origin(command="seed"):
            TeamFactory()
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            run(statement)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE audit_events SET object_id = 'x'",
            "UPDATE audit_events SET before = NULL, after = '{}'",
            "DELETE FROM audit_events",
            """UPDATE pghistory_context SET metadata = metadata || '{"address": "192.0.2.1"}'""",
            "DELETE FROM pghistory_context",
        ],
    )
    def test_forgetting_adds_and_removes_nothing_else(self, statement: str) -> None:
        with context.origin(command="seed"):
            TeamFactory()
        run("SET LOCAL bettrack.purge = 'on'")
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            run(statement)


SECRET = re.compile(
    r"pass(word|wd)|secret|digest|token|hash|session_key|^seed$|^data$|extra_data|^url$|^uid$|^content$"
)
NO_SECRETS = {("bet_events", "data"), ("bookmakers", "url"), ("webhooks", "url")}


def tracked() -> list[tuple[Any, Note]]:
    ours = [(model, trigger) for model, trigger in pgtrigger.registered() if isinstance(trigger, Note)]
    theirs = [(apps.get_model(label), note) for label, how in LIBRARIES.items() for note in notes_of(how)]
    return [*ours, *theirs]


class TestSecrets:
    @pytest.mark.parametrize(
        ("model", "note"), tracked(), ids=lambda one: getattr(one, "name", getattr(one, "__name__", ""))
    )
    def test_no_trigger_copies_a_secret(self, model: Any, note: Note) -> None:
        table = model._meta.db_table
        secret = {f.column for f in model._meta.concrete_fields if f.column and SECRET.search(f.column)}
        copied = {
            column
            for column in (*note.tracked.shown(model), *note.tracked.first(model))
            if column in secret and (table, column) not in NO_SECRETS
        }
        assert not copied
        for column in {c for c in secret if (table, c) not in NO_SECRETS}:
            assert f'to_jsonb(NEW."{column}")' not in note.render_func(model)

    def test_a_webhooks_address_is_a_secret_too(self) -> None:
        webhook = apps.get_model("bets.Webhook")
        assert all("url" in note.tracked.hidden for model, note in tracked() if model is webhook)

    def test_that_a_password_changed_is_noted_and_not_which(self) -> None:
        ada = UserFactory()
        ada.set_password("another long secret")
        ada.save()
        event = last(kind="users", action="update")
        assert (event.before, event.after) == ({"password": "hidden"}, {"password": "changed"})

    def test_no_row_of_the_trail_holds_a_key_or_a_password(self) -> None:
        key = ApiKeyFactory()
        ApiKey.objects.filter(pk=key.pk).update(name="other", digest="0" * 64)
        User.objects.filter(pk=key.user_id).delete()
        text = json.dumps(list(AuditEvent.objects.values_list("before", "after")))
        assert key.digest not in text
        assert key.user.password not in text
        assert "other" in text


class TestTheDatabase:
    @pytest.mark.parametrize("label", LIBRARIES)
    def test_triggers_of_libraries_are_those_of_the_code(self, label: str) -> None:
        """Whoever changes ``LIBRARIES`` adds a migration with the new statements."""
        model: Any = apps.get_model(label)
        for note in notes_of(LIBRARIES[label]):
            function = f"{note.name}_of_{model._meta.db_table}"
            with connection.cursor() as cursor:
                cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = %s", [function])
                assert cursor.fetchone()[0].strip() in statement(note, model)
                cursor.execute(
                    "SELECT tgenabled FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname = %s",
                    [model._meta.db_table, note.name],
                )
                assert cursor.fetchone() == ("O",)

    def test_every_table_of_money_bets_rules_games_users_and_keys_is_tracked(self) -> None:
        assert context.tracked_tables() >= {
            "ledger_entries", "operations", "bankrolls", "limit_changes", "bets", "bet_legs", "bet_events",
            "settlement_rules", "games", "teams", "players", "player_stats", "placings", "score_readings", "sports",
            "users", "auth_group", "auth_group_permissions", "users_groups", "users_user_permissions", "api_keys",
            "webhooks", "bookmakers", "access_rules", "account_emailaddress", "mfa_authenticator",
        }  # fmt: skip


class TestForgetting:
    def test_addresses_go_after_their_time(self, settings: Any) -> None:
        settings.AUDIT_ADDRESS_DAYS = 30
        with context.origin(address="203.0.113.9", user="u"):
            TeamFactory()
        found = Context.objects.latest("created_at")
        assert forget_old_addresses(now=found.created_at) == 0
        assert forget_old_addresses(now=found.created_at.replace(year=found.created_at.year + 1)) == 1
        found.refresh_from_db()
        assert found.metadata.get("user") == "u"
        assert "address" not in found.metadata

    def test_a_number_of_days_that_is_none_stops_the_start(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("AUDIT_ADDRESS_DAYS", "-1")
        with pytest.raises(ImproperlyConfigured, match="AUDIT_ADDRESS_DAYS is a number of days"):
            Environment().days("AUDIT_ADDRESS_DAYS", default=365)

    def test_a_deleted_account_leaves_the_trail_without_what_it_said(self) -> None:
        ada, boss = UserFactory(first_name="Augusta"), UserFactory(staff=True)
        with context.origin(user=str(ada.pk), address="203.0.113.9"):
            User.objects.filter(pk=ada.pk).update(first_name="Ada")
        with context.origin(user=str(boss.pk), address="203.0.113.10"):
            User.objects.filter(pk=ada.pk).update(last_name="Lovelace")
        number = AuditEvent.objects.filter(owner=ada).count()
        delete_account(user=ada, now=NOON)
        left = AuditEvent.objects.filter(owner=ada.pk)
        assert left.count() == number
        assert set(left.values_list("before", "after")) == {(None, None)}
        said = json.dumps(list(AuditEvent.objects.values_list("before", "after")))
        assert not [word for word in ("Augusta", "Lovelace", ada.username, ada.email) if f'"{word}"' in said]
        addresses = {one.get("address") for one in Context.objects.values_list("metadata", flat=True)}
        assert addresses >= {"203.0.113.10"}
        assert "203.0.113.9" not in addresses

    def test_events_can_be_made_by_hand_for_tests_alone(self) -> None:
        assert AuditEventFactory().pk
