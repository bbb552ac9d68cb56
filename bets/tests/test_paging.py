"""Pages of bets: in any order, forward and back, right while bets are added, quick among ten thousand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import UserFactory
from bets.history.paging import SORTS, BadPlace, page_of
from bets.models import Bankroll, Bet
from bets.tests.factories import PLACED, BankrollFactory, BetFactory
from bets.tests.test_slip_page import words
from odds.pricing import decimal_odds

pytestmark = pytest.mark.django_db
ODDS = ["-110", "100", "-100", "250", "-400"]


@pytest.fixture
def roll() -> Bankroll:
    made: Bankroll = BankrollFactory()
    return made


def made(roll: Bankroll, count: int) -> None:
    """Bets of which many share the values they are put in order by, and some have none."""
    for n in range(count):
        settled = n % 3 != 0
        fields: dict[str, Any] = {"status": "won", "payout": Decimal(100 + n % 4)} if settled else {}
        placed = PLACED + dt.timedelta(minutes=n % 5)
        if settled:
            fields["settled_at"] = placed + dt.timedelta(hours=n % 2)
        BetFactory(
            bankroll=roll, placed_at=placed, stake=Decimal(10 + n % 4), odds=Decimal(ODDS[n % 5]),
            is_bonus=n % 7 == 1, **fields,
        )  # fmt: skip


def value(bet: Bet, name: str) -> Any:
    if name == "profit":
        return None if bet.payout is None else bet.payout - (0 if bet.is_bonus else bet.stake)
    return {
        "placed": bet.placed_at,
        "settled": bet.settled_at,
        "stake": bet.stake,
        "odds": decimal_odds(bet.odds),
    }[name]


def in_order(sort: str) -> list[Any]:
    """The bets put in order by Python, those without a value last."""
    name, down = sort.lstrip("-"), sort.startswith("-")
    bets = list(Bet.objects.all())
    bets.sort(key=lambda bet: bet.pk, reverse=down)
    valued = [bet for bet in bets if value(bet, name) is not None]
    valued.sort(key=lambda bet: value(bet, name), reverse=down)
    return [bet.pk for bet in [*valued, *(bet for bet in bets if value(bet, name) is None)]]


@pytest.mark.parametrize("sort", SORTS)
def test_pages_forward_and_back_are_the_whole_list_in_order(roll: Bankroll, sort: str) -> None:
    made(roll, 23)
    bets, wanted = Bet.objects.all(), in_order(sort)
    pages = [page_of(bets, sort, size=5)]
    while pages[-1].after:
        pages.append(page_of(bets, sort, after=pages[-1].after, size=5))
    assert [bet.pk for page in pages for bet in page.bets] == wanted
    assert [len(page.bets) for page in pages] == [5, 5, 5, 5, 3]
    back = [pages[-1]]
    while back[-1].before:
        back.append(page_of(bets, sort, before=back[-1].before, size=5))
    assert [bet.pk for page in reversed(back) for bet in page.bets] == wanted
    assert not pages[0].before


def test_a_page_stays_where_it_is_while_bets_are_added(roll: Bankroll) -> None:
    made(roll, 12)
    first = page_of(Bet.objects.all(), size=5)
    before = page_of(Bet.objects.all(), after=first.after, size=5)
    for _ in range(7):
        BetFactory(bankroll=roll, placed_at=PLACED + dt.timedelta(days=1))
    after = page_of(Bet.objects.all(), after=first.after, size=5)
    assert [bet.pk for bet in after.bets] == [bet.pk for bet in before.bets]


def test_a_place_beyond_the_end_leads_to_the_beginning(roll: Bankroll) -> None:
    made(roll, 3)
    place = f"{PLACED - dt.timedelta(days=9):%Y-%m-%dT%H:%M:%S+00:00}~{roll.pk}"
    assert len(page_of(Bet.objects.all(), after=place).bets) == 3


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize(
    "place", ["x", "~", "1~2", "~01a1fbd5-52dd-759d-9a42-33c8b80fcb8", "NaN~x", "2026-11-01T00:00:00~x"]
)
def test_a_place_that_cannot_be_read_is_refused(roll: Bankroll, sort: str, place: str) -> None:
    with pytest.raises(BadPlace):
        page_of(Bet.objects.all(), sort, after=place)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e400", "2026-11-01T00:00:00", "", "\0"])
def test_a_place_with_a_strange_value_is_refused(value: str) -> None:
    for sort in ("placed", "-stake", "odds"):
        with pytest.raises(BadPlace):
            page_of(Bet.objects.all(), sort, before=f"{value}~01a1fbd5-52dd-759d-9a42-33c8b80fcb88")


class TestPage:
    @pytest.fixture(autouse=True)
    def signed_in(self, client: Client, roll: Bankroll) -> None:
        client.force_login(roll.user)

    def test_fifty_bets_are_on_a_page_with_links_to_those_beside_it(
        self, client: Client, roll: Bankroll
    ) -> None:
        made(roll, 120)
        first = client.get(reverse("bets:history"), {"sort": "stake"})
        assert "50 of 120 bets" in words(first)
        second = client.get(reverse("bets:history"), {"sort": "stake", "after": first.context["page"].after})
        assert "First Previous 50 of 120 bets Next" in words(second)
        last = client.get(reverse("bets:history"), {"sort": "stake", "after": second.context["page"].after})
        assert len(last.context["rows"]) == 20

    @pytest.mark.parametrize("query", ["?sort=luck", "?after=x", "?before=x", "?sort=stake&after=a~b"])
    def test_a_place_or_order_that_is_none_is_named(self, client: Client, query: str) -> None:
        response = client.get(reverse("bets:history") + query)
        assert response.status_code == 400
        assert "sort: choose one of" in words(response) or "after, before:" in words(response)

    def test_totals_are_of_the_whole_filter_and_not_of_the_page(self, client: Client, roll: Bankroll) -> None:
        for n in range(60):
            BetFactory(
                bankroll=roll, status="lost", payout=0, stake=10, settled_at=PLACED, tags=["x"] if n else []
            )
        text = words(client.get(reverse("bets:history"), {"tag": "x"}))
        assert "−$590.00" in text
        assert "0–59–0–0" in text
        assert "All 59" in text


def many(user: User, bankroll: Bankroll, count: int) -> None:
    """Bets as rows, in one statement."""
    Bet.objects.bulk_create(
        Bet(
            user=user, bankroll=bankroll, stake=Decimal(1 + n % 90), odds=Decimal(ODDS[n % 5]),
            placed_at=PLACED - dt.timedelta(minutes=7 * n), idempotency_key=f"k{n}",
            **({"status": "lost", "payout": Decimal(0), "settled_at": PLACED} if n % 10 else {}),
        )
        for n in range(count)
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE bets")


def test_among_thousands_of_bets_an_index_finds_the_page_in_the_same_statements(
    client: Client, roll: Bankroll
) -> None:
    client.force_login(roll.user)
    many(roll.user, roll, 60)

    def statements(place: str = "") -> tuple[int, str]:
        client.get(reverse("bets:history"))
        with CaptureQueriesContext(connection) as queries:
            response = client.get(reverse("bets:history"), {"after": place})
        return len(queries), response.context["page"].after

    few, _ = statements()
    for _ in range(2):
        many(other := UserFactory(), BankrollFactory(user=other), 600)
    Bet.objects.filter(user=roll.user).delete()
    many(roll.user, roll, 2_000)
    number, place = statements()
    assert number == few
    for _ in range(3):
        number, place = statements(place)
        assert number == few
    bets = Bet.objects.owned_by(roll.user)
    with CaptureQueriesContext(connection) as queries:
        page_of(bets, after=place)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {queries[-1]['sql']}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Index Scan using bet_user_newest" in plan
    assert "Index Cond" in plan
    assert "placed_at <=" in plan.split("Index Cond")[1].splitlines()[0]
    assert "Sort" not in plan
