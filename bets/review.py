"""Bets that wait for a person: under review, or overdue, with what the sources said and why it was not enough."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, QuerySet, Sum

from accounts.models import User
from bets import due, windows
from bets.decisions.options import Option, options_for
from bets.evidence import Reading
from bets.grading.windows import judge, start_limit
from bets.history import BetRow, bet_row, listed
from bets.models import Bet, BetLeg, BetStatus
from bets.money import format_money
from bets.rulebook import rulebook
from games.models import Game, GameKind, GameStatus
from odds.wording import duration
from rest.keyset import page

PAGE_SIZE: Final = 25
OVERDUE = dt.timedelta(hours=12)
"""After this long a match should have ended: nothing we know of is played longer in one day."""
STATES: Final = {"review": "Under review", "overdue": "Overdue"}
AGES: Final = {"": "Any age", "1": "Older than a day", "3": "Older than 3 days", "7": "Older than a week"}

COUNTS = """
WITH late AS (
    SELECT DISTINCT b.id, b.user_id, g.status
    FROM games g
    JOIN bet_legs l ON l.game_id = g.id AND l.status = 'pending'
    JOIN bets b ON b.id = l.bet_id AND b.status = 'pending'
    WHERE NOT g.completed AND g.kind = 'match'
      AND (g.status = 'postponed' OR g.status IN ('scheduled', 'live') AND g.commence_time < %(cutoff)s)
)
SELECT (SELECT count(*) FROM bets WHERE status = 'needs_review' AND user_id = %(user)s)
     + (SELECT count(DISTINCT id) FROM late WHERE user_id = %(user)s),
       CASE WHEN %(staff)s THEN (SELECT count(*) FROM bets WHERE status = 'needs_review')
     + (SELECT count(DISTINCT id) FROM late WHERE status <> 'postponed') END
"""


@dataclass(frozen=True, slots=True)
class Window:
    """Until when a postponed game may begin for a leg on it to stand; ``ends`` (UTC) None: the rule sets no limit."""

    ends: dt.datetime | None
    is_past: bool
    voids: str


@dataclass(frozen=True, slots=True)
class GameState:
    """A leg's game as it stands, what each source last said of it, and the window of a postponed one."""

    game: Game
    name: str
    leg_name: str
    state: str
    readings: list[Reading]
    window: Window | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """A bet that waits for a person."""

    row: BetRow
    why: str
    age: str
    games: list[GameState]
    options: list[Option]


@dataclass(frozen=True, slots=True)
class Group:
    """Bets on one game that wait for the same reason."""

    game_id: uuid.UUID
    game: str
    reason: str
    bets: int


@dataclass(frozen=True, slots=True)
class Filters:
    """What the queue shows; ``after`` is the (placed_at, id) of the last bet of the page before."""

    state: str = "review"
    sport: str = ""
    reason: str = ""
    days: int | None = None
    game: uuid.UUID | None = None
    after: tuple[dt.datetime, uuid.UUID] | None = None


def counts(user: User, now: dt.datetime) -> tuple[int, int]:
    """Return how many of the person's bets need a look, and for staff how many the queue holds, in one query."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, {"user": user.pk, "staff": user.is_staff, "cutoff": now - OVERDUE})
        own, everybodys = cursor.fetchone()
    return own, everybodys or 0


def overdue(bets: QuerySet[Bet], now: dt.datetime) -> QuerySet[Bet]:
    """Keep the open bets on a match that should have ended long ago."""
    late = BetLeg.objects.filter(
        bet=OuterRef("pk"),
        status=BetStatus.PENDING,
        game__kind=GameKind.MATCH,
        game__status__in=[GameStatus.SCHEDULED, GameStatus.LIVE],
        game__commence_time__lt=now - OVERDUE,
    )
    return bets.filter(Exists(late), status=BetStatus.PENDING)


def postponed(bets: QuerySet[Bet]) -> QuerySet[Bet]:
    """Keep the open bets on a postponed match."""
    legs = BetLeg.objects.filter(
        bet=OuterRef("pk"), status=BetStatus.PENDING, game__status=GameStatus.POSTPONED
    )
    return bets.filter(Exists(legs), status=BetStatus.PENDING)


def matching(filters: Filters, now: dt.datetime) -> QuerySet[Bet]:
    """Return the bets of the queue that the filters let through, in no order."""
    bets: QuerySet[Bet] = Bet.objects.filter(status=BetStatus.NEEDS_REVIEW)
    if filters.state == "overdue":
        bets = overdue(Bet.objects.all(), now)
    legs = BetLeg.objects.filter(bet=OuterRef("pk"))
    if filters.sport:
        bets = bets.filter(Exists(legs.filter(game__sport=filters.sport)))
    if filters.game:
        bets = bets.filter(Exists(legs.filter(game=filters.game)))
    if filters.reason:
        bets = bets.filter(review_reason=filters.reason)
    if filters.days is not None:
        bets = bets.filter(placed_at__lt=now - dt.timedelta(days=filters.days))
    return bets


def queue_page(filters: Filters, user: User, now: dt.datetime) -> tuple[list[Waiting], str]:
    """Return a page of the queue, oldest bet first, and where the next one starts ('' at the end)."""
    bets = listed(matching(filters, now)).select_related("bookmaker", "bankroll", "user")
    found = page(bets.order_by("placed_at", "pk"), PAGE_SIZE, after=filters.after)
    last = found.rows[-1] if found.has_after else None
    start = f"{last.placed_at.isoformat()}~{last.pk}" if last else ""
    return waiting(found.rows, user, now), start


def waiting(bets: Sequence[Bet], user: User, now: dt.datetime) -> list[Waiting]:
    """Return bets with their reasons and readings; the person's decision in force is not looked for."""
    rows = [bet_row(bet, user.odds_format) for bet in bets]
    readings = due.latest_readings({leg.game.pk for row in rows for leg in row.legs})
    ends = windows_of(rows, now)
    return [
        Waiting(
            row=row,
            why=why(row, now),
            age=duration(now - row.bet.placed_at),
            games=[
                GameState(
                    game=leg.game,
                    name=leg.game_name,
                    leg_name=leg.name,
                    state=state_of(leg.game),
                    readings=readings.get(leg.game.pk, []),
                    window=ends.get(leg.leg.pk),
                )
                for leg in row.legs
            ],
            options=options_for(row.bet, [leg.leg for leg in row.legs], None, user, now),
        )
        for row in rows
    ]


