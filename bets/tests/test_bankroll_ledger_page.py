"""The page of a bankroll: operations with undo, the ledger of a period, statements; other people's are not found."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import uuid
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from bets.bankrolls import archive_bankroll, credit_bonus, deposit, open_bankroll, transfer
from bets.ledger import balance
from bets.models import Bankroll, Operation
from bets.templatetags.bet_display import day_and_time
from bets.tests.factories import place
from bets.tests.scenes import person, scene
from bets.tests.test_slip_page import words

pytestmark = pytest.mark.django_db

ZERO = dt.datetime(2026, 3, 1, 17, 0, tzinfo=dt.UTC)  # noon in New York
DAY = dt.timedelta(days=1)


@pytest.fixture
def ada(client: Client) -> Bankroll:
    user, bankroll = person("ada", "100")
    client.force_login(user)
    return bankroll


@pytest.fixture
def second(ada: Bankroll) -> Bankroll:
    return open_bankroll(user=ada.user, name="Holiday", opening_deposit=Decimal(20))


def url(name: str, bankroll: Bankroll, *more: object) -> str:
    return reverse(f"bets:{name}", args=[bankroll.pk, *more])


def test_a_transfer_shows_in_both_ledgers_and_is_undone_by_its_button(
    client: Client, ada: Bankroll, second: Bankroll
) -> None:
    data = {"transfer-target": str(second.pk), "transfer-amount": "30", "transfer-key": "k1"}
    for _ in range(2):  # a double click
        text = words(client.post(url("transfer", ada), data, follow=True))
        assert "$30.00 transferred." in text
    assert "Transfer to Holiday" in text
    assert "−$30.00 $70.00" in text
    assert "Transfer from Main" in words(client.get(url("bankroll", second)))
    operation = Operation.objects.get(kind="transfer")
    text = words(client.post(url("undo_operation", ada, operation.pk), follow=True))
    assert "Transfer undone by a line of its own." in text
    assert "Correction undoes the transfer from Holiday" in text
    assert (balance(ada), balance(second)) == (100, 20)


def test_another_currency_needs_what_arrives(client: Client, ada: Bankroll) -> None:
    euros = open_bankroll(user=ada.user, name="Euros", currency="EUR")
    data = {"transfer-target": str(euros.pk), "transfer-amount": "30"}
    response = client.post(url("transfer", ada), data)
    assert response.status_code == 422
    assert "Enter what arrives in EUR." in words(response)
    client.post(url("transfer", ada), data | {"transfer-arrives": "27.50"})
    assert balance(euros) == Decimal("27.50")


def test_only_own_bankrolls_of_the_same_money_are_offered(client: Client, ada: Bankroll) -> None:
    open_bankroll(user=ada.user, name="Genuine", kind="real")
    _, foreign = person("eve")
    text = words(client.get(url("bankroll", ada)))
    assert "There is no other bankroll of paper money." in text
    data = {"transfer-target": str(foreign.pk), "transfer-amount": "30"}
    assert client.post(url("transfer", ada), data).status_code == 422
    assert (balance(ada), balance(foreign)) == (100, 100)


def test_a_bonus_is_shown_apart_from_deposits_and_from_the_result(client: Client, ada: Bankroll) -> None:
    text = words(client.post(url("bonus", ada), {"bonus-amount": "15"}, follow=True))
    assert "$15.00 added as a bonus." in text
    assert "taken out" not in text.split("Bonuses")[0].split("$100.00")[-1]
    assert "Bonuses from bookmakers, neither paid in nor won $15.00" in text
    assert "Result of settled bets $0.00" in text


def test_an_adjustment_downwards_has_its_reason_in_the_ledger(client: Client, ada: Bankroll) -> None:
    data = {"adjustment-direction": "less", "adjustment-amount": "2.50", "adjustment-note": ""}
    response = client.post(url("adjust", ada), data)
    assert response.status_code == 422
    assert response.context["forms"]["adjust"].errors["note"]
    text = words(client.post(url("adjust", ada), data | {"adjustment-note": "fee"}, follow=True))
    assert "Adjustment fee" in text
    assert "−$2.50 $97.50" in text


def test_a_time_of_the_past_is_kept_and_one_of_the_future_refused(client: Client, ada: Bankroll) -> None:
    data = {"deposit-amount": "5", "deposit-happened_at": "2026-03-01T12:00"}
    text = words(client.post(url("deposit", ada), data, follow=True))
    assert ", of 1 Mar, 12:00 PM" in text
    assert Operation.objects.get(amount=5).happened_at == ZERO
    response = client.post(url("deposit", ada), data | {"deposit-happened_at": "2099-01-01T12:00"})
    assert response.status_code == 422
    assert "The time cannot be in the future." in words(response)
    response = client.post(url("deposit", ada), data | {"deposit-happened_at": "0001-01-01T00:00"})
    assert response.status_code == 422
    assert "The time cannot be before 1990." in words(response)


def test_what_is_spent_cannot_be_undone_and_the_page_says_so(
    client: Client, ada: Bankroll, second: Bankroll
) -> None:
    done = deposit(bankroll=ada, amount=Decimal(50), by=ada.user)
    transfer(source=ada, target=second, amount=Decimal(120), by=ada.user)
    text = words(client.post(url("undo_operation", ada, done.pk), follow=True))
    assert "The correction of $50.00 is more than the bankroll holds: $30.00 is available." in text
    assert balance(ada) == 30


def days(bankroll: Bankroll, count: int) -> None:
    for n in range(count):
        deposit(bankroll=bankroll, amount=Decimal(n + 1), by=bankroll.user, now=ZERO + n * DAY)


@pytest.fixture
def spring(client: Client) -> Bankroll:
    """A bankroll with deposits of 1, 2, 3 … at noon of the first days of March."""
    user, _ = person("spring", "1")
    client.force_login(user)
    opened = open_bankroll(user=user, name="Spring")
    days(opened, 9)
    return opened


def test_a_period_has_its_opening_and_closing_balance(client: Client, spring: Bankroll) -> None:
    text = words(client.get(url("bankroll", spring), {"since": "2026-03-03", "until": "2026-03-05"}))
    assert "3 lines, none ever changed" in text
    assert "Closing balance $15.00" in text
    assert "Opening balance $3.00" in text
    assert "Thursday 5 March 2026" in text
    assert "Deposit (3) +$12.00" in text
    assert "Friday 6 March" not in text


def test_days_are_those_of_the_readers_zone(client: Client, spring: Bankroll) -> None:
    spring.user.time_zone = "Pacific/Auckland"  # noon in New York is the morning of the next day there
    spring.user.save(update_fields=["time_zone"])
    text = words(client.get(url("bankroll", spring), {"since": "2026-03-02", "until": "2026-03-02"}))
    assert "Closing balance $1.00" in text


def test_a_kind_narrows_the_lines_down_and_not_the_balances(client: Client, spring: Bankroll) -> None:
    credit_bonus(bankroll=spring, amount=Decimal(50), by=spring.user, now=ZERO + 9 * DAY)
    text = words(client.get(url("bankroll", spring), {"kind": "bonus"}))
    assert "1 line, none ever changed" in text
    assert "Closing balance $95.00" in text


@pytest.mark.parametrize(
    "query", [{"since": "2026-03-05", "until": "2026-03-01"}, {"since": "soon"}, {"kind": "gift"}, {"since": "0001-01-01"}]
)  # fmt: skip
def test_a_period_that_is_none_is_said_and_shows_everything(
    client: Client, spring: Bankroll, query: dict[str, str]
) -> None:
    response = client.get(url("bankroll", spring), query)
    assert response.context["filters"].errors
    assert "9 lines" in words(response)


def test_older_lines_follow_by_their_number(client: Client, spring: Bankroll) -> None:
    for n in range(45):
        deposit(bankroll=spring, amount=Decimal(1), by=spring.user, now=ZERO + (10 + n) * DAY)
    first = client.get(url("bankroll", spring))
    seqs = [line.entry.seq for day in first.context["days"] for line in day.lines]
    assert seqs == list(range(54, 4, -1))
    assert b"before=5" in first.content
    deposit(bankroll=spring, amount=Decimal(1), by=spring.user)
    second = client.get(url("bankroll", spring), {"before": "5"})
    assert [line.entry.seq for day in second.context["days"] for line in day.lines] == [4, 3, 2, 1]
    assert client.get(url("bankroll", spring), {"before": "x" * 50}).status_code == 200


def test_a_ledger_of_bets_takes_no_more_statements_for_more_lines(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    at = scene()
    client.force_login(at.user)
    for n in range(4):
        place(at.moneyline_odds, at.bankroll, stake=Decimal(5), idempotency_key=f"k{n}")
        # as without bets, and the legs with their games, and what imported bets say
        with django_assert_num_queries(12):
            text = words(client.get(url("bankroll", at.bankroll)))
    assert "Stake Los Angeles Lakers" in text


def body(client: Client, bankroll: Bankroll, **query: str) -> str:
    response = client.get(url("statement", bankroll), query)
    assert response.streaming
    return response.getvalue().decode()


def test_the_csv_statement_adds_up_and_holds_no_formula(client: Client, spring: Bankroll) -> None:
    deposit(
        bankroll=spring, amount=Decimal(5), by=spring.user, note='=HYPERLINK("http://x")', now=ZERO + 20 * DAY
    )
    rows = list(csv.DictReader(io.StringIO(body(client, spring, format="csv", since="2026-03-03"))))
    opening, *lines, closing = rows
    assert (opening["kind"], opening["balance"]) == ("Opening balance", "3.00")
    assert (closing["kind"], closing["balance"]) == ("Closing balance", "50.00")
    moved = sum(Decimal(line["amount"]) for line in lines)
    assert Decimal(opening["balance"]) + moved == Decimal(closing["balance"])
    assert lines[0]["date"] == "2026-03-03T12:00:00-05:00"
    assert lines[-1]["note"].startswith("'=")


def test_the_json_statement_has_amounts_as_text(client: Client, spring: Bankroll) -> None:
    found = json.loads(body(client, spring, format="json", until="2026-03-02"))
    assert (found["opening_balance"], found["closing_balance"], found["to"]) == ("0.00", "3.00", "2026-03-02")
    assert [line["amount"] for line in found["lines"]] == ["1.00", "2.00"]
    assert found["totals"] == {"deposit": {"lines": 2, "amount": "3.00"}}
    empty = json.loads(body(client, spring, format="json", until="2020-01-01"))
    assert (empty["lines"], empty["closing_balance"]) == ([], "0.00")


def test_the_statement_to_print_has_no_buttons_of_the_ledger(client: Client, spring: Bankroll) -> None:
    response = client.get(url("statement", spring), {"since": "2026-03-08"})
    text = words(response)
    assert "Statement of Spring" in text
    assert "from 8 March 2026 to the last" in text
    assert "Opening balance $28.00" in text
    assert "Closing balance $45.00" in text
    assert b"/undo/" not in response.content


def test_a_file_of_a_period_that_is_none_is_the_page_with_the_error(client: Client, spring: Bankroll) -> None:
    response = client.get(url("statement", spring), {"format": "csv", "since": "soon"})
    assert response.status_code == 422
    assert "Enter a valid date." in words(response)


def test_a_bankroll_is_edited_archived_and_restored(client: Client, ada: Bankroll, second: Bankroll) -> None:
    assert "the bankroll has been used" in words(client.get(url("bankroll_edit", ada)))
    client.post(url("bankroll_edit", ada), {"name": "Big", "may_go_negative": "on", "currency": "EUR"})
    ada.refresh_from_db()
    assert (ada.name, ada.may_go_negative, ada.currency) == ("Big", True, "USD")
    response = client.post(url("bankroll_edit", ada), {"name": "holiday"})
    assert response.status_code == 422
    assert "You already have a bankroll of that name." in words(response)
    client.post(url("bankroll_default", ada))
    assert "is archived" in words(client.post(url("bankroll_archive", ada), follow=True))
    text = words(client.get(reverse("bets:bankrolls")))
    assert "Archived (1) Big" in text
    assert "Restore" in words(client.get(url("bankroll", ada)))
    client.post(url("bankroll_restore", ada))
    ada.refresh_from_db()
    assert (ada.archived_at, ada.is_default) == (None, False)


def test_a_bankroll_with_open_bets_says_why_it_is_not_archived(client: Client) -> None:
    at = scene()
    client.force_login(at.user)
    place(at.moneyline_odds, at.bankroll, stake=Decimal(5))
    text = words(client.post(url("bankroll_archive", at.bankroll), follow=True))
    assert "1 bet in it is open." in text


def test_nothing_of_the_bankroll_of_another_is_found(client: Client, ada: Bankroll) -> None:
    done = deposit(bankroll=ada, amount=Decimal(5), by=ada.user)
    eve, mine = person("eve")
    client.force_login(eve)
    for name in ("deposit", "withdraw", "bonus", "adjust", "transfer"):
        assert client.post(url(name, ada), {f"{name}-amount": "1"}).status_code == 404
    for name in ("bankroll_archive", "bankroll_restore", "bankroll_default", "bankroll_edit"):
        assert client.post(url(name, ada), {"name": "x"}).status_code == 404
    for name in ("bankroll", "statement", "bankroll_edit"):
        assert client.get(url(name, ada)).status_code == 404
    assert client.get(url("statement", ada), {"format": "csv"}).status_code == 404
    assert client.post(url("undo_operation", ada, done.pk)).status_code == 404
    assert client.post(url("undo_operation", mine, done.pk)).status_code == 404
    assert client.post(url("undo_operation", mine, uuid.uuid4())).status_code == 404
    assert balance(ada) == 105


def test_an_archived_bankroll_shows_its_ledger_and_moves_nothing(client: Client, ada: Bankroll) -> None:
    archive_bankroll(bankroll=ada, by=ada.user)
    response = client.get(url("bankroll", ada))
    assert "Deposit Opening deposit" in words(response)
    assert b"/undo/" not in response.content
    refused = client.post(url("deposit", ada), {"deposit-amount": "5"})
    assert refused.status_code == 422
    assert balance(ada) == 100


def test_a_time_that_the_readers_zone_does_not_have_is_still_written() -> None:
    with timezone.override("America/New_York"):
        assert day_and_time(dt.datetime(1, 1, 1, tzinfo=dt.UTC)).startswith("1 Jan")
