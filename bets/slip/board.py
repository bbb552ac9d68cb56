"""How the legs of a slip stand to what the books offer now."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import prod
from typing import Final, Literal

from bets.models import Moves, SlipLeg
from bets.placement.asked import commission_at
from bets.snapshots import snapshot_url
from bets.wording import game_name, point_name, selection_name
from games.models import Game, GameStatus
from odds import markets
from odds.models import CurrentOdds, Heartbeat
from odds.pricing import american_from_decimal, decimal_odds, format_odds, implied
from odds.wording import ago

State = Literal["open", "own", "taken", "moved", "withdrawn", "started"]
STOPPED: Final = ("moved", "withdrawn", "started")


@dataclass(frozen=True, slots=True)
class BookChoice:
    """A book that offers the leg's line, or its main one: ``DraftKings −110``."""

    key: str
    title: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class SlipLine:
    """One leg as shown. ``offer`` is the book's line now when it is not the one clicked.

    States: open as clicked; own the user's price; taken another price that the user said is accepted; moved,
    withdrawn and started have to be settled with the user first.
    """

    leg: SlipLeg
    state: State
    name: str
    market: str
    game_name: str
    price: str
    break_even: str
    offer: CurrentOdds | None = None
    offer_price: str = ""
    offer_point: str = ""
    seen_at: dt.datetime | None = None
    seen: str = ""
    books: Sequence[BookChoice] = ()
    offers: Sequence[CurrentOdds] = ()

    @property
    def game(self) -> Game:
        return self.leg.selection.game

    @property
    def book(self) -> str:
        return self.leg.bookmaker.title

    @property
    def asking(self) -> Decimal:
        """The American odds that placing would get now."""
        return self.offer.price if self.state == "taken" and self.offer else self.leg.price

    @property
    def asking_price(self) -> str:
        return self.offer_price if self.state == "taken" else self.price

    @property
    def point(self) -> str:
        return "" if self.leg.point is None else point_name(self.leg.selection, self.leg.point)

    @property
    def has_point(self) -> bool:
        return self.leg.point is not None

    @property
    def is_stopped(self) -> bool:
        return self.state in STOPPED

    @property
    def is_verified(self) -> bool:
        """The archive sees this price at that book now."""
        return self.state in ("open", "taken") and self.seen_at is not None

    @property
    def snapshot(self) -> str:
        """Where the archive shows the price as it was last seen."""
        return snapshot_url(self.leg.selection, self.seen_at) if self.seen_at else ""

    @property
    def is_worse(self) -> bool:
        """The price has shortened since the click."""
        return self.offer is not None and self.offer.price < self.leg.price

    @property
    def commission(self) -> str:
        """What the exchange takes of the profit: ``5%``; empty elsewhere."""
        share = commission_at(self.leg.bookmaker)
        return f"{share.normalize():f}%" if share else ""

    @property
    def take_label(self) -> str:
        return f"Take {self.offer_point} {self.offer_price}".replace("  ", " ")

    @property
    def keep_label(self) -> str:
        return f"Keep {self.price} as my own price"


def read_lines(
    legs: Sequence[SlipLeg], *, odds_format: str, now: dt.datetime, moves: str = Moves.ASK
) -> list[SlipLine]:
    """Return the legs as shown, in two queries; ``moves`` says which other prices are accepted."""
    if not legs:
        return []
    current = list(
        CurrentOdds.objects.filter(
            game__in={leg.selection.game_id for leg in legs}, selection__in={leg.selection_id for leg in legs}
        )
        .select_related("bookmaker")
        .order_by("bookmaker__title", "point")
    )
    seen = read_seen({leg.selection.game_id for leg in legs})
    return [read_line(leg, current, seen, odds_format=odds_format, now=now, moves=moves) for leg in legs]


Seen = Mapping[tuple[uuid.UUID, int, str], dt.datetime]


def read_seen(games: set[uuid.UUID]) -> Seen:
    """Return when each book was last seen to offer its lines, by game, book and scope."""
    rows = Heartbeat.objects.filter(game__in=games)
    return {
        (game, book, scope): at
        for game, book, scope, at in rows.values_list("game_id", "bookmaker_id", "scope", "seen_at")
    }


