"""What the demo bettor places beside single bets: parlays, round robins and teasers on one evening's board."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from bets.exceptions import Refused
from bets.models import Bankroll, Bet, BetKind
from bets.placement import LegAsked, place_ticket
from odds.models import CurrentOdds

HOW_OFTEN = 0.4
TEASER_POINTS = {"americanfootball_nfl": Decimal(6), "basketball_nba": Decimal(4)}
TEASED = ("spreads", "totals")
SIDES = ("h2h", "spreads")


def place_tickets(
    *, key: str, sport_key: str, at: dt.datetime, bankroll: Bankroll, games: Sequence[uuid.UUID], seed: str
) -> Sequence[uuid.UUID]:
    """Place at most one ticket of several legs on the board as of ``at``; return the games it is on."""
    draw = random.Random(f"{seed}:{key}:tickets")  # noqa: S311 - a game, repeatable
    if len(games) < 2 or draw.random() > HOW_OFTEN:
        return []
    kind, terms = kind_of(draw, sport_key, len(games))
    chosen = draw.sample(list(games), k=min(len(games), draw.choice((3, 4)) if kind != BetKind.TEASER else 2))
    markets = TEASED if kind == BetKind.TEASER else SIDES
    legs, book = on_one_board(draw, chosen, markets, at)
    if book is None or len(legs) < (3 if kind == BetKind.ROUND_ROBIN else 2):
        return []
    try:
        bet = place_ticket(
            user=bankroll.user,
            bankroll=bankroll,
            bookmaker=book,
            kind=kind,
            legs=legs,
            idempotency_key=f"{key}ticket",
            now=at,
            **terms,
        )
    except Refused:
        return []  # the line moved between two books' updates, or the money is gone: so does a bettor
    return list(Bet.objects.filter(pk=bet.pk).values_list("legs__game_id", flat=True))


def kind_of(draw: random.Random, sport_key: str, games: int) -> tuple[BetKind, dict[str, Any]]:
    """Choose a kind of ticket that the evening allows, with its stake and what else it needs."""
    if sport_key in TEASER_POINTS and draw.random() < 0.5:
        return BetKind.TEASER, {"stake": Decimal(25), "teaser_points": TEASER_POINTS[sport_key]}
    if games >= 3 and draw.random() < 0.4:
        return BetKind.ROUND_ROBIN, {"stake": Decimal(5), "sizes": [2]}
    return BetKind.PARLAY, {"stake": draw.choice((Decimal(10), Decimal(20)))}


def on_one_board(
    draw: random.Random, games: Sequence[uuid.UUID], markets: Sequence[str], at: dt.datetime
) -> tuple[list[LegAsked], Any]:
    """Return a leg on each game at the book that quotes the most of them, and that book."""
    offers = (
        CurrentOdds.objects.filter(
            game_id__in=games, selection__market__in=markets, selection__participant="", changed_at__lte=at
        )
        .exclude(selection__side="draw")
        .select_related("selection__game__home_team", "selection__game__away_team", "bookmaker")
        .order_by("bookmaker_id", "game_id", "selection_id", "point")
    )
    boards: dict[int, dict[uuid.UUID, list[CurrentOdds]]] = {}
    for offer in offers:
        boards.setdefault(offer.bookmaker_id, {}).setdefault(offer.game_id, []).append(offer)
    if not boards:
        return [], None
    board = max(boards.values(), key=len)
    picked = [draw.choice(quotes) for quotes in board.values()]
    legs = [LegAsked(selection=one.selection, price=one.price, point=one.point) for one in picked]
    return legs, picked[0].bookmaker
