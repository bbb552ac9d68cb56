"""Importing files of other trackers as one batch, and undoing it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from accounts.tests.factories import UserFactory
from bets.decisions.settling import settle_by_hand
from bets.exceptions import InsufficientFunds, NotPossible
from bets.exports import export_bets
from bets.imports.committing import Done, commit_import, undo_import
from bets.imports.planning import plan_for
from bets.imports.reading import read_file
from bets.imports.rows import Options, Unclear
from bets.models import Bankroll, Bet, BetStatus, ImportBatch, LedgerEntry, SettledBet
from bets.settlement import settle_due
from bets.stats.facts import refresh
from bets.tests.factories import BankrollFactory, BetFactory
from bets.verification import verify
from odds.tests.factories import BookmakerFactory

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
PIKKIT = """bet_id,sportsbook,type,status,odds,closing_line,ev,amount,profit,time_placed,time_settled,bet_info,tags,sports,leagues
A1,DraftKings,straight,SETTLED_WIN,2.10,2.00,,100,110.00,03/01/2026 20:00:00 GMT,03/01/2026 23:00:00 GMT,Curry Over 26.5 Points,,Basketball,NBA
A2,Nobody Book,straight,SETTLED_LOSS,1.91,,,50,-50,03/02/2026 20:00:00 GMT,03/02/2026 23:00:00 GMT,Lakers -3.5,,Basketball,NBA
A3,DraftKings,straight,SETTLED_CASH_OUT,3.00,,,20,5.5,03/03/2026 20:00:00 GMT,03/03/2026 21:00:00 GMT,Celtics ML,,Basketball,NBA
A4,DraftKings,parlay,PENDING,6.00,,,10,,03/04/2026 20:00:00 GMT,,Bucks ML | Suns ML,,Basketball,NBA
A5,DraftKings,straight,SETTLED_LOSS,2.00,,,25,0,03/05/2026 20:00:00 GMT,03/05/2026 23:00:00 GMT,Nets ML,,Basketball,NBA
A6,DraftKings,straight,SETTLED_MAYBE,2.00,,,25,0,03/06/2026 20:00:00 GMT,,Heat ML,,Basketball,NBA
"""
ANALYTIX = """"Date";"Type";"Sport";"Label";"Odds";"Stake";"State";"Bookmaker";"Tipster";"Category";"Competition";"BetType";"Closing";"EstimatedProbability";"Commission";"Bonus";"Live";"Freebet";"Cashout";"Eachway";"Comment"
"2025-10-01 11:18";"Combined";"";"Special";"2,223";"6,33";"W";"Winamax";"";"";"";"";"";"";"";"";"";"";"";"";""
"";"";"Football";"LENS OU NUL";"1,170";"";"W";"Winamax";"";"";"";"";"";"";"";"";"";"";"";"";""
"";"";"Tennis";"MONFILS";"1,900";"";"W";"Winamax";"";"";"";"";"";"";"";"";"";"";"";"";""
"2025-09-30 14:32";"Simple";"Tennis";"MURRAY";"2,250";"1,09";"L";"Winamax";"";"";"ATP";"";"";"";"";"";"Yes";"";"";"";"Test"
"""
BETFAIR = "\ufeffMarket,Start time,Settled date,Profit/Loss (£)\nHorse Racing / Ascot 1st May : 1m Hcap,01-May-25 16:10,01-May-25 16:13,78.60\nTennis / A v B : Match Odds,02-May-25 16:10,02-May-25 18:13,-12.40\n"


@pytest.fixture
def ada() -> User:
    return UserFactory(username="ada", time_zone="UTC")


def imported(user: User, text: str, **fields: Any) -> Done:
    content = text.encode()
    reading = read_file(content, options=fields.pop("options", None) or Options())
    return commit_import(reading=reading, user=user, file_name="bets.csv", content=content, now=NOW, **fields)


def profit_of(user: User) -> Decimal:
    settled = Bet.objects.owned_by(user).settled()
    return sum(
        ((bet.payout or Decimal(0)) - (0 if bet.is_bonus else bet.stake) for bet in settled), Decimal(0)
    )


def figures(user: User) -> list[tuple[Any, ...]]:
    rows = Bet.objects.owned_by(user).order_by("placed_at", "stake", "odds")
    columns = ("placed_at", "settled_at", "kind", "stake", "odds", "status", "payout", "is_bonus", "tags")
    return [(*row[:-1], *row[-1]) for row in rows.values_list(*columns)]


def assert_whole() -> None:
    assert verify()[1] == []


def test_a_pikkit_file_comes_in_as_it_is(ada: User) -> None:
    done = imported(ada, PIKKIT)
    assert done.plan.counts == {"rows": 6, "add": 5, "settle": 0, "known": 0, "refuse": 1}
    assert "SETTLED_MAYBE" in done.plan.reading.errors[0].reason
    bets = {bet.odds: bet for bet in Bet.objects.owned_by(ada).prefetch_related("imported_legs")}
    won, cashed = bets[Decimal(110)], bets[Decimal(200)]
    assert (won.status, won.payout, won.placed_at.hour) == (BetStatus.WON, Decimal("210.00"), 20)
    assert (cashed.status, cashed.payout) == (BetStatus.CASHED_OUT, Decimal("25.50"))
    assert won.imported_legs.get().closing_odds == Decimal(100)
    assert bets[Decimal(500)].imported_legs.count() == 2
    assert Bet.objects.get(book_name="Nobody Book").bookmaker is None
    assert Bet.objects.get(is_bonus=True).payout == 0
    assert profit_of(ada) == Decimal("110.00") - 50 + Decimal("5.50")
    assert_whole()


def test_importing_twice_adds_nothing(ada: User) -> None:
    imported(ada, PIKKIT)
    before = figures(ada), LedgerEntry.objects.count()
    assert imported(ada, PIKKIT).plan.counts["known"] == 5
    assert (figures(ada), LedgerEntry.objects.count()) == before


def test_equal_rows_without_numbers_are_bets_of_their_own(ada: User) -> None:
    text = "date,stake,odds,result,bet\n" + "2025-05-01 10:00,10,2.0,won,Ajax\n" * 2
    assert imported(ada, text).plan.counts["add"] == 2
    assert imported(ada, text).plan.counts == {"rows": 2, "add": 0, "settle": 0, "known": 2, "refuse": 0}
    third = imported(ada, text + "2025-05-01 10:00,10,2.0,won,Ajax\n")
    assert (third.plan.counts["known"], third.plan.counts["add"]) == (2, 1)


def test_a_newer_file_settles_a_pending_bet_and_an_older_one_opens_none(ada: User) -> None:
    imported(ada, PIKKIT)
    newer = PIKKIT.replace(
        "A4,DraftKings,parlay,PENDING,6.00,,,10,,", "A4,DraftKings,parlay,SETTLED_WIN,6.00,,,10,50,"
    )
    done = imported(ada, newer)
    assert done.plan.counts["settle"] == 1
    bet = Bet.objects.get(kind="parlay")
    assert (bet.status, bet.payout) == (BetStatus.WON, Decimal("60.00"))
    imported(ada, PIKKIT)
    bet.refresh_from_db()
    assert bet.status == BetStatus.WON
    assert_whole()
    undo_import(batch=done.batch, by=ada)
    bet.refresh_from_db()
    assert (bet.status, bet.payout, bet.withdrawn_at) == (BetStatus.PENDING, None, None)
    assert_whole()


def test_undoing_gives_the_money_back_and_the_file_can_come_again(ada: User) -> None:
    done = imported(ada, PIKKIT)
    before = figures(ada)
    undo_import(batch=done.batch, by=ada)
    assert not Bet.objects.owned_by(ada).exists()
    assert Bankroll.objects.with_balance().get(user=ada).balance == 0
    assert_whole()
    with pytest.raises(NotPossible, match="not in force"):
        undo_import(batch=done.batch, by=ada)
    imported(ada, PIKKIT)
    assert figures(ada) == before
    assert_whole()


def test_nobody_undoes_the_import_of_another(ada: User) -> None:
    done = imported(ada, PIKKIT)
    with pytest.raises(NotPossible):
        undo_import(batch=done.batch, by=UserFactory())
    assert Bet.objects.owned_by(ada).count() == 5


def test_grading_leaves_imported_bets_alone(ada: User) -> None:
    imported(ada, PIKKIT)
    before = figures(ada)
    assert not settle_due(now=NOW)
    assert figures(ada) == before


def test_a_combined_bet_of_several_rows_with_decimal_commas_is_one_bet(ada: User) -> None:
    done = imported(ada, ANALYTIX)
    assert done.plan.counts["add"] == 2
    combined = Bet.objects.get(kind="parlay")
    assert (combined.stake, combined.payout) == (Decimal("6.33"), Decimal("14.07"))
    assert [leg.sport for leg in combined.imported_legs.all()] == ["Football", "Tennis"]
    single = Bet.objects.get(kind="straight").imported_legs.get()
    assert (single.league, single.is_live) == ("ATP", True)
    assert_whole()


def test_a_file_without_stakes_keeps_its_profit_and_says_what_is_doubtful(ada: User) -> None:
    done = imported(ada, BETFAIR)
    assert profit_of(ada) == Decimal("66.20")
    assert all("no stake" in step.bet.doubts[0] for step in done.plan.steps)
    assert {bet.bankroll.currency for bet in Bet.objects.owned_by(ada)} == {"GBP"}
    assert_whole()


@pytest.mark.parametrize("format_", ["json", "csv", "bet-analytix"])
def test_what_is_exported_and_wiped_comes_back_to_the_cent(ada: User, format_: str) -> None:
    batches = [imported(ada, text).batch for text in (PIKKIT, ANALYTIX, BETFAIR)]
    before, profit, text = figures(ada), profit_of(ada), export_bets(ada, format_)
    for batch in batches:
        undo_import(batch=batch, by=ada)
    imported(ada, text)
    assert figures(ada) == before
    assert profit_of(ada) == profit
    assert_whole()


@pytest.mark.parametrize("format_", ["json", "csv", "bet-analytix"])
def test_an_export_adds_nothing_where_it_comes_from(ada: User, format_: str) -> None:
    imported(ada, PIKKIT)
    assert imported(ada, export_bets(ada, format_)).plan.counts["add"] == 0


def test_a_bankroll_that_may_not_go_below_zero_is_never_overdrawn(ada: User) -> None:
    bankroll = BankrollFactory(user=ada)
    with pytest.raises(InsufficientFunds, match="Deposit"):
        imported(ada, PIKKIT, bankroll=bankroll)
    assert not Bet.objects.exists()
    assert not ImportBatch.objects.exists()


def test_a_plan_writes_nothing(ada: User) -> None:
    assert plan_for(read_file(PIKKIT.encode()), user=ada, now=NOW).counts["add"] == 5
    assert not Bankroll.objects.exists()


def test_cells_of_an_export_are_no_formulas(ada: User) -> None:
    text = 'date,stake,odds,result,bet,note\n2025-05-01,10,2.0,won,"=HYPERLINK(""http://x"")",@SUM(A1)\n'
    imported(ada, text)
    for format_ in ("csv", "bet-analytix"):
        exported = export_bets(ada, format_)
        assert "'=HYPERLINK" in exported
        assert "'@SUM" in exported
        leg = read_file(exported.encode()).bets[0].legs[0]
        assert leg.description.startswith("=HYPERLINK")


def test_the_command_imports_says_what_and_exports(ada: User, tmp_path: Path) -> None:
    source, target, out = tmp_path / "t.csv", tmp_path / "out.json", StringIO()
    source.write_text(PIKKIT)
    call_command("import_bets", str(source), user="ada", dry_run=True, stdout=out)
    assert "5 would be added" in out.getvalue()
    assert not Bet.objects.exists()
    call_command("import_bets", str(source), user="ada", stdout=out)
    assert "5 of 5 bets written" in out.getvalue()
    assert "Refused, line 7: status" in out.getvalue()
    call_command("export_bets", user="ada", format="json", output=target, stdout=out)
    assert '"payout": "210.00"' in target.read_text()
    with pytest.raises(CommandError, match="Nobody is called"):
        call_command("import_bets", str(source), user="eve")


def test_statistics_know_what_the_file_says_and_nothing_of_an_undone_import(ada: User) -> None:
    done = imported(ada, PIKKIT)
    refresh(ada.pk)
    facts = {fact.bet.odds: fact for fact in SettledBet.objects.select_related("bet")}
    assert len(facts) == 4
    assert facts[Decimal(110)].sport == "NBA"
    assert not any(fact.is_verified for fact in facts.values())
    undo_import(batch=done.batch, by=ada)
    refresh(ada.pk)
    assert not SettledBet.objects.exists()


def test_a_pending_imported_bet_is_settled_by_hand_by_what_was_paid(ada: User) -> None:
    imported(ada, PIKKIT)
    bet = Bet.objects.get(kind="parlay")
    with pytest.raises(NotPossible, match="what the book paid"):
        settle_by_hand(bet=bet, by=ada, reason="Seen at the book", now=NOW)
    settled = settle_by_hand(bet=bet, by=ada, reason="Seen at the book", payout=Decimal(60), now=NOW)
    assert (settled.status, settled.payout) == (BetStatus.WON, Decimal("60.00"))
    assert_whole()


def test_a_bet_in_two_formats_is_one_bet(ada: User) -> None:
    imported(ada, PIKKIT)
    text = "date,book,stake,odds,result,bet\n2026-03-01 21:00,DraftKings,100,2.10,won,Stephen Curry over\n"
    assert imported(ada, text).plan.counts["known"] == 1
    assert imported(ada, text.replace("100,2.10", "100,2.15")).plan.counts["add"] == 1


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("2025-05-01,0,2.0,won", "above zero"),
        ("2025-05-01,,2.0,won", "not a number"),
        ("2025-05-01,10,,won", "odds: empty"),
        ("2025-05-01,10,1.0,won", "no price"),
        ("2025-05-01,1e9,2.0,won", "not a number"),
        ("2025-05-01,5%,2.0,won", "not a number"),
        ("2025-05-01,10,150%,won", "no price"),
        ("2025-05-01,10,0%,lost", "no price"),
        ("2025-05-01,99999999999,2.0,won", "more than can be recorded"),
        ("2025-02-30,10,2.0,won", "no date"),
        ("2099-05-01,10,2.0,won", "still to come"),
        ("2025-05-01,10,2.0,cashed out", "what was paid"),
        ("2025-05-01,10,2.0,maybe", "no outcome"),
    ],
)
def test_a_row_that_cannot_be_read_is_refused_with_the_reason(ada: User, row: str, reason: str) -> None:
    plan = plan_for(read_file(f"date,stake,odds,result\n{row}\n".encode()), user=ada, now=NOW)
    reasons = [error.reason for error in plan.reading.errors] + [step.reason for step in plan.steps]
    assert any(reason in found for found in reasons), reasons
    assert plan.counts["add"] == 0


@pytest.mark.parametrize(
    ("price", "odds"),
    [
        ("-110", -110),
        ("+150", 150),
        ("EVEN", 100),
        ("5/2", 250),
        ("1.91", "-109.890110"),
        ("2,5", 150),
        ("40%", 150),
        ("52,5%", "-110.526316"),
    ],
)
def test_odds_are_read_in_every_notation(price: str, odds: Any) -> None:
    reading = read_file(f"date;stake;odds;result\n2025-05-01;10;{price};\n".encode())
    assert [bet.odds for bet in reading.bets] == [Decimal(odds)]


def test_prices_that_may_be_american_or_decimal_are_asked() -> None:
    with pytest.raises(Unclear, match="American or decimal"):
        read_file(b"date,stake,odds\n2025-05-01,10,150\n")
    answered = read_file(b"date,stake,odds\n2025-05-01,10,150\n", options=Options(odds="american"))
    assert answered.bets[0].odds == 150


@pytest.mark.parametrize(
    ("words", "field", "value"),
    [("round robin by 2, 3", "sizes", [2, 3]), ("teaser by 6.5", "teaser_points", Decimal("6.5"))],
)
def test_a_kind_comes_with_what_makes_it_one(ada: User, words: str, field: str, value: Any) -> None:
    row = f'2025-05-01,10,6.0,won,"{words}",A | B | C\n'
    imported(ada, "date,stake,odds,result,type,bet\n" + row)
    assert getattr(Bet.objects.get(), field) == value
    for format_ in ("csv", "bet-analytix"):
        assert imported(ada, export_bets(ada, format_)).plan.counts["known"] == 1


def test_terms_that_break_a_rule_import_nothing(ada: User) -> None:
    text = export_bets(ada, "json").replace(
        '"bets": []',
        '"bets": [{"placed_at": "2025-05-01T10:00:00+00:00", "stake": "10.00", "odds": "-110", "status": "pending", '
        '"kind": "teaser", "legs": []}]',
    )
    with pytest.raises(NotPossible, match="teaser has points"):
        imported(ada, text)
    assert not ImportBatch.objects.exists()


def test_a_pending_bet_placed_here_is_known_and_graded_here_whatever_the_file_says(ada: User) -> None:
    book = BookmakerFactory(title="DraftKings")
    placed = dt.datetime(2026, 3, 1, 20, 5, tzinfo=dt.UTC)
    roll = BankrollFactory(user=ada)
    bet = BetFactory(bankroll=roll, bookmaker=book, stake=Decimal(100), odds=Decimal(110), placed_at=placed)
    done = imported(ada, PIKKIT)
    assert (done.plan.counts["add"], done.plan.counts["known"]) == (4, 1)
    [step] = [step for step in done.plan.steps if step.bet_id == bet.pk]
    assert "settles it by the game" in step.reason
    bet.refresh_from_db()
    assert (bet.status, bet.payout) == (BetStatus.PENDING, None)


def test_the_command_fails_when_no_row_is_a_bet_and_leaves_an_old_export_whole(
    ada: User, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, target, out = tmp_path / "t.csv", tmp_path / "out.csv", StringIO()
    source.write_text("date,stake,odds,result\n2025-05-01,10,2.0,maybe\n")
    with pytest.raises(CommandError, match="No bet of the file"):
        call_command("import_bets", str(source), user="ada", stdout=out)
    assert "Refused, line 2: result" in out.getvalue()
    for wrong, problem in ((tmp_path, "Is a directory"), (tmp_path / "none.csv", "No such file")):
        with pytest.raises(CommandError, match=problem):
            call_command("import_bets", str(wrong), user="ada", stdout=out)
    call_command("export_bets", user="ada", format="csv", output=target, stdout=out)
    before = target.read_text()
    monkeypatch.setattr(
        Path, "replace", lambda self, other: (_ for _ in ()).throw(OSError(28, "No space left"))
    )
    with pytest.raises(CommandError, match="No space left"):
        call_command("export_bets", user="ada", format="json", output=target, stdout=out)
    assert target.read_text() == before
    assert [path.name for path in tmp_path.iterdir() if path.name.endswith(".part")] == []
