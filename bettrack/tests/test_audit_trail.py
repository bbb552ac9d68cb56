"""The trail notes who changed what, when and from where, whatever door the change came by."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pghistory.models import Context
from psycopg import sql

from accounts.audit import context
from accounts.models import AuditEvent
from accounts.tests.factories import NOON, ApiKeyFactory, UserFactory, text_of
from bets.models import Bet, BetEvent, BetLeg, LedgerEntry, SettlementRule
from bets.settlement import settle_due
from bets.tests.factories import FAR, ended, funded_bankroll, offered, place
from bettrack.celery import app
from games.models import Game, Team
from games.tests.factories import GameFactory, TeamFactory
from odds.models import CurrentOdds
from odds.tests.factories import BookmakerFactory

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


class TestWhatIsNoted:
    def test_a_change_keeps_what_was_and_what_is(self) -> None:
        team = TeamFactory(name="Seattle SuperSonics")
        Team.objects.filter(pk=team.pk).update(name="Oklahoma City Thunder")
        event = last(kind="teams", action="update")
        assert event.object_id == str(team.pk)
        assert event.before == {"name": "Seattle SuperSonics"}
        assert event.after == {"name": "Oklahoma City Thunder"}

    def test_a_deleted_row_stays_in_the_trail(self) -> None:
        team = TeamFactory(name="Seattle SuperSonics")
        team.delete()
        event = last(kind="teams", action="delete")
        assert event.before["name"] == "Seattle SuperSonics"
        assert event.after is None

    def test_writing_the_same_again_is_no_change(self) -> None:
        team = TeamFactory()
        before = AuditEvent.objects.count()
        team.save()
        assert AuditEvent.objects.count() == before

    def test_direct_sql_is_noted_as_well(self) -> None:
        team = TeamFactory()
        with connection.connection.cursor() as raw:  # past Django and all that it adds
            raw.execute("UPDATE teams SET name = 'Elsewhere' WHERE id = %s", [team.pk])
        assert last(kind="teams", action="update").after == {"name": "Elsewhere"}

    def test_many_rows_of_one_statement_are_one_event(self) -> None:
        sport = TeamFactory().sport
        Team.objects.bulk_create(Team(sport=sport, name=f"Many {n}") for n in range(150))
        event = last(kind="teams")
        assert (event.action, event.object_id, event.row_count) == ("insert", "", 150)

    def test_prices_are_their_own_archive(self) -> None:
        offered(GameFactory(), "h2h")
        assert CurrentOdds.objects.exists()
        assert not AuditEvent.objects.filter(
            kind__in=["odd_snapshots", "current_odds", "selections"]
        ).exists()

    def test_what_a_poll_writes_into_games_is_not_noted(self) -> None:
        game = GameFactory()
        before = AuditEvent.objects.count()
        Game.objects.filter(pk=game.pk).update(seen_at=NOON, bet_count=4, clock="Q3 1:00")
        assert AuditEvent.objects.count() == before

    def test_membership_of_a_group_is_noted(self) -> None:
        ada, group = UserFactory(), Group.objects.create(name="Graders")
        ada.groups.add(group)
        event = last(kind="users_groups")
        assert (event.object_id, event.owner_id, event.after["group_id"]) == (str(ada.pk), ada.pk, group.pk)

    def test_a_group_gets_a_new_name(self) -> None:
        group = Group.objects.create(name="Graders")
        Group.objects.filter(pk=group.pk).update(name="Judges")
        assert last(kind="auth_group").before == {"name": "Graders"}


class TestMoneyAndBets:
    @pytest.fixture
    def bet(self) -> Bet:
        game = GameFactory(commence_time=FAR)
        return place(offered(game, "h2h"), stake=Decimal(25))

    def test_placing_is_noted_of_bet_leg_and_money(self, bet: Bet) -> None:
        found = AuditEvent.objects.filter(object_id=str(bet.pk)).order_by("id")
        assert [(one.kind, one.action) for one in found] == [
            ("bets", "insert"),
            ("bet_legs", "insert"),
            ("ledger_entries", "insert"),
        ]
        assert {one.owner_id for one in found} == {bet.user_id}
        assert found[2].after["amount"] == -25

    def test_settling_is_noted_once_by_its_event(self, bet: Bet) -> None:
        game = ended(bet.legs.get().game, 3, 1)
        before = AuditEvent.objects.filter(object_id=str(bet.pk)).latest("id").pk
        with context.origin(task="bets.tasks.settle_due", task_id="7"):
            settle_due(game_ids=[game.pk])
        found = AuditEvent.objects.filter(object_id=str(bet.pk), pk__gt=before).order_by("id")
        assert [one.kind for one in found] == ["bet_events", "ledger_entries"]
        assert found[0].after == {"id": BetEvent.objects.latest("id").pk, "kind": "settled", "revision": 1}
        assert {one.context.metadata["task"] for one in found} == {"bets.tasks.settle_due"}

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE bets SET payout = 0, status = 'lost', settled_at = clock_timestamp()",
            "UPDATE bets SET note = 'x'",
        ],
    )
    def test_a_bet_changed_past_its_events_is_noted(self, bet: Bet, statement: str) -> None:
        run(statement)
        assert last(kind="bets").action == "update"

    def test_a_leg_decided_past_grading_is_noted(self, bet: Bet) -> None:
        BetLeg.objects.update(status="won", return_factor="21/11")
        assert last(kind="bet_legs").after == {"status": "won", "return_factor": "21/11"}

    def test_a_ledger_line_by_hand_is_noted(self, bet: Bet) -> None:
        tail = LedgerEntry.objects.filter(bankroll=bet.bankroll_id).latest("seq")
        run(
            "INSERT INTO ledger_entries (bankroll_id, seq, previous_seq, kind, amount, balance_before, balance_after,"
            " revision, note, at) VALUES (%s, %s, %s, 'adjustment', 5, %s, %s, 0, '', now())",
            tail.bankroll_id, tail.seq + 1, tail.seq, tail.balance_after, tail.balance_after + 5,
        )  # fmt: skip
        assert last(kind="ledger_entries").after["kind"] == "adjustment"

    def test_a_version_of_a_rule_is_noted(self) -> None:
        rule = SettlementRule.objects.create(family="moneyline", source="House rules")
        assert last(kind="settlement_rules").object_id == str(rule.pk)


class TestWhoAndFromWhere:
    def test_a_page_names_person_address_and_page(self, client: Client) -> None:
        ada = UserFactory()
        client.force_login(ada)
        client.post(
            reverse("accounts:preferences"),
            {"time_zone": "Europe/Paris", "odds_format": "decimal", "theme": "dark"},
            REMOTE_ADDR="203.0.113.9",
        )
        event = last(kind="users", action="update")
        assert event.after["time_zone"] == "Europe/Paris"
        found = origin_of(event)
        found.pop("request", None)
        assert found == {
            "address": "203.0.113.9",
            "method": "POST",
            "path": "/account/",
            "user": str(ada.pk),
        }

    def test_a_link_that_is_a_key_is_not_kept(self, client: Client) -> None:
        client.get("/accounts/password/reset/key/abc-secret123/", REMOTE_ADDR="203.0.113.9")
        ada = UserFactory()
        client.force_login(ada)
        key = ApiKeyFactory(user=ada)
        client.post(reverse("accounts:key_revoke", args=[key.pk]))
        assert origin_of(last(kind="api_keys"))["path"] == f"/account/keys/{key.pk}/revoke/"
        assert "secret123" not in json.dumps(list(Context.objects.values_list("metadata", flat=True)))

    def test_a_key_is_named(self, client: Client) -> None:
        key = ApiKeyFactory(scopes=["bets:write", "bets:read"])
        answer = client.post(
            "/api/v1/bankrolls/",
            {"name": "Spring", "currency": "USD", "kind": "paper"},
            "application/json",
            headers={"Authorization": f"Bearer {text_of(key)}"},
        )
        assert answer.status_code == 201, answer.content
        found = origin_of(last(kind="bankrolls"))
        assert (found["key"], found["user"]) == (str(key.pk), str(key.user_id))

    def test_a_task_is_named(self) -> None:
        @app.task(name="test.rename", shared=False)
        def rename() -> None:
            Team.objects.update(name="Renamed")

        TeamFactory()
        try:
            rename.apply(task_id="a-task")
        finally:
            app.tasks.unregister("test.rename")
        found = origin_of(last(kind="teams"))
        assert (found["task"], found["task_id"]) == ("test.rename", "a-task")

    def test_a_command_names_itself_and_the_user_of_the_machine(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("sys.argv", ["manage.py", "settle", "--now"])
        context.process_origin.cache_clear()
        try:
            TeamFactory()
            assert origin_of(last(kind="teams")) == {"command": "settle", "os_user": context.os_user()}
        finally:
            context.process_origin.cache_clear()

    def test_what_is_written_after_a_rolled_back_savepoint_still_has_its_origin(self) -> None:
        with context.origin(command="first"):
            try:
                with transaction.atomic():
                    TeamFactory()
                    raise RuntimeError
            except RuntimeError:
                pass
            TeamFactory()
        assert origin_of(last(kind="teams"))["command"] == "first"

    def test_one_origin_ends_where_the_next_begins(self) -> None:
        for name in ("first", "second"):
            with context.origin(command=name):
                TeamFactory()
            assert origin_of(last(kind="teams"))["command"] == name

    def test_statements_made_of_parts_and_of_many_rows_bring_it_too(self) -> None:
        team = TeamFactory()
        with context.origin(command="parts"), connection.cursor() as cursor:
            cursor.execute(sql.SQL("UPDATE {} SET name = '50 %'").format(sql.Identifier("teams")))
        assert origin_of(last(kind="teams"))["command"] == "parts"
        with context.origin(command="many"), connection.cursor() as cursor:
            cursor.executemany("UPDATE teams SET name = %s WHERE id = %s", [("a", team.pk), ("b", team.pk)])
        assert last(kind="teams").after == {"name": "b"}
        assert origin_of(last(kind="teams"))["command"] == "many"

    def test_a_sign_of_per_cent_and_quotes_pass(self) -> None:
        TeamFactory()
        with context.origin(command="a'b%s\\c"):
            run("UPDATE teams SET name = '100 %%' WHERE name <> %s", "x")
            with connection.cursor() as cursor:
                cursor.execute("UPDATE teams SET name = '5 %'")
        assert origin_of(last(kind="teams"))["command"] == "a'b%s\\c"


@pytest.mark.django_db(transaction=True)
def test_an_origin_ends_with_its_transaction() -> None:
    """Behind a pooler the next transaction may be another's."""
    with context.origin(command="first"):
        TeamFactory()
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('pghistory.context_id', true)")
            assert cursor.fetchone() in [("",), (None,)]
        with connection.connection.cursor() as raw:
            raw.execute("UPDATE teams SET name = 'Elsewhere'")
    assert last(kind="teams").context is None


