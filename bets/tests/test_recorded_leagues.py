"""Five recorded leagues end to end: prices replayed, every closing quote bet, results applied, bets settled.

Each bet is held against a return worked out from the raw files in plain decimals (``recorded_leagues``). A sample of
the events runs by default; ``--slow`` takes every one.
"""

from __future__ import annotations

import datetime as dt
import sys
import time
from collections import Counter
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db.models import F

from bets.ledger import balance
from bets.models import Bankroll, Bet, BetLeg, LedgerEntry, LedgerKind
from bets.placement import place_straight
from bets.settlement import settle_due
from bets.tests.factories import funded_bankroll
from bets.tests.recorded_leagues import (
    SPORTS,
    Outcome,
    Quote,
    closing_quotes,
    expected,
    in_sample,
    recorded,
    results,
)
from bets.verification import verify
from feeds.payloads import GameStatus as Status
from feeds.payloads import ScoreboardEvent, ScoreEvent, Side
from games.seeding import seed_games
from games.services import apply_results
from odds.models import Bookmaker, Selection
from odds.pricing import american_from_decimal
from odds.seeding import seed_bookmakers

pytestmark = pytest.mark.django_db

NOW = dt.datetime(2026, 11, 21, tzinfo=dt.UTC)
ONE_IN = {"mlb": 30, "nfl": 30, "wnba": 8, "worldcup": 16, "nhl": 500}
DEPOSIT = Decimal(50_000_000)


def score_event(row: Outcome, sport: str) -> ScoreEvent:
    """The result as the odds feed gives it: by its own event id."""
    start = dt.datetime.fromisoformat(row.start)
    return ScoreEvent(
        row.event_id, sport, sport, start, True, row.home_team, row.away_team, row.home, row.away, NOW
    )


def scoreboard_event(row: Outcome, sport: str, number: int) -> ScoreboardEvent:
    """The result as ESPN gives it: by teams and time, in soccer with each half and extra time."""
    score, name = (row.home, row.away), "STATUS_FINAL"
    periods: tuple[tuple[int, ...], ...] = ((), ())
    if sport.startswith("soccer_"):
        half, full = pair(row.extra["ht"]), (row.home, row.away)
        periods = tuple((half[n], full[n] - half[n]) for n in (0, 1))
        name = "STATUS_FULL_TIME"
        if "et" in row.extra:
            score = pair(row.extra["et"])
            periods = tuple((*periods[n], score[n] - full[n]) for n in (0, 1))
            name = "STATUS_FINAL_PEN" if "p" in row.extra else "STATUS_FINAL_AET"
    is_final = row.status == "final"
    home, away = (
        Side("", team, "", points if is_final else None, played if is_final else (), None)
        for team, points, played in zip((row.home_team, row.away_team), score, periods, strict=True)
    )
    status = Status.FINAL if is_final else Status.POSTPONED
    label = name if is_final else "STATUS_POSTPONED"
    start = dt.datetime.fromisoformat(row.start)
    return ScoreboardEvent(f"{number}", start, "", home, away, status, label, "", 0, "", sport_key=sport)


def american(price: Decimal) -> Decimal:
    return american_from_decimal(price) if 1 < price < 100 else price


def pair(text: str) -> tuple[int, int]:
    home, away = text.split("-")
    return int(home), int(away)


Grade = tuple[str, Decimal | None]


class League:
    """One league's recordings, its bets, and what each of them has to come to."""

    def __init__(self, folder: Path, name: str, one_in: int, scratch: Path) -> None:
        self.name, self.sport = name, SPORTS[name]
        self.rows = [row for row in results(folder, name) if in_sample(row.event_id, one_in)]
        self.before: list[bytes] = []
        self.in_play: list[bytes] = []
        self.quotes: list[Quote] = []
        self.scratch, self.folder = scratch, folder
        for line, event, tagged in recorded(folder, name, one_in):
            tag, _, seen_at = tagged.partition(" ")
            (self.in_play if tag == "inplay_last" else self.before).append(line)
            if tag == "close":
                self.quotes += closing_quotes(event, seen_at)

    def replay(self, lines: list[bytes]) -> None:
        """Pull recorded responses through the command. Start times and prices move on as they did."""
        if not lines:
            return
        file = self.scratch / f"{self.name}.jsonl"
        file.write_bytes(b"".join(lines))
        call_command("pull_odds", "--from", str(file), stdout=StringIO(), stderr=StringIO())

    def bet_all(self, bankroll: Bankroll) -> None:
        """Bet every closing quote at the instant it was recorded, at no other price than the one recorded."""
        books = {book.key: book for book in Bookmaker.objects.all()}
        found = Selection.objects.filter(game__external_id__in={quote.event_id for quote in self.quotes})
        selections = {
            (s.game.external_id, s.market, s.side): s for s in found.select_related("game", "game__sport")
        }
        for quote in self.quotes:
            place_straight(
                user=bankroll.user,
                bankroll=bankroll,
                selection=selections[quote.event_id, quote.market, quote.side],
                bookmaker=books[quote.bookmaker],
                price=american(quote.price),
                point=quote.point,
                stake=quote.stake,
                idempotency_key=quote.key,
                accept="exact",
                now=dt.datetime.fromisoformat(quote.seen_at),
            )

    def apply(self) -> None:
        known = [row for row in self.rows if row.status in ("final", "postponed")]
        if self.name in ("nfl", "wnba", "nhl"):
            scores = [score_event(row, self.sport) for row in known]
            apply_results(readings=scores, source="the_odds_api", now=NOW)
            return
        boards = [scoreboard_event(row, self.sport, n) for n, row in enumerate(known)]
        counts = apply_results(readings=boards, source="espn", now=NOW)
        assert counts.matched >= len(known)  # a game listed twice has two rows
        assert counts.unmatched == 0

    def expectations(self) -> dict[str, list[Grade]]:
        """Return what each bet may have come to, by its key.

        A listing that the feed replaced by another of the same game has that game's result or waits, and never
        the result of a third.
        """
        finals = {row.event_id: row for row in results(self.folder, self.name) if row.status == "final"}
        listed = {row.event_id: row for row in self.rows}
        soccer = self.sport.startswith("soccer_")
        awaited: dict[str, list[Grade]] = {}
        for quote in self.quotes:
            row = listed[quote.event_id]
            played = finals.get(row.extra.get("superseded_by", row.event_id))
            grades: list[Grade] = [] if row.status == "final" else [("pending", None)]
            if played:
                grades.append(expected(quote, played.home, played.away, three_way=soccer))
            awaited[quote.key] = grades
        return awaited


