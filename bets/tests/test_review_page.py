from __future__ import annotations

import datetime as dt
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.tests.factories import UserFactory
from bets import review
from bets.ledger import balance
from bets.models import Bet
from bets.rulebook import rulebook
from bets.templatetags.bet_display import day_and_time
from bets.tests.factories import FAR, SettlementRuleFactory, ended, offered, place
from bets.tests.scenes import person
from bets.tests.test_decisions import disputed
from bets.tests.test_slip_page import words
from bets.verification import verify
from games.models import Game, GameStatus
from games.tests.factories import GameFactory
from odds.tests.factories import BookmakerFactory

pytestmark = pytest.mark.django_db
DISPUTE = "The sources disagree: ESPN says 1–0 but The Odds API says 0–1."


@pytest.fixture
def staff(client: Client) -> User:
    user: User = UserFactory(is_staff=True)
    client.force_login(user)
    return user


def on() -> Bet:
    return place(offered(GameFactory(commence_time=FAR), "h2h"))


def late(bet: Bet, hours: int = 13, status: str = GameStatus.SCHEDULED) -> Bet:
    start = timezone.now() - dt.timedelta(hours=hours)
    Game.objects.filter(bet_legs__bet=bet).update(commence_time=start, status=status)
    return bet


def queue(client: Client, **filters: str) -> str:
    response = client.get(reverse("bets:review"), filters)
    assert response.status_code == 200
    return words(response)


def test_a_disputed_bet_waits_with_its_reason_and_what_each_source_said(client: Client, staff: User) -> None:
    bet = disputed(on())
    text = queue(client)
    assert DISPUTE in text
    assert "ESPN 1–0 final The Odds API 0–1 final" in text
    assert bet.user.username in text
    assert "1 bet with $100.00 riding" in text
    page = client.get(reverse("bets:review")).content.decode()
    for action in ("settle", "void", "send-back", "cash-out"):
        assert reverse("bets:decide", args=[bet.pk, action]) in page
    assert reverse("admin:games_game_change", args=[bet.legs.get().game_id]) in page


def test_an_overdue_bet_is_in_its_own_part_of_the_queue(client: Client, staff: User) -> None:
    late(on())
    late(on(), hours=11)
    assert "Nothing waits here" in queue(client)
    text = queue(client, state="overdue")
    assert "began 13 h ago and no source has reported its end." in text
    assert "1 bet with" in text


def test_the_filters_narrow_the_queue(client: Client, staff: User) -> None:
    bets = [disputed(on()) for _ in range(2)]
    Bet.objects.filter(pk=bets[0].pk).update(review_reason="No box score.")
    game = bets[0].legs.get().game
    assert "2 bets with" in queue(client)
    assert "1 bet with" in queue(client, reason="No box score.")
    assert "1 bet with" in queue(client, game=str(game.pk))
    assert "2 bets with" in queue(client, sport=game.sport_id)
    assert "Nothing waits here" in queue(client, days="7")


@pytest.mark.parametrize(
    "wrong", [{"after": "now"}, {"after": "2026-01-01~x"}, {"state": "x"}, {"sport": "x"}, {"days": "2"}]
)
def test_a_wrong_filter_is_named(client: Client, staff: User, wrong: dict[str, str]) -> None:
    response = client.get(reverse("bets:review"), wrong)
    assert response.status_code == 400
    assert next(iter(wrong)) in words(response)


