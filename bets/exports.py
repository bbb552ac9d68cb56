"""Everything a person has bet, as JSON, flat CSV or CSV in Bet-Analytix' columns; ``bets.imports`` reads each again."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from django.db.models import Prefetch, QuerySet

from accounts.models import User
from bets.imports.tables import armed
from bets.models import OPEN_STATUSES, Bankroll, Bet, BetKind, BetLeg, BetStatus, LedgerEntry
from bets.wording import game_name, selection_name
from odds import markets
from odds.pricing import american_from_decimal, decimal_odds

FORMATS: Final = {
    "json": "JSON, lossless",
    "csv": "CSV, a row for each bet",
    "bet-analytix": "CSV for Bet-Analytix",
}
ENDINGS: Final = {"json": "json", "csv": "csv", "bet-analytix": "csv"}
ANALYTIX: Final = [
    "Date",
    "Type",
    "Sport",
    "Label",
    "Odds",
    "Stake",
    "State",
    "Bookmaker",
    "Tipster",
    "Category",
    "Competition",
    "BetType",
    "Closing",
    "EstimatedProbability",
    "Commission",
    "Bonus",
    "Live",
    "Freebet",
    "Cashout",
    "Eachway",
    "Comment",
    "Payout",
    "Settled",
    "Currency",
    "Tags",
    "CashedStake",
    "CashedPaid",
    "Bankroll",
    "Money",
]
FLAT: Final = [
    "id",
    "date",
    "settled",
    "result",
    "type",
    "bookmaker",
    "stake",
    "payout",
    "profit",
    "odds",
    "currency",
    "bankroll",
    "money",
    "bonus",
    "live",
    "sport",
    "league",
    "market",
    "event",
    "selection",
    "leg_odds",
    "closing",
    "tags",
    "note",
    "cashed_stake",
    "cashed_paid",
]
STATES: Final = {
    BetStatus.WON: "W",
    BetStatus.LOST: "L",
    BetStatus.PUSH: "Push",
    BetStatus.VOID: "V",
    BetStatus.HALF_WON: "HW",
    BetStatus.HALF_LOST: "HL",
    BetStatus.CASHED_OUT: "Cashed out",
}


@dataclass(frozen=True, slots=True)
class Leg:
    """A leg of either sort in words."""

    description: str
    event: str
    sport: str
    league: str
    market: str
    bet_type: str
    odds: Decimal | None
    point: Decimal | None
    status: str
    closing_odds: Decimal | None
    closing_point: Decimal | None
    starts_at: Any
    is_live: bool | None


def exported(bets: QuerySet[Bet]) -> QuerySet[Bet]:
    """Return the bets in the order they were placed, with all that an export says."""
    legs = BetLeg.objects.select_related(
        "game__sport", "game__home_team", "game__away_team", "selection"
    ).order_by("position")
    return (
        bets.select_related("bookmaker", "bankroll")
        .prefetch_related(Prefetch("legs", legs), "imported_legs")
        .order_by("placed_at", "id")
    )


def export_bets(user: User, format_: str, bets: QuerySet[Bet] | None = None) -> str:
    """Return the user's bets as text in a format of ``FORMATS``: all, or those of a queryset of theirs,
    then without the money of their bankrolls.

    Raises KeyError for another format.
    """
    chosen = Bet.objects.owned_by(user) if bets is None else bets
    if format_ == "json":
        return as_json(chosen, Bankroll.objects.owned_by(user) if bets is None else Bankroll.objects.none())
    return {"csv": as_csv, "bet-analytix": as_bet_analytix}[format_](chosen)


def words(leg: BetLeg, bet: Bet) -> Leg:
    """Return a leg on a game of ours in words."""
    leg.selection.game = leg.game
    sport = leg.game.sport
    return Leg(
        description=selection_name(leg.selection, leg.point),
        event=game_name(leg.game),
        sport=sport.group,
        league=sport.title,
        market=markets.title(leg.selection.market),
        bet_type=leg.bet_type,
        odds=leg.odds,
        point=leg.point,
        status=leg.status,
        closing_odds=leg.closing_odds,
        closing_point=leg.closing_point,
        starts_at=leg.game.commence_time,
        is_live=leg.game.commence_time <= bet.placed_at,
    )


def legs_of(bet: Bet) -> list[Leg]:
    """Return the legs in words; callers prefetch both sorts."""
    own = [words(leg, bet) for leg in bet.legs.all()]
    names = list(Leg.__dataclass_fields__)
    return own or [Leg(**{name: getattr(leg, name) for name in names}) for leg in bet.imported_legs.all()]


def text(value: Any) -> Any:
    """Return a value as JSON has it: numbers exact, as text; times ISO 8601 in UTC."""
    if isinstance(value, Decimal):
        return f"{value.normalize():f}" if value != value.to_integral_value() else f"{value:.0f}"
    return value.isoformat() if hasattr(value, "isoformat") else value


def money(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"


def as_json(bets: QuerySet[Bet], rolls: QuerySet[Bankroll]) -> str:
    """An object with ``bets``, and the bankrolls with the movements of money that belong to no bet."""
    content = {
        "format": "bettrack",
        "version": 1,
        "odds_format": "american",
        "bets": [bet_object(bet) for bet in exported(bets)],
        "bankrolls": [bankroll_object(bankroll) for bankroll in rolls],
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def bet_object(bet: Bet) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": str(bet.pk),
        "placed_at": text(bet.placed_at),
        "settled_at": text(bet.settled_at),
        "status": bet.status,
        "kind": bet.kind,
        "bookmaker": book_of(bet),
        "bankroll": bet.bankroll.name,
        "currency": bet.bankroll.currency,
        "stake": money(bet.stake),
        "payout": money(bet.payout),
        "odds": text(bet.odds),
        "is_bonus": bet.is_bonus,
        "combinations": bet.combinations,
        "sizes": bet.sizes,
        "note": bet.note,
        "tags": bet.tags,
    }
    found |= {
        name: text(getattr(bet, name))
        for name in (
            "unit_stake",
            "teaser_points",
            "commission_pct",
            "boost_pct",
            "boost_cap",
            "insured_up_to",
        )
        if getattr(bet, name)
    }
    found |= {name: text(getattr(bet, name)) for name in ("cashed_stake", "cashed_out") if getattr(bet, name)}
    found |= {name: True for name in ("is_lay", "own_price") if getattr(bet, name)}
    if bet.each_way_places is not None:
        found |= {"each_way_places": bet.each_way_places, "each_way_fraction": str(bet.each_way_fraction)}
    legs = [{name: text(getattr(leg, name)) for name in Leg.__dataclass_fields__} for leg in legs_of(bet)]
    return found | {"legs": legs}


def bankroll_object(bankroll: Bankroll) -> dict[str, Any]:
    """A bankroll and its lines that are no bet's. An import moves this money only in a bankroll that it makes anew."""
    lines = LedgerEntry.objects.filter(bankroll=bankroll, bet=None).order_by("seq")
    return {
        "name": bankroll.name,
        "currency": bankroll.currency,
        "kind": bankroll.kind,
        "movements": [
            {"at": text(line.at), "kind": line.kind, "amount": money(line.amount), "note": line.note}
            for line in lines
        ],
    }


