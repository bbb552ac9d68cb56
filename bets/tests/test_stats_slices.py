"""Break-downs held to an independent computation, and what bets of a file are in them."""

from __future__ import annotations

import datetime as dt
import math
import random
from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bets.models import Bankroll, Bet, ImportedLeg
from bets.stats import Sums, money
from bets.stats.breakdowns import DIMENSIONS, Titles, breakdown, marked, ordered
from bets.stats.sums import total_of
from bets.tests.factories import BankrollFactory, BetFactory, ImportBatchFactory
from bets.tests.stats_bets import START, ZONE, every_kind, legs_of, record_of, settled
from games.tests.factories import GameFactory, SportFactory
from odds import markets
from odds.pricing import decimal_odds
from odds.tests.factories import BookmakerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def roll() -> Bankroll:
    made: Bankroll = BankrollFactory()
    return made


def test_every_break_down_adds_up_to_the_whole(roll: Bankroll) -> None:
    every_kind(roll)
    found = record_of(roll)
    for dimension, values in found.slices.items():
        if dimension != "tag":
            total = total_of(values.values())
            assert (total.outcomes, total.staked, total.net) == (
                found.sums.outcomes,
                found.sums.staked,
                found.sums.net,
            )
    names = Titles({}, {}, {})
    assert {one.name: one.sums.bets for one in breakdown("type", found.slices, names)}["Parlay"] == 2
    assert [one.name for one in breakdown("live", found.slices, names)] == ["Before the start", "Live"]
    assert {one.name: one.sums.bets for one in breakdown("tag", found.slices, names)} == {
        "fun": 2,
        "model": 1,
    }


def test_favourites_are_short_moneylines_and_spreads_that_give_points(roll: Bankroll) -> None:
    settled(roll, odds="-150", stake="1")
    settled(roll, odds="150", stake="2")
    settled(roll, market="spreads", bet_type="spread", point="-3.5", stake="4")
    settled(roll, market="spreads", bet_type="spread", point="3.5", stake="8")
    settled(roll, market="totals", bet_type="total", side="over", point="9.5", stake="16")
    found = {side: money(sums.staked) for side, sums in record_of(roll).slices["side"].items()}
    assert found == {"favourite": 5, "underdog": 10, "": 16}


def test_slices_are_sorted_by_what_is_asked_and_those_without_a_figure_come_last(roll: Bankroll) -> None:
    every_kind(roll)
    slices = breakdown("type", record_of(roll).slices, Titles({}, {}, {}))
    by_profit = [one.sums.net for one in ordered(slices, "-profit")]
    assert by_profit == sorted(by_profit, reverse=True)
    clvs = [one.sums.clv for one in ordered(slices, "clv")]
    with_figure = [clv for clv in clvs if clv is not None]
    assert clvs[: len(with_figure)] == sorted(with_figure)


def test_a_slice_must_stand_out_more_the_more_slices_there_are(roll: Bankroll) -> None:
    for number in range(60):
        settled(roll, "won" if number % 3 else "lost", at=START + dt.timedelta(days=number))
    [one] = breakdown("type", record_of(roll).slices, Titles({}, {}, {}))
    assert one.stands_out
    assert not any(each.stands_out for each in marked([one] * 1000))


def test_an_imported_bet_has_the_words_of_its_file_and_no_closing_value_of_its_own_making(
    roll: Bankroll,
) -> None:
    bet = BetFactory(bankroll=roll, status="won", payout=Decimal(150), settled_at=START + dt.timedelta(999))
    ImportedLeg.objects.create(
        bet=bet, description="Over 9.5", sport="Baseball", league="KBO", market="Totals", bet_type="total",
        closing_odds=Decimal(-200), is_live=True,
    )  # fmt: skip
    found = record_of(roll)
    assert (list(found.slices["league"]), list(found.slices["type"]), list(found.slices["live"])) == (
        ["KBO"], ["total"], [True],
    )  # fmt: skip
    assert (found.price_clv.bets, found.file_clv.bets) == (0, 0)


def said(roll: Bankroll, *legs: dict[str, Any], **fields: Any) -> Bet:
    """A won bet of a file, whose legs are moneylines at −110."""
    bet: Bet = BetFactory(
        bankroll=roll, status="won", payout=Decimal(150), settled_at=START + dt.timedelta(999),
        batch=ImportBatchFactory(user=roll.user, state="committed", content=None), **fields,
    )  # fmt: skip
    for position, leg in enumerate(legs, start=1):
        words = {"description": "?", "odds": Decimal(-110), "bet_type": "moneyline"} | leg
        ImportedLeg.objects.create(bet=bet, position=position, **words)
    return bet


