"""A price as the API writes it, flat: what its selection stands for is spelled out beside it."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import Any, ClassVar, Final, NamedTuple

from rest_framework import serializers

from games.api import GAME_ID
from games.models import Game
from odds import markets, pricing
from odds.models import CurrentOdds, OddSnapshot, Selection, Side
from rest.fields import NumberField, OddsField, PointField, UtcField, plain
from rest.shaping import Row

PLACES: Final = Decimal("0.000001")


@lru_cache(maxsize=65536)
def american(price: Decimal | None) -> str | None:
    """American odds as text: "-110"; None for a withdrawn line."""
    return plain(price)


@lru_cache(maxsize=65536)
def decimal(price: Decimal | None) -> str | None:
    """The same price as decimal odds, to six places: "1.909091"."""
    if price is None:
        return None
    exact = pricing.decimal_odds(price)
    return plain((Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(PLACES))


def priced(price: Decimal | None) -> dict[str, str | None]:
    return {"price": american(price), "decimal": decimal(price)}


def before(price: Decimal | None) -> dict[str, str | None]:
    return {"previous_price": american(price), "previous_decimal": decimal(price)}


def share(value: Fraction | None, places: int = 6) -> str | None:
    """A share or a probability as text, to six places: "0.031250"."""
    if value is None:
        return None
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return f"{exact:.{places}f}"


class Sides(NamedTuple):
    """The names of a game's teams; None for an outright."""

    home: str | None
    away: str | None


def sides_of(game: Game) -> Sides:
    return Sides(
        game.home_team.name if game.home_team else None, game.away_team.name if game.away_team else None
    )


def described(market: str, participant: str, side: str, sides: Sides) -> dict[str, Any]:
    """What is backed, in the flat columns of the archive."""
    kind, prop = kind_of(market)
    is_player = kind == "player_prop"
    team = {"home": sides.home, "away": sides.away}.get(side)
    if team is None and kind == "team_total":
        team = participant
    return {
        "market_type": market,
        "bet_type": kind,
        "side": side,
        "team": team,
        "player": participant if is_player else None,
        "prop_type": prop or None,
        "participant": participant or None,
    }


@lru_cache(maxsize=4096)
def kind_of(market: str) -> tuple[str, str]:
    return markets.bet_type(market), markets.prop_type(market)


class BackedRow(Row):
    """What is backed."""

    selection_id = serializers.IntegerField()
    game_id = serializers.UUIDField()
    market_type = serializers.CharField(help_text="The feed's market key, such as spreads.")
    bet_type = serializers.CharField(
        help_text="moneyline, spread, total, team_total, player_prop, outright or other."
    )
    side = serializers.ChoiceField(choices=Side.choices)
    team = serializers.CharField(allow_null=True)
    player = serializers.CharField(allow_null=True)
    prop_type = serializers.CharField(allow_null=True, help_text="The statistic of a player prop: points.")
    participant = serializers.CharField(
        allow_null=True, help_text="Team, player or runner as the feed names it."
    )


BACKED: Final[dict[str, Any]] = {
    "selection_id": 4711, "game_id": GAME_ID, "market_type": "spreads", "bet_type": "spread", "side": "home",
    "team": "Boston Celtics", "player": None, "prop_type": None, "participant": None,
}  # fmt: skip


class SelectionRow(BackedRow):
    """What can be backed: one outcome of one market of one game, whatever its point and price."""

    class Meta:
        identity = "selection_id"
        example: ClassVar = BACKED


class PricedRow(BackedRow):
    bookmaker = serializers.CharField(help_text="The feed's key of the book.")
    point = PointField(allow_null=True)
    price = OddsField(allow_null=True, help_text="American odds.")
    decimal = NumberField(allow_null=True, help_text="The same price as decimal odds, to six places.")


class OddsRow(PricedRow):
    """What a book offers on a line now, or offered at the instant asked for."""

    previous_price = OddsField(allow_null=True, help_text="American odds before the last change.")
    previous_decimal = NumberField(allow_null=True)
    changed_at = UtcField(help_text="When the response that brought this price was received.")

    class Meta:
        identity = "selection_id"
        example: ClassVar = {
            **BACKED, "bookmaker": "draftkings", "point": "-3.5", "price": "-110", "decimal": "1.909091",
            "previous_price": "-105", "previous_decimal": "1.952381", "changed_at": "2026-11-20T18:21:07Z",
        }  # fmt: skip


class SnapshotRow(PricedRow):
    """One price change of one line at one book. A withdrawn line has no price."""

    id = serializers.IntegerField()
    timestamp = UtcField(help_text="When the book changed it, says the feed.")
    captured_at = UtcField(help_text="When we knew.")

    class Meta:
        example: ClassVar = {
            "id": 90210, **BACKED, "bookmaker": "draftkings", "point": "-3.5", "price": "-105",
            "decimal": "1.952381", "timestamp": "2026-11-20T18:20:55Z", "captured_at": "2026-11-20T18:21:07Z",
        }  # fmt: skip


def selection_row(selection: Selection) -> dict[str, Any]:
    return {
        "selection_id": selection.pk,
        "game_id": selection.game_id,
        **described(selection.market, selection.participant, selection.side, sides_of(selection.game)),
    }


def odds_row(row: CurrentOdds) -> dict[str, Any]:
    return {
        **selection_of(row),
        "bookmaker": row.bookmaker.key,
        "point": plain(row.point),
        **priced(row.price),
        **before(row.previous_price),
        "changed_at": row.changed_at,
    }


def snapshot_row(row: OddSnapshot) -> dict[str, Any]:
    return {
        "id": row.pk,
        **selection_of(row),
        "bookmaker": row.bookmaker.key,
        "point": plain(row.point),
        **priced(row.price),
        "timestamp": row.timestamp,
        "captured_at": row.captured_at,
    }


def selection_of(row: CurrentOdds | OddSnapshot) -> dict[str, Any]:
    chosen = row.selection
    return {
        "selection_id": chosen.pk,
        "game_id": row.game_id,
        **described(chosen.market, chosen.participant, chosen.side, sides_of(row.game)),
    }


def games_by_id(ids: Iterable[Any]) -> dict[Any, Game]:
    """Games with their sport and teams; one statement."""
    return {game.pk: game for game in Game.objects.with_names().filter(pk__in=set(ids))}


def game_head(game: Game) -> dict[str, Any]:
    home, away = sides_of(game)
    return {
        "id": game.pk,
        "sport_key": game.sport_id,
        "sport_name": game.sport_name,
        "title": game.title,
        "home_team_id": game.home_team_id,
        "away_team_id": game.away_team_id,
        "home_team_name": home,
        "away_team_name": away,
        "commence_time": game.commence_time,
        "status": game.status,
        "home_score": game.home_score,
        "away_score": game.away_score,
        "clock": game.clock,
    }