def book_of(bet: Bet) -> str:
    return bet.bookmaker.title if bet.bookmaker else bet.book_name


def written(header: Sequence[str], rows: Iterator[Mapping[str, str]], *, delimiter: str, quoting: Any) -> str:
    """Write rows as CSV; cells that a spreadsheet would take for formulas are disarmed."""
    target = io.StringIO()
    writer = csv.writer(target, delimiter=delimiter, quoting=quoting, lineterminator="\r\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([safe(row.get(name, "")) for name in header])
    return target.getvalue()


def safe(cell: str) -> str:
    """Return a cell as it is if it is a number, else so that no spreadsheet takes it for a formula."""
    try:
        is_number = Decimal(cell).is_finite()
    except ArithmeticError:
        is_number = False
    return cell if is_number else armed(cell)


def as_csv(bets: QuerySet[Bet]) -> str:
    """One row a bet, American odds; legs and their sports, leagues, markets, events are joined by " | "."""
    return written(FLAT, (flat_row(bet) for bet in exported(bets)), delimiter=",", quoting=csv.QUOTE_MINIMAL)


def flat_row(bet: Bet) -> dict[str, str]:
    legs = legs_of(bet)

    def joined(name: str) -> str:
        return " | ".join(str(getattr(leg, name)).replace(" | ", " / ") for leg in legs)

    def prices(name: str) -> str:
        """The legs' prices; those of lays and each-way bets are not what the ticket's price is made of."""
        found = [getattr(leg, name) for leg in legs]
        plain = not bet.is_lay and bet.each_way_places is None
        return " | ".join(map(signed, found)) if plain and found and None not in found else ""

    gain = None if bet.payout is None else bet.payout if bet.is_bonus else bet.payout - bet.stake
    return {
        "id": str(bet.pk),
        "date": text(bet.placed_at),
        "settled": text(bet.settled_at) or "",
        "result": "pending" if bet.status in OPEN_STATUSES else bet.status,
        "type": type_in_words(bet),
        "bookmaker": book_of(bet),
        "stake": f"{bet.stake:.2f}",
        "payout": money(bet.payout) or "",
        "profit": money(gain) or "",
        "odds": signed(bet.odds),
        "currency": bet.bankroll.currency,
        "bankroll": bet.bankroll.name,
        "money": bet.bankroll.kind,
        "bonus": "yes" if bet.is_bonus else "",
        "live": "yes" if any(leg.is_live for leg in legs) else "",
        "sport": joined("sport"),
        "league": joined("league"),
        "market": joined("market"),
        "event": joined("event"),
        "selection": joined("description"),
        "leg_odds": prices("odds") if len(legs) > 1 else "",
        "closing": prices("closing_odds"),
        "tags": ", ".join(bet.tags),
        "note": bet.note,
        "cashed_stake": f"{bet.cashed_stake:.2f}" if bet.cashed_stake else "",
        "cashed_paid": f"{bet.cashed_out:.2f}" if bet.cashed_out else "",
    }


def type_in_words(bet: Bet) -> str:
    """The kind, and what it needs to be one: sizes of a round robin, points of a teaser."""
    if bet.teaser_points is not None:
        return f"{bet.kind} by {text(bet.teaser_points)}"
    return f"{bet.kind} by {', '.join(map(str, bet.sizes))}" if bet.sizes else str(bet.kind)


def signed(odds: Decimal) -> str:
    return f"+{text(odds)}" if odds > 0 else str(text(odds))


def as_bet_analytix(bets: QuerySet[Bet]) -> str:
    """Bet-Analytix' 21 columns, then eight of our own; a row for each selection of a combined bet."""
    rows = (row for bet in exported(bets) for row in analytix_rows(bet))
    return written(ANALYTIX, rows, delimiter=";", quoting=csv.QUOTE_ALL)


def analytix_rows(bet: Bet) -> Iterator[dict[str, str]]:
    legs = legs_of(bet)
    state = STATES.get(BetStatus(bet.status), "Pending")
    head = {
        "Date": f"{bet.placed_at:%Y-%m-%d %H:%M:%S} UTC",
        "Type": analytix_type(bet, len(legs)),
        "Label": bet.get_kind_display() if len(legs) != 1 else "",
        "Odds": short_decimal(bet.odds),
        "Stake": f"{bet.stake:.2f}",
        "State": state,
        "Bookmaker": book_of(bet),
        "Freebet": "Yes" if bet.is_bonus else "",
        "Cashout": money(bet.payout) or "" if bet.status == BetStatus.CASHED_OUT else "",
        "Eachway": "Yes" if bet.each_way_places else "",
        "Commission": str(text(bet.commission_pct)) if bet.commission_pct else "",
        "Comment": bet.note,
        "Payout": money(bet.payout) or "",
        "Settled": "" if bet.settled_at is None else f"{bet.settled_at:%Y-%m-%d %H:%M:%S} UTC",
        "Currency": bet.bankroll.currency,
        "Tags": ", ".join(bet.tags),
        "CashedStake": f"{bet.cashed_stake:.2f}" if bet.cashed_stake else "",
        "CashedPaid": f"{bet.cashed_out:.2f}" if bet.cashed_out else "",
        "Bankroll": bet.bankroll.name,
        "Money": bet.bankroll.kind,
    }
    if len(legs) == 1:
        closing = {"Closing": ""} if bet.is_lay or bet.each_way_places else {}
        yield head | leg_cells(legs[0]) | {"Odds": head["Odds"], "State": state} | closing
        return
    yield head
    for leg in legs:
        yield leg_cells(leg) | {"Bookmaker": book_of(bet)}


def leg_cells(leg: Leg) -> dict[str, str]:
    status = STATES.get(BetStatus(leg.status), "Pending") if leg.status else ""
    description = leg.description
    if leg.event and leg.event not in description:
        description = f"{description} ({leg.event})"
    return {
        "Sport": leg.sport,
        "Label": description,
        "Odds": "" if leg.odds is None else short_decimal(leg.odds),
        "State": status,
        "Competition": leg.league,
        "BetType": leg.market,
        "Closing": "" if leg.closing_odds is None else short_decimal(leg.closing_odds),
        "Live": "Yes" if leg.is_live else "",
    }


def analytix_type(bet: Bet, legs: int) -> str:
    if bet.kind == BetKind.STRAIGHT:
        return "Simple"
    if bet.kind == BetKind.PARLAY:
        return "Combined"
    return f"{bet.sizes[0]}/{legs}" if len(bet.sizes) == 1 and legs >= bet.sizes[0] else type_in_words(bet)


def short_decimal(odds: Decimal) -> str:
    """Return decimal odds with as few places, three at least, as bring the American odds back: −110 → 1.9090909."""
    exact = decimal_odds(odds)
    for places in range(3, 20):
        found = Decimal(round(exact * 10**places)).scaleb(-places)
        if found > 1 and american_from_decimal(found) == odds:
            return f"{found:f}"
    return f"{found:f}"