def windows_of(rows: Sequence[BetRow], now: dt.datetime) -> dict[int, Window]:
    """Return the windows of the legs that wait for a postponed game, by leg id; two statements if there are any."""
    late = [
        (row, leg)
        for row in rows
        for leg in row.legs
        if leg.is_waiting_for_result and leg.game.status == GameStatus.POSTPONED
    ]
    if not late:
        return {}
    schedules = windows.schedules_of({row.bet.pk for row, _ in late}, {leg.game.pk for _, leg in late})
    rules, found = rulebook(), {}
    for row, leg in late:
        schedule = schedules.get(leg.leg.pk)
        if schedule is None:
            continue
        rule = rules.rule(
            bookmaker_id=row.bet.bookmaker_id,
            sport=leg.game.sport_id,
            market=leg.leg.selection.market,
            draw_offered=leg.leg.draw_offered,
        )
        judged = judge(rule, schedule, leg.game.status, now)
        found[leg.leg.pk] = Window(
            ends=start_limit(rule, schedule.announced, schedule.zone),
            is_past=judged is not None and judged.kind == "not_started",
            voids="bet" if len(row.legs) == 1 else "leg",
        )
    return found


def why(row: BetRow, now: dt.datetime) -> str:
    """Say why a bet waits."""
    if row.bet.status == BetStatus.NEEDS_REVIEW:
        return row.bet.review_reason
    for leg in row.legs:
        if leg.is_waiting_for_result and leg.game.status == GameStatus.POSTPONED:
            return f"{leg.game_name} is postponed."
    late = [
        leg
        for leg in row.legs
        if leg.is_waiting_for_result
        and leg.game.status in (GameStatus.SCHEDULED, GameStatus.LIVE)
        and leg.game.commence_time < now - OVERDUE
    ]
    said = "; ".join(
        f"{leg.game_name} began {duration(now - leg.game.commence_time)} ago and no source has reported its end"
        for leg in late
    )
    return f"{said}." if said else "It waits for its games."


def state_of(game: Game) -> str:
    """Say how a game stands: Final 112–104, Scheduled."""
    score = "" if game.home_score is None else f" {game.home_score}–{game.away_score} (home first)"
    return f"{game.get_status_display()}{score}"


def groups(now: dt.datetime) -> list[Group]:
    """Return the games of most bets under review by reason, for deciding about many at once."""
    found = (
        BetLeg.objects.filter(bet__status=BetStatus.NEEDS_REVIEW)
        .values("game_id", "game__title", "bet__review_reason")
        .annotate(
            bets=Count("bet_id", distinct=True),
            home=F("game__home_team__name"),
            away=F("game__away_team__name"),
        )
        .filter(bets__gt=1)
        .order_by("-bets", "game_id", "bet__review_reason")[:10]
    )
    return [
        Group(
            row["game_id"],
            f"{row['away']} at {row['home']}" if row["home"] else row["game__title"],
            row["bet__review_reason"],
            row["bets"],
        )
        for row in found
    ]


def reasons() -> list[tuple[str, int]]:
    """Return the reasons of bets under review with how many bets each has, the most frequent first."""
    found = (
        Bet.objects.filter(status=BetStatus.NEEDS_REVIEW)
        .order_by()
        .values("review_reason")
        .annotate(bets=Count("pk"))
        .order_by("-bets", "review_reason")[:30]
    )
    return [(row["review_reason"], row["bets"]) for row in found]


def stakes(bets: QuerySet[Bet]) -> list[tuple[str, int, str]]:
    """Return, by currency, how many bets there are and the stakes that ride on them."""
    rows = (
        bets.order_by()
        .values(currency=F("bankroll__currency"))
        .annotate(bets=Count("pk"), riding=Sum(F("stake") - F("cashed_stake")))
        .order_by("currency")
    )
    return [
        (row["currency"], row["bets"], format_money(row["riding"] or Decimal(0), row["currency"]))
        for row in rows
    ]
