from __future__ import annotations

import csv
import datetime as dt
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from django.db import Error, connection
from django.test import Client

from accounts.tests.factories import UserFactory
from bets.exceptions import NotAllowed, NotPossible
from bets.models import RuleFamily, SettlementRule
from bets.regrading import regrade_due
from bets.rulebook import SEEDS, amend_rule, rulebook, seed_rules
from bets.rules import FAMILIES, default_rule
from bets.settlement import settle_due
from bets.tests.factories import FAR, BetFactory, BetLegFactory, SettlementRuleFactory, ended, offered, place
from games.exceptions import SeedError
from games.seeding import seed_games
from games.tests.factories import GameFactory, SportFactory
from games.tests.readings import espn, from_espn
from odds.models import Bookmaker
from odds.seeding import seed_bookmakers
from odds.tests.factories import BookmakerFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 20, 12, tzinfo=dt.UTC)


def hours(book: Bookmaker | None, sport: str, market: str = "h2h") -> int | None:
    rule = rulebook().rule(
        bookmaker_id=book.pk if book else None, sport=sport, market=market, draw_offered=False
    )
    return rule.not_started_hours


def test_the_most_specific_row_wins() -> None:
    book, other = BookmakerFactory(key="one"), BookmakerFactory(key="two")
    nba = SportFactory(key="basketball_nba")
    assert hours(book, "basketball_nba") == default_rule("basketball_nba", "h2h").not_started_hours
    for n, (bookmaker, sport) in enumerate([(None, None), (None, nba), (book, None), (book, nba)], start=1):
        SettlementRuleFactory(bookmaker=bookmaker, sport=sport, parameters={"not_started_hours": n})
    assert hours(book, "basketball_nba") == 4
    assert hours(book, "icehockey_nhl") == 3
    assert hours(other, "basketball_nba") == 2
    assert hours(None, "basketball_nba") == 2
    assert hours(other, "icehockey_nhl") == 1
    assert hours(book, "basketball_nba", "totals") == 48


def test_the_evidence_names_the_row_used_and_its_source() -> None:
    book = BookmakerFactory(key="draftkings")
    SettlementRuleFactory(
        bookmaker=book, parameters={"correction_hours": 24}, source="DraftKings house rules"
    )
    game = GameFactory(commence_time=FAR)
    bets = [place(offered(game, "h2h", bookmaker=book)), place(offered(game, "totals", "over", point="1.5"))]
    ended(game, 1, 0)
    settle_due()
    moneyline, total = (bet.legs.get().evidence for bet in bets)
    name = "draftkings, all sports, moneyline (version 1)"
    assert moneyline["data"]["house_rule"] == {"name": name, "source": "DraftKings house rules"}
    assert any(f"House rule: {name}; DraftKings house rules." in step["note"] for step in moneyline["steps"])
    assert "house_rule" not in total["data"]


def test_one_bet_is_graded_by_its_own_books_rule_and_the_other_by_its() -> None:
    strict, usual = BookmakerFactory(key="strict"), BookmakerFactory(key="usual")
    SettlementRuleFactory(bookmaker=strict, parameters={"draw": "lose"})
    game = GameFactory(commence_time=FAR)
    bets = [place(offered(game, "h2h", bookmaker=book)) for book in (strict, usual)]
    ended(game, 90, 90)
    settle_due()
    assert [bet.legs.get().evidence["data"].get("house_rule", {}).get("name") for bet in bets] == [
        "strict, all sports, moneyline (version 1)",
        None,
    ]


def test_a_boost_is_paid_up_to_its_cap() -> None:
    bet = place(offered(GameFactory(commence_time=FAR), "h2h", price="+200"))
    boosted = BetFactory(
        bankroll=bet.bankroll, odds=Decimal(200), boost_pct=Decimal(50), boost_cap=Decimal(30)
    )
    BetLegFactory(bet=boosted, selection=bet.legs.get().selection)
    ended(bet.legs.get().game, 1, 0)
    settle_due()
    boosted.refresh_from_db()
    assert boosted.payout == Decimal("330.00")


def test_a_push_in_a_parlay_follows_the_books_rule_for_tickets() -> None:
    book = BookmakerFactory(key="strict")
    SettlementRuleFactory(bookmaker=book, family=RuleFamily.TICKET, parameters={"parlay_push": "refund"})
    games = [GameFactory(commence_time=FAR), GameFactory(commence_time=FAR)]
    bets = [BetFactory(kind="parlay", bookmaker=book), BetFactory(kind="parlay")]
    selections = [offered(game, "h2h", bookmaker=book).selection for game in games]
    for bet in bets:
        for position, selection in enumerate(selections, start=1):
            BetLegFactory(bet=bet, selection=selection, position=position)
    ended(games[0], 1, 0)
    ended(games[1], 1, 1)
    assert settle_due() == {"push": 1, "won": 1}


def test_the_window_of_corrections_is_the_rules() -> None:
    book = BookmakerFactory(key="draftkings")
    SettlementRuleFactory(bookmaker=book, parameters={"correction_hours": 5})
    game = GameFactory(commence_time=FAR)
    bet = place(offered(game, "h2h", "away", bookmaker=book))
    from_espn(espn(game, score=(104, 112)), now=FAR + dt.timedelta(hours=3))
    assert settle_due(now=FAR + dt.timedelta(hours=4)) == {"won": 1}
    from_espn(espn(game, score=(112, 104)), now=FAR + dt.timedelta(hours=6))
    assert regrade_due(now=FAR + dt.timedelta(hours=6)) == {}
    bet.refresh_from_db()
    assert bet.status == "won"


