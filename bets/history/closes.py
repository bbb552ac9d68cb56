"""What the market thought at the start: closing lines of legs, and how the prices taken compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from bets.history.rows import LegRow
from bets.models import OPEN_STATUSES, Bet, FairSource, SettledBet
from bets.money import MINUS
from bets.stats import refresh
from bets.stats.sums import PPM
from bets.wording import point_name
from games.models import Game, GameStatus
from odds.board import AWAY_FIRST
from odds.board_markup import percent_text
from odds.pricing import decimal_odds, format_odds
from odds.wording import duration


@dataclass(frozen=True, slots=True)
class Value:
    """A closing line value as text, its sign for the colour, and what it is worked out from."""

    text: str
    sign: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class ClosingLine:
    """The last price before the start at the same book, and how the leg's own compares: by price, and no-vig."""

    line: str
    age: str = ""
    price: Value | None = None
    fair: Value | None = None
    why_not: str = ""


def value_of(share: Fraction | float, source: str = "") -> Value:
    """Write a share as a percentage with its sign; one that rounds to nothing is level."""
    text = percent_text(Fraction(share))
    if text.strip(f"{MINUS}-+") == "0.0%":
        return Value("level", "", source)
    return Value(f"+{text}" if share > 0 else text, "gain" if share > 0 else "loss", source)


def closing_line(bet: Bet, row: LegRow, odds_format: str) -> ClosingLine | None:
    """Return the closing line of a graded leg, none found included; None while the leg is open."""
    leg = row.leg
    if leg.closing_odds is None and leg.status in OPEN_STATUSES:
        return None
    line, age = "none in the archive", ""
    if leg.closing_odds is not None:
        point = point_name(leg.selection, leg.closing_point)
        price = format_odds(leg.closing_odds, odds_format)
        line = f"{point} at {price}" if point else price
        if leg.closing_seen_at is not None and leg.closing_seen_at < leg.game.commence_time:
            age = f"{duration(leg.game.commence_time - leg.closing_seen_at)} before the start"
    if bet.is_lay:
        return ClosingLine(line, age, why_not="a lay is not measured against the close")
    if leg.game.commence_time <= bet.placed_at:
        return ClosingLine(line, age, why_not="placed after the start")
    by_price = None
    if leg.closing_odds is not None and leg.closing_point == leg.point:
        by_price = value_of(decimal_odds(leg.odds) / decimal_odds(leg.closing_odds) - 1)
    fair = None
    if leg.closing_fair is not None:
        source = FairSource(leg.closing_fair_from or FairSource.OWN).label
        gain = decimal_odds(leg.odds) * Fraction(leg.closing_fair) - 1
        fair = value_of(gain, f"fair chance {percent_text(Fraction(leg.closing_fair))}, {source}")
    return ClosingLine(line, age, by_price, fair)


def ticket_values(bet: Bet, legs: Sequence[LegRow]) -> list[tuple[str, Value]]:
    """Return the closing line values of a settled ticket of several legs, those that statistics count."""
    if len(legs) < 2 or bet.payout is None:
        return []
    refresh(bet.user_id)
    facts = SettledBet.objects.filter(bet=bet).values_list("clv_ppm", "fair_clv_ppm").first() or (None, None)
    named = zip(("CLV, price", "CLV, no-vig"), facts, strict=True)
    return [(name, value_of(Fraction(ppm, PPM))) for name, ppm in named if ppm is not None]


def game_state(game: Game) -> str:
    """Say where the game stands: ``Final, 112–104``, ``Live, 55–50``, ``Scheduled``; sides as the league names them."""
    status = GameStatus(game.status).label
    if game.home_score is None or game.away_score is None or game.status == GameStatus.SCHEDULED:
        return status
    return f"{status}, {away_and_home(game)}"


def away_and_home(game: Game) -> str:
    scores = (game.home_score, game.away_score)
    if game.sport_id.startswith(AWAY_FIRST):
        scores = scores[::-1]
    return "–".join(str(score) for score in scores)
