"""The demo account and its history: the past month of the sandbox, replayed through the real services.

Nothing is written into tables by hand. For each day the real clients ask the sandbox, as it was at some
instants of that day, for prices and scores; the ingest, the placing and the settlement do the rest. A day
that has been filled is left alone, so the command may be stopped and repeated.
"""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction

from accounts.models import User
from bets import bankrolls
from bets.exceptions import Refused
from bets.models import Bankroll, BankrollKind, Bet
from bets.placement import place_straight
from bets.settlement import settle_due
from bettrack.demo_tickets import place_tickets
from feeds import espn, the_odds_api
from feeds.sandbox.transport import SandboxTransport
from games.models import Game, ResultSource
from games.services import apply_results
from odds.ingest import ingest_odds
from odds.models import CurrentOdds
from odds.partitions import create_months, month_of

USERNAME = "demo"
BANKROLL = "Demo bankroll"
OPENING_DEPOSIT = Decimal(2000)
DAYS = 30
ZONE = ZoneInfo("America/New_York")
EVENINGS = {
    "soccer_epl": dt.time(6, 40),
    "basketball_nba": dt.time(18, 40),
    "basketball_wnba": dt.time(18, 40),
    "americanfootball_nfl": dt.time(18, 40),
    "icehockey_nhl": dt.time(18, 40),
}
"""When the bettor looks at the board, New York time: shortly before each league's busiest hours."""
OPENED_BEFORE = dt.timedelta(hours=6)
LATER_PULLS = (dt.timedelta(minutes=70), dt.timedelta(minutes=150))
WINDOW = dt.timedelta(hours=4)
RESULTS_AFTER = dt.timedelta(hours=5)
STAKES = [Decimal(amount) for amount in (10, 20, 20, 25, 25, 40, 50, 75)]
MARKETS = ("h2h", "spreads", "totals")


@dataclass(frozen=True)
class Session:
    """One evening in front of one league's board."""

    sport_key: str
    at: dt.datetime

    @property
    def key(self) -> str:
        """Prefix of the idempotency keys of the bets placed in it."""
        return f"demo-{self.at:%Y%m%d}-{self.sport_key}-"


def ensure_user(password: str) -> User:
    """Return the demo user, made with this password, or given it when he exists."""
    user, _ = User.objects.get_or_create(username=USERNAME, defaults={"email": "demo@example.org"})
    if not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
    if user.email and not EmailAddress.objects.filter(user=user).exists():
        EmailAddress.objects.create(
            user=user, email=user.email, primary=True, verified=True
        )  # no mail reaches it
    return user


def ensure_bankroll(user: User, *, now: dt.datetime) -> Bankroll:
    """Return the demo bankroll, opened with a deposit a month before ``now`` when it is missing."""
    existing = Bankroll.objects.filter(user=user, name=BANKROLL).first()
    if existing is not None:
        return existing
    return bankrolls.open_bankroll(
        user=user,
        name=BANKROLL,
        kind=BankrollKind.PAPER,
        opening_deposit=OPENING_DEPOSIT,
        now=now - dt.timedelta(days=DAYS + 1),
    )


def sessions(bankroll: Bankroll) -> list[Session]:
    """The sessions of the month before the bankroll was opened, oldest first."""
    last = bankroll.created_at.astimezone(ZONE).date()
    days = [last - dt.timedelta(days=back) for back in range(DAYS, 0, -1)]
    planned = [
        Session(sport_key, dt.datetime.combine(day, evening, ZONE).astimezone(dt.UTC))
        for day in days
        for sport_key, evening in EVENINGS.items()
    ]
    return sorted(
        (one for one in planned if one.at + RESULTS_AFTER < bankroll.created_at),
        key=lambda session: (session.at, session.sport_key),
    )


def missing(bankroll: Bankroll) -> list[Session]:
    """The sessions not replayed yet."""
    keys = Bet.objects.filter(bankroll=bankroll).values_list("idempotency_key", flat=True)
    done = {key.rpartition("-")[0] + "-" for key in keys}
    return [session for session in sessions(bankroll) if session.key not in done]


def fill(bankroll: Bankroll) -> Iterator[int]:
    """Replay the missing sessions; yield the number of bets placed in each."""
    create_months(
        {month_of(session.at + shift) for session in missing(bankroll) for shift in (-OPENED_BEFORE, WINDOW)}
    )
    transport = SandboxTransport()
    prices = the_odds_api.Client(transport=transport)
    scores = espn.Client(transport=transport)
    with prices, scores:
        for session in missing(bankroll):
            yield replay(session, bankroll, transport, prices, scores)


def replay(
    session: Session,
    bankroll: Bankroll,
    transport: SandboxTransport,
    prices: the_odds_api.Client,
    scores: espn.Client,
) -> int:
    """Replay one session in one transaction, so that it is there whole or not at all."""

    def pull(at: dt.datetime) -> None:
        transport.at = at
        parsed = prices.odds(
            session.sport_key, commence_from=session.at, commence_to=session.at + WINDOW, markets=MARKETS
        )
        ingest_odds(events=parsed.events, captured_at=at, polled_markets=MARKETS, rejected=parsed.rejected)

    with transaction.atomic():
        pull(session.at - OPENED_BEFORE)
        pull(session.at)
        placed = place_some(session, bankroll)
        for later in LATER_PULLS:
            pull(session.at + later)
        transport.at = ended = session.at + RESULTS_AFTER
        for day in sorted({espn.us_day(session.at), espn.us_day(ended)}):
            board = scores.scoreboard(session.sport_key, day)
            apply_results(
                readings=board.events, source=ResultSource.ESPN, now=ended, sport_key=session.sport_key
            )
        settle_due(now=ended, game_ids=placed)
    return bankroll.bets.filter(idempotency_key__startswith=session.key).count()


def place_some(session: Session, bankroll: Bankroll) -> Sequence[uuid.UUID]:
    """Place one or two bets on the board of the session; return the games backed."""
    draw = random.Random(f"{settings.SANDBOX_SEED}:{session.key}")  # noqa: S311 - a game, repeatable
    games = list(
        Game.objects.filter(sport_id=session.sport_key)
        .starting_within(session.at + dt.timedelta(minutes=5), session.at + WINDOW)
        .in_start_order()
        .values_list("id", flat=True)
    )
    backed = draw.sample(games, k=min(len(games), draw.choice((1, 1, 2))))
    for number, game_id in enumerate(backed):
        offers = list(
            CurrentOdds.objects.filter(
                game_id=game_id, selection__market=draw.choice(MARKETS), changed_at__lte=session.at
            )
            .select_related("selection", "bookmaker")
            .order_by("selection_id", "bookmaker_id", "point")
        )
        if not offers:
            continue
        offer = draw.choice(offers)
        best = max(
            (o for o in offers if (o.selection_id, o.point) == (offer.selection_id, offer.point)),
            key=lambda o: o.price,
        )
        try:
            place_straight(
                user=bankroll.user,
                bankroll=bankroll,
                selection=best.selection,
                bookmaker=best.bookmaker,
                price=best.price,
                point=best.point,
                stake=draw.choice(STAKES),
                idempotency_key=f"{session.key}{number}",
                now=session.at,
            )
        except Refused:
            continue  # the line moved between two books' updates, or the money is gone: so does a bettor
    on_tickets = place_tickets(
        key=session.key,
        sport_key=session.sport_key,
        at=session.at,
        bankroll=bankroll,
        games=games,
        seed=str(settings.SANDBOX_SEED),
    )
    return list(dict.fromkeys([*backed, *on_tickets]))
