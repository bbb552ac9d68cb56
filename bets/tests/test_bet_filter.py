"""The one filter of bets, held against a plain one in Python over bets of every kind."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from accounts.tests.factories import UserFactory
from bets.history.filters import BetFilter
from bets.models import Bet
from bets.tests.factories import BankrollFactory, BetFactory, BetLegFactory, ImportedLegFactory
from games.tests.factories import GameFactory, SportFactory
from odds.pricing import decimal_odds
from odds.tests.factories import BookmakerFactory, SelectionFactory

pytestmark = pytest.mark.django_db
ZONE = "America/New_York"
NOW = dt.datetime(2026, 11, 3, 12, tzinfo=dt.UTC)
# around the night on which New York's clocks go back: Sunday 1 November 2026 has 25 hours
TIMES = [
    dt.datetime(2026, 10, 31, 3, 59, tzinfo=dt.UTC) + dt.timedelta(hours=h)
    for h in (0, 1, 23, 24.1, 25.5, 49.5, 50.5)
]
OPEN = ("pending", "needs_review")


@pytest.fixture
def ada() -> User:
    user: User = UserFactory(time_zone=ZONE, odds_format="american")
    return user


def asked(user: User, query: str) -> BetFilter:
    return BetFilter(
        QueryDict(query), Bet.objects.owned_by(user), request=SimpleNamespace(user=user), now=NOW
    )


def found(user: User, query: str) -> set[Any]:
    one = asked(user, query)
    assert one.form.is_valid(), one.form.errors
    return set(one.qs.values_list("pk", flat=True))


def many(user: User) -> list[Bet]:
    """Bets that differ in all that a filter asks for."""
    leagues = [
        SportFactory(key="basketball_nba", title="NBA", group="Basketball"),
        SportFactory(key="basketball_wnba", title="WNBA", group="Basketball"),
        SportFactory(key="icehockey_nhl", title="NHL", group="Ice Hockey"),
    ]
    books = [BookmakerFactory(key="fanduel"), BookmakerFactory(key="pinnacle"), None]
    rolls = [BankrollFactory(user=user), BankrollFactory(user=user, kind="real", currency="EUR")]
    types = [("h2h", "moneyline"), ("spreads", "spread"), ("totals", "total")]
    made = []
    for n in range(42):
        status = ["won", "lost", "pending", "void", "needs_review", "push"][n % 6]
        legs = 1 + (n % 5 == 0)
        placed = TIMES[n % 7]
        fields: dict[str, Any] = {"review_reason": "late"} if status == "needs_review" else {}
        if status not in OPEN:
            fields |= {"payout": Decimal(100), "settled_at": placed + dt.timedelta(hours=n)}
        bet = BetFactory(
            bankroll=rolls[n % 2], bookmaker=books[n % 3], status=status, kind="parlay" if legs > 1 else "straight",
            placed_at=placed, odds=Decimal(["-110", "100", "-100", "250", "-400", "1000", "-105.5"][n % 7]),
            tags=[[], ["model"], ["fun", "model"], ["late"]][n % 4],
            note=["", "Lucky 7%", "lucky_day", "steam"][n % 4], **fields,
        )  # fmt: skip
        for position in range(legs):
            market, bet_type = types[(n + position) % 3]
            game = GameFactory(
                sport=leagues[(n + position) % 3],
                commence_time=placed + dt.timedelta(hours=-1 if n % 4 == 1 else 2),
            )
            selection = SelectionFactory(game=game, market=market)
            BetLegFactory(bet=bet, position=position + 1, selection=selection, bet_type=bet_type)
        made.append(bet)
    imported = BetFactory(bankroll=rolls[0], placed_at=TIMES[0], note="imported")
    ImportedLegFactory(
        bet=imported, sport="Basketball", league="Euroleague", market="Moneyline", bet_type="moneyline", is_live=True
    )  # fmt: skip
    return [*made, imported]


class Plain:
    """What the filter says, read off a bet in memory."""

    def __init__(self, bet: Bet) -> None:
        self.bet = bet
        self.ours = list(bet.legs.select_related("game__sport", "selection"))
        self.words = list(bet.imported_legs.all())

    def legs(self) -> list[dict[str, str]]:
        return [
            {"sport": leg.game.sport.group, "league": leg.game.sport_id, "market": leg.selection.market}
            for leg in self.ours
        ] + [{"sport": leg.sport, "league": leg.league, "market": leg.market} for leg in self.words]

    def passes(self, query: dict[str, list[str]]) -> bool:
        bet = self.bet
        of_legs = {k: v for k, v in query.items() if k in ("sport", "league", "market")}
        if of_legs and not any(all(leg[k] in v for k, v in of_legs.items()) for leg in self.legs()):
            return False
        return all(
            getattr(self, f"has_{name}")(*given) for name, given in query.items() if name not in of_legs
        ) and bool(bet)

    def has_status(self, *names: str) -> bool:
        status = self.bet.status
        state = "open" if status in OPEN else "settled"
        return status in names or state in names

    def has_book(self, *keys: str) -> bool:
        return (self.bet.bookmaker.key if self.bet.bookmaker else "none") in keys

    def has_type(self, *names: str) -> bool:
        if self.bet.kind in names:
            return True
        return self.bet.kind == "straight" and any(leg.bet_type in names for leg in [*self.ours, *self.words])

    def has_tag(self, *tags: str) -> bool:
        return bool(set(tags) & set(self.bet.tags))

    def has_live(self, which: str) -> bool:
        live = any(leg.game.commence_time <= self.bet.placed_at for leg in self.ours)
        live = live or any(leg.is_live for leg in self.words)
        return live == (which == "live")

    def has_pot(self, pot: str) -> bool:
        roll = self.bet.bankroll
        return f"{roll.currency.lower()}-{roll.kind}" == pot

    def has_bankroll(self, *keys: str) -> bool:
        return str(self.bet.bankroll_id) in keys

    def has_q(self, text: str) -> bool:
        return text.lower() in self.bet.note.lower()

    def has_odds_from(self, text: str) -> bool:
        return decimal_odds(self.bet.odds) >= decimal_odds(Decimal(text))

    def has_odds_to(self, text: str) -> bool:
        return decimal_odds(self.bet.odds) <= decimal_odds(Decimal(text))

    def has_days(self, which: str, since: str, until: str) -> bool:
        at = self.bet.settled_at if which == "settled" else self.bet.placed_at
        return at is not None and since <= at.astimezone(ZoneInfo(ZONE)).date().isoformat() <= until


def subset(*values: str) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True)


def one_of(*values: str) -> st.SearchStrategy[list[str]]:
    return st.sampled_from(values).map(lambda value: [value])


DAYS = ("2026-10-30", "2026-10-31", "2026-11-01", "2026-11-02")
QUERIES = st.fixed_dictionaries(
    {},
    optional={
        "status": subset("open", "settled", "won", "lost", "void", "needs_review", "cashed_out"),
        "sport": subset("Basketball", "Ice Hockey"),
        "league": subset("basketball_nba", "basketball_wnba", "icehockey_nhl", "Euroleague"),
        "market": subset("h2h", "spreads", "totals", "Moneyline"),
        "book": subset("fanduel", "pinnacle", "none"),
        "type": subset("straight", "moneyline", "spread", "parlay", "teaser"),
        "tag": subset("model", "fun", "nobody"),
        "live": one_of("live", "before"),
        "pot": one_of("usd-paper", "eur-real", "gbp-real"),
        "q": one_of("LUCKY", "%", "_", "7%"),
        "odds_from": one_of("-400", "-105.5", "-100", "+100"),
        "odds_to": one_of("+100", "+250", "+1000"),
        "days": st.tuples(st.sampled_from(["placed", "settled"]), st.sampled_from(DAYS), st.sampled_from(DAYS)).map(
            lambda t: [t[0], *sorted(t[1:])]
        ),
    },
)  # fmt: skip


@pytest.fixture
def plain(ada: User) -> list[Plain]:
    return [Plain(bet) for bet in many(ada)]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=QUERIES)
def test_any_filter_finds_what_a_plain_one_finds(
    ada: User, plain: list[Plain], query: dict[str, list[str]]
) -> None:
    address = QueryDict(mutable=True)
    for name, values in query.items():
        if name == "days":
            address.update({"date": values[0], "since": values[1], "until": values[2]})
        else:
            address.setlist(name, values)
    wanted = {one.bet.pk for one in plain if one.passes(query)}
    assert found(ada, address.urlencode()) == wanted
    again = asked(ada, address.urlencode())
    again.form.is_valid()
    assert found(ada, again.query) == wanted


def test_the_day_on_which_clocks_go_back_has_twenty_five_hours(ada: User) -> None:
    roll = BankrollFactory(user=ada)
    first = dt.datetime(2026, 11, 1, 4, 0, tzinfo=dt.UTC)
    inside = [BetFactory(bankroll=roll, placed_at=first + dt.timedelta(hours=h)) for h in (0, 24.99)]
    for hours in (-0.01, 25):
        BetFactory(bankroll=roll, placed_at=first + dt.timedelta(hours=hours))
    assert found(ada, "since=2026-11-01&until=2026-11-01") == {bet.pk for bet in inside}


def test_a_period_counts_days_of_the_persons_zone_today_included(ada: User) -> None:
    roll = BankrollFactory(user=ada)
    first = dt.datetime(2026, 10, 28, 4, 0, tzinfo=dt.UTC)
    inside = BetFactory(bankroll=roll, placed_at=first)
    BetFactory(bankroll=roll, placed_at=first - dt.timedelta(seconds=1))
    assert found(ada, "period=7") == {inside.pk}


@pytest.mark.parametrize(
    ("query", "field", "says"),
    [
        ("status=lucky", "status", "Select a valid choice"),
        ("sport=Chess", "sport", "No sport is called “Chess”."),
        ("league=chess_world", "league", "No league is called “chess_world”."),
        ("book=nobody", "book", "No bookmaker is called “nobody”."),
        ("type=guess", "type", "Select a valid choice"),
        ("live=maybe", "live", "Select a valid choice"),
        ("pot=usd-monopoly", "pot", "Select a valid choice"),
        ("bankroll=x", "bankroll", "You have no such bankroll."),
        ("since=yesterday", "since", "Enter a valid date."),
        ("since=2026-11-02&until=2026-11-01", "until", "The last day is before the first."),
        ("period=7&since=2026-11-02", "period", "Choose a period or days, not both."),
        ("odds_from=abc", "odds_from", "is no price"),
        ("odds_from=%2B250&odds_to=-110", "odds_to", "The longest odds are shorter than the shortest."),
        ("q=a%00b", "q", "Null characters are not allowed."),
        ("tag=a%00b", "tag", "letters"),
        ("market=" + "x" * 81, "market", "letters"),
        ("&".join(f"tag={n}" for n in range(41)), "tag", "at most 40"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_of_its_field(ada: User, query: str, field: str, says: str) -> None:
    form = asked(ada, query).form
    assert set(form.errors) == {field}
    assert says in form.errors[field][0]


def test_bankrolls_and_names_of_others_are_unknown(ada: User) -> None:
    other = BetFactory(book_name="", note="secret")
    ImportedLegFactory(bet=other, sport="Darts", league="Secret league")
    for query in (f"bankroll={other.bankroll_id}", "league=Secret league", "sport=Darts"):
        assert not asked(ada, query).form.is_valid()
    assert found(ada, "q=secret") == set()


@pytest.mark.parametrize(
    ("fmt", "typed", "kept"),
    [
        ("decimal", "150", "odds_from=%2B14900"),
        ("american", "150", "odds_from=%2B150"),
        ("fractional", "3/2", "odds_from=%2B150"),
        ("decimal", "1.5", "odds_from=-200"),
    ],
)
def test_odds_are_read_in_the_persons_format_and_kept_as_american(
    ada: User, fmt: str, typed: str, kept: str
) -> None:
    ada.odds_format = fmt
    one = asked(ada, f"odds_from={typed}")
    assert one.form.is_valid()
    assert one.query == kept


def test_blank_fields_of_a_form_ask_for_nothing(ada: User) -> None:
    one = asked(ada, "status=&since=&q=+&odds_from=&date=settled")
    assert one.form.is_valid()
    assert one.query == ""