def test_pages_follow_each_other_without_gap_or_repeat(
    client: Client, staff: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review, "PAGE_SIZE", 2)
    bets = {str(disputed(on()).pk) for _ in range(5)}
    seen: list[str] = []
    address = reverse("bets:review")
    for _ in range(3):
        page = client.get(address).content.decode()
        seen += re.findall(r'article class="card review-row" aria-labelledby="b([0-9a-f-]+)"', page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        address = reverse("bets:review") + following[1].replace("&amp;", "&") if following else ""
    assert len(seen) == 5
    assert set(seen) == bets
    assert address == ""


@pytest.mark.parametrize("state", ["review", "overdue"])
def test_the_queue_takes_the_same_number_of_statements_whatever_its_length(
    client: Client, staff: User, state: str
) -> None:
    taken = []
    for count in (2, 5):
        for _ in range(count):
            if state == "review":
                disputed(on())
            else:
                late(on())
        with CaptureQueriesContext(connection) as queries:
            queue(client, state=state)
        taken.append(len(queries))
    assert taken[0] == taken[1]


def test_many_bets_are_decided_after_a_preview(client: Client, staff: User) -> None:
    game = GameFactory(commence_time=FAR)
    line = offered(game, "h2h")
    bets = [place(line) for _ in range(3)]
    disputed(bets[0])
    address = reverse("bets:review_many")
    assert "Decide 3 bets" in queue(client)
    data = {"game": game.pk, "waits_for": DISPUTE, "action": "void", "reason": "Both sources were wrong"}
    text = words(client.post(address, data))
    assert "3 bets voided +$300.00" in text
    assert balance(bets[0].bankroll) == 900
    text = words(client.post(address, data | {"confirm": "1", "seen": "2"}))
    assert "There are 3 such bets now, not 2" in text
    done = client.post(address, data | {"confirm": "1", "seen": "3"}, follow=True)
    assert "3 bets voided." in words(done)
    assert balance(bets[0].bankroll) == 1000
    gone = client.post(address, data | {"confirm": "1", "seen": "0"})
    assert "None of these bets is under review any more" in words(gone)
    assert verify()[1] == []


@pytest.mark.parametrize("name", ["review", "review_many"])
def test_strangers_find_no_queue(client: Client, name: str) -> None:
    address = reverse(f"bets:{name}")
    assert client.get(address).headers["Location"].startswith("/accounts/login/")
    user = UserFactory()
    client.force_login(user)
    assert client.get(address).status_code == 404
    assert client.post(address).status_code in (404, 405)
    user.is_active, user.is_staff = False, True
    user.save()
    assert client.get(address).headers["Location"].startswith("/accounts/login/")


def test_staff_see_the_length_of_the_queue_everywhere(client: Client, staff: User) -> None:
    disputed(on())
    late(on())
    assert "Review 2 bets wait" in words(client.get(reverse("bets:history")))


def test_an_owner_finds_what_needs_a_look_and_nobody_elses(client: Client) -> None:
    ada, bankroll = person("ada", "1000")
    client.force_login(ada)
    address = reverse("bets:attention")
    assert "Nothing needs a look" in words(client.get(address))
    line = offered(GameFactory(commence_time=FAR), "h2h")
    disputed(place(line, bankroll))
    late(place(offered(GameFactory(commence_time=FAR), "h2h"), bankroll))
    late(place(offered(GameFactory(commence_time=FAR), "h2h"), bankroll), 20, GameStatus.POSTPONED)
    late(on())
    response = client.get(address)
    text = words(response)
    assert "Under review 1" in text
    assert "Overdue 1" in text
    assert "Postponed 1" in text
    assert "My bets 3 need a look" in text
    assert "Set the score right" not in text
    assert "Send back" not in text
    ended(line.selection.game, 1, 0)


def test_the_owners_list_takes_the_same_number_of_statements_whatever_its_length(client: Client) -> None:
    ada, bankroll = person("ada", "5000")
    client.force_login(ada)
    taken = []
    for count in (1, 4):
        for _ in range(count):
            disputed(place(offered(GameFactory(commence_time=FAR), "h2h"), bankroll))
            late(place(offered(GameFactory(commence_time=FAR), "h2h"), bankroll))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("bets:attention"))
        taken.append(len(queries))
    assert taken[0] == taken[1]


@pytest.mark.parametrize(
    ("hours", "limit", "expected"),
    [
        (20, 48, "The bet stands if the game begins by {ends}, else it is void."),
        (49, 48, "It had to begin by {ends}, so the bet is void and settled within moments."),
        (49, None, "The rule sets no limit: the bet waits for the new date."),
    ],
)
def test_the_owners_list_says_when_the_window_of_a_postponed_game_ends(
    client: Client, hours: int, limit: int | None, expected: str
) -> None:
    ada, bankroll = person("ada", "1000")
    ada.time_zone = "UTC"
    ada.save()
    client.force_login(ada)
    SettlementRuleFactory(family="moneyline", parameters={"not_started_hours": limit})
    bet = late(place(offered(GameFactory(commence_time=FAR), "h2h"), bankroll), hours, GameStatus.POSTPONED)
    ends = bet.legs.get().game.commence_time + dt.timedelta(hours=limit or 0)
    text = words(client.get(reverse("bets:attention")))
    assert expected.format(ends=day_and_time(ends.astimezone(dt.UTC))) in text


def test_each_bet_shows_the_window_of_its_own_book_in_the_same_number_of_statements(client: Client) -> None:
    ada, bankroll = person("ada", "5000")
    client.force_login(ada)
    strict = offered(GameFactory(commence_time=FAR), "h2h")
    SettlementRuleFactory(
        bookmaker=strict.bookmaker, family="moneyline", parameters={"not_started_hours": 12}
    )
    rulebook()  # read once, whichever request needs it first
    taken = []
    other = BookmakerFactory(key="another_book")
    for line in (strict, offered(GameFactory(commence_time=FAR), "h2h", bookmaker=other)):
        late(place(line, bankroll), 20, GameStatus.POSTPONED)
        with CaptureQueriesContext(connection) as queries:
            text = words(client.get(reverse("bets:attention")))
        taken.append(len(queries))
    assert taken[0] == taken[1]
    assert (text.count("It had to begin by"), text.count("stands if the game begins by")) == (1, 1)