def test_an_edit_is_the_next_version_and_the_old_one_stays() -> None:
    staff = UserFactory(is_staff=True)
    rule = SettlementRuleFactory(parameters={"not_started_hours": 12})
    assert hours(None, "basketball_nba") == 12
    rule.parameters = {"not_started_hours": 24}
    second = amend_rule(rule=rule, by=staff, now=NOW)
    assert (second.version, second.parameters) == (2, {"not_started_hours": 24})
    assert staff.username in second.note
    assert hours(None, "basketball_nba") == 24
    rule.refresh_from_db()
    assert rule.parameters == {"not_started_hours": 12}
    assert list(SettlementRule.objects.current()) == [second]
    rule.parameters = {}
    amend_rule(rule=rule, by=staff, now=NOW)
    assert hours(None, "basketball_nba") == 48


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"not_started_hours": "soon"}, "not_started_hours"),
        ({"colour": 1}, "colour is no parameter"),
        ([1], "Write the parameters as"),
    ],
)
def test_a_parameter_that_no_rule_has_is_refused(parameters: object, message: str) -> None:
    rule = SettlementRule(family="moneyline", source="x", parameters=parameters)
    with pytest.raises(ValidationError, match=message):
        rule.full_clean()
    with pytest.raises(NotPossible, match=message):
        amend_rule(rule=rule, by=UserFactory(is_staff=True), now=NOW)


def test_only_staff_change_rules() -> None:
    with pytest.raises(NotAllowed):
        amend_rule(rule=SettlementRule(family="moneyline", source="x"), by=UserFactory(), now=NOW)


@pytest.mark.parametrize(
    ("statement", "constraint"),
    [
        ("UPDATE settlement_rules SET note = 'x'", "append"),
        ("DELETE FROM settlement_rules", "append"),
        ("INSERT", "one_rule_per_scope_and_version"),
    ],
)
def test_versions_are_only_added_and_once(statement: str, constraint: str) -> None:
    SettlementRuleFactory()
    if statement == "INSERT":
        with pytest.raises(Error, match=constraint):
            SettlementRuleFactory()
        return
    with pytest.raises(Error, match=constraint), connection.cursor() as cursor:
        cursor.execute(statement)


def test_families_are_those_of_the_pure_rules() -> None:
    assert tuple(RuleFamily.values) == FAMILIES


def test_seeds_are_valid_and_leave_alone_what_staff_changed() -> None:
    seed_games()
    seed_bookmakers()
    first = seed_rules()
    assert first.created == SettlementRule.objects.count() > 10
    pinnacle = Bookmaker.objects.get(key="pinnacle")
    assert hours(pinnacle, "basketball_nba", "spreads") == 12
    rule = SettlementRule.objects.get(bookmaker=pinnacle, sport=None, family="spread")
    rule.parameters = {"not_started_hours": 13}
    amend_rule(rule=rule, by=UserFactory(is_staff=True), now=NOW)
    again = seed_rules()
    assert (again.created, again.unchanged) == (0, first.created)
    assert hours(pinnacle, "basketball_nba", "spreads") == 13


def test_every_seeded_rule_names_the_page_and_the_day_it_was_read() -> None:
    with (SEEDS / "settlement_rules.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row for row in rows if not row["source_url"].startswith("https://") or not row["read_on"]] == []


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("sport", "quidditch", "row 2: sport 'quidditch' is not known"),
        ("parameters", "{", "row 2: parameters are not JSON"),
        ("parameters", '{"x": 1}', "row 2: parameters: x is no parameter"),
        ("family", "lottery", "row 2: family"),
        ("read_on", "yesterday", "row 2: read_on is 'yesterday'"),
    ],
)
def test_a_wrong_seed_names_its_row(tmp_path: Path, column: str, value: str, message: str) -> None:
    with (SEEDS / "settlement_rules.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    row = rows[0] | {"bookmaker": "", "sport": ""} | {column: value}
    with (tmp_path / "settlement_rules.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, row.keys())
        writer.writeheader()
        writer.writerow(row)
    with pytest.raises(SeedError, match=message):
        seed_rules(folder=tmp_path)


def test_the_admin_adds_a_version(client: Client) -> None:
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    rule = SettlementRuleFactory(parameters={"not_started_hours": 12})
    form = {
        "parameters": '{"not_started_hours": 20}',
        "source": "House rules",
        "source_url": "",
        "read_on": "",
        "note": "",
    }
    response = client.post(f"/admin/bets/settlementrule/{rule.pk}/change/", form)
    assert response.status_code == 302
    assert hours(None, "basketball_nba") == 20
    refused = client.post(f"/admin/bets/settlementrule/{rule.pk}/change/", form | {"parameters": '{"x": 1}'})
    assert "x is no parameter of a rule" in refused.content.decode()


@pytest.mark.parametrize("nothing", ["", "null", "[]", "{}"])
def test_the_admin_takes_no_parameters_for_the_usual_rule_again(client: Client, nothing: str) -> None:
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    rule = SettlementRuleFactory(parameters={"not_started_hours": 12})
    form = {"parameters": nothing, "source": "House rules", "source_url": "", "read_on": "", "note": ""}
    response = client.post(f"/admin/bets/settlementrule/{rule.pk}/change/", form)
    assert response.status_code == 302
    assert SettlementRule.objects.latest("version").parameters == {}
    assert hours(None, "basketball_nba") == 48


def test_the_admin_shows_a_rules_address_and_says_when_none_is_recorded(client: Client) -> None:
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    SettlementRuleFactory()
    SettlementRuleFactory(
        family=RuleFamily.TOTAL, source_url="https://rules.example/totals", read_on=dt.date(2026, 11, 1)
    )
    page = client.get("/admin/bets/settlementrule/").content.decode()
    assert "no address recorded" in page
    assert "no date recorded" in page
    assert '<a href="https://rules.example/totals" rel="noreferrer">' in page
    assert "2026-11-01" in page
