"""A ticket as somebody asks for it, and everything that is wrong with one whatever the market does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from accounts.models import User
from bets.exceptions import BadBet, NotAllowed
from bets.grading import BadTeaser, EachWay, LegTerms, tease
from bets.models import Bankroll, BetKind, BetType
from bets.money import checked_amount
from bets.offers import Accept
from bets.placement.conflicts import Line, contradiction
from bets.wording import selection_name
from odds import markets
from odds.models import Bookmaker, Selection
from odds.pricing import profit_per_unit

UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
MAX_TAGS, MAX_TAG, MAX_NOTE, MAX_KEY, MAX_LEGS = 20, 40, 2000, 64, 30
WITH_OWN_PRICE = (BetKind.SAME_GAME_PARLAY, BetKind.TEASER)


@dataclass(frozen=True, slots=True, kw_only=True)
class LegAsked:
    """One leg: American odds, the point of the side; ``own_price`` records the price as given."""

    selection: Selection
    price: Decimal
    point: Decimal | None = None
    own_price: bool = False

    @property
    def line(self) -> Line:
        chosen = self.selection
        return Line(chosen.game_id, chosen.market, chosen.participant, chosen.side, self.point)

    @property
    def name(self) -> str:
        return selection_name(self.selection, self.point)

    def terms(self) -> dict[str, Any]:
        return {
            "selection": self.selection.pk,
            "price": exact_text(self.price),
            "point": None if self.point is None else exact_text(self.point),
            "own_price": self.own_price,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketAsked:
    """A ticket as asked for; ``stake`` is in the bankroll's currency: see ``place_ticket``."""

    user: User
    bankroll: Bankroll
    bookmaker: Bookmaker | None
    kind: str
    legs: tuple[LegAsked, ...]
    stake: Decimal
    idempotency_key: str
    sizes: tuple[int, ...] = ()
    teaser_points: Decimal | None = None
    ticket_price: Decimal | None = None
    commission_pct: Decimal | None = None
    each_way: EachWay | None = None
    is_bonus: bool = False
    boost_pct: Decimal = Decimal(0)
    boost_cap: Decimal | None = None
    insured_up_to: Decimal | None = None
    accept: Accept = "better"

    @property
    def commission(self) -> Decimal:
        """What is taken off the profit, in per cent: as asked for, else what the exchange usually takes."""
        return commission_at(self.bookmaker) if self.commission_pct is None else self.commission_pct

    @property
    def is_lay(self) -> bool:
        return markets.is_lay(self.legs[0].selection.market)

    @property
    def own_price(self) -> bool:
        return self.ticket_price is not None or any(leg.own_price for leg in self.legs)

    def extras(self) -> dict[str, Any]:
        """Every term beside bankroll, book, stake and legs that is not the usual one."""
        way = self.each_way
        numbers = {
            "teaser_points": self.teaser_points,
            "ticket_price": self.ticket_price,
            "commission_pct": self.commission_pct,
            "boost_pct": self.boost_pct or None,
            "boost_cap": self.boost_cap,
            "insured_up_to": self.insured_up_to,
        }
        found: dict[str, Any] = {k: exact_text(v) for k, v in numbers.items() if v is not None}
        found |= {"is_bonus": True} if self.is_bonus else {}
        found |= {"sizes": list(self.sizes)} if self.sizes else {}
        return found | ({"each_way": [str(way.fraction), way.places]} if way else {})

    def terms(self) -> dict[str, Any]:
        """The terms as asked for, to tell a repeated request from another one with the same key."""
        shared = {
            "bankroll": str(self.bankroll.pk),
            "bookmaker": None if self.bookmaker is None else self.bookmaker.key,
            "stake": exact_text(self.stake),
        } | self.extras()
        if self.kind == BetKind.STRAIGHT and len(self.legs) == 1:
            return shared | self.legs[0].terms()
        return shared | {"kind": self.kind, "legs": [leg.terms() for leg in self.legs]}