def test_closing_prices_of_a_file_are_counted_apart_and_never_verified(roll: Bankroll) -> None:
    settled(roll, close="-120")
    said(roll, {"closing_odds": Decimal(-120)})
    said(roll, {"closing_odds": Decimal(-120)}, {"closing_odds": Decimal(-100)}, kind="parlay")
    said(roll, {"closing_odds": Decimal(-120)}, {}, kind="parlay")
    said(roll, {"closing_odds": Decimal(-120), "is_live": True})
    said(roll, {"closing_odds": Decimal(-120), "point": Decimal("-3.5"), "closing_point": Decimal(-4)})
    said(roll, {"closing_odds": Decimal(-120)}, kind="teaser", teaser_points=Decimal(6))
    found = record_of(roll)
    one, two = Fraction(21, 11) / Fraction(11, 6), Fraction(21, 11) ** 2 / (Fraction(11, 6) * 2)
    assert (found.price_clv.bets, found.file_clv.bets, found.file_clv.eligible) == (1, 2, 6)
    assert found.price_clv.mean == pytest.approx(float(one - 1), abs=1e-6)
    assert found.file_clv.mean == pytest.approx(float((one + two) / 2 - 1), abs=1e-6)
    assert found.totals.verified.bets == 1


def test_leagues_books_and_sides_of_a_file_are_those_of_the_same_name(roll: Bankroll) -> None:
    sport = SportFactory(title="NBA", group="Basketball")
    game = GameFactory(sport=sport, commence_time=START)
    settled(roll, game=game, bookmaker=None)
    said(roll, {"league": "nba", "sport": "Hoops"}, book_name="Fliff")
    said(roll, {"league": "KBO", "sport": "Baseball", "odds": Decimal(120)}, book_name="Fliff")
    said(roll, {"league": "KBO", "sport": "Baseball"}, {"league": "NBA"}, kind="parlay")
    found = record_of(roll)
    names = Titles({sport.key: "NBA"}, {sport.key: "Basketball"}, {})

    def counts(dimension: str) -> dict[str, int]:
        return {one.name: one.sums.bets for one in breakdown(dimension, found.slices, names)}

    assert counts("league") == {"NBA": 2, "KBO": 1, "Several": 1}
    assert counts("sport") == {"Basketball": 2, "Baseball": 1, "Several": 1}
    assert counts("book") == {"Fliff": 2, "No bookmaker": 2}
    assert counts("side") == {"Favourite": 2, "Underdog": 1, "Neither": 1}


STATUSES = (
    "won",
    "won",
    "won",
    "lost",
    "lost",
    "lost",
    "push",
    "void",
    "half_won",
    "half_lost",
    "cashed_out",
)
LINES = (
    {"market": "h2h", "bet_type": "moneyline"},
    {"market": "spreads", "bet_type": "spread", "point": "-3.5"},
    {"market": "spreads", "bet_type": "spread", "point": "6"},
    {"market": "totals", "bet_type": "total", "side": "over", "point": "9.5"},
)


def names_of(bet: Bet) -> dict[str, list[str]]:
    """What a bet is called in every break-down, worked out from its legs."""
    legs, price = legs_of(bet), decimal_odds(bet.odds)
    straight = bet.kind == "straight"
    kind = {"moneyline": "Moneyline", "spread": "Spread", "total": "Total"}[legs[0].bet_type]
    edges = [Fraction(edge) / 10 for edge in (15, 18, 21, 30, 50, 100)]
    texts = [f"{float(edge):.2f}" for edge in edges]
    place = sum(price >= edge for edge in edges)
    band = (
        f"Below {texts[0]}"
        if not place
        else f"{texts[-1]} and above"
        if place == 6
        else f"{texts[place - 1]} to {texts[place]}"
    )
    says = {
        "moneyline": legs[0].odds + 100 if legs[0].odds < 0 else legs[0].odds - 100,
        "spread": legs[0].point or 0,
        "total": 0,
    }
    favours = (
        (legs[0].odds if legs[0].bet_type == "moneyline" and says["moneyline"] else says[legs[0].bet_type])
        if straight
        else 0
    )

    def one(values: list[str]) -> list[str]:
        return values[:1] if len(set(values)) == 1 else ["Several"]

    return {
        "sport": one([leg.game.sport.group for leg in legs]) if len({leg.game.sport_id for leg in legs}) == 1 else ["Several"],
        "league": one([leg.game.sport.title for leg in legs]),
        "book": [bet.bookmaker.title if bet.bookmaker else "No bookmaker"],
        "market": one([markets.title(leg.selection.market) for leg in legs]),
        "type": [kind if straight else "Parlay"],
        "odds": [band],
        "tag": list(bet.tags),
        "weekday": [bet.placed_at.astimezone(ZoneInfo(ZONE)).strftime("%A")],
        "live": ["Live" if any(leg.game.commence_time <= bet.placed_at for leg in legs) else "Before the start"],
        "side": ["Favourite" if favours < 0 else "Underdog" if favours > 0 else "Neither"],
    }  # fmt: skip