def read_line(
    leg: SlipLeg,
    current: Sequence[CurrentOdds],
    seen: Seen,
    *,
    odds_format: str,
    now: dt.datetime,
    moves: str,
) -> SlipLine:
    """Return one leg as shown; ``current`` are rows of current odds among which its own are found."""
    selection = leg.selection
    offers = [one for one in current if one.selection_id == selection.pk]
    own = [one for one in offers if one.bookmaker_id == leg.bookmaker_id]
    state, offer = compare(leg, own, now, moves)
    seen_at = last_seen(leg, offer or next((one for one in own if one.point == leg.point), None), seen)
    return SlipLine(
        leg=leg,
        state=state,
        name=selection_name(selection, leg.point),
        market=markets.title(selection.market),
        game_name=game_name(selection.game),
        price=format_odds(leg.price, odds_format),
        break_even=percentage(implied(leg.price)),
        offer=offer,
        offer_price=format_odds(offer.price, odds_format) if offer else "",
        offer_point=point_name(selection, offer.point) if offer and offer.point != leg.point else "",
        seen_at=seen_at,
        seen=ago(now - seen_at) if seen_at else "",
        books=book_choices(leg, offers, odds_format),
        offers=offers,
    )


def compare(
    leg: SlipLeg, offers: Sequence[CurrentOdds], now: dt.datetime, moves: str
) -> tuple[State, CurrentOdds | None]:
    """Say how the clicked line stands to what its book offers now (``offers``).

    In a market of one line at a time another point of the same book is the line moved, which is always asked about.
    """
    game = leg.selection.game
    if game.commence_time <= now or game.status != GameStatus.SCHEDULED:
        return "started", None
    same = next((offer for offer in offers if offer.point == leg.point), None)
    if same is None and len(offers) == 1 and markets.single_line(leg.selection.market):
        same = offers[0]
    if same is not None and (same.price, same.point) == (leg.price, leg.point):
        return "open", None
    if leg.own:
        return "own", same
    if same is None:
        return "withdrawn", None
    accepted = moves == Moves.ANY or (moves == Moves.BETTER and same.price > leg.price)
    return ("taken" if accepted and same.point == leg.point else "moved"), same


def last_seen(leg: SlipLeg, offer: CurrentOdds | None, seen: Seen) -> dt.datetime | None:
    """Return when the archive last saw the offer at its book."""
    if offer is None:
        return None
    scope = markets.scope(leg.selection.market)
    at = seen.get((leg.selection.game_id, leg.bookmaker_id, scope))
    return max(at, offer.changed_at) if at else offer.changed_at


def book_choices(leg: SlipLeg, offers: Sequence[CurrentOdds], odds_format: str) -> list[BookChoice]:
    """Return the books that offer the leg's selection, the leg's own among them, each with its price now."""
    best: dict[str, CurrentOdds] = {}
    for offer in offers:
        held = best.get(offer.bookmaker.key)
        if held is None or (offer.point == leg.point and held.point != leg.point):
            best[offer.bookmaker.key] = offer
    choices = [
        BookChoice(
            key,
            offer.bookmaker.title,
            choice_label(leg, offer, odds_format),
            offer.bookmaker_id == leg.bookmaker_id,
        )
        for key, offer in best.items()
    ]
    if leg.bookmaker.key not in best:
        choices.append(BookChoice(leg.bookmaker.key, leg.bookmaker.title, leg.bookmaker.title, True))
    return choices


def shared_books(lines: Sequence[SlipLine], odds_format: str) -> list[BookChoice]:
    """Return the books to which a ticket's legs can all move: those that offer every line first, best price first.

    A label says what the legs come to there, or how many of them the book has.
    """
    found: dict[tuple[str, str], list[CurrentOdds]] = {}
    for line in lines:
        for offer in line.offers:
            if offer.point == line.leg.point:
                found.setdefault((offer.bookmaker.key, offer.bookmaker.title), []).append(offer)
    choices = []
    for (key, title), offers in found.items():
        odds = prod((decimal_odds(offer.price) for offer in offers), start=Fraction(1))
        whole = len(offers) == len(lines)
        price = format_odds(american_from_decimal(odds), odds_format)
        label = f"{title} {price}" if whole else f"{title}, {len(offers)} of {len(lines)} legs"
        choices.append((not whole, -len(offers), -odds, BookChoice(key, title, label, False)))
    return [choice for *_, choice in sorted(choices, key=lambda one: (*one[:3], one[3].title))]


def choice_label(leg: SlipLeg, offer: CurrentOdds, odds_format: str) -> str:
    """Name a book with its price, and its point where that is another one."""
    point = "" if offer.point == leg.point else f" {point_name(leg.selection, offer.point)}"
    return f"{offer.bookmaker.title}{point} {format_odds(offer.price, odds_format)}"


def percentage(share: Fraction) -> str:
    """Write a share as a percentage with one decimal, rounded half to even: 27/46 is 58.7%."""
    return f"{Decimal(round(share * 1000)).scaleb(-1):.1f}%"