def differences(league: League) -> tuple[list[str], Counter[str], Decimal]:
    """Hold every bet of the league against its own expectation; return what differs, the statuses and all that was paid."""
    awaited = league.expectations()
    bets = {bet.idempotency_key: bet for bet in Bet.objects.filter(idempotency_key__in=awaited)}
    assert set(bets) == set(awaited)
    wrong: list[str] = []
    statuses: Counter[str] = Counter()
    paid = Decimal(0)
    for quote in league.quotes:
        bet, grades = bets[quote.key], awaited[quote.key]
        found = (str(bet.status), bet.payout)
        if found not in grades:
            wrong.append(f"{quote}: {found}, not {grades}")
        status, payout = found if found in grades else grades[0]
        statuses[status] += 1
        paid += payout or 0
    return wrong, statuses, paid


def closing_differences(league: League) -> list[str]:
    """The bets were at the closing prices: the one noted on a settled leg is the price of its bet.

    A start that turned out to lie before the recording leaves an earlier closing price, or none.
    """
    legs = (
        BetLeg.objects.filter(bet__idempotency_key__in=[quote.key for quote in league.quotes])
        .exclude(status="pending")
        .filter(bet__placed_at__lte=F("game__commence_time"))
    )
    assert legs.exists()
    return [f"{leg}: closed at {leg.closing_odds}" for leg in legs if leg.closing_odds != leg.odds]


def run(folder: Path, name: str, one_in: int, scratch: Path) -> str:
    """Take a league from its recorded prices to the last cent; return the figures in words."""
    started = time.monotonic()
    seed_games()
    seed_bookmakers()
    league = League(folder, name, one_in, scratch)
    league.replay(league.before)
    bankroll = funded_bankroll(str(DEPOSIT))
    league.bet_all(bankroll)
    league.replay(league.in_play)
    staked = sum((quote.stake for quote in league.quotes), Decimal(0))
    assert balance(bankroll) == DEPOSIT - staked
    league.apply()
    settled = settle_due(now=NOW)
    wrong, statuses, paid = differences(league)
    assert wrong == [], f"{len(wrong)} of {len(league.quotes)} differ"
    assert balance(bankroll) == DEPOSIT - staked + paid
    assert settled == {status: count for status, count in statuses.items() if status != "pending"}
    assert closing_differences(league) == []
    assert settle_due(now=NOW) == {}
    assert verify()[1] == []
    once = LedgerEntry.objects.filter(kind=LedgerKind.PAYOUT).values("bet").distinct().count()
    assert (
        once
        == LedgerEntry.objects.filter(kind=LedgerKind.PAYOUT).count()
        == Bet.objects.filter(payout__gt=0).count()
    )
    seconds = time.monotonic() - started
    return (
        f"{name}, 1 event in {one_in}: {len(league.before) + len(league.in_play)} responses, {len(league.quotes)} bets of {staked}, "
        f"{dict(statuses)}, paid {paid}, 0 differences, {seconds:.0f} s\n"
    )


@pytest.mark.parametrize("name", SPORTS)
def test_every_closing_quote_of_sampled_games_is_paid_what_the_raw_files_say(
    name: str, shared_data: Path, tmp_path: Path
) -> None:
    sys.stdout.write(run(shared_data, name, ONE_IN[name], tmp_path))


@pytest.mark.slow
@pytest.mark.parametrize("name", SPORTS)
def test_every_closing_quote_of_every_game_is_paid_what_the_raw_files_say(
    name: str, shared_data: Path, tmp_path: Path
) -> None:
    sys.stdout.write(run(shared_data, name, 1, tmp_path))