def plainly(bets: list[Bet]) -> dict[str, Any]:
    """Bets, turnover, profit, yield with its error, win rate with Wilson's interval, from the definitions."""
    cash = [bet for bet in bets if not bet.is_bonus]
    pairs = [
        (bet.stake if bet.status != "void" else Decimal(0), (bet.payout or Decimal(0)) - bet.stake)
        for bet in cash
    ]
    staked, net = sum(s for s, _ in pairs), sum(n for _, n in pairs)
    pairs = [(s, n) for s, n in pairs if s]
    profit = net + sum((bet.payout or Decimal(0)) for bet in bets if bet.is_bonus)
    won = sum({"won": 2, "half_won": 1}.get(bet.status, 0) for bet in bets) / 2
    decided = sum({"won": 2, "lost": 2, "half_won": 1, "half_lost": 1}.get(bet.status, 0) for bet in bets) / 2
    found: dict[str, Any] = {
        "bets": len(bets),
        "staked": staked,
        "profit": profit,
        "yield": None,
        "error": None,
    }
    if staked:
        rate = float(net / staked)
        found["yield"] = rate
        if len(pairs) > 1:
            rest = sum((float(n) - rate * float(s)) ** 2 for s, n in pairs)
            found["error"] = math.sqrt(rest * len(pairs) / (len(pairs) - 1)) / float(staked)
    found["win_rate"] = won / decided if decided else None
    if decided:
        z, p = 1.959963984540054, won / decided
        found["wilson"] = sorted(
            (
                p
                + z * z / (2 * decided)
                + sign * z * math.sqrt(p * (1 - p) / decided + z * z / (4 * decided**2))
            )
            / (1 + z * z / decided)
            for sign in (-1, 1)
        )
    return found


def assert_same(sums: Sums, plain: dict[str, Any], what: str) -> None:
    assert (sums.bets, money(sums.staked), money(sums.net)) == (
        plain["bets"], plain["staked"], plain["profit"],
    ), what  # fmt: skip
    assert (None if sums.yield_ is None else float(sums.yield_)) == pytest.approx(plain["yield"]), what
    if plain["error"] is not None:
        assert sums.yield_error == pytest.approx(plain["error"], rel=1e-6, abs=1e-9), what
    assert (None if sums.win_rate is None else float(sums.win_rate)) == pytest.approx(plain["win_rate"]), what
    if sums.win_interval is not None:
        assert [sums.win_interval.low, sums.win_interval.high] == pytest.approx(plain["wilson"]), what


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_break_downs_of_random_bets_in_two_currencies_agree_with_a_plain_computation(seed: int) -> None:
    pick = random.Random(seed)
    dollars = BankrollFactory(name="dollars")
    euros = BankrollFactory(user=dollars.user, name="euros", currency="EUR")
    sports = [SportFactory(title=f"League {n}", group=f"Sport {n // 2}") for n in range(4)]
    books = [BookmakerFactory(), BookmakerFactory(), None]
    for number in range(80):
        legs = pick.choice([1, 1, 1, 2, 3])
        at = START + dt.timedelta(hours=7 * number)
        live = legs == 1 and pick.random() < 0.2
        settled(
            pick.choice([dollars, dollars, euros]), pick.choice(STATUSES), stake=f"{pick.randint(1, 20000) / 100:.2f}",
            odds=pick.choice(["-400", "-150", "-110", "100", "105", "210", "420", "1200"]), legs=legs, live=live, at=at,
            game=GameFactory(sport=pick.choice(sports), commence_time=at - dt.timedelta(hours=3)) if legs == 1 else None,
            bookmaker=pick.choice(books), tags=pick.sample(["model", "tip", "fun"], pick.randint(0, 2)),
            is_bonus=pick.random() < 0.1, **pick.choice(LINES),  # type: ignore[arg-type]
        )  # fmt: skip
    for roll in (dollars, euros):
        bets = list(Bet.objects.filter(bankroll=roll).select_related("bookmaker"))
        found = record_of(roll)
        leagues = {leg.game.sport for bet in bets for leg in legs_of(bet)}
        names = Titles(
            {sport.key: sport.title for sport in leagues},
            {sport.key: sport.group for sport in leagues},
            {book.pk: book.title for book in books if book},
        )
        assert_same(found.sums, plainly(bets), "all")
        for dimension in DIMENSIONS:
            groups: dict[str, list[Bet]] = defaultdict(list)
            for bet in bets:
                for name in names_of(bet)[dimension]:
                    groups[name].append(bet)
            slices = {one.name: one.sums for one in breakdown(dimension, found.slices, names)}
            assert slices.keys() == groups.keys(), dimension
            for name, group in groups.items():
                assert_same(slices[name], plainly(group), f"{dimension}: {name}")