def commission_at(bookmaker: Bookmaker | None) -> Decimal:
    """Return the commission of an exchange in per cent, 0 for any other book."""
    if bookmaker is None or not bookmaker.is_exchange:
        return Decimal(0)
    return bookmaker.commission * 100


def exact_text(number: Decimal) -> str:
    """Write a number without trailing zeros, so that 100 and 100.00 are the same terms."""
    return f"{number.normalize():f}"


def check_ticket(ticket: TicketAsked, *, note: str, tags: Sequence[str]) -> None:
    """Raise Refused for what is wrong whatever the market does."""
    if ticket.bankroll.user_id != ticket.user.pk:
        raise NotAllowed("This bankroll belongs to somebody else.")
    checked_amount(ticket.stake, ticket.bankroll.currency, what="stake", field="stake")
    if ticket.kind not in BetKind.values:
        kinds = ", ".join(BetKind.values)
        raise BadBet(f"{ticket.kind!r} is no kind of bet. Choose one of {kinds}.", field="kind")
    if not 1 <= len(ticket.legs) <= MAX_LEGS:
        raise BadBet(f"A ticket has 1 to {MAX_LEGS} legs.", field="legs")
    for place, leg in enumerate(ticket.legs):
        check_price(leg.price, f"legs.{place}.price")
        check_point(leg, f"legs.{place}.point")
    wanted = ticket.bankroll.bookmaker_id
    if wanted is not None and (ticket.bookmaker is None or ticket.bookmaker.pk != wanted):
        problem = f"The bankroll {ticket.bankroll.name} holds money at another bookmaker."
        raise BadBet(problem, field="bookmaker")
    check_extras(ticket)
    check_together(ticket)
    check_words(ticket.idempotency_key, note, tags)


def check_price(price: Decimal, field: str) -> None:
    """Raise BadBet unless the number can be American odds and can be stored."""
    try:
        profit_per_unit(price)
    except ValueError:
        words = "The price must be American odds: at most −100 or at least +100."
        raise BadBet(words, field=field) from None
    if price != round(price, 6) or abs(price) >= 10**6:
        words = "The price must have at most six decimal places and six digits before them."
        raise BadBet(words, field=field)


def check_point(leg: LegAsked, field: str) -> None:
    """Raise BadBet unless the point suits the market: spreads and totals have one, moneylines none."""
    point, kind = leg.point, markets.bet_type(leg.selection.market)
    if point is not None and not (point.is_finite() and abs(point) < 10**6 and point == round(point, 2)):
        words = "The point must have at most two decimal places and six digits before them."
        raise BadBet(words, field=field)
    if point is None and kind in (BetType.SPREAD, BetType.TOTAL, BetType.TEAM_TOTAL):
        raise BadBet(f"A {BetType(kind).label.lower()} bet needs its point.", field=field)
    if point is not None and kind == BetType.MONEYLINE:
        raise BadBet("A moneyline bet has no point.", field=field)


def check_extras(ticket: TicketAsked) -> None:
    """Raise BadBet for terms that the kind of ticket cannot have, or that are out of bounds."""
    kind = BetKind(ticket.kind)
    check_lays(ticket)
    if ticket.sizes and kind != BetKind.ROUND_ROBIN:
        raise BadBet("Only a round robin has sizes of combinations.", field="sizes")
    if (kind == BetKind.TEASER) != (ticket.teaser_points is not None):
        raise BadBet("A teaser needs the points it moves; other bets have none.", field="teaser_points")
    if ticket.ticket_price is not None:
        if kind not in WITH_OWN_PRICE:
            words = "Only a same-game parlay or a teaser has a price of its own."
            raise BadBet(words, field="ticket_price")
        check_price(ticket.ticket_price, "ticket_price")
    if ticket.each_way is not None:
        check_each_way(ticket, ticket.each_way)
    if not 0 <= ticket.commission < 100 or ticket.commission != round(ticket.commission, 2):
        words = "The commission is a percentage from 0 to below 100, with two decimals."
        raise BadBet(words, field="commission_pct")
    if not 0 <= ticket.boost_pct < 10_000 or ticket.boost_pct != round(ticket.boost_pct, 2):
        words = "The boost is a percentage from 0 to below 10000, with two decimals."
        raise BadBet(words, field="boost_pct")
    for what, name in (("boost's cap", "boost_cap"), ("insurance", "insured_up_to")):
        if (amount := getattr(ticket, name)) is not None:
            checked_amount(amount, ticket.bankroll.currency, what=what, field=name)
    if ticket.is_bonus and ticket.insured_up_to is not None:
        raise BadBet("A bonus bet risks no cash, so it is not insured.", field="insured_up_to")