class TestCost:
    def test_placing_takes_no_statement_more(self) -> None:
        line, bankroll = offered(GameFactory(commence_time=FAR), "h2h"), funded_bankroll()
        with context.origin(command="count"), CaptureQueriesContext(connection) as queries:
            place(line, bankroll)
        brings = [query["sql"] for query in queries if "pghistory.context_id" in query["sql"]]
        assert len(brings) == 1
        assert brings[0].rpartition("; ")[2].split()[0] in (
            "INSERT",
            "UPDATE",
        )  # in one breath with the first write

    def test_a_transaction_brings_its_origin_once_and_only_when_it_writes(self) -> None:
        TeamFactory()
        with (
            context.origin(command="count"),
            CaptureQueriesContext(
                connection,
            ) as queries,
        ):
            list(Team.objects.all())
            Team.objects.update(name="a")
            Team.objects.update(name="b")
        texts = [query["sql"] for query in queries]
        assert len(texts) == 3
        assert ["pghistory.context_id" in text for text in texts] == [False, True, False]
        assert Context.objects.filter(metadata__command="count").count() == 1

    def test_prices_bring_nothing(self) -> None:
        game, book = GameFactory(), BookmakerFactory()
        with context.origin(command="ingest"), CaptureQueriesContext(connection) as queries:
            offered(game, "h2h", bookmaker=book)
        assert not [query["sql"] for query in queries if "pghistory" in query["sql"]]
