from __future__ import annotations

import datetime as dt
import hashlib
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from feeds.sandbox.answers import answer
from feeds.sandbox.beliefs import Outlook
from feeds.sandbox.books import BOOKS, american
from feeds.sandbox.leagues import EPL, LEAGUES, NBA, NFL, NHL, LeagueModel, players, teams
from feeds.sandbox.schedule import Fate, Featured, Fixture
from feeds.sandbox.world import World, parse_featured

AT = dt.datetime(2026, 11, 20, 20, 3, 7, tzinfo=dt.UTC)
DAY = dt.date(2026, 10, 5)
MARKETS = ("h2h", "spreads", "totals")


@pytest.fixture(scope="module")
def world() -> World:
    return World(seed=7)


def played(world: World, sport: LeagueModel, days: int) -> list[Fixture]:
    found = [f for n in range(days) for f in world.day(sport, DAY + dt.timedelta(days=n))]
    return [fixture for fixture in found if fixture.fate is Fate.PLAYED]


def query(**more: str) -> dict[str, str]:
    return {"apiKey": "k", "regions": "us", "markets": "h2h,spreads,totals", "oddsFormat": "american"} | more


def test_another_process_tells_the_same_past(world: World) -> None:
    path = "/the-odds-api/v4/sports/basketball_nba/odds"
    script = (
        "import sys, hashlib, datetime as dt\n"
        "from feeds.sandbox.world import World\nfrom feeds.sandbox.answers import answer\n"
        f"at = dt.datetime.fromisoformat({AT.isoformat()!r})\n"
        f"body = answer(World(seed=7), {path!r}, {query()!r}, at).body\n"
        "sys.stdout.write(hashlib.sha256(body).hexdigest())"
    )
    root = Path(__file__).resolve().parents[2]
    other = subprocess.run(
        [sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True
    )
    assert other.stdout == hashlib.sha256(answer(world, path, query(), AT).body).hexdigest()


def test_the_past_is_the_same_in_whatever_order_it_is_asked() -> None:
    path = "/the-odds-api/v4/sports/icehockey_nhl/odds"
    instants = [AT + dt.timedelta(minutes=7 * n) for n in range(5)]
    forward, backward = World(seed=3), World(seed=3)
    first = [answer(forward, path, query(), at).body for at in instants]
    second = [answer(backward, path, query(), at).body for at in reversed(instants)]
    assert first == second[::-1]


def test_another_seed_is_another_world(world: World) -> None:
    assert [f.event_id for f in world.day(NBA, DAY)] != [f.event_id for f in World(seed=8).day(NBA, DAY)]


def test_at_every_moment_a_game_is_live_and_another_about_to_start(world: World) -> None:
    quiet = 0
    for minutes in range(0, 1440, 11):
        at = AT + dt.timedelta(minutes=minutes)
        listed = [fixture for sport in LEAGUES.values() for fixture in world.listed(sport, at)]
        quiet += not any(fixture.starts_at <= at for fixture in listed)
        ahead = min(fixture.scheduled for fixture in listed if fixture.scheduled > at)
        assert ahead - at <= dt.timedelta(minutes=10)
    assert quiet <= 3


def test_the_coming_days_are_filled(world: World) -> None:
    for sport in LEAGUES.values():
        later = [f for f in world.listed(sport, AT) if f.scheduled > AT + dt.timedelta(days=1)]
        assert len(later) >= 10


@pytest.mark.parametrize("sport", LEAGUES.values(), ids=LEAGUES.keys())
def test_no_club_plays_two_games_at_once_or_meets_another_twice_a_day(
    world: World, sport: LeagueModel
) -> None:
    fixtures = played(world, sport, 3)
    for fixture in fixtures:
        until = world.play(fixture).ends_at
        for other in fixtures:
            if other is not fixture and fixture.starts_at <= other.starts_at < until:
                assert not {fixture.home, fixture.away} & {other.home, other.away}
    for day in {fixture.day for fixture in fixtures}:
        pairs = [frozenset((f.home, f.away)) for f in world.day(sport, day)]
        assert len(pairs) == len(set(pairs))


@pytest.mark.parametrize("sport", LEAGUES.values(), ids=LEAGUES.keys())
def test_ids_lead_back_to_their_game(world: World, sport: LeagueModel) -> None:
    fixtures = world.day(sport, DAY)
    for fixture in fixtures:
        assert len(fixture.event_id) == 32
        assert world.schedule.find(sport, fixture.event_id) is fixture
        assert world.schedule.find_espn(sport, fixture.espn_id) is fixture
    assert len({f.event_id for f in fixtures} | {f.espn_id for f in fixtures}) == 2 * len(fixtures)


@pytest.mark.parametrize("wrong", ["", "x", "0" * 32, "g" * 32, "f" * 32])
def test_a_made_up_id_leads_nowhere(world: World, wrong: str) -> None:
    assert world.schedule.find(NBA, wrong) is None
    assert world.schedule.find_espn(NBA, wrong) is None
    assert world.schedule.find_espn(NBA, "419999999") is None


@pytest.mark.parametrize("sport", LEAGUES.values(), ids=LEAGUES.keys())
def test_a_score_only_grows_and_periods_add_up(world: World, sport: LeagueModel) -> None:
    for fixture in played(world, sport, 1)[:12]:
        play, before = world.play(fixture), (0, 0)
        at = fixture.starts_at
        while at <= play.ends_at:
            standing = play.standing(at)
            assert standing.home >= before[0]
            assert standing.away >= before[1]
            assert (sum(standing.home_periods), sum(standing.away_periods)) == (standing.home, standing.away)
            before = (standing.home, standing.away)
            at += dt.timedelta(seconds=20)
        final = play.standing(play.ends_at)
        assert final.final
        assert (final.home, final.away) == (sum(play.home), sum(play.away))


def test_an_nba_game_lasts_about_ten_minutes(world: World) -> None:
    lengths = [world.play(f).ends_at - f.starts_at for f in played(world, NBA, 1)]
    assert min(lengths) > dt.timedelta(minutes=8)
    assert max(lengths) < dt.timedelta(minutes=14)


def test_overtime_shootouts_draws_and_calls_off_happen_now_and_then(world: World) -> None:
    hockey = [world.play(f) for f in played(world, NHL, 12)]
    assert 0.05 < sum(p.standing(p.ends_at).overtime for p in hockey) / len(hockey) < 0.3
    assert any(p.shootout for p in hockey)
    assert all(sum(p.home) != sum(p.away) for p in hockey)
    soccer = [world.play(f) for f in played(world, EPL, 12)]
    assert 0.15 < sum(sum(p.home) == sum(p.away) for p in soccer) / len(soccer) < 0.35
    fates = {
        f.fate
        for n in range(12)
        for sport in LEAGUES.values()
        for f in world.day(sport, DAY + dt.timedelta(n))
    }
    assert fates == set(Fate)


@pytest.mark.parametrize("sport", LEAGUES.values(), ids=LEAGUES.keys())
def test_results_agree_with_the_closing_belief(world: World, sport: LeagueModel) -> None:
    """Home wins per tenth of probability, and covers and overs in all, within four standard errors."""
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    covers: list[float] = []
    overs: list[float] = []
    for fixture in played(world, sport, 30):
        play = world.play(fixture)
        home, away = sum(play.home), sum(play.away)
        belief = world.market.belief(fixture, fixture.starts_at.timestamp())
        outlook = Outlook(sport, belief, 0, 0, 0.0)
        chance = outlook.winner().first
        bins[int(chance * 10)].append((chance, home > away))
        spread, total = outlook.spread(-1.5), outlook.totals(round(belief.total) + 0.5)
        covers.append((home - away > 1.5) - spread.first)
        overs.append((home + away > round(belief.total) + 0.5) - total.first)
    for entries in bins.values():
        expected = sum(chance for chance, _ in entries)
        error = sum(chance * (1 - chance) for chance, _ in entries) ** 0.5
        assert abs(sum(won for _, won in entries) - expected) < 4 * error + 0.02 * len(entries)
    for residuals in (covers, overs):
        assert abs(sum(residuals)) / len(residuals) < 4 * 0.5 / len(residuals) ** 0.5 + 0.02


def prices(
    world: World, sport: LeagueModel, at: dt.datetime
) -> dict[tuple[str, str, str, str], tuple[object, ...]]:
    return {
        (fixture.event_id, book.key, offer.key, quote.name): (quote.price, quote.point)
        for fixture in world.listed(sport, at)
        if fixture.starts_at > at
        for book in BOOKS
        for offer in world.market.offers(fixture, book, MARKETS, at)
        for quote in offer.quotes
    }


def test_most_prices_stand_still_between_polls_and_some_move(world: World) -> None:
    changed = seen = 0
    for step in range(6):
        before = prices(world, NBA, AT + dt.timedelta(minutes=5 * step))
        after = prices(world, NBA, AT + dt.timedelta(minutes=5 * step + 5))
        shared = before.keys() & after.keys()
        seen += len(shared)
        changed += sum(before[key] != after[key] for key in shared)
    assert 0.05 < changed / seen < 0.25


def test_books_withdraw_a_market_and_bring_it_back(world: World) -> None:
    fixture = next(f for f in world.listed(NBA, AT) if f.starts_at > AT + dt.timedelta(hours=30))
    told = [
        bool(world.market.offers(fixture, book, ("h2h",), AT + dt.timedelta(minutes=45 * n)))
        for book in BOOKS
        for n in range(30)
    ]
    assert 0.9 < sum(told) / len(told) < 1.0


def test_every_market_has_a_hold_and_points_that_mirror(world: World) -> None:
    def implied(price: int) -> float:
        return -price / (100 - price) if price < 0 else 100 / (100 + price)

    for sport in (NBA, NFL, NHL, EPL):
        for fixture in world.listed(sport, AT):
            for book in BOOKS:
                for offer in world.market.offers(fixture, book, MARKETS, AT):
                    assert all(abs(q.price) >= 100 for q in offer.quotes)
                    if fixture.starts_at > AT:
                        assert 1.0 < sum(implied(q.price) for q in offer.quotes) < 1.12
                    points = [q.point for q in offer.quotes]
                    if offer.key == "spreads":
                        assert points[0] == -points[1]  # type: ignore[operator]
                    elif offer.key == "totals":
                        assert points[0] == points[1]
                    assert offer.last_update <= AT < offer.last_update + dt.timedelta(seconds=60)


def test_soccer_has_a_draw_to_back_and_the_others_have_not(world: World) -> None:
    for sport in LEAGUES.values():
        fixture = next(f for f in world.listed(sport, AT) if f.starts_at > AT)
        offers = [o for book in BOOKS for o in world.market.offers(fixture, book, ("h2h",), AT)]
        assert {len(o.quotes) for o in offers} == ({3} if sport is EPL else {2})


def test_a_late_game_is_announced_late(world: World) -> None:
    late = next(f for f in played(world, NBA, 5) if f.starts_at > f.scheduled)
    assert late.commence_time(late.scheduled - dt.timedelta(minutes=5)) == late.scheduled
    assert late.commence_time(late.scheduled) == late.starts_at
    assert late.starts_at - late.scheduled < dt.timedelta(minutes=3)


def test_a_game_can_be_made_to_start_now_and_end_in_seconds() -> None:
    world = World(seed=1, speed=900, featured=(Featured("basketball_nba", AT),))
    fixture = next(f for f in world.listed(NBA, AT - dt.timedelta(minutes=1)) if f.starts_at == AT)
    assert fixture.fate is Fate.PLAYED
    assert world.market.offers(fixture, BOOKS[0], MARKETS, AT - dt.timedelta(minutes=1))
    assert world.play(fixture).ends_at - AT < dt.timedelta(seconds=20)
    assert not world.market.is_over(fixture, AT + dt.timedelta(seconds=1))
    assert world.schedule.find(NBA, fixture.event_id) == fixture


def test_an_epoch_anchors_the_grid() -> None:
    world = World(seed=1, epoch=AT)
    assert any(f.scheduled == AT for f in world.listed(NBA, AT - dt.timedelta(minutes=1)))


@pytest.mark.parametrize(
    "text",
    [
        "nba",
        "basketball_nba@",
        "basketball_nba@soon",
        "cricket@2026-11-21T02:00:00Z",
        "basketball_nba@2026-11-21T02:00:00",
    ],
)
def test_a_wrong_featured_game_is_named(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="SANDBOX_FEATURED"):
        parse_featured(text)


def test_featured_games_are_read() -> None:
    [game] = parse_featured(" basketball_nba@2026-11-20T21:00:00-05:00, ")
    assert game == Featured("basketball_nba", dt.datetime(2026, 11, 21, 2, tzinfo=dt.UTC))


@override_settings(SANDBOX_SPEED=0.0, SANDBOX_SEED=7)
def test_a_senseless_speed_in_the_settings_is_named() -> None:
    with pytest.raises(ImproperlyConfigured, match="SANDBOX_SPEED"):
        World.from_settings()


def test_a_senseless_speed_is_refused() -> None:
    with pytest.raises(ValueError, match="speed 0"):
        World(speed=0)


@pytest.mark.parametrize(
    ("chance", "step", "price"),
    [(0.5, 1, 100), (0.5238, 1, -110), (0.4, 1, 150), (0.6667, 5, -200), (0.0001, 1, 40000), (0.501, 5, 100)],
)
def test_chances_become_whole_american_odds(chance: float, step: int, price: int) -> None:
    found = american(chance, step)
    assert found == pytest.approx(price, abs=500 if price > 5000 else 1)
    assert abs(found) >= 100


def test_rosters_hold_real_clubs() -> None:
    assert [len(teams(key)) for key in LEAGUES] == [30, 32, 32, 20, 12]
    assert all(len(players("basketball_nba", team.espn_id)) == 5 for team in teams("basketball_nba"))
    for key in LEAGUES:
        assert (
            len({team.name for team in teams(key)})
            == len({team.espn_id for team in teams(key)})
            == len(teams(key))
        )