def check_lays(ticket: TicketAsked) -> None:
    """Raise BadBet for a lay that is anything but a straight bet of cash."""
    lays = [place for place, leg in enumerate(ticket.legs) if markets.is_lay(leg.selection.market)]
    if not lays:
        return
    words = "A lay is a straight bet of cash: it goes into no parlay and is not each-way."
    if ticket.kind != BetKind.STRAIGHT or len(ticket.legs) > 1:
        raise BadBet(words, field=f"legs.{lays[0]}.selection")
    if ticket.is_bonus or ticket.each_way:
        raise BadBet(words, field="is_bonus" if ticket.is_bonus else "each_way")


def check_each_way(ticket: TicketAsked, way: EachWay) -> None:
    outright = markets.bet_type(ticket.legs[0].selection.market) == BetType.OUTRIGHT
    if ticket.kind != BetKind.STRAIGHT or not outright:
        raise BadBet("An each-way bet is a straight bet on the winner of an outright.", field="each_way")
    if not (1 <= way.places <= 100 and 0 < way.fraction <= 1 and way.fraction.denominator <= 1000):
        words = "An each-way bet pays 1 to 100 places at a fraction of the odds, such as 1/4."
        raise BadBet(words, field="each_way")


def check_together(ticket: TicketAsked) -> None:
    """Raise BadBet if two legs cannot stand on this ticket; in a teaser, unless each can be moved."""
    found = contradiction([leg.line for leg in ticket.legs])
    if found is not None:
        one, other, why = found
        words = f"{ticket.legs[one].name} and {ticket.legs[other].name} {why}."
        raise BadBet(words, field=f"legs.{other}")
    games = [leg.selection.game_id for leg in ticket.legs]
    shared = next((n for n, game in enumerate(games) if game in games[:n]), None)
    same_game = ticket.kind == BetKind.SAME_GAME_PARLAY
    if shared is not None and not same_game:
        raise BadBet(
            f"Two legs are on {ticket.legs[shared].selection.game}. What happens to one bears on the other, so the product of "
            "their prices is not the ticket's: place a same-game parlay, with the book's price for the ticket.",
            field=f"legs.{shared}",
        )
    if same_game and shared is None and len(ticket.legs) > 1:
        raise BadBet("A same-game parlay has at least two legs on one game.", field="legs")
    if ticket.teaser_points is not None:
        for place, leg in enumerate(ticket.legs):
            chosen = leg.selection
            try:
                tease(LegTerms(chosen.market, chosen.side, leg.price, leg.point), ticket.teaser_points)
            except BadTeaser as why:
                field = "teaser_points" if ticket.teaser_points <= 0 else f"legs.{place}"
                raise BadBet(str(why), field=field) from None


def check_words(key: str, note: str, tags: Sequence[str]) -> None:
    """Raise BadBet unless key, note and tags can be stored."""
    if not 0 < len(key) <= MAX_KEY:
        raise BadBet(f"The idempotency key must have 1 to {MAX_KEY} characters.")
    if any(UNSTORABLE.search(text) for text in (key, note, *tags)):
        raise BadBet("Key, note and tags may not hold characters that are no text, such as NUL.")
    if len(note) > MAX_NOTE:
        raise BadBet(f"The note may have {MAX_NOTE} characters at most.", field="note")
    if len(tags) > MAX_TAGS or any(not 0 < len(tag) <= MAX_TAG for tag in tags):
        raise BadBet(f"A bet may have {MAX_TAGS} tags of up to {MAX_TAG} characters.", field="tags")
